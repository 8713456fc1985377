import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import cpu from "../../vectors/cpu-exceptions.json" with { type: "json" };
import { type VirtAddr, virtAddr } from "./addr.ts";
import {
  decodeGate,
  GATE_BYTES,
  GATE_MISSING,
  GATE_TYPE_INTERRUPT,
  GATE_TYPE_TRAP,
  gateDebug,
  gateFor,
  gateWith,
  IDT_BYTES,
  InterruptDescriptorTable,
  plainVector,
  readGate,
  readStackFrame,
  STACK_FRAME_BYTES,
  stackFrameDebug,
  vectorOfField,
  writeGate,
  writeStackFrame,
} from "./idt.ts";

/** Words by address. */
class Words {
  readonly map: Map<number, number> = new Map();
  load32(address: number): number {
    return this.map.get(address)!;
  }
  store32(address: number, value: number): void {
    this.map.set(address, value | 0);
  }
}

const reserved = new Set(cpu.reserved_vectors);

Deno.test("setGeneral() sets all gates but reserved ones (default_handlers)", () => {
  const table = new InterruptDescriptorTable();
  const present = () =>
    Array.from({ length: 256 }, (_, vector) => vector)
      .filter((vector) => decodeGate(table.gate(vector)).present);
  const gate = gateFor(virtAddr(0x20_4000), 8);
  table.setGeneral(() => gate, 0, 1);
  assertEquals(present(), [0]);
  table.setGeneral(() => gate, 14, 33);
  assertEquals(present(), [
    0,
    14,
    16,
    17,
    18,
    19,
    20,
    21,
    28,
    29,
    30,
    32,
  ]);
  table.setGeneral((vector) => gateFor(virtAddr(vector * 16), 8));
  assertEquals(present().length, 256 - reserved.size);
  assertEquals(decodeGate(table.gate(255)).handler, 255 * 16);
  table.reset();
  assertEquals(present(), []);
});

Deno.test("gateDebug() prints a gate as the crate (idt_fmt_debug)", () => {
  assertEquals(
    gateDebug(gateWith(gateFor(virtAddr(0xffff_ffff_8000_1234n), 8), {
      stackIndex: 0,
      disableInterrupts: false,
      privilegeLevel: 3,
    })),
    "Entry { handler_addr: 0xffffffff80001234, options: EntryOptions { " +
      "code_selector: SegmentSelector { index: 1, rpl: Ring0 }, " +
      "stack_index: Some(0), type: 0b1111, privilege_level: Ring3, " +
      "present: true } }",
  );
  assertEquals(gateDebug([0, 0, 0, 0]).includes("type: 0b00,"), true);
});

Deno.test("a gate is a value (entry_derive_test)", () => {
  const gate = gateFor(virtAddr(0x1000), 8);
  assertEquals(gateWith(gate, {}), gate);
  assertEquals(gateWith(gate, { present: false })[1], 0x0e00);
  assertEquals(gate[1], 0x8e00);
});

Deno.test("gateWith() refuses stacks that a TSS does not have", () => {
  for (const bad of [-1, 7, NaN]) {
    assertThrows(
      () => gateWith(GATE_MISSING, { stackIndex: bad }),
      RangeError,
      "use 0 to 6",
    );
  }
});

Deno.test("a gate keeps handler, selector and options apart", () => {
  const level = fc.constantFrom(0, 1, 2, 3) as fc.Arbitrary<0 | 1 | 2 | 3>;
  fc.assert(fc.property(
    fc.bigInt(-(2n ** 47n), 2n ** 47n - 1n),
    fc.nat(0xffff),
    fc.boolean(),
    fc.boolean(),
    level,
    fc.nat(6),
    fc.nat(255),
    (address, codeSelector, present, trap, privilegeLevel, stack, vector) => {
      const gate = gateWith(gateFor(virtAddr(address), 0), {
        codeSelector,
        present,
        disableInterrupts: !trap,
        privilegeLevel,
        stackIndex: stack,
      });
      assertEquals(decodeGate(gate), {
        handler: virtAddr(address),
        codeSelector,
        present,
        privilegeLevel,
        type: trap ? GATE_TYPE_TRAP : GATE_TYPE_INTERRUPT,
        stackIndex: stack,
      });
      const words = new Words();
      writeGate(words, 0x1000, vector, gate);
      assertEquals(readGate(words, 0x1000, vector), gate);
      assertEquals(Math.min(...words.map.keys()), 0x1000 + 16 * vector);
    },
  ));
});

Deno.test("write() stores the whole table (size_test)", () => {
  const words = new Words();
  const table = new InterruptDescriptorTable();
  table.setGate(255, gateFor(virtAddr(0x1234_5678), 8));
  table.write(words, 0);
  assertEquals(words.map.size * 4, IDT_BYTES);
  assertEquals([GATE_BYTES, IDT_BYTES, STACK_FRAME_BYTES], [16, 4096, 40]);
  assertEquals(readGate(words, 0, 254), GATE_MISSING);
  assertEquals(readGate(words, 0, 255), table.gate(255));
  assertThrows(() => table.gate(256), RangeError, "0 to 255");
  assertThrows(() => table.setGate(-1, GATE_MISSING), RangeError);
  assertThrows(() => table.slice(40, 257), RangeError, "gates 40 to 257");
  assertThrows(() => table.slice(41, 40), RangeError);
});

Deno.test("vectorOfField() finds each field of the crate's table", () => {
  for (const [vector, field] of cpu.exceptions) {
    const name = (field as string).replace("(private) ", "");
    assertEquals(vectorOfField(name), vector as number);
  }
  assertEquals(vectorOfField("interrupts"), null);
  assertThrows(() => plainVector(256), RangeError, "beyond the table");
});

Deno.test("a frame's RIP moves when it is written back (isr_frame_manipulation)", () => {
  const words = new Words();
  const frame = {
    instructionPointer: virtAddr(0x20_31b2),
    codeSegment: 8,
    cpuFlags: 0x202,
    stackPointer: virtAddr(0x100_0020_1f48),
    stackSegment: 0,
  };
  writeStackFrame(words, 0x100, frame);
  assertEquals(words.map.size * 4, cpu.stack_frame_bytes);
  assertEquals(readStackFrame(words, 0x100), frame);
  const moved = frame.instructionPointer + 2 as VirtAddr;
  writeStackFrame(words, 0x100, { ...frame, instructionPointer: moved });
  assertEquals(words.load32(0x100), 0x20_31b4);
  words.store32(0x104, 0x8000);
  assertThrows(() => readStackFrame(words, 0x100), RangeError, "sign extended");
});

Deno.test("stackFrameDebug() prints numbers after 0.14", () => {
  const frame = {
    instructionPointer: virtAddr(0x20_31b2),
    codeSegment: 8,
    cpuFlags: 0x202,
    stackPointer: virtAddr(0x100_0020_1f48),
    stackSegment: 0,
  };
  assertEquals(
    stackFrameDebug(frame, { version: "0.14" }),
    "InterruptStackFrame { instruction_pointer: VirtAddr(0x2031b2), " +
      "code_segment: 8, cpu_flags: 0x202, " +
      "stack_pointer: VirtAddr(0x10000201f48), stack_segment: 0 }",
  );
  assertEquals(
    stackFrameDebug(frame, { version: "0.14", pretty: true }).split("\n")
      .slice(0, 6),
    [
      "InterruptStackFrame {",
      "    instruction_pointer: VirtAddr(",
      "        0x2031b2,",
      "    ),",
      "    code_segment: 8,",
      "    cpu_flags: 0x202,",
    ],
  );
});

Deno.test("gateFor() is made of unsigned words", () => {
  assertEquals(gateFor(virtAddr(0xffff_8000_9234_f678n), 0xfff8), [
    0xfff8_f678,
    0x9234_8e00,
    0xffff_8000,
    0,
  ]);
});
