/**
 * Random byte strings that are instructions more often than chance would have it: prefixes, then an opcode of one of the
 * maps, then anything.
 *
 * Source: SDM 2A, "Instruction Format".
 *
 * @module
 */

import type { Prng } from "../../src/base/prng.ts";

/** Bytes of a string: what a CPU looks at, at most, and one more. */
export const STRING_BYTES = 16;

const PREFIXES = [
  0x66,
  0x66,
  0xf2,
  0xf3,
  0xf0,
  0x67,
  0x64,
  0x65,
  0x2e,
  0x26,
  0x36,
  0x3e,
];

/** VEX, EVEX and XOP. */
const VECTOR = [0xc4, 0xc5, 0x62, 0x8f];

/** Writes one string. */
export function fillString(bytes: Uint8Array, random: Prng): void {
  let at = 0;
  const legacy = random.below(16);
  // At times more than fit: longer than 15 bytes is no instruction.
  let prefixes = legacy < 9 ? 0 : legacy < 15 ? legacy - 8 : 7 + legacy % 8;
  while (prefixes-- > 0 && at < STRING_BYTES - 1) {
    bytes[at++] = PREFIXES[random.below(PREFIXES.length)]!;
  }
  if (at < STRING_BYTES && random.below(3) === 0) {
    bytes[at++] = 0x40 + random.below(16);
  }
  const map = random.below(17);
  const escape = map < 7
    ? []
    : map === 16
    ? [VECTOR[random.below(VECTOR.length)]!]
    : map < 14
    ? [0x0f]
    : map === 14
    ? [0x0f, 0x38]
    : [0x0f, 0x3a];
  for (const byte of escape) if (at < STRING_BYTES) bytes[at++] = byte;
  while (at < STRING_BYTES) bytes[at++] = random.word();
}
