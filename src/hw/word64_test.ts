import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { crateHex, formatHex, formatHex64 } from "./format_hex.ts";
import {
  word64,
  word64Equals,
  word64FromBigInt,
  word64ToBigInt,
} from "./word64.ts";

Deno.test("word64FromBigInt() and word64ToBigInt() are inverses", () => {
  fc.assert(fc.property(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (value) => {
    const word = word64FromBigInt(value);
    assertEquals(word64ToBigInt(word), BigInt.asUintN(64, value));
    assertEquals(word64Equals(word, word64(word.low | 0, word.high | 0)), true);
    assertEquals(word64Equals(word, word64(~word.low, word.high)), false);
  }));
});

Deno.test("formatHex() is readable and equal to the crate's but for the groups", () => {
  assertEquals(formatHex(0), "0x0");
  assertEquals(formatHex(0xffff), "0xffff");
  assertEquals(formatHex(0x1_0000), "0x1_0000");
  assertEquals(formatHex64(0x0000_ffff, 0x00af_9b00), "0xaf_9b00_0000_ffff");
  assertEquals(formatHex(-1), "0xffff_ffff_ffff_ffff");
  assertEquals(formatHex(-(2 ** 32)), "0xffff_ffff_0000_0000");
  fc.assert(fc.property(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), (value) => {
    const expected = "0x" + BigInt.asUintN(64, value).toString(16);
    const { low, high } = word64FromBigInt(value);
    assertEquals(crateHex(value), expected);
    assertEquals(formatHex64(low, high).replaceAll("_", ""), expected);
    const number = Number(BigInt.asIntN(53, value));
    assertEquals(crateHex(number), crateHex(BigInt(number)));
    for (const group of formatHex(value).slice(2).split("_").slice(1)) {
      assertEquals(group.length, 4);
    }
  }));
});
