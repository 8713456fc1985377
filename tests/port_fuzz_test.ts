import { assert, assertEquals } from "@std/assert";
import { kernel, Machine, type PortWidth } from "@lockstep/kernel";
import { Prng } from "../src/base/prng.ts";
import { RAM_BYTES } from "./support/echo.ts";

const OPERATIONS = 1_000_000;

/** Numbers in a state tree: what would grow if a queue had no bound. */
function sizeOf(node: unknown): number {
  if (ArrayBuffer.isView(node)) return (node as Uint8Array).length;
  if (typeof node !== "object" || node === null) return 1;
  return Object.values(node).reduce((sum: number, v) => sum + sizeOf(v), 0);
}

/** Reads and writes ports at random, each of them at least once, with time passing in between. */
function fuzz(seed: number): { digest: string; grown: number; ends: number } {
  const random = new Prng(seed);
  const widths: readonly PortWidth[] = [1, 2, 4];
  const machine = new Machine({ program: kernel, ramBytes: RAM_BYTES });
  const fresh = machine.save();
  let ends = 0;
  const before = sizeOf(machine.state);
  for (let i = 0; i < OPERATIONS; i++) {
    // Half of the accesses go where chips are, the rest sweeps all ports.
    const port = random.below(2) === 0 ? i & 0xffff : random.below(0x400);
    const width = widths[random.below(3)]!;
    if (random.below(2) === 0) machine.ports.read(port, width);
    else machine.ports.write(port, random.word(), width);
    if (i % 64 === 0) {
      machine.clock.state.clk += random.below(5_000);
      machine.clock.runAlarms();
    }
    if (machine.stopped) { // A reset line or the exit port: switch on again.
      ends += 1;
      machine.load(fresh);
    }
  }
  return {
    digest: machine.digest(),
    grown: sizeOf(machine.state) - before,
    ends,
  };
}

Deno.test("IoBus: random accesses of all ports and widths, twice with equal digests", () => {
  const first = fuzz(1);
  assertEquals(fuzz(1), first);
  assertEquals(first.grown, 0, "no queue grows");
  assert(first.ends > 0, "resets and exits were among them");
});
