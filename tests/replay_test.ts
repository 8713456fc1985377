import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  diffState,
  kernel,
  Machine,
  type Program,
  RFLAGS_IF,
  type Snapshot,
  type VirtAddr,
} from "@lockstep/kernel";
import { Prng } from "../src/base/prng.ts";
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

/** A kernel whose turns are long: it computes with interrupts on, and notes its machine's digest at chosen clks. */
function busy(
  wanted: ReadonlySet<number>,
  seen: Map<number, string>,
  clock: () => number,
  digest: () => string,
): Program {
  return (cpu, state = { sum: 0, turns: 0 }) => {
    const s = state as { sum: number; turns: number };
    const base = kernel(cpu);
    return {
      id: "busy",
      state: { base: base.state, own: s },
      entries: base.entries,
      boot: (info) => base.boot(info),
      loop: () => {
        const at = 0x40_8000 as VirtAddr;
        for (let i = 0; i < 3_000; i++) {
          cpu.store32((at + 4 * (i % 512)) as VirtAddr, i);
          note();
          s.sum = (s.sum + cpu.load32(at)) | 0;
          note();
        }
        s.turns += 1;
      },
    };
    function note(): void {
      const clk = clock();
      if (wanted.has(clk)) seen.set(clk, digest());
    }
  };
}

Deno.test("a limit inside a turn gives the digest that the uncut run had at that clk", () => {
  const random = new Prng(3);
  const limits = new Set<number>();
  while (limits.size < 200) limits.add(20_000 + random.below(280_000));
  const seen = new Map<number, string>();
  const whole: Machine = new Machine({
    program: busy(limits, seen, () => whole.clk, () => whole.digest()),
    ramBytes: RAM_BYTES,
    inputs: echoMachine().inputs,
  });
  whole.run({ clkMax: 400_000 });
  let compared = 0;
  for (const [clk, digest] of seen) {
    const cut = new Machine({
      program: busy(new Set(), new Map(), () => 0, () => ""),
      ramBytes: RAM_BYTES,
      inputs: echoMachine().inputs,
    });
    const stop = cut.run({ clkMax: clk });
    assertEquals(stop, { reason: "limit", insideTurn: true });
    assertEquals(cut.clk, clk);
    assertEquals(cut.digest(), digest, `at clk ${clk}`);
    compared += 1;
  }
  // Where a handler ran nested, the loop's own notes miss a clk; the rest is compared.
  assert(compared > 150, `${compared} of 200 limits compared`);
});

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
  assert(leaves > 300, `${leaves} leaves flipped`);
});

interface Flip {
  readonly path: string;
  readonly set: () => void;
  readonly restore: () => void;
}

/** Every leaf of a tree with a way to change it and back; of long arrays the ends and every 97th element. */
function* leavesOf(node: object, path: string): Iterable<Flip> {
  const branch = node as Record<string, unknown>;
  const keys = Object.keys(branch);
  const long = keys.length > 64;
  for (const [i, key] of keys.entries()) {
    if (long && i % 97 !== 0 && i !== keys.length - 1) continue;
    const old = branch[key];
    const at = `${path}.${key}`;
    if (typeof old === "object" && old !== null) {
      yield* leavesOf(old, at);
      continue;
    }
    const other = typeof old === "number"
      ? node instanceof Uint8Array ? old ^ 1 : old === 0 ? 1 : 0
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
