/**
 * The timers' structures beside a binary heap over typed arrays, with 100,000 timers pending. One operation is two acts: the first
 * timer is popped and set again, or one is cancelled and another set.
 *
 * Dense: deadlines lie up to 1,000,000 clks ahead; sparse: up to 1,000,000,000.
 *
 * @module
 */

import { Prng } from "../../src/base/prng.ts";
import { NEVER } from "../../src/base/time.ts";
import {
  Timers,
  timersState,
  type TimerStructure,
} from "../../src/kernel/task/mod.ts";
import { bestOfThree, type Contender, interleaved } from "./measure.ts";
import { peerRow, type Row } from "./rows.ts";

const PENDING = 100_000;
const OPERATIONS = 100_000;

/** What is measured of a set of timers. */
interface TimerSet {
  add(deadline: number, payload: number): number;
  cancel(id: number): boolean;
  pop(clk: number): number;
}

/** The usual way: a binary heap over typed arrays, ties by serial number, indices for cancelling. */
class BinaryHeap implements TimerSet {
  readonly #heap = new Int32Array(2 * PENDING);
  readonly #index = new Int32Array(2 * PENDING);
  readonly #deadlines = new Float64Array(2 * PENDING);
  readonly #serials = new Float64Array(2 * PENDING);
  readonly #payloads = new Float64Array(2 * PENDING);
  readonly #free = Array.from({ length: 2 * PENDING }, (_, i) => i);
  #length = 0;
  #serial = 0;

  add(deadline: number, payload: number): number {
    const slot = this.#free.pop()!;
    this.#deadlines[slot] = deadline;
    this.#payloads[slot] = payload;
    this.#serials[slot] = this.#serial++;
    this.#up(this.#length++, slot);
    return slot;
  }
  cancel(slot: number): boolean {
    this.#remove(slot);
    return true;
  }
  pop(clk: number): number {
    const slot = this.#heap[0]!;
    if (this.#length === 0 || this.#deadlines[slot]! > clk) return -1;
    this.#remove(slot);
    return this.#payloads[slot]!;
  }
  #remove(slot: number): void {
    const at = this.#index[slot]!;
    const last = this.#heap[--this.#length]!;
    this.#free.push(slot);
    if (last === slot) return;
    this.#up(at, last);
    if (this.#index[last] === at) this.#down(at, last);
  }
  #before(a: number, b: number): boolean {
    const d = this.#deadlines[a]! - this.#deadlines[b]!;
    return d < 0 || d === 0 && this.#serials[a]! < this.#serials[b]!;
  }
  #up(at: number, slot: number): void {
    const heap = this.#heap;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above]!;
      if (this.#before(parent, slot)) break;
      heap[at] = parent;
      this.#index[parent] = at;
      at = above;
    }
    heap[at] = slot;
    this.#index[slot] = at;
  }
  #down(at: number, slot: number): void {
    const heap = this.#heap;
    for (let child = 2 * at + 1; child < this.#length; child = 2 * at + 1) {
      if (
        child + 1 < this.#length && this.#before(heap[child + 1]!, heap[child]!)
      ) child += 1;
      const least = heap[child]!;
      if (this.#before(slot, least)) break;
      heap[at] = least;
      this.#index[least] = at;
      at = child;
    }
    heap[at] = slot;
    this.#index[slot] = at;
  }
}

/** A run that pops the first timer and sets it again, on and on. */
function popAndSet(
  name: string,
  make: () => TimerSet,
  span: number,
): Contender {
  const set = make();
  const prng = new Prng(3);
  const deadlines = new Float64Array(PENDING);
  for (let i = 0; i < PENDING; i++) {
    deadlines[i] = 1 + prng.below(span);
    set.add(deadlines[i]!, i);
  }
  const ahead = Float64Array.from(
    { length: OPERATIONS },
    () => 1 + prng.below(span),
  );
  return {
    name,
    operations: OPERATIONS,
    run() {
      let sum = 0;
      for (let i = 0; i < OPERATIONS; i++) {
        const payload = set.pop(NEVER);
        deadlines[payload]! += ahead[i]!;
        set.add(deadlines[payload]!, payload);
        sum = (sum + payload) | 0;
      }
      return sum;
    },
  };
}

/** A run that cancels a timer and sets another one, on and on. */
function cancelAndSet(
  name: string,
  make: () => TimerSet,
  span: number,
): Contender {
  const set = make();
  const prng = new Prng(4);
  const ids = Float64Array.from(
    { length: PENDING },
    (_, i) => set.add(1 + prng.below(span), i),
  );
  const chosen = Int32Array.from(
    { length: OPERATIONS },
    () => prng.below(PENDING),
  );
  const deadlines = Float64Array.from(
    { length: OPERATIONS },
    () => 1 + prng.below(span),
  );
  return {
    name,
    operations: OPERATIONS,
    run() {
      let cancelled = 0;
      for (let i = 0; i < OPERATIONS; i++) {
        const at = chosen[i]!;
        if (set.cancel(ids[at]!)) cancelled += 1;
        ids[at] = set.add(deadlines[i]!, at);
      }
      return cancelled;
    },
  };
}

const SPANS = { dense: 1_000_000, sparse: 1_000_000_000 } as const;

/** Goals of the wheel beside the binary heap. */
const GOALS = {
  "pop-and-set/dense": 1.7,
  "pop-and-set/sparse": 1,
  "cancel-and-set/dense": 1.4,
  "cancel-and-set/sparse": 1,
} as const;

/**
 * Compares timers.
 *
 * @returns The rows.
 */
export function compareTimers(): Row[] {
  const rows: Row[] = [];
  const ours = (structure?: TimerStructure) => () =>
    new Timers(timersState(structure));
  const acts = { "pop-and-set": popAndSet, "cancel-and-set": cancelAndSet };
  for (const [act, contender] of Object.entries(acts)) {
    for (const [spread, span] of Object.entries(SPANS)) {
      const contenders = [
        contender("wheel", ours("wheel"), span),
        contender("4-ary heap", ours("heap"), span),
        contender("binary heap", () => new BinaryHeap(), span),
      ];
      const [wheel, heap, binary] = bestOfThree(
        () => interleaved(contenders),
        (a, b) => a[2]! / a[0]! > b[2]! / b[0]!,
      );
      const key = `${act}/${spread}` as keyof typeof GOALS;
      const id = `timers/${key}`;
      rows.push(peerRow(`${id}/binary-heap`, wheel!, binary!, GOALS[key]));
      rows.push(peerRow(`${id}/our-heap`, wheel!, heap!));
    }
  }
  return rows;
}
