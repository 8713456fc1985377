/**
 * The options of `run`: their table, and what they mean.
 *
 * @module
 */

import { RAM_BYTES_MAX, RAM_BYTES_MIN } from "../hw/e820.ts";
import { RAM_BYTES_DEFAULT } from "../hw/hardware_config.ts";
import { INPUTS_MAX } from "../hw/input_log.ts";
import { RUN_CLK_MAX } from "../hw/machine.ts";
import { CLK_HZ, NEVER } from "../base/time.ts";
import { KEY_BYTE_CLK } from "../kernel/keyboard/key_inputs.ts";
import {
  isLayoutName,
  LAYOUT_NAMES,
  type LayoutName,
} from "../kernel/keyboard/layouts/mod.ts";
import {
  integer,
  nonEmpty,
  optionHelp,
  type OptionSpec,
  type OptionValues,
  parseOptions,
} from "./parse_options.ts";
import { UsageError } from "./usage_error.ts";

/** How a screen is printed. */
export type ScreenFormat = "text" | "ansi" | "svg";

/** What `run` was told. */
export interface RunChoices {
  /** The kernel's file, or `null` for the default one. */
  readonly kernel: string | null;
  /** Bytes of RAM. */
  readonly ramBytes: number;
  /** The last clk, or `null`. */
  readonly clk: number | null;
  /** Text to type, with names of keys in braces, or `null`. */
  readonly keys: string | null;
  /** The layout for which text becomes scancodes. */
  readonly layout: LayoutName;
  /** The clk of the first byte, or `null`: from the first HLT on. */
  readonly delay: number | null;
  /** Where serial output goes: a file, `-`, or `null`. */
  readonly serial: string | null;
  /** How the screen is printed; `null` where it wasn't said. */
  readonly screen: ScreenFormat | null;
  /** Where the screen is printed, or `null` for standard output. */
  readonly out: string | null;
  /** Whether one JSON object is printed. */
  readonly json: boolean;
  /** Whether there is no live screen even in a terminal. */
  readonly headless: boolean;
  /** A kernel's ELF file for bootloader 0.9, or `null`. */
  readonly elf: string | null;
  /** A kernel's file for the boot protocol of Linux, or `null`. */
  readonly bzimage: string | null;
  /** That kernel's command line, or `null`. */
  readonly append: string | null;
  /** The file of its initial RAM disk, or `null`. */
  readonly initrd: string | null;
  /** Whether a line is written for each instruction of machine code. */
  readonly traceInstructions: boolean;
}

const MIB = 2 ** 20;
const RAM_MIB = [RAM_BYTES_MIN, RAM_BYTES_MAX, RAM_BYTES_DEFAULT].map((bytes) =>
  bytes / MIB
) as [number, number, number];

/** All that can be typed comes before the end of time. */
const DELAY_MAX = NEVER - 1 - INPUTS_MAX * KEY_BYTE_CLK;

/** The table. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  {
    name: "headless",
    help: "No live screen, even in a terminal: run as fast as possible, then " +
      "print the screen.",
  },
  {
    name: "kernel",
    value: "FILE",
    help: "A module whose default export is a kernel: a Program, called with " +
      "the CPU. Default: the kernel of the book.",
  },
  {
    name: "elf",
    value: "FILE",
    help: "Boot a kernel in machine code: an ELF64 file, as bootloader 0.9 " +
      "loads it, with a BootInfo.",
  },
  {
    name: "bzimage",
    value: "FILE",
    help: "Boot a kernel in machine code by the 64-bit protocol of Linux: a " +
      "bzImage with a 64-bit entry point, or a vmlinux.",
  },
  {
    name: "append",
    value: "TEXT",
    help: "The command line of the --bzimage kernel. Default: empty.",
  },
  {
    name: "initrd",
    value: "FILE",
    help: "The initial RAM disk of the --bzimage kernel. Default: none.",
  },
  {
    name: "trace-instructions",
    help: "Write a line to standard error for each instruction of machine " +
      "code. No live screen then.",
  },
  {
    name: "keys",
    value: "TEXT",
    help: "Type TEXT in place of standard input, from the first HLT on. Keys " +
      "by name: {Enter}, {F1}, {Ctrl+c}; {{ is a brace.",
  },
  {
    name: "layout",
    value: "NAME",
    help: "Layout of the keyboard, with which the default kernel decodes, " +
      `too; any other one has its own: ${LAYOUT_NAMES.join(", ")}. ` +
      "Default: Us104Key.",
  },
  {
    name: "delay",
    value: "N",
    help:
      "Type from clk N on, during the boot or before any HLT, in place of " +
      "from the first HLT on. A key before the kernel has set up its " +
      "interrupts is lost, as on a PC, and those behind it with it.",
  },
  {
    name: "clk",
    value: "N",
    help:
      "Run to clk N, in CPU cycles since power-on, idle or not. Default: in the live " +
      `screen none, else ${RUN_CLK_MAX / CLK_HZ} virtual seconds.`,
  },
  {
    name: "ram",
    value: "MIB",
    help: `RAM in MiB, ${RAM_MIB[0]} to ${RAM_MIB[1]}. Default: ${RAM_MIB[2]}.`,
  },
  {
    name: "screen",
    value: "text|ansi|svg",
    help: "Print the screen as text, in its colours (as text if NO_COLOR is " +
      "set), or as an SVG picture. Default: text.",
  },
  {
    name: "serial",
    value: "FILE|-",
    help: "Write what the serial port sends to FILE, or (-) in front of the " +
      "screen.",
  },
  {
    name: "out",
    value: "FILE",
    help: "Print into FILE all but the last line.",
  },
  {
    name: "json",
    help: "Print one object {version, clk, digest, stop, screen, serial, " +
      "keysLost} in place of screen and last line.",
  },
  { name: "help", help: "Print this." },
];

/** What `run --help` prints. */
export const RUN_HELP: string = `Usage: deno task run [OPTIONS]

Boots a kernel on the machine. In a terminal its screen comes up live, paced to
real time, and keys go to the machine; Ctrl-Q quits. Otherwise text on standard
input is typed, one byte of scancode per 119,318 clk from the first HLT on. The
run ends when the machine has been idle for two timer ticks (but with --clk, and
for --bzimage: Linux is idle while it boots); then the screen is printed, 25
lines, and as last line "clk N digest H stop REASON".

Options:
${optionHelp(RUN_OPTIONS)}
Relative paths count from the folder in which the command is typed. Of an option
that is given more than once the last one counts.

Exit status:
  0      idle, until (Ctrl-Q), limit (--clk), reset
  2      a mistake on the command line: nothing has been written
  70     panic, shutdown, hung, deadlock, host-calls, no-engine, recursion past
         the host's stack: standard error says more
  74     output could not be written: a full disk, for one
  128+N  ended by signal N
  else   exit: as QEMU's, the value written to port 0xf4 × 2 + 1

Examples:
  printf 'hello' | deno task run --headless
  deno task run --headless --keys 'hi{Enter}' --json
  deno task run --bzimage vmlinux --append console=ttyS0 --serial - --headless
`;

/**
 * Reads the command line of `run`.
 *
 * @param args the words behind the verb
 * @returns what was chosen, or `"help"`
 * @throws {UsageError} if it cannot be meant
 */
export function runChoices(args: readonly string[]): RunChoices | "help" {
  const { values, flags, words } = parseOptions(args, RUN_OPTIONS);
  if (flags.has("help")) return "help";
  if (words.length > 0) {
    throw new UsageError(
      `Cannot run ${
        JSON.stringify(words[0])
      }: a kernel is given as --kernel FILE`,
    );
  }
  const json = flags.has("json");
  const serial = nonEmpty(values, "serial");
  if (json && serial === "-") {
    throw new UsageError(
      "Cannot use --serial - with --json: the object holds the serial output",
    );
  }
  return {
    kernel: nonEmpty(values, "kernel"),
    ramBytes: MIB * (integer(values, "ram", RAM_MIB[0], RAM_MIB[1]) ??
      RAM_MIB[2]),
    clk: integer(values, "clk", 0, NEVER - 1),
    keys: values["keys"] ?? null,
    layout: layout(values["layout"]),
    delay: integer(values, "delay", 1, DELAY_MAX),
    serial,
    screen: screen(values["screen"]),
    out: nonEmpty(values, "out"),
    json,
    headless: flags.has("headless"),
    ...machineCode(values, flags),
  };
}

type Values = OptionValues["values"];

type MachineCodeChoices = Pick<
  RunChoices,
  "elf" | "bzimage" | "append" | "initrd" | "traceInstructions"
>;

function machineCode(
  values: Values,
  flags: ReadonlySet<string>,
): MachineCodeChoices {
  const elf = nonEmpty(values, "elf");
  const bzimage = nonEmpty(values, "bzimage");
  if (elf !== null && bzimage !== null) {
    throw new UsageError("Cannot use --elf with --bzimage: one kernel boots");
  }
  for (const name of ["append", "initrd"]) {
    if (values[name] === undefined || bzimage !== null) continue;
    throw new UsageError(`Cannot use --${name} without --bzimage`);
  }
  return {
    elf,
    bzimage,
    append: values["append"] ?? null,
    initrd: nonEmpty(values, "initrd"),
    traceInstructions: flags.has("trace-instructions"),
  };
}

function layout(name = "Us104Key"): LayoutName {
  if (isLayoutName(name)) return name;
  throw new UsageError(
    `Cannot use --layout ${name}: choose one of ${LAYOUT_NAMES.join(", ")}`,
  );
}

function screen(format: string | undefined): ScreenFormat | null {
  if (format === undefined) return null;
  if (format === "text" || format === "ansi" || format === "svg") {
    return format;
  }
  throw new UsageError(
    `Cannot use --screen ${format}: choose text, ansi or svg`,
  );
}
