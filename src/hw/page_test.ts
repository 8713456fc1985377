import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import v from "../../vectors/x86_64-addr.json" with { type: "json" };
import { physAddr, VIRT_ADDR_MIN, virtAddr } from "./addr.ts";
import { crateHex } from "./format_hex.ts";
import {
  frameAdd,
  frameContaining,
  frameDebug,
  frameDistance,
  frameFromStart,
  frameSub,
  pageAdd,
  pageContaining,
  pageDebug,
  pageDistance,
  pageFromIndices,
  pageFromStart,
  pageStepBackward,
  pageStepForward,
  pageStepsBetween,
  pageSub,
  SIZE_1_GIB,
  SIZE_2_MIB,
  SIZE_4_KIB,
} from "./page.ts";
import {
  as4KiBPageRange,
  frameRange,
  frameRangeInclusive,
  pageRange,
  pageRangeInclusive,
} from "./page_range.ts";

const va = (hex: string) => virtAddr(BigInt(hex));
const hex = (n: number | null) => n === null ? null : crateHex(n);

Deno.test("x86_64-addr.json: page rows", () => {
  const rows: Record<string, number> = {};
  const run = (key: keyof typeof v, count: number, body: () => void) => {
    body();
    rows[key] = count;
  };
  run("step_page4k", v.step_page4k.length, () => {
    for (const { start, count, forward, backward } of v.step_page4k) {
      const page = pageContaining(va(start));
      assertEquals(hex(pageStepForward(page, Number(count))), forward);
      assertEquals(hex(pageStepBackward(page, Number(count))), backward);
    }
  });
  run("page_containing", v.page_containing.length, () => {
    for (const row of v.page_containing) {
      const [text, small, large, huge, aligned] = row as [
        string,
        string,
        string,
        string,
        boolean,
      ];
      const address = va(text);
      assertEquals(hex(pageContaining(address)), small);
      assertEquals(hex(pageContaining(address, SIZE_2_MIB)), large);
      assertEquals(hex(pageContaining(address, SIZE_1_GIB)), huge);
      assertStrictEquals(pageFromStart(address), aligned ? address : null);
    }
  });
  run("page_from_indices", v.page_from_indices.length, () => {
    for (const row of v.page_from_indices) {
      const [indices, small, large, huge] = row as [
        [number, number, number, number],
        string,
        string,
        string,
      ];
      const [p4, p3, p2, p1] = indices;
      assertEquals(hex(pageFromIndices(p4, p3, p2, p1)), small);
      assertEquals(hex(pageFromIndices(p4, p3, p2)), large);
      assertEquals(hex(pageFromIndices(p4, p3)), huge);
    }
  });
  run("heap_page_range_inclusive", 1, () => {
    const { start, end, len, size } = v.heap_page_range_inclusive;
    const heap = pageRangeInclusive(
      pageContaining(va(start)),
      pageContaining(va(end)),
    );
    assertEquals(heap.len(), len);
    assertEquals(heap.bytes(), size);
    assertEquals([...heap].length, len);
  });
  run("range_len", 4, () => {
    const row = v.range_len;
    const start = pageContaining(va(row.start_addr));
    const end = pageAdd(start, row.plus);
    assertEquals(pageRange(start, end).len(), row.exclusive);
    assertEquals(pageRangeInclusive(start, end).len(), row.inclusive);
    assertEquals(pageRange(start, start).len(), row.empty_exclusive);
    assertEquals(
      pageRangeInclusive(end, start).len(),
      row.reversed_inclusive,
    );
  });
  run("range_inclusive_at_top", v.range_inclusive_at_top.length, () => {
    const [first] = v.range_inclusive_at_top as [string];
    const range = pageRangeInclusive(
      pageContaining(va(first)),
      pageContaining(virtAddr(-1)),
    );
    assertEquals([...range].map(hex), v.range_inclusive_at_top);
  });
  run("debug", 3, () => {
    const page = pageContaining(virtAddr(0xdeadbeaf));
    assertEquals(pageDebug(page), v.debug.page);
    assertEquals(frameDebug(frameContaining(physAddr(0xb8000))), v.debug.frame);
    assertEquals(
      pageDebug(pageContaining(virtAddr(0x400000), SIZE_2_MIB), SIZE_2_MIB),
      v.debug.page2m,
    );
  });
  // The file's other keys are run by addr_test.ts and page_table_test.ts.
  assertEquals(rows, {
    step_page4k: 18,
    page_containing: 9,
    page_from_indices: 7,
    heap_page_range_inclusive: 1,
    range_len: 4,
    range_inclusive_at_top: 3,
    debug: 3,
  });
});

Deno.test("pageRange() yields each page once (test_page_ranges)", () => {
  const start = pageContaining(virtAddr(0xdeadbeaf));
  const end = pageAdd(start, 1000);
  const expected = Array.from({ length: 1001 }, (_, i) => pageAdd(start, i));
  assertEquals([...pageRange(start, end)], expected.slice(0, 1000));
  assertEquals([...pageRangeInclusive(start, end)], expected);
});

Deno.test("pageRange() counts without iterating (test_page_range_len)", () => {
  const start = pageContaining(virtAddr(0xdeadbeaf), SIZE_2_MIB);
  const end = pageAdd(start, 50, SIZE_2_MIB);
  const range = pageRange(start, end, SIZE_2_MIB);
  assertEquals(range.len(), 50);
  assertEquals(pageRangeInclusive(start, end, SIZE_2_MIB).len(), 51);
  assertEquals(as4KiBPageRange(range).len(), 50 * 512);
  assertEquals(as4KiBPageRange(range).bytes(), range.bytes());
  assert(pageRange(end, start, SIZE_2_MIB).isEmpty());
});

Deno.test("frameRange() counts and yields frames (test_frame_range_len)", () => {
  const start = frameContaining(physAddr(0xdeadbeaf));
  const end = frameAdd(start, 50);
  assertEquals(frameRange(start, end).len(), 50);
  assertEquals(frameRangeInclusive(start, end).len(), 51);
  assertEquals([...frameRange(start, end)].at(-1), frameSub(end, 1));
  assertEquals(frameDistance(end, start), 50);
  assertEquals(
    frameRangeInclusive(start, start).debug(),
    "PhysFrameRangeInclusive { start: PhysFrame[4KiB](0xdeadb000), " +
      "end: PhysFrame[4KiB](0xdeadb000) }",
  );
});

Deno.test("pageRange() across the gap throws where pageAdd() does", () => {
  const start = pageContaining(virtAddr(0x7fff_ffff_f000));
  const range = pageRange(start, pageContaining(virtAddr(-4096)));
  assertThrows(() => [...range], RangeError, "non-canonical virtual address");
});

Deno.test("pages step over the gap (page_step_forward, page_step_backwards, page_steps_between)", () => {
  const last = pageContaining(virtAddr(0x7fff_ffff_f000));
  const first = pageContaining(VIRT_ADDR_MIN);
  assertStrictEquals(pageStepForward(last, 1), first);
  assertStrictEquals(pageStepBackward(first, 1), last);
  assertStrictEquals(pageStepsBetween(last, first), 1);
  assertStrictEquals(pageStepsBetween(first, last), null);
  const huge = pageContaining(VIRT_ADDR_MIN, SIZE_1_GIB);
  assertStrictEquals(
    pageStepBackward(huge, 1, SIZE_1_GIB),
    0x7fff_c000_0000,
  );
});

Deno.test("a page is a value that a Set finds again (test_page_is_hash)", () => {
  const pages = new Set([pageContaining(virtAddr(0xdeadbeaf))]);
  assert(pages.has(pageContaining(virtAddr(0xdeadb000))));
});

Deno.test("pages and frames of every size: containing, distance and back", () => {
  const sizes = [SIZE_4_KIB, SIZE_2_MIB, SIZE_1_GIB] as const;
  fc.assert(fc.property(
    fc.bigInt(0n, 2n ** 47n - 2n ** 40n),
    fc.constantFrom(...sizes),
    fc.nat(900),
    (address, size, count) => {
      const page = pageContaining(virtAddr(address), size);
      assertEquals(BigInt(page), address / BigInt(size) * BigInt(size));
      assertStrictEquals(pageFromStart(page, size), page);
      const other = pageAdd(page, count, size);
      assertEquals(pageDistance(other, page, size), count);
      assertStrictEquals(pageSub(other, count, size), page);
      const frame = frameContaining(physAddr(address), size);
      assertEquals(frame as number, page as number);
      assertStrictEquals(frameFromStart(frame, size), frame);
      const next = physAddr(Number(frame) + 8);
      assertStrictEquals(frameFromStart(next, size), null);
    },
  ));
});
