/**
 * Where a linted file stands in the house (docs/design.md, "The house").
 *
 * @module
 */

/** The layers of `src`, lowest first: imports point from right to left. */
export const LAYERS = [
  "base",
  "hw",
  "isa",
  "kernel",
  "trace",
  "testing",
  "cli",
] as const;

/** A folder of `src`. */
export type Layer = typeof LAYERS[number];

/** The root of the project as a path with `/`, and a `/` at its end. */
export const ROOT: string = slashes(
  decodeURIComponent(new URL("../../", import.meta.url).pathname),
);

/**
 * The path of `filename` from the root of the project, as in `src/hw/pit.ts`;
 * null for a file that stands elsewhere.
 */
export function projectPath(filename: string): string | null {
  const path = slashes(filename);
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : null;
}

/** The layer of a project path, null outside `src`. */
export function layerOf(path: string): Layer | null {
  const folder = /^src\/([^/]+)\//.exec(path)?.[1];
  return LAYERS.find((layer) => layer === folder) ?? null;
}

/** Whether the laws of `src` bind this file: tests stand beside it and are free. */
export function isSource(path: string | null): path is string {
  return path !== null && path.startsWith("src/") &&
    !path.endsWith("_test.ts");
}

/** As {@linkcode isSource}, for what must run the same on every host: not `cli`. */
export function isPortable(path: string | null): path is string {
  return isSource(path) && layerOf(path) !== "cli";
}

/** One spelling for `C:\a`, `/C:/a` and `/a`. */
function slashes(path: string): string {
  return path.replace(/^file:\/\//, "").replaceAll("\\", "/")
    .replace(/^\/(?=[A-Za-z]:)/, "");
}
