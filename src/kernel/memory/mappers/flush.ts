/**
 * The flush that every change of a mapping owes: the TLB may hold the old
 * translation. It is used or ignored on purpose; Rust warns where it is
 * neither, here the mapper finds out at its next change and says so, by a
 * `flush-dropped` event and in its state.
 *
 * Source: crate x86_64 0.15.4, `MapperFlush` and `MapperFlushAll`;
 * SDM 3A, "Invalidation of TLBs and Paging-Structure Caches".
 *
 * @module
 */

import type { EventSink } from "../../../base/events.ts";
import type { VirtAddr } from "../../../hw/addr.ts";
import type { Page, PageSize, Size4KiB } from "../../../hw/page.ts";

/** What flushes a page: the CPU as kernel code sees it, or a test's double. */
export interface PageFlusher {
  /**
   * INVLPG.
   *
   * @param address Any address in the page.
   */
  invlpg(address: VirtAddr): void;
}

/** What flushes all but global pages: the CPU as kernel code sees it. */
export interface FullFlusher {
  /** High word of what `readCr3` returned last. */
  readonly high: number;
  /**
   * MOV from CR3.
   *
   * @returns The low word; the high one is in `high`.
   */
  readCr3(): number;
  /**
   * MOV to CR3.
   *
   * @param low Bits 0 to 31.
   * @param high Bits 32 to 63.
   */
  writeCr3(low: number, high: number): void;
}

/** What a mapper remembers of its changes: plain data. */
export interface FlushState {
  /** Changes so far. */
  changes: number;
  /** Whether the flush of the last change is neither used nor ignored. */
  due: boolean;
  /** The page of the last change. */
  duePage: number;
  /** Flushes that were found dropped. */
  dropped: number;
}

/**
 * Nothing changed so far.
 *
 * @returns A state for a mapper.
 */
export function flushState(): FlushState {
  return { changes: 0, due: false, duePage: 0, dropped: 0 };
}

/** Keeps account of the flushes that one mapper is owed. */
export class FlushLedger {
  readonly #state: FlushState;
  readonly #events: EventSink;

  /**
   * Makes a ledger.
   *
   * @param state The account.
   * @param events Is told of a dropped flush.
   */
  constructor(state: FlushState, events: EventSink) {
    this.#state = state;
    this.#events = events;
  }

  /** Reports the last change's flush if it is still due. */
  report(): void {
    const state = this.#state;
    if (!state.due) return;
    state.due = false;
    state.dropped += 1;
    if (this.#events.on) this.#events.emit("flush-dropped", state.duePage);
  }

  /**
   * Notes a change, whose flush is due from here on.
   *
   * @param page The page whose mapping changed.
   * @returns The number of the change.
   */
  note(page: number): number {
    const state = this.#state;
    if (state.due) this.report();
    state.due = true;
    state.duePage = page;
    state.changes += 1;
    return state.changes;
  }

  /**
   * Settles the flush of one change; nothing where another one came since.
   *
   * @param change The number of the change.
   */
  settle(change: number): void {
    if (this.#state.changes === change) this.#state.due = false;
  }
}

/** The flush of one page. Call `flush` or `ignore`, before the next change. */
export class MapperFlush<S extends PageSize = Size4KiB> {
  /** No refusal. */
  readonly reason = null;
  /** The page whose mapping changed (crate: `page`). */
  readonly page: Page<S>;
  readonly #ledger: FlushLedger | null;
  readonly #change: number;

  /**
   * Makes the flush of a page.
   *
   * @param page The page whose mapping changed.
   * @param ledger Who is owed; nobody where a flush is made by hand.
   */
  constructor(page: Page<S>, ledger: FlushLedger | null = null) {
    this.page = page;
    this.#ledger = ledger;
    this.#change = ledger === null ? 0 : ledger.note(page);
  }

  /**
   * Flushes the page from the TLB.
   *
   * @param tlb The CPU.
   */
  flush(tlb: PageFlusher): void {
    this.#ledger?.settle(this.#change);
    tlb.invlpg(this.page);
  }

  /** Leaves the TLB as it is, on purpose. */
  ignore(): void {
    this.#ledger?.settle(this.#change);
  }
}

/** The flush of all pages: an upper entry changed. */
export class MapperFlushAll {
  /** No refusal. */
  readonly reason = null;
  readonly #ledger: FlushLedger | null;
  readonly #change: number;

  /**
   * Makes the flush of all pages.
   *
   * @param page A page under the entry that changed, for the report.
   * @param ledger Who is owed; nobody where a flush is made by hand.
   */
  constructor(page: VirtAddr, ledger: FlushLedger | null = null) {
    this.#ledger = ledger;
    this.#change = ledger === null ? 0 : ledger.note(page);
  }

  /**
   * Flushes all but global pages, by loading CR3 with what it holds.
   *
   * @param tlb The CPU.
   */
  flushAll(tlb: FullFlusher): void {
    this.#ledger?.settle(this.#change);
    const low = tlb.readCr3();
    tlb.writeCr3(low, tlb.high);
  }

  /** Leaves the TLB as it is, on purpose. */
  ignore(): void {
    this.#ledger?.settle(this.#change);
  }
}
