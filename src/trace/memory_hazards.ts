/**
 * What goes wrong with memory without anybody noticing: reads an event log and tells what the book only warns of.
 *
 * - `frame-twice`: a frame is handed out that was not given back; two allocators over one memory map do that.
 * - `frame-in-use`: a frame is given back while a page is mapped to it.
 * - `alias`: a second page is mapped to a frame.
 * - `foreign-frame`: a page is mapped to a frame that no allocator gave: a device's memory, or an alias of what the bootloader
 *   had mapped. The book's example mapping is one.
 * - `flush-dropped`, `stale-hit`: a change of a mapping whose flush was neither used nor ignored; a translation used that the
 *   tables no longer hold.
 * - `heap-in-handler`: a block is taken or given back while a handler runs, which may have interrupted the heap's lock.
 * - `block-twice`: a block is handed out that overlaps one in use: the lists are broken, as a double free breaks them.
 * - `block-unknown`: a block is given back that is not in use, or has another layout.
 *
 * *Not modelled*: memory that only the bootloader knows; frames taken for page tables and lost with a failed mapping, which look
 * like tables; of a huge page, the frames behind its first; heaps that report nothing. An exception's handler that was entered by way of a double fault counts as two.
 *
 * @module
 */

import type { EventRecord } from "../base/events.ts";
import { formatHex } from "../hw/format_hex.ts";

const PAGE_BYTES = 4096;

/** A kind of hazard. */
export type MemoryHazardKind =
  | "frame-twice"
  | "frame-in-use"
  | "alias"
  | "foreign-frame"
  | "flush-dropped"
  | "stale-hit"
  | "heap-in-handler"
  | "block-twice"
  | "block-unknown";

/** A hazard that a log shows. */
export interface MemoryHazard {
  /** When. */
  readonly clk: number;
  /** What. */
  readonly kind: MemoryHazardKind;
  /** The address of frame, page or block. */
  readonly address: number;
  /** All of it in words. */
  readonly text: string;
}

/** A block in use. */
export interface LiveBlock {
  /** Its address. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** Its alignment. */
  readonly align: number;
  /** When it was taken. */
  readonly clk: number;
}

/** What a log tells of memory. */
export interface MemoryReport {
  /** The hazards, in the order of time. */
  readonly hazards: readonly MemoryHazard[];
  /** Blocks in use in the end, by address: at the end of a program, its leaks. */
  readonly blocks: readonly LiveBlock[];
  /** Frames in use in the end, in the order in which they were taken. */
  readonly frames: readonly number[];
}

/** An event log, or a part of one that leaves nothing out. */
export interface CompleteLog extends Iterable<EventRecord> {
  /** Records that are missing. */
  readonly lost?: number;
}

/**
 * Reads a log from power-on, or from a moment at which no memory was in use.
 *
 * @param log the records
 * @returns hazards, and what is in use in the end
 * @throws {RangeError} if records are missing: what was taken before would look foreign
 *
 * @example
 * ```ts
 * import { EventLog } from "@lockstep/kernel/hw";
 * import { BootInfoFrameAllocator } from "@lockstep/kernel/frames";
 * import { memoryHazards } from "@lockstep/kernel/trace";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new EventLog({ clk: 0 });
 * log.on = true;
 * const map = [{ startFrame: 1, endFrame: 9, type: "Usable" as const }];
 * for (let i = 0; i < 2; i++) new BootInfoFrameAllocator(map, log).allocateFrame();
 * assertEquals(memoryHazards(log).hazards[0]?.text, "frame 0x1000 is handed out twice");
 * ```
 */
export function memoryHazards(log: CompleteLog): MemoryReport {
  if ((log.lost ?? 0) > 0) {
    throw new RangeError(
      `Cannot tell memory's hazards: ${log.lost} records are missing; ` +
        "give the machine a greater eventsMax",
    );
  }
  const reader = new Reader();
  for (const record of log) reader.read(record);
  return reader.report();
}

const hex = (n: number): string => formatHex(n);

class Reader {
  readonly #hazards: MemoryHazard[] = [];
  readonly #frames = new Set<number>();
  /** For each frame: the pages that are mapped to it. */
  readonly #pages = new Map<number, Set<number>>();
  /** By address. */
  readonly #blocks: LiveBlock[] = [];
  /** Vectors of the handlers that run, the outermost first. */
  readonly #handlers: number[] = [];

  report(): MemoryReport {
    return {
      hazards: this.#hazards,
      blocks: this.#blocks,
      frames: [...this.#frames],
    };
  }

  read(record: EventRecord): void {
    const { kind, a, b, c, clk } = record;
    switch (kind) {
      case "frame-alloc":
        return this.#takeFrames(clk, a, b);
      case "frame-free":
        return this.#freeFrames(clk, a, b);
      case "map":
        return this.#map(clk, a, b);
      case "unmap":
        this.#pages.get(b)?.delete(a);
        return;
      case "flush-dropped":
        return this.#tell(
          clk,
          kind,
          a,
          `the flush of page ${hex(a)} was neither used nor ignored`,
        );
      case "stale-hit": {
        const now = c < 0 ? "nothing" : `frame ${hex(c)}`;
        return this.#tell(
          clk,
          kind,
          a,
          `page ${hex(a)} was used by way of frame ${hex(b)}, ` +
            `which the TLB holds; the tables say ${now}`,
        );
      }
      case "heap-alloc":
        return this.#takeBlock({ address: a, size: b, align: c, clk });
      case "heap-free":
        return this.#freeBlock({ address: a, size: b, align: c, clk });
      case "irq-delivered":
      case "exception":
        this.#handlers.push(a);
        return;
      case "iret":
        this.#handlers.pop();
    }
  }

  #tell(
    clk: number,
    kind: MemoryHazardKind,
    address: number,
    text: string,
  ): void {
    this.#hazards.push({ clk, kind, address, text });
  }

  #takeFrames(clk: number, first: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const frame = first + PAGE_BYTES * i;
      if (this.#frames.has(frame)) {
        this.#tell(
          clk,
          "frame-twice",
          frame,
          `frame ${hex(frame)} is handed out twice`,
        );
      }
      this.#frames.add(frame);
    }
  }

  #freeFrames(clk: number, first: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const frame = first + PAGE_BYTES * i;
      this.#frames.delete(frame);
      const [page] = this.#pages.get(frame) ?? [];
      if (page === undefined) continue;
      this.#tell(
        clk,
        "frame-in-use",
        frame,
        `frame ${hex(frame)} is given back while page ${hex(page)} ` +
          "is mapped to it",
      );
    }
  }

  #map(clk: number, page: number, frame: number): void {
    const pages = this.#pages.get(frame) ?? new Set();
    this.#pages.set(frame, pages);
    const [other] = pages;
    pages.add(page);
    if (other !== undefined) {
      this.#tell(
        clk,
        "alias",
        page,
        `page ${hex(page)} is mapped to frame ${hex(frame)}, ` +
          `as page ${hex(other)} is`,
      );
    } else if (!this.#frames.has(frame)) {
      this.#tell(
        clk,
        "foreign-frame",
        page,
        `page ${hex(page)} is mapped to frame ${hex(frame)}, ` +
          "which no allocator gave",
      );
    }
  }

  /** The index of the first block at or behind an address. */
  #find(address: number): number {
    let [from, to] = [0, this.#blocks.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#blocks[middle]!.address < address) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #takeBlock(block: LiveBlock): void {
    const { address, size, clk } = block;
    this.#checkContext(clk, address, `${size} bytes are taken`);
    const i = this.#find(address);
    const [before, behind] = [this.#blocks[i - 1], this.#blocks[i]];
    const other = before && before.address + before.size > address
      ? before
      : behind && address + size > behind.address
      ? behind
      : null;
    if (other !== null) {
      this.#tell(
        clk,
        "block-twice",
        address,
        `${size} bytes at ${hex(address)} are handed out, ` +
          `and ${other.size} bytes at ${hex(other.address)} are in use`,
      );
    }
    this.#blocks.splice(i, 0, block);
  }

  #freeBlock({ address, size, align, clk }: LiveBlock): void {
    this.#checkContext(clk, address, `${size} bytes are given back`);
    const i = this.#find(address);
    const block = this.#blocks[i];
    if (block?.address !== address) {
      this.#tell(
        clk,
        "block-unknown",
        address,
        `${size} bytes at ${hex(address)} are given back, and not in use`,
      );
      return;
    }
    if (block.size !== size || block.align !== align) {
      this.#tell(
        clk,
        "block-unknown",
        address,
        `${size} bytes aligned to ${align} at ${hex(address)} are given ` +
          `back, taken as ${block.size} bytes aligned to ${block.align}`,
      );
    }
    this.#blocks.splice(i, 1);
  }

  #checkContext(clk: number, address: number, what: string): void {
    const vector = this.#handlers.at(-1);
    if (vector === undefined) return;
    this.#tell(
      clk,
      "heap-in-handler",
      address,
      `${what} at ${hex(address)} while the handler of vector ${vector} runs`,
    );
  }
}
