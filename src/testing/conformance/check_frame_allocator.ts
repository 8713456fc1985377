/**
 * The suite for frame allocators: random maps and scripts against a set of
 * numbers.
 *
 * @module
 */

import type { MemoryRegion } from "../../hw/memory_map.ts";
import type { Frame } from "../../hw/page.ts";
import type {
  FrameAllocator,
  FramePool,
} from "../../kernel/memory/frames/frame_allocator.ts";
import {
  anyFrameScript,
  type FrameOperation,
  frameOperationText,
  type FramePlace,
  type FrameScript,
} from "../arbitraries/frame_script.ts";
import { memoryMapText } from "../arbitraries/memory_map.ts";
import { FrameModel, type ModelRefusal } from "../models/frame_model.ts";
import {
  type CheckOptions,
  expectLaw,
  runSuite,
  Transcript,
} from "./report.ts";

/** Scripts that {@linkcode checkFrameAllocator} runs by default. */
export const FRAME_RUNS = 500;

/** What a frame allocator promises. */
export interface FrameCheckOptions extends CheckOptions {
  /**
   * The lowest free frame, or run, is given. By default nobody promises.
   */
  readonly lowest?: boolean;
  /** A free frame is given as long as there is one; by default it is. */
  readonly givesAll?: boolean;
  /**
   * Giving back what is free, or was never owned, is refused with its reason
   * and changes nothing; by default it is. Without it, nobody does so.
   */
  readonly refuses?: boolean;
  /**
   * A run is refused only if there is none, and `stats` knows the longest one. By
   * default nobody promises: buddies find some of them.
   */
  readonly findsRuns?: boolean;
  /** Regions of the map overlap now and then; by default they don't. */
  readonly overlaps?: boolean;
  /** Operations of a script at most; 60 by default. */
  readonly operationsMax?: number;
}

/** A frame allocator: what it has beside `allocateFrame` is checked, too. */
export type CheckedFrames = FrameAllocator & Partial<FramePool>;

/** Makes an allocator of a map in which nothing is in use. */
export type MakeCheckedFrames = (map: readonly MemoryRegion[]) => CheckedFrames;

/**
 * Checks a frame allocator. What it has of `FramePool`'s methods is called:
 * giving back, runs, claims, figures.
 *
 * @param make Makes a fresh one over a map.
 * @param options What it promises.
 * @returns Scripts that were run.
 * @throws {ConformanceError} If it breaks a law.
 *
 * @example
 * ```ts
 * import { checkFrameAllocator } from "@lockstep/kernel/testing";
 * import { BitmapFrameAllocator, BootInfoFrameAllocator } from "@lockstep/kernel/frames";
 *
 * checkFrameAllocator((map) => new BootInfoFrameAllocator(map), { runs: 50 });
 * checkFrameAllocator((map) => new BitmapFrameAllocator(map), {
 *   lowest: true,
 *   findsRuns: true,
 *   runs: 50,
 * });
 * ```
 */
export function checkFrameAllocator(
  make: MakeCheckedFrames,
  options: FrameCheckOptions = {},
): number {
  const probe = make([]);
  const scripts = anyFrameScript({
    lengthMax: options.operationsMax ?? 60,
    overlaps: options.overlaps ?? false,
    wrong: options.refuses ?? true,
    frees: probe.deallocateFrame !== undefined,
    runs: probe.allocateRun !== undefined && probe.deallocateRun !== undefined,
    claims: probe.claimRun !== undefined,
  });
  return runSuite(
    "checkFrameAllocator",
    scripts,
    (script, transcript) => {
      transcript.note(`const frames = make(${memoryMapText(script.map)});`);
      new FrameRun(make(script.map), script, options, transcript).run();
    },
    options,
    FRAME_RUNS,
  );
}

/** One allocator, one script. */
class FrameRun {
  readonly #frames: CheckedFrames;
  readonly #script: FrameScript;
  readonly #options: FrameCheckOptions;
  readonly #transcript: Transcript;
  readonly #model: FrameModel;
  /** First frames by name: numbers, −1 where refused. */
  readonly #names: number[] = [];
  #allocations = 0;
  #frees = 0;
  #refusals = 0;

  constructor(
    frames: CheckedFrames,
    script: FrameScript,
    options: FrameCheckOptions,
    transcript: Transcript,
  ) {
    this.#frames = frames;
    this.#script = script;
    this.#options = options;
    this.#transcript = transcript;
    this.#model = new FrameModel(script.map);
  }

  run(): void {
    for (const operation of this.#script.operations) {
      this.#operation(operation);
      if (this.#frames.stats !== undefined) this.#figures();
    }
    this.#drain();
  }

  #operation(operation: FrameOperation): void {
    if (operation.op === "allocate") {
      this.#transcript.call(frameOperationText(operation));
      const frame = this.#frames.allocateFrame();
      this.#names[operation.name] = this.#taken(frame, 1, 1);
    } else if (operation.op === "allocate-run") {
      const { name, count, align } = operation;
      this.#transcript.call(frameOperationText(operation));
      const frame = this.#frames.allocateRun!(count, align);
      this.#names[name] = this.#taken(frame, count, align);
    } else {
      const first = this.#numberOf(operation.frame);
      if (first === null) return;
      this.#back(operation, first);
    }
  }

  /** A frame's number; `null` where the allocation was refused. */
  #numberOf(place: FramePlace): number | null {
    if ("number" in place) return place.number;
    const first = this.#names[place.name] ?? -1;
    return first < 0 || first + place.by < 0 ? null : first + place.by;
  }

  #taken(
    frame: Frame | null,
    count: number,
    align: number,
    transcript: Transcript = this.#transcript,
  ): number {
    const model = this.#model;
    const what = count === 1 && align === 1
      ? "a frame"
      : `a run of ${count} aligned to ${align}`;
    if (frame === null) {
      transcript.result("null");
      this.#refusals += 1;
      this.#refused(count, align);
      return -1;
    }
    const first = frame / 4096;
    transcript.result(`frame ${first}`);
    expectLaw(
      Number.isSafeInteger(first) && first >= 0 && first < 2 ** 40,
      "a frame is an address that is a multiple of 4096",
      () => `${what} at ${String(frame)}`,
    );
    for (let n = first; n < first + count; n++) {
      expectLaw(
        model.isOwn(n),
        "a frame lies in a usable region",
        () => `frame ${n} is not the kernel's`,
      );
      expectLaw(
        !model.used.has(n),
        "no frame is in use twice",
        () => `frame ${n} is in use already`,
      );
    }
    expectLaw(
      first % align === 0,
      "a run is aligned",
      () => `${what} begins with frame ${first}`,
    );
    if (this.#options.lowest) {
      const lowest = model.lowest(count, align);
      expectLaw(
        first === lowest,
        "the lowest free frame, or run, is given (lowest)",
        () => `frame ${first} is given, and ${lowest} would do`,
      );
    }
    model.take(first, count);
    this.#allocations += count;
    for (let n = first; n < first + count; n++) this.#isAllocated(n);
    return first;
  }

  #refused(count: number, align: number): void {
    const { givesAll = true, findsRuns = false } = this.#options;
    const single = count === 1 && align === 1;
    if (single ? !givesAll : !findsRuns) return;
    const there = this.#model.lowest(count, align);
    expectLaw(
      there < 0,
      single
        ? "a frame is given as long as one is free (givesAll)"
        : "a run is given if there is one (findsRuns)",
      () => `it is refused, and frame ${there} is free`,
    );
  }

  #back(
    operation: Extract<FrameOperation, { readonly frame: FramePlace }>,
    first: number,
  ): void {
    const { op } = operation;
    const count = "count" in operation ? operation.count : 1;
    const frame = first * 4096 as Frame;
    const { refuses = true } = this.#options;
    const [model, frames] = [this.#model, this.#frames];
    // Without refusals nobody gives back what is not in use.
    if (!refuses && !this.#inUse(first, count)) return;
    this.#transcript.call(frameOperationText(
      { ...operation, frame: { number: first } },
    ));
    const got = op === "claim"
      ? frames.claimRun!(frame, count)
      : op === "deallocate"
      ? frames.deallocateFrame!(frame)
      : frames.deallocateRun!(frame, count);
    this.#transcript.result(
      got === null ? "null" : `${got.reason}, frame ${got.frame / 4096}`,
    );
    const expected = op === "claim"
      ? model.claim(first, count)
      : model.give(first, count);
    this.#agree(got, expected);
    if (expected !== null) this.#refusals += 1;
    else if (op === "claim") this.#allocations += count;
    else this.#frees += count;
    for (let n = first; n < first + count; n++) this.#isAllocated(n);
  }

  #inUse(first: number, count: number): boolean {
    for (let n = first; n < first + count; n++) {
      if (!this.#model.used.has(n)) return false;
    }
    return true;
  }

  #agree(
    got: { readonly reason: string; readonly frame: number } | null,
    expected: ModelRefusal | null,
  ): void {
    expectLaw(
      (got === null) === (expected === null),
      expected === null
        ? "what may be given back, or claimed, is taken"
        : "what may not be given back, or claimed, is refused (refuses)",
      () =>
        expected === null
          ? `it is refused: ${got!.reason}`
          : `it is taken; ${expected.reason} is true of frame ${expected.frame}`,
    );
    if (got === null || expected === null) return;
    const frame = got.frame / 4096;
    expectLaw(
      got.reason === expected.reason && frame === expected.frame,
      "a refusal says why, and which frame is at fault (refuses)",
      () =>
        `${got.reason}, frame ${frame}; ` +
        `it is ${expected.reason}, frame ${expected.frame}`,
    );
  }

  #isAllocated(n: number): void {
    const { isAllocated } = this.#frames;
    if (isAllocated === undefined) return;
    const is = isAllocated.call(this.#frames, n * 4096 as Frame);
    expectLaw(
      is === this.#model.used.has(n),
      "isAllocated tells what is in use",
      () => `of frame ${n} it says ${is}`,
    );
  }

  #figures(): void {
    const model = this.#model;
    const stats = this.#frames.stats!();
    const { largestRun, ...figures } = stats;
    const expected: Record<string, number> = {
      total: model.own.length,
      free: model.own.length - model.used.size,
      allocated: model.used.size,
      allocations: this.#allocations,
      frees: this.#frees,
      refusals: this.#refusals,
    };
    for (const [name, value] of Object.entries(figures)) {
      expectLaw(
        value === expected[name],
        "stats tells the truth",
        () => `${name} is ${value}, and should be ${expected[name]}`,
      );
    }
    const longest = model.longest();
    const exact = this.#options.findsRuns ?? false;
    expectLaw(
      exact ? largestRun === longest : largestRun <= longest,
      "stats tells the truth",
      () => `largestRun is ${largestRun}, the longest one has ${longest}`,
    );
  }

  /** In the end all frames can be had, one by one, and no more. */
  #drain(): void {
    const drain = new Transcript();
    this.#transcript.call("while (frames.allocateFrame() !== null) {}");
    for (let left = this.#model.free.length; left >= 0; left--) {
      if (this.#taken(this.#frames.allocateFrame(), 1, 1, drain) < 0) return;
    }
  }
}
