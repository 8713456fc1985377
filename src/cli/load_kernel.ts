/**
 * From a file to a kernel.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type { Kernel, Program } from "../hw/hosted.ts";
import type { Host } from "./host.ts";
import { wholePath } from "./paths.ts";
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
  const path = wholePath(file, host);
  try {
    host.checkReadable(path);
  } catch (error) {
    throw new UsageError(`Cannot read kernel ${file}: ${whyUnreadable(error)}`);
  }
  let exported: unknown;
  try {
    const module = await host.importModule(pathToFileURL(path).href);
    exported = module["default"];
  } catch (error) {
    // The loader wraps its refusals, syntax errors too, in a TypeError.
    const said = oneLine(error).replace(/^TypeError: /, "");
    throw new UsageError(`Cannot load kernel ${file}: ${said}`);
  }
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

/**
 * What the system said, in plain words where they are known.
 *
 * @param error what reading a file threw
 * @returns the end of a sentence
 */
export function whyUnreadable(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotFound":
      return "there is no such file";
    case "PermissionDenied":
      return "it may not be read";
    case "NotCapable":
      return "Deno was not allowed to read it (--allow-read)";
    case "IsADirectory":
      return "it is a folder";
  }
  return oneLine(error);
}
