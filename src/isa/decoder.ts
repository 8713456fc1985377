/**
 * The decoder: bytes to an {@linkcode Operation}, by the opcode maps.
 *
 * Source: SDM 2A, "Instruction Format", "Instruction Prefixes", "REX Prefixes", "ModR/M and SIB Bytes"; SDM 2D, "Opcode
 * Map"; LOCK: SDM 2A, "LOCK".
 *
 * *Not modelled*: of VEX, EVEX and XOP only the length is known; with Intel, and not AMD, near branches ignore prefix 66.
 *
 * @module
 */

import { decodeModrm } from "./modrm.ts";
import { ONE_BYTE_MAP } from "./opcode_map_one_byte.ts";
import {
  THREE_BYTE_MAP_38,
  THREE_BYTE_MAP_3A,
} from "./opcode_map_three_byte.ts";
import { TWO_BYTE_MAP } from "./opcode_map_two_byte.ts";
import type { Entry, Row } from "./opcode_row.ts";
import {
  MODE_RIP,
  MODE_RIP_GENERAL,
  REP,
  REP_NONE,
  REPNE,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_NONE,
  type Width,
} from "./operands.ts";
import { INSTRUCTION_BYTES_MAX, Operation } from "./processor.ts";
import { invalidOpcode } from "./unmodelled.ts";
import { vectorPayload, vectorRow } from "./vector_prefixes.ts";

/** Instructions that take LOCK, if their first operand is memory. */
const LOCKABLE: readonly string[] = Object.freeze(
  ("ADD ADC AND BTC BTR BTS CMPXCHG CMPXCHG8B CMPXCHG16B DEC INC NEG NOT OR " +
    "SBB SUB XOR XADD XCHG").split(" "),
);

const REX_W = 8;
const REX_B = 1;

/** Decodes one instruction after the other. */
export class Decoder {
  /** Where the bytes are. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The next byte. */
  at = 0;
  /** The REX prefix, or 0. */
  rex = 0;
  /** Prefix 66. */
  operand16 = false;
  #opcode = 0;
  #start = 0;
  #limit = 0;
  #short = false;
  #lock = false;
  #repeat: number = REP_NONE;
  #segment: number = SEGMENT_NONE;
  #address32 = false;

  /**
   * Decodes.
   *
   * @param bytes hold the instruction
   * @param start its first byte
   * @param available bytes that may be looked at
   * @param offset of the instruction in its page
   * @returns the operation: one that is invalid raises #UD when it is executed; `null` if the bytes end before it does,
   * or it is longer than 15 bytes
   */
  decode(
    bytes: Uint8Array,
    start: number,
    available: number,
    offset: number,
  ): Operation | null {
    this.bytes = bytes;
    this.at = start;
    this.#start = start;
    this.#limit = start + Math.min(available, INSTRUCTION_BYTES_MAX);
    this.#short = false;
    const row = this.#row();
    const o = new Operation(invalidOpcode);
    if (row) this.#operands(o, row, this.#opcode, offset);
    o.length = this.at - start;
    o.end = offset + o.length;
    if (this.#short) return null;
    if (row) this.#bind(o, row);
    return o;
  }

  /** Takes prefixes and opcode. */
  #row(): Row | null {
    const first = this.#opcode = this.#prefixes();
    const payload = vectorPayload(first, () => this.#peek());
    if (payload > 0) return this.#vectorRow(first, payload);
    let map = ONE_BYTE_MAP;
    if (first === 0x0f) {
      this.#opcode = this.byte();
      map = TWO_BYTE_MAP;
      if (this.#opcode === 0x38 || this.#opcode === 0x3a) {
        map = this.#opcode === 0x38 ? THREE_BYTE_MAP_38 : THREE_BYTE_MAP_3A;
        this.#opcode = this.byte();
      }
    }
    return this.#select(map[this.#opcode] ?? null);
  }

  /** Takes what VEX and its kind consist of. Operand size, LOCK, REP and REX in front make it invalid. */
  #vectorRow(first: number, payload: number): Row | null {
    const isPrefixed = this.operand16 || this.#lock || this.rex !== 0 ||
      this.#repeat !== REP_NONE;
    if (isPrefixed) return null;
    const second = this.byte();
    for (let i = 1; i < payload; i++) this.byte();
    return vectorRow(first, second, this.byte());
  }

  /** The next byte; 0, and the instruction is too short, behind the end. */
  byte(): number {
    if (this.at >= this.#limit) {
      this.#short = true;
      return 0;
    }
    return this.bytes[this.at++]!;
  }

  /** The next 2 bytes, unsigned. */
  half(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  /** The next 4 bytes, signed. */
  word(): number {
    const low = this.half();
    return low | (this.half() << 16);
  }

  /** The next byte without taking it. */
  #peek(): number {
    if (this.at < this.#limit) return this.bytes[this.at]!;
    this.#short = true;
    return 0;
  }

  /** Takes the prefixes. @returns the first byte of the opcode */
  #prefixes(): number {
    this.rex = 0;
    this.operand16 = false;
    this.#lock = false;
    this.#repeat = REP_NONE;
    this.#segment = SEGMENT_NONE;
    this.#address32 = false;
    for (;;) {
      const byte = this.byte();
      if ((byte & 0xf0) === 0x40) {
        this.rex = byte;
        continue;
      }
      switch (byte) {
        case 0x26: // ES, CS, SS and DS mean nothing in 64-bit mode.
        case 0x2e:
        case 0x36:
        case 0x3e:
          break;
        case 0x64:
          this.#segment = SEGMENT_FS;
          break;
        case 0x65:
          this.#segment = SEGMENT_GS;
          break;
        case 0x66:
          this.operand16 = true;
          break;
        case 0x67:
          this.#address32 = true;
          break;
        case 0xf0:
          this.#lock = true;
          break;
        case REPNE:
        case REP:
          this.#repeat = byte;
          break;
        default:
          return byte;
      }
      // REX counts only directly before the opcode.
      this.rex = 0;
    }
  }

  /** Follows choices to a row. */
  #select(entry: Entry): Row | null {
    while (entry && entry.type !== "row") {
      if (entry.type === "prefix") {
        const chosen = this.#repeat === REP
          ? entry.f3
          : this.#repeat === REPNE
          ? entry.f2
          : this.operand16
          ? entry.p66
          : undefined;
        entry = chosen === undefined ? entry.none : chosen;
        continue;
      }
      const modrm = this.#peek();
      if (entry.type === "reg") entry = entry.rows[(modrm >>> 3) & 7] ?? null;
      else if (entry.type === "rm") entry = entry.rows[modrm & 7] ?? null;
      else entry = modrm >= 0xc0 ? entry.register : entry.memory;
    }
    return entry;
  }

  /** Takes ModRM, displacement and immediates. */
  #operands(o: Operation, row: Row, opcode: number, offset: number): void {
    o.kind = row.kind;
    o.text = row.text;
    o.repeat = this.#repeat;
    o.segment = this.#segment;
    o.address32 = this.#address32;
    o.operand16 = this.operand16 && !(this.rex & REX_W);
    const [first = ""] = row.operands;
    // Of RET, RETF and ENTER the size is that of the stack, not of the immediate.
    o.width = this.#width(first === "Iw" ? undefined : first[1], row);
    o.sourceWidth = this.#width(row.operands[1]?.[1], row);
    if (row.modrm) decodeModrm(this, o, row.special);
    for (let i = 0; i < row.operands.length; i++) {
      const operand = row.operands[i]!;
      this.#operand(o, operand, i === 0 ? o.width : o.sourceWidth, opcode, row);
    }
    // A displacement from RIP counts from the end of the instruction, which is known now.
    if (o.mode === MODE_RIP || o.mode === MODE_RIP_GENERAL) {
      o.displacement += offset + this.at - this.#start;
    }
  }

  #operand(
    o: Operation,
    operand: string,
    width: Width,
    opcode: number,
    row: Row,
  ): void {
    switch (operand) {
      case "AL":
      case "rAX":
        if (row.operands[0] === operand) o.rm = 0;
        else o.reg = 0;
        return;
      case "1":
        o.immediate = 1;
        return;
      case "CL":
      case "DX":
        return;
    }
    switch (operand[0]) {
      case "E":
      case "M":
      case "R":
        if (!o.memory) o.rm = this.#index(o.rm, width);
        break;
      case "G":
        o.reg = this.#index(o.number, width);
        break;
      case "Z":
        o.rm = this.#index((opcode & 7) | (this.rex & REX_B ? 8 : 0), width);
        break;
      case "O":
        this.#offsetOperand(o);
        break;
      case "I":
      case "J":
        this.#immediate(o, operand, row);
    }
  }

  /** A register's index in the view of its width. */
  #index(register: number, width: Width): number {
    if (width === 1) {
      // Without REX, 4 to 7 are AH, CH, DH and BH.
      return this.rex === 0 && register >= 4 && register < 8
        ? 8 * (register - 4) + 1
        : 8 * register;
    }
    return width === 2 ? 4 * register : 2 * register;
  }

  #width(size: string | undefined, row: Row): Width {
    switch (size) {
      case "b":
      case "L":
        return 1;
      case "w":
        return 2;
      case "d":
        return 4;
      case "q":
        return 8;
      case "y":
        return this.rex & REX_W ? 8 : 4;
      case "z":
        return this.#immediateWidth(row);
    }
    if (this.rex & REX_W || row.size === "f64") return 8;
    if (this.operand16) return 2;
    return row.size === "d64" ? 8 : 4;
  }

  #immediateWidth(row: Row): Width {
    if (row.size === "f64" || this.rex & REX_W) return 4;
    return this.operand16 ? 2 : 4;
  }

  #immediate(o: Operation, operand: string, row: Row): void {
    if (operand === "Iw") {
      o.immediate = this.half();
      return;
    }
    if (operand === "Ib" && row.operands[0] === "Iw") {
      // ENTER has two.
      o.immediateHigh = this.byte();
      return;
    }
    if (operand === "Iv" && o.width === 8) {
      o.immediate = this.word();
      o.immediateHigh = this.word();
      return;
    }
    const width = operand[1] === "b" ? 1 : this.#immediateWidth(row);
    const value = width === 1
      ? (this.byte() << 24) >> 24
      : width === 2
      ? (this.half() << 16) >> 16
      : this.word();
    o.immediate = value;
    o.immediateHigh = value >> 31;
  }

  /** `O`: an address of 8 bytes, or 4 with prefix 67, and no ModRM. */
  #offsetOperand(o: Operation): void {
    const low = this.word();
    const high = this.#address32 ? 0 : this.word();
    o.memory = true;
    o.displacement = high * 0x1_0000_0000 + (low >>> 0);
  }

  #bind(o: Operation, row: Row): void {
    const [first = ""] = row.operands;
    const form = first[0];
    if (form === "J") o.target = o.end + o.immediate;
    if ((form === "M" && !o.memory) || (form === "R" && o.memory)) return;
    if (row.operands[1]?.[0] === "M" && !o.memory) return;
    if (row.operands[1]?.[0] === "R" && o.memory) return;
    const changesMemory = o.memory && (form === "E" || form === "M");
    if (this.#lock && !(changesMemory && LOCKABLE.includes(row.mnemonic))) {
      return;
    }
    o.execute = row.bind(o, row);
    o.isValid = o.execute !== invalidOpcode || row.mnemonic.startsWith("UD");
  }
}
