/**
 * The table by which the 8042 turns scan code set 2 into set 1, and its inverse.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller", scan code
 * translation; bytes from 0x85 on pass as they are. In set 2 a break is 0xf0 and the make code; in set 1 it is the make
 * code with bit 7 set.
 *
 * @module
 */

/** The prefix of a break in sets 2 and 3. */
export const BREAK_PREFIX = 0xf0;

// deno-fmt-ignore
const SET1_OF_SET2: readonly number[] = Object.freeze([
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, // 0x00
  0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
  0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, // 0x10
  0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
  0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, // 0x20
  0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
  0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, // 0x30
  0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
  0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, // 0x40
  0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
  0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, // 0x50
  0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
  0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, // 0x60
  0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
  0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, // 0x70
  0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
  0x80, 0x81, 0x82, 0x41, 0x54, // 0x80: F7, and SysRq
]);

/**
 * What the controller makes of a byte from the keyboard, breaks aside.
 *
 * @param byte 0 to 255
 * @returns the byte in set 1
 */
export function translateScancode(byte: number): number {
  return SET1_OF_SET2[byte] ?? byte;
}

/** Make codes of set 2 by make code of set 1; 0 where no key has it. */
const SET2_OF_SET1: readonly number[] = Object.freeze(
  Array.from({ length: 0x80 }, (_, set1) =>
    // 0x83 and 0x84 are what keyboards send; 0x02 and 0x7f translate to the same and exist on none.
    set1 === 0x41
      ? 0x83
      : set1 === 0x54
      ? 0x84
      : Math.max(0, SET1_OF_SET2.indexOf(set1))),
);

/**
 * The bytes of set 2 that a keyboard must send for a translating 8042 to deliver bytes of set 1.
 *
 * @param bytes makes, breaks and prefixes (0xe0, 0xe1) of set 1
 * @returns the bytes in set 2
 * @throws {RangeError} at a byte that no key sends
 * @example
 * ```ts
 * import { set2FromSet1 } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(set2FromSet1([0x1e, 0x9e]), [0x1c, 0xf0, 0x1c]); // A down, A up.
 * assertEquals(set2FromSet1([0xe0, 0xc8]), [0xe0, 0xf0, 0x75]); // Arrow up, up.
 * ```
 */
export function set2FromSet1(bytes: Iterable<number>): number[] {
  const out: number[] = [];
  for (const byte of bytes) {
    if (byte === 0xe0 || byte === 0xe1) {
      out.push(byte);
      continue;
    }
    const make = SET2_OF_SET1[byte & 0x7f] ?? 0;
    if (make === 0 || !(byte >= 0 && byte <= 0xff)) {
      throw new RangeError(
        `Cannot send scan code 0x${byte.toString(16)} of set 1: no key has it`,
      );
    }
    if (byte & 0x80) out.push(BREAK_PREFIX);
    out.push(make);
  }
  return out;
}

/**
 * The bytes of set 1 that a translating 8042 delivers for bytes of set 2.
 *
 * @param bytes makes, breaks and prefixes of set 2
 * @returns the bytes in set 1
 */
export function set1FromSet2(bytes: Iterable<number>): number[] {
  const out: number[] = [];
  let breakBit = 0;
  for (const byte of bytes) {
    if (byte === BREAK_PREFIX) breakBit = 0x80;
    else {
      out.push(translateScancode(byte) | breakBit);
      breakBit = 0;
    }
  }
  return out;
}
