import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { diffState, type Input, type Machine } from "@lockstep/kernel";
import { Prng } from "../src/base/prng.ts";
import { echoMachine } from "./support/echo.ts";

/** Where all runs of this file end. */
const END_CLK = 6_000_000;
const FORKS = 200;

/** Key presses of letters at random moments after `from`. */
function randomKeys(random: Prng, from: number): Input[] {
  const letters = [0x1c, 0x32, 0x21, 0x23, 0x24, 0x2b, 0x5a];
  return Array.from({ length: 1 + random.below(8) }, () => ({
    clk: from + 1 + random.below(END_CLK - from),
    source: "key",
    data: letters[random.below(letters.length)]!,
  }));
}

/** What has happened to a machine, all told. */
const outcome = (machine: Machine) => ({
  digest: machine.digest(),
  clk: machine.clk,
  screen: machine.vga.screenText(),
  serial: machine.serial.bytes(),
});

Deno.test("fork() at 200 random turns with other inputs equals a fresh run with those inputs, and leaves the parent alone", () => {
  const random = new Prng(20);
  const parent = echoMachine("abc{Enter}def");
  let pooled = 0;
  const seen = new Set<string>();
  const kept: { fork: Machine; want: ReturnType<typeof outcome> }[] = [];
  const undisturbed = echoMachine("abc{Enter}def");
  undisturbed.run({ clkMax: END_CLK });

  const moments = Array.from({ length: FORKS }, () => random.below(END_CLK))
    .sort((a, b) => a - b);
  for (const [i, pauseClk] of moments.entries()) {
    parent.run({ pauseClk, clkMax: END_CLK });
    const before = outcome(parent);
    const happened = parent.inputs.slice(
      0,
      parent.inputs.length - parent.inputsPending,
    );
    const keys = randomKeys(random, parent.clk);
    const fork = parent.fork(keys);
    assertEquals(fork.digest(), before.digest);
    fork.run({ clkMax: END_CLK });

    const fresh = echoMachine("", { inputs: [...happened, ...keys] });
    fresh.run({ clkMax: END_CLK });
    const want = outcome(fresh);
    assertEquals(outcome(fork), want, `fork ${i} at clk ${pauseClk}`);
    assertEquals(outcome(parent), before);
    seen.add(want.digest);
    if (i % 3 === 0) kept.push({ fork, want });
    else {
      fork.release();
      pooled += 1;
    }
  }
  for (const { fork, want } of kept) assertEquals(outcome(fork), want);
  parent.run({ clkMax: END_CLK });
  assertEquals(outcome(parent), outcome(undisturbed));
  assert(seen.size > FORKS / 2, "the inputs made a difference");
  assertEquals(pooled + kept.length, FORKS);
});

Deno.test("fork() is made of a released machine, whatever that went through", () => {
  const parent = echoMachine("xy");
  parent.run({ pauseClk: 1_000_000 });
  const want = parent.digest();
  const first = parent.fork();
  first.events.on = true;
  first.addInputs([{ clk: first.clk + 5, source: "serial", data: 65 }]);
  first.run({ clkMax: END_CLK });
  first.memory.write(0x90_0000, 0xdead_beef, 4);
  first.release();

  const second = parent.fork();
  assertStrictEquals(second, first);
  assertEquals(second.digest(), want);
  assertEquals(diffState(second.state, parent.state), []);
  assertEquals(diffState(second.kernelState!, parent.kernelState!), []);
  assertEquals(second.inputs, parent.inputs);
  assertEquals(second.inputsPending, parent.inputsPending);
  assertEquals(second.events.on, false);
  assertEquals(second.events.length, 0);
  assertEquals(second.stopped, null);
});

Deno.test("fork() of a fork takes from the same pool; one that was never released keeps its own machine", () => {
  const parent = echoMachine("");
  parent.run({ pauseClk: 500_000 });
  const child = parent.fork();
  const grandchild = child.fork();
  grandchild.release();
  const again = parent.fork();
  assertStrictEquals(again, grandchild);
  child.run({ pauseClk: 600_000 });
  assertEquals(again.digest(), parent.digest());
});

Deno.test("release() makes the parent serve as a fork, too", () => {
  const parent = echoMachine("q");
  parent.run({ pauseClk: 700_000 });
  const fork = parent.fork();
  const want = fork.digest();
  parent.run({ clkMax: END_CLK });
  parent.release();
  const second = fork.fork();
  assertStrictEquals(second, parent);
  assertEquals(second.digest(), want);
});
