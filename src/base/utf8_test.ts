import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeUtf8 } from "./utf8.ts";

Deno.test("encodeUtf8() agrees with the host for any text", () => {
  const host = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assertEquals(encodeUtf8(text), [...host.encode(text)]);
    }),
  );
  const edges = [0x7f, 0x80, 0xc0, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff];
  for (const code of [...edges, 0x1_0000, 0x10_ffff]) {
    const text = String.fromCodePoint(code);
    assertEquals(encodeUtf8(text), [...host.encode(text)]);
  }
  for (const lone of ["\ud800", "\udfff"]) {
    assertEquals(encodeUtf8(lone), [0xef, 0xbf, 0xbd]);
  }
});
