/**
 * Scripts of heap operations, and layouts.
 *
 * A freed block is named by how long ago it was taken, so that a script means
 * the same when steps before it are left out.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";
import type { Layout } from "../../kernel/allocator/layout.ts";
import { anySteps, nameOf } from "./steps.ts";

/** A block by the number of the allocation that made it. */
export type BlockName = number;

/** One operation on a heap. A name whose allocation was refused is passed over. */
export type HeapOperation =
  | {
    /** `alloc`, or `allocZeroed`. */
    readonly op: "alloc" | "zeroed";
    /** The block's name. */
    readonly name: BlockName;
    /** Bytes. */
    readonly size: number;
    /** A power of two. */
    readonly align: number;
  }
  | {
    /** `dealloc`. */
    readonly op: "free";
    /** Which block. */
    readonly name: BlockName;
    /** As it was allocated. */
    readonly size: number;
    /** As it was allocated. */
    readonly align: number;
  }
  | {
    /** `realloc`; the block keeps its name. */
    readonly op: "realloc";
    /** Which block. */
    readonly name: BlockName;
    /** Bytes it has. */
    readonly size: number;
    /** As it was allocated. */
    readonly align: number;
    /** Bytes it shall have. */
    readonly newSize: number;
  }
  | {
    /** Takes a block and frees it at once, `times` times. */
    readonly op: "churn";
    /** Bytes. */
    readonly size: number;
    /** A power of two. */
    readonly align: number;
    /** How often. */
    readonly times: number;
  }
  | {
    /** `alloc` with what is no size or no alignment. */
    readonly op: "wrong";
    /** Bytes, perhaps. */
    readonly size: number;
    /** A power of two, perhaps. */
    readonly align: number;
  };

/** A script that a heap runs. */
export class HeapScript {
  /** The operations in order. */
  readonly operations: readonly HeapOperation[];

  /**
   * Makes a script.
   *
   * @param operations The operations in order.
   */
  constructor(operations: readonly HeapOperation[]) {
    this.operations = operations;
  }

  /** The script as code, for a heap called `heap`. */
  toString(): string {
    return this.operations.map(heapOperationText).join("\n");
  }
}

/**
 * An operation as code.
 *
 * @param operation The operation.
 * @returns A line; one that frees what may have been refused asks first.
 */
export function heapOperationText(operation: HeapOperation): string {
  const { op, size, align } = operation;
  if (op === "wrong") return `heap.alloc(${size}, ${align});`;
  if (op === "churn") {
    return `for (let i = 0; i < ${operation.times}; i++) ` +
      `heap.dealloc(heap.alloc(${size}, ${align})!, ${size}, ${align});`;
  }
  const name = nameOf(operation.name);
  const free = `if (${name} !== null) heap.`;
  switch (op) {
    case "alloc":
      return `let ${name} = heap.alloc(${size}, ${align});`;
    case "zeroed":
      return `let ${name} = heap.allocZeroed(${size}, ${align});`;
    case "free":
      return `${free}dealloc(${name}, ${size}, ${align});`;
    case "realloc":
      return `if (${name} !== null) ${name} = ` +
        `heap.realloc(${name}, ${size}, ${align}, ${operation.newSize}) ?? ${name};`;
  }
}

/** Limits of what is drawn. */
export interface HeapScriptOptions {
  /** Operations at most; 40 by default. */
  readonly lengthMax?: number;
  /** Bytes of a block at most; 1,000 by default. */
  readonly sizeMax?: number;
  /** The greatest alignment; 256 by default. */
  readonly alignMax?: number;
  /** Whether `realloc` and `allocZeroed` are called, too; by default not. */
  readonly whole?: boolean;
  /** Whether wrong requests are made, too; by default not. */
  readonly wrong?: boolean;
}

/**
 * Layouts: mostly small, and sizes beside a power of two often.
 *
 * @param sizeMax Bytes at most; 1,000 by default.
 * @param alignMax The greatest alignment; 256 by default.
 * @returns Layouts of 1 byte or more.
 */
export function anyLayout(
  sizeMax: number = 1000,
  alignMax: number = 256,
): Arbitrary<Layout> {
  const powers = Array.from({ length: 31 }, (_, i) => 2 ** i)
    .filter((power) => power <= alignMax);
  const small = powers.filter((power) => power <= 16);
  return fc.record({
    size: anySize(sizeMax),
    align: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...small) },
      { weight: 1, arbitrary: fc.constantFrom(...powers) },
    ),
  });
}

/** Sizes that are tried first when a size shrinks: those at which heaps turn. */
const PLAIN_SIZES = [1, 2, 4, 8, 9, 16, 17, 24, 25, 32, 33, 48, 64, 65, 128];

/**
 * Sizes whose failures are often a matter of rounding: halving, as for other
 * numbers, would miss the small ones.
 */
class SizeArbitrary extends fc.Arbitrary<number> {
  readonly #drawn: fc.Arbitrary<number>;

  constructor(drawn: fc.Arbitrary<number>) {
    super();
    this.#drawn = drawn;
  }

  override generate(
    random: fc.Random,
    bias: number | undefined,
  ): fc.Value<number> {
    return new fc.Value(this.#drawn.generate(random, bias).value, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is number {
    return typeof value === "number";
  }

  override shrink(value: number): fc.Stream<fc.Value<number>> {
    const less = [...PLAIN_SIZES, value >> 1, value - 16, value - 8, value - 1]
      .filter((size) => size >= 1 && size < value)
      .sort((a, b) => a - b);
    return fc.stream([...new Set(less)].values())
      .map((size) => new fc.Value(size, undefined));
  }
}

function anySize(sizeMax: number): Arbitrary<number> {
  const upTo = (max: number) =>
    fc.integer({ min: 1, max: Math.min(max, sizeMax) });
  const drawn = fc.oneof(
    { weight: 4, arbitrary: upTo(64) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.nat(10), fc.integer({ min: -1, max: 1 }))
        .map(([order, by]) => Math.min(sizeMax, Math.max(1, 2 ** order + by))),
    },
    { weight: 2, arbitrary: upTo(300) },
    { weight: 1, arbitrary: upTo(sizeMax) },
  );
  return new SizeArbitrary(drawn);
}

/** Sizes that no heap of a test has. */
const HUGE = [2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 8, 2 ** 40];

/** Requests that are none. */
const WRONG: readonly Layout[] = [
  { size: 0, align: 8 },
  { size: -8, align: 8 },
  { size: 1.5, align: 8 },
  { size: NaN, align: 1 },
  { size: 8, align: 0 },
  { size: 8, align: 3 },
  { size: 8, align: -8 },
  { size: 8, align: 2.5 },
];

/** A step whose blocks are not named yet. */
type Draft =
  | { readonly op: "alloc" | "zeroed" | "wrong"; readonly layout: Layout }
  | { readonly op: "free" | "again"; readonly ago: number }
  | { readonly op: "realloc"; readonly ago: number; readonly newSize: number }
  | { readonly op: "churn"; readonly layout: Layout; readonly times: number };

/** What is not freed yet. */
interface Named extends Layout {
  readonly name: BlockName;
}

/** Gives names: `ago` counts back from the block taken last. */
function named(drafts: readonly Draft[]): HeapScript {
  const live: Named[] = [];
  const operations: HeapOperation[] = [];
  let names = 0;
  const take = (op: "alloc" | "zeroed", { size, align }: Layout): void => {
    const block = { name: names++, size, align };
    live.push(block);
    operations.push({ op, ...block });
  };
  for (const draft of drafts) {
    if ("layout" in draft) {
      const { op, layout } = draft;
      if ("times" in draft) {
        operations.push({ op: "churn", ...layout, times: draft.times });
      } else if (op === "alloc" || op === "zeroed") take(op, layout);
      else operations.push({ op: "wrong", ...layout });
      continue;
    }
    if (live.length === 0) continue;
    const at = live.length - 1 - draft.ago % live.length;
    const block = live[at]!;
    if ("newSize" in draft) {
      const { op, newSize } = draft;
      operations.push({ op, ...block, newSize });
      live[at] = { ...block, size: newSize };
    } else {
      live.splice(at, 1);
      operations.push({ op: "free", ...block });
      if (draft.op === "again") take("alloc", block);
    }
  }
  return new HeapScript(operations);
}

/**
 * Allocation traces that shrink to a few operations.
 *
 * @param options Limits.
 * @returns Scripts.
 *
 * @example
 * ```ts
 * import { anyHeapScript } from "@lockstep/kernel/testing";
 * import { assertMatch } from "@std/assert";
 * import fc from "fast-check";
 *
 * const [script] = fc.sample(anyHeapScript(), { numRuns: 1, seed: 7 });
 * assertMatch(`${script}`, /^let a = heap\.alloc\(\d+, \d+\);$/m);
 * ```
 */
export function anyHeapScript(
  options: HeapScriptOptions = {},
): Arbitrary<HeapScript> {
  const { lengthMax = 40, sizeMax = 1000, alignMax = 256 } = options;
  const layout = anyLayout(sizeMax, alignMax);
  const ago = fc.oneof(fc.nat(2), fc.nat(40));
  const steps: fc.MaybeWeightedArbitrary<Draft>[] = [
    {
      weight: 9,
      arbitrary: fc.record({ op: fc.constant("alloc" as const), layout }),
    },
    {
      weight: 7,
      arbitrary: fc.record({ op: fc.constant("free" as const), ago }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant("again" as const), ago }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("alloc" as const),
        layout: fc.record({
          size: fc.constantFrom(...HUGE),
          align: fc.constantFrom(1, 8),
        }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("churn" as const),
        layout,
        times: fc.integer({ min: 1, max: 80 }),
      }),
    },
  ];
  if (options.whole) {
    steps.push(
      fc.record({
        op: fc.constant("realloc" as const),
        ago,
        newSize: anySize(sizeMax),
      }),
      fc.record({ op: fc.constant("zeroed" as const), layout }),
    );
  }
  if (options.wrong) {
    steps.push(fc.record({
      op: fc.constant("wrong" as const),
      layout: fc.constantFrom(...WRONG),
    }));
  }
  return anySteps(fc.oneof(...steps), lengthMax).map(named);
}
