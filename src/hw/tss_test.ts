import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type VirtAddr, virtAddr } from "./addr.ts";
import {
  invalidIoMapDebug,
  type IoMapPlace,
  readTss,
  taskStateSegment,
  TSS_BYTES,
  tssDescriptorWithIoMap,
  writeTss,
} from "./tss.ts";

/** Words by address. */
class Words {
  readonly map: Map<number, number> = new Map();
  load32(address: number): number {
    return this.map.get(address)!;
  }
  store32(address: number, value: number): void {
    this.map.set(address, value | 0);
  }
}

Deno.test("TSS_BYTES is the manual's least size (check_tss_size)", () => {
  assertEquals(TSS_BYTES, 0x68);
});

Deno.test("writeTss() puts stacks and map base where SDM 3A, 64-bit TSS, has them", () => {
  const words = new Words();
  const stacks = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => virtAddr(first + 16 * i));
  writeTss(
    words,
    0x1000,
    taskStateSegment({
      privilegeStackTable: stacks(0x1_0000_0010, 3),
      interruptStackTable: stacks(-0x1000, 7),
      iomapBase: 0x1234,
    }),
  );
  const at = (offset: number) => words.load32(0x1000 + offset) >>> 0;
  assertEquals([0, 28, 32, 92, 96].map(at), [0, 0, 0, 0, 0]);
  assertEquals([4, 8, 12, 20].map(at), [0x10, 1, 0x20, 0x30]);
  assertEquals([36, 40, 84, 88].map(at), [
    0xffff_f000,
    0xffff_ffff,
    0xffff_f060,
    0xffff_ffff,
  ]);
  assertEquals(at(100), 0x1234_0000);
  assertEquals(words.map.size * 4, TSS_BYTES);
});

Deno.test("readTss() returns what writeTss() wrote", () => {
  const address = fc.bigInt(-(2n ** 47n), 2n ** 47n - 1n).map(virtAddr);
  const stacks = (length: number) =>
    fc.array(address, { minLength: length, maxLength: length });
  fc.assert(fc.property(
    stacks(3),
    stacks(7),
    fc.nat(0xffff),
    (privilegeStackTable, interruptStackTable, iomapBase) => {
      const tss = { privilegeStackTable, interruptStackTable, iomapBase };
      const words = new Words();
      writeTss(words, 0, tss);
      assertEquals(readTss(words, 0), tss);
    },
  ));
});

Deno.test("tssDescriptorWithIoMap() refuses in the crate's order", () => {
  const tss = virtAddr(0x10_0000);
  const good: IoMapPlace = {
    tss,
    iomapBase: 104,
    iomap: virtAddr(0x10_0000 + 104),
    iomapBytes: 5,
    lastByte: 0xff,
  };
  const refusal = (changes: Partial<IoMapPlace>) => {
    const result = tssDescriptorWithIoMap({ ...good, ...changes });
    return "first" in result ? null : invalidIoMapDebug(result);
  };
  const far = (bytes: number) => ({
    iomap: virtAddr(0x10_0000 + bytes),
    iomapBase: bytes,
  });
  assertEquals(refusal({}), null);
  assertEquals(
    refusal({ iomapBytes: 8194, iomap: virtAddr(0) }),
    "TooLong { len: 8194 }",
  );
  assertEquals(refusal({ iomap: virtAddr(0xf_ffff) }), "IoMapBeforeTss");
  assertEquals(
    refusal({ ...far(0xe000), lastByte: 0 }),
    "TooFarFromTss { distance: 57344 }",
  );
  assertEquals(
    refusal({ lastByte: 0x7f, iomapBase: 0 }),
    "InvalidTerminatingByte { byte: 127 }",
  );
  assertEquals(
    refusal({ iomapBase: 0 }),
    "InvalidBase { expected: 104, got: 0 }",
  );
  assertEquals(refusal({ ...far(0xdfff), iomapBytes: 8193 }), null);
  assertEquals(refusal({ iomapBytes: 0, lastByte: 0 }), null);
  // The upper half lies above the lower one.
  assertEquals(refusal({ tss: virtAddr(-4096) }), "IoMapBeforeTss");
  assert(refusal({ iomap: virtAddr(-4096) })?.startsWith("TooFarFromTss"));
});

Deno.test("tssDescriptorWithIoMap() ends the segment where the bitmap ends", () => {
  const limit = (iomapBase: number, iomapBytes: number) => {
    const result = tssDescriptorWithIoMap({
      tss: 0 as VirtAddr,
      iomapBase,
      iomap: virtAddr(iomapBase),
      iomapBytes,
      lastByte: 0xff,
    });
    assert("first" in result);
    return result.first.low & 0xffff;
  };
  assertEquals(limit(104, 0), 103);
  assertEquals(limit(104, 5), 108);
  assertEquals(limit(0xdfff, 8193), 0xffff);
  assertEquals(limit(1, 1), 103);
});
