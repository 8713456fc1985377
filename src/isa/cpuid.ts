/**
 * What CPUID says, as data: the smallest set of features with which 64-bit operating systems start.
 *
 * The vendor is nobody's, so that no system looks for the performance counters or errata of a real maker. Leaf 7 and
 * IA32_ARCH_CAPABILITIES say that the known transient-execution flaws are absent, which is true of an interpreter.
 *
 * SSE and SSE2 are claimed, as 64-bit mode promises them, though their instructions on data are not modelled: see
 * `UNMODELLED`.
 *
 * Source: SDM 2A, CPUID; AMD APM 3, "Extended Function Numbers", for leaves from 0x8000_0000 on.
 *
 * @module
 */

/** The four registers of a leaf: EAX, EBX, ECX, EDX. */
export type CpuidLeaf = readonly [number, number, number, number];

const bits = (...numbers: readonly number[]): number =>
  numbers.reduce((word, n) => word | (1 << n), 0) >>> 0;

/** The first four letters as a little-endian word. */
const word = (text: string): number =>
  [...text.slice(0, 4)].reduce(
    (w, letter, i) => w | letter.charCodeAt(0) << (8 * i),
    0,
  ) >>>
  0;

/** Twelve letters in the order of leaf 0: EBX, EDX, ECX. */
const VENDOR = "LockstepTSPC";
/** 48 letters, in leaves 0x8000_0002 to 0x8000_0004. */
const BRAND = "Lockstep x86-64 in TypeScript".padEnd(48, "\0");

/** Family 6, model 15, stepping 11. */
const SIGNATURE = 0x0000_06fb;

/** Leaf 1, EDX. */
const FEATURES = bits(
  0, // FPU
  2, // DE
  3, // PSE
  4, // TSC
  5, // MSR
  6, // PAE
  8, // CX8
  13, // PGE
  15, // CMOV
  16, // PAT
  19, // CLFSH
  24, // FXSR
  25, // SSE
  26, // SSE2
);
/** Leaf 1, ECX. */
const FEATURES_ECX = bits(
  13, // CX16
  23, // POPCNT
);
/** Leaf 0x8000_0001, EDX. */
const EXTENDED = bits(
  11, // SYSCALL
  20, // NX
  27, // RDTSCP
  29, // LM
);
/** Leaf 0x8000_0001, ECX. */
const EXTENDED_ECX = bits(
  0, // LAHF and SAHF in 64-bit mode
);
/** Leaf 7, EDX. */
const STRUCTURED_EDX = bits(
  29, // IA32_ARCH_CAPABILITIES
);

const brand = (leaf: number): CpuidLeaf => {
  const at = (i: number) => word(BRAND.slice(16 * leaf + 4 * i).slice(0, 4));
  return [at(0), at(1), at(2), at(3)];
};

/** The leaves by number; of those with subleaves, subleaf 0. */
export const CPUID_LEAVES: ReadonlyMap<number, CpuidLeaf> = new Map([
  [0, [7, word(VENDOR), word(VENDOR.slice(8)), word(VENDOR.slice(4, 8))]],
  // EBX: CLFLUSH works on 8 × 8 bytes.
  [1, [SIGNATURE, 8 << 8, FEATURES_ECX, FEATURES]],
  [7, [0, 0, 0, STRUCTURED_EDX]],
  [0x8000_0000, [
    0x8000_0008,
    word(VENDOR),
    word(VENDOR.slice(8)),
    word(VENDOR.slice(4, 8)),
  ]],
  [0x8000_0001, [SIGNATURE, 0, EXTENDED_ECX, EXTENDED]],
  [0x8000_0002, brand(0)],
  [0x8000_0003, brand(1)],
  [0x8000_0004, brand(2)],
  // The time-stamp counter never changes its pace.
  [0x8000_0007, [0, 0, 0, bits(8)]],
  // 40 bits of physical address, 48 of linear.
  [0x8000_0008, [40 | 48 << 8, 0, 0, 0]],
]);

const NOTHING: CpuidLeaf = Object.freeze([0, 0, 0, 0]);

/**
 * Asks.
 *
 * @param leaf EAX, unsigned
 * @param subleaf ECX, unsigned
 * @returns the four registers, zeros where there is nothing
 */
export function cpuid(leaf: number, subleaf: number): CpuidLeaf {
  if (leaf === 7 && subleaf !== 0) return NOTHING;
  return CPUID_LEAVES.get(leaf) ?? NOTHING;
}
