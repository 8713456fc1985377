/**
 * From a file to what its module exports by default.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import type { Host } from "./host.ts";
import { wholePath } from "./paths.ts";
import { oneLine, UsageError } from "./usage_error.ts";

/**
 * Loads a module.
 *
 * @param what it holds, for the errors: `kernel`, `tests`
 * @param file its path, as it was typed
 * @param host reads it
 * @returns its default export; `undefined` if it has none
 * @throws {UsageError} if the file cannot be read, or is no module
 */
export async function loadDefault(
  what: string,
  file: string,
  host: Host,
): Promise<unknown> {
  const path = wholePath(file, host);
  try {
    host.checkReadable(path);
  } catch (error) {
    throw new UsageError(
      `Cannot read ${what} ${file}: ${whyUnreadable(error)}`,
    );
  }
  const url = pathToFileURL(path).href;
  try {
    const module = await host.importModule(url);
    return module["default"];
  } catch (error) {
    // The loader wraps its refusals, syntax errors too, in a TypeError.
    const said = oneLine(error).replace(/^TypeError: /, "");
    const place = placeIn(url, error);
    throw new UsageError(`Cannot load ${what} ${file}${place}: ${said}`);
  }
}

/** `:line:column` of an error, if it tells one in this file. */
function placeIn(url: string, error: unknown): string {
  if (!(error instanceof Error)) return "";
  const text = `${error.message}\n${error.stack ?? ""}`;
  const at = text.indexOf(`${url}:`);
  if (at < 0) return "";
  return /^:\d+:\d+/.exec(text.slice(at + url.length))?.[0] ?? "";
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
