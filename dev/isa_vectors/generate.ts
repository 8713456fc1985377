/**
 * Makes requests: an instruction of a given key with operands that are worth a try.
 *
 * A prefix, an addressing form and values are drawn for each; what an instruction needs besides, such as a return address
 * on the stack, is in `prepare.ts`. Values are edges more often than not. Memory operands lie in the writable pages, at
 * times across their boundary, in the read-only page, in none, or at no canonical address.
 *
 * Source: SDM 2A, "Instruction Format".
 *
 * @module
 */

import type { Prng } from "../../src/base/prng.ts";
import type { Key } from "./keys.ts";
import {
  CODE,
  DATA,
  DATA_AGAIN,
  DATA_BYTES,
  DATA_END,
  defaultRegisters,
  FLAGS_FIXED,
  FS_BASE,
  GS_BASE,
  PATCHES_MAX,
  READ_ONLY,
  type Request,
  setWord,
  wordOf,
} from "./layout.ts";
import { PREPARE } from "./prepare.ts";

const ALL = (1n << 64n) - 1n;
const RSP = 4;
/** Bytes from the data that still belong to it. */
const NEAR = 0x1000n;
/** With it, index 4 is a register. */
const REX_X = 2;
const STATUS = 0x8d5;
const DF = 0x400;

const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  1n << 63n,
  ALL,
  ALL - 1n,
  0x1_0000_0000n,
];

/** Mnemonics that take LOCK. */
const LOCKABLE =
  /^(ADD|ADC|AND|BTC|BTR|BTS|CMPXCHG|CMPXCHG8B|DEC|INC|NEG|NOT|OR|SBB|SUB|XOR|XADD|XCHG)$/;
const STRING = /^(MOVS|CMPS|STOS|LODS|SCAS|INS|OUTS)$/;
/** Mandatory or meaningful F2 and F3: no random ones. */
const FIXED_REPEAT =
  /^(POPCNT|BSF|BSR|NOP|FX|CLFLUSH|LDMXCSR|STMXCSR|[LMS]FENCE|MOVNTI|EMMS|CMPXCHG8B|UD|SWAPGS|L[GI]DT|S[GI]DT|SMSW|XCHG Z|VERW|SLDT|STR|LLDT|LTR|VERR|LMSW|INVLPG|WBINVD|INVD)/;

/** One request while it is being made. */
export class Draft {
  /** Whose. */
  readonly key: Key;
  /** Where chance comes from. */
  readonly random: Prng;
  /** Whether addresses are those across 4 GiB. */
  readonly again: boolean;
  /** Before. */
  readonly registers: Int32Array = defaultRegisters();
  /** Changed bytes, by offset. */
  readonly patches: Map<number, number> = new Map();
  /** Registers that an address or an instruction relies on. */
  readonly fixed: Set<number> = new Set();
  /** Status flags, DF. */
  flags = 0;
  /** Iterations at most. */
  steps = 1;
  /** Prefix 66. */
  operand16 = false;
  /** Prefix 67. */
  address32 = false;
  /** 0, F2 or F3. */
  repeat = 0;
  /** 0, or a segment prefix. */
  segment = 0;
  /** F0. */
  lock = false;
  /** REX or 0. */
  rex = 0;
  /** ModRM.reg without REX.R. */
  reg = 0;
  /** Whether ModRM names memory. */
  memory = false;
  /** Linear address of the memory operand, where there is one. */
  target = 0n;
  /** The general register that ModRM.rm names. */
  rm = 0;
  /** What `encode` puts behind the opcode. */
  tail: number[] = [];
  /** What the memory operand is aligned to, or 0. */
  alignment = 0;
  /** Immediate bytes that `prepare` has chosen. */
  immediate: number[] | null = null;

  constructor(key: Key, random: Prng) {
    this.key = key;
    this.random = random;
    this.again = this.chance(4);
  }

  /** Whether something with a chance of 1 in n comes true. */
  chance(n: number): boolean {
    return this.random.below(n) === 0;
  }

  /** One of them. */
  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)]!;
  }

  /** A 64-bit value. */
  value(): bigint {
    const kind = this.random.below(8);
    if (kind < 4) return this.pick(EDGES);
    if (kind === 4) return BigInt(this.random.below(256));
    const word = BigInt(this.random.word());
    if (kind === 5) return word;
    if (kind === 6) return BigInt.asUintN(64, BigInt.asIntN(32, word));
    return word << 32n | BigInt(this.random.word());
  }

  /** Sets a register that nothing relies on yet. */
  draw(register: number, value: bigint = this.value()): void {
    if (this.fixed.has(register)) return;
    setWord(this.registers, register, value & ALL);
  }

  /** Sets a register; it stays. */
  fix(register: number, value: bigint): void {
    setWord(this.registers, register, value & ALL);
    this.fixed.add(register);
  }

  /** A register's value. */
  get(register: number): bigint {
    return wordOf(this.registers, register);
  }

  /** Puts bytes of a value into memory, as far as there is any. */
  poke(address: bigint, value: bigint, bytes: number): void {
    if (this.patches.size + bytes > PATCHES_MAX) return;
    for (let i = 0; i < bytes; i++) {
      const base = address >= BigInt(DATA_AGAIN) - NEAR ? DATA_AGAIN : DATA;
      const offset = Number(address) - base + i;
      if (offset < 0 || offset >= DATA_BYTES) continue;
      this.patches.set(offset, Number(value >> BigInt(8 * i) & 255n));
    }
  }

  /** Puts bytes into the FXSAVE area. */
  pokeFpu(at: number, value: number, bytes: number): void {
    for (let i = 0; i < bytes; i++) {
      this.patches.set(DATA_BYTES + at + i, value >>> 8 * i & 255);
    }
  }

  /** Operand size in bytes, of 2, 4 or 8. */
  get size(): number {
    return this.rex & 8 ? 8 : this.operand16 ? 2 : 4;
  }

  /** Operand size on the stack. */
  get stackSize(): number {
    return this.operand16 && !(this.rex & 8) ? 2 : 8;
  }

  /** Size of an operand by its second letter. */
  sizeOf(operand: string): number {
    const fixed = { b: 1, w: 2, d: 4, q: 8, p: 10 }[operand[1] ?? ""];
    if (fixed !== undefined) return fixed;
    if (operand[1] === "y") return this.rex & 8 ? 8 : 4;
    return this.size;
  }

  /** An address for a memory operand. */
  address(bytes: number): bigint {
    return this.#somewhere(this.#address(bytes));
  }

  /** The data is in two places; what is nowhere near it stays. */
  #somewhere(address: bigint): bigint {
    const isNear = address >= BigInt(DATA) - NEAR &&
      address < BigInt(DATA_END) + NEAR;
    return this.again && isNear ? address + BigInt(DATA_AGAIN - DATA) : address;
  }

  #address(bytes: number): bigint {
    const r = this.random;
    const boundary = DATA + 0x1000;
    const near = (at: number): bigint => BigInt(at - r.below(2 * bytes + 8));
    switch (r.below(64)) {
      case 0:
        return near(DATA + bytes + 4);
      case 1:
        return near(READ_ONLY + bytes + 4);
      case 2:
        return BigInt(READ_ONLY + 0x100 + r.below(64));
      case 3:
        return near(DATA_END + 8);
      case 4:
        return this.pick([
          0x9000_0000_0000n,
          0xffff_7fff_ffff_f000n,
          0x1234_5678_9abc_def0n,
          0x8000_0000_0000_0000n,
        ]);
      case 5:
        return 0x3000_0000n + BigInt(r.below(4096));
      case 6:
      case 7:
      case 8:
      case 9:
        return near(boundary + bytes + 4);
    }
    return BigInt(boundary - 0x80 + r.below(0xf0));
  }

  /** An address in writable memory, at least `room` bytes from its ends. */
  safeAddress(room = 0x200): bigint {
    const bytes = READ_ONLY - DATA - 2 * room;
    return this.#somewhere(BigInt(DATA + room + this.random.below(bytes)));
  }

  /** Base of the segment that a prefix names. */
  get segmentBase(): bigint {
    if (this.segment === 0x64) return BigInt(FS_BASE);
    return this.segment === 0x65 ? BigInt(GS_BASE) : 0n;
  }

  /** Chooses how the memory operand at `target` is addressed. @returns ModRM and what follows */
  memoryForm(regField: number, immediateBytes: number): number[] {
    const r = this.random;
    let offset = (this.target - this.segmentBase) & ALL;
    if (this.address32) {
      // Only what 32 bits reach.
      offset &= 0xffff_ffffn;
      this.target = offset + this.segmentBase;
    }
    const modrm = (mod: number, rm: number): number =>
      mod << 6 | regField << 3 | rm;
    const form = r.below(10);
    const near = offset < 0x7fff_ffffn;
    if (form === 0 && near) {
      this.rex &= ~REX_X;
      return [modrm(0, 4), 0x25, ...little(Number(offset), 4)];
    }
    if (form === 1 && near && this.target < 0x7000_0000n) {
      this.relative = { at: 1, immediateBytes, offset };
      return [modrm(0, 5), 0, 0, 0, 0];
    }
    const wide = this.address32 ? 32n : 64n;
    const displacementBytes = this.pick([0, 1, 1, 4]);
    let mod = displacementBytes === 4 ? 2 : displacementBytes;
    const displacement = mod === 0
      ? 0
      : mod === 1
      ? r.below(256) - 128
      : r.word() | 0;
    const useSib = form >= 6;
    let base = r.below(8);
    if (!useSib && base === 4) base = 3;
    if (mod === 0 && base === 5) base = 6;
    const number = base | (this.rex & 1 ? 8 : 0);
    let rest = offset - BigInt(displacement);
    const bytes: number[] = [];
    let low = base;
    if (useSib) {
      let index = r.below(8);
      const scale = r.below(4);
      let indexNumber = index | (this.rex & 2 ? 8 : 0);
      if (indexNumber === number || this.fixed.has(indexNumber)) {
        // Without an index.
        this.rex &= ~REX_X;
        index = indexNumber = 4;
      }
      if (indexNumber !== RSP) {
        const value = this.chance(3) ? this.value() : BigInt(r.below(64));
        this.fix(indexNumber, value);
        rest -= value << BigInt(scale);
      }
      low = 4;
      bytes.push(scale << 6 | index << 3 | base);
    }
    if (this.fixed.has(number)) return this.memoryFallback(regField, offset);
    let value = BigInt.asUintN(Number(wide), rest);
    if (this.address32 && this.chance(2)) value |= BigInt(r.word()) << 32n;
    this.fix(number, value);
    if (mod === 0 && (number & 7) === 5) mod = 1;
    if (mod === 1) bytes.push(displacement & 255);
    if (mod === 2) bytes.push(...little(displacement, 4));
    return [modrm(mod, low), ...bytes];
  }

  /** The base is taken: an absolute address; where none reaches so far, one that is not mapped. */
  memoryFallback(regField: number, offset: bigint): number[] {
    this.rex &= ~REX_X;
    const low = offset < 0x7fff_ffffn ? offset : 0x3000_0000n;
    this.target = (low + this.segmentBase) & ALL;
    return [regField << 3 | 4, 0x25, ...little(Number(low), 4)];
  }

  /** A displacement that counts from the instruction's end, once that is known. */
  relative:
    | {
      readonly at: number;
      readonly immediateBytes: number;
      readonly offset: bigint;
    }
    | null = null;
}

/** A number's bytes. */
export function little(value: number, bytes: number): number[] {
  const list: number[] = [];
  for (let i = 0; i < bytes; i++) {
    list.push(i < 4 ? value >>> 8 * i & 255 : value < 0 ? 255 : 0);
  }
  return list;
}

/** Instructions whose first operand, a register, may be anything: RSP too. */
const usesStack =
  /^(PUSH|POP|PUSHF|POPF|CALL|RET|RETF|ENTER|LEAVE|IRETQ|CALLF)$/;

function choosePrefixes(d: Draft): void {
  const { key, random } = d;
  const { mnemonic } = key;
  d.operand16 = d.chance(6);
  if (d.chance(2)) d.rex = 0x40 | random.below(16);
  const addresses = key.operands.some((o) => /^[EMXYO]/.test(o)) ||
    mnemonic === "XLAT" || /^LOOP|^JRCXZ/.test(mnemonic);
  if (addresses) {
    d.address32 = d.chance(12);
    if (d.chance(10)) {
      d.segment = d.pick([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x64, 0x65]);
    }
  } else if (d.chance(40)) d.address32 = true;
  if (STRING.test(mnemonic)) d.repeat = d.pick([0, 0xf2, 0xf3, 0xf3]);
  else if (mnemonic === "POPCNT") d.repeat = 0xf3;
  else if (d.chance(24) && !FIXED_REPEAT.test(key.text)) {
    d.repeat = d.pick([0xf2, 0xf3]);
  }
  // Some opcodes with 66 are other instructions.
  if (/^(FX|LDMXCSR|STMXCSR|.FENCE|MOVNTI|EMMS|CLFLUSH)/.test(mnemonic)) {
    d.operand16 = false;
  }
}

function chooseOperands(d: Draft): void {
  const { key, random } = d;
  const { operands } = key;
  const modrmOperand = operands.find((o) => /^[EMR]/.test(o));
  if (key.modrm >= 0) {
    d.tail = [key.modrm];
    return;
  }
  const immediateBytes = immediateSize(d);
  if (modrmOperand !== undefined) {
    const other = operands.find((o) => /^[GSCD][bvwqyd]$/.test(o));
    d.reg = key.extension >= 0 ? key.extension : random.below(8);
    if (key.extension >= 0 || /^S/.test(other ?? "")) d.rex &= ~4;
    const letter = modrmOperand[0];
    const special = /^[CD]q/.test(other ?? "");
    d.memory = letter === "M" || (letter === "E" && d.chance(2));
    if (special) d.memory = false;
    if (d.memory) {
      d.target = d.alignment
        ? d.safeAddress(0x280) & ~BigInt(d.alignment - 1)
        : d.address(d.sizeOf(modrmOperand));
      d.tail = d.memoryForm(d.reg, immediateBytes);
    } else {
      const low = random.below(8);
      d.tail = [(special ? random.below(4) << 6 : 0xc0) | d.reg << 3 | low];
      d.rm = low | (d.rex & 1 ? 8 : 0);
      drawView(d, d.rm, d.sizeOf(modrmOperand));
    }
    if (other?.[0] === "G") {
      drawView(d, d.reg | (d.rex & 4 ? 8 : 0), d.sizeOf(other));
    }
    if (d.memory && d.chance(2)) {
      d.poke(d.target, d.value(), d.sizeOf(modrmOperand));
    }
  }
  for (const operand of operands) {
    if (operand[0] === "Z") {
      const number = key.opcode[key.opcode.length - 1]! & 7;
      drawView(d, number | (d.rex & 1 ? 8 : 0), d.sizeOf(operand));
    }
    if (operand === "A" || operand === "aX") d.draw(0);
    if (operand === "CL") d.draw(1, shiftCount(d));
    if (operand === "DX") d.draw(2);
    if (operand[0] === "O") chooseOffset(d, operand);
  }
}

/** Draws the register that a byte operand's number means, too: 4 to 7 are AH to BH without REX. */
function drawView(d: Draft, register: number, size: number): void {
  const high = size === 1 && d.rex === 0 && register >= 4 && register < 8;
  d.draw(high ? register - 4 : register);
}

function chooseOffset(d: Draft, operand: string): void {
  const size = d.sizeOf(operand === "Ob" ? "Eb" : "Ev");
  d.memory = true;
  d.target = d.address(size);
  const bytes = d.address32 ? 4 : 8;
  let offset = (d.target - d.segmentBase) & ALL;
  if (d.address32) offset &= 0xffff_ffffn;
  d.target = (offset + d.segmentBase) & ALL;
  d.immediate = [];
  for (let i = 0; i < bytes; i++) {
    d.immediate.push(Number(offset >> BigInt(8 * i) & 255n));
  }
  if (d.chance(2)) d.poke(d.target, d.value(), size);
}

/** Counts of shifts: small, about the operand's size, or anything. */
export function shiftCount(d: Draft): bigint {
  const r = d.random;
  if (d.chance(2)) return BigInt(d.pick([0, 1, 2, 7, 8, 9, 15, 16, 17, 31]));
  if (d.chance(2)) return BigInt(d.pick([32, 33, 63, 64, 65, 127, 128, 255]));
  return BigInt(r.below(256));
}

function immediateSize(d: Draft): number {
  return d.key.operands.reduce((sum, o) => sum + sizeOfImmediate(d, o), 0);
}

function sizeOfImmediate(d: Draft, operand: string): number {
  if (operand[0] === "O") return d.address32 ? 4 : 8;
  if (!/^[IJ]/.test(operand)) return 0;
  switch (operand[1]) {
    case "b":
      return 1;
    case "w":
      return 2;
    case "v":
      return d.size;
  }
  return operand[0] === "J" ? 4 : d.size === 2 ? 2 : 4;
}

function chooseImmediates(d: Draft): number[] {
  if (d.immediate !== null) return d.immediate;
  const list: number[] = [];
  const isShift = /^(RO|RC|SH|SA)/.test(d.key.mnemonic);
  for (const operand of d.key.operands) {
    const bytes = sizeOfImmediate(d, operand);
    if (bytes === 0) continue;
    const value = isShift ? shiftCount(d) : d.value();
    for (let i = 0; i < bytes; i++) {
      list.push(Number(value >> BigInt(8 * i) & 255n));
    }
  }
  return list;
}

/** Legacy prefixes in any order; a REX that a legacy prefix follows means nothing. */
function prefixBytes(d: Draft): number[] {
  const list: number[] = [];
  if (d.operand16) list.push(0x66);
  if (d.address32) list.push(0x67);
  if (d.segment) list.push(d.segment);
  if (d.lock) list.push(0xf0);
  if (d.repeat) list.push(d.repeat);
  for (let i = list.length - 1; i > 0; i--) {
    const j = d.random.below(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  if (list.length > 0 && d.chance(16)) list.unshift(0x48);
  if (d.rex) list.push(d.rex);
  return list;
}

/**
 * Draws one request.
 *
 * @param key which opcode
 * @param random where chance comes from
 * @returns an instruction of at most 15 bytes
 */
export function makeRequest(key: Key, random: Prng): Request {
  for (;;) {
    const request = tryRequest(key, random);
    if (request.bytes.length <= 15) return request;
  }
}

function tryRequest(key: Key, random: Prng): Request {
  const d = new Draft(key, random);
  d.flags = random.word() & STATUS;
  if (d.chance(STRING.test(key.mnemonic) ? 3 : 16)) d.flags |= DF;
  choosePrefixes(d);
  if (usesStack.test(key.mnemonic)) {
    const at = d.chance(4) ? d.address(8) : d.safeAddress();
    d.fix(RSP, at);
  }
  PREPARE[key.mnemonic]?.before?.(d);
  chooseOperands(d);
  PREPARE[key.mnemonic]?.after?.(d);
  const lockable = LOCKABLE.test(key.mnemonic);
  d.lock = lockable ? d.memory && d.chance(6) : d.chance(60);
  if (lockable && !d.memory && d.chance(30)) d.lock = true;
  const immediates = chooseImmediates(d);
  const head = [...prefixBytes(d), ...key.opcode];
  const bytes = [...head, ...d.tail, ...immediates];
  if (d.relative !== null) {
    const end = CODE + bytes.length;
    const distance = Number(BigInt.asIntN(32, d.relative.offset - BigInt(end)));
    little(distance, 4).forEach((byte, i) => bytes[head.length + 1 + i] = byte);
  }
  return {
    key: key.key,
    bytes,
    steps: d.steps,
    registers: d.registers,
    flags: d.flags | FLAGS_FIXED,
    patches: [...d.patches].map(([offset, value]) => value << 16 | offset)
      .sort((a, b) => (a & 0xffff) - (b & 0xffff)),
  };
}
