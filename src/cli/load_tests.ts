/**
 * From a file to kernels to test.
 *
 * @module
 */

import type { KernelTest } from "../testing/harness/mod.ts";
import type { Host } from "./host.ts";
import { loadDefault } from "./load_default.ts";
import { UsageError } from "./usage_error.ts";

/** The keys of a kernel, and what is wrong with a value that is given; empty if nothing is. */
const KEYS: Readonly<Record<string, (value: unknown) => string>> = {
  name: (value) =>
    typeof value === "string" && value !== "" ? "" : "no name, or no text",
  program: (value) =>
    typeof value === "function"
      ? ""
      : "no function; give a Program, (cpu, state) => Kernel",
  shouldPanic: (value) =>
    typeof value === "boolean" || typeof value === "string"
      ? ""
      : "neither true or false nor a text",
  clkMax: (value) =>
    Number.isSafeInteger(value) && (value as number) >= 0
      ? ""
      : "no whole number of clks",
  machine: (value) =>
    typeof value === "object" && value !== null ? "" : "no object",
};

/**
 * Loads the kernels of a file.
 *
 * @param file a module whose default export is a list of `KernelTest`
 * @param host reads it
 * @returns the kernels
 * @throws {UsageError} if the file cannot be read, is no module, or exports something else
 */
export async function loadTests(
  file: string,
  host: Host,
): Promise<readonly KernelTest[]> {
  const exported = await loadDefault("tests", file, host);
  const fault = faultOf(exported);
  if (fault !== null) {
    throw new UsageError(`Cannot run tests ${file}: ${fault}`);
  }
  return exported as readonly KernelTest[];
}

/** What is wrong with a default export, or `null`. */
function faultOf(exported: unknown): string | null {
  if (!Array.isArray(exported)) {
    return `its default export is ${
      exported === undefined ? "missing" : "no list"
    }; export [{ name, program, shouldPanic?, clkMax? }]`;
  }
  if (exported.length === 0) return "its list of kernels is empty";
  const names = new Set<string>();
  for (const [i, kernel] of exported.entries()) {
    if (typeof kernel !== "object" || kernel === null) {
      return `kernel ${i} of its list is no object`;
    }
    const { name } = kernel;
    const called = typeof name === "string" && name !== ""
      ? JSON.stringify(name)
      : `kernel ${i} of its list`;
    for (const key of new Set(["name", "program", ...Object.keys(kernel)])) {
      if (!Object.hasOwn(KEYS, key)) {
        return `${called} has an unknown key ${JSON.stringify(key)}; ` +
          `there are ${Object.keys(KEYS).join(", ")}`;
      }
      const value = kernel[key];
      const isLeftOut = value === undefined && key !== "name" &&
        key !== "program";
      const fault = isLeftOut ? "" : KEYS[key]!(value);
      if (fault !== "") return `${key} of ${called} is ${fault}`;
    }
    if (names.has(name)) return `two kernels have the name ${called}`;
    names.add(name);
  }
  return null;
}
