/**
 * The verb `test`: boots a machine for each kernel of the files, and says how
 * each ended.
 *
 * @module
 */

import { NEVER } from "../base/time.ts";
import { HostStackError } from "../hw/host_stack.ts";
import {
  BOOK_CONFIG,
  type FileResults,
  junitXml,
  type KernelTest,
  type KernelTestResult,
  runKernelTest,
} from "../testing/harness/mod.ts";
import type { Host } from "./host.ts";
import { loadTests } from "./load_tests.ts";
import { Outputs } from "./outputs.ts";
import {
  integer,
  nonEmpty,
  optionHelp,
  type OptionSpec,
  parseOptions,
} from "./parse_options.ts";
import { oneLine, UsageError } from "./usage_error.ts";

/** Status when a kernel failed. */
const STATUS_FAILED = 1;

const OPTIONS: readonly OptionSpec[] = [
  {
    name: "clk",
    value: "N",
    help: "A kernel that gives no clkMax fails at clk N, in CPU cycles since " +
      `power-on. Default: ${BOOK_CONFIG.testTimeout} virtual seconds.`,
  },
  {
    name: "filter",
    value: "TEXT",
    help: "Only kernels whose name contains TEXT.",
  },
  {
    name: "junit",
    value: "FILE",
    help: "Write the results to FILE as JUnit's XML.",
  },
  {
    name: "serial",
    help: "Print what each kernel sends to the serial port; without it, only " +
      "of those that fail.",
  },
  { name: "help", help: "Print this." },
];

/** What `test --help` prints. */
export const TEST_HELP: string = `Usage: deno task kernel-test [OPTIONS] FILE...

Boots a machine of its own for each kernel in the files and says how it ended.
A kernel succeeds by writing 0x10 to the exit device (port 0xf4), which makes
QEMU leave with 33. Anything else fails: another value, a panic, a reset, a
triple fault, a hung CPU, a deadlock, the limit.

A FILE is a module whose default export is a list of kernels:
  { name, program, shouldPanic?, clkMax?, machine? }
shouldPanic: the run must end in a panic, whose message has the given text.

Options:
${optionHelp(OPTIONS)}
Relative paths count from the folder in which the command is typed.

Exit status:
  0   all succeeded
  1   one failed
  2   a mistake on the command line or in a FILE: nothing has run
  74  the results could not be written: a full disk, for one

Example:
  deno task kernel-test examples/chapter_04_testing.ts --junit results.xml
`;

/** What `test` was told. */
interface TestChoices {
  readonly files: readonly string[];
  readonly clk: number | null;
  readonly filter: string;
  readonly junit: string | null;
  readonly serial: boolean;
}

/**
 * Runs the verb.
 *
 * @param args the words behind it
 * @param host the system
 * @returns the exit status
 * @throws {UsageError} for a mistake on the command line or in a file; nothing has run then
 */
export async function testCommand(
  args: readonly string[],
  host: Host,
): Promise<number> {
  const encoder = new TextEncoder();
  const print = (text: string): void =>
    host.stdout.write(encoder.encode(`${text}\n`));
  const choices = testChoices(args);
  if (choices === "help") {
    host.stdout.write(encoder.encode(TEST_HELP));
    return 0;
  }
  const files = await chosenTests(choices, host);
  const outputs = new Outputs(host, choices.junit, null);
  try {
    const results: FileResults[] = files.map(({ file, kernels }) => {
      print(file);
      return {
        file,
        results: kernels.map((kernel) => {
          const result = tested(kernel, choices.clk);
          print(lines(result, choices.serial));
          return result;
        }),
      };
    });
    const all = results.flatMap((file) => file.results);
    const failed = all.filter(({ passed }) => !passed).length;
    print(`${all.length - failed} passed, ${failed} failed`);
    if (choices.junit !== null) {
      outputs.print(encoder.encode(junitXml(results)));
    }
    return failed === 0 ? 0 : STATUS_FAILED;
  } finally {
    outputs.close();
  }
}

function testChoices(args: readonly string[]): TestChoices | "help" {
  const { values, flags, words } = parseOptions(args, OPTIONS);
  if (flags.has("help")) return "help";
  if (words.length === 0) {
    throw new UsageError("Cannot test nothing: give a FILE, or --help");
  }
  const twice = words.find((file, i) => words.indexOf(file) !== i);
  if (twice !== undefined) {
    throw new UsageError(`Cannot test ${twice} twice`);
  }
  return {
    files: words,
    clk: integer(values, "clk", 0, NEVER - 1),
    filter: values["filter"] ?? "",
    junit: nonEmpty(values, "junit"),
    serial: flags.has("serial"),
  };
}

/** The kernels of all files, those that the filter leaves. */
async function chosenTests(
  { files, filter }: TestChoices,
  host: Host,
): Promise<{ file: string; kernels: readonly KernelTest[] }[]> {
  const loaded: { file: string; kernels: readonly KernelTest[] }[] = [];
  for (const file of files) {
    const kernels = (await loadTests(file, host))
      .filter(({ name }) => name.includes(filter));
    if (kernels.length > 0) loaded.push({ file, kernels });
  }
  if (loaded.length === 0) {
    throw new UsageError(
      `Cannot test nothing: no kernel's name contains ${
        JSON.stringify(filter)
      }`,
    );
  }
  return loaded;
}

/** The result of a kernel; one that cannot even be built, or whose run cannot be repeated, has failed. */
function tested(kernel: KernelTest, clk: number | null): KernelTestResult {
  const test = clk === null ? kernel : { clkMax: clk, ...kernel };
  try {
    return runKernelTest(test);
  } catch (error) {
    const message = error instanceof HostStackError
      ? error.message
      : `cannot boot: ${oneLine(error)}`;
    return {
      name: kernel.name,
      passed: false,
      status: STATUS_FAILED,
      message,
      stop: { reason: "panic", message, places: [] },
      clk: 0,
      serial: "",
      units: [],
      digest: "",
    };
  }
}

/** A result, and below it what the kernel sent if that is of interest. */
function lines(result: KernelTestResult, isSerialShown: boolean): string {
  const { name, passed, message, clk, serial, units } = result;
  const count = units.length;
  const tests = count === 0 ? "" : `${count} test${count === 1 ? "" : "s"}, `;
  const head = passed
    ? `  ${name} ... ok (${tests}clk ${clk})`
    : `  ${name} ... FAILED (${tests}clk ${clk}): ${message}`;
  const shown = !passed || isSerialShown ? visible(serial).trimEnd() : "";
  return [head, ...shown === "" ? [] : shown.split("\n")].join("\n      ");
}

/** A text without what a terminal would obey. */
function visible(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}
