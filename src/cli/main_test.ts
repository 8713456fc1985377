import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  FakeHost,
  type FakeHostOptions,
} from "../../tests/support/cli_host.ts";
import type { Program } from "../hw/hosted.ts";
import { coreState } from "../kernel/core.ts";
import { defineKernel } from "../kernel/define_kernel.ts";
import { main } from "./main.ts";
import { VERSION } from "./version.ts";
import config from "../../deno.json" with { type: "json" };

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  readonly host: FakeHost;
}

async function run(
  args: readonly string[],
  options: FakeHostOptions = { stdin: "" },
): Promise<Ran> {
  const host = new FakeHost(options);
  const status = await main(args, host);
  return { status, out: host.stdout.text, err: host.stderr.text, host };
}

const withKernel = (
  boot: (
    core: Parameters<Parameters<typeof defineKernel>[0]["build"]>[0],
  ) => void,
  stdin = "",
): FakeHostOptions => {
  const program: Program = defineKernel({
    id: "test",
    state: coreState,
    build: (core) => ({ boot: () => boot(core) }),
  });
  return { stdin, modules: { "/home/me/k.ts": { default: program } } };
};

const RUN_K = ["run", "--kernel", "k.ts", "--ram", "16"];
const LAST_LINE = /^clk \d+ digest [0-9a-f]{16} stop ([a-z-]+)\n$/;

Deno.test("VERSION is the package's", () => {
  assertEquals(VERSION, config.version);
});

Deno.test("main() helps, and tells its version", async () => {
  for (const args of [["--help"], ["-h"], ["run", "--help"], ["run", "-h"]]) {
    const { status, out, err } = await run(args);
    assertEquals([status, err], [0, ""]);
    assertMatch(out, /Usage: [\s\S]*Examples?:/);
  }
  assertEquals((await run(["--version"])).out, `${VERSION}\n`);
});

Deno.test("main() ends with one line and status 2 for a mistake, nothing written", async () => {
  const rows: [string[], RegExp, FakeHostOptions?][] = [
    [[], /^Cannot do nothing: give a verb \(run, test\), or --help$/],
    [["walk"], /^Cannot do "walk": no such verb/],
    [["run", "--frob"], /^Cannot use --frob: there is no such option$/],
    [["run", "--kernel", "no.ts"], /^Cannot read kernel no.ts: there is no/],
    [["run", "--keys", "é"], /^Cannot type "é" at position 0: layout Us104Key/],
    [["run"], /^Cannot type "é" at position 2/, { stdin: "a\né" }],
    [["run"], /is not UTF-8 text$/, { stdin: new Uint8Array([0xff]) }],
    [["run", "--out", "/nowhere/x"], /^Cannot write \/nowhere\/x: its folder/],
    [
      ["run", "--out", "x", "--serial", "/nowhere/x"],
      /^Cannot write \/nowhere/,
    ],
    [["run", "--out", "x", "--serial", "./x"], /--out is the same file$/],
  ];
  for (const [args, message, options] of rows) {
    const { status, out, err, host } = await run(args, options);
    assertEquals([status, out, host.files.size], [2, "", 0], err);
    assertMatch(err.slice(0, -1), message);
    assert(err.endsWith("\n") && !err.slice(0, -1).includes("\n"), err);
  }
});

Deno.test("run prints 25 lines of screen, and the last line", async () => {
  const { status, out, err } = await run(["run"], { stdin: "hello" });
  assertEquals([status, err], [0, ""]);
  const lines = out.split("\n");
  assertEquals(lines.length, 27);
  assertEquals(lines[22], "Hello World!");
  assertEquals(lines[24]!.replaceAll(".", ""), "hello");
  assertMatch(`${lines[25]}\n`, LAST_LINE);
  assertEquals((await run(["run"], { stdin: "hello" })).out, out);
  assertEquals((await run(["run", "--keys", "hello"])).out, out);
});

Deno.test("run types Windows line ends as one Enter, and braces of standard input as they are", async () => {
  const unix = await run(["run"], { stdin: "a\n{F1}" });
  const windows = await run(["run"], { stdin: "a\r\n{F1}" });
  assertEquals(windows.out, unix.out);
  // The book's kernel names the Shift key that the braces take.
  assert(windows.out.replaceAll(/\.|LShift/g, "").includes("\n{F1}"));
  const { out } = await run(["run", "--keys", "{F1}"]);
  assert(out.replaceAll(".", "").includes("\nF1"));
});

Deno.test("run --headless with a terminal as standard input types nothing", async () => {
  const { status, out } = await run(["run", "--headless"], {
    stdoutIsTerminal: true,
  });
  assertEquals(status, 0);
  assert(out.includes("stop idle"));
});

Deno.test("run --json prints one object", async () => {
  const { out, host } = await run(["run", "--json", "--keys", "x"]);
  const report = JSON.parse(out);
  assertEquals(Object.keys(report), [
    "version",
    "clk",
    "digest",
    "stop",
    "screen",
    "serial",
    "keysLost",
  ]);
  assertEquals([report.version, report.stop, report.keysLost], [
    VERSION,
    { reason: "idle" },
    0,
  ]);
  assertEquals(report.screen.length, 25);
  const text = await run(["run", "--keys", "x"]);
  assertEquals(
    text.out.split("\n").slice(0, 26),
    [...report.screen, `clk ${report.clk} digest ${report.digest} stop idle`],
  );
  assertEquals(host.files.size, 0);
});

Deno.test("run --out takes all but the last line", async () => {
  const plain = await run(["run"]);
  const { out, host } = await run(["run", "--out", "screen.txt"]);
  assertMatch(out, LAST_LINE);
  const file = new TextDecoder().decode(host.files.get("/home/me/screen.txt"));
  assertEquals(file + out, plain.out);
});

Deno.test("run --serial writes what the port sends", async () => {
  const kernel = withKernel(({ serialPrint }) => void serialPrint);
  const prints = withKernel((core) => core.serialPrint("é!"));
  const file = await run([...RUN_K, "--serial", "s"], prints);
  assertEquals(
    new TextDecoder().decode(file.host.files.get("/home/me/s")),
    "é!",
  );
  const first = await run([...RUN_K, "--serial", "-"], prints);
  assert(first.out.startsWith("é!\n\n"), first.out);
  const json = await run([...RUN_K, "--json"], prints);
  assertEquals(JSON.parse(json.out).serial, "é!");
  const silent = await run([...RUN_K, "--serial", "s"], kernel);
  assertEquals(silent.host.files.get("/home/me/s")?.length, 0);
});

Deno.test("run says in one line that JavaScript recursed past the host's stack", async () => {
  const deeper = (): number => 1 + deeper();
  const { status, out, err } = await run(RUN_K, withKernel(() => deeper()));
  assertEquals([status, out], [70, ""]);
  assertMatch(
    err,
    /^Cannot repeat the run: .* in boot; recurse by cpu.call.*\n$/,
  );
});

Deno.test("run --screen svg prints a picture in front of the last line", async () => {
  const { out } = await run(["run", "--screen", "svg"]);
  assertMatch(out, /^<svg [\s\S]*>Hello World!<\/text>[\s\S]*<\/svg>\nclk /);
  const { host } = await run(["run", "--screen", "svg", "--out", "s.svg"]);
  const file = new TextDecoder().decode(host.files.get("/home/me/s.svg"));
  assert(out.startsWith(file) && file.endsWith("</svg>\n"));
});

Deno.test("run --screen ansi prints colours, unless NO_COLOR is set", async () => {
  const args = ["run", "--screen", "ansi"];
  const { out } = await run(args);
  assert(out.includes("\x1b[0;38;5;11;48;5;0mHello World!"), out);
  const plain = await run(args, { stdin: "", env: { NO_COLOR: "1" } });
  assertEquals(plain.out, (await run(["run"])).out);
});

Deno.test("run's status and standard error follow the reason", async () => {
  const rows: [string, number, RegExp, FakeHostOptions][] = [
    ["exit", 33, /^$/, withKernel(({ cpu }) => cpu.out32(0xf4, 0x10))],
    ["exit", 1, /^$/, withKernel(({ cpu }) => cpu.out32(0xf4, 0))],
    ["reset", 0, /^$/, withKernel(({ cpu }) => cpu.out8(0x64, 0xfe))],
    [
      "panic",
      70,
      /^panic: oh no\n {2}in boot\n/,
      withKernel((core) => core.panic("oh no")),
    ],
    [
      "panic",
      70,
      /^panic: x is bad\n[\s\S]*RangeError[\s\S]*main_test/,
      withKernel(() => {
        throw new RangeError("x is bad");
      }),
    ],
    ["hung", 70, /^hung: HLT with interrupts off/, withKernel(() => {})],
    [
      "shutdown",
      70,
      /^shutdown: [\s\S]*#GP\(13\)[\s\S]*#DF\(8\)/,
      withKernel(({ cpu }) => cpu.int3()),
    ],
  ];
  for (const [reason, status, message, options] of rows) {
    const ran = await run(RUN_K, options);
    assertEquals(ran.status, status, ran.err);
    const last = ran.out.split("\n").slice(-2)[0]!;
    assertEquals(LAST_LINE.exec(`${last}\n`)?.[1], reason);
    assertMatch(ran.err, message);
  }
  const limit = await run(["run", "--clk", "1_000"]);
  assertEquals(limit.status, 0);
  assertMatch(limit.out, /\nclk 1000 digest .* stop limit\n$/);
});

Deno.test("run says so when nothing could be typed", async () => {
  const options = withKernel(({ cpu }) => cpu.out32(0xf4, 1), "abc");
  const { err } = await run(RUN_K, options);
  assertEquals(
    err,
    "Nothing was typed: the kernel did not wait in HLT outside of its boot; " +
      "--delay N types from clk N on.\n",
  );
  const { err: none } = await run([...RUN_K, "--delay", "20"], options);
  assertEquals(none, "");
});

Deno.test("run is live between two terminals, and prints the last line after Ctrl-Q", async () => {
  const { status, out, host } = await run(["run"], {
    stdoutIsTerminal: true,
    script: [{ ms: 300, what: "\x11" }],
  });
  assertEquals(status, 0);
  assertMatch(out, LAST_LINE);
  assert(host.terminal.written.includes("Hello World!"));
});

Deno.test("run live ends with 128 and the signal's number, and with 129 when the terminal goes", async () => {
  const terminated = await run(["run"], {
    stdoutIsTerminal: true,
    script: [{
      ms: 100,
      what: ({ listeners }) => listeners!.end({ name: "SIGTERM", number: 15 }),
    }],
  });
  assertEquals([terminated.status, terminated.out], [143, ""]);
  const gone = await run(["run"], {
    stdoutIsTerminal: true,
    script: [{ ms: 100, what: (terminal) => terminal.keys(null) }],
  });
  assertEquals([gone.status, gone.out], [129, ""]);
});

Deno.test("run live shows the screen once more when the machine has ended by itself", async () => {
  const { modules } = withKernel((core) => core.panic("oh no"));
  const { status, out, err } = await run(RUN_K, {
    stdoutIsTerminal: true,
    modules: modules!,
  });
  assertEquals(status, 70);
  assert(out.includes("oh no") && out.includes("stop panic"), out);
  assertMatch(err, /^panic: oh no/);
});

Deno.test("run is headless in a terminal that can only print", async () => {
  const { out, host } = await run(["run"], {
    stdoutIsTerminal: true,
    env: { TERM: "dumb" },
  });
  assertMatch(out, /stop idle\n$/);
  assertEquals(host.terminal.written, "");
});
