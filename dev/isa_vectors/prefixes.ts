/**
 * The prefixes of an instruction, read without the engine.
 *
 * Source: SDM 2A, "Instruction Prefixes", "REX Prefixes".
 *
 * @module
 */

/** Legacy prefixes. */
const LEGACY: ReadonlySet<number> = new Set([
  0x26,
  0x2e,
  0x36,
  0x3e,
  0x64,
  0x65,
  0x66,
  0x67,
  0xf0,
  0xf2,
  0xf3,
]);

/** What stands before an opcode. */
export interface Prefixes {
  /** How many bytes. */
  readonly length: number;
  /** REX, where it counts, or 0. */
  readonly rex: number;
  /** Legacy prefixes. */
  readonly legacy: ReadonlySet<number>;
  /** Operand size, bytes. */
  readonly size: number;
}

/** Reads them. */
export function prefixesOf(bytes: readonly number[]): Prefixes {
  const legacy = new Set<number>();
  let rex = 0;
  let length = 0;
  for (;; length++) {
    const byte = bytes[length]!;
    if ((byte & 0xf0) === 0x40) rex = byte;
    else if (LEGACY.has(byte)) {
      legacy.add(byte);
      rex = 0;
    } else break;
  }
  const size = rex & 8 ? 8 : legacy.has(0x66) ? 2 : 4;
  return { length, rex, legacy, size };
}
