import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  RUN_HELP,
  RUN_OPTIONS,
  type RunChoices,
  runChoices,
} from "./run_options.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULTS: RunChoices = {
  kernel: null,
  ramBytes: 128 * 2 ** 20,
  clk: null,
  keys: null,
  layout: "Us104Key",
  delay: null,
  serial: null,
  screen: null,
  out: null,
  json: false,
  headless: false,
  elf: null,
  bzimage: null,
  append: null,
  initrd: null,
  traceInstructions: false,
};

Deno.test("runChoices() reads each option", () => {
  const rows: [string[], Partial<RunChoices>][] = [
    [[], {}],
    [["--kernel", "a.ts"], { kernel: "a.ts" }],
    [["--ram", "16"], { ramBytes: 16 * 2 ** 20 }],
    [["--ram=4096"], { ramBytes: 2 ** 32 }],
    [["--clk", "0"], { clk: 0 }],
    [["--clk", "1_000_000"], { clk: 1_000_000 }],
    [["--keys", ""], { keys: "" }],
    [["--layout", "De105Key"], { layout: "De105Key" }],
    [["--layout", "Azerty", "--layout=De105Key"], { layout: "De105Key" }],
    [["--delay", "1"], { delay: 1 }],
    [["--delay", "2", "--delay", "20_000"], { delay: 20_000 }],
    [["--serial", "-"], { serial: "-" }],
    [["--screen", "ansi"], { screen: "ansi" }],
    [["--screen", "svg"], { screen: "svg" }],
    [["--out", "o"], { out: "o" }],
    [["--json", "--headless"], { json: true, headless: true }],
  ];
  for (const [args, choice] of rows) {
    assertEquals(runChoices(args), { ...DEFAULTS, ...choice });
  }
  assertEquals(runChoices(["--help", "--clk", "1"]), "help");
});

Deno.test("runChoices() refuses what cannot be meant, in one line that names it", () => {
  const rows = [
    [["--ram", "15"], "--ram 15: give a whole number from 16 to 4096"],
    [["--ram", "4097"], "--ram 4097: give a whole number from 16 to 4096"],
    [["--ram", "1e2"], "--ram 1e2: give a whole number from 16 to 4096"],
    [["--clk", "-1"], "--clk -1: give a whole number from 0 to"],
    [["--clk", "9007199254740991"], "--clk 9007199254740991: give"],
    [["--clk="], "--clk : give a whole number"],
    [["--delay", "0"], "--delay 0: give a whole number from 1 to"],
    [["--delay", "9007199254740990"], "--delay 9007199254740990: give"],
    [["--layout", "us"], "--layout us: choose one of Us104Key, "],
    [["--screen", "png"], "--screen png: choose text, ansi or svg"],
    [["--kernel="], "--kernel: it is empty"],
    [["a.ts"], 'Cannot run "a.ts": a kernel is given as --kernel FILE'],
    [["--json", "--serial", "-"], "--serial - with --json"],
  ] as const;
  for (const [args, part] of rows) {
    const { message } = assertThrows(() => runChoices(args), UsageError);
    assert(message.includes(part), `${args}: ${message}`);
    assert(!message.includes("\n"), message);
  }
});

Deno.test("RUN_HELP shows options, defaults, statuses and an example", () => {
  for (const { name } of RUN_OPTIONS) assert(RUN_HELP.includes(`--${name}`));
  for (
    const part of [
      "Default: 128.",
      "the last one counts",
      "Exit status:",
      "  70 ",
      "Examples:",
    ]
  ) {
    assert(RUN_HELP.includes(part), part);
  }
  const long = RUN_HELP.split("\n").filter((line) => line.length > 80);
  assertEquals(long, []);
});
