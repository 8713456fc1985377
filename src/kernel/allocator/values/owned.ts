/**
 * What `Box`, `Vec` and `Rc` have in common: an address that is gone once the
 * value was dropped. Rust drops at the end of a scope and refuses a later use
 * when it compiles; here dropping is a call, and a later use throws.
 *
 * @module
 */

import type { VirtAddr } from "../../../hw/addr.ts";
import { pointerText, type ValueHeap } from "./heap_type.ts";

/** The address of what was dropped: the last byte, where nothing can live. */
export const DROPPED: VirtAddr = -1 as VirtAddr;

/** A smart pointer as data. */
export interface PointerState {
  /** Where it points; −1 once it was dropped. */
  address: number;
}

/** A smart pointer. */
export abstract class Owned<S extends PointerState> {
  /** All there is to save beside the memory: plain data. */
  readonly state: S;
  /** Where its block comes from and goes back to. */
  readonly heap: ValueHeap;

  /**
   * Goes on with a pointer.
   *
   * @param heap Where its block lives.
   * @param state Its data.
   */
  constructor(heap: ValueHeap, state: S) {
    this.heap = heap;
    this.state = state;
  }

  /** What it is, for messages: `Box<i32>`. */
  abstract get typeName(): string;

  /** Whether it was dropped. */
  get isDropped(): boolean {
    return this.state.address === DROPPED;
  }

  /**
   * Where it points.
   *
   * @throws {TypeError} If it was dropped.
   */
  get address(): VirtAddr {
    const { address } = this.state;
    if (address === DROPPED) {
      throw new TypeError(`Cannot use a ${this.typeName}: it was dropped`);
    }
    return address as VirtAddr;
  }

  /**
   * The address as Rust prints it with `{:p}`.
   *
   * @returns For example `0x444444440000`.
   */
  pointer(): string {
    return pointerText(this.address);
  }
}
