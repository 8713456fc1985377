/**
 * The verb `run`: boots a kernel, shows it live in a terminal or runs it to its
 * end, and reports.
 *
 * @module
 */

import { NEVER } from "../base/time.ts";
import type { BootImage } from "../hw/boot_image.ts";
import type { Program } from "../hw/hosted.ts";
import { Machine, RUN_CLK_MAX } from "../hw/machine.ts";
import { OUTPUT_BYTES_MAX } from "../hw/byte_log.ts";
import type { Stop } from "../hw/stop.ts";
import { isaEngine } from "../isa/engine.ts";
import { makeKernel } from "../kernel/kernel.ts";
import { runHeadless } from "./headless.ts";
import type { Host } from "./host.ts";
import { type LiveEnd, runLive } from "./live.ts";
import { InstructionTrace } from "./instruction_trace.ts";
import { loadImage } from "./load_image.ts";
import { loadKernel } from "./load_kernel.ts";
import { Outputs } from "./outputs.ts";
import {
  jsonReport,
  lastLineReport,
  screenReport,
  serialReport,
} from "./report.ts";
import { RUN_HELP, type RunChoices, runChoices } from "./run_options.ts";
import { type ColorDepth, colorDepth } from "./screen_styles.ts";
import { exitStatus, explainStop } from "./stop_text.ts";
import { wireBytes } from "./typing.ts";
import { oneLine, UsageError } from "./usage_error.ts";

const encoder = new TextEncoder();

/**
 * Runs the verb.
 *
 * @param args the words behind it
 * @param host the system
 * @returns the exit status
 * @throws {UsageError} for a mistake on the command line; nothing has been written then
 */
export async function runCommand(
  args: readonly string[],
  host: Host,
): Promise<number> {
  const choices = runChoices(args);
  if (choices === "help") {
    host.stdout.write(encoder.encode(RUN_HELP));
    return 0;
  }
  const isLive = !choices.headless && !choices.traceInstructions &&
    host.stdinIsTerminal() && host.stdout.isTerminal() &&
    host.env("TERM") !== "dumb";
  const image = loadImage(choices, host);
  const program = await chosenProgram(choices, image, host);
  const bytes = await bytesToType(choices, host);
  const machine = buildMachine(program, image, choices);
  const outputs = new Outputs(host, choices.out, choices.serial);
  try {
    return isLive
      ? await live(machine, bytes, choices, outputs, host)
      : headless(machine, bytes, choices, outputs, host);
  } finally {
    outputs.close();
  }
}

/** With a kernel in machine code, one in TypeScript lends its handlers if it was asked for. */
async function chosenProgram(
  choices: RunChoices,
  image: BootImage | null,
  host: Host,
): Promise<Program | null> {
  if (choices.kernel !== null) return await loadKernel(choices.kernel, host);
  return image ? null : makeKernel({ layout: choices.layout });
}

/** `--keys`, or else standard input, unless that is a terminal. */
async function bytesToType(
  { keys, layout }: RunChoices,
  host: Host,
): Promise<number[]> {
  if (keys !== null) return wireBytes(keys, layout, true);
  if (host.stdinIsTerminal()) return [];
  const input = await host.readStdin();
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(input);
  } catch {
    throw new UsageError("Cannot type standard input: it is not UTF-8 text");
  }
  return wireBytes(text, layout, false);
}

function buildMachine(
  program: Program | null,
  image: BootImage | null,
  choices: RunChoices,
): Machine {
  try {
    return new Machine({
      ...(program ? { program } : {}),
      engine: isaEngine,
      image,
      ramBytes: choices.ramBytes,
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const mib = choices.ramBytes / 2 ** 20;
    const file = choices.elf ?? choices.bzimage;
    const what = file === null
      ? `build a machine with ${mib} MiB of RAM`
      : `boot ${file} in ${mib} MiB of RAM`;
    const why = oneLine(error).replace(/^RangeError: /, "");
    throw new UsageError(`Cannot ${what}: ${why}`);
  }
}

function headless(
  machine: Machine,
  bytes: readonly number[],
  choices: RunChoices,
  outputs: Outputs,
  host: Host,
): number {
  const trace = choices.traceInstructions
    ? new InstructionTrace(
      machine,
      (text) => host.stderr.write(encoder.encode(text)),
    )
    : null;
  const { stop, typed } = runHeadless(
    machine,
    bytes,
    choices.clk ?? RUN_CLK_MAX,
    {
      trace,
      delay: choices.delay,
      goesOnIdle: choices.bzimage !== null || choices.clk !== null,
    },
  );
  trace?.end();
  report(machine, stop, choices, outputs, host, true);
  if (!typed) {
    complain(host, [
      "Nothing was typed: the kernel did not wait in HLT outside of its boot; " +
      "--delay N types from clk N on.",
    ]);
  }
  return exitStatus(stop);
}

async function live(
  machine: Machine,
  bytes: readonly number[],
  choices: RunChoices,
  outputs: Outputs,
  host: Host,
): Promise<number> {
  const end = await runLive(machine, host.terminal, host, {
    bytes,
    clkMax: choices.clk ?? NEVER - 1,
    delay: choices.delay,
    layout: choices.layout,
    depth: depth(host),
    onFrame: () => outputs.flushSerial(machine),
  });
  if (end.signal) return 128 + end.signal.number;
  if (end.by === "hangup") return 128 + 1; // As for SIGHUP.
  // Who quits has seen the screen; what ended by itself is shown once more.
  const { out, screen } = choices;
  const isShown = end.by === "machine" || out !== null || screen !== null;
  report(machine, end.stop, choices, outputs, host, isShown);
  if (isOverBudget(end, machine, choices)) {
    complain(host, [
      "limit: a turn of the kernel took more than one virtual second, its " +
      "budget in the live screen; --headless has none",
    ]);
  }
  return exitStatus(end.stop);
}

function isOverBudget(
  { stop }: LiveEnd,
  machine: Machine,
  { clk }: RunChoices,
): boolean {
  return stop.reason === "limit" && machine.clk !== clk;
}

function report(
  machine: Machine,
  stop: Stop,
  { json, screen, serial }: RunChoices,
  outputs: Outputs,
  host: Host,
  showsScreen: boolean,
): void {
  outputs.flushSerial(machine);
  const print = (text: string): void => outputs.print(encoder.encode(text));
  if (json) print(`${JSON.stringify(jsonReport(machine, stop))}\n`);
  else {
    if (serial === "-") outputs.print(serialReport(machine));
    if (showsScreen) {
      print(screenReport(machine, screen ?? "text", depth(host)));
    }
    host.stdout.write(encoder.encode(lastLineReport(machine, stop)));
  }
  complain(host, explainStop(stop, machine.thrown));
  const { dropped } = machine.serial;
  if (dropped > 0) {
    complain(host, [
      `${dropped} bytes of serial output were dropped: ` +
      `${OUTPUT_BYTES_MAX} are kept`,
    ]);
  }
}

function depth(host: Host): ColorDepth {
  return colorDepth((name) => host.env(name));
}

function complain(host: Host, lines: readonly string[]): void {
  if (lines.length === 0) return;
  host.stderr.write(encoder.encode(lines.map((line) => `${line}\n`).join("")));
}
