// Everything of src/kernel passes its suite. FC_RUNS says how many scripts; a release is tried with 10,000.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BuddyHeap,
  BumpHeap,
  CheckedHeap,
  FirstFitHeap,
  FixedSizeBlockHeap,
  IndexedFirstFitHeap,
  LinkedListHeap,
  TlsfHeap,
} from "../../kernel/allocator/mod.ts";
import {
  BitmapFrameAllocator,
  BootInfoFrameAllocator,
  BuddyFrameAllocator,
  EmptyFrameAllocator,
} from "../../kernel/memory/frames.ts";
import {
  MappedPageTable,
  mappedPageTableState,
  OffsetPageTable,
  offsetPageTableState,
  RecursivePageTable,
  recursivePageTableState,
} from "../../kernel/memory/mappers.ts";
import { RwLock, SpinMutex } from "../../kernel/sync/mod.ts";
import {
  BookExecutor,
  Executor,
  SimpleExecutor,
  TaskIds,
} from "../../kernel/task/mod.ts";
import {
  checkExecutor,
  checkFrameAllocator,
  checkHeap,
  checkLock,
  checkMapper,
  type ExecutorCheckOptions,
  type FrameCheckOptions,
  type HeapCheckOptions,
  type LockCheckOptions,
  type MakeCheckedExecutor,
  type MakeCheckedFrames,
  type MakeCheckedHeap,
  type MakeCheckedLock,
  type MakeCheckedMapper,
  type MapperCheckOptions,
} from "./mod.ts";

/** Scripts for each; more where fast-check is told so. */
const GLOBAL = fc.readConfigureGlobal()?.numRuns ?? 100;
const runs = GLOBAL > 100 ? GLOBAL : 200;

const HEAPS: Record<string, readonly [MakeCheckedHeap, HeapCheckOptions]> = {
  FirstFitHeap: [(memory) => new FirstFitHeap(memory), { findsGaps: 48 }],
  "FirstFitHeap 0.10.5": [
    (memory) => new FirstFitHeap(memory, { version: "0.10.5" }),
    { findsGaps: 64 },
  ],
  IndexedFirstFitHeap: [
    (memory) => new IndexedFirstFitHeap(memory),
    { findsGaps: 48 },
  ],
  TlsfHeap: [(memory) => new TlsfHeap(memory), {}],
  BuddyHeap: [(memory) => new BuddyHeap(memory), {}],
  BumpHeap: [(memory) => new BumpHeap(memory), { reuses: false }],
  LinkedListHeap: [(memory) => new LinkedListHeap(memory), { merges: false }],
  FixedSizeBlockHeap: [
    (memory) => new FixedSizeBlockHeap(new FirstFitHeap(memory)),
    { merges: false },
  ],
};

for (const [name, [make, laws]] of Object.entries(HEAPS)) {
  Deno.test(`checkHeap() finds nothing in ${name}`, () => {
    const options = { ...laws, checksArguments: true, runs };
    assertEquals(checkHeap(make, options), runs);
    assertEquals(checkHeap(make, { ...options, flat: true }), runs);
  });
}

Deno.test("checkHeap() finds nothing in CheckedHeap, which frees later", () => {
  checkHeap((memory) => new CheckedHeap(new FirstFitHeap(memory)), {
    frees: false,
    runs,
  });
});

const FRAMES: Record<string, readonly [MakeCheckedFrames, FrameCheckOptions]> =
  {
    BitmapFrameAllocator: [(map) => new BitmapFrameAllocator(map), {
      lowest: true,
      findsRuns: true,
      overlaps: true,
    }],
    BuddyFrameAllocator: [
      (map) => new BuddyFrameAllocator(map),
      { overlaps: true },
    ],
    BootInfoFrameAllocator: [
      (map) => new BootInfoFrameAllocator(map),
      { lowest: true },
    ],
    EmptyFrameAllocator: [() => new EmptyFrameAllocator(), { givesAll: false }],
  };

for (const [name, [make, laws]] of Object.entries(FRAMES)) {
  Deno.test(`checkFrameAllocator() finds nothing in ${name}`, () => {
    assertEquals(checkFrameAllocator(make, { ...laws, runs }), runs);
  });
}

const MAPPERS: Record<
  string,
  readonly [MakeCheckedMapper, MapperCheckOptions]
> = {
  OffsetPageTable: [
    ({ memory, root }) =>
      new OffsetPageTable(memory, offsetPageTableState(root)),
    {},
  ],
  MappedPageTable: [
    ({ memory, root }) =>
      new MappedPageTable(memory, (frame) => frame, mappedPageTableState(root)),
    {},
  ],
  RecursivePageTable: [
    ({ virtual, root, recursiveIndex, mapRecursively }) => {
      mapRecursively();
      const state = recursivePageTableState(recursiveIndex, root);
      return new RecursivePageTable(virtual, state);
    },
    { alwaysParentFlags: 3, trustsParents: true },
  ],
};

for (const [name, [make, laws]] of Object.entries(MAPPERS)) {
  Deno.test(`checkMapper() finds nothing in ${name}`, () => {
    // Each script walks all tables: fewer, unless more are asked for.
    checkMapper(make, { ...laws, runs: GLOBAL > 100 ? runs : 60 });
  });
}

const EXECUTORS: Record<
  string,
  readonly [MakeCheckedExecutor, ExecutorCheckOptions]
> = {
  "Executor on a host": [(kinds) => new Executor(kinds), {}],
  "Executor on a CPU": [(kinds, { env }) => new Executor(kinds, { env }), {}],
  "Executor with statistics": [
    (kinds) => new Executor(kinds, { statistics: true }),
    {},
  ],
  BookExecutor: [
    (kinds, { env, idle }) => {
      const executor = new BookExecutor(kinds, { env, idle });
      const ids = new TaskIds();
      return {
        spawn(future) {
          const task = ids.task(future);
          executor.spawn(task);
          return task.id;
        },
        wake: (waker) => executor.wake(waker),
        runUntilIdle: (max) => executor.runReadyTasks(max),
        sleepIfIdle: () => executor.sleepIfIdle(),
      };
    },
    { once: false },
  ],
  SimpleExecutor: [
    (kinds) => {
      const executor = new SimpleExecutor(kinds);
      const ids = new TaskIds();
      return {
        spawn(future) {
          const task = ids.task(future);
          executor.spawn(task);
          return task.id;
        },
        wake() {},
        runUntilIdle: (max) => executor.run(max),
      };
    },
    { onlyWoken: false },
  ],
};

for (const [name, [make, laws]] of Object.entries(EXECUTORS)) {
  Deno.test(`checkExecutor() finds nothing in ${name}`, () => {
    assertEquals(checkExecutor(make, { ...laws, runs }), runs);
  });
}

const LOCKS: Record<string, readonly [MakeCheckedLock, LockCheckOptions]> = {
  SpinMutex: [(env) => new SpinMutex(env, "MUTEX", 0), {}],
  RwLock: [(env) => {
    const lock = new RwLock(env, "RW_LOCK", 0);
    return {
      tryLock: () => lock.tryWrite(),
      unlock: () => lock.unlockWrite(),
      lock: () => lock.write(),
      withLock: (fn) => lock.withWrite(fn),
      tryRead: () => lock.tryRead(),
      unlockRead: () => lock.unlockRead(),
      tryUpgradeableRead: () => lock.tryUpgradeableRead(),
      unlockUpgradeable: () => lock.unlockUpgradeable(),
      tryUpgrade: () => lock.tryUpgrade(),
      downgrade: () => lock.downgrade(),
    };
  }, {}],
};

for (const [name, [make, laws]] of Object.entries(LOCKS)) {
  Deno.test(`checkLock() finds nothing in ${name}`, () => {
    assertEquals(checkLock(make, { ...laws, runs }), runs);
  });
}
