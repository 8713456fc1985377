import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { HostStackError, isHostStackOverflow } from "./host_stack.ts";
import type { Instructions } from "./instructions.ts";
import { Machine } from "./machine.ts";

function recurse(cpu: Instructions): number {
  cpu.nop();
  return 1 + recurse(cpu);
}

/** A kernel whose third turn recurses without `cpu.call`. */
const machine = () =>
  new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu, state = { turns: 0 }) => ({
      state,
      entries: [],
      boot() {},
      loop() {
        const s = state as { turns: number };
        s.turns += 1;
        if (s.turns === 3) {
          cpu.call(function deep() {
            recurse(cpu);
          });
        }
        cpu.pause();
      },
    }),
  });

/** Calls `fn` on a host stack that has less room. */
const below = <T>(frames: number, fn: () => T): T =>
  frames === 0 ? fn() : below(frames - 1, fn);

Deno.test("run() throws HostStackError when JavaScript overflows the host's stack, however big that is", () => {
  const messages = [0, 500, 3_000].map((frames) => {
    const m = machine();
    return assertThrows(() => below(frames, () => m.run()), HostStackError);
  });
  for (const error of messages) {
    assertEquals(
      error.message,
      "Cannot repeat the run: JavaScript recursed past the host's stack in loop > deep; " +
        "recurse by cpu.call(), whose frames lie on the kernel's stack",
    );
    assertEquals(error.places, ["loop", "deep"]);
    assertEquals(isHostStackOverflow(error.cause), true);
  }
});

Deno.test("HostStackError comes again from whatever would show or carry on the half turn", () => {
  const m = machine();
  const first = assertThrows(() => m.run(), HostStackError);
  const acts = [
    () => m.run(),
    () => m.step(),
    () => m.digest(),
    () => m.save(),
    () => m.fork(),
  ];
  for (const act of acts) {
    assertStrictEquals(assertThrows(act, HostStackError), first);
  }
  assertEquals(m.stopped, null);
});

Deno.test("load() brings a machine back whose JavaScript overflowed the host's stack; so does its pool", () => {
  const m = machine();
  m.step(); // boot
  m.step(); // The first turn.
  const saved = m.save();
  const digest = m.digest();
  const fork = m.fork();
  for (const one of [m, fork]) {
    assertThrows(() => one.run(), HostStackError);
  }
  m.load(saved);
  assertEquals(m.digest(), digest);
  assertEquals(m.step(), null);
  assertThrows(() => m.run(), HostStackError);
  m.load(saved);
  fork.release();
  assertEquals(m.fork().digest(), digest);
});

Deno.test("an overflow behind the end of the run changes nothing about it", () => {
  const m = new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu) => ({
      state: {},
      entries: [],
      boot() {
        try {
          cpu.out32(0xf4, 1);
          cpu.nop();
        } catch {
          recurseBare();
        }
      },
      loop() {},
    }),
  });
  assertEquals(m.run().reason, "exit");
  assertEquals(m.digest().length, 16);
});

function recurseBare(): number {
  return 1 + recurseBare();
}

// What the three engines throw, by their sources; the last rows are errors of other causes.
const ROWS: readonly [string, unknown, boolean][] = [
  ["V8", new RangeError("Maximum call stack size exceeded"), true],
  ["JavaScriptCore", new RangeError("Maximum call stack size exceeded."), true],
  [
    "SpiderMonkey",
    Object.assign(new Error("too much recursion"), { name: "InternalError" }),
    true,
  ],
  ["a range error", new RangeError("Invalid array length"), false],
  ["an error of that text", new Error("too much recursion"), false],
  ["a text", "Maximum call stack size exceeded", false],
  ["nothing", undefined, false],
];
for (const [name, thrown, want] of ROWS) {
  Deno.test(`isHostStackOverflow() ${name}: ${want}`, () => {
    assertEquals(isHostStackOverflow(thrown), want);
  });
}
