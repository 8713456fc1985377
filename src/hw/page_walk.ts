/**
 * The page walk: four levels of tables in physical memory, from CR3 to a frame.
 *
 * Source: SDM 3A, "4-Level Paging" (formats and walk), "Access Rights", "Page-Fault Exceptions", "Accessed and Dirty
 * Flags". Physical addresses have 40 bits, as CPUID leaf 0x8000_0008 of QEMU's default CPU says; bits 40 to 51 of an
 * entry are reserved.
 *
 * A walk that ends in a fault sets no flag; one that succeeds sets A at each level, and D at the last one for a store.
 *
 * *Not modelled*: 5-level paging, PCID, protection keys, SMEP, SMAP, memory types (PWT, PCD and PAT are read and
 * ignored).
 *
 * @module
 */

import type { VirtAddr } from "./addr.ts";
import { RAM_LOW_END_MAX } from "./e820.ts";
import { PF_I, PF_P, PF_RSVD, PF_U, PF_W } from "./error_code.ts";
import { PAGE_BYTES } from "./page_map.ts";
import type { PhysMemory } from "./phys_memory.ts";
import {
  PTE_A,
  PTE_ADDR_HIGH,
  PTE_D,
  PTE_G,
  PTE_P,
  PTE_PS,
  PTE_RW,
  PTE_US,
} from "./page_table.ts";
import { TLB_1G, TLB_2M, TLB_D, TLB_G, TLB_RW, TLB_US, TLB_XD } from "./tlb.ts";

// An access is written as the bits that every entry needs for it, D being asked of the last one alone.
/** The access is a store. */
export const ACCESS_WRITE: number = PTE_RW | PTE_D;
/** The access is made at CPL 3. */
export const ACCESS_USER: number = PTE_US;
/** The access fetches an instruction: no bit allows that, XD forbids it. */
export const ACCESS_FETCH: number = PTE_P;

/** XD, in the high word, as a signed number. */
const XD_HIGH = 1 << 31;
/** Bits 40 to 51, in the high word. */
const RESERVED_HIGH = 0x000f_ff00;
/** Bits 13 to 20 of a 2 MiB page's entry. */
const RESERVED_2M = 0x001f_e000;
/** Bit 12 of a large page's entry: PAT, not address. */
const PAT_2M = 1 << 12;
/** Bits 13 to 29 of a 1 GiB page's entry. */
const RESERVED_1G = 0x3fff_e000;

// Constants of this module cost the walk nothing; imported ones are loaded from their module's cell each time.
/** What every entry of an ordinary walk has, besides what the access needs. */
const PRESENT_ACCESSED: number = PTE_P | PTE_A;
const LARGE: number = PTE_PS;
/** What is taken from the last entry, whatever the tables above it say. */
const OF_LEAF: number = PTE_D | PTE_G;
/** `TLB_…` bits that lie one place below an entry's. */
const FLAGS: number = TLB_RW | TLB_US | TLB_D | TLB_G;
/** CR3 at most, in a machine's first 4 GiB. */
const CR3_MAX = 0xffff_ffff;
/** Bits of an entry, or of CR3, that place the next table. */
const TABLE = ~0xfff;
/** Bits of twice a table's index. */
const TWICE_511 = 0x3fe;

/** What of the CPU's registers a walk depends on. */
export interface PagingControls {
  /** CR3, whole. */
  readonly cr3: number;
  /** CR0.WP: stores at CPL 0 respect R/W. */
  readonly writeProtect: boolean;
  /** EFER.NXE: XD is a flag, else a reserved bit. */
  readonly noExecute: boolean;
}

/** A walker with room for the result of its last walk. */
export class PageWalker {
  /** `TLB_…` bits of the last walk. */
  flags = 0;
  declare private readonly words: Int32Array;
  readonly #phys: PhysMemory;
  readonly #entries: Float64Array = new Float64Array(4);
  // What the last walk that was not ordinary had found: scratch, so that nothing but a number is returned. Not `#`: that
  // takes more bytecode, and then the host's compiler no longer puts the walk into its caller.
  /** Low words of all entries, ANDed, but for what is taken from the last one. */
  private all = 0;
  /** High words of all entries, ORed. */
  private highs = 0;
  /** Number of the frame. */
  private page = 0;
  /** `TLB_…` bits of the page's size. */
  private size = 0;

  /**
   * A walker over physical memory.
   *
   * @param phys holds the tables
   */
  constructor(phys: PhysMemory) {
    this.#phys = phys;
    this.words = phys.ram.words.subarray(0, RAM_LOW_END_MAX / 4);
  }

  /**
   * Walks.
   *
   * @param controls the registers
   * @param address a canonical address
   * @param access `ACCESS_…` bits
   * @param mark whether A and D are set in the tables; without, the walk leaves no trace
   * @returns the number of the 4 KiB frame, with `flags` set, or, below 0, the complement of the page fault's error code
   */
  walk(
    controls: PagingControls,
    address: VirtAddr,
    access: number,
    mark: boolean,
  ): number {
    // Bits 31:0 and 47:16, which fit 32 bits: a call with a number that doesn't would allocate.
    const low = address | 0;
    const high = Math.floor(address / 0x1_0000) | 0;
    const frame = this.#walkOrdinary(controls, low, high, access);
    return frame >= 0
      ? frame
      : this.#lookAgain(controls, low, high, access, mark);
  }

  /**
   * The walk that most walks are: of a 4 KiB page, the tables in RAM below 3 GiB, the frame below 4 GiB; every entry is
   * present with A set and all high bits clear, the access is allowed, D is set if it stores. So nothing has to be
   * marked, and as loads of RAM have no effect, all entries are checked together at the end. What `words` has no memory
   * for, and what lies behind the windows of devices, reads as zeros here: not present.
   *
   * @returns the frame's number, with `flags` set, or −1: it was another walk, and what it found awaits a second look
   */
  #walkOrdinary(
    controls: PagingControls,
    low: number,
    high: number,
    access: number,
  ): number {
    const { words } = this;
    // An entry has two words, hence twice the index. CR3 gives the PML4 table; bits 47:39 of the address its entry.
    let at = (controls.cr3 & TABLE) >>> 2 | (high >>> 22) & TWICE_511;
    const pml4e = words[at]!;
    let highs = words[at + 1]!;
    // The PML4E gives the page-directory-pointer table; bits 38:30 its entry.
    at = (pml4e & TABLE) >>> 2 | (high >>> 13) & TWICE_511;
    const pdpte = words[at]!;
    highs |= words[at + 1]!;
    // The PDPTE gives the page directory; bits 29:21 its entry.
    at = (pdpte & TABLE) >>> 2 | (high >>> 4) & TWICE_511;
    const pde = words[at]!;
    highs |= words[at + 1]!;
    if (((pml4e | pdpte | pde) & LARGE) !== 0 || controls.cr3 > CR3_MAX) {
      const never = (pml4e | pdpte) & LARGE | pde & (RESERVED_2M | PAT_2M);
      this.all = never === 0 ? (pml4e & pdpte | OF_LEAF) & pde : 0;
      this.highs = highs;
      this.page = pde >>> 12 | (low >>> 12) & 511;
      this.size = TLB_2M;
      return -1;
    }
    // The PDE gives the page table; bits 20:12 its entry.
    at = (pde & TABLE) >>> 2 | (low >>> 11) & TWICE_511;
    const pte = words[at]!;
    highs |= words[at + 1]!;
    const all = (pml4e & pdpte & pde | OF_LEAF) & pte;
    const missing = ~all & (PRESENT_ACCESSED | access);
    if ((missing | highs) !== 0) {
      this.all = all;
      this.highs = highs;
      this.page = pte >>> 12;
      this.size = 0;
      return -1;
    }
    this.flags = (all >>> 1) & FLAGS;
    return pte >>> 12;
  }

  /** A second look at what an ordinary walk found: a 2 MiB page, XD that forbids nothing, bits of software. */
  #lookAgain(
    controls: PagingControls,
    low: number,
    high: number,
    access: number,
    mark: boolean,
  ): number {
    const all = this.all;
    const highs = this.highs;
    const missing = ~all & (PRESENT_ACCESSED | access);
    const forbidden = highs < 0 &&
      (!controls.noExecute || (access & ACCESS_FETCH) !== 0);
    if (
      missing !== 0 || (highs & PTE_ADDR_HIGH) !== 0 || forbidden ||
      controls.cr3 > CR3_MAX
    ) return this.#walkAny(controls, low, high, access, mark);
    this.flags = (all >>> 1) & FLAGS | (highs < 0 ? TLB_XD : 0) | this.size;
    return this.page;
  }

  /** Any walk, as the manual writes it. Tables and frames go by their numbers, 28 bits. */
  #walkAny(
    controls: PagingControls,
    low: number,
    high: number,
    access: number,
    mark: boolean,
  ): number {
    const phys = this.#phys;
    let table = Math.floor(controls.cr3 / PAGE_BYTES);
    let all = -1;
    let xd = 0;
    let level = 4;
    for (;;) {
      const index = level === 4
        ? high >>> 23
        : level === 3
        ? (high >>> 14) & 511
        : level === 2
        ? (low >>> 21) & 511
        : (low >>> 12) & 511;
      const at = table * PAGE_BYTES + 8 * index;
      const entryLow = phys.word(at);
      const entryHigh = phys.word(at + 4);
      this.#entries[level - 1] = at;
      if (!(entryLow & PTE_P)) return this.#error(controls, access, 0);
      if (
        (entryHigh & RESERVED_HIGH) !== 0 ||
        ((entryHigh & XD_HIGH) !== 0 && !controls.noExecute)
      ) return this.#error(controls, access, PF_P | PF_RSVD);
      all &= entryLow;
      xd |= entryHigh & XD_HIGH;
      table = (entryHigh & 0xff) << 20 | entryLow >>> 12;
      if (level === 1 || (entryLow & PTE_PS) !== 0) {
        const reserved = level === 4
          ? PTE_PS
          : level === 3
          ? RESERVED_1G
          : level === 2
          ? RESERVED_2M
          : 0;
        if (entryLow & reserved) {
          return this.#error(controls, access, PF_P | PF_RSVD);
        }
        if (!allowed(controls, access, all, xd)) {
          return this.#error(controls, access, PF_P);
        }
        const unmarked = ~all & PTE_A | ~entryLow & access & PTE_D;
        if (mark && unmarked !== 0) this.#mark(level, access);
        this.flags = (all >>> 1) & (TLB_RW | TLB_US) | (xd ? TLB_XD : 0) |
          ((entryLow | access) >>> 1) & (TLB_D | TLB_G) |
          (level === 3 ? TLB_1G : level === 2 ? TLB_2M : 0);
        // The low bits of a bigger page's number come from the address; bit 12 of its entry is PAT.
        const inside = level === 3 ? 0x3_ffff : level === 2 ? 0x1ff : 0;
        return table & ~inside | (low >>> 12) & inside;
      }
      level -= 1;
    }
  }

  /** Sets A at every level walked, and D at the last for a store. */
  #mark(last: number, access: number): void {
    const phys = this.#phys;
    for (let level = 4; level >= last; level--) {
      const at = this.#entries[level - 1]!;
      const old = phys.word(at);
      const marked = old | PTE_A | (level === last ? access & PTE_D : 0);
      if (marked !== old) phys.write(at, marked, 4);
    }
  }

  #error(controls: PagingControls, access: number, cause: number): number {
    return ~(cause | (access & ACCESS_WRITE ? PF_W : 0) |
      (access & ACCESS_USER ? PF_U : 0) |
      (access & ACCESS_FETCH && controls.noExecute ? PF_I : 0));
  }
}

/**
 * Decides by SDM 3A, "Determination of Access Rights".
 *
 * @param controls the registers
 * @param access `ACCESS_…` bits
 * @param rights R/W and U/S, each the AND over all levels
 * @param xd non-zero if XD is set at some level
 * @returns whether the access is allowed
 */
function allowed(
  controls: PagingControls,
  access: number,
  rights: number,
  xd: number,
): boolean {
  if (access & ACCESS_USER && !(rights & PTE_US)) return false;
  if (access & ACCESS_FETCH && xd !== 0) return false;
  if (access & ACCESS_WRITE && !(rights & PTE_RW)) {
    return !(access & ACCESS_USER) && !controls.writeProtect;
  }
  return true;
}
