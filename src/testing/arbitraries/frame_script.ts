/**
 * Scripts of operations on a frame allocator.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";
import type { MemoryRegion } from "../../hw/memory_map.ts";
import {
  anyMemoryMap,
  type MemoryMapOptions,
  memoryMapText,
} from "./memory_map.ts";
import { anySteps, nameOf } from "./steps.ts";

/** A frame: so many after the one that an allocation gave, or of the map. */
export type FramePlace =
  | {
    /** The number of the allocation. */
    readonly name: number;
    /** Frames after it; may be negative. */
    readonly by: number;
  }
  | {
    /** The number of a frame. */
    readonly number: number;
  };

/** One operation on a frame allocator. */
export type FrameOperation =
  | {
    /** `allocateFrame`. */
    readonly op: "allocate";
    /** Its number. */
    readonly name: number;
  }
  | {
    /** `allocateRun`. */
    readonly op: "allocate-run";
    /** Its number. */
    readonly name: number;
    /** Frames. */
    readonly count: number;
    /** A power of two. */
    readonly align: number;
  }
  | {
    /** `deallocateFrame`. */
    readonly op: "deallocate";
    /** Which frame. */
    readonly frame: FramePlace;
  }
  | {
    /** `deallocateRun`, or `claimRun`. */
    readonly op: "deallocate-run" | "claim";
    /** The first frame. */
    readonly frame: FramePlace;
    /** Frames. */
    readonly count: number;
  };

/** A memory map and what is asked of an allocator over it. */
export class FrameScript {
  /** The memory map. */
  readonly map: readonly MemoryRegion[];
  /** The operations in order. */
  readonly operations: readonly FrameOperation[];

  /**
   * Makes a script.
   *
   * @param map The memory map.
   * @param operations The operations in order.
   */
  constructor(
    map: readonly MemoryRegion[],
    operations: readonly FrameOperation[],
  ) {
    this.map = map;
    this.operations = operations;
  }

  /** The script as code, for a function `make` of the map. */
  toString(): string {
    return [
      `const frames = make(${memoryMapText(this.map)});`,
      ...this.operations.map(frameOperationText),
    ].join("\n");
  }
}

function placeText(place: FramePlace): string {
  if ("number" in place) return `${place.number} * 4096 as Frame`;
  const { name, by } = place;
  const plus = by === 0 ? "" : ` ${by < 0 ? "-" : "+"} ${Math.abs(by)} * 4096`;
  return `${nameOf(name)}!${plus} as Frame`;
}

/**
 * An operation as code.
 *
 * @param operation The operation.
 * @returns A line.
 */
export function frameOperationText(operation: FrameOperation): string {
  switch (operation.op) {
    case "allocate":
      return `const ${nameOf(operation.name)} = frames.allocateFrame();`;
    case "allocate-run": {
      const { name, count, align } = operation;
      return `const ${nameOf(name)} = frames.allocateRun(${count}, ${align});`;
    }
    case "deallocate":
      return `frames.deallocateFrame(${placeText(operation.frame)});`;
    case "deallocate-run":
      return `frames.deallocateRun(${
        placeText(operation.frame)
      }, ${operation.count});`;
    case "claim":
      return `frames.claimRun(${
        placeText(operation.frame)
      }, ${operation.count});`;
  }
}

/** What scripts are drawn. */
export interface FrameScriptOptions extends MemoryMapOptions {
  /** Operations at most; 60 by default. */
  readonly lengthMax?: number;
  /** Whether frames are given back; by default they are. */
  readonly frees?: boolean;
  /** Whether wrong frames are given back, too; by default they are. */
  readonly wrong?: boolean;
  /** Whether runs are asked for; by default not. */
  readonly runs?: boolean;
  /** Whether frames are claimed; by default not. */
  readonly claims?: boolean;
}

/** A frame before the script knows its names. */
type DraftPlace =
  | { readonly ago: number; readonly by: number }
  | { readonly number: number };

type Draft =
  | { readonly op: "allocate"; readonly times: number }
  | {
    readonly op: "allocate-run";
    readonly count: number;
    readonly align: number;
  }
  | { readonly op: "deallocate"; readonly at: DraftPlace }
  | {
    readonly op: "deallocate-run" | "claim";
    readonly at: DraftPlace;
    readonly count: number;
  };

/** Places that are no longer named are frames of the map, whoever has them. */
function named(
  map: readonly MemoryRegion[],
  drafts: readonly Draft[],
): FrameScript {
  const operations: FrameOperation[] = [];
  let names = 0;
  const first = Math.max(0, (map[0]?.startFrame ?? 0) - 3);
  const place = (at: DraftPlace): FramePlace => {
    if ("number" in at) return { number: first + at.number };
    if (names === 0) return { number: first + at.ago };
    return { name: names - 1 - at.ago % names, by: at.by };
  };
  for (const draft of drafts) {
    if (draft.op === "allocate") {
      for (let i = 0; i < draft.times; i++) {
        operations.push({ op: "allocate", name: names++ });
      }
    } else if (draft.op === "allocate-run") {
      operations.push({ ...draft, name: names++ });
    } else if (draft.op === "deallocate") {
      operations.push({ op: "deallocate", frame: place(draft.at) });
    } else {
      const { op, at, count } = draft;
      operations.push({ op, frame: place(at), count });
    }
  }
  return new FrameScript(map, operations);
}

/**
 * Scripts for frame allocators.
 *
 * @param options What is drawn.
 * @returns Scripts.
 */
export function anyFrameScript(
  options: FrameScriptOptions = {},
): Arbitrary<FrameScript> {
  const { lengthMax = 60, frees = true, wrong = true } = options;
  const count = fc.oneof(
    fc.constantFrom(1, 2, 4, 8, 16),
    fc.integer({ min: 1, max: 20 }),
  );
  const ago = fc.oneof(fc.nat(2), fc.nat(40));
  const strange: Arbitrary<DraftPlace> = fc.oneof(
    fc.record({ ago, by: fc.integer({ min: -2, max: 3 }) }),
    fc.record({ number: fc.nat(120) }),
  );
  const at = fc.oneof(
    { weight: 3, arbitrary: fc.record({ ago, by: fc.constant(0) }) },
    ...(wrong ? [{ weight: 1, arbitrary: strange }] : []),
  );
  const steps: fc.WeightedArbitrary<Draft>[] = [{
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("allocate" as const),
      times: fc.oneof(
        { weight: 4, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }) },
      ),
    }),
  }];
  if (frees) {
    const op = fc.constant("deallocate" as const);
    steps.push({ weight: 4, arbitrary: fc.record({ op, at }) });
  }
  if (options.runs) {
    const op = fc.constant("deallocate-run" as const);
    steps.push(
      {
        weight: 3,
        arbitrary: fc.record({
          op: fc.constant("allocate-run" as const),
          count,
          align: fc.constantFrom(1, 1, 2, 4, 8, 16),
        }),
      },
      { weight: 3, arbitrary: fc.record({ op, at, count }) },
    );
  }
  if (options.claims) {
    const op = fc.constant("claim" as const);
    const place = fc.oneof(strange, fc.record({ number: fc.nat(60) }));
    steps.push({ weight: 2, arbitrary: fc.record({ op, at: place, count }) });
  }
  return fc.tuple(
    anyMemoryMap(options),
    anySteps(fc.oneof(...steps), lengthMax),
  ).map(([map, drafts]) => named(map, drafts));
}
