import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { FirstFitHeap, FlatMemory } from "../../kernel/allocator/first_fit.ts";
import { LinkedListHeap } from "../../kernel/allocator/linked_list.ts";
import { PlantedExecutor } from "../mutants/planted_executor.ts";
import { PlantedFirstFit } from "../mutants/planted_first_fit.ts";
import { PlantedFrames } from "../mutants/planted_frames.ts";
import { PlantedLock } from "../mutants/planted_lock.ts";
import { PlantedMapper } from "../mutants/planted_mapper.ts";
import {
  checkExecutor,
  checkFrameAllocator,
  checkHeap,
  checkLock,
  checkMapper,
  type CheckOptions,
  ConformanceError,
} from "./mod.ts";

const SUITES: Record<string, (options: CheckOptions) => unknown> = {
  checkHeap: (options) =>
    checkHeap(
      (memory) =>
        new PlantedFirstFit(memory, "merges across a block of 16 bytes"),
      options,
    ),
  checkFrameAllocator: (options) =>
    checkFrameAllocator(
      (map) => new PlantedFrames(map, "freeing a run frees its first frame"),
      options,
    ),
  checkMapper: (options) =>
    checkMapper(
      ({ memory, root }) =>
        new PlantedMapper(memory, root, "flushes nothing when it unmaps"),
      options,
    ),
  checkExecutor: (options) =>
    checkExecutor(
      (kinds, { env }) =>
        new PlantedExecutor(
          kinds,
          env,
          "loses a wake that comes during the task's own poll",
        ),
      options,
    ),
  checkLock: (options) =>
    checkLock(
      (env) => new PlantedLock(env, "upgrades beside readers"),
      options,
    ),
};

const failure = (run: () => unknown): ConformanceError =>
  assertThrows(run, ConformanceError) as ConformanceError;

for (const [suite, check] of Object.entries(SUITES)) {
  Deno.test(`${suite}() names law, script, seed and path, and these replay it`, () => {
    const first = failure(() => check({ seed: 3 }));
    assertEquals([first.suite, first.seed], [suite, 3]);
    for (const text of [first.law, first.detail, "seed: 3", first.path]) {
      assertStringIncludes(first.message, text);
    }
    assert(first.operations > 0 && first.operations <= 6, first.message);
    const again = failure(() => check({ seed: 3, path: first.path }));
    assertEquals(again.script, first.script);
    assertEquals(again.law, first.law);
    assertEquals(again.runs, 1);
  });
}

Deno.test("a suite says what a subject throws, with the script that made it", () => {
  const { law, detail, script } = failure(() =>
    checkHeap((memory) => {
      const heap = new FirstFitHeap(memory);
      return {
        alloc: (size, align) => heap.alloc(size, align),
        dealloc() {
          throw new TypeError("not written yet");
        },
      };
    })
  );
  assertEquals(law, "no call throws");
  assertStringIncludes(detail, "TypeError: not written yet");
  assertStringIncludes(script, "heap.dealloc(a!");
});

Deno.test("checkHeap() holds a heap to the laws that are asked for, and no others", () => {
  const make = (memory: ConstructorParameters<typeof LinkedListHeap>[0]) =>
    new LinkedListHeap(memory);
  assertEquals(
    failure(() => checkHeap(make)).law,
    "when all is free, the biggest block can be had again (merges)",
  );
  checkHeap(make, { merges: false, runs: 100 });
});

Deno.test("checkHeap() ends where a list bites its own tail", () => {
  const { law, detail } = failure(() =>
    checkHeap((memory) => ({
      alloc() {
        for (;;) memory.load32(0);
      },
      dealloc() {},
    }))
  );
  assertEquals(law, "memory is used within its bounds");
  assertStringIncludes(detail, "and went on");
});

Deno.test("a suite runs as many scripts as it is told", () => {
  const make = (memory: ConstructorParameters<typeof FirstFitHeap>[0]) =>
    new FirstFitHeap(memory);
  assertEquals(checkHeap(make, { runs: 7 }), 7);
});

Deno.test("checkHeap() tries a heap on a memory of its own", () => {
  const memory = new FlatMemory(new ArrayBuffer(4096));
  checkHeap(() => new FirstFitHeap(memory), { findsGaps: 48, runs: 100 });
  const { script } = failure(() =>
    checkHeap(() => new LinkedListHeap(memory), { runs: 100 })
  );
  assertStringIncludes(script, "// 4096 bytes\n");
});

Deno.test("a suite runs scripts twice, and tells where the results differ", () => {
  let heaps = 0;
  const { law, script } = failure(() =>
    checkHeap((memory) => {
      const heap = new FirstFitHeap(memory);
      heaps += 1;
      if (heaps % 2 === 0) heap.alloc(16, 8); // It remembers the last one.
      return heap;
    }, { merges: false })
  );
  assertEquals(law, "the same calls have the same results");
  assertStringIncludes(script, "heap.alloc(");
});
