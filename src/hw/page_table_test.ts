import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import v from "../../vectors/x86_64-addr.json" with { type: "json" };
import { physAddr } from "./addr.ts";
import {
  entryBytes,
  nextHigherLevel,
  nextLowerLevel,
  pageOffsetChecked,
  pageOffsetTruncate,
  pageTableIndex,
  pageTableIndexTruncate,
  type PageTableLevel,
  PTE_P,
  PTE_PS,
  PTE_RW,
  PTE_XD_HIGH,
  pteAddr,
  pteDebug,
  pteFlags,
  pteFrame,
  pteIsUnused,
  pteNew,
  pteOfFrame,
  pteWithFlags,
  tableBytes,
} from "./page_table.ts";
import { frameContaining } from "./page.ts";
import { word64FromBigInt, word64ToBigInt } from "./word64.ts";

Deno.test("x86_64-addr.json: page_table_index and level_alignment", () => {
  const row = v.page_table_index;
  const error = assertThrows(() => pageTableIndex(512), RangeError);
  assertStrictEquals(error.message.endsWith(row.new_512.panic), true);
  assertEquals(pageTableIndexTruncate(512), row.new_truncate_512);
  assertEquals(pageTableIndexTruncate(1023), row.new_truncate_1023);
  assertEquals(pageOffsetTruncate(4096), row.offset_truncate_4096);
  assertEquals(Object.keys(row).length, 4);
  assertEquals(v.level_alignment.length, 4);
  for (const [level, table, entry] of v.level_alignment) {
    assertEquals(tableBytes(level as PageTableLevel), Number(table));
    assertEquals(entryBytes(level as PageTableLevel), Number(entry));
  }
});

Deno.test("pageTableIndex() and pageOffsetChecked() accept exactly their range", () => {
  assertEquals([0, 511].map(pageTableIndex), [0, 511]);
  assertEquals([0, 4095].map(pageOffsetChecked), [0, 4095]);
  for (const bad of [-1, 0.5, 512, 2 ** 32]) {
    assertThrows(() => pageTableIndex(bad), RangeError);
  }
  for (const bad of [-1, 0.5, 4096]) {
    assertThrows(() => pageOffsetChecked(bad), RangeError);
  }
});

Deno.test("levels are linked from 4 down to 1 and back", () => {
  assertEquals(([1, 2, 3, 4] as const).map(nextLowerLevel), [null, 1, 2, 3]);
  assertEquals(([1, 2, 3, 4] as const).map(nextHigherLevel), [2, 3, 4, null]);
});

Deno.test("pteFrame() refuses an absent entry before a large one", () => {
  assertEquals(pteFrame(PTE_PS, 0), "frame-not-present");
  assertEquals(pteFrame(PTE_P | PTE_PS, 0), "huge-frame");
});

Deno.test("pteDebug() prints flags of both words", () => {
  assertEquals(
    pteDebug(0x2000 | PTE_P | PTE_RW, PTE_XD_HIGH),
    "PageTableEntry { addr: PhysAddr(0x2000), " +
      "flags: PageTableFlags(PRESENT | WRITABLE | NO_EXECUTE) }",
  );
});

Deno.test("an entry is its address and its flags, and nothing else", () => {
  const address = 0x000f_ffff_ffff_f000n;
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (raw) => {
    const { low, high } = word64FromBigInt(raw);
    assertEquals(BigInt(pteAddr(low, high)), raw & address);
    const flags = pteFlags(low, high);
    assertEquals(word64ToBigInt(flags), raw & ~address);
    assertEquals(
      word64ToBigInt(pteNew(pteAddr(low, high), flags.low, flags.high)),
      raw,
    );
    assertEquals(
      word64ToBigInt(pteWithFlags(low, high, PTE_P, PTE_XD_HIGH)),
      raw & address | 1n | 1n << 63n,
    );
    assertEquals(pteIsUnused(low, high), raw === 0n);
  }));
});

Deno.test("pteOfFrame() takes the flags as they are, but no large page", () => {
  const frame = frameContaining(physAddr(0xf_1234_5678_9000));
  assertEquals(
    word64ToBigInt(pteOfFrame(frame, PTE_P, PTE_XD_HIGH)),
    0x800f_1234_5678_9001n,
  );
  assertThrows(() => pteOfFrame(frame, PTE_PS), RangeError, "HUGE_PAGE");
  assertThrows(() => pteNew(physAddr(8), PTE_P), RangeError, "is_aligned");
});
