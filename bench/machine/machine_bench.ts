/**
 * The machine, operation by operation. Goals: booting below 20 ms, a fork with its run below 200 µs, an idle virtual
 * second at twice its timer handlers. Ratios to what one would do without the machine: `deno task compare machine`.
 */

import { assertEquals } from "@std/assert";
import { kernel, Machine } from "../../mod.ts";
import { CLK_HZ } from "../../src/base/time.ts";

const RAM_BYTES = 16 * 2 ** 20;
const BOOTED_CLK = 100_000;

/** A machine whose kernel waits for keys. */
function booted(): Machine {
  const machine = new Machine({ program: kernel, ramBytes: RAM_BYTES });
  machine.run({ pauseClk: BOOTED_CLK });
  return machine;
}

Deno.bench("new Machine(), boot of the default kernel", {
  group: "machine",
}, () => {
  assertEquals(booted().vga.screenText()[22], "Hello World!");
});

{
  const machine = booted();
  Deno.bench("run(), one idle virtual second", { group: "machine" }, () => {
    const end = machine.clk + CLK_HZ;
    machine.run({ pauseClk: end });
    assertEquals(machine.clk, end);
  });
}

{
  const machine = booted();
  const { clk } = machine;
  Deno.bench("fork(), a key, its echo, release()", { group: "forks" }, () => {
    const fork = machine.fork([{ clk: 200_000, source: "key", data: 0x1c }]);
    fork.run({ pauseClk: 300_000 });
    assertEquals(fork.memory.peek(0xb_8000 + 24 * 160, 1), 0x61);
    fork.release();
    assertEquals(machine.clk, clk);
  });
}

{
  const machine = booted();
  const digest = machine.digest();
  const snapshot = machine.save();
  Deno.bench("save()", { group: "forks" }, () => {
    assertEquals(machine.save().entries, snapshot.entries);
  });
  Deno.bench("load()", { group: "forks" }, () => {
    machine.load(snapshot);
    assertEquals(machine.stopped, null);
  });
  Deno.bench("digest()", { group: "forks" }, () => {
    assertEquals(machine.digest(), digest);
  });
}
