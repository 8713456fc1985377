/**
 * What the person who typed the command can put right.
 *
 * @module
 */

/**
 * Ends a command with one line on standard error and status 2; nothing has been
 * written then.
 */
export class UsageError extends Error {
  /** Tells it from bugs. */
  override readonly name: string = "UsageError";
}

/**
 * The first line of what was thrown, without colours: messages of the host run
 * over many lines.
 *
 * @param thrown anything
 * @returns one line
 */
export function oneLine(thrown: unknown): string {
  const text = thrown instanceof Error
    ? `${thrown.name === "Error" ? "" : `${thrown.name}: `}${thrown.message}`
    : String(thrown);
  // deno-lint-ignore no-control-regex
  const plain = text.replaceAll(/\x1b\[[0-9;]*m/g, "");
  return plain.split(/[\r\n]/, 1)[0]!.trim();
}
