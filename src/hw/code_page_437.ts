/**
 * Code page 437: the 256 characters that a VGA's character generator holds after a BIOS has set a text mode, and their
 * Unicode equivalents.
 *
 * Source: Unicode's `CP437.TXT`, and for the graphic forms of 0x01–0x1f and 0x7f `IBMGRAPH.TXT`.
 *
 * @module
 */

/** The 256 characters by code. Code 0x00 shows nothing and is a space here. */
export const CODE_PAGE_437: string = " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
  " !\"#$%&'()*+,-./0123456789:;<=>?" +
  "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_" +
  "`abcdefghijklmnopqrstuvwxyz{|}~⌂" +
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ" +
  "áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/**
 * The character that a code shows.
 *
 * @param code 0 to 255
 * @returns one UTF-16 unit; a space for 0x00, U+00A0 for 0xff
 * @throws {RangeError} if `code` is no byte
 * @example
 * ```ts
 * import { codePage437Char, codePage437Code } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(codePage437Char(0xfe), "■");
 * assertEquals(codePage437Code("■"), 0xfe);
 * assertEquals(codePage437Code("€"), null);
 * ```
 */
export function codePage437Char(code: number): string {
  const char = CODE_PAGE_437[code];
  if (char === undefined) {
    throw new RangeError(
      `Cannot show code ${code}: a code is an integer from 0 to 255`,
    );
  }
  return char;
}

/**
 * The code that shows a character.
 *
 * @param char one character
 * @returns 0 to 255 (0x20 for a space, never 0x00), or `null` if the code page lacks it
 */
export function codePage437Code(char: string): number | null {
  if (char === " ") return 0x20;
  if (char.length !== 1) return null;
  const code = CODE_PAGE_437.indexOf(char);
  return code < 0 ? null : code;
}
