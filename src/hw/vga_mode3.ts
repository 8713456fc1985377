/**
 * Mode 3, 80 × 25 characters in 16 colours, as a video BIOS sets it: the values of all registers, and the palette.
 *
 * Source: IBM VGA Technical Reference, "Video BIOS", "Register values by mode"; the values that SeaBIOS's video BIOS
 * writes are the same.
 *
 * @module
 */

/** Columns on the screen in mode 3. */
export const TEXT_COLUMNS = 80;

/** Rows on the screen in mode 3. */
export const TEXT_ROWS = 25;

/** Miscellaneous output: colour addresses, RAM enabled, 28.322 MHz dot clock, 400 lines by the sync polarities. */
export const MODE3_MISC_OUTPUT = 0x67;

/** Sequencer registers 0x00–0x04: reset, clocking mode, map mask, character map select, memory mode. */
export const MODE3_SEQUENCER: readonly number[] = [3, 0, 3, 0, 2];

/** CRT controller registers 0x00–0x18: 100 × 449 character cells and lines in all, 80 × 400 of them shown. */
// deno-fmt-ignore
export const MODE3_CRTC: readonly number[] = [
  0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, // Totals, ends, blanking, overflow.
  0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, // Row scan, 16 lines, cursor lines 13 and 14, addresses.
  0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, // Retrace, shown lines, 40 words a row, blanking, mode.
  0xff, // Line compare.
];

/** Graphics controller registers 0x00–0x08: odd/even addressing, window at 0xb8000. */
export const MODE3_GRAPHICS: readonly number[] = [
  0x00,
  0x00,
  0x00,
  0x00,
  0x00,
  0x10,
  0x0e,
  0x00,
  0xff,
];

/** Attribute controller registers 0x00–0x14: the 16 palette entries, mode (blinking on), overscan, planes, panning. */
// deno-fmt-ignore
export const MODE3_ATTRIBUTE: readonly number[] = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07,
  0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
  0x0c, 0x00, 0x0f, 0x08, 0x00,
];

/** Attribute address with the palette connected to the screen (bit 5, palette address source). */
export const MODE3_ATTRIBUTE_INDEX = 0x20;

/**
 * The palette that a BIOS loads for mode 3: entries 0–63 as an EGA shows its six bits `rgbRGB`, where a capital stands
 * for two thirds and a small letter for one third of full intensity; the others black.
 *
 * @returns 256 entries of red, green and blue, 0 to 63 each
 */
export function mode3Palette(): Uint8Array {
  const palette = new Uint8Array(768);
  for (let entry = 0; entry < 64; entry++) {
    for (let channel = 0; channel < 3; channel++) {
      const strong = (entry >> (2 - channel)) & 1;
      const weak = (entry >> (5 - channel)) & 1;
      palette[3 * entry + channel] = 42 * strong + 21 * weak;
    }
  }
  return palette;
}
