/**
 * The pc-keyboard crate's own tests, by their names there. What they feed is
 * restated here; the recorded sequences in `vectors_test.ts` hold some too.
 */

import { assertEquals } from "@std/assert";
import {
  type DecodedKey,
  EventDecoder,
  eventState,
  type HandleControl,
  Keyboard,
  keyboardState,
  type KeyCode,
  type KeyEvent,
  type LayoutName,
  type LayoutVersion,
  printedKey,
  type ScancodeSetNumber,
} from "./mod.ts";

function make(
  set: ScancodeSetNumber,
  layout: LayoutName,
  version: LayoutVersion = "0.7.0",
): Keyboard {
  const control = "MapLettersToUnicode";
  return new Keyboard(keyboardState({ set, layout, control, version }));
}

/** Events of bytes, as `A+` for a press, `A-` for a release, `A*` otherwise. */
function events(keyboard: Keyboard, bytes: number[]): string[] {
  const signs = { Down: "+", Up: "-", SingleShot: "*" };
  return bytes.flatMap((byte) => {
    const event = keyboard.addByte(byte) as KeyEvent | null;
    return event === null ? [] : [event.code + signs[event.state]];
  });
}

/** What `A+ A-` (see `events`) decode to; null is nothing. */
function presses(
  decoder: Keyboard | EventDecoder,
  script: string,
): (string | null)[] {
  return script.split(" ").map((step) => {
    const code = step.slice(0, -1) as KeyCode;
    const state = step.endsWith("+") ? "Down" : "Up";
    const key = decoder.processKeyEvent({ code, state });
    return key === null ? null : shown(key);
  });
}

/** Raw keys in angle brackets. */
function shown(key: DecodedKey): string {
  return key.kind === "raw" ? `<${printedKey(key)}>` : printedKey(key);
}

function bits(keyboard: Keyboard, text: string): (KeyEvent | null)[] {
  return [...text].map((bit) => keyboard.addBit(bit === "1") as KeyEvent);
}

Deno.test("test_f9, test_f5, test_f5_up: frames bit by bit", () => {
  const f9 = bits(make(2, "Us104Key"), "01000000001");
  assertEquals(f9.pop(), { code: "F9", state: "Down" });
  assertEquals(f9, Array(10).fill(null));
  const f5 = bits(make(2, "Us104Key"), "01100000011");
  assertEquals(f5.pop(), { code: "F5", state: "Down" });
  const up = bits(make(2, "Us104Key"), "00000111111" + "01100000011");
  assertEquals(up.pop(), { code: "F5", state: "Up" });
  assertEquals(up, Array(21).fill(null));
});

Deno.test("test_f9_word, test_f9_byte", () => {
  const f9 = { code: "F9", state: "Down" };
  assertEquals(make(2, "Us104Key").addWord(0x0402) as KeyEvent, f9 as KeyEvent);
  assertEquals(make(2, "Us104Key").addByte(0x01) as KeyEvent, f9 as KeyEvent);
});

Deno.test("test_keyup_keydown: repeats are presses", () => {
  const got = events(make(2, "Us104Key"), [0x01, 0x01, 0xf0, 0x01]);
  assertEquals(got, ["F9+", "F9+", "F9-"]);
});

Deno.test("test_shift: either shift, Caps Lock, and digits left alone", () => {
  const script = "LShift+ A+ A- LShift- A+ A- RShift+ A+ A- RShift- " +
    "CapsLock+ CapsLock- X+ X- RShift+ A+ A- RShift- Key1+ Key1-";
  assertEquals(presses(make(2, "Uk105Key"), script), [
    ...["<LShift>", "A", null, null, "a", null],
    ...["<RShift>", "A", null, null],
    ...["<CapsLock>", null, "X", null, "<RShift>", "a", null, null],
    ...["1", null],
  ]);
});

Deno.test("test_ctrl: either control, and back", () => {
  const script = "A+ A- LControl+ A+ LControl- A- A+ A- " +
    "RControl+ A+ RControl- A-";
  assertEquals(presses(make(2, "Us104Key"), script), [
    ...["a", null, "<LControl>", "\x01", null, null, "a", null],
    ...["<RControl>", "\x01", null, null],
  ]);
});

Deno.test("test_numlock: on at the start", () => {
  const script = "Numpad0+ Numpad0- NumpadLock+ NumpadLock- Numpad0+ Numpad0-";
  assertEquals(presses(make(2, "Uk105Key"), script), [
    ...["0", null, "<NumpadLock>", null, "<Insert>", null],
  ]);
});

Deno.test("test_set_1_down_up_down, test_set_1_ext_down_up_down", () => {
  const us = make(1, "Us104Key");
  assertEquals(events(us, [0x1e, 0x9e, 0x1f]), ["A+", "A-", "S+"]);
  const got = events(make(1, "Us104Key"), [0xe0, 0x1c, 0xe0, 0x9c]);
  assertEquals(got, ["NumpadEnter+", "NumpadEnter-"]);
});

Deno.test("test_set_2_poweron, test_set_2_toomanykeys", () => {
  const us = make(2, "Us104Key");
  assertEquals(events(us, [0xaa, 0x00]), ["PowerOnTestOk*", "TooManyKeys*"]);
});

Deno.test("test_set_2_down_up, test_set_2_ext_down_up", () => {
  const us = make(2, "Us104Key");
  const space = [0x29, 0xf0, 0x29];
  const thrice = events(us, [...space, ...space, ...space]);
  assertEquals(
    thrice.join(" "),
    Array(3).fill("Spacebar+ Spacebar-").join(" "),
  );
  const home = events(us, [0xe0, 0x6c, 0xe0, 0xf0, 0x6c]);
  assertEquals(home, ["Home+", "Home-"]);
});

Deno.test("test_pause_set1, test_pause_set2, test_pause_events", () => {
  const expected = [
    ...["RControl2+", "NumpadLock+", "RControl2-", "NumpadLock-"],
  ];
  const set1 = [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];
  assertEquals(events(make(1, "Uk105Key"), set1), expected);
  const set2 = [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77];
  assertEquals(events(make(2, "Uk105Key"), set2), expected);
  const decoded = presses(make(2, "Uk105Key"), expected.join(" "));
  assertEquals(decoded, ["<RControl2>", "<PauseBreak>", null, null]);
});

Deno.test("test_print_screen_set1, _set2, _events", () => {
  const expected = ["RAlt2+", "PrintScreen+", "PrintScreen-", "RAlt2-"];
  const set1 = [0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa];
  assertEquals(events(make(1, "Uk105Key"), set1), expected);
  const set2 = [0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12];
  assertEquals(events(make(2, "Uk105Key"), set2), expected);
  const decoded = presses(make(2, "Uk105Key"), expected.join(" "));
  assertEquals(decoded, ["<RAlt2>", "<PrintScreen>", null, null]);
});

Deno.test("test_any: another layout at run time", () => {
  const decoder = new EventDecoder(eventState("Uk105Key"));
  assertEquals(presses(decoder, "Q+"), ["q"]);
  decoder.changeLayout("Azerty");
  assertEquals(presses(decoder, "Q+"), ["a"]);
});

Deno.test("test_layout of us104: keypad, letter, navigation without Num Lock", () => {
  const script = "NumpadDivide+ NumpadMultiply+ A+ Key4+ Numpad0+ " +
    "NumpadLock+ NumpadLock- Numpad0+ Numpad0-";
  assertEquals(presses(make(2, "Us104Key"), script), [
    ...["/", "*", "a", "4", "0", "<NumpadLock>", null, "<Insert>", null],
  ]);
});

Deno.test("test_layout, test_hash, test_backslash, test_tilde, test_pipe of uk105", () => {
  const typed = (bytes: number[]): string[] => {
    const uk = make(2, "Uk105Key");
    return bytes.flatMap((byte) => {
      const key = uk.typed(byte);
      return key === null ? [] : [shown(key)];
    });
  };
  assertEquals(typed([0x5d]), ["#"]);
  assertEquals(typed([0x61]), ["\\"]);
  assertEquals(typed([0x12, 0x5d]), ["<LShift>", "~"]);
  assertEquals(typed([0x12, 0x61]), ["<LShift>", "|"]);
  const script = "NumpadDivide+ NumpadMultiply+ A+ Key4+";
  assertEquals(presses(make(2, "Uk105Key"), script), ["/", "*", "a", "4"]);
});

Deno.test("test_frazert of azerty, in both versions", () => {
  const script = "NumpadDivide+ NumpadMultiply+ A+ Key4+ Oem7+ Numpad0- " +
    "NumpadLock+ NumpadLock- Numpad0+ Numpad0-";
  for (const version of ["0.7.0", "0.9.0"] as const) {
    assertEquals(presses(make(2, "Azerty", version), script), [
      ...["/", "*", "q", "'", "*", null, "<NumpadLock>", null],
      ...["<Insert>", null],
    ]);
  }
});

/** The keys of the main block that have a character, as 0.9.0's tests order them. */
const ROWS: KeyCode[] = [
  ...["Oem8", "Key1", "Key2", "Key3", "Key4", "Key5", "Key6", "Key7"],
  ...["Key8", "Key9", "Key0", "OemMinus", "OemPlus"],
  ...["Q", "W", "E", "R", "T", "Y", "U", "I", "O", "P", "Oem4", "Oem6", "Oem7"],
  ...["A", "S", "D", "F", "G", "H", "J", "K", "L", "Oem1", "Oem3"],
  ...["Z", "X", "C", "V", "B", "N", "M", "OemComma", "OemPeriod", "Oem2"],
] as KeyCode[];

Deno.test("us104 of 0.9.0: lowercase, uppercase, shifted, shift_caps, ctrl", () => {
  const plain = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./";
  const shift = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?';
  const letters = /[a-z]/gi;
  const swapped = (c: string): string =>
    c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase();
  const control = (c: string): string =>
    String.fromCharCode(c.charCodeAt(0) & 0x1f);
  const cases: [string, HandleControl, string][] = [
    ["", "Ignore", plain],
    ["CapsLock+", "Ignore", plain.replace(letters, swapped)],
    ["LShift+", "Ignore", shift],
    ["RShift+", "Ignore", shift],
    ["LShift+ CapsLock+", "Ignore", shift.replace(letters, swapped)],
    ["LControl+", "MapLettersToUnicode", plain.replace(letters, control)],
    ["RControl+", "MapLettersToUnicode", plain.replace(letters, control)],
    ["LControl+", "Ignore", plain],
  ];
  for (const [held, mode, expected] of cases) {
    const decoder = new EventDecoder(eventState("Us104Key", mode, "0.9.0"));
    if (held !== "") presses(decoder, held);
    const typed = presses(decoder, ROWS.map((code) => `${code}+`).join(" "));
    assertEquals(typed.join(""), expected, held);
  }
});

Deno.test("test_modifier_state_shift, and every other modifier", () => {
  const decoder = new EventDecoder();
  const m = decoder.state.modifiers;
  const held = (): string[] =>
    Object.entries(m).flatMap(([name, on]) => on ? [name] : []);
  assertEquals(held(), ["numlock"]);
  const rows: [string, string][] = [
    ["LShift", "lshift"],
    ["RShift", "rshift"],
    ["LControl", "lctrl"],
    ["RControl", "rctrl"],
    ["LAlt", "lalt"],
    ["RAltGr", "ralt"],
    ["RControl2", "rctrl2"],
  ];
  for (const [code, name] of rows) {
    presses(decoder, `${code}+`);
    assertEquals(held().includes(name), true, code);
    presses(decoder, `${code}-`);
    assertEquals(held(), ["numlock"]);
  }
  presses(decoder, "CapsLock+ CapsLock- NumpadLock+ NumpadLock-");
  assertEquals(held(), ["capslock"]);
});

Deno.test("left Alt with Control is AltGr for symbols in 0.9.0 alone", () => {
  const script = "LAlt+ LControl+ Key7+ Q+";
  const typed = (version: LayoutVersion): (string | null)[] =>
    presses(
      new EventDecoder(eventState("De105Key", "Ignore", version)),
      script,
    );
  assertEquals(typed("0.9.0"), ["<LAlt>", "<LControl>", "{", "q"]);
  assertEquals(typed("0.7.0"), ["<LAlt>", "<LControl>", "7", "q"]);
});
