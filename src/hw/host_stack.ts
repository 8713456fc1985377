/**
 * The host's own stack, which JavaScript recursion can overflow: how that is recognised, and what it ends in.
 *
 * Where a host's stack ends depends on its build, its options and what its compiler has optimised so far, so nothing that
 * follows could be repeated. Recursion by `cpu.call` lies on the kernel's stack and ends at a clk that is the same
 * everywhere.
 *
 * *Not modelled*: kernel code that catches the host's error itself, and other limits of a host's JavaScript (memory, the
 * length of a string): what follows them is that host's.
 *
 * @module
 */

/** Thrown by the machine when JavaScript overflowed the host's stack: a bug of the kernel that no run can repeat. */
export class HostStackError extends RangeError {
  /** Distinguishes. */
  override readonly name = "HostStackError";
  /** Host frames that were live, outermost first. */
  readonly places: readonly string[];

  /**
   * An error that says where.
   *
   * @param places host frames that were live, outermost first
   * @param cause what the host threw
   */
  constructor(places: readonly string[], cause: unknown) {
    super(
      `Cannot repeat the run: JavaScript recursed past the host's stack in ${
        places.join(" > ")
      }; recurse by cpu.call(), whose frames lie on the kernel's stack`,
      { cause },
    );
    this.places = places;
  }
}

/**
 * Recognises a host's stack overflow.
 *
 * @param thrown what was caught
 * @returns whether it is the error that V8, JavaScriptCore or SpiderMonkey throws for it
 */
export function isHostStackOverflow(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return thrown instanceof RangeError
    ? thrown.message.startsWith("Maximum call stack size exceeded")
    : thrown.name === "InternalError" &&
      thrown.message === "too much recursion";
}
