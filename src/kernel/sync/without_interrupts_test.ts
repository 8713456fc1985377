import { assertEquals, assertThrows } from "@std/assert";
import { FakeCpu } from "../../../tests/support/fake_cpu.ts";
import { withoutInterrupts } from "./mod.ts";

Deno.test("withoutInterrupts() nests and restores IF as it was", () => {
  for (const enabled of [true, false]) {
    const cpu = new FakeCpu();
    if (enabled) cpu.sti();
    const seen: boolean[] = [];
    const look = () => void seen.push(cpu.peekInterruptsEnabled());
    const result = withoutInterrupts(cpu, () => {
      look();
      withoutInterrupts(cpu, look);
      look(); // The inner one must not enable.
      return 7;
    });
    assertEquals([result, ...seen], [7, false, false, false]);
    assertEquals(cpu.peekInterruptsEnabled(), enabled);
    // One CLI and one STI, by the outer one alone.
    assertEquals(cpu.counts.get("cli"), enabled ? 1 : undefined);
  }
});

Deno.test("withoutInterrupts() leaves interrupts off when the function throws", () => {
  const cpu = new FakeCpu();
  cpu.sti();
  const fail = () => {
    throw new Error("panic");
  };
  assertThrows(() => withoutInterrupts(cpu, fail), Error, "panic");
  assertEquals(cpu.peekInterruptsEnabled(), false);
});
