import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FakeCpu, StopSignal } from "../../tests/support/fake_cpu.ts";
import { cloneState } from "../base/state_tree.ts";
import { COM1_BASE, Uart } from "../hw/uart.ts";
import { coreState, KernelCore } from "./core.ts";
import { SERIAL_PORT } from "./serial.ts";

/** A CPU with a UART, and what the UART sent. */
function withUart() {
  const cpu = new FakeCpu();
  const sent: number[] = [];
  const alarm = { deadline: 0, arm() {}, disarm() {} };
  const uart = new Uart({
    clock: cpu,
    transmitAlarm: alarm,
    timeoutAlarm: alarm,
    irq: { set() {} },
    transmit: { byte: (value) => void sent.push(value) },
  });
  cpu.onIn = (port) => uart.readPort(port);
  cpu.onOut = (port, value) => uart.writePort(port, value);
  return { cpu, text: () => String.fromCharCode(...sent) };
}

Deno.test("serialPrintln() sets the UART up at first use and sends CRLF", () => {
  const { cpu, text } = withUart();
  const core = new KernelCore(cpu, coreState());
  assertEquals([SERIAL_PORT, cpu.counts.get("out8")], [COM1_BASE, undefined]);
  core.serialPrintln("hello");
  core.serialPrint((write) => (write("a"), write("b")));
  core.serialPrintln();
  assertEquals(text(), "hello\r\nab\r\n");
});

Deno.test("serialPrintln() goes on after a load without a second self-test", () => {
  const { cpu, text } = withUart();
  const state = coreState();
  new KernelCore(cpu, state).serialPrint("x");
  const before = cpu.counts.get("out8")!;
  new KernelCore(cpu, cloneState(state)).serialPrint("y");
  assertEquals([text(), cpu.counts.get("out8")! - before], ["xy", 1]);
});

Deno.test("serialPrintln() panics when there is no UART", () => {
  const cpu = new FakeCpu();
  const core = new KernelCore(cpu, coreState());
  const { reason } = assertThrows(() => core.serialPrintln("x"), StopSignal);
  assertEquals(reason.reason, "panic");
  assertStringIncludes(
    reason.message,
    "failed to initialize UART: InitError(DeviceNotPresent)",
  );
});

Deno.test("serialPrint() masks interrupts, or not as asked", () => {
  for (const maskInterrupts of [true, false]) {
    const { cpu } = withUart();
    const core = new KernelCore(cpu, coreState(), { maskInterrupts });
    cpu.sti();
    let during = true;
    core.serialPrint(() => {
      during = cpu.peekInterruptsEnabled();
    });
    assertEquals([during, cpu.peekInterruptsEnabled()], [
      !maskInterrupts,
      true,
    ]);
  }
});

Deno.test("panic() says it as onPanic wants, then stops", () => {
  const { cpu, text } = withUart();
  const core = new KernelCore(cpu, coreState(), {
    onPanic: (info, core) => core.serialPrint(`[failed] ${info.message}`),
  });
  const { reason } = assertThrows(() => core.panic("oh"), StopSignal);
  assertEquals(reason, { reason: "panic", message: "oh" });
  assertEquals(text(), "[failed] oh");
});
