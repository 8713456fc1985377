import { assertEquals } from "@std/assert";
import { entryPoints, filesUnder, ROOT } from "./files.ts";
import { onImports, resolveImport } from "./lint/imports.ts";
import { permitted } from "./permission.ts";

/** Project paths that `source`, standing at `path`, imports, types included. */
function importsOf(path: string, source: string): string[] {
  const found: string[] = [];
  const plugin: Deno.lint.Plugin = {
    name: "graph",
    rules: {
      imports: {
        create: () =>
          onImports((_node, specifier) => {
            const to = resolveImport(path, specifier);
            if (to !== null) found.push(to);
          }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, path, source);
  return found;
}

/** A path through `graph` that ends where it began, null where there is none. */
function findCycle(graph: ReadonlyMap<string, string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] | null => {
    const at = trail.indexOf(path);
    if (at >= 0) return [...trail.slice(at), path];
    if (done.has(path)) return null;
    for (const next of graph.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of graph.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** The imports of all modules of `src`, and of the entry point above it. */
function sourceGraph(): Map<string, string[]> {
  const paths = new Set([...filesUnder("src"), ...entryPoints()]);
  const graph = new Map<string, string[]>();
  for (const path of paths) {
    if (!path.endsWith(".ts")) continue;
    const source = Deno.readTextFileSync(new URL(path, ROOT));
    graph.set(path, importsOf(path, source));
  }
  return graph;
}

Deno.test("findCycle() names the modules of a cycle of types", () => {
  const graph = new Map([
    ["src/a.ts", importsOf("src/a.ts", 'import "./b.ts";')],
    ["src/b.ts", importsOf("src/b.ts", 'export * from "./c/d.ts";')],
    [
      "src/c/d.ts",
      importsOf("src/c/d.ts", 'export type A = import("../b.ts").A;'),
    ],
  ]);
  assertEquals(findCycle(graph), ["src/b.ts", "src/c/d.ts", "src/b.ts"]);
  graph.set("src/c/d.ts", []);
  assertEquals(findCycle(graph), null);
});

Deno.test({
  name: "the modules of src import each other in no cycle (needs read)",
  ignore: !permitted("read"),
  fn: () => assertEquals(findCycle(sourceGraph()), null),
});
