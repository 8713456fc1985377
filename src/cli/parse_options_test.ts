import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  optionHelp,
  type OptionSpec,
  parseOptions,
  wrap,
} from "./parse_options.ts";
import { UsageError } from "./usage_error.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "json", help: "Flag." },
  { name: "help", help: "Help." },
  { name: "keys", value: "TEXT", help: "Text. ".repeat(20).trim() },
  { name: "serial", value: "FILE|-", help: "Serial." },
];

const read = (...args: string[]) => {
  const { values, flags, words } = parseOptions(args, SPECS);
  return { values, flags: [...flags], words };
};

Deno.test("parseOptions() takes a value behind a space or an equals sign", () => {
  for (const args of [["--keys", "a b"], ["--keys=a b"]]) {
    assertEquals(read(...args).values, { keys: "a b" });
  }
});

Deno.test("parseOptions() takes values that begin with a dash, or are empty", () => {
  assertEquals(read("--serial", "-").values, { serial: "-" });
  assertEquals(read("--keys", "-x").values, { keys: "-x" });
  assertEquals(read("--keys", "--").values, { keys: "--" });
  assertEquals(read("--keys", "").values, { keys: "" });
  assertEquals(read("--keys=").values, { keys: "" });
  assertEquals(read("--keys", "007").values, { keys: "007" });
});

Deno.test("parseOptions() lets the last of several count", () => {
  assertEquals(read("--keys", "a", "--keys", "b").values, { keys: "b" });
});

Deno.test("parseOptions() tells flags from words", () => {
  assertEquals(read("--json", "x", "--", "--keys"), {
    values: {},
    flags: ["json"],
    words: ["x", "--keys"],
  });
  assertEquals(read("-h").flags, ["help"]);
});

Deno.test("parseOptions() refuses what it doesn't know, and says what is near", () => {
  const rows = [
    [
      "--jsn",
      "Cannot use --jsn: there is no such option; did you mean --json?",
    ],
    [
      "--ser=x",
      "Cannot use --ser: there is no such option; did you mean --serial?",
    ],
    ["--frobnicate", "Cannot use --frobnicate: there is no such option"],
    ["-x", "Cannot use -x: there is no such option"],
    ["--no-json", "Cannot use --no-json: there is no such option"],
  ] as const;
  for (const [arg, message] of rows) {
    const error = assertThrows(() => read(arg), UsageError);
    assertEquals(error.message, message);
  }
});

Deno.test("parseOptions() refuses an option without its value", () => {
  for (
    const args of [["--keys"], ["--keys", "--json"], ["--keys", "--serial=x"]]
  ) {
    const error = assertThrows(() => read(...args), UsageError);
    assertEquals(error.message, "Cannot use --keys: TEXT is missing");
  }
});

Deno.test("optionHelp() names every option, in lines of 79 columns", () => {
  const text = optionHelp(SPECS);
  for (const { name } of SPECS) assert(text.includes(`  --${name}`), name);
  assert(text.split("\n").every((line) => line.length <= 79), text);
});

Deno.test("optionHelp() gives a long name a line of its own", () => {
  const long = { name: "trace-instructions", help: "Long." };
  const fits = { name: "sixteen-letters-", help: "Fits." };
  const tight = { name: "eighteen-letters--", value: "N", help: "Tight." };
  assertEquals(optionHelp([long, fits, tight]).split("\n"), [
    "  --trace-instructions",
    "                      Long.",
    "  --sixteen-letters-  Fits.",
    "  --eighteen-letters-- N",
    "                      Tight.",
    "",
  ]);
});

Deno.test("wrap() breaks between words", () => {
  assertEquals(wrap("aa bb cc", 5), ["aa bb", "cc"]);
  assertEquals(wrap("aaaaaaa b", 5), ["aaaaaaa", "b"]);
});
