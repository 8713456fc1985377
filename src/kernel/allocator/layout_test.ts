import { assert, assertEquals } from "@std/assert";
import { ALIGN_MAX, arrayLayout, hex, isRequest, layout } from "./layout.ts";
import { HUGE_REQUESTS, WRONG_REQUESTS } from "./script_test.ts";
import { thrown } from "./support_test.ts";

Deno.test("layout() takes sizes from 0 and powers of two", () => {
  assertEquals(layout(0), { size: 0, align: 8 });
  assertEquals(layout(5, 2 ** 52), { size: 5, align: 2 ** 52 });
  for (const [size, align, text] of WRONG_REQUESTS) {
    if (size === 0) continue; // A layout of no bytes is one, a block is not.
    assert(thrown(() => layout(size, align)).endsWith(text));
  }
});

Deno.test("arrayLayout() pads each item to its alignment", () => {
  assertEquals(arrayLayout({ size: 5, align: 4 }, 3), { size: 24, align: 4 });
  assertEquals(arrayLayout({ size: 8, align: 8 }, 0), { size: 0, align: 8 });
  for (const count of [-1, 0.5, NaN]) {
    assert(thrown(() => arrayLayout({ size: 8, align: 8 }, count)).length > 0);
  }
  assert(
    thrown(() => arrayLayout({ size: 2 ** 40, align: 8 }, 2 ** 20)).length > 0,
  );
});

Deno.test("isRequest() is true for what 32-bit arithmetic can serve", () => {
  for (let align = 1; align <= ALIGN_MAX; align *= 2) {
    assert(isRequest(1, align) && isRequest(2 ** 31 - 1, align));
  }
  for (const [size, align] of WRONG_REQUESTS) assert(!isRequest(size, align));
  assertEquals(
    HUGE_REQUESTS.filter(([size, align]) => isRequest(size, align)).length,
    3,
  );
});

Deno.test("hex() groups digits by four", () => {
  const rows: [number, string][] = [
    [0, "0x0"],
    [0xfff, "0xfff"],
    [0x1_0000, "0x1_0000"],
    [0x4444_4444_0000, "0x4444_4444_0000"],
    [-16, "-0x10"],
  ];
  for (const [n, text] of rows) assertEquals(hex(n), text);
});
