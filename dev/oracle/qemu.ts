/**
 * QEMU as a second model: `-qtest` reads and writes ports while CPU and time stand still.
 *
 * Source: QEMU, "QTest Device Emulation Testing Framework" (protocol).
 *
 * @module
 */

import type { Operation, Program } from "./program.ts";

const BINARY = "qemu-system-x86_64";

const MACHINE = ["-display", "none", "-S", "-machine", "pc", "-accel", "tcg"];

const DEVICES = ["-serial", "null", "-rtc"];

const TIME = "base=2020-01-02T03:04:05,clock=vm";

/** Resets the machine, by the chipset's register, when the next command comes. */
const RESET = "outb 0xcf9 0x06";

/** A reset leaves the timer's latches as they are: these reads use up whatever was latched. */
const DRAIN = [0x40, 0x41, 0x42].flatMap((port) =>
  [1, 2, 3].map(() => `inb 0x${port.toString(16)}`)
);

/** Programs that are sent in one go; both pipes hold that much. */
const COMMANDS_AT_ONCE = 200;

/** Where the inputs of the two 8259A are. */
export interface PicPaths {
  /** Object path of the primary. */
  readonly primary: string;
  /** Object path of the secondary. */
  readonly secondary: string;
}

/**
 * Finds the 8259A in QEMU's tree of objects.
 *
 * @returns their paths, or `null` if there is no QEMU on this computer
 */
export async function findPics(): Promise<PicPaths | null> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(BINARY, {
      args: [...MACHINE, "-monitor", "stdio", "-serial", "null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("info qom-tree\nquit\n"));
  writer.releaseLock();
  const { stdout } = await child.output();
  await child.stdin.close().catch(() => {}); // It has quit, and the pipe may be gone with it.
  const tree = new TextDecoder().decode(stdout);
  const found = [...tree.matchAll(/\/(device\[\d+\]) \(isa-i8259\)/g)]
    .map((match) => `/machine/unattached/${match[1]}`);
  if (found.length !== 2) {
    throw new Error(`Cannot find two 8259A in QEMU's tree: ${found}`);
  }
  // The tree is sorted as text; the primary was made first.
  const [a, b] = found as [string, string];
  const number = (path: string): number => Number(/\d+/.exec(path)![0]);
  return number(a) < number(b)
    ? { primary: a, secondary: b }
    : { primary: b, secondary: a };
}

/** A running QEMU. */
export class Qemu {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #encoder = new TextEncoder();
  readonly #paths: PicPaths;
  #text = "";

  /** Starts it. */
  constructor(paths: PicPaths) {
    this.#paths = paths;
    this.#child = new Deno.Command(BINARY, {
      args: [...MACHINE, ...DEVICES, TIME, "-qtest", "stdio"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /**
   * Resets the machine and runs a program.
   *
   * @returns the values that its reads gave, in order, those of the set-up first
   */
  async run(program: Program): Promise<number[]> {
    await this.#exchange([RESET]);
    await this.#exchange(DRAIN);
    const commands = [...program.setup, ...program.operations]
      .map((operation) => this.#command(operation));
    const values: number[] = [];
    for (let i = 0; i < commands.length; i += COMMANDS_AT_ONCE) {
      const part = commands.slice(i, i + COMMANDS_AT_ONCE);
      for (const answer of await this.#exchange(part)) {
        const match = /^OK 0x([0-9a-f]+)$/.exec(answer);
        if (match) values.push(parseInt(match[1]!, 16));
      }
    }
    return values;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#writer.abort().catch(() => {});
    await this.#reader.cancel().catch(() => {});
  }

  #command(operation: Operation): string {
    const hex = (n: number): string => `0x${n.toString(16)}`;
    switch (operation.kind) {
      case "in":
        return `inb ${hex(operation.port)}`;
      case "out":
        return `outb ${hex(operation.port)} ${hex(operation.value)}`;
      case "irq": {
        const { line, level } = operation;
        const path = line < 8 ? this.#paths.primary : this.#paths.secondary;
        return `set_irq_in ${path} unnamed-gpio-in ${line & 7} ${
          level ? 1 : 0
        }`;
      }
    }
  }

  /** Sends commands and waits for an answer to each. */
  async #exchange(commands: readonly string[]): Promise<string[]> {
    await this.#writer.write(this.#encoder.encode(commands.join("\n") + "\n"));
    const answers: string[] = [];
    while (answers.length < commands.length) {
      const end = this.#text.indexOf("\n");
      if (end < 0) {
        const { done, value } = await this.#reader.read();
        if (done) throw new Error("Cannot go on: QEMU has ended");
        this.#text += value;
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (line.startsWith("OK")) answers.push(line);
      else if (/^(FAIL|ERR)/.test(line)) throw new Error(`QEMU: ${line}`);
    }
    return answers;
  }
}
