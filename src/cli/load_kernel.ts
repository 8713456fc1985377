/**
 * From a file to a kernel.
 *
 * @module
 */

import type { Kernel, Program } from "../hw/hosted.ts";
import type { Host } from "./host.ts";
import { loadDefault } from "./load_default.ts";
import { oneLine, UsageError } from "./usage_error.ts";

/**
 * Loads a kernel.
 *
 * @param file a module whose default export is a `Program`
 * @param host reads it
 * @returns the program; it throws a {@linkcode UsageError} when what it makes is no kernel
 * @throws {UsageError} if the file cannot be read, is no module, or exports no function
 */
export async function loadKernel(file: string, host: Host): Promise<Program> {
  const exported = await loadDefault("kernel", file, host);
  if (typeof exported !== "function") {
    throw new UsageError(
      `Cannot run kernel ${file}: its default export is ${
        exported === undefined ? "missing" : "no function"
      }; export a Program, (cpu, state) => Kernel`,
    );
  }
  return checked(file, exported as Program);
}

/** A program whose mistakes are reported as the file's. */
function checked(file: string, program: Program): Program {
  return (cpu, state) => {
    let kernel: Kernel;
    try {
      kernel = program(cpu, state);
    } catch (error) {
      throw new UsageError(
        `Cannot run kernel ${file}: making it threw ${oneLine(error)}`,
      );
    }
    const lack = missing(kernel);
    if (lack === null) return kernel;
    throw new UsageError(
      `Cannot run kernel ${file}: what its Program returns has no ${lack}`,
    );
  };
}

/** What an object lacks to be a kernel, or `null`. */
function missing(kernel: Partial<Kernel> | null | undefined): string | null {
  if (typeof kernel !== "object" || kernel === null) {
    return "boot(), loop(), state and entries: it is no object";
  }
  if (typeof kernel.boot !== "function") return "function boot(info)";
  if (typeof kernel.loop !== "function") return "function loop()";
  if (!Array.isArray(kernel.entries)) return "array entries";
  return typeof kernel.state === "object" && kernel.state !== null
    ? null
    : "object state";
}
