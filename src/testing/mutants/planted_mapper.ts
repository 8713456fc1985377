/**
 * A mapper that walks by a loop, for pages of one size, and one bug of choice.
 *
 * @module
 */

import { NO_EVENTS } from "../../base/events.ts";
import type { PhysAddr, VirtAddr } from "../../hw/addr.ts";
import type { Frame, Page, Size1GiB, Size2MiB } from "../../hw/page.ts";
import type { AddressRange } from "../../hw/page_range.ts";
import { PTE_XD_HIGH } from "../../hw/page_table.ts";
import type {
  FrameAllocator,
  FrameDeallocator,
} from "../../kernel/memory/frames/frame_allocator.ts";
import {
  FlushLedger,
  flushState,
  MapperFlush,
} from "../../kernel/memory/mappers/flush.ts";
import type {
  CleanedUp,
  EntryFlags,
  Mapper,
} from "../../kernel/memory/mappers/mapper.ts";
import {
  FRAME_ALLOCATION_FAILED,
  PAGE_NOT_MAPPED,
  PageAlreadyMapped,
  PARENT_ENTRY_HUGE_PAGE,
} from "../../kernel/memory/mappers/mapper_errors.ts";
import {
  OffsetPageTable,
  offsetPageTableState,
} from "../../kernel/memory/mappers/offset_page_table.ts";
import type { PageTableMemory } from "../../kernel/memory/mappers/page_table_memory.ts";
import { SCRIPT_NO_EXECUTE, scriptFlagsOf } from "../arbitraries/address.ts";

/** What can be wrong with a {@linkcode PlantedMapper}. */
export const MAPPER_BUGS = [
  "adds no flags to parents that exist",
  "gives new parents PRESENT alone",
  "gives parents all flags of the page",
  "leaves a new table as it was found",
  "clears half of a new table",
  "takes 8 bits of an index",
  "takes the upper half for the lower one",
  "takes 32 bits of a frame",
  "takes 40 bits of a table's address",
  "maps over what is mapped",
  "names the frame that is mapped already",
  "walks into a large page",
  "takes a frame before it looks",
  "links frame 0 where none is left",
  "clears PRESENT alone when it unmaps",
  "unmaps the page behind",
  "returns the table's frame when it unmaps",
  "keeps the frame in an entry that it unmaps",
  "flushes the page behind",
  "flushes nothing when it unmaps",
  "flushes nothing when flags change",
  "loses NO_EXECUTE",
  "gives parents NO_EXECUTE, too",
  "keeps NO_EXECUTE when flags change",
  "adds flags instead of replacing them",
  "loses the address's high word when flags change",
  "changes the flags of all levels",
  "translates to the page's start",
  "translates no address above 2^31 in its half",
  "cleans up a table of which half is empty",
  "cleans up tables of level 1 alone",
  "frees a table and leaves it linked",
  "cleans up beyond the end of its range",
] as const;

/** One of them. */
export type MapperBug = (typeof MAPPER_BUGS)[number];

const ENTRIES = 512;
const TWO_32 = 2 ** 32;

/** An entry's place and what it holds. */
interface Found {
  readonly at: number;
  readonly low: number;
  readonly high: number;
}

/** A mapper that is healthy, or has one bug; large pages are mapped by another. */
export class PlantedMapper {
  readonly size2MiB: Mapper<Size2MiB>;
  readonly size1GiB: Mapper<Size1GiB>;
  readonly #memory: PageTableMemory;
  readonly #root: number;
  readonly #bug: MapperBug | null;
  readonly #ledger: FlushLedger = new FlushLedger(flushState(), NO_EVENTS);

  /**
   * Makes a mapper.
   *
   * @param memory Physical memory.
   * @param root The level 4 table.
   * @param bug What is wrong; `null` for nothing.
   */
  constructor(
    memory: PageTableMemory,
    root: Frame,
    bug: MapperBug | null = null,
  ) {
    this.#memory = memory;
    this.#root = root;
    this.#bug = bug;
    const whole = new OffsetPageTable(memory, offsetPageTableState(root));
    this.size2MiB = whole.size2MiB;
    this.size1GiB = whole.size1GiB;
  }

  mapTo(
    page: Page,
    frame: Frame,
    flags: EntryFlags,
    frames: FrameAllocator,
  ): ReturnType<Mapper["mapTo"]> {
    const parents = script(flags) & 7;
    return this.mapToWithTableFlags(page, frame, flags, parents, frames);
  }

  mapToWithTableFlags(
    page: Page,
    frame: Frame,
    flags: EntryFlags,
    parents: EntryFlags,
    frames: FrameAllocator,
  ): ReturnType<Mapper["mapTo"]> {
    if (this.#has("takes a frame before it looks")) frames.allocateFrame();
    let table = this.#root;
    const all = this.#has("gives parents all flags of the page");
    const more = this.#has("gives parents NO_EXECUTE, too")
      ? script(flags) & SCRIPT_NO_EXECUTE
      : 0;
    const given = script(all ? flags : parents) | more;
    for (let level = 4; level > 1; level--) {
      const { at, low, high } = this.#entry(table, page, level);
      if (low === 0 && high === 0) {
        const next = frames.allocateFrame();
        if (next === null) {
          const links = this.#has("links frame 0 where none is left");
          if (links) this.#store(at, 0, given);
          return FRAME_ALLOCATION_FAILED;
        }
        const alone = this.#has("gives new parents PRESENT alone");
        this.#store(at, next, alone ? 1 : given);
        this.#clear(next);
        table = next;
        continue;
      }
      const adds = !this.#has("adds no flags to parents that exist");
      const old = scriptFlagsOf(low, high);
      if (adds) this.#store(at, this.#address(low, high), old | given);
      if ((low & 0x80) !== 0 && !this.#has("walks into a large page")) {
        return PARENT_ENTRY_HUGE_PAGE;
      }
      table = this.#table(low, high);
    }
    const { at, low, high } = this.#entry(table, page, 1);
    const over = this.#has("maps over what is mapped");
    if ((low !== 0 || high !== 0) && !over) {
      const named = this.#has("names the frame that is mapped already")
        ? this.#address(low, high) as Frame
        : frame;
      return new PageAlreadyMapped(named, 4096);
    }
    const cut = this.#has("takes 32 bits of a frame");
    const loses = this.#has("loses NO_EXECUTE") ? SCRIPT_NO_EXECUTE : 0;
    const own = script(flags) & ~loses;
    this.#store(at, cut ? frame % TWO_32 : frame, own);
    return this.#flush(page);
  }

  unmap(page: Page): ReturnType<Mapper["unmap"]> {
    const where = this.#has("unmaps the page behind")
      ? page + 4096 as Page
      : page;
    const found = this.#find(where);
    if (found === "huge") return PARENT_ENTRY_HUGE_PAGE;
    if (found === null || found.low % 2 === 0) return PAGE_NOT_MAPPED;
    const { at, low, high } = found;
    const frame = this.#has("returns the table's frame when it unmaps")
      ? at - at % 4096
      : this.#address(low, high);
    if (this.#has("clears PRESENT alone when it unmaps")) {
      this.#memory.store32(at, low - 1);
    } else this.#store(at, 0, 0);
    if (this.#has("keeps the frame in an entry that it unmaps")) {
      this.#store(at, frame, 0);
    }
    const none = this.#has("flushes nothing when it unmaps");
    return {
      reason: null,
      frame: frame as Frame,
      flush: this.#flush(page, none),
    };
  }

  updateFlags(
    page: Page,
    flags: EntryFlags,
  ): ReturnType<Mapper["updateFlags"]> {
    const found = this.#find(page);
    if (found === "huge") return PARENT_ENTRY_HUGE_PAGE;
    if (found === null || found.low === 0 && found.high === 0) {
      return PAGE_NOT_MAPPED;
    }
    const { at, low, high } = found;
    const adds = this.#has("adds flags instead of replacing them");
    let frame = this.#address(low, high);
    if (this.#has("loses the address's high word when flags change")) {
      frame %= TWO_32;
    }
    const old = scriptFlagsOf(low, high);
    const kept = adds
      ? old
      : this.#has("keeps NO_EXECUTE when flags change")
      ? old & SCRIPT_NO_EXECUTE
      : 0;
    this.#store(at, frame, kept | script(flags));
    if (this.#has("changes the flags of all levels")) {
      const top = this.#entry(this.#root, page, 4);
      this.#store(top.at, this.#address(top.low, top.high), script(flags));
    }
    return this.#flush(page, this.#has("flushes nothing when flags change"));
  }

  translateAddr(address: VirtAddr): PhysAddr | null {
    const low = this.#has("translates no address above 2^31 in its half");
    if (low && ordinal(address) % 2 ** 47 > 2 ** 31) return null;
    let table = this.#root;
    for (let level = 4;; level--) {
      const { low, high } = this.#entry(table, address, level);
      if (low % 2 === 0) return null;
      if (level > 1 && (low & 0x80) === 0) {
        table = this.#table(low, high);
        continue;
      }
      const start = this.#has("translates to the page's start");
      const bytes = 4096 * ENTRIES ** (level - 1);
      const frame = this.#address(low, high);
      const offset = start ? 0 : ordinal(address) % bytes;
      return frame - frame % bytes + offset as PhysAddr;
    }
  }

  cleanUp(frames: FrameDeallocator): CleanedUp {
    return this.#cleanUp(frames, 0, 2 ** 48 - 4096);
  }

  cleanUpAddrRange(
    range: AddressRange<Page>,
    frames: FrameDeallocator,
  ): CleanedUp {
    const end = this.#has("cleans up beyond the end of its range")
      ? 2 ** 48 - 4096
      : ordinal(range.end) - (range.inclusive ? 0 : 4096);
    return this.#cleanUp(frames, ordinal(range.start), end);
  }

  #cleanUp(frames: FrameDeallocator, first: number, last: number): CleanedUp {
    let tables = 0;
    const visit = (
      table: number,
      level: number,
      start: number,
    ): boolean => {
      const bytes = 4096 * ENTRIES ** (level - 1);
      for (let i = 0; i < ENTRIES && level > 1; i++) {
        const from = start + i * bytes;
        if (from > last || from + bytes <= first) continue;
        const at = table + 8 * i;
        const [low, high] = [this.#load(at), this.#load(at + 4)];
        if (low % 2 === 0 || (low & 0x80) !== 0) continue;
        const child = this.#table(low, high);
        if (!visit(child, level - 1, from)) continue;
        if (level > 2 && this.#has("cleans up tables of level 1 alone")) {
          continue;
        }
        if (!this.#has("frees a table and leaves it linked")) {
          this.#store(at, 0, 0);
        }
        frames.deallocateFrame(child as Frame);
        tables += 1;
      }
      const looked = this.#has("cleans up a table of which half is empty")
        ? ENTRIES / 2
        : ENTRIES;
      for (let i = 0; i < looked; i++) {
        if (this.#load(table + 8 * i) !== 0) return false;
      }
      return true;
    };
    if (first <= last) visit(this.#root, 4, 0);
    return { tables, refusals: [] };
  }

  #has(bug: MapperBug): boolean {
    return this.#bug === bug;
  }

  #flush(page: Page, none = false): MapperFlush {
    const behind = this.#has("flushes the page behind");
    const where = behind || none ? page + 4096 as Page : page;
    return new MapperFlush(where, this.#ledger);
  }

  /** The page's last entry; "huge" where a large page is in the way. */
  #find(address: number): Found | "huge" | null {
    let table = this.#root;
    for (let level = 4; level > 1; level--) {
      const { low, high } = this.#entry(table, address, level);
      if (low % 2 === 0) return null;
      if ((low & 0x80) !== 0) return "huge";
      table = this.#table(low, high);
    }
    return this.#entry(table, address, 1);
  }

  #entry(table: number, address: number, level: number): Found {
    const lower = this.#has("takes the upper half for the lower one");
    const where = lower ? Math.abs(address) : ordinal(address);
    const bytes = 4096 * ENTRIES ** (level - 1);
    const entries = this.#has("takes 8 bits of an index") ? 256 : ENTRIES;
    const at = table + 8 * (Math.floor(where / bytes) % entries);
    return { at, low: this.#load(at), high: this.#load(at + 4) };
  }

  #address(low: number, high: number): number {
    return (high % 2 ** 20) * TWO_32 + low - low % 4096;
  }

  #table(low: number, high: number): number {
    const address = this.#address(low, high);
    const cut = this.#has("takes 40 bits of a table's address");
    return cut ? address % 2 ** 40 : address;
  }

  #clear(table: number): void {
    if (this.#has("leaves a new table as it was found")) return;
    const half = this.#has("clears half of a new table");
    for (let at = table; at < table + (half ? 2048 : 4096); at += 4) {
      this.#memory.store32(at, 0);
    }
  }

  #load(at: number): number {
    return this.#memory.load32(at) >>> 0;
  }

  #store(at: number, address: number, flags: number): void {
    const noExecute = (flags & SCRIPT_NO_EXECUTE) !== 0 ? PTE_XD_HIGH : 0;
    this.#memory.store32(at + 4, Math.floor(address / TWO_32) + noExecute);
    this.#memory.store32(at, address % TWO_32 + flags % 4096);
  }
}

/** Flags as scripts have them: one number, whatever they hold. */
function script(flags: EntryFlags): number {
  return typeof flags === "number"
    ? flags
    : scriptFlagsOf(flags.low, flags.high);
}

function ordinal(address: number): number {
  return address < 0 ? address + 2 ** 48 : address;
}
