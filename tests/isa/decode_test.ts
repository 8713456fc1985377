/**
 * The decoder against iced-x86, over random byte strings.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DECODER_OPTIONS, EXCLUDED } from "../../dev/isa_decode/excluded.ts";
import { isSameName } from "../../dev/isa_decode/names.ts";
import { permitted } from "../../dev/permission.ts";
import { disassemble } from "../../src/isa/mod.ts";

Deno.test({
  name: "the decoder reads 20,000 random strings as iced-x86 does (needs read)",
  ignore: !permitted("read"),
  async fn() {
    // iced-x86 reads a file when it is loaded.
    const { compareDecoders } = await import("../../dev/isa_decode/compare.ts");
    const { formatDecodeReport } = await import(
      "../../dev/isa_decode/report.ts"
    );
    const report = compareDecoders(20_000, 20_260_101);
    assertEquals(
      [...report.differences.keys()],
      [],
      formatDecodeReport(report),
    );
    assert(report.executed > 8_000);
    assert(report.lacking > 2_000);
    assert(report.invalid > 4_000);
    assert(report.rows > 300);
  },
});

Deno.test("isSameName() knows sizes and conditions, and tells others apart", () => {
  assert(isSameName("CBW", "Cdqe"));
  assert(isSameName("JNBE", "Ja"));
  assert(isSameName("CMOVNB", "Cmovae"));
  assert(!isSameName("JNB", "Jb"));
  assert(!isSameName("ADD", "Adc"));
});

Deno.test("what is not compared has a reason, and iced-x86 gets no options", () => {
  assertEquals(DECODER_OPTIONS, 0);
  for (const { reason } of EXCLUDED) assert(reason.length > 20);
});

/** What the engine lacks: refused as such, and as long as it is. */
const LACKING: readonly (readonly [string, number, string])[] = [
  ["0f 58 c1", 3, "addps"],
  ["66 0f 3a 0f 44 8b 10 08", 8, "palignr with a SIB byte and an immediate"],
  ["f3 48 0f 2a c0", 5, "cvtsi2ss"],
  ["d9 04 25 00 00 00 20", 7, "fld"],
  ["0f 01 d0", 3, "xgetbv"],
  ["f2 0f 38 f1 c1", 5, "crc32"],
  ["0f c7 f0", 3, "rdrand"],
  ["c7 f8 00 00 00 00", 6, "xbegin"],
  ["f3 0f ae c0", 4, "rdfsbase"],
  ["0f 34", 2, "sysenter"],
  ["c5 f8 77", 3, "vzeroupper"],
  ["c5 f8 58 44 8b 10", 6, "vaddps with a SIB byte"],
  ["c4 e3 79 0f c1 08", 6, "vpalignr"],
  ["62 f1 7c 48 58 c1", 6, "vaddps of 512 bits"],
  ["62 f3 7d 48 25 c1 ff", 7, "vpternlogd"],
  ["8f e9 78 81 c0", 5, "vfrczpd"],
  ["8f ea 78 10 c0 01 02 03 04", 9, "bextr with an immediate"],
];

Deno.test("disassemble() refuses what the engine lacks as such, with its length", () => {
  for (const [hex, length, name] of LACKING) {
    const bytes = new Uint8Array(15);
    bytes.set(hex.split(" ").map((byte) => parseInt(byte, 16)));
    const { kind, length: found } = disassemble(bytes);
    assertEquals([kind, found], ["unmodelled", length], name);
  }
});
