/**
 * The naive processor beside a mapper: physical memory that knows which frames
 * are tables, a walk by arithmetic, and a TLB that forgets nothing unless told.
 *
 * Source: SDM 3A, "4-Level Paging" and "Invalidation of TLBs and
 * Paging-Structure Caches".
 *
 * *Not modelled*: paging-structure caches, global pages, access rights beyond
 * R/W and U/S.
 *
 * @module
 */

import { formatHex } from "../../hw/format_hex.ts";
import type { Frame } from "../../hw/page.ts";
import type {
  FrameAllocator,
  FrameDeallocator,
  FrameRefusal,
} from "../../kernel/memory/frames/frame_allocator.ts";
import type { PageTableMemory } from "../../kernel/memory/mappers/page_table_memory.ts";
import { MemoryFault } from "./probe_memory.ts";

/** Words that one operation of a mapper may touch. */
const TABLE_ACCESSES_MAX = 2_000_000;

/** The words that lie in a frame before it becomes a table. */
const OLD_WORD = 0xcccc_cccc;

/** Physical memory in which only tables may be touched. */
export class TableMemory
  implements PageTableMemory, FrameAllocator, FrameDeallocator {
  /** Tables by the address of their frame: 1,024 words each. */
  readonly tables: Map<number, Uint32Array> = new Map();
  /** The level 4 table. */
  readonly root: Frame;
  /** Frames that `allocateFrame` still gives. */
  left = 0;
  /** Frames given back since this was cleared. */
  readonly freed: number[] = [];
  /** Words touched since this was set to 0. */
  accesses = 0;
  #next = 0;

  /**
   * Begins with an empty table.
   *
   * @param root The level 4 table; it is empty.
   */
  constructor(root: Frame) {
    this.root = root;
    this.tables.set(root, new Uint32Array(1024));
  }

  /** Gives a frame full of old words; every third lies above 4 GiB. */
  allocateFrame(): Frame | null {
    if (this.left === 0) return null;
    this.left -= 1;
    this.#next += 1;
    const far = this.#next % 3 === 0 ? 2 ** 40 : 0;
    const frame = far + 0x4000_0000 + 4096 * this.#next;
    this.tables.set(frame, new Uint32Array(1024).fill(OLD_WORD));
    return frame as Frame;
  }

  deallocateFrame(frame: Frame): FrameRefusal | null {
    if (frame === this.root || !this.tables.delete(frame)) {
      throw new MemoryFault(`frame ${formatHex(frame)} is freed: no table`);
    }
    this.freed.push(frame);
    return null;
  }

  load32(address: number): number {
    return this.#table(address)[address % 4096 / 4]!;
  }

  store32(address: number, word: number): void {
    this.#table(address)[address % 4096 / 4] = word;
  }

  #table(address: number): Uint32Array {
    this.accesses += 1;
    if (this.accesses > TABLE_ACCESSES_MAX) {
      throw new MemoryFault(`it touched ${TABLE_ACCESSES_MAX} words`);
    }
    const table = this.tables.get(address - address % 4096);
    if (table === undefined || address % 4 !== 0) {
      throw new MemoryFault(
        `a word at ${formatHex(address)} is touched: no table is there`,
      );
    }
    return table;
  }
}

/** Where a walk ends. */
export interface Translation {
  /** Physical address of the first byte of the page. */
  readonly frame: number;
  /** Bytes of the page. */
  readonly bytes: number;
  /** Virtual address of its first byte, 0 … 2^48 − 1. */
  readonly page: number;
  /** Whether all levels are writable. */
  readonly writable: boolean;
  /** Whether all levels are user-accessible. */
  readonly user: boolean;
}

const ordinal = (address: number): number =>
  address < 0 ? address + 2 ** 48 : address;

/** Address bits of an entry, from its words. */
export function entryTarget(low: number, high: number): number {
  return (high % 2 ** 20) * 2 ** 32 + low - low % 4096;
}

/**
 * Walks as the processor does.
 *
 * @param memory Where the tables are.
 * @param address Any address.
 * @returns The page, or `null` for a page fault.
 */
export function walkTables(
  memory: TableMemory,
  address: number,
): Translation | null {
  let table: number = memory.root;
  let [writable, user] = [true, true];
  for (let bytes = 2 ** 39; bytes >= 4096; bytes /= 512) {
    const index = Math.floor(ordinal(address) / bytes) % 512;
    const words = memory.tables.get(table);
    if (words === undefined) return null; // A table that is none.
    const low = words[2 * index]!, high = words[2 * index + 1]!;
    if (low % 2 === 0) return null;
    writable &&= (low & 2) !== 0;
    user &&= (low & 4) !== 0;
    const target = entryTarget(low, high);
    if (bytes === 4096 || (low & 0x80) !== 0) {
      if (bytes > 2 ** 30) return null;
      const frame = target - target % bytes;
      const page = ordinal(address) - ordinal(address) % bytes;
      return { frame, bytes, page, writable, user };
    }
    table = target;
  }
  return null;
}

/** Memory behind the walk: what a recursive mapper works on. */
export class WalkedMemory implements PageTableMemory {
  readonly #memory: TableMemory;

  /**
   * Lays it over the tables.
   *
   * @param memory Where the tables are.
   */
  constructor(memory: TableMemory) {
    this.#memory = memory;
  }

  load32(address: number): number {
    return this.#memory.load32(this.#physical(address));
  }

  store32(address: number, word: number): void {
    this.#memory.store32(this.#physical(address), word);
  }

  #physical(address: number): number {
    const found = walkTables(this.#memory, address);
    if (found === null) {
      throw new MemoryFault(`a page fault at ${formatHex(address)}`);
    }
    return found.frame + ordinal(address) - found.page;
  }
}

/** A TLB that keeps what it has seen until it is flushed. */
export class ModelTlb {
  /** High word of CR3. */
  readonly high = 0;
  readonly #memory: TableMemory;
  readonly #seen: Map<number, Translation> = new Map();

  /**
   * Begins with nothing seen.
   *
   * @param memory Where the tables are.
   */
  constructor(memory: TableMemory) {
    this.#memory = memory;
  }

  /**
   * Uses an address, as a program does.
   *
   * @param address Any address.
   */
  touch(address: number): void {
    const found = walkTables(this.#memory, address);
    if (found !== null && !this.#seen.has(found.page)) {
      this.#seen.set(found.page, found);
    }
  }

  /** INVLPG. */
  invlpg(address: number): void {
    const at = ordinal(address);
    for (const [page, { bytes }] of this.#seen) {
      if (at >= page && at < page + bytes) this.#seen.delete(page);
    }
  }

  /** MOV from CR3. */
  readCr3(): number {
    return this.#memory.root;
  }

  /** MOV to CR3. */
  writeCr3(_low: number, _high: number): void {
    this.#seen.clear();
  }

  /**
   * Looks for a translation that is wrong by now, or allows too much.
   *
   * @returns It in words, or `null`.
   */
  stale(): string | null {
    for (const [page, seen] of this.#seen) {
      const address = page >= 2 ** 47 ? page - 2 ** 48 : page;
      const now = walkTables(this.#memory, address);
      const text = `the TLB has ${formatHex(address)} at ` +
        `${formatHex(seen.frame)}`;
      if (now === null) return `${text}, and it is not mapped`;
      if (now.frame !== seen.frame || now.bytes !== seen.bytes) {
        return `${text}, and it is mapped to ${formatHex(now.frame)}`;
      }
      if (seen.writable && !now.writable) return `${text}, writable still`;
      if (seen.user && !now.user) return `${text}, for users still`;
    }
    return null;
  }
}
