/**
 * Segment descriptors: values of common ones, TSS descriptors, and the fields
 * that the processor reads. Reached through `gdt.ts`.
 *
 * A descriptor is 8 bytes; one of a TSS or LDT is 16, its third word being
 * bits 32 to 63 of the base.
 *
 * Source: Intel SDM 3A, "Segment Descriptors" and "TSS Descriptor in 64-bit
 * mode"; crate x86_64 0.15.4, `structures::gdt`.
 *
 * @module
 */

import { addrHigh, addrLow, type VirtAddr } from "./addr.ts";
import type { PrivilegeLevel } from "./segment_selector.ts";
import type { Word64 } from "./word64.ts";

// Bits of the high word.

/** Accessed, of code and data (`ACCESSED`). */
export const DESC_A = 1 << 8;
/** Writable data, or readable code (`WRITABLE`). */
export const DESC_RW = 1 << 9;
/** Conforming code, or data that expands down (`CONFORMING`). */
export const DESC_C = 1 << 10;
/** Code, not data (`EXECUTABLE`). */
export const DESC_X = 1 << 11;
/** Type, four bits. */
export const DESC_TYPE = 0xf << 8;
/** Position of {@linkcode DESC_TYPE}. */
export const DESC_TYPE_SHIFT = 8;
/** Code or data, not system (`USER_SEGMENT`). */
export const DESC_S = 1 << 12;
/** Descriptor privilege level, two bits (`DPL_RING_3`). */
export const DESC_DPL = 3 << 13;
/** Position of {@linkcode DESC_DPL}. */
export const DESC_DPL_SHIFT = 13;
/** Present (`PRESENT`). */
export const DESC_P = 1 << 15;
/** Bits 16 to 19 of the limit (`LIMIT_16_19`). */
export const DESC_LIMIT_HIGH = 0xf << 16;
/** Free for software (`AVAILABLE`). */
export const DESC_AVL = 1 << 20;
/** 64-bit code (`LONG_MODE`). */
export const DESC_L = 1 << 21;
/** 32-bit code or stack (`DEFAULT_SIZE`). */
export const DESC_D = 1 << 22;
/** The limit counts 4 KiB units (`GRANULARITY`). */
export const DESC_G = 1 << 23;

/** Type of an LDT's descriptor. */
export const DESC_TYPE_LDT = 2;
/** Type of a 64-bit TSS that may be loaded. */
export const DESC_TYPE_TSS_AVAILABLE = 9;
/** Type of the 64-bit TSS that is loaded: LTR sets bit 1 of the type. */
export const DESC_TYPE_TSS_BUSY = 11;
/** Type of a 64-bit call gate. */
export const DESC_TYPE_CALL_GATE = 12;

const FLAT_LIMIT = 0xffff;
const FLAT = DESC_S | DESC_P | DESC_RW | DESC_A | DESC_LIMIT_HIGH | DESC_G;
const flat = (flags: number): Word64 => ({
  low: FLAT_LIMIT,
  high: FLAT | flags,
});

/** 64-bit code, ring 0 (crate: `kernel_code_segment`). */
export const KERNEL_CODE_SEGMENT: Word64 = flat(DESC_X | DESC_L);
/** Data, ring 0 (crate: `kernel_data_segment`). */
export const KERNEL_DATA_SEGMENT: Word64 = flat(DESC_D);
/** 64-bit code, ring 3 (crate: `user_code_segment`). */
export const USER_CODE_SEGMENT: Word64 = flat(DESC_X | DESC_L | DESC_DPL);
/** Data, ring 3 (crate: `user_data_segment`). */
export const USER_DATA_SEGMENT: Word64 = flat(DESC_D | DESC_DPL);
/** 32-bit code, ring 0 (crate: `KERNEL_CODE32`). */
export const KERNEL_CODE32_SEGMENT: Word64 = flat(DESC_X | DESC_D);
/** 32-bit code, ring 3 (crate: `USER_CODE32`). */
export const USER_CODE32_SEGMENT: Word64 = flat(DESC_X | DESC_D | DESC_DPL);

/** A descriptor of 16 bytes (crate: `Descriptor::SystemSegment`). */
export interface SystemDescriptor {
  /** First 8 bytes. */
  readonly first: Word64;
  /** Last 8 bytes: bits 32 to 63 of the base. */
  readonly second: Word64;
}

/**
 * Makes the descriptor of an available 64-bit TSS (crate: `tss_segment_raw`).
 *
 * @param tss Virtual address of the TSS.
 * @param limit Offset of its last byte; 103, the bare TSS, by default.
 * @returns The descriptor, present, for ring 0.
 * @throws {RangeError} If the limit has more than 16 bits.
 *
 * @example
 * ```ts
 * import { tssDescriptor, virtAddr, word64ToBigInt } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const { first, second } = tssDescriptor(virtAddr(0x21_5040));
 * assertEquals(word64ToBigInt(first), 0x8921_5040_0067n);
 * assertEquals(word64ToBigInt(second), 0n);
 * ```
 */
export function tssDescriptor(
  tss: VirtAddr,
  limit = 0x67,
): SystemDescriptor {
  if (limit !== (limit & 0xffff)) {
    throw new RangeError(`Cannot make a TSS limit of ${limit}: 65535 at most`);
  }
  const base = addrLow(tss);
  const high = base & 0xff00_0000 | base >>> 16 & 0xff | DESC_P |
    DESC_TYPE_TSS_AVAILABLE << DESC_TYPE_SHIFT;
  return {
    first: { low: (base << 16 | limit) >>> 0, high: high >>> 0 },
    second: { low: addrHigh(tss), high: 0 },
  };
}

/**
 * Type of a descriptor.
 *
 * @param high Second word.
 * @returns 0 … 15; its meaning depends on {@linkcode DESC_S}.
 */
export function descriptorType(high: number): number {
  return high >>> DESC_TYPE_SHIFT & 0xf;
}

/**
 * Privilege level of a descriptor.
 *
 * @param high Second word.
 * @returns The DPL.
 */
export function descriptorDpl(high: number): PrivilegeLevel {
  return (high >>> DESC_DPL_SHIFT & 3) as PrivilegeLevel;
}

/**
 * Bits 0 to 31 of a descriptor's base.
 *
 * @param low First word.
 * @param high Second word.
 * @returns The base, unsigned.
 */
export function descriptorBase(low: number, high: number): number {
  return (high & 0xff00_0000 | (high & 0xff) << 16 | low >>> 16) >>> 0;
}

/**
 * Offset of a segment's last byte.
 *
 * @param low First word.
 * @param high Second word.
 * @returns The limit in bytes, unsigned, scaled if {@linkcode DESC_G} is set.
 */
export function descriptorLimit(low: number, high: number): number {
  const limit = high & DESC_LIMIT_HIGH | low & 0xffff;
  return (high & DESC_G) === 0 ? limit : (limit << 12 | 0xfff) >>> 0;
}

/** The fields of a descriptor, for people and tools. */
export interface DescriptorFields {
  /** Bits 0 to 31 of the base. */
  readonly base: number;
  /** Offset of the last byte, scaled. */
  readonly limit: number;
  /** Type, 0 … 15. */
  readonly type: number;
  /** Whether it is of a TSS, LDT or gate, not of code or data (S clear). */
  readonly system: boolean;
  /** Privilege level. */
  readonly dpl: PrivilegeLevel;
  /** P. */
  readonly present: boolean;
  /** AVL. */
  readonly available: boolean;
  /** L: 64-bit code. */
  readonly long: boolean;
  /** D: 32-bit. */
  readonly size32: boolean;
  /** G: the limit counted 4 KiB units. */
  readonly granular: boolean;
}

/**
 * Reads all fields of the first 8 bytes of a descriptor.
 *
 * @param low First word.
 * @param high Second word.
 * @returns Its fields.
 */
export function decodeDescriptor(low: number, high: number): DescriptorFields {
  return {
    base: descriptorBase(low, high),
    limit: descriptorLimit(low, high),
    type: descriptorType(high),
    system: (high & DESC_S) === 0,
    dpl: descriptorDpl(high),
    present: (high & DESC_P) !== 0,
    available: (high & DESC_AVL) !== 0,
    long: (high & DESC_L) !== 0,
    size32: (high & DESC_D) !== 0,
    granular: (high & DESC_G) !== 0,
  };
}
