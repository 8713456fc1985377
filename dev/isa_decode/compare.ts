/**
 * One instruction as the engine's decoder and as iced-x86 read it.
 *
 * Compared are validity, length, mnemonic, LOCK, and each operand that a row of the opcode map names: registers and their
 * size; base, index, scale, displacement, segment, address size and size of memory; immediates; targets of branches.
 * iced-x86 decodes at address 0, the engine at the start of a page.
 *
 * Needs read permission: iced-x86 reads its WebAssembly when it is loaded.
 *
 * @module
 */

import {
  Code,
  Decoder as IcedDecoder,
  Instruction,
  MemorySizeExt,
  Mnemonic,
  OpKind,
  Register,
} from "iced-x86";
import { Prng } from "../../src/base/prng.ts";
import { Decoder } from "../../src/isa/decoder.ts";
import { MODE_RIP, MODE_RIP_GENERAL } from "../../src/isa/operands.ts";
import type { Operation } from "../../src/isa/processor.ts";
import { isUnmodelled } from "../../src/isa/unmodelled.ts";
import { fillString, STRING_BYTES } from "./bytes.ts";
import { DECODER_OPTIONS, FOREIGN } from "./excluded.ts";
import { isSameName } from "./names.ts";

/** An instruction has no more. */
const LENGTH_MAX = 15;
/** Differences that are kept, of one kind. */
const EXAMPLES_MAX = 3;

/** What a run has found. */
export interface DecodeReport {
  /** Strings drawn. */
  readonly strings: number;
  /** Strings that are excluded. */
  readonly excluded: number;
  /** Instructions that the engine executes, compared whole. */
  readonly executed: number;
  /** Instructions that it lacks, of the same length. */
  readonly lacking: number;
  /** Strings that are no instruction to either. */
  readonly invalid: number;
  /** Rows of the opcode map that were met. */
  readonly rows: number;
  /** By kind of difference: how often, and examples. */
  readonly differences: ReadonlyMap<
    string,
    { count: number; readonly examples: string[] }
  >;
}

/** Decodes random strings with both. */
export function compareDecoders(strings: number, seed: number): DecodeReport {
  const random = new Prng(seed);
  const ours = new Decoder();
  const bytes = new Uint8Array(STRING_BYTES);
  const differences: Map<string, { count: number; examples: string[] }> =
    new Map();
  const rows = new Set<string>();
  const counts = { excluded: 0, executed: 0, lacking: 0, invalid: 0 };
  const block = new Uint8Array(STRING_BYTES * 1024);
  const theirs = new Instruction();
  let iced: IcedDecoder | null = null;
  for (let i = 0; i < strings; i++) {
    const at = STRING_BYTES * (i % 1024);
    if (at === 0) {
      for (let j = 0; j < block.length; j += STRING_BYTES) {
        fillString(block.subarray(j, j + STRING_BYTES), random);
      }
      iced?.free();
      iced = new IcedDecoder(64, block, DECODER_OPTIONS);
    }
    bytes.set(block.subarray(at, at + STRING_BYTES));
    iced!.position = at;
    iced!.ip = 0n;
    iced!.decodeOut(theirs);
    const valid = theirs.code !== Code.INVALID;
    if (
      valid && FOREIGN.test(Mnemonic[theirs.mnemonic]!)
    ) {
      counts.excluded++;
      continue;
    }
    const o = ours.decode(bytes, 0, LENGTH_MAX, 0);
    const lacking = o !== null && isUnmodelled(o);
    if (lacking) {
      counts[valid ? "lacking" : "excluded"]++;
    } else counts[valid ? "executed" : "invalid"]++;
    if (o?.isValid && !lacking) rows.add(o.text);
    const difference = differenceOf(o, theirs, valid, lacking);
    if (difference === "") continue;
    const text = hexOf(bytes.subarray(0, LENGTH_MAX));
    const known = differences.get(difference);
    if (!known) differences.set(difference, { count: 1, examples: [text] });
    else {
      known.count++;
      if (known.examples.length < EXAMPLES_MAX) known.examples.push(text);
    }
  }
  iced?.free();
  theirs.free();
  return { strings, ...counts, rows: rows.size, differences };
}

const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** What differs, in a word; nothing if all is equal. */
function differenceOf(
  o: Operation | null,
  theirs: Instruction,
  valid: boolean,
  lacking: boolean,
): string {
  const name = Mnemonic[theirs.mnemonic]!;
  if (o === null || !o.isValid) return valid ? `invalid here: ${name}` : "";
  if (!valid) return lacking ? "" : `valid here only: ${o.text}`;
  const what = `of ${o.text}, ${name}`;
  if (o.length !== theirs.length) return `length ${what}`;
  if (lacking) return "";
  const [mnemonic = "", list = ""] = o.text.split(" ");
  if (!isSameName(mnemonic, name)) return `mnemonic ${what}`;
  const operands = /^[df]64$/.test(list) || list === "" ? [] : list.split(",");
  // INS and its like name memory that the instruction implies.
  if (operands[0]?.[0] === "X") return stringDifference(o, theirs, what);
  if (OPERANDS_DIFFER.test(mnemonic)) return "";
  if (mnemonic === "XCHG" && theirs.opCount === 0) {
    // F3 90 with REX.B is excluded.
    return o.rm === 0 || name === "Pause" ? "" : `register ${what}`;
  }
  let place = 0;
  for (const [i, operand] of operands.entries()) {
    if (operand === "E" || operand === "R") continue;
    const width = i === 0 ? o.width : o.sourceWidth;
    const difference = operandDifference(o, theirs, operand, place++, {
      width: o.text === "MOVSXD Gv,Ed" && o.width === 2
        ? 2
        : /^[EGMRZ]/.test(operand) || /^[Ar]/.test(operand)
        ? width
        : o.width,
      mnemonic,
    });
    if (difference !== "") return `${difference} ${operand} ${what}`;
  }
  return "";
}

/** Hints and their like: iced-x86 gives named ones the operands of extensions that are absent. */
const OPERANDS_DIFFER = /^(NOP|PREFETCHW|FNOP|UD1|UD0|XLAT)$/;

function stringDifference(
  o: Operation,
  theirs: Instruction,
  what: string,
): string {
  let segment: number = Register.DS;
  let hasSource = false;
  for (let i = 0; i < theirs.opCount; i++) {
    const kind = theirs.opKind(i);
    if (kind >= OpKind.MemorySegSI && kind <= OpKind.MemorySegRDI) {
      segment = theirs.memorySegment;
      hasSource = true;
    }
    const is32 = kind === OpKind.MemoryESEDI || kind === OpKind.MemorySegESI ||
      kind === OpKind.MemorySegEDI;
    if (kind !== OpKind.Register && is32 !== o.address32) {
      return `address size ${what}`;
    }
  }
  if (hasSource && segmentOf(segment) !== o.segment) return `segment ${what}`;
  // PUSHF and its like are rows with X, too, and have no memory operand.
  const size = MemorySizeExt.size(theirs.memorySize);
  return size !== 0 && !/^(INS|OUTS)/.test(o.text) && size !== o.width
    ? `size ${what}`
    : "";
}

/** 0, FS or GS: the others mean nothing. */
function segmentOf(register: number): number {
  if (register === Register.FS) return 1;
  return register === Register.GS ? 2 : 0;
}

/** What an operand's comparison needs besides. */
interface Context {
  /** Of the operand, bytes. */
  readonly width: number;
  /** The engine's. */
  readonly mnemonic: string;
}

/** Their register operand is named by the operand size, but only 16 bits are read. */
const READS_16 = /^(LAR|LSL|MOV Sw|LMSW|LLDT|LTR|VERR|VERW)/;
/** Of `OP reg, rm` with two registers the engine makes `OP rm, reg`, which is the same. */
const EXCHANGED = /^(ADD|OR|ADC|SBB|AND|SUB|XOR|CMP|MOV) G[bv],E[bv]/;

function operandDifference(
  o: Operation,
  theirs: Instruction,
  operand: string,
  place: number,
  { width, mnemonic }: Context,
): string {
  const kind = theirs.opKind(place);
  const isRegister = kind === OpKind.Register;
  const register = isRegister ? theirs.opRegister(place) : Register.None;
  const exchanged = !o.memory && o.width >= 4 && EXCHANGED.test(o.text);
  const same = (want: number): string => register === want ? "" : "register";
  switch (operand) {
    case "CL":
      return same(Register.CL);
    case "DX":
      return same(Register.DX);
    case "1":
      return theirs.immediate(place) === 1n ? "" : "immediate";
    case "AL":
      return same(Register.AL);
    case "rAX":
      return same(registerOf(operandWidth(o, mnemonic, width), 0));
  }
  switch (operand[0]) {
    case "E":
    case "M":
    case "R":
    case "O":
      if (o.memory) return memoryDifference(o, theirs, operand, width, kind);
      if (READS_16.test(o.text) || o.text === "MOVSXD Gv,Ed") {
        // Views of 2, 4 and 8 bytes follow each other, 16 registers each.
        const number = (theirs.opRegister(place) - Register.AX) % 16;
        return number === o.rm / (READS_16.test(o.text) ? 4 : 2)
          ? ""
          : "register";
      }
      return same(registerOf(width, exchanged ? o.reg : o.rm));
    case "G":
      return same(registerOf(width, exchanged ? o.rm : o.reg));
    case "Z":
      return same(registerOf(width, o.rm));
    case "S":
      return same(Register.ES + (o.number & 7));
    case "C":
      return same(Register.CR0 + o.number);
    case "D":
      return same(Register.DR0 + o.number);
    case "J":
      return theirs.nearBranchTarget === BigInt.asUintN(64, BigInt(o.target))
        ? ""
        : "target";
    case "I":
      return immediateDifference(o, theirs, operand, place, width);
  }
  return `no rule for ${operand}`;
}

/** IN and OUT move 4 bytes at most. */
function operandWidth(o: Operation, mnemonic: string, width: number): number {
  if (!/^(IN|OUT)$/.test(mnemonic)) return width;
  return o.operand16 ? 2 : 4;
}

/** A register of iced-x86 by its index in the engine's view of that width. */
function registerOf(width: number, index: number): number {
  if (width === 1) {
    if (index % 8 === 1) return Register.AH + (index - 1) / 8;
    const number = index / 8;
    // iced-x86 orders AL to BL, AH to BH, SPL to DIL, R8L on.
    return number < 4 ? Register.AL + number : Register.SPL + number - 4;
  }
  if (width === 2) return Register.AX + index / 4;
  return (width === 4 ? Register.EAX : Register.RAX) + index / 2;
}

function memoryDifference(
  o: Operation,
  theirs: Instruction,
  operand: string,
  width: number,
  kind: number,
): string {
  if (kind !== OpKind.Memory) return "kind";
  const first = o.address32 ? Register.EAX : Register.RAX;
  const relative = o.mode === MODE_RIP || o.mode === MODE_RIP_GENERAL;
  const ip = o.address32 ? Register.EIP : Register.RIP;
  const base = relative ? ip : o.base < 0 ? Register.None : first + o.base / 2;
  if (theirs.memoryBase !== base) return "base";
  const index = o.index < 0 ? Register.None : first + o.index / 2;
  if (theirs.memoryIndex !== index) return "index";
  if (o.index >= 0 && theirs.memoryIndexScale !== o.scale) return "scale";
  const bits = o.address32 ? 32 : 64;
  const displacement = BigInt.asUintN(bits, BigInt(o.displacement));
  if (BigInt.asUintN(bits, theirs.memoryDisplacement) !== displacement) {
    // An address of 8 bytes is no exact number here unless it is canonical; then the fault is the same.
    if (operand[0] !== "O") return "displacement";
    const close = BigInt.asUintN(64, BigInt(o.displacement));
    if (isCanonical(theirs.memoryDisplacement) || isCanonical(close)) {
      return "displacement";
    }
  }
  if (segmentOf(theirs.memorySegment) !== o.segment) return "segment";
  const size = MemorySizeExt.size(theirs.memorySize);
  const sized = /^[EMO][bwdqvzy]$/.test(operand) && size > 0;
  return sized && size !== memoryWidth(o, width) ? "size" : "";
}

/** Segment registers in memory have 16 bits; CMPXCHG8B doubles its operand. */
function memoryWidth(o: Operation, width: number): number {
  if (/^(MOV Ev,Sw|SLDT|STR|SMSW)/.test(o.text)) return 2;
  return /^CMPXCHG8B/.test(o.text) ? 2 * width : width;
}

function isCanonical(address: bigint): boolean {
  return BigInt.asIntN(48, address) === BigInt.asIntN(64, address);
}

function immediateDifference(
  o: Operation,
  theirs: Instruction,
  operand: string,
  place: number,
  width: number,
): string {
  const theirsValue = theirs.immediate(place);
  const isSecond = /^ENTER/.test(o.text) && place === 1;
  const low = isSecond ? o.immediateHigh : o.immediate;
  const high = operand === "Iw" || isSecond ? 0 : o.immediateHigh;
  const value = BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
  // PUSH has the size of the stack; counts, ports, vectors are bytes.
  const bits = operand === "Iw" ? 16 : isSecond ? 8 : 8 * width;
  const byteOnly = operand === "Ib" &&
    /^(RO|RC|SH|SA|BT|IN|OUT|INT)/.test(o.text);
  const mask = byteOnly ? 8 : bits;
  return BigInt.asUintN(mask, theirsValue) === BigInt.asUintN(mask, value)
    ? ""
    : "immediate";
}
