import { assert, assertEquals, assertThrows } from "@std/assert";
import vectors from "../../vectors/pic8259-io.json" with { type: "json" };
import { UNCONNECTED } from "../base/line.ts";
import { Pic } from "../hw/pic.ts";
import { ChainedPics } from "./pic8259.ts";

type Row = typeof vectors.calls[number];

/** A bus that logs and answers reads of the masks. */
function scripted(masks: readonly number[] = [0xff, 0xff]) {
  const io: [string, string, number][] = [];
  const hex = (port: number) => `0x${port.toString(16)}`;
  return {
    io,
    in8(port: number): number {
      const value = masks[port === 0x21 ? 0 : 1]!;
      io.push(["in8", hex(port), value]);
      return value;
    },
    out8(port: number, value: number): void {
      io.push(["out8", hex(port), value]);
    },
  };
}

/** Makes the call that a row names and returns what it returned. */
function call(pics: ChainedPics, text: string): unknown {
  const [, name, list] = text.match(/^(?:new\(32,40\)\.)?(\w+)\((.*)\)$/)!;
  const args = list === "" ? [] : list!.split(",").map(Number);
  switch (name) {
    case "initialize":
      return pics.initialize();
    case "notify_end_of_interrupt":
      return pics.notifyEndOfInterrupt(args[0]!);
    case "disable":
      return pics.disable();
    case "write_masks":
      return pics.writeMasks(args[0]!, args[1]!);
    case "read_masks":
      return pics.readMasks();
  }
  throw new Error(`No call for ${text}`);
}

Deno.test("pic8259-io.json: every key is read, or is prose", () => {
  const prose = ["source", "format", "provenance"];
  assertEquals(
    Object.keys(vectors).filter((key) => !prose.includes(key)),
    ["constants", "calls"],
  );
});

Deno.test("pic8259-io.json calls: ChainedPics makes these port accesses in this order", () => {
  let rows = 0;
  for (const row of vectors.calls as Row[]) {
    const bus = scripted(row.masks_before ?? row.returns);
    const pics = new ChainedPics(bus, 32, 40);
    const returned = call(pics, row.call);
    assertEquals(bus.io, row.io as typeof bus.io, row.call);
    if (row.returns !== undefined) assertEquals(returned, row.returns);
    if (row.handles_interrupt !== undefined) {
      const id = Number(row.call.match(/\d+/)![0]);
      assertEquals(pics.handlesInterrupt(id), row.handles_interrupt, row.call);
    }
    rows++;
  }
  assertEquals(rows, 16);
});

Deno.test("pic8259-io.json constants: ChainedPics.initialize() and EOI use them", () => {
  const c = vectors.constants;
  const bus = scripted();
  const pics = new ChainedPics(bus, 32, 40);
  pics.initialize();
  const writes = bus.io.filter(([op]) => op === "out8");
  const to = (port: string) =>
    writes.filter(([, p]) => p === port).map(([, , value]) => value);
  const mode = Number(c.mode_8086), init = Number(c.init_command);
  c.command_ports.forEach((port) => assertEquals(to(port), [init]));
  c.data_ports.forEach((port, i) =>
    assertEquals(to(port), [32 + 8 * i, c.icw3[i]!, mode, 0xff])
  );
  assertEquals(to(c.wait_port), Array(8).fill(0));
  bus.io.length = 0;
  pics.notifyEndOfInterrupt(40);
  assertEquals(
    bus.io,
    c.command_ports.toReversed().map((
      port,
    ) => ["out8", port, Number(c.end_of_interrupt)]),
  );
  assertEquals(Object.keys(c).length, 7);
});

Deno.test("ChainedPics.newContiguous() places the secondary 8 vectors up", () => {
  const pics = ChainedPics.newContiguous(scripted(), 0x30);
  const handled = Array.from({ length: 256 }, (_, id) => id)
    .filter((id) => pics.handlesInterrupt(id));
  assertEquals(handled, Array.from({ length: 16 }, (_, i) => 0x30 + i));
});

Deno.test("ChainedPics overflows as the crate's debug build when vectors pass 255", () => {
  const text = /attempt to add with overflow$/;
  const overflow = (act: () => void) =>
    assert(text.test(assertThrows(act, RangeError).message));
  overflow(() => void ChainedPics.newContiguous(scripted(), 248));
  const pics = new ChainedPics(scripted(), 32, 250);
  assertEquals(pics.handlesInterrupt(33), true); // Found at the primary: nothing is added at the secondary.
  assertEquals(pics.handlesInterrupt(249), false); // Below the offset: nothing is added.
  overflow(() => pics.handlesInterrupt(250));
  overflow(() => pics.notifyEndOfInterrupt(255));
});

Deno.test("ChainedPics refuses offsets that are no byte", () => {
  for (const offset of [-1, 256, 1.5]) {
    assertThrows(() => new ChainedPics(scripted(), offset, 40), RangeError);
    assertThrows(() => new ChainedPics(scripted(), 32, offset), RangeError);
  }
});

Deno.test("ChainedPics drives the chips: each line has its vector, and masks stay", () => {
  const pic = new Pic({ intr: UNCONNECTED });
  const pics = new ChainedPics(
    {
      in8: (port) => pic.readPort(port),
      out8: (port, value) => {
        if (port !== 0x80) pic.writePort(port, value);
      },
    },
    32,
    40,
  );
  pics.writeMasks(0xb8, 0x8e);
  pics.initialize();
  assertEquals(pics.readMasks(), [0xb8, 0x8e]);
  pics.writeMasks(0, 0);
  for (let line = 0; line < 16; line++) {
    if (line === 2) continue;
    pic.setIrq(line, true);
    assertEquals(pic.acknowledge(), 32 + line);
    pic.setIrq(line, false);
    pics.notifyEndOfInterrupt(32 + line);
    assertEquals([pic.state.primary.isr, pic.state.secondary.isr], [0, 0]);
  }
  pics.disable();
  pic.setIrq(0, true);
  assertEquals(pic.peekPending(), null);
});
