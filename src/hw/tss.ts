/**
 * The 64-bit task state segment: stack pointers, and where the I/O permission
 * bitmap lies.
 *
 * Layout, 104 bytes, packed to 4: reserved u32; RSP0 to RSP2; reserved u64;
 * IST1 to IST7; reserved u64 and u16; I/O map base u16.
 *
 * Source: Intel SDM 3A, "Task Management in 64-bit Mode" and "I/O Permission
 * Bit Map"; crate x86_64 0.15.4, `structures::tss`.
 *
 * @module
 */

import {
  addrHigh,
  addrLow,
  type VirtAddr,
  virtFromWordsTruncate,
} from "./addr.ts";
import { type SystemDescriptor, tssDescriptor } from "./descriptor.ts";
import type { WordSink, WordSource } from "./word64.ts";

/** Bytes of the segment without an I/O permission bitmap. */
export const TSS_BYTES = 104;
/** Offset of RSP0; RSP1 and RSP2 follow, 8 bytes each. */
export const TSS_RSP0 = 4;
/** Offset of IST1; IST2 to IST7 follow, 8 bytes each. */
export const TSS_IST1 = 36;
/** Offset of the word whose upper half is the I/O map base. */
export const TSS_IOMAP_WORD = 100;
/** Offset of the I/O map base, 16 bits. */
export const TSS_IOMAP_BASE = 102;
/** Greatest I/O map base. */
export const TSS_IOMAP_BASE_MAX = 0xdfff;
/** Bytes of the greatest I/O permission bitmap, its last 0xff included. */
export const TSS_IOMAP_BYTES_MAX = 8193;

/** A TSS as a value (crate: `TaskStateSegment`). */
export interface TaskStateSegment {
  /** RSP0 to RSP2: stacks for a change to that ring. */
  readonly privilegeStackTable: readonly VirtAddr[];
  /** IST1 to IST7: stacks that gates name; element 0 is IST1. */
  readonly interruptStackTable: readonly VirtAddr[];
  /** Offset of the I/O permission bitmap from the TSS. */
  readonly iomapBase: number;
}

/**
 * Makes a TSS without stacks and without an I/O permission bitmap
 * (crate: `TaskStateSegment::new`).
 *
 * @param fields What shall differ.
 * @returns The TSS; its I/O map base is 104, beyond its limit. (The crate
 * 0.14.2 has 0 there.)
 */
export function taskStateSegment(
  fields: Partial<TaskStateSegment> = {},
): TaskStateSegment {
  const none = 0 as VirtAddr;
  return {
    privilegeStackTable: [none, none, none],
    interruptStackTable: [none, none, none, none, none, none, none],
    iomapBase: TSS_BYTES,
    ...fields,
  };
}

/**
 * Writes a TSS.
 *
 * @param memory Where to write.
 * @param address Address of its first byte, a multiple of 4.
 * @param tss What to write; missing stacks are 0.
 */
export function writeTss(
  memory: WordSink,
  address: number,
  tss: TaskStateSegment,
): void {
  for (let offset = 0; offset < TSS_BYTES; offset += 4) {
    memory.store32(address + offset, 0);
  }
  const stacks = (first: number, table: readonly VirtAddr[]) =>
    table.forEach((stack, index) => {
      memory.store32(address + first + 8 * index, addrLow(stack));
      memory.store32(address + first + 8 * index + 4, addrHigh(stack));
    });
  stacks(TSS_RSP0, tss.privilegeStackTable.slice(0, 3));
  stacks(TSS_IST1, tss.interruptStackTable.slice(0, 7));
  memory.store32(address + TSS_IOMAP_WORD, tss.iomapBase << 16);
}

/**
 * Reads a TSS.
 *
 * @param memory Where to read.
 * @param address Address of its first byte, a multiple of 4.
 * @returns The TSS; bit 47 of each stack pointer is copied upwards.
 */
export function readTss(
  memory: WordSource,
  address: number,
): TaskStateSegment {
  const stacks = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const at = address + first + 8 * index;
      return virtFromWordsTruncate(memory.load32(at), memory.load32(at + 4));
    });
  return {
    privilegeStackTable: stacks(TSS_RSP0, 3),
    interruptStackTable: stacks(TSS_IST1, 7),
    iomapBase: memory.load32(address + TSS_IOMAP_WORD) >>> 16,
  };
}

/** Why an I/O permission bitmap cannot be used (crate: `InvalidIoMap`). */
export type InvalidIoMap =
  | { readonly reason: "io-map-before-tss" }
  | { readonly reason: "too-far-from-tss"; readonly distance: number }
  | { readonly reason: "invalid-terminating-byte"; readonly byte: number }
  | { readonly reason: "too-long"; readonly len: number }
  | {
    readonly reason: "invalid-base";
    readonly expected: number;
    readonly got: number;
  };

/**
 * The crate's `Debug` text of a refusal.
 *
 * @param error The refusal.
 * @returns For example `TooFarFromTss { distance: 57344 }`.
 */
export function invalidIoMapDebug(error: InvalidIoMap): string {
  switch (error.reason) {
    case "io-map-before-tss":
      return "IoMapBeforeTss";
    case "too-far-from-tss":
      return `TooFarFromTss { distance: ${error.distance} }`;
    case "invalid-terminating-byte":
      return `InvalidTerminatingByte { byte: ${error.byte} }`;
    case "too-long":
      return `TooLong { len: ${error.len} }`;
    case "invalid-base":
      return `InvalidBase { expected: ${error.expected}, got: ${error.got} }`;
  }
}

/** Where a bitmap and its TSS lie, and what the checks look at. */
export interface IoMapPlace {
  /** Address of the TSS. */
  readonly tss: VirtAddr;
  /** I/O map base that the TSS holds. */
  readonly iomapBase: number;
  /** Address of the bitmap. */
  readonly iomap: VirtAddr;
  /** Bytes of the bitmap; its last one must be 0xff. */
  readonly iomapBytes: number;
  /** Its last byte; not looked at where the bitmap is empty. */
  readonly lastByte: number;
}

/**
 * Makes the descriptor of a TSS with an I/O permission bitmap behind it
 * (crate: `tss_segment_with_iomap`).
 *
 * @param place Where both lie.
 * @returns The descriptor, its limit at the bitmap's end, or why not. The
 * checks come in the crate's order.
 */
export function tssDescriptorWithIoMap(
  place: IoMapPlace,
): SystemDescriptor | InvalidIoMap {
  const { tss, iomapBase, iomap, iomapBytes } = place;
  if (iomapBytes > TSS_IOMAP_BYTES_MAX) {
    return { reason: "too-long", len: iomapBytes };
  }
  const distance = iomap - tss;
  // An address of the upper half is a negative number, yet the higher one.
  const before = tss < 0 === iomap < 0 ? distance < 0 : tss < 0;
  if (before) return { reason: "io-map-before-tss" };
  if (!(distance >= 0 && distance <= TSS_IOMAP_BASE_MAX)) {
    return {
      reason: "too-far-from-tss",
      distance: distance < 0 ? distance + 2 ** 64 : distance,
    };
  }
  const byte = iomapBytes === 0 ? 0xff : place.lastByte;
  if (byte !== 0xff) return { reason: "invalid-terminating-byte", byte };
  if (iomapBase !== distance) {
    return { reason: "invalid-base", expected: distance, got: iomapBase };
  }
  return tssDescriptor(tss, Math.max(TSS_BYTES, iomapBase + iomapBytes) - 1);
}
