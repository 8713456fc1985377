/** The measured facts of the pc-keyboard crate, every row of every file. */

import { assert, assertEquals } from "@std/assert";
import layouts7 from "../../../vectors/pc-keyboard-0.7.0-layouts.json" with {
  type: "json",
};
import scancodes7 from "../../../vectors/pc-keyboard-0.7.0-scancodes.json" with {
  type: "json",
};
import sequences7 from "../../../vectors/pc-keyboard-0.7.0-sequences.json" with {
  type: "json",
};
import layouts9 from "../../../vectors/pc-keyboard-0.9.0-layouts.json" with {
  type: "json",
};
import {
  type DecodedKey,
  EventDecoder,
  eventState,
  type HandleControl,
  initialModifiers,
  isKeyCode,
  isLayoutName,
  KEY_CODES,
  Keyboard,
  KeyboardError,
  keyboardState,
  type KeyEvent,
  keyEvent,
  type KeyState,
  type LayoutName,
  type LayoutVersion,
  mapKey,
  type Modifiers,
  Ps2Decoder,
  ps2Frame,
  type ScancodePrefix,
  ScancodeSet1,
  ScancodeSet2,
} from "./mod.ts";

/** Keys that are prose about the file, not facts to run. */
const PROSE = ["source", "format", "provenance", "note", "column_meaning"];

/** Fails on a top-level key that no test here reads. */
function assertKeys(file: Record<string, unknown>, read: string[]): void {
  const known = [...PROSE, ...read];
  assertEquals(Object.keys(file).filter((key) => !known.includes(key)), []);
  for (const key of read) assert(key in file, `${key} is missing`);
}

/** The vectors' notation of an event: `A Down`, `Err ParityError`, null. */
function written(event: KeyEvent | KeyboardError | null): string | null {
  if (event === null) return null;
  if (event instanceof KeyboardError) return `Err ${event.debug()}`;
  return `${event.code} ${event.state}`;
}

/** The vectors' notation of a decoded key: the character, `{raw}`, null. */
function decoded(key: DecodedKey | null): unknown {
  if (key === null) return null;
  return key.kind === "unicode" ? key.char : { raw: key.code };
}

function event(text: string): KeyEvent {
  const [code = "", state] = text.split(" ");
  assert(isKeyCode(code), text);
  return keyEvent(code, state as KeyState);
}

function layoutName(name: string): LayoutName {
  assert(isLayoutName(name), name);
  return name;
}

/** What is held or locked in each column of the layout files. */
const COLUMNS: Record<string, [Partial<Modifiers>, HandleControl]> = {
  base: [{}, "Ignore"],
  shift: [{ lshift: true }, "Ignore"],
  caps: [{ capslock: true }, "Ignore"],
  shift_caps: [{ lshift: true, capslock: true }, "Ignore"],
  altgr: [{ ralt: true }, "Ignore"],
  shift_altgr: [{ lshift: true, ralt: true }, "Ignore"],
  ctrl_map: [{ lctrl: true }, "MapLettersToUnicode"],
  ctrl_ignore: [{ lctrl: true }, "Ignore"],
  numlock_off: [{ numlock: false }, "Ignore"],
};

function runLayouts(
  file: { columns: string[]; layouts: Record<string, object> },
  version: LayoutVersion,
): { layouts: number; listed: number; unlisted: number } {
  assertEquals(file.columns, Object.keys(COLUMNS));
  const counts = { layouts: 0, listed: 0, unlisted: 0 };
  for (const [name, rows] of Object.entries(file.layouts)) {
    counts.layouts += 1;
    const layout = layoutName(name);
    const listed = rows as Record<string, unknown[]>;
    for (const code of KEY_CODES) {
      const row = listed[code] ?? file.columns.map(() => ({ raw: code }));
      counts[code in listed ? "listed" : "unlisted"] += 1;
      const ours = file.columns.map((column) => {
        const [held, control] = COLUMNS[column]!;
        const modifiers = { ...initialModifiers(), ...held };
        return decoded(mapKey(code, modifiers, { layout, version, control }));
      });
      assertEquals(ours, row, `${version} ${name} ${code}`);
    }
  }
  return counts;
}

Deno.test("mapKey() equals every row of 0.7.0's layouts", () => {
  assertKeys(layouts7, ["columns", "layouts"]);
  const counts = runLayouts(layouts7, "0.7.0");
  assertEquals(counts, { layouts: 8, listed: 558, unlisted: 434 });
});

Deno.test("mapKey() equals every row of 0.9.0's layouts", () => {
  assertKeys(layouts9, ["columns", "layouts"]);
  const counts = runLayouts(layouts9, "0.9.0");
  assertEquals(counts, { layouts: 10, listed: 696, unlisted: 544 });
});

/** Runs all 256 bytes behind every prefix; returns how many were events. */
function runScancodes(
  make: (prefix: ScancodePrefix) => ScancodeSet1 | ScancodeSet2,
  tables: Record<string, Record<string, string | null>>,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [prefix, table] of Object.entries(tables)) {
    counts[prefix] = Object.keys(table).length;
    for (let byte = 0; byte < 256; byte++) {
      const set = make(prefix as ScancodePrefix);
      const key = `0x${byte.toString(16).padStart(2, "0")}`;
      const expected = key in table ? table[key] : "Err UnknownKeyCode";
      const got = set.advance(byte);
      assertEquals(written(got), expected, `${prefix} ${key}`);
      if (got !== null) assertEquals(set.state.prefix, "start");
    }
  }
  return counts;
}

Deno.test("ScancodeSet1 and 2 equal every byte after every prefix", () => {
  assertKeys(scancodes7, [
    "keycode_order",
    "set1",
    "set2",
    "counts_in_crate_tests",
  ]);
  assertEquals([...KEY_CODES], scancodes7.keycode_order);
  assertEquals(
    runScancodes((prefix) => new ScancodeSet1({ prefix }), scancodes7.set1),
    { start: 176, e0: 66, e1: 2 },
  );
  assertEquals(
    runScancodes((prefix) => new ScancodeSet2({ prefix }), scancodes7.set2),
    { start: 97, f0: 94, e0: 29, e0_f0: 28, e1: 2, e1_f0: 1 },
  );
});

Deno.test("validate_scancodes: known and unknown bytes as the crate counts", () => {
  const expected = scancodes7.counts_in_crate_tests;
  const unknown = (set: ScancodeSet1 | ScancodeSet2, last: number): number => {
    let errors = 0;
    for (let byte = 0; byte <= last; byte++) {
      set.state.prefix = "start";
      if (set.advance(byte) instanceof KeyboardError) errors += 1;
    }
    return errors;
  };
  // The crate's test counts a prefix byte of set 2 as unknown.
  const set1 = unknown(new ScancodeSet1(), 0x7f);
  const set2 = unknown(new ScancodeSet2(), 0xff) + 3;
  assertEquals({
    set1_start_make_codes_0x00_0x7f_known: 128 - set1,
    set1_unknown: set1,
    set2_start_codes_0x00_0xff_known: 256 - set2,
    set2_unknown: set2,
  }, expected);
});

Deno.test("Keyboard equals every step of the recorded sequences", () => {
  assertKeys(sequences7, [
    "sequences",
    "ps2_words",
    "bit_streams",
    "event_sequences",
  ]);
  let steps = 0;
  for (const sequence of sequences7.sequences) {
    const keyboard = new Keyboard(keyboardState({
      set: sequence.set as 1 | 2,
      layout: layoutName(sequence.layout),
      control: sequence.ctrl as HandleControl,
    }));
    for (const [byte, expectedEvent, expectedKey] of sequence.steps) {
      const got = keyboard.addByte(byte as number);
      const where = `${sequence.name}, step ${steps}`;
      assertEquals(written(got), expectedEvent, where);
      const key = got === null || got instanceof KeyboardError
        ? null
        : keyboard.processKeyEvent(got);
      assertEquals(decoded(key), expectedKey, where);
      steps += 1;
    }
  }
  assertEquals([sequences7.sequences.length, steps], [29, 594]);
});

Deno.test("Ps2Decoder equals every recorded word", () => {
  const { meaning: _prose, ...words } = sequences7.ps2_words;
  assertEquals(Object.keys(words), [
    "valid_word_for_each_byte_0_to_255",
    "other_words",
  ]);
  const decoder = new Ps2Decoder();
  const valid = words.valid_word_for_each_byte_0_to_255;
  assertEquals(valid.length, 256);
  valid.forEach((word, byte) => {
    assertEquals(decoder.addWord(word), byte);
    assertEquals(ps2Frame(byte), word);
  });
  for (const [word, expected] of words.other_words) {
    const got = decoder.addWord(word as number);
    const text = got instanceof KeyboardError ? got.debug() : got;
    assertEquals(text, expected, `word ${word}`);
  }
  assertEquals(words.other_words.length, 70);
});

Deno.test("Keyboard equals the recorded bit streams", () => {
  for (const stream of sequences7.bit_streams) {
    const keyboard = new Keyboard(keyboardState({ set: 2 }));
    const results = stream.bits.map((bit) => keyboard.addBit(bit === 1));
    const last = results.pop() ?? null;
    assertEquals(results.every((result) => result === null), true);
    assertEquals(written(last), stream.result_after_last_bit, stream.name);
  }
  assertEquals(sequences7.bit_streams.length, 3);
});

Deno.test("EventDecoder equals the recorded event sequences", () => {
  let steps = 0;
  for (const sequence of sequences7.event_sequences) {
    const decoder = new EventDecoder(
      eventState(layoutName(sequence.layout), "MapLettersToUnicode"),
    );
    for (const [text, expected] of sequence.steps) {
      const key = decoder.processKeyEvent(event(text as string));
      assertEquals(decoded(key), expected, `${sequence.name}: ${text}`);
      steps += 1;
    }
  }
  assertEquals([sequences7.event_sequences.length, steps], [2, 24]);
});
