/**
 * Kernel memory: heaps, frames, mappers.
 *
 * @module
 */

import {
  BitmapFrameAllocator,
  BootInfoFrameAllocator,
  BuddyFrameAllocator,
  type Frame,
  type FrameAllocator,
  type FramePool,
  type MemoryRegion,
} from "@lockstep/kernel/frames";
import { BuddyHeap } from "@lockstep/kernel/heap/buddy";
import { BumpHeap } from "@lockstep/kernel/heap/bump";
import { CheckedHeap } from "@lockstep/kernel/heap/checked";
import { FirstFitHeap } from "@lockstep/kernel/heap/first-fit";
import { FixedSizeBlockHeap } from "@lockstep/kernel/heap/fixed-size-block";
import { IndexedFirstFitHeap } from "@lockstep/kernel/heap/indexed-first-fit";
import { LinkedListHeap } from "@lockstep/kernel/heap/linked-list";
import { FlatMemory, type Heap, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
import { Prng } from "@lockstep/kernel/hw";
import {
  frameContaining,
  OffsetPageTable,
  offsetPageTableState,
  pageContaining,
  physAddr,
  PTE_P,
  PTE_RW,
  SIZE_4_KIB,
  virtAddr,
} from "@lockstep/kernel/mappers";
import { digestOf, type Scenario } from "./scenario.ts";

const HEAP_BYTES = 64 * 1024;
const OPERATIONS = 2_000;

const HEAPS: Readonly<Record<string, (memory: FlatMemory) => Heap>> = {
  "bump": (memory) => new BumpHeap(memory),
  "linked list": (memory) => new LinkedListHeap(memory),
  "first fit": (memory) => new FirstFitHeap(memory),
  "first fit of 0.10.5": (memory) =>
    new FirstFitHeap(memory, { version: "0.10.5" }),
  "indexed first fit": (memory) => new IndexedFirstFitHeap(memory),
  "fixed-size blocks": (memory) =>
    new FixedSizeBlockHeap(new FirstFitHeap(memory)),
  "fixed-size blocks over TLSF": (memory) =>
    new FixedSizeBlockHeap(new TlsfHeap(memory)),
  "TLSF": (memory) => new TlsfHeap(memory),
  "buddy": (memory) => new BuddyHeap(memory),
  "checked TLSF": (memory) => new CheckedHeap(new TlsfHeap(memory)),
};

/** Random blocks live and die, each filled by its owner. */
function heapTrace(make: (memory: FlatMemory) => Heap): string {
  const random = new Prng(3);
  const buffer = new ArrayBuffer(HEAP_BYTES);
  const heap = make(new FlatMemory(buffer));
  const live: [offset: number, size: number, align: number][] = [];
  const seen: (number | null)[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const block = random.below(2) === 0
      ? live.splice(random.below(live.length + 1), 1)[0]
      : undefined;
    if (block !== undefined) {
      heap.dealloc(...block);
      continue;
    }
    const size = 8 * (1 + random.below(60));
    const align = 1 << random.below(6);
    const offset = heap.alloc(size, align);
    seen.push(offset);
    if (offset === null) continue;
    new Uint8Array(buffer, offset, size).fill(i);
    live.push([offset, size, align]);
  }
  return digestOf([seen, new Uint8Array(buffer)]);
}

const MEMORY_MAP: readonly MemoryRegion[] = [
  { startFrame: 0x1, endFrame: 0x9f, type: "Usable" },
  { startFrame: 0x9f, endFrame: 0x100, type: "Reserved" },
  { startFrame: 0x100, endFrame: 0x1000, type: "Usable" },
];

function bookFrames(): string {
  const frames = new BootInfoFrameAllocator(MEMORY_MAP);
  const taken = Array.from({ length: 5_000 }, () => frames.allocateFrame());
  return digestOf([taken, frames.state]);
}

function framePool(pool: FramePool & { readonly state: object }): string {
  const random = new Prng(4);
  const live: [Frame, number][] = [];
  const seen: (Frame | string | null)[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const run = random.below(2) === 0
      ? live[random.below(live.length + 1)]
      : undefined;
    if (run === undefined) {
      const count = 1 + random.below(64);
      const first = pool.allocateRun(count, 1 << random.below(8));
      seen.push(first);
      if (first !== null) live.push([first, count]);
    } else seen.push(pool.deallocateRun(...run)?.reason ?? null);
  }
  return digestOf([seen, pool.state]);
}

/** Pages are mapped, translated and unmapped at random. */
function mapper(): string {
  const random = new Prng(5);
  const ram = new Int32Array(1 << 20);
  const memory = {
    load32: (address: number) => ram[address / 4]!,
    store32: (address: number, word: number) => {
      ram[address / 4] = word;
    },
  };
  let free = 2 * SIZE_4_KIB;
  const take = (): Frame => {
    const frame = frameContaining(physAddr(free));
    free += SIZE_4_KIB;
    return frame;
  };
  const frames: FrameAllocator = { allocateFrame: take };
  const root = frameContaining(physAddr(SIZE_4_KIB));
  const tables = new OffsetPageTable(memory, offsetPageTableState(root));
  const seen: (number | string | null)[] = [];
  for (let i = 0; i < OPERATIONS; i++) {
    const address = virtAddr(
      0x4444_4444_0000 + SIZE_4_KIB * random.below(0x4000),
    );
    const page = pageContaining(address);
    const change = random.below(3) === 0
      ? tables.unmap(page)
      : tables.mapTo(page, take(), PTE_P | PTE_RW, frames);
    seen.push(change.reason, tables.translateAddr(address));
    if (change.reason === null) {
      ("flush" in change && typeof change.flush === "object"
        ? change.flush
        : change as { ignore(): void }).ignore();
    }
  }
  return digestOf([seen, ram]);
}

/** Heaps, frame allocators, a mapper. */
export const MEMORY_SCENARIOS: readonly Scenario[] = [
  ...Object.entries(HEAPS).map(([name, make]) => ({
    name: `heap ${name}`,
    run: () => heapTrace(make),
  })),
  { name: "frames of the book", run: bookFrames },
  {
    name: "frames from a bitmap",
    run: () => framePool(new BitmapFrameAllocator(MEMORY_MAP)),
  },
  {
    name: "frames of a buddy allocator",
    run: () => framePool(new BuddyFrameAllocator(MEMORY_MAP)),
  },
  { name: "mapper at an offset", run: mapper },
];
