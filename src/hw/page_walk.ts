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
  PTE_D,
  PTE_G,
  PTE_P,
  PTE_PS,
  PTE_RW,
  PTE_US,
} from "./page_table.ts";
import { TLB_1G, TLB_2M, TLB_D, TLB_G, TLB_RW, TLB_US, TLB_XD } from "./tlb.ts";

/** The access is a store. */
export const ACCESS_WRITE = 1 << 0;
/** The access is made at CPL 3. */
export const ACCESS_USER = 1 << 1;
/** The access fetches an instruction. */
export const ACCESS_FETCH = 1 << 2;

/** XD, in the high word, as a signed number. */
const XD_HIGH = 1 << 31;
/** Bits 40 to 51, in the high word. */
const RESERVED_HIGH = 0x000f_ff00;
/** Bits 13 to 20 of a 2 MiB page's entry. */
const RESERVED_2M = 0x001f_e000;
/** Bits 13 to 29 of a 1 GiB page's entry. */
const RESERVED_1G = 0x3fff_e000;

// Constants of this module cost the walk nothing; imported ones are loaded from their module's cell each time.
/** What every entry of an ordinary walk has. */
const PRESENT_ACCESSED: number = PTE_P | PTE_A;
const LARGE: number = PTE_PS;
const DIRTY: number = PTE_D;
const WRITABLE: number = PTE_RW;
const USER: number = PTE_US;
const BIG: number = TLB_2M;
const WRITE: number = ACCESS_WRITE;
const BY_USER: number = ACCESS_USER;
const FETCH: number = ACCESS_FETCH;
/** Bits 32 to 51: in an ordinary walk, of a machine's first 4 GiB, all clear. */
const ADDRESS_HIGH = 0x000f_ffff;
/** CR3 at most, there. */
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
  /** Number of the last walk's 4 KiB frame: 28 bits, so that the host stores it as it is. */
  framePage = 0;
  /** `TLB_…` bits of the last walk. */
  flags = 0;
  declare private readonly words: Int32Array;
  readonly #phys: PhysMemory;
  readonly #entries: Float64Array = new Float64Array(4);

  /**
   * A walker over physical memory.
   *
   * @param phys holds the tables
   */
  constructor(phys: PhysMemory) {
    this.#phys = phys;
    this.words = phys.ram.words.subarray(0, RAM_LOW_END_MAX / 4);
  }

  /** Frame of the last walk's 4 KiB, physical. */
  get frame(): number {
    return this.framePage * PAGE_BYTES;
  }

  /**
   * Walks.
   *
   * @param controls the registers
   * @param address a canonical address
   * @param access `ACCESS_…` bits
   * @param mark whether A and D are set in the tables; without, the walk leaves no trace
   * @returns −1 if the access is allowed, with `frame` and `flags` set, else the page fault's error code
   */
  walk(
    controls: PagingControls,
    address: VirtAddr,
    access: number,
    mark: boolean,
  ): number {
    // Bits 47:12 as two numbers that fit 32 bits: a call with a number that doesn't would allocate.
    const low = address | 0;
    const high = ((address - (low >>> 0)) / 0x1_0000_0000) & 0xffff;
    return this.#walkOrdinary(controls, low, high, access) === true
      ? -1
      : this.#walkAny(controls, address, access, mark);
  }

  /**
   * The walk that most walks are: the tables lie in RAM below 3 GiB, every entry is present with A set, the access is
   * allowed, D is set if it stores. So nothing has to be marked, and as loads of RAM have no effect, all entries are
   * checked together at the end. What `words` has no memory for, and what lies behind the windows of devices, reads as
   * zeros here: not present.
   *
   * @returns whether it was such a walk, with `framePage` and `flags` set; if not, nothing was changed
   */
  #walkOrdinary(
    controls: PagingControls,
    low: number,
    high: number,
    access: number,
  ): boolean {
    const { words } = this;
    // An entry has two words, hence twice the index. CR3 gives the PML4 table; bits 47:39 of the address its entry.
    let at = (controls.cr3 & TABLE) >>> 2 | (high >>> 6) & TWICE_511;
    const pml4e = words[at]!;
    let highs = words[at + 1]!;
    // The PML4E gives the page-directory-pointer table; bits 38:30 its entry.
    at = (pml4e & TABLE) >>> 2 | (high << 3 | low >>> 29) & TWICE_511;
    const pdpte = words[at]!;
    highs |= words[at + 1]!;
    // The PDPTE gives the page directory; bits 29:21 its entry.
    at = (pdpte & TABLE) >>> 2 | (low >>> 20) & TWICE_511;
    const pde = words[at]!;
    highs |= words[at + 1]!;
    const tops = pml4e & pdpte & pde;
    const noLarge = (pml4e | pdpte) & LARGE;
    if (noLarge !== 0 || controls.cr3 > CR3_MAX) return false;
    if (pde & LARGE) {
      if (pde & RESERVED_2M) return false;
      this.framePage = pde >>> 12 | (low >>> 12) & 511;
      return this.#accept(controls, access, tops, highs, pde, BIG);
    }
    // The PDE gives the page table; bits 20:12 its entry.
    at = (pde & TABLE) >>> 2 | (low >>> 11) & TWICE_511;
    const pte = words[at]!;
    this.framePage = pte >>> 12;
    highs |= words[at + 1]!;
    return this.#accept(controls, access, tops & pte, highs, pte, 0);
  }

  /**
   * Checks what an ordinary walk found.
   *
   * @param all low words of all entries, ANDed
   * @param highs high words of all entries, ORed
   * @param leaf low word of the last entry
   * @param big `TLB_…` bits of its size
   */
  #accept(
    controls: PagingControls,
    access: number,
    all: number,
    highs: number,
    leaf: number,
    big: number,
  ): boolean {
    // Zero exactly if every entry is present and accessed, and no address lies above 4 GiB.
    const unusual = (~all & PRESENT_ACCESSED) | (highs & ADDRESS_HIGH);
    if (
      unusual !== 0 ||
      (highs < 0 && ((access & FETCH) !== 0 || !controls.noExecute)) ||
      ((access & WRITE) !== 0 && !(leaf & DIRTY && all & WRITABLE)) ||
      ((access & BY_USER) !== 0 && !(all & USER))
    ) return false;
    // R/W, U/S, XD, D and G, each moved to its place in `TLB_…`.
    this.flags = (all >>> 1 & 3) | (highs >>> 31 << 2) | (leaf >>> 3 & 8) |
      (leaf >>> 4 & 16) | big;
    return true;
  }

  /** Any walk, as the manual writes it. */
  #walkAny(
    controls: PagingControls,
    address: VirtAddr,
    access: number,
    mark: boolean,
  ): number {
    const phys = this.#phys;
    // Bits 47:12 as two numbers that fit 32 bits: the low one has the indices of levels 2 and 1.
    const low = address | 0;
    const high = ((address - (low >>> 0)) / 0x1_0000_0000) & 0xffff;
    let table = controls.cr3 - controls.cr3 % 4096;
    let rights = PTE_RW | PTE_US;
    let xd = 0;
    let level = 4;
    for (;;) {
      const index = level === 4
        ? (high >>> 7) & 511
        : level === 3
        ? ((high << 2) | (low >>> 30)) & 511
        : level === 2
        ? (low >>> 21) & 511
        : (low >>> 12) & 511;
      const at = table + 8 * index;
      const entryLow = phys.word(at);
      const entryHigh = phys.word(at + 4);
      this.#entries[level - 1] = at;
      if (!(entryLow & PTE_P)) return this.#error(controls, access, 0);
      if (
        (entryHigh & RESERVED_HIGH) !== 0 ||
        ((entryHigh & XD_HIGH) !== 0 && !controls.noExecute)
      ) return this.#error(controls, access, PF_P | PF_RSVD);
      rights &= entryLow;
      xd |= entryHigh & XD_HIGH;
      const base = (entryHigh & 0xff) * 0x1_0000_0000 +
        ((entryLow & ~0xfff) >>> 0);
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
        if (!allowed(controls, access, rights, xd)) {
          return this.#error(controls, access, PF_P);
        }
        this.#finish(level, base, low, entryLow, rights, xd, access);
        if (mark) this.#mark(level, access);
        return -1;
      }
      table = base;
      level -= 1;
    }
  }

  #finish(
    level: number,
    base: number,
    low: number,
    entryLow: number,
    rights: number,
    xd: number,
    access: number,
  ): void {
    // Bit 12 of a bigger page's entry is PAT, not address.
    const start = level === 3
      ? base - base % 2 ** 30
      : level === 2
      ? base - base % 2 ** 21
      : base;
    const inside = level === 3
      ? low & 0x3fff_f000
      : level === 2
      ? low & 0x001f_f000
      : 0;
    this.framePage = ((start + inside) / PAGE_BYTES) | 0;
    this.flags = (rights & PTE_RW ? TLB_RW : 0) |
      (rights & PTE_US ? TLB_US : 0) |
      (xd ? TLB_XD : 0) | (entryLow & PTE_G ? TLB_G : 0) |
      (entryLow & PTE_D || access & ACCESS_WRITE ? TLB_D : 0) |
      (level === 3 ? TLB_1G : level === 2 ? TLB_2M : 0);
  }

  /** Sets A at every level walked, and D at the last for a store. */
  #mark(last: number, access: number): void {
    const phys = this.#phys;
    for (let level = 4; level >= last; level--) {
      const at = this.#entries[level - 1]!;
      const old = phys.word(at);
      const marked = old | PTE_A |
        (level === last && access & ACCESS_WRITE ? PTE_D : 0);
      if (marked !== old) phys.write(at, marked, 4);
    }
  }

  #error(controls: PagingControls, access: number, cause: number): number {
    return cause | (access & ACCESS_WRITE ? PF_W : 0) |
      (access & ACCESS_USER ? PF_U : 0) |
      (access & ACCESS_FETCH && controls.noExecute ? PF_I : 0);
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
