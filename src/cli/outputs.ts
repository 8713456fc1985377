/**
 * Where the results of a run go.
 *
 * Files are opened before the run, so that a mistake is found at once, and keep
 * what they hold until there is something to write.
 *
 * @module
 */

import type { Machine } from "../hw/machine.ts";
import type { Host, OutputFile } from "./host.ts";
import { wholePath } from "./paths.ts";
import { oneLine, UsageError } from "./usage_error.ts";

/** The files of one run. */
export class Outputs {
  readonly #out: OutputFile | null = null;
  readonly #serial: OutputFile | null = null;
  readonly #host: Host;
  #serialWritten = 0;

  /**
   * Opens the files.
   *
   * @param host opens them
   * @param out file for what is printed, or `null` for standard output
   * @param serial file for serial output; `null` or `-` for none
   * @throws {UsageError} if one cannot be written; none is left behind then
   */
  constructor(host: Host, out: string | null, serial: string | null) {
    this.#host = host;
    if (out !== null && serial !== null && serial !== "-") {
      if (wholePath(out, host) === wholePath(serial, host)) {
        throw new UsageError(
          `Cannot use --serial ${serial}: --out is the same file`,
        );
      }
    }
    if (out !== null) this.#out = open(out, host);
    if (serial === null || serial === "-") return;
    try {
      this.#serial = open(serial, host);
    } catch (error) {
      this.#out?.discard();
      throw error;
    }
  }

  /** Writes to its file what the serial port has sent since the last time. */
  flushSerial(machine: Machine): void {
    const { length } = machine.serial;
    if (this.#serial === null || length === this.#serialWritten) return;
    this.#serial.write(machine.serial.bytes(this.#serialWritten));
    this.#serialWritten = length;
  }

  /** Prints: to `--out`, else to standard output. */
  print(bytes: Uint8Array): void {
    (this.#out ?? this.#host.stdout).write(bytes);
  }

  /** Closes the files. */
  close(): void {
    this.#out?.close();
    this.#serial?.close();
  }
}

function open(file: string, host: Host): OutputFile {
  try {
    return host.openOutput(wholePath(file, host));
  } catch (error) {
    throw new UsageError(`Cannot write ${file}: ${why(error)}`);
  }
}

function why(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotFound":
      return "its folder does not exist";
    case "PermissionDenied":
      return "it may not be written";
    case "NotCapable":
      return "Deno was not allowed to write it (--allow-write)";
    case "IsADirectory":
      return "it is a folder";
  }
  return oneLine(error);
}
