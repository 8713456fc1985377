import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  charKeys,
  KEY_CODES,
  Keyboard,
  keyboardState,
  type KeyCode,
  keyStroke,
  LAYOUT_NAMES,
  type LayoutName,
  scancodesForText,
  type TextOptions,
  untranslated,
} from "./mod.ts";

function bytes(
  text: string,
  layout: LayoutName = "Us104Key",
  set: 1 | 2 = 1,
  options: TextOptions = {},
): number[] {
  const typed = scancodesForText(text, layout, set, options);
  assert(typed.kind === "strokes", JSON.stringify(typed));
  return typed.strokes.flatMap((stroke) => stroke.bytes);
}

/** The characters that a fresh keyboard decodes; raw keys as `<Name>`. */
function decode(
  keyboard: Keyboard,
  bytes: readonly number[],
): (string | { raw: KeyCode })[] {
  return bytes.flatMap((byte) => {
    const key = keyboard.typed(byte);
    if (key === null) return [];
    return [key.kind === "unicode" ? key.char : { raw: key.code }];
  });
}

function characters(keyboard: Keyboard, bytes: readonly number[]): string {
  return decode(keyboard, bytes).filter((k) => typeof k === "string").join("");
}

Deno.test("scancodesForText() and charKeys() refuse a layout that is none", () => {
  for (const call of [charKeys, (name: never) => scancodesForText("a", name)]) {
    assertThrows(
      () => call("De" as never),
      RangeError,
      "Cannot type on layout De: choose Us104Key, Uk105Key",
    );
  }
});

Deno.test("scancodesForText() gives the bytes of a US keyboard", () => {
  const rows: [string, number[]][] = [
    ["", []],
    ["a", [0x1e, 0x9e]],
    ["A", [0x2a, 0x1e, 0x9e, 0xaa]],
    ["H!", [0x2a, 0x23, 0xa3, 0xaa, 0x2a, 0x02, 0x82, 0xaa]],
    ["\n", [0x1c, 0x9c]],
    ["\r\n\r", [0x1c, 0x9c, 0x1c, 0x9c]],
    ["{Enter}", [0x1c, 0x9c]],
    ["{return}", [0x1c, 0x9c]],
    ["\t\b\x1b", [0x0f, 0x8f, 0x0e, 0x8e, 0x01, 0x81]],
    ["{F1}", [0x3b, 0xbb]],
    ["{Up}", [0xe0, 0x48, 0xe0, 0xc8]],
    ["{Ctrl+c}", [0x1d, 0x2e, 0xae, 0x9d]],
    ["{Ctrl+C}", [0x1d, 0x2e, 0xae, 0x9d]],
    ["{Shift+Tab}", [0x2a, 0x0f, 0x8f, 0xaa]],
    ["{Shift+A}", [0x2a, 0x1e, 0x9e, 0xaa]],
    ["{Ctrl+Alt+Del}", [
      ...[0x1d, 0x38, 0xe0, 0x53],
      ...[0xe0, 0xd3, 0xb8, 0x9d],
    ]],
    ["{Ctrl++}", [0x1d, 0x2a, 0x0d, 0x8d, 0xaa, 0x9d]],
    ["{+}", [0x2a, 0x0d, 0x8d, 0xaa]],
    ["{Alt}", [0x38, 0xb8]],
    ["{{", [0x2a, 0x1a, 0x9a, 0xaa]],
    ["}", [0x2a, 0x1b, 0x9b, 0xaa]],
    ["{}}", [0x2a, 0x1b, 0x9b, 0xaa]],
    ["{Ctrl+}}", [0x1d, 0x2a, 0x1b, 0x9b, 0xaa, 0x9d]],
    ["{a}}", [0x1e, 0x9e, 0x2a, 0x1b, 0x9b, 0xaa]],
    ["{Pause}", [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]],
    ["{Ctrl+Pause}", [0x1d, 0xe0, 0x46, 0xe0, 0xc6, 0x9d]],
    ["{PrtSc}", [
      ...[0xe0, 0x2a, 0xe0, 0x37],
      ...[0xe0, 0xb7, 0xe0, 0xaa],
    ]],
    ["{Shift+PrtSc}", [0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xaa]],
    ["{Alt+PrtSc}", [0x38, 0x54, 0xd4, 0xb8]],
  ];
  for (const [text, expected] of rows) {
    assertEquals(bytes(text), expected, text);
  }
});

Deno.test("scancodesForText() holds AltGr where the layout asks for it", () => {
  assertEquals(bytes("@", "De105Key"), [0xe0, 0x38, 0x10, 0x90, 0xe0, 0xb8]);
  assertEquals(bytes("é", "Azerty"), [0x03, 0x83]);
});

Deno.test("scancodesForText() gives set 2 when asked", () => {
  assertEquals(bytes("A", "Us104Key", 2), [
    ...[0x12, 0x1c],
    ...[0xf0, 0x1c, 0xf0, 0x12],
  ]);
  assertEquals(bytes("{Pause}", "Us104Key", 2), [
    ...[0xe1, 0x14, 0x77],
    ...[0xe1, 0xf0, 0x14, 0xf0, 0x77],
  ]);
  assertEquals(bytes("{Ctrl+Pause}", "Us104Key", 2), [
    ...[0x14, 0xe0, 0x7e],
    ...[0xe0, 0xf0, 0x7e, 0xf0, 0x14],
  ]);
  assertEquals(bytes("{PrtSc}", "Us104Key", 2), [
    ...[0xe0, 0x12, 0xe0, 0x7c],
    ...[0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12],
  ]);
});

Deno.test("scancodesForText() names what it can't type, and where", () => {
  const rows: [string, LayoutName, string, number, string, string][] = [
    ["a€", "Us104Key", "no-key", 1, "€", "layout Us104Key has no key for it"],
    ["x\\", "De105Key", "no-key", 1, "\\", "layout De105Key has no key for it"],
    ["<", "Azerty", "no-key", 0, "<", "layout Azerty has no key for it"],
    ["😀", "Us104Key", "no-key", 0, "😀", "layout Us104Key has no key for it"],
    ["\x03", "Us104Key", "no-key", 0, "\x03", "no key for it"],
    ["\ud800", "Us104Key", "no-key", 0, "\ud800", "no key for it"],
    ["{é}", "Us104Key", "no-key", 0, "{é}", "no key for it"],
    ["ab{F13}", "Us104Key", "unknown-name", 2, "{F13}", 'called "F13"'],
    ["{Ctrl+}", "Us104Key", "unknown-name", 0, "{Ctrl+}", 'called ""'],
    ["{a+b}", "Us104Key", "not-a-modifier", 0, "{a+b}", '"a" is no key that'],
    ["{Ctrl", "Us104Key", "unclosed-brace", 0, "{Ctrl", "no } closes it"],
    ["ok {", "Us104Key", "unclosed-brace", 3, "{", "{{ types a brace"],
    ["{}", "Us104Key", "empty-braces", 0, "{}", "they name no key"],
    ["{constructor}", "Us104Key", "unknown-name", 0, "{constructor}", "called"],
  ];
  for (const [text, layout, reason, position, part, why] of rows) {
    const refused = scancodesForText(text, layout);
    assert(refused.kind === "refused", text);
    assertEquals(
      [refused.reason, refused.position, refused.part],
      [reason, position, part],
    );
    assert(refused.message.includes(`at position ${position}: `));
    assert(refused.message.includes(why), refused.message);
  }
});

Deno.test("scancodesForText() types braces as they are when told to", () => {
  const { strokes } = scancodesForText("{F1}{{", "Us104Key", 1, {
    braces: false,
  }) as { strokes: readonly { text: string }[] };
  assertEquals(strokes.map((stroke) => stroke.text).join(""), "{F1}{{");
});

Deno.test("decoding inverts scancodesForText() for every layout and text", () => {
  for (const layout of LAYOUT_NAMES) {
    for (const version of ["0.7.0", "0.9.0"] as const) {
      const all = [...charKeys(layout, version).keys()];
      assert(all.length >= 96, layout);
      const text = fc.array(fc.constantFrom(...all)).map((c) => c.join(""));
      fc.assert(fc.property(text, fc.constantFrom(1, 2), (text, set) => {
        const sent = bytes(text, layout, set, { version, braces: false });
        const state = keyboardState({
          set,
          layout,
          version,
          control: "MapLettersToUnicode",
        });
        const fresh = structuredClone(state);
        assertEquals(characters(new Keyboard(state), sent), text);
        assertEquals(state, fresh); // Nothing is left held.
      }));
    }
  }
});

Deno.test("every character of every layout is typed by charKeys()' stroke", () => {
  let count = 0;
  for (const layout of LAYOUT_NAMES) {
    for (const [char] of charKeys(layout)) {
      const sent = bytes(char, layout, 1, { braces: false });
      const keyboard = new Keyboard(keyboardState({ layout }));
      assertEquals(characters(keyboard, sent), char);
      count += 1;
    }
  }
  assert(count > 1000);
});

Deno.test("charKeys() types printable ASCII on a US keyboard in both versions", () => {
  for (const version of ["0.7.0", "0.9.0"] as const) {
    const keys = charKeys("Us104Key", version);
    for (let c = 0x20; c < 0x7f; c++) {
      assert(keys.has(String.fromCharCode(c)), String.fromCharCode(c));
    }
    assertEquals(keys.get("1"), { code: "Key1", held: [] });
    assertEquals(keys.get("+"), { code: "OemPlus", held: ["LShift"] });
  }
});

/** 8042, "Scan Code Translation": set 2 bytes 0x00 to 0x7f in set 1. */
const TRANSLATION = `
  ff 43 41 3f 3d 3b 3c 58 64 44 42 40 3e 0f 29 59
  65 38 2a 70 1d 10 02 5a 66 71 2c 1f 1e 11 03 5b
  67 2e 2d 20 12 05 04 5c 68 39 2f 21 14 13 06 5d
  69 31 30 23 22 15 07 5e 6a 72 32 24 16 08 09 5f
  6b 33 25 17 18 0b 0a 60 6c 34 35 26 27 19 0c 61
  6d 73 28 74 1a 0d 62 6e 3a 36 1c 1b 75 2b 63 76
  55 56 77 78 79 7a 0e 7b 7c 4f 7d 4b 47 7e 7f 6f
  52 53 50 4c 4d 48 01 45 57 4e 51 4a 37 49 46 54
`.trim().split(/\s+/).map((hex) => parseInt(hex, 16));

/** What an 8042 makes of set 2: 0xf0 sets bit 7 of the byte behind it. */
function translated(set2: readonly number[]): number[] {
  let release = 0;
  return set2.flatMap((byte) => {
    if (byte === 0xf0) {
      release = 0x80;
      return [];
    }
    if (byte === 0xe0 || byte === 0xe1) return [byte];
    const set1 = (byte === 0x83 ? 0x41 : TRANSLATION[byte]!) | release;
    release = 0;
    return [set1];
  });
}

Deno.test("an 8042 translates untranslated() back, for every stroke", () => {
  let keys = 0;
  for (const code of KEY_CODES) {
    const { bytes } = keyStroke(code, ["LShift"], code, 1);
    assertEquals(translated(untranslated(bytes)), bytes, code);
    keys += 1;
  }
  assertEquals(keys, 124);
});

Deno.test("an 8042 translates set 2 strokes to set 1, but for the JIS keys", () => {
  const differing = KEY_CODES.filter((code) => {
    const set1 = keyStroke(code, [], code, 1).bytes;
    const set2 = keyStroke(code, [], code, 2).bytes;
    return translated(set2).join() !== set1.join();
  });
  assertEquals(differing, [
    "Oem9",
    "Oem10",
    "Oem11",
    "Oem12",
    "Oem13",
    "PowerOnTestOk",
    "TooManyKeys",
  ]);
});

Deno.test("untranslated() refuses a byte that no key has", () => {
  assertThrows(
    () => untranslated([0x1e, 0x55]),
    RangeError,
    "Cannot undo the translation of 0x55: no key has this byte in set 1",
  );
});
