/**
 * Paths as a person types them.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Host } from "./host.ts";
import { oneLine, UsageError } from "./usage_error.ts";

/**
 * The whole path of a file.
 *
 * @param file a path, counted from the folder of the command, or a `file:` URL
 * @param host says which folder that is
 * @returns an absolute path
 * @throws {UsageError} if the URL names no file
 */
export function wholePath(file: string, host: Host): string {
  if (!file.startsWith("file:")) return resolve(host.folder(), file);
  try {
    return fileURLToPath(file);
  } catch (error) {
    throw new UsageError(`Cannot use ${file}: ${oneLine(error)}`);
  }
}
