/**
 * What can live in heap memory: numbers of Rust's types, by the loads and
 * stores that a CPU makes for them.
 *
 * Source: Rust Reference, "Type Layout", for x86-64.
 *
 * @module
 */

import type { VirtAddr } from "../../../hw/addr.ts";

/** The CPU as values use it: `Instructions` is one. */
export interface ValueCpu {
  /** High word of what `load64` loaded last, unsigned. */
  readonly high: number;
  /** Loads 8 bits, unsigned. */
  load8(address: VirtAddr): number;
  /** Loads 32 bits. */
  load32(address: VirtAddr): number;
  /** Loads 64 bits: returns the low word, unsigned; the high one is in `high`. */
  load64(address: VirtAddr): number;
  /** Stores the low 8 bits. */
  store8(address: VirtAddr, value: number): void;
  /** Stores the low 32 bits. */
  store32(address: VirtAddr, value: number): void;
  /** Stores 64 bits. */
  store64(address: VirtAddr, low: number, high: number): void;
}

/** A heap that values live in: `KernelHeap` is one. */
export interface ValueHeap {
  /** Reaches the blocks. */
  readonly cpu: ValueCpu;
  /** Takes a block; `null` where there is no room. */
  alloc(size: number, align: number): VirtAddr | null;
  /** Gives a block back. */
  dealloc(address: VirtAddr, size: number, align: number): void;
  /** Moves a block to one of another size; `null` where there is no room. */
  realloc(
    address: VirtAddr,
    size: number,
    align: number,
    newSize: number,
  ): VirtAddr | null;
  /** Ends the run, as there was no room. */
  allocError(size: number, align: number): never;
}

/** A type of values that can be stored in memory. */
export interface HeapType<T> {
  /** Rust's name of it. */
  readonly name: string;
  /** Bytes of a value, 1 or more; a multiple of `align`. */
  readonly size: number;
  /** A power of two. */
  readonly align: number;
  /** Loads a value. */
  load(heap: ValueHeap, address: VirtAddr): T;
  /** Stores a value, or throws a `RangeError` if it is none of this type. */
  store(heap: ValueHeap, address: VirtAddr, value: T): void;
  /** Drops what the value at an address owns; absent where it owns nothing. */
  drop?(heap: ValueHeap, address: VirtAddr): void;
}

function checked(
  name: string,
  value: number,
  min: number,
  max: number,
): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`Cannot store ${value} as ${name}: out of range`);
  }
  return value;
}

/** A type of numbers that fit into one word or byte. */
function integer(
  name: string,
  min: number,
  max: number,
  load: (cpu: ValueCpu, address: VirtAddr) => number,
): HeapType<number> {
  const size = max > 0xff ? 4 : 1;
  return Object.freeze({
    name,
    size,
    align: size,
    load: ({ cpu }: ValueHeap, address: VirtAddr) => load(cpu, address),
    store({ cpu }: ValueHeap, address: VirtAddr, value: number): void {
      checked(name, value, min, max);
      if (size === 4) cpu.store32(address, value);
      else cpu.store8(address, value);
    },
  });
}

/** `u8`. */
export const U8: HeapType<number> = integer(
  "u8",
  0,
  0xff,
  (cpu, address) => cpu.load8(address),
);

/** `u32`. */
export const U32: HeapType<number> = integer(
  "u32",
  0,
  0xffff_ffff,
  (cpu, address) => cpu.load32(address) >>> 0,
);

/** `i32`, what a number is in Rust if nothing says otherwise. */
export const I32: HeapType<number> = integer(
  "i32",
  -0x8000_0000,
  0x7fff_ffff,
  (cpu, address) => cpu.load32(address) | 0,
);

/**
 * `usize`, as a number.
 *
 * *Not modelled*: values from 2^53 on, which a number does not hold exactly:
 * storing one throws, `U64` takes it.
 */
export const USIZE: HeapType<number> = Object.freeze({
  name: "usize",
  size: 8,
  align: 8,
  load({ cpu }: ValueHeap, address: VirtAddr): number {
    const low = cpu.load64(address);
    return cpu.high * 2 ** 32 + low;
  },
  store({ cpu }: ValueHeap, address: VirtAddr, value: number): void {
    checked("usize", value, 0, Number.MAX_SAFE_INTEGER);
    cpu.store64(address, value >>> 0, Math.floor(value / 2 ** 32));
  },
});

/** `u64`, all 64 bits. */
export const U64: HeapType<bigint> = Object.freeze({
  name: "u64",
  size: 8,
  align: 8,
  load({ cpu }: ValueHeap, address: VirtAddr): bigint {
    const low = cpu.load64(address);
    return BigInt(cpu.high) << 32n | BigInt(low);
  },
  store({ cpu }: ValueHeap, address: VirtAddr, value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) {
      throw new RangeError(`Cannot store ${value} as u64: out of range`);
    }
    cpu.store64(address, Number(value & 0xffff_ffffn), Number(value >> 32n));
  },
});

/**
 * Takes a block for a value, or ends the run.
 *
 * @param heap The heap.
 * @param size Bytes, 1 or more.
 * @param align A power of two.
 * @returns The block's address.
 */
export function take(heap: ValueHeap, size: number, align: number): VirtAddr {
  return heap.alloc(size, align) ?? heap.allocError(size, align);
}

/**
 * An address as Rust prints it with `{:p}`.
 *
 * @param address Any address.
 * @returns For example `0x444444440000`.
 */
export function pointerText(address: VirtAddr): string {
  return `0x${BigInt.asUintN(64, BigInt(address)).toString(16)}`;
}
