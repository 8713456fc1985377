/** Laws of the decoder under any input. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  BAD_START_BIT,
  BAD_STOP_BIT,
  type DecodedKey,
  isKeyCode,
  KEY_CODES,
  Keyboard,
  KeyboardError,
  type KeyboardState,
  keyboardState,
  keyBytes,
  type KeyEvent,
  LAYOUT_NAMES,
  PARITY_ERROR,
  ps2Frame,
  UNKNOWN_KEY_CODE,
} from "./mod.ts";

const BYTES = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(0xe0, 0xe1, 0xf0, 0x2a, 0xaa, 0x1d, 0x9d, 0x38, 0x3a, 0x45),
  ),
  { maxLength: 200 },
);

const STATE = fc.record({
  set: fc.constantFrom(1 as const, 2 as const),
  layout: fc.constantFrom(...LAYOUT_NAMES),
  control: fc.constantFrom("Ignore" as const, "MapLettersToUnicode" as const),
  version: fc.constantFrom("0.7.0" as const, "0.9.0" as const),
});

type Step = [KeyEvent | KeyboardError | null, DecodedKey | null];

function step(keyboard: Keyboard, byte: number): Step {
  const event = keyboard.addByte(byte);
  if (event === null || event instanceof KeyboardError) return [event, null];
  return [event, keyboard.processKeyEvent(event)];
}

Deno.test("any bytes give events, keys or refusals, never a throw", () => {
  fc.assert(fc.property(BYTES, STATE, (bytes, options) => {
    const keyboard = new Keyboard(keyboardState(options));
    for (const byte of bytes) {
      const [event, key] = step(keyboard, byte);
      if (event instanceof KeyboardError) {
        assertEquals(event, UNKNOWN_KEY_CODE);
        assertEquals(keyboard.state.scancodes.prefix, "start");
      } else if (event !== null) {
        assert(isKeyCode(event.code));
        assertEquals(key !== null, event.state === "Down");
      }
      if (key?.kind === "unicode") assertEquals([...key.char].length, 1);
    }
  }));
});

Deno.test("a decoder restored in the middle goes on as if nothing happened", () => {
  fc.assert(fc.property(BYTES, STATE, fc.nat(200), (bytes, options, cut) => {
    const whole = new Keyboard(keyboardState(options));
    const expected = bytes.map((byte) => step(whole, byte));
    const before = new Keyboard(keyboardState(options));
    const got = bytes.slice(0, cut).map((byte) => step(before, byte));
    const saved = JSON.parse(JSON.stringify(before.state)) as KeyboardState;
    const after = new Keyboard(saved);
    got.push(...bytes.slice(cut).map((byte) => step(after, byte)));
    assertEquals(got, expected);
    assertEquals(after.state, whole.state);
  }));
});

/** Copies values into the same tree of objects, as loading a machine does. */
function load(target: Record<string, unknown>, source: object): void {
  for (const [key, value] of Object.entries(source)) {
    if (typeof value === "object" && value !== null) {
      load(target[key] as Record<string, unknown>, value);
    } else target[key] = value;
  }
}

Deno.test("a decoder whose state is replaced in place follows it", () => {
  fc.assert(fc.property(BYTES, STATE, STATE, (bytes, one, other) => {
    const keyboard = new Keyboard(keyboardState(one));
    for (const byte of bytes) step(keyboard, byte);
    load(keyboard.state as never, keyboardState(other));
    const fresh = new Keyboard(keyboardState(other));
    const got = bytes.map((byte) => step(keyboard, byte));
    assertEquals(got, bytes.map((byte) => step(fresh, byte)));
  }));
});

Deno.test("bits, words and bytes are three ways to the same events", () => {
  fc.assert(fc.property(BYTES, (bytes) => {
    const [byBit, byWord, byByte] = [1, 2, 3].map(() =>
      new Keyboard(keyboardState({ set: 2 }))
    ) as [Keyboard, Keyboard, Keyboard];
    for (const byte of bytes) {
      const expected = byByte.addByte(byte);
      const word = ps2Frame(byte);
      assertEquals(byWord.addWord(word), expected);
      for (let bit = 0; bit < 10; bit++) {
        assertEquals(byBit.addBit((word >> bit & 1) !== 0), null);
      }
      assertEquals(byBit.addBit((word >> 10 & 1) !== 0), expected);
    }
  }));
});

Deno.test("one flipped bit of a frame is always noticed", () => {
  for (let byte = 0; byte < 256; byte++) {
    for (let bit = 0; bit < 11; bit++) {
      const got = new Keyboard().addWord(ps2Frame(byte) ^ 1 << bit);
      const expected = bit === 0
        ? BAD_START_BIT
        : bit === 10
        ? BAD_STOP_BIT
        : PARITY_ERROR;
      assertEquals(got, expected);
    }
  }
});

Deno.test("clear() forgets a frame that broke off", () => {
  const keyboard = new Keyboard(keyboardState({ set: 2 }));
  for (const bit of [false, true, true]) keyboard.addBit(bit);
  keyboard.clear();
  const bits = [..."01000000001"].map((bit) => keyboard.addBit(bit === "1"));
  assertEquals(bits.pop(), { code: "F9", state: "Down" });
});

Deno.test("decoding inverts keyBytes() for every key, state and set", () => {
  const sequences = ["PauseBreak", "PrintScreen"];
  let count = 0;
  for (const set of [1, 2] as const) {
    for (const code of KEY_CODES) {
      if (sequences.includes(code)) continue;
      const isMessage = code === "PowerOnTestOk" || code === "TooManyKeys";
      for (const state of ["Down", "Up"] as const) {
        const bytes = keyBytes({ code, state }, set);
        if (isMessage && set === 1) {
          assertEquals(bytes, []);
          continue;
        }
        const keyboard = new Keyboard(keyboardState({ set }));
        const events = bytes.map((byte) => keyboard.addByte(byte));
        const single = isMessage && state === "Down";
        const expected = single ? "SingleShot" : state;
        assertEquals(events.pop(), { code, state: expected });
        assert(events.every((event) => event === null));
        count += 1;
      }
    }
  }
  assertEquals(count, 2 * 2 * 122 - 4);
});

Deno.test("control can be changed at run time", () => {
  const keyboard = new Keyboard();
  assertEquals(keyboard.control, "Ignore");
  keyboard.typed(0x1d);
  assertEquals(keyboard.typed(0x2e), { kind: "unicode", char: "c" });
  keyboard.control = "MapLettersToUnicode";
  assertEquals(keyboard.typed(0x2e), { kind: "unicode", char: "\x03" });
  keyboard.changeLayout("Dvorak104Key");
  assertEquals(keyboard.typed(0x2e), { kind: "unicode", char: "\n" });
});
