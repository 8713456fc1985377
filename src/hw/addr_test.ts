import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import v from "../../vectors/x86_64-addr.json" with { type: "json" };
import {
  addrHigh,
  addrLow,
  addrToBigInt,
  alignDownBig,
  alignUpBig,
  formatAddr,
  isAligned,
  p1Index,
  p2Index,
  p3Index,
  p4Index,
  pageOffset,
  pageTableIndexAt,
  physAdd,
  physAddBig,
  physAddr,
  physAddrDebug,
  physAddrTruncate,
  physAlignDown,
  physAlignUp,
  physDistance,
  physFromWords,
  physSub,
  physSubBig,
  tryPhysAddr,
  tryVirtAddr,
  tryVirtFromWords,
  VIRT_ADDR_MAX,
  VIRT_ADDR_MIN,
  virtAdd,
  virtAddBig,
  virtAddr,
  virtAddrDebug,
  virtAddrNotValidDebug,
  virtAddrTruncate,
  virtAlignDown,
  virtAlignUp,
  virtDistance,
  virtDistanceBig,
  virtFromWords,
  virtFromWordsTruncate,
  virtStepBackward,
  virtStepForward,
  virtStepsBetween,
  virtSub,
  virtSubBig,
} from "./addr.ts";
import { crateHex } from "./format_hex.ts";

type Expected = string | null | { readonly panic: string };

/** Compares a call with a row: a value, a refusal, or a panic's last words. */
function expectCall(
  call: () => number | bigint | null,
  expected: Expected,
): void {
  if (expected !== null && typeof expected === "object") {
    const error = assertThrows(call, RangeError);
    assertEquals(error.message.slice(-expected.panic.length), expected.panic);
    return;
  }
  const result = call();
  assertEquals(result === null ? null : crateHex(result), expected);
}

const va = (hex: string) => virtAddr(BigInt(hex));
const pa = (hex: string) => physAddr(BigInt(hex));
const small = (n: bigint) => n <= BigInt(Number.MAX_SAFE_INTEGER);

Deno.test("x86_64-addr.json runs whole but for its page rows", async (t) => {
  const rowsRun: Record<string, number> = {};
  const rows = async (
    key: keyof typeof v,
    count: number,
    body: () => void,
  ) => {
    rowsRun[key] = count;
    await t.step(key, body);
  };

  await rows("virt", v.virt.length, () => {
    for (const row of v.virt) {
      const raw = BigInt(row.in);
      const address = virtAddrTruncate(raw);
      assertStrictEquals(crateHex(address), row.truncate);
      assertEquals(tryVirtAddr(raw) !== null, row.canonical, row.in);
      if (row.canonical) assertStrictEquals(virtAddr(raw), address);
      else assertThrows(() => virtAddr(raw), RangeError, v.virt_new_panic);
      assertEquals(
        [p4Index, p3Index, p2Index, p1Index].map((f) => f(address)),
        [row.p4, row.p3, row.p2, row.p1],
        row.in,
      );
      for (const level of [1, 2, 3, 4] as const) {
        const index = [row.p1, row.p2, row.p3, row.p4][level - 1];
        assertEquals(pageTableIndexAt(address, level), index);
      }
      assertEquals(pageOffset(address), row.offset);
      const low = Number(raw & 0xffff_ffffn), high = Number(raw >> 32n);
      assertStrictEquals(virtFromWordsTruncate(low, high), address);
      assertStrictEquals(
        tryVirtFromWords(low, high),
        row.canonical ? address : null,
      );
    }
  });
  await rows("virt_new_panic", 1, () => {
    expectCall(() => virtAddr(2 ** 47), { panic: v.virt_new_panic });
    expectCall(() => virtFromWords(0, 0x8000), { panic: v.virt_new_panic });
  });
  await rows("phys_new_panic", 1, () => {
    expectCall(() => physAddr(2 ** 52), { panic: v.phys_new_panic });
    expectCall(() => physFromWords(0, 2 ** 20), { panic: v.phys_new_panic });
  });
  await rows("phys", v.phys.length, () => {
    for (const [text, valid, truncated] of v.phys) {
      const raw = BigInt(text as string);
      assertStrictEquals(crateHex(physAddrTruncate(raw)), truncated);
      assertEquals(tryPhysAddr(raw) !== null, valid);
      if (!valid) {
        assertThrows(() => physAddr(raw), RangeError, v.phys_new_panic);
      }
      if (small(raw)) {
        assertStrictEquals(crateHex(physAddrTruncate(Number(raw))), truncated);
      }
    }
  });
  await rows("add_sub_virt", v.add_sub_virt.length, () => {
    for (const { a, b, add, sub } of v.add_sub_virt) {
      const n = BigInt(b);
      expectCall(() => virtAddBig(va(a), n), add);
      expectCall(() => virtSubBig(va(a), n), sub);
      if (!small(n)) continue;
      expectCall(() => virtAdd(va(a), Number(n)), add);
      expectCall(() => virtSub(va(a), Number(n)), sub);
    }
  });
  await rows("add_sub_phys", v.add_sub_phys.length, () => {
    for (const { a, b, add, sub } of v.add_sub_phys) {
      const n = BigInt(b);
      expectCall(() => physAddBig(pa(a), n), add);
      expectCall(() => physSubBig(pa(a), n), sub);
      if (!small(n)) continue;
      expectCall(() => physAdd(pa(a), Number(n)), add);
      expectCall(() => physSub(pa(a), Number(n)), sub);
    }
  });
  await rows("align", v.align.length, () => {
    for (const { addr, align, up, down } of v.align) {
      expectCall(() => alignUpBig(BigInt(addr), BigInt(align)), up);
      expectCall(() => alignDownBig(BigInt(addr), BigInt(align)), down);
      if (tryPhysAddr(BigInt(addr)) === null) continue;
      expectCall(() => physAlignUp(pa(addr), Number(align)), up);
      expectCall(() => physAlignDown(pa(addr), Number(align)), down);
    }
  });
  await rows("virt_align", v.virt_align.length, () => {
    for (const row of v.virt_align) {
      const address = va(row.addr), align = Number(row.align);
      expectCall(() => virtAlignUp(address, align), row.up);
      expectCall(() => virtAlignDown(address, align), row.down);
      assertEquals(isAligned(address, align), row.is_aligned);
    }
  });
  await rows("step_virt", v.step_virt.length, () => {
    for (const { start, count, forward, backward } of v.step_virt) {
      expectCall(() => virtStepForward(va(start), Number(count)), forward);
      expectCall(() => virtStepBackward(va(start), Number(count)), backward);
    }
  });
  await rows("steps_between_virt", v.steps_between_virt.length, () => {
    for (const row of v.steps_between_virt) {
      const [start, end, count] = row as [string, string, string | null];
      expectCall(() => virtStepsBetween(va(start), va(end)), count);
    }
  });
  await rows("debug", 4, () => {
    assertEquals(virtAddrDebug(virtAddr(0xdeadbeaf)), v.debug.virt);
    assertEquals(physAddrDebug(physAddr(0x1000)), v.debug.phys);
    assertEquals(crateHex(virtAddr(0xb8000)), v.debug.virt_lower_hex_alt);
    assertEquals(
      `Err(${virtAddrNotValidDebug(0x8000_0000_0000n)})`,
      v.debug.not_valid,
    );
  });

  assertEquals(rowsRun, {
    virt: 66,
    virt_new_panic: 1,
    phys_new_panic: 1,
    phys: 66,
    add_sub_virt: 14,
    add_sub_phys: 8,
    align: 20,
    virt_align: 9,
    step_virt: 22,
    steps_between_virt: 10,
    debug: 4,
  });
  const leftOut: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    step_page4k: "pages: page_test.ts",
    page_containing: "pages: page_test.ts",
    page_from_indices: "pages: page_test.ts",
    heap_page_range_inclusive: "pages: page_test.ts",
    range_len: "pages: page_test.ts",
    range_inclusive_at_top: "pages: page_test.ts",
    page_table_index: "table indices: page_table_test.ts",
    level_alignment: "table levels: page_table_test.ts",
  };
  for (const key of Object.keys(v)) {
    assertEquals(key in rowsRun !== key in leftOut, true, `key ${key}`);
  }
});

Deno.test("virtAdd() and virtSub() throw past either end (add_overflow_virtaddr, sub_underflow_virtaddr, sub_overflow_virtaddr)", () => {
  assertThrows(() => virtAdd(virtAddr(-1), 1), RangeError);
  assertThrows(() => virtSub(virtAddr(0), 1), RangeError);
  assertThrows(() => virtSub(VIRT_ADDR_MIN, 1), RangeError);
  assertThrows(() => virtSubBig(virtAddr(0), 2n ** 64n - 1n), RangeError);
});

Deno.test("physAdd() and physSub() throw past either end (add_overflow_physaddr, sub_overflow_physaddr)", () => {
  assertThrows(() => physAddBig(physAddr(0xffff), 2n ** 64n - 1n), RangeError);
  assertThrows(() => physSub(physAddr(0), 1), RangeError);
  assertEquals(physDistance(physAddr(0x3000), physAddr(0x1000)), 0x2000);
  assertThrows(() => physDistance(physAddr(0), physAddr(1)), RangeError);
});

Deno.test("virtAddrTruncate() spreads bit 47 (virtaddr_new_truncate)", () => {
  assertEquals(virtAddrTruncate(0), 0);
  assertEquals(virtAddrTruncate(1 * 2 ** 47), VIRT_ADDR_MIN);
  assertEquals(virtAddrTruncate(123n << 47n), VIRT_ADDR_MIN);
  assertEquals(virtAddrTruncate(1n << 48n), 0);
});

Deno.test("virtAlignUp() jumps the gap and throws at the top (test_virt_addr_align_up, test_virt_addr_align_down)", () => {
  assertEquals(virtAlignUp(VIRT_ADDR_MAX, 2), VIRT_ADDR_MIN);
  assertEquals(virtAlignDown(virtAddr(-1), 2), -2);
  assertEquals(virtAlignDown(VIRT_ADDR_MIN, 2 ** 48), 0);
  assertThrows(() => virtAlignUp(virtAddr(-1), 2), RangeError, "overflow");
  assertThrows(() => virtAlignUp(VIRT_ADDR_MIN, 2 ** 48), RangeError);
});

Deno.test("alignUpBig() agrees with the crate's table (test_align_up)", () => {
  assertEquals(alignUpBig(0n, 1n), 0n);
  assertEquals(alignUpBig(1234n, 1n), 1234n);
  assertEquals(alignUpBig(2n ** 64n - 1n, 1n), 2n ** 64n - 1n);
  assertEquals(alignUpBig(1233n, 2n), 1234n);
  assertEquals(alignUpBig(0n, 128n), 0n);
  assertEquals(alignUpBig(0n, 1n << 63n), 0n);
});

Deno.test("virtDistance() counts within a half and refuses to guess across the gap", () => {
  assertEquals(virtDistance(virtAddr(0x3000), virtAddr(0x1000)), 0x2000);
  assertEquals(virtDistance(virtAddr(-1), VIRT_ADDR_MIN), 2 ** 47 - 1);
  assertThrows(() => virtDistance(virtAddr(0), virtAddr(1)), RangeError);
  assertThrows(() => virtDistance(virtAddr(0), virtAddr(-1)), RangeError);
  assertThrows(
    () => virtDistance(virtAddr(-1), virtAddr(0)),
    RangeError,
    "as a bigint",
  );
  assertEquals(virtDistanceBig(virtAddr(-1), virtAddr(0)), 2n ** 64n - 1n);
});

Deno.test("virtAddr() refuses what is no exact integer", () => {
  for (const bad of [0.5, NaN, Infinity, 2 ** 53, -0, -(2 ** 53)]) {
    assertThrows(() => virtAddr(bad), RangeError, "exact integer");
    assertThrows(() => tryVirtAddr(bad), RangeError, "exact integer");
    assertThrows(() => physAddr(bad), RangeError, "exact integer");
  }
  for (const bad of [NaN, -1, 0.5, 2 ** 60]) {
    assertThrows(() => virtAdd(virtAddr(0), bad), RangeError);
    assertThrows(() => virtSub(virtAddr(4096), bad), RangeError);
    assertThrows(() => physAdd(physAddr(0), bad), RangeError);
    assertThrows(() => physSub(physAddr(4096), bad), RangeError);
  }
  for (const bad of [NaN, -1, 0.5]) {
    assertThrows(() => virtStepForward(virtAddr(0), bad), RangeError);
    assertThrows(() => virtStepBackward(virtAddr(4096), bad), RangeError);
  }
});

Deno.test("formatAddr() groups digits by four", () => {
  assertEquals(formatAddr(virtAddr(0x444444440000)), "0x4444_4444_0000");
  assertEquals(formatAddr(physAddr(0x100000)), "0x10_0000");
  assertEquals(formatAddr(virtAddr(0)), "0x0");
  assertEquals(formatAddr(VIRT_ADDR_MIN), "0xffff_8000_0000_0000");
  assertEquals(formatAddr(virtAddr(-(2 ** 32))), "0xffff_ffff_0000_0000");
});

/** Canonical addresses, with the corners of both halves drawn often. */
const virtual: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(-(2n ** 47n), 2n ** 47n - 1n),
  fc.integer({ min: -9000, max: 9000 }).map(BigInt),
  fc.integer({ min: 0, max: 9000 }).map((n) => BigInt(n) - 2n ** 47n),
  fc.integer({ min: 0, max: 9000 }).map((n) => 2n ** 47n - 1n - BigInt(n)),
);

/** The crate's arithmetic restated on unsigned 64-bit integers. */
const U64 = 2n ** 64n;
function modelCanonical(value: bigint): bigint | null {
  if (value < 0n || value >= U64) return null;
  const top = value >> 47n;
  return top === 0n || top === 0x1ffffn ? BigInt.asIntN(64, value) : null;
}
function orNull(call: () => number): number | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

Deno.test("virtual address arithmetic equals the same on unsigned 64-bit integers", () => {
  fc.assert(fc.property(
    virtual,
    fc.oneof(fc.nat(20_000), fc.maxSafeNat()),
    fc.nat(63),
    (signed, bytes, shift) => {
      const a = virtAddr(signed);
      const u = BigInt.asUintN(64, signed);
      const n = BigInt(bytes);
      const number = (x: bigint | null) => x === null ? null : Number(x);
      assertEquals(addrToBigInt(a), u);
      assertStrictEquals(virtFromWords(addrLow(a), addrHigh(a)), a);
      assertEquals(BigInt(addrHigh(a)) << 32n | BigInt(addrLow(a)), u);
      assertStrictEquals(virtAddr(u), a);
      assertStrictEquals(
        orNull(() => virtAdd(a, bytes)),
        number(modelCanonical(u + n)),
      );
      assertStrictEquals(
        orNull(() => virtSub(a, bytes)),
        number(modelCanonical(u - n)),
      );
      const align = 1n << BigInt(shift);
      const up = (u + align - 1n) / align * align;
      assertStrictEquals(
        orNull(() => virtAlignUp(a, Number(align))),
        up >= U64 ? null : Number(BigInt.asIntN(48, up)),
      );
      assertStrictEquals(
        virtAlignDown(a, Number(align)),
        Number(BigInt.asIntN(48, u / align * align)),
      );
      assertEquals(isAligned(a, Number(align)), u % align === 0n);
      assertEquals(
        [p4Index(a), p3Index(a), p2Index(a), p1Index(a), pageOffset(a)],
        [39n, 30n, 21n, 12n].map((s) => Number(u >> s & 0x1ffn))
          .concat(Number(u & 0xfffn)),
      );
    },
  ));
});

Deno.test("virtStepForward() and virtStepBackward() are inverses and agree with virtStepsBetween()", () => {
  fc.assert(fc.property(virtual, fc.nat(2 ** 31 - 1), (signed, count) => {
    const a = virtAddr(signed);
    const b = virtStepForward(a, count);
    if (b === null) return;
    assertStrictEquals(virtStepBackward(b, count), a);
    assertStrictEquals(virtStepsBetween(a, b), count);
    assertStrictEquals(virtStepsBetween(b, a), count === 0 ? 0 : null);
  }));
});

Deno.test("virtAddrTruncate() of a number equals that of the bigint", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), (n) => {
    fc.pre(!Object.is(n, -0));
    assertStrictEquals(virtAddrTruncate(n), virtAddrTruncate(BigInt(n)));
    assertStrictEquals(physAddrTruncate(n), physAddrTruncate(BigInt(n)));
  }));
});

Deno.test("physAlignUp() and physSub() reach both ends, and no further", () => {
  const top = 2 ** 52;
  assertEquals(
    physAlignUp(physAddr(top - 4096), 4096),
    physAddr(top - 4096),
  );
  assertThrows(() => physAlignUp(physAddr(top - 1), 4096), RangeError);
  assertEquals(physSub(physAddr(4096), 4096), physAddr(0));
  assertThrows(() => physSub(physAddr(4096), 4097), RangeError);
});
