/**
 * VEX, EVEX and XOP: the engine lacks all that they encode, but knows how long it is.
 *
 * | first byte | bytes that follow | map |
 * |---|---|---|
 * | C5 | 1 | 1 |
 * | C4 | 2 | bits 0–4 of the first |
 * | 62 | 3 | bits 0–2 of the first |
 * | 8F, unless its ModRM.reg could be POP's | 2 | bits 0–4 of the first, 8 or more |
 *
 * Then come the opcode, ModRM with what belongs to it, and an immediate by map and opcode.
 *
 * Source: SDM 2A, "The VEX Prefix", "EVEX Prefixes"; AMD64 APM 3, "XOP Prefix".
 *
 * @module
 */

import { always, type Row, row } from "./opcode_row.ts";
import { unmodelled, VEX } from "./unmodelled.ts";

const C4 = 0xc4;
const C5 = 0xc5;
const EVEX = 0x62;
const XOP = 0x8f;
/** VZEROUPPER and VZEROALL: the one opcode without ModRM. */
const ZERO = 0x77;
/** Opcodes of map 1 with an immediate byte: shifts and shuffles, comparisons, single elements. */
const WITH_BYTE: readonly number[] = Object.freeze(
  [0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6],
);

const plain = row("VEX E", always(unmodelled), VEX);
const withByte = row("VEX E,Ib", always(unmodelled), VEX);
const withWord = row("VEX E,Iz", always(unmodelled), VEX);
const bare = row("VEX", always(unmodelled), VEX);

/**
 * How many bytes a prefix has behind its first one.
 *
 * @param first the byte in the place of an opcode
 * @param second the byte behind it, which is looked at for 8F only
 * @returns 0 if it is none of these prefixes
 */
export function vectorPayload(first: number, second: () => number): number {
  switch (first) {
    case C5:
      return 1;
    case C4:
      return 2;
    case EVEX:
      return 3;
    case XOP:
      return (second() & 0x1f) >= 8 ? 2 : 0;
  }
  return 0;
}

/**
 * The row of an opcode behind such a prefix.
 *
 * @param first the prefix's first byte
 * @param second its second byte, which holds the map
 * @param opcode the opcode
 */
export function vectorRow(first: number, second: number, opcode: number): Row {
  if (first === XOP) {
    const map = second & 0x1f;
    return map === 8 ? withByte : map === 10 ? withWord : plain;
  }
  const map = first === C5 ? 1 : second & (first === EVEX ? 7 : 0x1f);
  if (map === 3) return withByte;
  if (map !== 1) return plain;
  if (opcode === ZERO && first !== EVEX) return bare;
  return WITH_BYTE.includes(opcode) ? withByte : plain;
}
