import { assertEquals, assertThrows } from "@std/assert";
import { EventLog, NO_EVENTS } from "../base/events.ts";
import { IoBus, type PortDevice, type WidePortDevice } from "./io_bus.ts";

/** Notes what it is asked; reads give the port's low byte. */
function device(log: string[], name: string): PortDevice {
  return {
    readPort(port) {
      log.push(`${name} in ${port.toString(16)}`);
      return port & 0xff;
    },
    writePort(port, value) {
      log.push(`${name} out ${port.toString(16)} ${value.toString(16)}`);
    },
  };
}

Deno.test("a wide access is one byte at each port, low one first, over devices and gaps", () => {
  const log: string[] = [];
  const bus = new IoBus(NO_EVENTS);
  bus.attach(0x10, 0x11, device(log, "a"));
  bus.attach(0x13, 0x13, device(log, "b"));
  assertEquals(bus.read(0x10, 4), 0x13ff_1110);
  bus.write(0x10, 0xddcc_bbaa, 4);
  bus.write(0x11, 0x1_2345, 2);
  assertEquals(log, [
    "a in 10",
    "a in 11",
    "b in 13",
    "a out 10 aa",
    "a out 11 bb",
    "b out 13 dd",
    "a out 11 45",
  ]);
});

Deno.test("ports that nobody owns read as ones, whatever the width, and swallow writes", () => {
  const bus = new IoBus(NO_EVENTS);
  for (const [bytes, ones] of [[1, 0xff], [2, 0xffff], [4, 0xffff_ffff]]) {
    assertEquals(bus.read(0x300, bytes as 1 | 2 | 4), ones);
    bus.write(0x300, 5, bytes as 1 | 2 | 4);
  }
});

Deno.test("an access at the last port wraps", () => {
  const log: string[] = [];
  const bus = new IoBus(NO_EVENTS);
  bus.attach(0xffff, 0xffff, device(log, "last"));
  bus.attach(0, 0, device(log, "first"));
  assertEquals(bus.read(0xffff, 2), 0x00ff);
  bus.write(0xffff, 0x1234, 2);
  assertEquals(log.slice(2), ["last out ffff 34", "first out 0 12"]);
});

Deno.test("a wide device gets the access whole", () => {
  const log: string[] = [];
  const wide: WidePortDevice = {
    ...device(log, "w"),
    readPortWide(_port, bytes) {
      return bytes === 4 ? -1 : 7;
    },
    writePortWide(port, value, bytes) {
      log.push(`${port} ${value} ${bytes}`);
    },
  };
  const bus = new IoBus(NO_EVENTS);
  bus.attach(0xf4, 0xf7, wide);
  bus.write(0xf4, -1, 4);
  bus.write(0xf4, 0x1_0002, 2);
  bus.write(0xf5, 0x103, 1);
  assertEquals(log, ["244 4294967295 4", "244 2 2", "245 3 1"]);
  assertEquals([bus.read(0xf4, 4), bus.read(0xf4, 1)], [0xffff_ffff, 7]);
});

Deno.test("a device's value is cut to its byte", () => {
  const bus = new IoBus(NO_EVENTS);
  bus.attach(1, 2, { readPort: () => -1, writePort() {} });
  assertEquals(bus.read(1, 2), 0xffff);
});

Deno.test("attach() refuses ports that don't exist or have an owner, and changes nothing", () => {
  const bus = new IoBus(NO_EVENTS);
  const nobody = device([], "x");
  bus.attach(0x20, 0x21, nobody);
  const ranges = [[-1, 0], [0xffff, 0x1_0000], [5, 4]] as const;
  for (const [first, last] of ranges) {
    assertThrows(
      () => bus.attach(first, last, nobody),
      RangeError,
      "the bus has ports 0x0–0xffff",
    );
  }
  assertThrows(
    () => bus.attach(0x1f, 0x20, nobody),
    RangeError,
    "Cannot attach port 0x20: it has an owner",
  );
  assertEquals(bus.read(0x1f, 1), 0xff);
});

Deno.test("each access is one event, with its width", () => {
  const events = new EventLog({ clk: 3 });
  events.on = true;
  const bus = new IoBus(events);
  bus.read(0x60, 2);
  bus.write(0x20, 0x1ff, 1);
  assertEquals([...events], [
    { clk: 3, kind: "port-read", a: 0x60, b: 0xffff, c: 2 },
    { clk: 3, kind: "port-write", a: 0x20, b: 0xff, c: 1 },
  ]);
});
