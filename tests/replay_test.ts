import { assert, assertEquals, assertNotEquals, fail } from "@std/assert";
import {
  diffState,
  HOST_RESUME,
  kernel,
  Machine,
  type Program,
  RFLAGS_IF,
  type Snapshot,
  type VirtAddr,
} from "@lockstep/kernel";
import { Prng } from "../src/base/prng.ts";
import { watchClk } from "./support/cpu_trace.ts";
import { echoMachine, END_CLK, RAM_BYTES } from "./support/echo.ts";

/** The digests at the end of the run that never stopped. */
function uncut(): string {
  const machine = echoMachine();
  assertEquals(machine.run({ clkMax: END_CLK }).reason, "limit");
  return machine.digest();
}

Deno.test("run() twice gives equal digests, screens and events", () => {
  const machines = [echoMachine(), echoMachine()];
  const events = machines.map((machine) => {
    machine.events.on = true;
    machine.run({ clkMax: END_CLK });
    return [...machine.events];
  });
  assertEquals(machines[0]!.digest(), machines[1]!.digest());
  assertEquals(events[0], events[1]);
  assertEquals(
    machines[0]!.vga.screenText(),
    machines[1]!.vga.screenText(),
  );
});

Deno.test("run() gives the same digest whether events are recorded or not", () => {
  const machine = echoMachine();
  machine.events.on = true;
  machine.run({ clkMax: END_CLK });
  assertEquals(machine.digest(), uncut());
});

Deno.test("run() gives another digest for another text", () => {
  const machine = echoMachine("hello, world{Enter}{Shift+ArrowUp}42");
  machine.run({ clkMax: END_CLK });
  assertNotEquals(machine.digest(), uncut());
});

Deno.test("dropCaches() at any moment changes no digest", () => {
  const random = new Prng(7);
  const machine = echoMachine();
  while (machine.clk < END_CLK) {
    machine.run({
      clkMax: END_CLK,
      until: () => random.below(3) === 0,
    });
    machine.dropCaches();
  }
  assertEquals(machine.digest(), uncut());
});

Deno.test("save() and load() at 200 random points go on to the digest of the run that never stopped", () => {
  const random = new Prng(1);
  const want = uncut();
  const target = echoMachine();
  let halted = 0;
  for (let i = 0; i < 200; i++) {
    const pauseClk = random.below(END_CLK);
    const source = echoMachine();
    source.run({ pauseClk, clkMax: END_CLK });
    if (source.cpu.halted) halted += 1;
    const snapshot = source.save();
    const digest = source.digest();
    target.load(snapshot);
    assertEquals(target.digest(), digest, `right after clk ${source.clk}`);
    if (i % 2 === 0) target.dropCaches();
    target.run({ clkMax: END_CLK });
    assertEquals(target.digest(), want, `saved at clk ${source.clk}`);
    source.run({ clkMax: END_CLK });
    assertEquals(
      source.digest(),
      want,
      `saving at clk ${pauseClk} did no harm`,
    );
  }
  assert(halted > 100, `${halted} of 200 points lie in HLT`);
});

Deno.test("save() between all turns of the boot, and within the first 50,000 clks", () => {
  const want = uncut();
  const source = echoMachine();
  const target = echoMachine();
  const snapshots: Snapshot[] = [];
  while (source.clk < 50_000 && snapshots.length < 60) {
    assertEquals(source.step(), null);
    snapshots.push(source.save());
  }
  for (const snapshot of snapshots) {
    target.load(snapshot);
    target.run({ clkMax: END_CLK });
    assertEquals(target.digest(), want);
  }
});

Deno.test("run() cut into paced slices equals the uncut one", () => {
  for (const slice of [997, 119_318, 1_988_637]) {
    const machine = echoMachine();
    let at = 0;
    // A slice ends between turns, so a turn may carry it a little over.
    while (at < END_CLK) {
      at = Math.min(END_CLK, at + slice);
      machine.run({ pauseClk: at, clkMax: END_CLK });
    }
    machine.run({ clkMax: END_CLK });
    assertEquals(machine.digest(), uncut(), `slices of ${slice} clk`);
  }
});

/** A kernel whose turns are long and of all sorts: it computes, calls, prints, moves memory and halts in place. */
const busy: Program = (cpu, given) => {
  const fresh = () => ({ base: kernel(cpu).state, sum: 0, turns: 0 });
  const s = (given ?? fresh()) as ReturnType<typeof fresh>;
  const base = kernel(cpu, s.base);
  const at = (offset: number) => (0x40_8000 + offset) as VirtAddr;
  const compute = () => {
    for (let i = 0; i < 300; i++) {
      cpu.store32(at(4 * i), i);
      s.sum = (s.sum + cpu.load32(at(4 * (i >> 1)))) | 0;
    }
  };
  return {
    id: "busy",
    state: s,
    entries: base.entries,
    boot: (info) => base.boot(info),
    loop() {
      s.turns += 1;
      cpu.call(compute, 8192);
      cpu.copy(at(0x4000), at(0), 3_000);
      cpu.int3(); // Prints its stack frame.
      cpu.call(() => cpu.hlt());
      cpu.xadd64(at(0x100), 1, 0);
    },
  };
};

/** Three lives of the busy kernel with keys that fall into its turns. */
const busyMachine = () =>
  new Machine({
    program: busy,
    ramBytes: RAM_BYTES,
    inputs: Array.from({ length: 54 }, (_, i) => ({
      clk: 15_000 + 9_001 * i,
      source: "key",
      data: [0x1c, 0xf0, 0x1c, 0x32, 0xf0, 0x32][i % 6]!,
    })),
  });

Deno.test("a limit inside a turn gives the digest that the uncut run had at that clk", () => {
  const END = 500_000;
  // By the number of live frames, so that the rare places are among the 200.
  const visited: number[][] = [];
  const first = busyMachine();
  watchClk(first, (clk) => {
    if (clk > 1_000) (visited[frameCount(first)] ??= []).push(clk);
  });
  first.run({ clkMax: END });
  const end = first.digest();

  const random = new Prng(3);
  const limits = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const clks = visited[i % 5 === 0 ? 3 : 1 + i % 2]!;
    const [clk] = clks.splice(random.below(clks.length), 1);
    limits.add(clk ?? fail(`${i} places`));
  }
  const seen = new Map<number, string>();
  const whole = busyMachine();
  watchClk(whole, (clk) => {
    if (limits.has(clk)) seen.set(clk, whole.digest());
  });
  whole.run({ clkMax: END });
  assertEquals(whole.digest(), end, "looking changes nothing");
  assertEquals(seen.size, 200);

  const cuts = [0, 0, 0, 0];
  for (const [i, clkMax] of [...limits].entries()) {
    const cut = busyMachine();
    if (i % 2 === 1) cut.run({ pauseClk: clkMax / 2 | 0, clkMax });
    if (i % 4 === 1) cut.dropCaches();
    const stop = cut.run({ clkMax });
    assertEquals(stop.reason, "limit");
    assertEquals(cut.clk, clkMax);
    assertEquals(cut.digest(), seen.get(clkMax), `at clk ${clkMax}`);
    cuts[frameCount(cut)]! += 1;
  }
  // In a turn; in a call or handler; in a handler inside a call.
  assertEquals(cuts, [0, 80, 80, 40]);
});

/** How many host frames were live, by RIP. */
const frameCount = (machine: Machine): number =>
  (machine.cpu.rip - HOST_RESUME) / 16;

Deno.test("digest() changes with every leaf of every state, with RAM and with registers", () => {
  const machine = echoMachine();
  machine.run({ clkMax: 10_000_000 });
  const before = machine.digest();
  let leaves = 0;
  for (const root of [machine.state, machine.kernelState!]) {
    for (const { set, restore, path } of leavesOf(root, "")) {
      set();
      assertNotEquals(machine.digest(), before, path);
      restore();
      leaves += 1;
    }
  }
  assertEquals(machine.digest(), before);
  for (const address of [0x1000, 0x9_fffc, 0x10_0000, RAM_BYTES - 4]) {
    for (const bit of [0, 13, 31]) {
      const old = machine.memory.read(address, 4);
      machine.memory.write(address, old ^ (1 << bit), 4);
      assertNotEquals(machine.digest(), before, `bit ${bit} at ${address}`);
      machine.memory.write(address, old, 4);
    }
  }
  machine.cpu.rflags ^= RFLAGS_IF;
  assertNotEquals(machine.digest(), before);
  machine.cpu.rflags ^= RFLAGS_IF;
  assertEquals(machine.digest(), before);
  assert(leaves > 1_000, `${leaves} leaves flipped`);
});

interface Flip {
  readonly path: string;
  readonly set: () => void;
  readonly restore: () => void;
}

/** Every leaf of a tree with a way to change it and back; of long arrays the ends and every 61st element. */
function* leavesOf(node: object, path: string): Iterable<Flip> {
  const branch = node as Record<string, unknown>;
  const keys = Object.keys(branch);
  const long = keys.length > 64;
  for (const [i, key] of keys.entries()) {
    if (long && i % 61 !== 0 && i !== keys.length - 1) continue;
    const old = branch[key];
    const at = `${path}.${key}`;
    if (typeof old === "object" && old !== null) {
      yield* leavesOf(old, at);
      continue;
    }
    // One bit: the lowest.
    const other = typeof old === "number"
      ? old % 2 === 0 ? old + 1 : old - 1
      : typeof old === "boolean"
      ? !old
      : typeof old === "string"
      ? `${old}!`
      : 1;
    const set = (value: unknown) => {
      branch[key] = value;
    };
    yield { path: at, set: () => set(other), restore: () => set(old) };
  }
}

Deno.test("fork() at random turns: each fork goes its own way, the parent is untouched", () => {
  const parent = echoMachine("abc");
  parent.run({ pauseClk: 2_000_000, clkMax: END_CLK });
  const before = parent.digest();
  const fork = parent.fork([]);
  assertEquals(fork.digest(), before);
  fork.run({ clkMax: END_CLK });
  assertEquals(parent.digest(), before);
  assertEquals(diffState(parent.state, parent.fork().state), []);
  parent.run({ clkMax: END_CLK });
  assertEquals(parent.digest(), fork.digest(), "all keys had been typed");
});
