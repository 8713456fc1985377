/**
 * When interrupts arrive: input logs for a machine.
 *
 * @module
 */

import fc from "fast-check";
import type { Input } from "../../hw/input_log.ts";
import type { Arbitrary } from "./arbitrary.ts";
import { anySteps } from "./steps.ts";

/** What the world does to a machine. */
export class InputScript {
  /** Entries for `Machine.addInputs`, by clk. */
  readonly inputs: readonly Input[];

  /**
   * Makes a script.
   *
   * @param inputs Entries, by clk.
   */
  constructor(inputs: readonly Input[]) {
    this.inputs = inputs;
  }

  /** The script as code, for a `machine`. */
  toString(): string {
    const rows = this.inputs.map((input) => {
      const fields = Object.entries(input).map(([name, value]) =>
        `${name}: ${JSON.stringify(value)}`
      );
      return `  { ${fields.join(", ")} },`;
    });
    return ["machine.addInputs([", ...rows, "]);"].join("\n");
  }
}

/** What logs are drawn. */
export interface InputScriptOptions {
  /** The first clk at which something may come; 1 by default. */
  readonly from?: number;
  /** The last one; 2,000,000 clks later by default. */
  readonly to?: number;
  /** Entries at most; 12 by default. */
  readonly lengthMax?: number;
  /** Sources; by default all but `nmi`, which few kernels survive. */
  readonly sources?: readonly Input["source"][];
  /** Clks near which something often comes: where a kernel is just about to. */
  readonly near?: readonly number[];
}

/**
 * Interrupt arrivals. Each entry has a clk of its own, which stays when others
 * are left out.
 *
 * @param options What is drawn.
 * @returns Logs.
 *
 * @example
 * ```ts
 * import { anyInputs } from "@lockstep/kernel/testing";
 * import { kernel, Machine } from "@lockstep/kernel";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(anyInputs(), ({ inputs }) => {
 *   const machine = new Machine({ program: kernel });
 *   machine.addInputs(inputs);
 *   return machine.run({ clkMax: 3_000_000 }).reason === "limit";
 * }), { numRuns: 5 });
 * ```
 */
export function anyInputs(
  options: InputScriptOptions = {},
): Arbitrary<InputScript> {
  const { from = 1, lengthMax = 12, near = [] } = options;
  const { to = from + 2_000_000 } = options;
  const { sources = ["key", "serial", "delay"] } = options;
  const anywhere = fc.integer({ min: from, max: to });
  const clk = near.length === 0 ? anywhere : fc.oneof(
    anywhere,
    fc.tuple(fc.constantFrom(...near), fc.integer({ min: -8, max: 8 }))
      .map(([at, by]) => Math.min(to, Math.max(from, at + by))),
  );
  const drawn: Record<Input["source"], Arbitrary<Input>> = {
    key: fc.record({
      clk,
      source: fc.constant("key" as const),
      data: fc.oneof(fc.constantFrom(0x1c, 0xf0, 0xe0, 0x12), fc.nat(255)),
    }),
    serial: fc.record({
      clk,
      source: fc.constant("serial" as const),
      data: fc.nat(255),
    }),
    nmi: fc.record({ clk, source: fc.constant("nmi" as const) }),
    delay: fc.record({
      clk,
      source: fc.constant("delay" as const),
      alarm: fc.constant("timer"),
      data: fc.integer({ min: -1_000, max: 1_000 }),
    }),
  };
  const input = fc.oneof(...sources.map((source) => drawn[source]));
  return anySteps(input, lengthMax).map((inputs) =>
    new InputScript(inputs.sort((a, b) => a.clk - b.clk))
  );
}
