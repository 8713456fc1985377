import { assertEquals } from "@std/assert";
import { NO_EVENTS } from "../base/events.ts";
import {
  DEBUG_EXIT_PORT,
  DEBUG_EXIT_PORTS,
  DebugExit,
  debugExitState,
  qemuStatus,
} from "./debug_exit.ts";
import { IoBus, type PortWidth } from "./io_bus.ts";

function bench(): { bus: IoBus; exit: DebugExit; seen: number[] } {
  const seen: number[] = [];
  const exit = new DebugExit((value) => seen.push(value));
  const bus = new IoBus(NO_EVENTS);
  bus.attach(DEBUG_EXIT_PORT, DEBUG_EXIT_PORT + DEBUG_EXIT_PORTS - 1, exit);
  return { bus, exit, seen };
}

Deno.test("qemuStatus() is (v << 1) | 1 cut to a byte", () => {
  const rows: [number, number][] = [
    [0x10, 33],
    [0x11, 35],
    [0, 1],
    [1, 3],
    [0x80, 1],
    [0xffff_ffff, 255],
  ];
  for (const [value, status] of rows) assertEquals(qemuStatus(value), status);
});

Deno.test("DebugExit takes writes of each width when they start in its ports", () => {
  const rows: [number, number, PortWidth, number][] = [
    [0xf4, 0x10, 4, 0x10],
    [0xf4, 0xffff_ffff, 4, 0xffff_ffff],
    [0xf4, 0x1234_5678, 2, 0x5678],
    [0xf4, 0x1234_5678, 1, 0x78],
    [0xf7, 0x11, 1, 0x11],
    // QEMU cuts an access that crosses the end of the region.
    [0xf5, 0x1234_5678, 4, 0x5678],
    [0xf6, 0x1234_5678, 4, 0x5678],
    [0xf7, 0x1234_5678, 4, 0x78],
    [0xf7, 0x5678, 2, 0x78],
  ];
  for (const [port, value, bytes, expected] of rows) {
    const { bus, exit, seen } = bench();
    assertEquals(exit.state.value, null);
    bus.write(port, value, bytes);
    assertEquals(exit.state.value, expected);
    assertEquals(seen, [expected]);
  }
});

Deno.test("DebugExit keeps the first value when more are written", () => {
  const { bus, exit, seen } = bench();
  bus.write(0xf4, 0x10, 4);
  bus.write(0xf4, 0x11, 4);
  assertEquals(exit.state.value, 0x10);
  assertEquals(seen, [0x10]);
});

Deno.test("DebugExit reads zero in each width", () => {
  const { bus } = bench();
  for (const bytes of [1, 2, 4] as const) {
    assertEquals(bus.read(0xf4, bytes), 0);
  }
});

Deno.test("reset() forgets the value when one was written", () => {
  const { bus, exit } = bench();
  bus.write(0xf4, 0x10, 4);
  exit.reset();
  assertEquals(exit.state, debugExitState());
});
