/**
 * The translation lookaside buffer: what the CPU remembers of page walks, and goes on using until it is told otherwise.
 * Part of the architecture: a kernel that changes a page table without a flush sees the old translation here.
 *
 * 1,024 entries, direct-mapped by bits 12 to 21 of the address, each for 4 KiB; a bigger page takes one entry for each
 * 4 KiB of it that is used.
 *
 * Source: SDM 3A, "Translation Lookaside Buffers (TLBs)", "Invalidation of TLBs and Paging-Structure Caches".
 *
 * *Not modelled*: paging-structure caches, process-context identifiers, separate TLBs for instructions and data.
 *
 * @module
 */

import type { VirtAddr } from "./addr.ts";

/** Number of entries. */
export const TLB_ENTRIES = 1024;

/** In `pages`: the entry is empty. No page's address is odd. */
export const TLB_EMPTY = 1;

// R/W, U/S, D, PS and G lie one place below those of a page table's entry, so that a walk moves them together.
/** Stores are allowed by R/W at every level. */
export const TLB_RW = 1 << 0;
/** User mode is allowed by U/S at every level. */
export const TLB_US = 1 << 1;
/** Fetching is forbidden by XD at some level. */
export const TLB_XD = 1 << 2;
/** The entry is part of a 1 GiB page. */
export const TLB_1G = 1 << 3;
/** The dirty flag is set in the page table. */
export const TLB_D = 1 << 5;
/** The entry is part of a 2 MiB page. */
export const TLB_2M = 1 << 6;
/** The page is global. */
export const TLB_G = 1 << 7;

/** The entries, in parallel arrays of {@linkcode TLB_ENTRIES}. */
export interface TlbState {
  /** Linear address of the 4 KiB page, or {@linkcode TLB_EMPTY}. */
  readonly pages: Float64Array;
  /** Physical address of the 4 KiB frame. */
  readonly frames: Float64Array;
  /** `TLB_…` bits. */
  readonly flags: Uint8Array;
  /** Entries that are part of bigger pages: only then does a flush of one page look at all entries. */
  bigEntries: number;
}

/**
 * Makes an empty TLB.
 *
 * @returns an empty TLB
 */
export function tlbState(): TlbState {
  return {
    pages: new Float64Array(TLB_ENTRIES).fill(TLB_EMPTY),
    frames: new Float64Array(TLB_ENTRIES),
    flags: new Uint8Array(TLB_ENTRIES),
    bigEntries: 0,
  };
}

/**
 * Where an address may be held.
 *
 * @returns the index of the one entry that can hold the address's page
 */
export function tlbIndex(address: VirtAddr): number {
  return ((address | 0) >>> 12) & (TLB_ENTRIES - 1);
}

const sizeOf = (flags: number): number =>
  flags & TLB_1G ? 2 ** 30 : flags & TLB_2M ? 2 ** 21 : 2 ** 12;

/** Operations on the entries. */
export class Tlb {
  /** All there is to save. */
  readonly state: TlbState;

  /**
   * Operations over a TLB's state.
   *
   * @param state fresh from {@linkcode tlbState}, or restored
   */
  constructor(state: TlbState = tlbState()) {
    this.state = state;
  }

  /** Replaces the entry at an index. */
  fill(index: number, page: number, frame: number, flags: number): void {
    this.drop(index);
    const s = this.state;
    s.pages[index] = page;
    s.frames[index] = frame;
    s.flags[index] = flags;
    if (flags & (TLB_2M | TLB_1G)) s.bigEntries += 1;
  }

  /** Empties the entry at an index. */
  drop(index: number): void {
    const s = this.state;
    if (s.pages[index] === TLB_EMPTY) return;
    if (s.flags[index]! & (TLB_2M | TLB_1G)) s.bigEntries -= 1;
    s.pages[index] = TLB_EMPTY;
    s.frames[index] = 0;
    s.flags[index] = 0;
  }

  /** INVLPG: empties every entry of the page that holds the address, whatever the page's size, global or not. */
  flushPage(address: VirtAddr): void {
    const s = this.state;
    const index = tlbIndex(address);
    const offset = (address | 0) & 0xfff;
    if (s.pages[index] === address - offset) this.drop(index);
    if (s.bigEntries === 0) return;
    for (let i = 0; i < TLB_ENTRIES; i++) {
      const size = sizeOf(s.flags[i]!);
      const page = s.pages[i]!;
      if (size === 4096 || page === TLB_EMPTY) continue;
      if (Math.floor(page / size) === Math.floor(address / size)) this.drop(i);
    }
  }

  /** Empties all entries, or all that are not global. */
  flush(globalToo: boolean): void {
    for (let i = 0; i < TLB_ENTRIES; i++) {
      if (globalToo || !(this.state.flags[i]! & TLB_G)) this.drop(i);
    }
  }
}
