/**
 * The address space of a program: a level 4 table that shares the kernel's entries and has its own for the rest.
 *
 * Pages with the mark {@linkcode PTE_SHARED} belong to several programs: copies share them, and nobody gives them back.
 *
 * Source: SDM 3A, "4-Level Paging".
 *
 * @module
 */

import { type VirtAddr, virtAddr } from "../../hw/addr.ts";
import { formatHex } from "../../hw/format_hex.ts";
import type { Instructions } from "../../hw/instructions.ts";
import {
  PTE_P,
  PTE_RW,
  PTE_US,
  PTE_XD_HIGH,
  pteAddr,
} from "../../hw/page_table.ts";
import type { Frames } from "./frames.ts";

/** A mark of ours in an entry, bit 9, which the CPU ignores. */
export const PTE_SHARED: number = 1 << 9;

const PAGE = 4096;
/** The last page of the lower half. */
const LAST_PAGE = 2 ** 47 - PAGE;
const ENTRIES = 512;
/** A page whose U/S is set here can be used in ring 3 if all its tables say so. */
const TABLE_FLAGS = PTE_P | PTE_RW | PTE_US;

/** What a page may be used for. */
export interface PageRights {
  /** Whether it may be written. */
  readonly writable: boolean;
  /** Whether it may be executed. */
  readonly executable: boolean;
  /** Whether other programs have it, too. */
  readonly shared?: boolean;
}

/** A mapped page. */
export interface UserPage {
  /** Its address. */
  readonly page: VirtAddr;
  /** Physical address of its frame. */
  readonly frame: number;
  /** Low word of its entry. */
  readonly low: number;
  /** High word of its entry. */
  readonly high: number;
}

/** One address space. */
export class AddressSpace {
  /** Physical address of its level 4 table. */
  readonly cr3: number;
  readonly #cpu: Instructions;
  readonly #frames: Frames;
  readonly #kernelCr3: number;

  /**
   * A view of an address space.
   *
   * @param cpu reads and writes the tables
   * @param frames where tables come from, and where all of memory is mapped
   * @param kernelCr3 the kernel's level 4 table
   * @param cr3 its own level 4 table
   */
  constructor(
    cpu: Instructions,
    frames: Frames,
    kernelCr3: number,
    cr3: number,
  ) {
    this.#cpu = cpu;
    this.#frames = frames;
    this.#kernelCr3 = kernelCr3;
    this.cr3 = cr3;
  }

  /**
   * Makes one in which there is the kernel alone.
   *
   * @returns it, or `null` if memory is used up
   */
  static create(
    cpu: Instructions,
    frames: Frames,
    kernelCr3: number,
  ): AddressSpace | null {
    const cr3 = frames.take();
    if (cr3 === null) return null;
    cpu.copy(frames.at(cr3), frames.at(kernelCr3), PAGE);
    return new AddressSpace(cpu, frames, kernelCr3, cr3);
  }

  /**
   * Maps a page, whatever was there before. The TLB is left alone.
   *
   * @param page its address; not in an entry of the level 4 table that the kernel uses, nor the last one of the lower half:
   * an instruction that ends there goes on at no address, with which the kernel's IRETQ would fault
   * @param frame physical address
   * @param rights what it may be used for
   * @returns whether there was memory for its tables
   * @throws {RangeError} if the address is the kernel's, or the lower half's last page
   */
  map(page: VirtAddr, frame: number, rights: PageRights): boolean {
    if (page === LAST_PAGE) {
      throw new RangeError(
        `Cannot map page ${formatHex(page)}: what follows it is no address`,
      );
    }
    const { writable, executable, shared = false } = rights;
    const low = PTE_P | PTE_US | (writable ? PTE_RW : 0) |
      (shared ? PTE_SHARED : 0);
    return this.#put(page, frame, low, executable ? 0 : PTE_XD_HIGH);
  }

  /**
   * Takes a page's mapping away, and gives its frame back if it is shared with nobody. The TLB is left alone.
   *
   * @param page its address
   */
  unmap(page: VirtAddr): void {
    const entry = this.#entry(page, false);
    if (entry === null) return;
    const found = this.#page(page, entry);
    if (!found) return;
    this.#cpu.store64(entry, 0, 0);
    if (!(found.low & PTE_SHARED)) this.#frames.give(found.frame);
  }

  /**
   * Looks a page up.
   *
   * @param page its address
   * @returns what is mapped, or `null`
   */
  find(page: VirtAddr): UserPage | null {
    const entry = this.#entry(page, false);
    return entry === null ? null : this.#page(page, entry);
  }

  /** All pages of the program, in order of their addresses. */
  pages(): UserPage[] {
    const found: UserPage[] = [];
    for (const { index, table } of this.#ownTables()) {
      this.#collect(table, 3, index * 2 ** 39, found);
    }
    return found;
  }

  /**
   * Makes this program's pages those of another: contents are copied, shared pages are shared.
   *
   * @param source the other
   * @returns whether there was memory for all
   */
  copyPages(source: AddressSpace): boolean {
    const wanted = source.pages();
    const keep = new Set(wanted.map(({ page }) => page));
    for (const { page } of this.pages()) if (!keep.has(page)) this.unmap(page);
    for (const { page, frame, low, high } of wanted) {
      // A frame of this program's alone; what it shares is not to be copied into.
      const held = this.find(page);
      const own = held && !(held.low & PTE_SHARED) ? held.frame : null;
      if (low & PTE_SHARED) {
        if (!this.#put(page, frame, low, high)) return false;
        if (own !== null) this.#frames.give(own);
        continue;
      }
      const to = own ?? this.#frames.take();
      if (to === null || !this.#put(page, to, low, high)) return false;
      this.#cpu.copy(this.#frames.at(to), this.#frames.at(frame), PAGE);
    }
    return true;
  }

  /** Gives everything back: pages, tables, and the level 4 table. */
  release(): void {
    for (const { page } of this.pages()) this.unmap(page);
    for (const { table } of this.#ownTables()) this.#giveTables(table, 3);
    this.#frames.give(this.cr3);
  }

  #giveTables(table: number, level: number): void {
    if (level > 1) {
      for (const { target } of this.#present(table)) {
        this.#giveTables(target, level - 1);
      }
    }
    this.#frames.give(table);
  }

  #collect(
    table: number,
    level: number,
    start: number,
    found: UserPage[],
  ): void {
    for (const { index, target, low, high } of this.#present(table)) {
      const at = start + index * 2 ** (3 + 9 * level);
      if (level > 1) this.#collect(target, level - 1, at, found);
      else found.push({ page: virtAddr(at), frame: target, low, high });
    }
  }

  /** Level 3 tables that the kernel does not have. */
  #ownTables(): { index: number; table: number }[] {
    const kernel = new Set(
      this.#present(this.#kernelCr3).map(({ index }) => index),
    );
    return this.#present(this.cr3).filter(({ index }) => !kernel.has(index))
      .map(({ index, target }) => ({ index, table: target }));
  }

  #present(
    table: number,
  ): { index: number; target: number; low: number; high: number }[] {
    const found = [];
    for (let index = 0; index < ENTRIES; index++) {
      const low = this.#cpu.load64(this.#frames.at(table + 8 * index));
      const { high } = this.#cpu;
      if (!(low & PTE_P)) continue;
      found.push({ index, target: pteAddr(low, high), low, high });
    }
    return found;
  }

  #page(page: VirtAddr, entry: VirtAddr): UserPage | null {
    const low = this.#cpu.load64(entry);
    const { high } = this.#cpu;
    if (!(low & PTE_P)) return null;
    return { page, frame: pteAddr(low, high), low, high };
  }

  #put(page: VirtAddr, frame: number, low: number, high: number): boolean {
    const entry = this.#entry(page, true);
    if (entry === null) return false;
    const flags = low & 0xfff;
    this.#cpu.store64(
      entry,
      (frame | flags) >>> 0,
      (Math.floor(frame / 2 ** 32) | (high & PTE_XD_HIGH)) >>> 0,
    );
    return true;
  }

  /** Address of a page's entry, or `null` where there is no table and none was made. */
  #entry(page: VirtAddr, make: boolean): VirtAddr | null {
    const index = (level: number) =>
      Math.floor(page / 2 ** (3 + 9 * level)) & (ENTRIES - 1);
    const kernel = this.#cpu.load64(
      this.#frames.at(this.#kernelCr3 + 8 * index(4)),
    );
    if (kernel & PTE_P) {
      throw new RangeError(
        `Cannot map page ${
          formatHex(page)
        }: that entry of the level 4 table is the kernel's`,
      );
    }
    let table = this.cr3;
    for (let level = 4; level > 1; level--) {
      const entry = this.#frames.at(table + 8 * index(level));
      const low = this.#cpu.load64(entry);
      if (low & PTE_P) {
        table = pteAddr(low, this.#cpu.high);
        continue;
      }
      const fresh = make ? this.#frames.take() : null;
      if (fresh === null) return null;
      this.#cpu.store64(
        entry,
        (fresh | TABLE_FLAGS) >>> 0,
        Math.floor(fresh / 2 ** 32),
      );
      table = fresh;
    }
    return this.#frames.at(table + 8 * index(1));
  }
}
