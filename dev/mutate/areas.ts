/**
 * Which tests are to notice a change of which file: those of its folder that
 * load it.
 *
 * @module
 */

/** A folder of the sources whose tests are run together. */
export interface Area {
  /** The folder, from the root. */
  readonly folder: string;
  /** Files to change. */
  readonly sources: readonly string[];
  /** Files of tests. */
  readonly tests: readonly string[];
}

/** Not changed: these measure, or make test data for, other code. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "src/kernel/allocator/bench_heap.ts",
  "src/kernel/allocator/workloads.ts",
]);

/**
 * Splits the sources into areas: `src/hw`, `src/kernel`, and each folder of
 * `src/kernel` with all below it.
 *
 * @param paths files under `src/hw` and `src/kernel`
 * @returns the areas
 */
export function areasOf(paths: readonly string[]): Area[] {
  const folders = new Map<string, string[]>();
  for (const path of paths.filter((path) => path.endsWith(".ts"))) {
    const folder = path.match(/^src\/(hw|kernel\/[^/]+(?=\/)|kernel)/)![0];
    folders.set(folder, [...folders.get(folder) ?? [], path]);
  }
  return [...folders].map(([folder, files]) => ({
    folder,
    sources: files.filter((path) =>
      !path.endsWith("_test.ts") && !LEFT_OUT.has(path)
    ),
    tests: files.filter((path) =>
      path.endsWith("_test.ts") && !path.endsWith("support_test.ts")
    ),
  }));
}

/** What a module loads, directly. */
export type Imports = (path: string) => readonly string[];

/**
 * The tests that load a file, those first that are likely to notice: the
 * file's own, then the nearest by imports.
 *
 * @param path the file
 * @param tests tests of its area
 * @param imports what each module loads
 * @returns paths
 */
export function testsOf(
  path: string,
  tests: readonly string[],
  imports: Imports,
): string[] {
  const own = path.replace(/\.ts$/, "_test.ts");
  return tests
    .map((test) => ({
      test,
      steps: test === own ? 0 : distance(test, path, imports),
    }))
    .filter(({ steps }) => steps < Infinity)
    .sort((a, b) => a.steps - b.steps || (a.test < b.test ? -1 : 1))
    .map(({ test }) => test);
}

/** Imports between two modules; `Infinity` where none lead there. */
function distance(from: string, to: string, imports: Imports): number {
  const seen = new Set([from]);
  let ring = [from];
  for (let steps = 0; ring.length > 0; steps++) {
    if (ring.includes(to)) return steps;
    ring = ring.flatMap((path) => imports(path)).filter((path) => {
      if (seen.has(path)) return false;
      seen.add(path);
      return true;
    });
  }
  return Infinity;
}

/**
 * What a module's text imports and re-exports, types left out.
 *
 * @param path its path from the root
 * @param text its text
 * @returns paths from the root
 */
export function importsIn(path: string, text: string): string[] {
  const found = text.matchAll(
    /^(?:import|export)\s(?!type\b)[^;"]*?"(\.[^"]+\.ts)"/gms,
  );
  const base = new URL(path, "file:///");
  return [...found].map(([, specifier]) =>
    new URL(specifier!, base).pathname.slice(1)
  );
}
