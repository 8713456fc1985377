/**
 * The decoder for onlookers: what an instruction is, without executing it.
 *
 * Source: SDM 2D, "Opcode Map", whose notation it prints.
 *
 * @module
 */

import { Decoder } from "./decoder.ts";
import { INSTRUCTION_BYTES_MAX } from "./processor.ts";
import { isUnmodelled } from "./unmodelled.ts";

/** What was found. */
export interface Disassembled {
  /**
   * `invalid`: raises #UD; `unmodelled`: a CPU that has it would execute it, this one raises #UD or #NM; `short`: the
   * bytes end first; `long`: more than 15 bytes, raises #GP.
   */
  readonly kind: "instruction" | "unmodelled" | "invalid" | "short" | "long";
  /** Bytes; 0 where `kind` is `short` or `long`. */
  readonly length: number;
  /** The opcode map's row, such as `ADD Ev,Gv`; empty if it is in no row. */
  readonly text: string;
}

/**
 * Decodes one instruction of 64-bit mode.
 *
 * @param bytes hold it
 * @param start where it begins
 * @returns what it is
 * @example
 * ```ts
 * import { disassemble } from "@lockstep/kernel/isa";
 * import { assertEquals } from "@std/assert";
 *
 * // add rax, rcx
 * assertEquals(disassemble(new Uint8Array([0x48, 0x01, 0xc8])), {
 *   kind: "instruction",
 *   length: 3,
 *   text: "ADD Ev,Gv",
 * });
 * ```
 */
export function disassemble(bytes: Uint8Array, start = 0): Disassembled {
  const available = bytes.length - start;
  const o = new Decoder().decode(bytes, start, available, 0);
  if (o === null) {
    const kind = available >= INSTRUCTION_BYTES_MAX ? "long" : "short";
    return { kind, length: 0, text: "" };
  }
  const kind = isUnmodelled(o)
    ? "unmodelled"
    : o.isValid
    ? "instruction"
    : "invalid";
  return { kind, length: o.length, text: o.text };
}
