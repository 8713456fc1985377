import { assert, assertEquals } from "@std/assert";
import { permitted } from "../permission.ts";
import { areasOf, importsIn, testsOf } from "./areas.ts";
import { choose } from "./choose.ts";
import type { Mutant } from "./mutants.ts";
import { report } from "./report.ts";
import type { Result, Verdict } from "./results.ts";

const mutant = (over: Partial<Mutant> = {}): Mutant => ({
  path: "src/hw/a.ts",
  start: 0,
  end: 1,
  line: 1,
  column: 1,
  text: "a + b;",
  kind: "operator",
  from: "+",
  to: "-",
  ...over,
});

Deno.test({
  // TypeScript asks for variables when it is loaded.
  name:
    "mutantsOf() finds each operator, constant and condition (needs env, read)",
  ignore: !permitted("env", "read"),
  async fn() {
    const { mutantsOf, mutated } = await import("./mutants.ts");
    const rows: [string, string[]][] = [
      ["f(a + 1);", ["f(a - 1);", "f(a + 2);"]],
      ["x >>>= -y;", ["x <<= -y;", "x >>>= y;"]],
      ["x = !a && b--;", ["x = !a || b--;", "x = a && b--;", "x = !a && b++;"]],
      ["if (ready) go();", ["if (false) go();", "if (true) go();"]],
      ["while (i < 2);", [
        "while (false);",
        "while (i <= 2);",
        "while (i < 3);",
      ]],
      ["for (;;) f(true);", ["for (;;) f(false);"]],
      ["x = a ? b : c;", ["x = false ? b : c;", "x = true ? b : c;"]],
      // Words, types and messages are left alone.
      ['x = "a" + b;', []],
      ["throw new Error(a + 1 as 2);", []],
      ["x = `${a + 1}`;", []],
      ["let a: 1 | 2; interface B { c: 3 }", []],
    ];
    for (const [text, expected] of rows) {
      const texts = mutantsOf("a.ts", text).map((m) => mutated(text, m));
      assertEquals(texts, expected, text);
    }
    const [first] = mutantsOf("a.ts", "\n  f(7);");
    assertEquals([first?.line, first?.column, first?.text], [2, 5, "f(7);"]);
  },
});

Deno.test("choose() takes kinds in turn, and more where one is used up", () => {
  const all = [
    ...Array.from({ length: 9 }, (_, i) => mutant({ start: i })),
    mutant({ kind: "constant" }),
    ...Array.from(
      { length: 9 },
      (_, i) => mutant({ kind: "condition", start: i }),
    ),
  ];
  const few = choose(all, 6, 1);
  assertEquals(few.map(({ kind }) => kind), [
    "operator",
    "constant",
    "condition",
    "operator",
    "condition",
    "operator",
  ]);
  assertEquals(choose(all, 6, 1), few);
  assertEquals(choose(all, 12, 1).slice(0, 6), few);
  assertEquals(choose(all, 99, 1).length, 19);
});

Deno.test("areasOf() and testsOf(): the tests of the folder that load the file, its own first", () => {
  const paths = [
    "src/hw/a.ts",
    "src/hw/a_test.ts",
    "src/hw/b_test.ts",
    "src/hw/c_test.ts",
    "src/kernel/core.ts",
    "src/kernel/task/timers/x.ts",
    "src/kernel/task/y_test.ts",
    "src/kernel/task/support_test.ts",
  ];
  const areas = areasOf(paths);
  assertEquals(areas.map(({ folder, tests }) => [folder, tests.length]), [
    ["src/hw", 3],
    ["src/kernel", 0],
    ["src/kernel/task", 1],
  ]);
  const imports: Record<string, string[]> = {
    "src/hw/b_test.ts": ["src/hw/m.ts"],
    "src/hw/m.ts": ["src/hw/a.ts"],
    "src/hw/c_test.ts": ["src/hw/m.ts", "src/hw/n.ts"],
    "src/hw/n.ts": ["src/hw/m.ts"],
  };
  const found = (path: string) =>
    testsOf(path, areas[0]!.tests, (from) => imports[from] ?? []);
  assertEquals(found("src/hw/a.ts"), [
    "src/hw/a_test.ts",
    "src/hw/b_test.ts",
    "src/hw/c_test.ts",
  ]);
  assertEquals(found("src/hw/n.ts"), ["src/hw/c_test.ts"]);
});

Deno.test("importsIn() finds modules, and no types", () => {
  const text = `import { a } from "./a.ts";
import type { B } from "./b.ts";
import {
  c,
} from "../c/c.ts";
export * from "./d.ts";
export type { E } from "./e.ts";
import fc from "fast-check";
`;
  assertEquals(importsIn("src/hw/x.ts", text), [
    "src/hw/a.ts",
    "src/c/c.ts",
    "src/hw/d.ts",
  ]);
});

Deno.test("report() counts by folder, and gives survivors their reasons", () => {
  const result = (verdict: Verdict, over: Partial<Mutant> = {}): Result => ({
    ...mutant(over),
    id: "",
    verdict,
    seconds: 1,
  });
  const lines = report(
    [
      result("killed"),
      result("timeout"),
      result("survived"),
      result("survived", { path: "src/kernel/task/x.ts", to: "" }),
    ],
    [{
      path: "src/hw/a.ts",
      line: "a + b;",
      change: "+ → -",
      why: "nobody looks",
    }],
  );
  assertEquals(lines.slice(0, 5), [
    "src/hw  2 of 3 killed  66.7 %",
    "src/kernel/task  0 of 1 killed  0.0 %",
    "all  2 of 4 killed  50.0 %",
    "",
    "2 survived:",
  ]);
  assert(lines[5]!.endsWith("nobody looks"));
  assert(
    lines[6]!.includes("+ removed") && lines[6]!.endsWith("no reason known"),
  );
});
