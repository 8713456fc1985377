// Mutation score of each suite: every planted bug is caught within the default number of scripts, and at least half of
// them get past the book's own tests. The tables are printed on failure, and by `MUTANTS=1 deno test …`.

import { assert, assertEquals } from "@std/assert";
import { permitted } from "../../../dev/permission.ts";
import { checkExecutor } from "../conformance/check_executor.ts";
import { checkFrameAllocator } from "../conformance/check_frame_allocator.ts";
import { checkHeap } from "../conformance/check_heap.ts";
import { checkLock } from "../conformance/check_lock.ts";
import { checkMapper } from "../conformance/check_mapper.ts";
import { PLANTED_FRAMES_LAWS } from "./frame_mutants.ts";
import {
  EXECUTOR_MUTANTS,
  FRAME_MUTANTS,
  HEAP_MUTANTS,
  judgeMutants,
  LOCK_MUTANTS,
  MAPPER_MUTANTS,
  type Mutant,
  passesBookExecutor,
  passesBookFrames,
  passesBookHeap,
  passesBookLock,
  passesBookMapper,
  verdictTable,
} from "./mod.ts";
import { PlantedBlocks } from "./planted_blocks.ts";
import { PlantedExecutor } from "./planted_executor.ts";
import { PlantedFirstFit } from "./planted_first_fit.ts";
import { PlantedFrames } from "./planted_frames.ts";
import { PlantedLock } from "./planted_lock.ts";
import { PlantedMapper } from "./planted_mapper.ts";

const isPrinted = permitted("env") && Deno.env.get("MUTANTS") === "1";

/** Asserts how many there are, and how many pass the book's own tests: docs/writing_an_allocator.md says so. */
function score<M extends Mutant>(
  suite: string,
  mutants: readonly M[],
  passesBook: (mutant: M) => boolean,
  expected: readonly [planted: number, passing: number],
): void {
  const verdicts = judgeMutants(mutants);
  const passes = mutants.map(passesBook);
  const table = verdictTable(suite, verdicts, passes);
  if (isPrinted) console.log(table);
  assert(mutants.length >= 20, table);
  assertEquals(verdicts.filter(({ runs }) => runs === null), [], table);
  const passing = passes.filter((pass) => pass).length;
  assertEquals([mutants.length, passing], expected, table);
  assert(passing >= mutants.length / 2, table);
}

Deno.test("checkHeap() catches every planted bug", () => {
  score("checkHeap", HEAP_MUTANTS, ({ make }) => passesBookHeap(make), [
    32,
    25,
  ]);
});

Deno.test("checkFrameAllocator() catches every planted bug", () => {
  score(
    "checkFrameAllocator",
    FRAME_MUTANTS,
    ({ make }) => passesBookFrames(make),
    [28, 28],
  );
});

Deno.test("checkMapper() catches every planted bug", () => {
  score("checkMapper", MAPPER_MUTANTS, ({ make }) => passesBookMapper(make), [
    33,
    31,
  ]);
});

Deno.test("checkExecutor() catches every planted bug", () => {
  score(
    "checkExecutor",
    EXECUTOR_MUTANTS,
    ({ make }) => passesBookExecutor(make),
    [27, 26],
  );
});

Deno.test("checkLock() catches every planted bug", () => {
  score("checkLock", LOCK_MUTANTS, ({ make }) => passesBookLock(make), [
    28,
    28,
  ]);
});

Deno.test("the planted implementations are healthy without their bugs", () => {
  checkHeap((memory) => new PlantedFirstFit(memory), { findsGaps: 64 });
  checkHeap((memory) => new PlantedBlocks(memory), { merges: false });
  checkFrameAllocator((map) => new PlantedFrames(map), PLANTED_FRAMES_LAWS);
  checkMapper(({ memory, root }) => new PlantedMapper(memory, root));
  checkExecutor((kinds, { env }) => new PlantedExecutor(kinds, env));
  checkLock((env) => new PlantedLock(env));
  assert(passesBookHeap((memory) => new PlantedFirstFit(memory)));
  assert(passesBookHeap((memory) => new PlantedBlocks(memory)));
  assert(passesBookFrames((map) => new PlantedFrames(map)));
  assert(
    passesBookMapper(({ memory, root }) => new PlantedMapper(memory, root)),
  );
  assert(
    passesBookExecutor((kinds, { env }) => new PlantedExecutor(kinds, env)),
  );
  assert(passesBookLock((env) => new PlantedLock(env)));
});
