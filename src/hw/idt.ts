/**
 * The interrupt descriptor table: 256 gates of 16 bytes. Stack frames are
 * passed on from `stack_frame.ts`.
 *
 * A gate is four 32-bit words: handler bits 0 to 15 and the code selector;
 * options and handler bits 16 to 31; handler bits 32 to 63; reserved.
 * Options: bits 0 to 2 IST, bit 8 trap gate, bits 9 to 11 set, bits 13 and 14
 * DPL, bit 15 present.
 *
 * Source: Intel SDM 3A, "64-Bit Mode IDT"; crate x86_64 0.15.4,
 * `structures::idt`.
 *
 * @module
 */

import {
  addrHigh,
  addrLow,
  type VirtAddr,
  virtFromWordsTruncate,
} from "./addr.ts";
import { exceptionInfo, pushesErrorCode } from "./exception.ts";
import { crateHex } from "./format_hex.ts";
import { type PrivilegeLevel, selectorDebug } from "./segment_selector.ts";
import type { WordSink, WordSource } from "./word64.ts";

export * from "./stack_frame.ts";

/** Gates in a table. */
export const IDT_GATES = 256;
/** Bytes in a gate. */
export const GATE_BYTES = 16;
/** Bytes in a table. */
export const IDT_BYTES = 4096;

/** Options: number of the stack in the TSS, 0 for none. */
export const GATE_IST = 7;
/** Options: type, four bits; 14 interrupt gate, 15 trap gate. */
export const GATE_TYPE = 0xf << 8;
/** Options: privilege level, two bits. */
export const GATE_DPL = 3 << 13;
/** Options: present. */
export const GATE_P = 1 << 15;
/** Type of a gate that clears IF. */
export const GATE_TYPE_INTERRUPT = 14;
/** Type of a gate that leaves IF alone. */
export const GATE_TYPE_TRAP = 15;

/** A gate's four words, unsigned. */
export type Gate = readonly [number, number, number, number];

/** The gate that the crate puts where no handler is: not present, type set. */
export const GATE_MISSING: Gate = [0, GATE_TYPE_INTERRUPT << 8, 0, 0];

/** What a gate says. */
export interface GateFields {
  /** Address of the handler; bit 47 is copied upwards. */
  readonly handler: VirtAddr;
  /** Selector that is loaded into CS. */
  readonly codeSelector: number;
  /** Whether it may be used at all. */
  readonly present: boolean;
  /** Least privileged ring that may use it by INT n. */
  readonly privilegeLevel: PrivilegeLevel;
  /** Type, 0 … 15. */
  readonly type: number;
  /** Number of the stack as software counts, 0 … 6; `null` for none. */
  readonly stackIndex: number | null;
}

/**
 * Options of a gate: the 16 bits beside the handler's address.
 *
 * @param word1 The gate's second word.
 * @returns The options.
 */
export function gateOptions(word1: number): number {
  return word1 & 0xffff;
}

/**
 * Reads a gate.
 *
 * @param gate Its four words.
 * @returns What it says.
 */
export function decodeGate(gate: Gate): GateFields {
  const [word0, word1, word2] = gate;
  const options = gateOptions(word1), ist = options & GATE_IST;
  const low = word0 & 0xffff | word1 & 0xffff_0000;
  return {
    handler: virtFromWordsTruncate(low, word2),
    codeSelector: word0 >>> 16,
    present: (options & GATE_P) !== 0,
    privilegeLevel: (options >>> 13 & 3) as PrivilegeLevel,
    type: options >>> 8 & 0xf,
    stackIndex: ist === 0 ? null : ist - 1,
  };
}

/**
 * Makes a present interrupt gate for ring 0 without a stack of its own
 * (crate: `set_handler_addr`).
 *
 * @param handler Address of the handler.
 * @param codeSelector Selector for CS: the crate takes the current one.
 * @returns The gate.
 *
 * @example
 * ```ts
 * import { gateFor, gateWith, virtAddr } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const gate = gateWith(gateFor(virtAddr(0x20_4000), 8), { stackIndex: 0 });
 * assertEquals(gate, [0x8_4000, 0x20_8e01, 0, 0]);
 * ```
 */
export function gateFor(handler: VirtAddr, codeSelector: number): Gate {
  const low = addrLow(handler);
  const options = GATE_P | GATE_TYPE_INTERRUPT << 8;
  return [
    (codeSelector << 16 | low & 0xffff) >>> 0,
    (low & 0xffff_0000 | options) >>> 0,
    addrHigh(handler),
    0,
  ];
}

/** What {@linkcode gateWith} can change (crate: `EntryOptions`). */
export interface GateChanges {
  /** Selector for CS (crate: `set_code_selector`). */
  readonly codeSelector?: number;
  /** Whether it is present (crate: `set_present`). */
  readonly present?: boolean;
  /** Interrupt gate if set, trap gate if not (crate: `disable_interrupts`). */
  readonly disableInterrupts?: boolean;
  /** Ring that may use it by INT n (crate: `set_privilege_level`). */
  readonly privilegeLevel?: PrivilegeLevel;
  /** Stack as software counts, 0 … 6 (crate: `set_stack_index`). */
  readonly stackIndex?: number;
}

/**
 * A gate with other options.
 *
 * @param gate The gate.
 * @param changes What shall differ.
 * @returns The changed gate.
 * @throws {RangeError} If the stack's number is not 0 … 6.
 */
export function gateWith(gate: Gate, changes: GateChanges): Gate {
  let [word0, word1] = gate;
  const set = (mask: number, bits: number) => {
    word1 = (word1 & ~mask | bits) >>> 0;
  };
  const { codeSelector, present, disableInterrupts, privilegeLevel } = changes;
  const { stackIndex } = changes;
  if (codeSelector !== undefined) {
    word0 = (word0 & 0xffff | codeSelector << 16) >>> 0;
  }
  if (present !== undefined) set(GATE_P, present ? GATE_P : 0);
  if (disableInterrupts !== undefined) {
    set(1 << 8, disableInterrupts ? 0 : 1 << 8);
  }
  if (privilegeLevel !== undefined) set(GATE_DPL, privilegeLevel << 13);
  if (stackIndex !== undefined) {
    if (!(stackIndex >= 0 && stackIndex <= 6)) {
      throw new RangeError(
        `Cannot set stack index ${stackIndex}: use 0 to 6, ` +
          "value does not fit into bit range",
      );
    }
    set(GATE_IST, stackIndex + 1);
  }
  return [word0, word1, gate[2], gate[3]];
}

/**
 * The crate's `Debug` text of a gate.
 *
 * @param gate Its four words.
 * @returns For example `Entry { handler_addr: 0x0, options: … }`.
 */
export function gateDebug(gate: Gate): string {
  const fields = decodeGate(gate);
  const type = "0b" + fields.type.toString(2).padStart(2, "0");
  const stack = fields.stackIndex === null
    ? "None"
    : `Some(${fields.stackIndex})`;
  return `Entry { handler_addr: ${crateHex(fields.handler)}, ` +
    `options: EntryOptions { ` +
    `code_selector: ${selectorDebug(fields.codeSelector)}, ` +
    `stack_index: ${stack}, type: ${type}, ` +
    `privilege_level: Ring${fields.privilegeLevel}, ` +
    `present: ${fields.present} } }`;
}

/**
 * Writes a gate.
 *
 * @param memory Where to write.
 * @param table Address of the table, a multiple of 4.
 * @param vector Number of the gate, 0 … 255.
 * @param gate What to write.
 */
export function writeGate(
  memory: WordSink,
  table: number,
  vector: number,
  gate: Gate,
): void {
  const at = table + GATE_BYTES * vector;
  gate.forEach((word, index) => memory.store32(at + 4 * index, word));
}

/**
 * Reads a gate.
 *
 * @param memory Where to read.
 * @param table Address of the table, a multiple of 4.
 * @param vector Number of the gate, 0 … 255.
 * @returns Its four words.
 */
export function readGate(
  memory: WordSource,
  table: number,
  vector: number,
): Gate {
  const word = (index: number) =>
    memory.load32(table + GATE_BYTES * vector + 4 * index) >>> 0;
  return [word(0), word(1), word(2), word(3)];
}

/**
 * Checks that a vector's handler is a plain one: it gets no error code and
 * may return (crate: `idt[vector]`).
 *
 * @param vector 0 … 255.
 * @returns The same vector.
 * @throws {RangeError} If the exception pushes an error code or must not
 * return, or if the vector is reserved. Such a gate is set by its name, see
 * {@linkcode vectorOfField}.
 */
export function plainVector(vector: number): number {
  if (vector >= 32 && vector < IDT_GATES) return vector;
  const reason = vector === 18
    ? "diverging exception (must not return)"
    : pushesErrorCode(vector)
    ? "exception with error code"
    : null;
  if (reason !== null) {
    throw new RangeError(
      `Cannot index the IDT: entry ${vector} is an ${reason}`,
    );
  }
  if (exceptionInfo(vector) === null) {
    throw new RangeError(
      `Cannot index the IDT: entry ${vector} is ` +
        (vector < IDT_GATES ? "reserved" : "beyond the table"),
    );
  }
  return vector;
}

/**
 * The vector that a field of the crate's table stands for.
 *
 * @param field For example `page_fault`.
 * @returns Its vector, or `null` where there is no such field.
 */
export function vectorOfField(field: string): number | null {
  for (let vector = 0; vector < 32; vector++) {
    if (exceptionInfo(vector)?.field === field) return vector;
  }
  return null;
}

/** A table under construction (crate: `InterruptDescriptorTable`). */
export class InterruptDescriptorTable {
  readonly #gates: Gate[] = Array(IDT_GATES).fill(GATE_MISSING);

  /**
   * Gate of any vector.
   *
   * @param vector 0 … 255.
   * @returns Its four words.
   * @throws {RangeError} If there is no such gate.
   */
  gate(vector: number): Gate {
    const gate = this.#gates[vector];
    if (gate !== undefined) return gate;
    throw new RangeError(`Cannot use gate ${vector}: a table has 0 to 255`);
  }

  /**
   * Sets the gate of any vector.
   *
   * @param vector 0 … 255.
   * @param gate Its four words.
   * @throws {RangeError} If there is no such gate.
   */
  setGate(vector: number, gate: Gate): void {
    this.gate(vector);
    this.#gates[vector] = gate;
  }

  /**
   * Gates of a range of interrupts (crate: `idt[start..end]`).
   *
   * @param start First vector, from 32 on.
   * @param end Vector after the last one; 256 by default.
   * @returns A copy.
   * @throws {RangeError} If the range has a vector below 32 or none at all.
   */
  slice(start: number, end: number = IDT_GATES): Gate[] {
    if (start < 32) {
      throw new RangeError(
        `Cannot take gates from ${start} on: Cannot return slice from traps, ` +
          "faults, and exception handlers",
      );
    }
    if (!(start <= end && end <= IDT_GATES)) {
      throw new RangeError(`Cannot return gates ${start} to ${end}`);
    }
    return this.#gates.slice(start, end);
  }

  /**
   * Sets one gate for all vectors of a range but reserved ones
   * (crate: `set_general_handler!`).
   *
   * @param gateOf Makes the gate of a vector.
   * @param start First vector; 0 by default.
   * @param end Vector after the last one; 256 by default.
   */
  setGeneral(
    gateOf: (vector: number) => Gate,
    start = 0,
    end: number = IDT_GATES,
  ): void {
    for (let vector = start; vector < end; vector++) {
      if (vector < 32 && exceptionInfo(vector) === null) continue;
      this.setGate(vector, gateOf(vector));
    }
  }

  /** Makes every gate a missing one (crate: `reset`). */
  reset(): void {
    this.#gates.fill(GATE_MISSING);
  }

  /**
   * Writes the table.
   *
   * @param memory Where to write.
   * @param address Address of its first byte, a multiple of 4.
   */
  write(memory: WordSink, address: number): void {
    this.#gates.forEach((gate, vector) =>
      writeGate(memory, address, vector, gate)
    );
  }
}
