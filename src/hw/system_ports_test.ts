import { assertEquals } from "@std/assert";
import {
  BenchClock,
  benchEvents,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import { NO_EVENTS } from "../base/events.ts";
import { cloneState, copyStateInto } from "../base/state_tree.ts";
import { DEBUG_CONSOLE_PORT, DebugConsole } from "./debug_console.ts";
import { IoBus } from "./io_bus.ts";
import { POST_CODE_PORT, PostCode } from "./post_code.ts";
import {
  PCI_CONFIG_PORT,
  PCI_CONFIG_PORTS,
  ResetControl,
} from "./reset_control.ts";
import { SYSTEM_CONTROL_A_PORT, SystemControlA } from "./system_control_a.ts";

function bench() {
  const clock = new BenchClock();
  const a20 = new RecordingLine(clock);
  const reset = new RecordingLine(clock);
  const events = benchEvents(clock);
  const bytes: number[] = [];
  const post = new PostCode();
  const control = new SystemControlA({ a20, reset });
  const resets = new ResetControl({ reset, events });
  const consoleDevice = new DebugConsole({
    output: { byte: (value) => bytes.push(value) },
  });
  const bus = new IoBus(NO_EVENTS);
  bus.attach(POST_CODE_PORT, POST_CODE_PORT, post);
  bus.attach(SYSTEM_CONTROL_A_PORT, SYSTEM_CONTROL_A_PORT, control);
  bus.attach(DEBUG_CONSOLE_PORT, DEBUG_CONSOLE_PORT, consoleDevice);
  bus.attach(PCI_CONFIG_PORT, PCI_CONFIG_PORT + PCI_CONFIG_PORTS - 1, resets);
  control.refreshLines();
  return { bus, a20, reset, events, bytes, post, control, resets };
}

Deno.test("PostCode reads back what was written", () => {
  const { bus, post } = bench();
  assertEquals(bus.read(0x80, 1), 0);
  bus.write(0x80, 0x5a, 1);
  assertEquals(bus.read(0x80, 1), 0x5a);
  post.reset();
  assertEquals(bus.read(0x80, 1), 0);
});

Deno.test("SystemControlA opens and closes A20 by bit 1", () => {
  const { bus, a20, reset, control } = bench();
  assertEquals([a20.level, bus.read(0x92, 1)], [true, 0x02]);
  bus.write(0x92, 0x00, 1);
  assertEquals([a20.level, bus.read(0x92, 1)], [false, 0x00]);
  bus.write(0x92, 0xfe, 1);
  assertEquals([a20.level, bus.read(0x92, 1)], [true, 0xee]); // Bit 4, the watchdog, is absent.
  bus.write(0x92, 0x00, 1);
  control.reset();
  assertEquals(a20.level, true);
  assertEquals(reset.edges, []);
});

Deno.test("SystemControlA pulses reset when bit 0 rises, and only then", () => {
  const { bus, reset } = bench();
  bus.write(0x92, 0x03, 1);
  assertEquals(reset.edges.splice(0), [[0, true], [0, false]]);
  bus.write(0x92, 0x03, 1);
  bus.write(0x92, 0x02, 1);
  assertEquals(reset.edges, []);
  bus.write(0x92, 0x03, 1);
  assertEquals(reset.edges.length, 2);
});

Deno.test("SystemControlA drives A20 from its state when loaded", () => {
  const { bus, control, a20 } = bench();
  bus.write(0x92, 0x00, 1);
  const saved = cloneState(control.state);
  bus.write(0x92, 0x02, 1);
  copyStateInto(control.state, saved);
  control.refreshLines();
  assertEquals(a20.level, false);
});

// PIIX3, "RC—Reset Control Register": RCPU (bit 2), a transition from 0 to 1.
Deno.test("ResetControl pulses reset when bit 2 rises, and only then", () => {
  const { bus, reset, resets } = bench();
  bus.write(0xcf9, 0x02, 1);
  assertEquals([bus.read(0xcf9, 1), reset.edges], [0x02, []]);
  bus.write(0xcf9, 0xff, 1);
  assertEquals(bus.read(0xcf9, 1), 0x06);
  assertEquals(reset.edges.splice(0), [[0, true], [0, false]]);
  bus.write(0xcf9, 0x06, 1);
  assertEquals(reset.edges, []);
  bus.write(0xcf9, 0x00, 1);
  bus.write(0xcf8, 0x0400, 2);
  assertEquals(reset.edges.length, 2);
  resets.reset();
  assertEquals(bus.read(0xcf9, 1), 0);
});

Deno.test("ResetControl leaves 32-bit accesses to PCI, which is absent", () => {
  const { bus, reset, events } = bench();
  bus.write(0xcf8, 0x8000_0600, 4); // Device 0, function 6: bit 2 of the second byte.
  assertEquals(reset.edges, []);
  assertEquals(bus.read(0xcf8, 4), 0xffff_ffff);
  assertEquals(bus.read(0xcfc, 4), 0xffff_ffff);
  assertEquals(bus.read(0xcfc, 2), 0xffff);
  assertEquals(bus.read(0xcf8, 2), 0x00ff);
  bus.write(0xcfc, 1, 1);
  assertEquals([...events].map((e) => [e.kind, e.a, e.b, e.c]), [
    ["unmodelled", 0xcf8, 0x8000_0600, 1],
    ["unmodelled", 0xcf8, 0xffff_ffff, 0],
    ["unmodelled", 0xcfc, 0xffff_ffff, 0],
    ["unmodelled", 0xcfc, 1, 1],
  ]);
});

Deno.test("DebugConsole hands each byte on and reads 0xe9", () => {
  const { bus, bytes } = bench();
  for (const c of "hi\n") bus.write(0xe9, c.charCodeAt(0), 1);
  assertEquals(bytes, [0x68, 0x69, 0x0a]);
  assertEquals(bus.read(0xe9, 1), 0xe9);
});
