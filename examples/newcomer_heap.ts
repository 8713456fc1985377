// A newcomer's heap: first fit over a sorted list of free pieces. A thousand random steps find nothing wrong with it.
// The suite knows what a heap owes: it names the law that is broken, and the three calls that show it.

import {
  FlatMemory,
  type HeapCore,
  type WordMemory,
} from "@lockstep/kernel/heap/bump";
import { checkHeap, ConformanceError } from "@lockstep/kernel/testing";

class NewcomerHeap implements HeapCore {
  readonly free: { at: number; size: number }[];
  constructor(readonly memory: WordMemory, readonly fixed = false) {
    this.free = [{ at: 0, size: memory.size }];
  }
  alloc(size: number, align: number): number | null {
    const { base } = this.memory;
    for (const [i, { at, size: room }] of this.free.entries()) {
      const start = Math.ceil((base + at) / align) * align - base;
      const rest = at + room - start - size;
      if (rest < 0) continue;
      const front = { at, size: start - at };
      const behind = { at: start + size, size: rest };
      this.free.splice(i, 1, ...[front, behind].filter((p) => p.size > 0));
      return start;
    }
    return null;
  }
  dealloc(offset: number, size: number): void {
    const next = this.free.findIndex(({ at }) => at > offset);
    const i = next < 0 ? this.free.length : next;
    this.free.splice(i, 0, { at: offset, size });
    // Join with the piece in front and the one behind; the order matters.
    for (const k of this.fixed ? [i, i - 1] : [i - 1, i]) {
      const [a, b] = [this.free[k], this.free[k + 1]];
      if (!a || !b || a.at + a.size !== b.at) continue;
      this.free.splice(k, 2, { at: a.at, size: a.size + b.size });
    }
  }
}

/** Random steps as one writes them at first: nothing throws, and blocks keep their bytes. */
function randomSteps(heap: NewcomerHeap, steps: number): string {
  const live: { at: number; size: number; byte: number }[] = [];
  let seed = 1;
  const below = (n: number) =>
    (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % 65536 % n;
  const { memory } = heap;
  for (let i = 0; i < steps; i++) {
    if (below(5) < 3) {
      const size = 1 + below(64);
      const at = heap.alloc(4 * size, 4);
      if (at === null) continue;
      memory.fill(at, 4 * size, i & 0xff);
      live.push({ at, size: 4 * size, byte: i & 0xff });
    } else if (live.length > 0) {
      const { at, size, byte } = live.splice(below(live.length), 1)[0]!;
      if ((memory.load32(at) & 0xff) !== byte) {
        return `step ${i}: a byte changed`;
      }
      heap.dealloc(at, size);
    }
  }
  return "nothing wrong";
}

const heap = new NewcomerHeap(new FlatMemory(new ArrayBuffer(16_384)));
console.log(`1,000 random steps: ${randomSteps(heap, 1_000)}\n`);
try {
  checkHeap((memory) => new NewcomerHeap(memory), { findsGaps: 0 });
} catch (error) {
  if (!(error instanceof ConformanceError)) throw error;
  console.log(error.message);
}
const runs = checkHeap((memory) => new NewcomerHeap(memory, true), {
  findsGaps: 0,
});
console.log(`\nCorrected: ${runs} scripts, nothing wrong`);
