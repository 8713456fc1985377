import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  charKeys,
  Keyboard,
  keyboardState,
  LAYOUT_NAMES,
  scancodesForText,
  TERMINAL_SEQUENCE_MAX,
  TerminalKeyboard,
  terminalState,
} from "./mod.ts";

/** Bytes of a string in which every character is one byte. */
function raw(text: string): number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** What is stroked, as text in the syntax of keys. */
function typed(text: string): string {
  const terminal = new TerminalKeyboard();
  const input = terminal.feed(raw(text));
  const rest = terminal.flush();
  assertEquals(terminal.pending, false);
  return [...input.strokes, ...rest.strokes].map((s) => s.text).join("");
}

Deno.test("feed() reads what xterm sends for each key", () => {
  const rows: [string, string][] = [
    ["abc", "abc"],
    ["{", "{{"],
    ["\r", "{Return}"],
    ["\t", "{Tab}"],
    ["\x7f", "{Backspace}"],
    ["\x08", "{Backspace}"],
    ["\x03", "{Ctrl+c}"],
    ["\x11", "{Ctrl+q}"],
    ["\x00", "{Ctrl+ }"],
    ["\x1c\x1d\x1e\x1f", "{Ctrl+\\}{Ctrl+]}{Ctrl+^}{Ctrl+_}"],
    ["\x1b[A\x1b[B\x1b[C\x1b[D", "{ArrowUp}{ArrowDown}{ArrowRight}{ArrowLeft}"],
    ["\x1bOA\x1bOB\x1bOC\x1bOD", "{ArrowUp}{ArrowDown}{ArrowRight}{ArrowLeft}"],
    ["\x1b[H\x1b[F\x1bOH\x1bOF", "{Home}{End}{Home}{End}"],
    ["\x1b[1~\x1b[4~\x1b[7~\x1b[8~", "{Home}{End}{Home}{End}"],
    ["\x1b[2~\x1b[3~\x1b[5~\x1b[6~", "{Insert}{Delete}{PageUp}{PageDown}"],
    ["\x1bOP\x1bOQ\x1bOR\x1bOS", "{F1}{F2}{F3}{F4}"],
    ["\x1b[11~\x1b[12~\x1b[13~\x1b[14~", "{F1}{F2}{F3}{F4}"],
    ["\x1b[15~\x1b[17~\x1b[18~\x1b[19~", "{F5}{F6}{F7}{F8}"],
    ["\x1b[20~\x1b[21~\x1b[23~\x1b[24~", "{F9}{F10}{F11}{F12}"],
    ["\x1b[29~", "{Apps}"],
    ["\x1b[[A\x1b[[E", "{F1}{F5}"],
    ["\x1b[1;2A", "{Shift+ArrowUp}"],
    ["\x1b[1;3B", "{Alt+ArrowDown}"],
    ["\x1b[1;5C", "{Ctrl+ArrowRight}"],
    ["\x1b[1;8D", "{Shift+Alt+Ctrl+ArrowLeft}"],
    ["\x1b[1;9D", "{Win+ArrowLeft}"],
    ["\x1b[1;0D", "{ArrowLeft}"], // 0 is the default, 1: nothing held.
    ["\x1b[[\x1b[A", "{ArrowUp}"], // A sequence that another one cuts.
    ["\x1b[3;5~", "{Ctrl+Delete}"],
    ["\x1b[1;2P", "{Shift+F1}"],
    ["\x1b[24;6~", "{Shift+Ctrl+F12}"],
    ["\x1bO5A", "{Ctrl+ArrowUp}"],
    ["\x1b[Z", "{Shift+Tab}"],
    ["\x1b[27;5;9~", "{Ctrl+Tab}"],
    ["\x1b[13;2u", "{Shift+Return}"],
    ["\x1b[97;5u", "{Ctrl+a}"],
    ["\x1b[97:65;5:1u", "{Ctrl+a}"],
    ["\x1bOM\x1bOk\x1bOp", "{NumpadEnter}{NumpadAdd}{Numpad0}"],
  ];
  for (const [bytes, expected] of rows) {
    assertEquals(typed(bytes), expected, JSON.stringify(bytes));
  }
});

Deno.test("feed() takes a leading ESC as Alt, flush() a lone one as Escape", () => {
  const rows: [string, string][] = [
    ["\x1b", "{Escape}"],
    ["\x1b\x1b", "{Escape}{Escape}"],
    ["\x1b\x1b\x1b", "{Escape}{Escape}{Escape}"],
    ["\x1bx", "{Alt+x}"],
    ["\x1bX", "{Alt+Shift+x}"],
    ["\x1b\r", "{Alt+Return}"],
    ["\x1b\x03", "{Alt+Ctrl+c}"],
    ["\x1b\x1b[A", "{Alt+ArrowUp}"],
    ["\x1b\x1bx", "{Escape}{Alt+x}"],
    ["\x1b[", "{Alt+[}"],
    ["\x1bO", "{Alt+Shift+o}"],
    ["\x1bP", "{Alt+Shift+p}"],
    ["\x1b]", "{Alt+]}"],
    ["\x1b\x1b[", "{Escape}{Alt+[}"],
    ["\x1b[1", ""],
  ];
  for (const [bytes, expected] of rows) {
    assertEquals(typed(bytes), expected, JSON.stringify(bytes));
  }
});

Deno.test("feed() swallows whole what is no key", () => {
  const rows: [string, string][] = [
    ["\x1b[Ia\x1b[Ob", "ab"], // Focus.
    ["\x1b[200~pa\rste\x1b[201~", "pa{Return}ste"],
    ["\x1b[M !!a", "a"], // X10 mouse.
    ["\x1b[<0;10;5Ma\x1b[<0;10;5mb", "ab"], // SGR mouse.
    ["\x1b]11;rgb:0000/0000/0000\x07a", "a"],
    ["\x1b]11;rgb:0000/0000/0000\x1b\\a", "a"],
    ["\x1bP1$r0m\x1b\\a", "a"],
    ["\x1b_Gi=31;OK\x1b\\a", "a"],
    ["\x1b]x\x1b[Aa", "{ArrowUp}a"], // Never ended.
    ["\x1b[?62;22ca", "a"], // Device attributes.
    ["\x1b[24;80Ra", "a"], // Cursor position.
    ["\x1b[25~\x1b[99za", "a"], // No key of ours.
    [`\x1b[${"1".repeat(1000)}Aa`, "a"],
    ["\x1b[1\x03a", "{Ctrl+c}a"],
    ["\x1b[1\x1b[Aa", "{ArrowUp}a"],
    ["\x1b[1114112u\x1b[7ua", "a"],
    ["\x1b[19;0ua", "a"], // Digits are all of 0 to 9.
  ];
  for (const [bytes, expected] of rows) {
    assertEquals(typed(bytes), expected, JSON.stringify(bytes));
  }
});

Deno.test("feed() reads UTF-8 and reports what the layout lacks", () => {
  const french = new TerminalKeyboard(terminalState({ layout: "Azerty" }));
  const { strokes, untypable } = french.feed(utf8("é€à😀ç"));
  assertEquals(strokes.map((s) => s.text), ["é", "à", "ç"]);
  assertEquals(untypable, ["€", "😀"]);
  assertEquals(strokes[0]?.bytes, [0x03, 0x83]);
  const alt = french.feed([0x1b, ...utf8("é")]);
  assertEquals(alt.strokes.map((s) => s.text), ["{Alt+é}"]);
});

Deno.test("feed() reports broken UTF-8 as U+FFFD and goes on", () => {
  const rows: [number[], string][] = [
    [[0xff, 0x61], "\ufffd"],
    [[0x80, 0x61], "\ufffd"],
    [[0xc3, 0x61], "\ufffd"],
    [[0xe2, 0x82, 0x61], "\ufffd"],
    [[0xc0, 0xaf, 0x61], "\ufffd\ufffd"],
    [[0xe0, 0x80, 0xaf, 0x61], "\ufffd"], // Too long for a slash.
    [[0xed, 0xa0, 0x80, 0x61], "\ufffd"], // A surrogate.
    [[0xf4, 0x90, 0x80, 0x80, 0x61], "\ufffd"], // Above U+10FFFF.
    [[0xc3, 0xc3, 0x61], "\ufffd\ufffd"],
  ];
  for (const [bytes, expected] of rows) {
    const { strokes, untypable } = new TerminalKeyboard().feed(bytes);
    assertEquals(strokes.map((s) => s.text), ["a"], String(bytes));
    assertEquals(untypable.join(""), expected, String(bytes));
  }
});

Deno.test("flush() lets a character between its bytes wait", () => {
  const terminal = new TerminalKeyboard(terminalState({ layout: "De105Key" }));
  assertEquals(terminal.feed([0xc3]).strokes, []);
  assertEquals(terminal.pending, false);
  assertEquals(terminal.flush().strokes, []);
  assertEquals(terminal.feed([0xa4]).strokes.map((s) => s.text), ["ä"]);
});

Deno.test("feed() follows a change of layout in the state", () => {
  const terminal = new TerminalKeyboard();
  assertEquals(terminal.feed(raw("z")).strokes[0]?.bytes, [0x2c, 0xac]);
  terminal.state.layout = "De105Key";
  assertEquals(terminal.feed(raw("z")).strokes[0]?.bytes, [0x15, 0x95]);
});

Deno.test("what a terminal types is what the kernel decodes, for every layout", () => {
  for (const layout of LAYOUT_NAMES) {
    // Characters that a terminal sends as themselves.
    const all = [...charKeys(layout).keys()].filter((c) => c >= " ");
    const text = fc.array(fc.constantFrom(...all.filter((c) => c !== "\x7f")));
    fc.assert(
      fc.property(text, (chars) => {
        const terminal = new TerminalKeyboard(terminalState({ layout }));
        const { strokes, untypable } = terminal.feed(utf8(chars.join("")));
        const keyboard = new Keyboard(keyboardState({ layout }));
        const decoded = strokes.flatMap((s) => s.bytes).flatMap((byte) => {
          const key = keyboard.typed(byte);
          return key?.kind === "unicode" ? [key.char] : [];
        });
        assertEquals([decoded, untypable], [chars, []]);
      }),
      { numRuns: 20 },
    );
  }
});

/** Bytes that make sequences likely. */
const INPUT = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(...raw("\x1b\x1b\x1b[[O]P<;12345~ABMRZu\x07\\aA")),
  ),
  { maxLength: 60 },
);

Deno.test("any bytes give the same strokes however they are cut, with saved state", () => {
  fc.assert(fc.property(INPUT, fc.nat(60), (bytes, cut) => {
    const whole = new TerminalKeyboard();
    const expected = whole.feed(bytes);
    const first = new TerminalKeyboard();
    const a = first.feed(bytes.slice(0, cut));
    const state = JSON.parse(JSON.stringify(first.state));
    assert(state.parameters.length <= TERMINAL_SEQUENCE_MAX);
    const second = new TerminalKeyboard(state);
    const b = second.feed(bytes.slice(cut));
    assertEquals([...a.strokes, ...b.strokes], [...expected.strokes]);
    assertEquals([...a.untypable, ...b.untypable], [...expected.untypable]);
    assertEquals(second.state, whole.state);
    second.flush();
    assertEquals(second.pending, false);
  }));
});

Deno.test("a stroke's text is key syntax for the same bytes", () => {
  fc.assert(fc.property(INPUT, (bytes) => {
    for (const stroke of new TerminalKeyboard().feed(bytes).strokes) {
      const again = scancodesForText(stroke.text);
      assert(again.kind === "strokes", stroke.text);
      assertEquals(again.strokes.map((s) => s.bytes), [stroke.bytes]);
    }
  }));
});
