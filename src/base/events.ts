/**
 * The event log: one vocabulary for everything that looks on. A record is a clk, a kind and three numbers. The log is an
 * observer: it is no part of the machine's state, and no digest depends on it.
 *
 * Bounded: the newest {@linkcode EVENTS_MAX} records (or a chosen capacity) are kept, and `lost` counts the others.
 *
 * @module
 */

/** Records that a log keeps by default. */
export const EVENTS_MAX = 65_536;

/** What can be recorded, with what the three numbers `a`, `b`, `c` mean. */
export const EVENT_KINDS = [
  /** a: IRQ line 0–15, b: level 0 or 1. */
  "irq-raised",
  /** a: vector, b: RIP that is interrupted. An INT n of software, too. */
  "irq-delivered",
  /** a: 0 for the primary 8259A, 1 for the secondary, b: in-service bits before, c: after. */
  "eoi",
  /** a: vector, b: error code, or −1, c: CR2 (page faults), as a virtual address. */
  "exception",
  /** a: RIP popped, b: CS, c: RFLAGS. */
  "iret",
  /** a: IF 0 or 1. */
  "hlt",
  /** a: clks spent in HLT; 0 where the HLT was the end of a turn. */
  "wake",
  /** a: port, b: value, c: bytes. */
  "port-read",
  /** a: port, b: value, c: bytes. */
  "port-write",
  /** a: physical address, b: value, c: bytes. */
  "mmio-read",
  /** a: physical address, b: value, c: bytes. */
  "mmio-write",
  /** a: physical address of the entry, b: low word, c: high word. */
  "page-table-write",
  /** a: page, b: frame, c: bytes of the page. */
  "tlb-fill",
  /** a: page, or −1 for all, b: 1 if global pages went too. */
  "tlb-flush",
  /** a: page, b: frame that the TLB holds, c: frame that the tables hold, or −1. */
  "stale-hit",
  /** a: page, b: frame, c: the entry's low word without the frame, and NO_EXECUTE as bit 31. */
  "map",
  /** a: page, b: frame. */
  "unmap",
  /** a: page of a change whose flush was neither used nor ignored. */
  "flush-dropped",
  /** a: first frame, b: how many, side by side. */
  "frame-alloc",
  /** a: first frame, b: how many, side by side. */
  "frame-free",
  /** a: address, b: bytes, c: alignment. */
  "heap-alloc",
  /** a: address, b: bytes, c: alignment. */
  "heap-free",
  /** a: `lockId` of the lock's name, b: 0 for a mutex or a writer, 1 for a reader, 2 for one that may be upgraded. */
  "lock",
  /** a: `lockId` of the lock's name, b: as for `lock`. */
  "unlock",
  /** a: task id. */
  "task-spawn",
  /** a: task id. */
  "task-wake",
  /** a: task id. */
  "task-poll",
  /** a: task id. */
  "task-ready",
  /** Text is in the stop. */
  "panic",
  /**
   * A function that is not modelled was used. a: port, b: value, c: 0 for reads, 1 for writes; of an instruction, a: its
   * linear address, b: its place in the engine's list of what it leaves out.
   */
  "unmodelled",
  /** a: a byte that the keyboard sent and nobody had room for. */
  "key-lost",
] as const;

/** The name of an event's kind. */
export type EventKind = typeof EVENT_KINDS[number];

/** Where a device or module reports what happens. */
export interface EventSink {
  /** Whether anybody listens: ask before computing arguments. */
  readonly on: boolean;
  /** Records an event at the current clk; does nothing while `on` is false. */
  emit(kind: EventKind, a?: number, b?: number, c?: number): void;
}

/** A sink that nobody listens to: for a module that is used alone. */
export const NO_EVENTS: EventSink = Object.freeze({ on: false, emit() {} });

/** One record. */
export interface EventRecord {
  /** When it happened. */
  readonly clk: number;
  /** What happened. */
  readonly kind: EventKind;
  /** First number, see {@linkcode EVENT_KINDS}. */
  readonly a: number;
  /** Second number. */
  readonly b: number;
  /** Third number. */
  readonly c: number;
}

const KIND_INDEX: Readonly<Record<EventKind, number>> = Object.freeze(
  Object.fromEntries(EVENT_KINDS.map((kind, i) => [kind, i])),
) as Record<EventKind, number>;

/**
 * A ring of records in typed arrays.
 *
 * @example
 * ```ts
 * import { EventLog } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const now = { clk: 7 };
 * const log = new EventLog(now, 2);
 * log.on = true;
 * for (const line of [0, 1, 4]) log.emit("irq-raised", line, 1);
 * assertEquals([...log].map(({ clk, a }) => [clk, a]), [[7, 1], [7, 4]]);
 * assertEquals(log.lost, 1);
 * ```
 */
export class EventLog implements EventSink {
  /** Called when recording is switched on or off: who keeps fast paths that record nothing drops them. */
  onSwitched: () => void = () => {};
  #on = false;
  #written = 0;
  #kinds: Uint8Array = new Uint8Array(0);
  #numbers: Float64Array = new Float64Array(0);
  readonly #capacity: number;
  readonly #now: { readonly clk: number };

  /**
   * Makes an empty log.
   *
   * @param now the clock that stamps the records
   * @param capacity records kept; storage is taken when the first event comes
   * @throws {RangeError} if `capacity` is no positive integer
   */
  constructor(now: { readonly clk: number }, capacity: number = EVENTS_MAX) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot keep ${capacity} events: give a whole number from 1 on`,
      );
    }
    this.#now = now;
    this.#capacity = capacity;
  }

  /** Whether events are recorded. Off at first. */
  get on(): boolean {
    return this.#on;
  }

  set on(value: boolean) {
    this.#on = value;
    this.onSwitched();
  }

  /** Records that were overwritten because the log was full. */
  get lost(): number {
    return Math.max(0, this.#written - this.#capacity);
  }

  /** Records kept. */
  get length(): number {
    return Math.min(this.#written, this.#capacity);
  }

  /** Records an event, if the log is on. */
  emit(kind: EventKind, a = 0, b = 0, c = 0): void {
    if (!this.#on) return;
    if (this.#kinds.length === 0) {
      this.#kinds = new Uint8Array(this.#capacity);
      this.#numbers = new Float64Array(4 * this.#capacity);
    }
    const i = this.#written % this.#capacity;
    this.#kinds[i] = KIND_INDEX[kind];
    const n = this.#numbers;
    n[4 * i] = this.#now.clk;
    n[4 * i + 1] = a;
    n[4 * i + 2] = b;
    n[4 * i + 3] = c;
    this.#written += 1;
  }

  /** Forgets all records. */
  clear(): void {
    this.#written = 0;
  }

  /** The records kept, oldest first. */
  *[Symbol.iterator](): IterableIterator<EventRecord> {
    for (let k = this.#written - this.length; k < this.#written; k++) {
      const i = k % this.#capacity;
      const n = this.#numbers;
      yield {
        clk: n[4 * i]!,
        kind: EVENT_KINDS[this.#kinds[i]!]!,
        a: n[4 * i + 1]!,
        b: n[4 * i + 2]!,
        c: n[4 * i + 3]!,
      };
    }
  }
}
