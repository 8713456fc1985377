import { assertEquals, assertMatch } from "@std/assert";
import { KERNEL, RED_ZONE } from "../../examples/guest/binaries.ts";
import type { VirtAddr } from "../hw/addr.ts";
import { Machine } from "../hw/machine.ts";
import { isaEngine } from "../isa/engine.ts";
import { bootloaderImage } from "../isa/loaders/bootloader.ts";
import { InstructionTrace } from "./instruction_trace.ts";

/** Runs the guest with an NMI, and returns what was told of it. */
function traced(nmiClk: number): { lines: string[]; clk: number } {
  const machine = new Machine({
    image: bootloaderImage(RED_ZONE),
    engine: isaEngine,
    ramBytes: 16 * 2 ** 20,
    inputs: [{ clk: nmiClk, source: "nmi" }],
  });
  let text = "";
  const trace = new InstructionTrace(machine, (more) => text += more);
  machine.run({ until: () => (trace.follow(), false) });
  trace.end();
  return { lines: text.trimEnd().split("\n"), clk: machine.clk };
}

Deno.test("InstructionTrace tells once of each clk, of an instruction or an interrupt", () => {
  for (const nmiClk of [1, 2, 30, 31]) {
    const { lines, clk } = traced(nmiClk);
    assertEquals(
      lines.map((line) => Number(line.split(" ")[1])),
      [
        ...Array(clk).keys(),
      ].map((i) => i + 1),
    );
    assertEquals(lines[nmiClk - 1], `clk ${nmiClk} interrupt 0x2`);
    if (nmiClk < 30) continue; // Before its IDT is there, that is the end.
    assertMatch(lines[nmiClk]!, /^clk \d+ cpl 0 rip 0x20_0000 48 cf {2}IRET/);
    assertMatch(lines.at(-1)!, /^clk \d+ cpl 0 rip 0x20_00d8 e7 f4 {2}OUT /);
  }
});

Deno.test("InstructionTrace takes INT n for the instruction that it is", () => {
  const machine = new Machine({
    image: bootloaderImage(KERNEL),
    engine: isaEngine,
    ramBytes: 32 * 2 ** 20,
  });
  const INT_80 = 0x80cd;
  const isNext = (m: Machine) => m.peek(m.cpu.rip as VirtAddr, 2) === INT_80;
  machine.run({ until: isNext });
  let text = "";
  const trace = new InstructionTrace(machine, (more) => text += more);
  machine.run({
    until: () => (trace.follow(), false),
    clkMax: machine.clk + 2,
  });
  trace.end();
  assertMatch(text, /cd 80 {2}INT Ib\n/);
  assertEquals(text.includes("interrupt"), false);
});

Deno.test("InstructionTrace writes in pieces, and all in the end", () => {
  const machine = new Machine({
    image: bootloaderImage(RED_ZONE),
    engine: isaEngine,
    ramBytes: 16 * 2 ** 20,
  });
  const pieces: string[] = [];
  const trace = new InstructionTrace(machine, (text) => pieces.push(text));
  machine.run({ pauseClk: 3 });
  trace.end();
  trace.end();
  assertEquals(pieces.length, 1);
});
