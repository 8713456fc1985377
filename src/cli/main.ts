/**
 * The command line: `deno task run`, or `deno run jsr:@lockstep/kernel/cli run`.
 *
 * @module
 */

import { HostStackError } from "../hw/host_stack.ts";
import { denoHost } from "./deno_host.ts";
import type { Host } from "./host.ts";
import { wrap } from "./parse_options.ts";
import { runCommand } from "./run_command.ts";
import { testCommand } from "./test_command.ts";
import { STATUS_FAILED } from "./stop_text.ts";
import { UsageError } from "./usage_error.ts";
import { VERSION } from "./version.ts";
import { STATUS_WRITE, WriteError } from "./write_error.ts";

export type {
  Host,
  HostClock,
  HostSignal,
  Output,
  OutputFile,
  Terminal,
  TerminalListeners,
  TerminalSize,
} from "./host.ts";

/** What a verb does. */
interface Verb {
  /** In the help text. */
  readonly summary: string;
  /** Does it. */
  readonly run: (args: readonly string[], host: Host) => Promise<number>;
}

/** Status after a mistake on the command line. */
const STATUS_USAGE = 2;

const VERBS: ReadonlyMap<string, Verb> = new Map([
  ["run", {
    summary: "Boot a kernel: live in a terminal, else headless with a report.",
    run: runCommand,
  }],
  ["test", {
    summary: "Test kernels, each on a machine of its own.",
    run: testCommand,
  }],
]);

function help(): string {
  const verbs = [...VERBS].map(([name, { summary }]) =>
    wrap(summary, 65).map((line, i) =>
      `  ${(i === 0 ? name : "").padEnd(10)}  ${line}\n`
    ).join("")
  );
  return `Lockstep ${VERSION}: an x86-64 PC, and a kernel in TypeScript on it.

Usage: deno run src/cli/main.ts VERB [OPTIONS]

Verbs:
${verbs.join("")}
Options:
  --help      Print this; VERB --help tells about a verb.
  --version   Print the version.

Example:
  deno task run --help
`;
}

async function command(args: readonly string[], host: Host): Promise<number> {
  const [name, ...rest] = args;
  const print = (text: string): void => {
    host.stdout.write(new TextEncoder().encode(text));
  };
  switch (name) {
    case "--help":
    case "-h":
      print(help());
      return 0;
    case "--version":
      print(`${VERSION}\n`);
      return 0;
  }
  const verb = VERBS.get(name ?? "");
  if (verb) return await verb.run(rest, host);
  const names = [...VERBS.keys()].join(", ");
  throw new UsageError(
    name === undefined
      ? `Cannot do nothing: give a verb (${names}), or --help`
      : `Cannot do ${
        JSON.stringify(name)
      }: no such verb; there is ${names}, and --help`,
  );
}

/**
 * Runs the command line.
 *
 * @param args a verb and its options
 * @param host the system
 * @returns the exit status; 2 for a mistake on the command line, 74 if output cannot be written, 70 if
 * JavaScript recursed past the host's stack
 */
export async function main(
  args: readonly string[],
  host: Host = denoHost(),
): Promise<number> {
  try {
    return await command(args, host);
  } catch (error) {
    const status = statusOf(error);
    if (status === null) throw error;
    const line = `${(error as Error).message}\n`;
    host.stderr.write(new TextEncoder().encode(line));
    return status;
  }
}

/** The status that an error ends a command with; `null` for a bug. */
function statusOf(error: unknown): number | null {
  if (error instanceof UsageError) return STATUS_USAGE;
  if (error instanceof WriteError) return STATUS_WRITE;
  return error instanceof HostStackError ? STATUS_FAILED : null;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
