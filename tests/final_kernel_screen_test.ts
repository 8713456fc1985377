/**
 * What a person sees of the final kernel, through the command line: the headless text, and the live screen in a terminal.
 * Texts are those of the pc-keyboard crate, 0.7.0, printed as the book's `print_keypresses` does.
 */
import { assertEquals } from "@std/assert";
import { main } from "../src/cli/main.ts";
import { runLive } from "../src/cli/live.ts";
import { LEAVE_SCREEN } from "../src/cli/live_screen.ts";
import { NEVER } from "../src/base/time.ts";
import { Machine } from "../src/hw/machine.ts";
import type { LayoutName } from "../src/kernel/keyboard/layouts/mod.ts";
import { makeKernel } from "../src/kernel/kernel.ts";
import { FakeHost, type Happening } from "./support/cli_host.ts";
import { Emulator } from "./support/emulator.ts";

const RAM = { ramBytes: 16 * 2 ** 20 };
const WARNING = "WARNING: scancode queue uninitialized";
const HEAD = ["Hello World!", "async number: 42"];

/** The lines of a screen, without the timer's dots. */
function lines(screen: readonly string[]): string[] {
  const text = screen.map((line) => line.replaceAll(/\.+/g, ""));
  return text.slice(text.indexOf(HEAD[0]!));
}

/** The screen after `deno task run --headless` with these options. */
async function headless(...options: string[]): Promise<string[]> {
  const host = new FakeHost({ stdin: "" });
  const args = ["run", "--headless", "--ram", "16", ...options];
  assertEquals([await main(args, host), host.stderr.text], [0, ""]);
  return lines(host.stdout.text.split("\n").slice(0, 25));
}

/** Options, and the lines behind the first two. */
const HEADLESS: readonly (readonly [string, string[], string[]])[] = [
  ["nothing", [], [""]],
  ["letters, Enter", ["--keys", "hi{Enter}you"], ["hi", "you"]],
  [
    "all modifiers",
    [
      "--keys",
      "{Shift+a}{RShift+b}{Ctrl+c}{RControl+d}{Alt+e}{AltGr+f}{Win+g}{RWin+h}" +
      "{Ctrl+Alt+Shift+i}",
    ],
    [
      "LShiftARShiftBLControlcRControldLAlteRAltGrfLWingRWinh" +
      "LControlLAltLShiftI",
    ],
  ],
  [
    "locks",
    ["--keys", "a{CapsLock}bC{CapsLock}d{Numpad1}{NumLock}{Numpad1}{NumLock}"],
    ["aCapsLockBLShiftcCapsLockd1NumpadLockEndNumpadLock"],
  ],
  [
    "keys without a character, and those that the screen has none for",
    ["--keys", "{Tab}{Backspace}{Del}{Esc}{Up}{F1}{F12}{Ins}{PgDn}{Home}"],
    ["■■■■ArrowUpF1F12InsertPageDownHome"],
  ],
  [
    "German: y and z, signs, AltGr",
    ["--layout", "De105Key", "--keys", 'zyZ#+-"{AltGr+q}'],
    ['zyLShiftZ#+-LShift"RAltGr@'],
  ],
  [
    "German letters are two bytes of UTF-8 each",
    ["--layout", "De105Key", "--keys", "äß"],
    ["■■■■"],
  ],
  ["French", ["--layout", "Azerty", "--keys", "qwa&é1"], ["qwa&■■LShift1"]],
  ["keys during boot", ["--delay", "9_000", "--keys", "ab"], [WARNING, "b"]],
  ["keys after it", ["--delay", "11_000", "--keys", "ab"], ["ab"]],
  ["keys before the PICs are set up", ["--delay", "1", "--keys", "ab"], [""]],
];

for (const [what, options, want] of HEADLESS) {
  Deno.test(`run --headless shows the final kernel: ${what}`, async () => {
    assertEquals(await headless(...options), [...HEAD, ...want]);
  });
}

/** What a terminal shows of a live run: the machine's 25 lines. */
async function live(
  script: readonly Happening[],
  layout: LayoutName = "Us104Key",
): Promise<string[]> {
  const host = new FakeHost({
    script: [...script, { ms: 1_500, what: "\x11" }],
  });
  const program = makeKernel({ layout });
  const machine = new Machine({ program, ...RAM });
  await runLive(machine, host.terminal, host, {
    bytes: [],
    clkMax: NEVER - 1,
    layout,
    depth: "indexed",
  });
  const emulator = new Emulator(100, 30);
  await emulator.write(host.terminal.written.replace(LEAVE_SCREEN, ""));
  const terminal = Array.from({ length: 25 }, (_, i) => emulator.line(i));
  emulator.dispose();
  assertEquals(terminal, machine.vga.screenText());
  return lines(terminal);
}

const LIVE: readonly (readonly [
  string,
  readonly Happening[],
  LayoutName,
  string,
])[] = [
  ["letters", [{ ms: 200, what: "hello" }], "Us104Key", "hello"],
  [
    "a key that the terminal repeats",
    Array.from({ length: 20 }, (_, i) => ({ ms: 200 + 33 * i, what: "x" })),
    "Us104Key",
    "x".repeat(20),
  ],
  [
    "modifiers as terminals send them",
    [{ ms: 200, what: "A\x03\x1bb\x1b[1;5C" }], // A, Ctrl-C, Alt-b, Ctrl-right.
    "Us104Key",
    "LShiftALControlcLAltbLControlArrowRight",
  ],
  [
    "function keys",
    [{ ms: 200, what: "\x1bOP\x1b[24~\x1b[A" }],
    "Us104Key",
    "F1F12ArrowUp",
  ],
  ["German", [{ ms: 200, what: "zyZ#@" }], "De105Key", "zyLShiftZ#RAltGr@"],
];

for (const [what, script, layout, want] of LIVE) {
  Deno.test(`run live shows the final kernel: ${what}`, async () => {
    assertEquals(await live(script, layout), [...HEAD, want]);
  });
}

Deno.test("a key that is held: the keyboard repeats its make, the kernel prints it each time", () => {
  const machine = new Machine({ program: makeKernel(), ...RAM });
  const held = [0x12, ...Array<number>(10).fill(0x1c), 0xf0, 0x1c, 0xf0, 0x12];
  machine.addInputs(held.map((data, i) => ({
    clk: 1_000_000 + i * 100_000,
    source: "key",
    data,
  })));
  machine.run({ clkMax: 6_000_000 });
  assertEquals(lines(machine.vga.screenText()), [
    ...HEAD,
    `LShift${"A".repeat(10)}`,
  ]);
});

Deno.test("a held Shift is repeated, too, and its name printed each time, as in the book", () => {
  const machine = new Machine({ program: makeKernel(), ...RAM });
  machine.addInputs([0x12, 0x12, 0x12, 0x1c, 0xf0, 0x1c, 0xf0, 0x12, 0x1c].map(
    (data, i) => ({ clk: 1_000_000 + i * 100_000, source: "key", data }),
  ));
  machine.run({ clkMax: 6_000_000 });
  assertEquals(lines(machine.vga.screenText())[2], "LShiftLShiftLShiftAa");
});
