/**
 * The one-byte opcode map. What is not in it is invalid in 64-bit mode; prefixes (26, 2E, 36, 3E, 40–4F, 64–67, F0, F2,
 * F3) and the escape 0F are the decoder's.
 *
 * Source: SDM 2D, "One-byte Opcode Map", "Opcode Extensions for One-byte and Two-byte Opcodes by Group Number", "Escape
 * Opcode Instructions".
 *
 * @module
 */

import { alu, dec, inc, neg, not, test } from "./alu_instructions.ts";
import { ADC, ADD, AND, CMP, OR, SBB, SUB, XOR } from "./arithmetic.ts";
import {
  call,
  callNear,
  jump,
  jumpIf,
  jumpIfCounterZero,
  jumpNear,
  loop,
  ret,
} from "./control.ts";
import { callFar, int, int1, int3, iret, jumpFar, retFar } from "./far.ts";
import { clc, cld, cmc, lahf, sahf, stc, std } from "./flags.ts";
import {
  fldcw,
  fnclex,
  fninit,
  fnop,
  fnstcw,
  fnstsw,
  fnstswAx,
  fwait,
} from "./fpu.ts";
import {
  convertAccumulator,
  extendAccumulator,
  lea,
  mov,
  moveSignExtend32,
  xchg,
  xchgAccumulator,
  xlat,
} from "./moves.ts";
import { div, idiv } from "./divide.ts";
import { imul, imulTo, mul } from "./multiply.ts";
import { always, byMod, byRm, type Entry, group, row } from "./opcode_row.ts";
import { portIn, portOut, stringPort } from "./ports.ts";
import { segmentMove } from "./segment_instructions.ts";
import { RCL, RCR, ROL, ROR, SAR, shifts, SHL, SHR } from "./shifts.ts";
import { enter, leave, pop, popf, push, pushf } from "./stack.ts";
import { cmps, ins, lods, movs, outs, scas, stos } from "./strings.ts";
import { cli, hlt, sti } from "./system.ts";
import { TSX, unmodelled, X87 } from "./unmodelled.ts";

/** Mnemonics of the sixteen conditions. */
export const CONDITIONS: readonly string[] = Object.freeze(
  "O NO B NB Z NZ BE NBE S NS P NP L NL LE NLE".split(" "),
);

/** Columns 0 to 5, or 8 to D, of the first four rows. */
const arithmeticRows = (name: string, kind: number): Entry[] => [
  row(`${name} Eb,Gb`, alu, kind),
  row(`${name} Ev,Gv`, alu, kind),
  row(`${name} Gb,Eb`, alu, kind),
  row(`${name} Gv,Ev`, alu, kind),
  row(`${name} AL,Ib`, alu, kind),
  row(`${name} rAX,Iz`, alu, kind),
];

/** Group 1. */
const group1 = (operands: string): Entry =>
  group(
    row(`ADD ${operands}`, alu, ADD),
    row(`OR ${operands}`, alu, OR),
    row(`ADC ${operands}`, alu, ADC),
    row(`SBB ${operands}`, alu, SBB),
    row(`AND ${operands}`, alu, AND),
    row(`SUB ${operands}`, alu, SUB),
    row(`XOR ${operands}`, alu, XOR),
    row(`CMP ${operands}`, alu, CMP),
  );

/** Group 2; /6 is another SHL. */
const group2 = (operands: string): Entry =>
  group(
    row(`ROL ${operands}`, shifts, ROL),
    row(`ROR ${operands}`, shifts, ROR),
    row(`RCL ${operands}`, shifts, RCL),
    row(`RCR ${operands}`, shifts, RCR),
    row(`SHL ${operands}`, shifts, SHL),
    row(`SHR ${operands}`, shifts, SHR),
    row(`SHL ${operands}`, shifts, SHL),
    row(`SAR ${operands}`, shifts, SAR),
  );

/** Group 3. */
const group3 = (operand: string, immediate: string): Entry =>
  group(
    row(`TEST ${operand},${immediate}`, test),
    row(`TEST ${operand},${immediate}`, test),
    row(`NOT ${operand}`, always(not)),
    row(`NEG ${operand}`, always(neg)),
    row(`MUL ${operand}`, always(mul)),
    row(`IMUL ${operand}`, always(imul)),
    row(`DIV ${operand}`, always(div)),
    row(`IDIV ${operand}`, always(idiv)),
  );

/** x87: what is not named is not modelled. */
const x87 = row("FPU E", always(unmodelled), X87);
const X87_D9 = byMod(
  group(
    x87,
    null,
    x87,
    x87,
    x87,
    row("FLDCW Mw", always(fldcw)),
    x87,
    row("FNSTCW Mw", always(fnstcw)),
  ),
  group(x87, x87, byRm(x87), x87, x87, x87, x87, x87),
);
const X87_DB = byMod(
  group(x87, x87, x87, x87, null, x87, null, x87),
  group(
    x87,
    x87,
    x87,
    x87,
    byRm(
      row("FNENI E", always(fnop)),
      row("FNDISI E", always(fnop)),
      row("FNCLEX E", always(fnclex)),
      row("FNINIT E", always(fninit)),
      row("FNSETPM E", always(fnop)),
    ),
    x87,
    x87,
  ),
);
const X87_DD = byMod(
  group(x87, x87, x87, x87, x87, null, x87, row("FNSTSW Mw", always(fnstsw))),
  group(x87, x87, x87, x87, x87, x87),
);
const X87_DF = byMod(
  x87,
  group(
    x87,
    x87,
    x87,
    x87,
    byRm(row("FNSTSW E", always(fnstswAx))),
    x87,
    x87,
  ),
);

const NONE_1_TO_6: readonly null[] = [null, null, null, null, null, null];
const XABORT = byMod(null, byRm(row("XABORT E,Ib", always(unmodelled), TSX)));
const XBEGIN = byMod(null, byRm(row("XBEGIN E,Jz", always(unmodelled), TSX)));

/** By opcode. */
export const ONE_BYTE_MAP: readonly Entry[] = place([
  [0x00, arithmeticRows("ADD", ADD)],
  [0x08, arithmeticRows("OR", OR)],
  [0x10, arithmeticRows("ADC", ADC)],
  [0x18, arithmeticRows("SBB", SBB)],
  [0x20, arithmeticRows("AND", AND)],
  [0x28, arithmeticRows("SUB", SUB)],
  [0x30, arithmeticRows("XOR", XOR)],
  [0x38, arithmeticRows("CMP", CMP)],
  [0x50, eight(row("PUSH Zv d64", push))],
  [0x58, eight(row("POP Zv d64", pop))],
  [0x63, [row("MOVSXD Gv,Ed", always(moveSignExtend32))]],
  [0x68, [
    row("PUSH Iz d64", push),
    row("IMUL Gv,Ev,Iz", imulTo),
    row("PUSH Ib d64", push),
    row("IMUL Gv,Ev,Ib", imulTo),
    row("INS Xb", stringPort(ins)),
    row("INS Xv", stringPort(ins)),
    row("OUTS Xb", stringPort(outs)),
    row("OUTS Xv", stringPort(outs)),
  ]],
  [0x70, CONDITIONS.map((name, i) => row(`J${name} Jb f64`, jumpIf, i))],
  [0x80, [group1("Eb,Ib"), group1("Ev,Iz"), null, group1("Ev,Ib")]],
  [0x84, [
    row("TEST Eb,Gb", test),
    row("TEST Ev,Gv", test),
    row("XCHG Eb,Gb", always(xchg)),
    row("XCHG Ev,Gv", always(xchg)),
    row("MOV Eb,Gb", mov),
    row("MOV Ev,Gv", mov),
    row("MOV Gb,Eb", mov),
    row("MOV Gv,Ev", mov),
    row("MOV Ev,Sw", segmentMove),
    row("LEA Gv,M", lea),
    row("MOV Sw,Ew", segmentMove),
    group(row("POP Ev d64", pop)),
  ]],
  [0x90, eight(row("XCHG Zv,rAX", xchgAccumulator))],
  [0x98, [
    row("CBW Xv", always(convertAccumulator)),
    row("CWD Xv", always(extendAccumulator)),
    null,
    row("FWAIT", always(fwait)),
    row("PUSHF Xv d64", always(pushf)),
    row("POPF Xv d64", always(popf)),
    row("SAHF", always(sahf)),
    row("LAHF", always(lahf)),
    row("MOV AL,Ob", mov),
    row("MOV rAX,Ov", mov),
    row("MOV Ob,AL", mov),
    row("MOV Ov,rAX", mov),
    row("MOVS Xb", always(movs)),
    row("MOVS Xv", always(movs)),
    row("CMPS Xb", always(cmps)),
    row("CMPS Xv", always(cmps)),
    row("TEST AL,Ib", test),
    row("TEST rAX,Iz", test),
    row("STOS Xb", always(stos)),
    row("STOS Xv", always(stos)),
    row("LODS Xb", always(lods)),
    row("LODS Xv", always(lods)),
    row("SCAS Xb", always(scas)),
    row("SCAS Xv", always(scas)),
  ]],
  [0xb0, eight(row("MOV Zb,Ib", mov))],
  [0xb8, eight(row("MOV Zv,Iv", mov))],
  [0xc0, [
    group2("Eb,Ib"),
    group2("Ev,Ib"),
    row("RET Iw f64", always(ret)),
    row("RET f64", always(ret)),
  ]],
  [0xc6, [
    group(row("MOV Eb,Ib", mov), ...NONE_1_TO_6, XABORT),
    group(row("MOV Ev,Iz", mov), ...NONE_1_TO_6, XBEGIN),
    row("ENTER Iw,Ib d64", always(enter)),
    row("LEAVE Xv d64", always(leave)),
    row("RETF Iw", always(retFar)),
    row("RETF", always(retFar)),
    row("INT3", always(int3)),
    row("INT Ib", always(int)),
    null,
    row("IRET Xv", always(iret)),
  ]],
  [0xd0, [group2("Eb,1"), group2("Ev,1"), group2("Eb,CL"), group2("Ev,CL")]],
  [0xd7, [
    row("XLAT", xlat),
    x87,
    X87_D9,
    x87,
    X87_DB,
    x87,
    X87_DD,
    x87,
    X87_DF,
  ]],
  [0xe0, [
    row("LOOPNE Jb f64", always(loop), 5),
    row("LOOPE Jb f64", always(loop), 4),
    row("LOOP Jb f64", always(loop), -1),
    row("JRCXZ Jb f64", always(jumpIfCounterZero)),
    row("IN AL,Ib", portIn),
    row("IN rAX,Ib", portIn),
    row("OUT Ib,AL", portOut),
    row("OUT Ib,rAX", portOut),
    row("CALL Jz f64", always(call)),
    row("JMP Jz f64", always(jump)),
    null,
    row("JMP Jb f64", always(jump)),
    row("IN AL,DX", portIn),
    row("IN rAX,DX", portIn),
    row("OUT DX,AL", portOut),
    row("OUT DX,rAX", portOut),
  ]],
  [0xf1, [row("INT1", always(int1))]],
  [0xf4, [
    row("HLT", always(hlt)),
    row("CMC", always(cmc)),
    group3("Eb", "Ib"),
    group3("Ev", "Iz"),
    row("CLC", always(clc)),
    row("STC", always(stc)),
    row("CLI", always(cli)),
    row("STI", always(sti)),
    row("CLD", always(cld)),
    row("STD", always(std)),
    group(row("INC Eb", always(inc)), row("DEC Eb", always(dec))),
    group(
      row("INC Ev", always(inc)),
      row("DEC Ev", always(dec)),
      row("CALL Ev f64", always(callNear)),
      row("CALL Mp", always(callFar)),
      row("JMP Ev f64", always(jumpNear)),
      row("JMP Mp", always(jumpFar)),
      row("PUSH Ev d64", push),
    ),
  ]],
]);

function eight(entry: Entry): Entry[] {
  return new Array<Entry>(8).fill(entry);
}

/** Puts runs of entries at their first opcodes. */
export function place(
  runs: readonly (readonly [number, readonly Entry[]])[],
): readonly Entry[] {
  const map = new Array<Entry>(256).fill(null);
  for (const [first, entries] of runs) {
    entries.forEach((entry, i) => map[first + i] = entry);
  }
  return Object.freeze(map);
}
