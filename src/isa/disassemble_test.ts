import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Decoder } from "./decoder.ts";
import { disassemble, type Disassembled } from "./disassemble.ts";
import { bytesOf } from "./support_test.ts";
import { UNMODELLED } from "./unmodelled.ts";

type Row = readonly [string, Disassembled["kind"], number, string];

/** Bytes, what they are, length, row. From SDM 2A, "Instruction Prefixes", and SDM 2D, "Opcode Map". */
const ROWS: readonly Row[] = [
  ["90", "instruction", 1, "XCHG Zv,rAX"],
  ["f3 90", "instruction", 2, "XCHG Zv,rAX"],
  ["48 b8 01 02 03 04 05 06 07 08", "instruction", 10, "MOV Zv,Iv"],
  // REX counts only directly before the opcode.
  ["48 66 b8 01 02", "instruction", 5, "MOV Zv,Iv"],
  ["66 48 b8 01 02 03 04 05 06 07 08", "instruction", 11, "MOV Zv,Iv"],
  // 64-bit addresses in the instruction, 32-bit ones with 67.
  ["a1 01 02 03 04 05 06 07 08", "instruction", 9, "MOV rAX,Ov"],
  ["67 a1 01 02 03 04", "instruction", 6, "MOV rAX,Ov"],
  // Near branches have 64 bits: 66 changes nothing.
  ["66 e8 01 02 03 04", "instruction", 6, "CALL Jz f64"],
  ["66 68 01 02", "instruction", 4, "PUSH Iz d64"],
  // SIB without base and index; RIP-relative.
  ["8b 04 25 01 02 03 04", "instruction", 7, "MOV Gv,Ev"],
  ["8b 05 01 02 03 04", "instruction", 6, "MOV Gv,Ev"],
  ["41 8b 05 01 02 03 04", "instruction", 7, "MOV Gv,Ev"],
  ["41 8b 45 01", "instruction", 4, "MOV Gv,Ev"],
  ["c8 01 02 03", "instruction", 4, "ENTER Iw,Ib d64"],
  ["f6 c1 05", "instruction", 3, "TEST Eb,Ib"],
  ["f6 d1", "instruction", 2, "NOT Eb"],
  // Moves to control registers ignore ModRM.mod.
  ["0f 22 1d", "instruction", 3, "MOV Cd,Rq"],
  ["0f 22 0d", "invalid", 3, "MOV Cd,Rq"],
  ["0f 0b", "instruction", 2, "UD2"],
  ["06", "invalid", 1, ""],
  ["8d c0", "invalid", 2, "LEA Gv,M"],
  ["f0 01 c0", "invalid", 3, "ADD Ev,Gv"],
  ["f3 0f 1e fa", "instruction", 4, "NOP Ev"],
  ["66 0f 6f 05 01 02 03 04", "unmodelled", 8, "SSE E"],
  ["66 0f 70 c1 05", "unmodelled", 5, "SSE E,Ib"],
  ["66 0f 3a 0f c1 05", "unmodelled", 6, "SSE E,Ib"],
  ["d9 45 08", "unmodelled", 3, "FPU E"],
  ["66", "short", 0, ""],
  ["b8 01 02", "short", 0, ""],
  ["66".repeat(15), "long", 0, ""],
];

for (const [hex, kind, length, text] of ROWS) {
  Deno.test(`disassemble() of ${hex}: ${kind}`, () => {
    const bytes = new Uint8Array(bytesOf(hex));
    assertEquals(disassemble(bytes), { kind, length, text });
  });
}

Deno.test("disassemble() looks at no byte behind the instruction", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 15, maxLength: 15 }),
    fc.nat(15),
    (bytes, cut) => {
      const whole = disassemble(bytes);
      const part = disassemble(bytes.subarray(0, cut));
      if (whole.kind === "long" || cut < whole.length) {
        assert(part.kind === "short" || part.kind === "long");
      } else assertEquals(part, whole);
    },
  ));
});

Deno.test("an unmodelled operation's kind is the family that lists its opcode", () => {
  const rows: readonly (readonly [string, string])[] = [
    ["0f 01 c1", "VMX"],
    ["0f 01 d4", "VMX"],
    ["0f 01 d5", "TSX"], // xend
    ["0f 01 d6", "TSX"], // xtest
    ["0f 01 d0", "XSAVE"],
    ["0f 01 fa", "MONITOR"],
    ["0f c7 f0", "RDRAND"],
    ["0f c7 30", "VMX"],
    ["0f 0f c1 9e", "MMX"],
  ];
  for (const [hex, name] of rows) {
    const bytes = new Uint8Array(bytesOf(hex));
    const { kind } = new Decoder().decode(bytes, 0, bytes.length, 0)!;
    assert(UNMODELLED[kind]!.name.startsWith(name), hex);
  }
});

Deno.test("UNMODELLED names each family once", () => {
  const names = UNMODELLED.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
});
