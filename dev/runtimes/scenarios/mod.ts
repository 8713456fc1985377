/**
 * All scenarios.
 *
 * @module
 */

import { DEVICE_SCENARIOS } from "./devices.ts";
import { KEYBOARD_SCENARIOS } from "./keyboards.ts";
import { CODE_SCENARIOS } from "./machine_code.ts";
import { MACHINE_SCENARIOS } from "./machines.ts";
import { MEMORY_SCENARIOS } from "./memory.ts";
import type { Scenario } from "./scenario.ts";
import { TASK_SCENARIOS } from "./tasks.ts";

/** What every runtime has to do alike. */
export const SCENARIOS: readonly Scenario[] = [
  ...DEVICE_SCENARIOS,
  ...MEMORY_SCENARIOS,
  ...KEYBOARD_SCENARIOS,
  ...TASK_SCENARIOS,
  ...MACHINE_SCENARIOS,
  ...CODE_SCENARIOS,
];

/**
 * Runs all of them.
 *
 * @returns a line each: digest and name
 */
export function scenarioLines(): string[] {
  return SCENARIOS.map(({ name, run }) => `${run()} ${name}`);
}
