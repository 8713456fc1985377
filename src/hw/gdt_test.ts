import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { addrToBigInt, virtAddr } from "./addr.ts";
import {
  decodeDescriptor,
  DESC_DPL_SHIFT,
  descriptorBase,
  descriptorLimit,
  GlobalDescriptorTable,
  isSystemDescriptor,
  KERNEL_CODE_SEGMENT,
  KERNEL_DATA_SEGMENT,
  segmentSelector,
  selectorIsNull,
  selectorRpl,
  selectorWithRpl,
  tssDescriptor,
  USER_CODE_SEGMENT,
  USER_DATA_SEGMENT,
} from "./gdt.ts";
import { word64FromBigInt } from "./word64.ts";

Deno.test("append() fills the table to its last entry (push_max_segments)", () => {
  const table = new GlobalDescriptorTable();
  for (let i = 0; i < 7; i++) table.append(KERNEL_CODE_SEGMENT);
  assertEquals(table.entries().length, 8);
  // panic_user_segment
  assertThrows(
    () => table.append(USER_DATA_SEGMENT),
    RangeError,
    "GDT full",
  );
  const mixed = new GlobalDescriptorTable();
  for (let i = 0; i < 5; i++) mixed.append(KERNEL_CODE_SEGMENT);
  mixed.append(tssDescriptor(virtAddr(0)));
  assertEquals(mixed.limit(), 63);
});

Deno.test("append() leaves a table alone that has one entry free for a TSS (panic_system_segment)", () => {
  const table = new GlobalDescriptorTable();
  for (let i = 0; i < 6; i++) table.append(KERNEL_CODE_SEGMENT);
  assertThrows(
    () => table.append(tssDescriptor(virtAddr(0))),
    RangeError,
    "GDT requires two free spaces to hold a SystemSegment",
  );
  assertEquals(table.limit(), 7 * 8 - 1);
  assertEquals(table.append(KERNEL_DATA_SEGMENT), 7 << 3);
});

Deno.test("fromRawEntries() takes over all entries (from_entries)", () => {
  const entries = [{ low: 0, high: 0 }, KERNEL_CODE_SEGMENT];
  const table = GlobalDescriptorTable.fromRawEntries(entries, 4);
  assertEquals(table.entries(), entries);
  assertEquals(table.append(USER_CODE_SEGMENT), 2 << 3 | 3);
  assertThrows(() => new GlobalDescriptorTable(0), RangeError, "1 to 8192");
  assertEquals(new GlobalDescriptorTable(8192).entriesMax, 8192);
  assertThrows(() => new GlobalDescriptorTable(8193), RangeError);
});

Deno.test("decodeDescriptor() reads the privilege level of each segment (descriptor_dpl)", () => {
  const dpl = (word: { low: number; high: number }) =>
    decodeDescriptor(word.low, word.high).dpl;
  assertEquals(
    [
      KERNEL_CODE_SEGMENT,
      KERNEL_DATA_SEGMENT,
      USER_CODE_SEGMENT,
      USER_DATA_SEGMENT,
      tssDescriptor(virtAddr(0)).first,
    ].map(dpl),
    [0, 0, 3, 3, 0],
  );
  for (const level of [0, 1, 2, 3] as const) {
    assertEquals(dpl({ low: 0, high: level << DESC_DPL_SHIFT }), level);
  }
});

Deno.test("decodeDescriptor() agrees with the bootloader's and Linux' values", () => {
  const decode = (value: bigint) => {
    const { low, high } = word64FromBigInt(value);
    return decodeDescriptor(low, high);
  };
  assertEquals(decode(0x0020_9a00_0000_0000n), {
    base: 0,
    limit: 0,
    type: 10,
    system: false,
    dpl: 0,
    present: true,
    available: false,
    long: true,
    size32: false,
    granular: false,
  });
  assertEquals(decode(0x00cf_f300_0000_ffffn), {
    base: 0,
    limit: 0xffff_ffff,
    type: 3,
    system: false,
    dpl: 3,
    present: true,
    available: false,
    long: false,
    size32: true,
    granular: true,
  });
});

Deno.test("tssDescriptor() is read back, base and limit", () => {
  fc.assert(fc.property(
    fc.bigInt(-(2n ** 47n), 2n ** 47n - 1n),
    fc.nat(0xffff),
    (base, limit) => {
      const { first, second } = tssDescriptor(virtAddr(base), limit);
      const fields = decodeDescriptor(first.low, first.high);
      assertEquals(
        BigInt(fields.base) | BigInt(second.low) << 32n,
        addrToBigInt(virtAddr(base)),
      );
      assertEquals(
        [fields.limit, fields.type, fields.system, fields.present],
        [limit, 9, true, true],
      );
      assertEquals(isSystemDescriptor(first.high), true);
      assertEquals(descriptorBase(first.low, first.high), fields.base);
      assertEquals(descriptorLimit(first.low, first.high), limit);
    },
  ));
  assertThrows(() => tssDescriptor(virtAddr(0), 0x1_0000), RangeError);
});

Deno.test("write() stores two words an entry", () => {
  const words: [number, number][] = [];
  const table = new GlobalDescriptorTable();
  table.append(KERNEL_CODE_SEGMENT);
  table.write({ store32: (at, word) => words.push([at, word]) }, 0x1000);
  assertEquals(words, [
    [0x1000, 0],
    [0x1004, 0],
    [0x1008, 0xffff],
    [0x100c, 0x00af_9b00],
  ]);
});

Deno.test("selectors: RPL is replaced, null is null in every ring", () => {
  assertEquals(selectorWithRpl(0x13, 0), 0x10);
  assertEquals([0, 1, 2, 3, 4, 8].map(selectorIsNull), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  assertEquals(selectorRpl(0x1b), 3);
  for (const bad of [-1, 8192, 0.5]) {
    assertThrows(() => segmentSelector(bad), RangeError, "0 to 8191");
  }
  assertThrows(() => segmentSelector(1, 4), RangeError, "privilege level");
});
