/**
 * Numbers among the options of the scripts of this folder.
 *
 * @module
 */

/**
 * Reads a whole number. What is none must end a script, for a loop over NaN
 * programs would find nothing wrong.
 *
 * @param name of the option, for the message
 * @param text that was given
 * @param least that it may be
 * @returns the number
 * @throws {RangeError} if it is none
 */
export function wholeNumber(name: string, text: string, least = 0): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) {
    return value;
  }
  throw new RangeError(
    `--${name}=${text}: must be a whole number from ${least} on`,
  );
}
