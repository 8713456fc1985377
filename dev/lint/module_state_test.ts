import { testRule } from "./run_plugin.ts";

const bad = [
  "let count = 0;",
  "export let count = 0;",
  "class A { static count = 0; }",
  "const seen = new Map(); export function f() { seen.set(1, 2); }",
  "const seen = new Set(); export const f = () => seen.add(1);",
  "const log: number[] = []; export function f() { log.push(1); }",
  "const log: number[] = []; export function f() { log[0] = 1; }",
  "const log = [1]; class A { m() { log.length = 0; } }",
  "const scratch = new Float64Array(1); const f = (x) => { scratch[0] = x; };",
  "const at = { clk: 0 }; export function f() { at.clk++; }",
  "const at = { a: { b: 0 } }; export function f() { at.a.b += 1; }",
  "const at = { clk: 0 }; export function f() { delete at.clk; }",
  "const at = { clk: 0 }; const f = () => Object.assign(at, { clk: 1 });",
  "const a = Array.from([1]); export function f() { a.sort(); }",
  "export const a = [1] as number[]; export function f() { a!.fill(1); }",
];

const good = [
  "const TABLE = new Uint8Array(256); for (let i = 0; i < 256; i++) TABLE[i] = i;",
  "const NAMES = new Map([[1, 2]]); export const f = () => NAMES.get(1);",
  "const DAYS = [1, 2] as const; export const f = (i: number) => DAYS[i];",
  "export function f() { let a = 0; const b = []; b.push(a++); return b; }",
  "const a = [1]; export function f(a: number[]) { a.push(1); }",
  "const a = [1]; export function f() { const a = []; a[0] = 1; return a; }",
  "class A { static readonly MAX = 1; count = 0; m() { this.count++; } }",
  "const LAST = 3; export function f(s: { a: number }) { s.a = LAST; }",
];

testRule("no-module-state", {
  bad: bad.map((source) => ["src/kernel/task/queue.ts", source] as const),
  good: [
    ...good.map((source) => ["src/kernel/task/queue.ts", source] as const),
    ["src/cli/main.ts", "let count = 0;"],
    ["src/hw/pit_test.ts", "let count = 0;"],
    ["dev/ok.ts", "let count = 0;"],
  ],
});
