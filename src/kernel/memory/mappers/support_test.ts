// What the tests of this folder share: sparse physical memory, an MMU that reads it by BigInt, and a listing of all
// reachable entries. Nothing here shares code with the mappers.

import type { Frame } from "../../../hw/page.ts";
import type {
  FrameAllocator,
  FrameDeallocator,
} from "../frames/frame_allocator.ts";

const ADDRESS = 0x000f_ffff_ffff_f000n;

/** Physical memory of any size; what was never written reads as `filling`. */
export class SparseMemory {
  readonly pages: Map<number, DataView> = new Map();
  constructor(readonly filling: (page: number) => number = () => 0) {}

  view(address: number): DataView {
    const page = Math.floor(address / 4096);
    let view = this.pages.get(page);
    if (view === undefined) {
      const bytes = new Uint8Array(4096).fill(this.filling(page));
      this.pages.set(page, view = new DataView(bytes.buffer));
    }
    return view;
  }

  load32(address: number): number {
    if (address < 0 || address % 4 !== 0) throw new RangeError("bad load");
    return this.view(address).getUint32(address % 4096, true);
  }

  store32(address: number, word: number): void {
    if (address < 0 || address % 4 !== 0) throw new RangeError("bad store");
    this.view(address).setUint32(address % 4096, word >>> 0, true);
  }

  entry(table: number, index: number): bigint {
    return this.view(table).getBigUint64(8 * index, true);
  }

  setEntry(table: number, index: number, value: bigint): void {
    this.view(table).setBigUint64(8 * index, value, true);
  }
}

/** What a page walk ends in. */
export interface Walked {
  readonly phys: number;
  readonly size: number;
  /** The last entry. */
  readonly entry: bigint;
  /** The entries above it, the level 4 one first. */
  readonly parents: readonly bigint[];
}

/** Walks as the processor does; null for a page fault. */
export function walk(
  memory: SparseMemory,
  root: number,
  address: number,
): Walked | null {
  const bits = BigInt.asUintN(48, BigInt(address));
  const parents: bigint[] = [];
  let table = root;
  for (let shift = 39n; shift >= 12n; shift -= 9n) {
    const entry = memory.entry(table, Number(bits >> shift & 511n));
    if ((entry & 1n) === 0n) return null;
    const large = shift > 12n && (entry & 0x80n) !== 0n;
    if (large && shift === 39n) return null;
    if (large || shift === 12n) {
      const mask = (1n << shift) - 1n;
      const phys = (entry & ADDRESS & ~mask) | bits & mask;
      return { phys: Number(phys), size: Number(mask) + 1, entry, parents };
    }
    parents.push(entry);
    table = Number(entry & ADDRESS);
  }
  return null;
}

/** Memory behind an MMU without a TLB: what a recursive mapper works on. */
export class VirtualMemory {
  constructor(readonly memory: SparseMemory, readonly root: number) {}

  phys(address: number): number {
    const walked = walk(this.memory, this.root, address);
    if (walked === null) {
      throw new Error(`page fault at ${BigInt.asUintN(64, BigInt(address))}`);
    }
    return walked.phys;
  }

  load32(address: number): number {
    return this.memory.load32(this.phys(address));
  }

  store32(address: number, word: number): void {
    this.memory.store32(this.phys(address), word);
  }
}

/** A non-zero entry of a reachable table. */
export interface Row {
  readonly table: number;
  readonly index: number;
  readonly value: bigint;
  readonly level: number;
}

/** All non-zero entries of reachable tables, by table and index. */
export function reachable(
  memory: SparseMemory,
  root: number,
  skipped = -1,
): Row[] {
  const rows: Row[] = [];
  const visit = (table: number, level: number) => {
    for (let index = 0; index < 512; index++) {
      if (level === 4 && index === skipped) continue;
      const value = memory.entry(table, index);
      if (value === 0n) continue;
      rows.push({ table, index, value, level });
      const isTable = level > 1 && (value & 0x81n) === 1n;
      if (isTable) visit(Number(value & ADDRESS), level - 1);
    }
  };
  visit(root, 4);
  return rows.sort((a, b) => a.table - b.table || a.index - b.index);
}

/** Frames 0x100000, 0x101000, …; `available` of them. */
export class CountingFrames implements FrameAllocator, FrameDeallocator {
  taken = 0;
  readonly freed: number[] = [];
  constructor(readonly available: number, readonly first = 0x10_0000) {}

  allocateFrame(): Frame | null {
    if (this.taken === this.available) return null;
    return this.first + 4096 * this.taken++ as Frame;
  }

  deallocateFrame(frame: Frame): null {
    this.freed.push(frame);
    return null;
  }
}

/** As the crates print a number. */
export const hex = (value: number | bigint): string =>
  `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
