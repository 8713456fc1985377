import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import vectors from "../../vectors/pc-keyboard-0.7.0-scancodes.json" with {
  type: "json",
};
import {
  defaultKeyTypes,
  KEY_BREAKS,
  KEY_TYPEMATIC,
  set3FromSet2,
} from "./scancode_set3.ts";
import {
  set1FromSet2,
  set2FromSet1,
  translateScancode,
} from "./scancode_translation.ts";

type Table = { [byte: string]: string | null };

Deno.test("translateScancode() turns each key's set 2 code into its set 1 code", () => {
  const { set1, set2 } = vectors as unknown as {
    set1: { [prefix: string]: Table };
    set2: { [prefix: string]: Table };
  };
  let compared = 0;
  for (const [prefix, table] of Object.entries(set2)) {
    if (!["start", "e0"].includes(prefix)) continue;
    for (const [byte, event] of Object.entries(table)) {
      if (event === null || !event.endsWith(" Down")) continue;
      const translated = translateScancode(Number(byte));
      const other =
        set1[prefix]![`0x${translated.toString(16).padStart(2, "0")}`];
      if (other === undefined) continue; // A key that one of the decoders lacks.
      assertEquals(other, event, `${prefix} ${byte}`);
      compared += 1;
    }
  }
  assertEquals(compared, 115);
});

Deno.test("translateScancode() passes answers of a keyboard", () => {
  for (const byte of [0xaa, 0xab, 0xee, 0xfa, 0xfe, 0xe0, 0xe1]) {
    assertEquals(translateScancode(byte), byte);
  }
  // The second byte of the identity, and the three scan code sets.
  assertEquals([0x83, 1, 2, 3].map(translateScancode), [
    0x41,
    0x43,
    0x41,
    0x3f,
  ]);
  assertEquals(translateScancode(0x00), 0xff); // Overrun.
});

Deno.test("set2FromSet1() and set1FromSet2() give keys and their sequences", () => {
  // Key, set 1, set 2 (IBM, "Keyboards", scan code tables).
  const rows: [string, number[], number[]][] = [
    ["A down", [0x1e], [0x1c]],
    ["A up", [0x9e], [0xf0, 0x1c]],
    ["F7 up", [0xc1], [0xf0, 0x83]],
    ["Right Ctrl up", [0xe0, 0x9d], [0xe0, 0xf0, 0x14]],
    [
      "Print Screen down",
      [0xe0, 0x2a, 0xe0, 0x37],
      [0xe0, 0x12, 0xe0, 0x7c],
    ],
    [
      "Print Screen up",
      [0xe0, 0xb7, 0xe0, 0xaa],
      [0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12],
    ],
    [
      "Pause",
      [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5],
      [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77],
    ],
  ];
  for (const [key, set1, set2] of rows) {
    assertEquals(set2FromSet1(set1), set2, key);
    assertEquals(set1FromSet2(set2), set1, key);
  }
});

Deno.test("set1FromSet2() undoes set2FromSet1() for all bytes that keys send", () => {
  const sendable = Array.from({ length: 256 }, (_, byte) => byte).filter((b) =>
    (b & 0x7f) !== 0
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...sendable)), (bytes) => {
      assertEquals(set1FromSet2(set2FromSet1(bytes)), bytes);
    }),
  );
});

Deno.test("set2FromSet1() throws at a byte that no key sends", () => {
  assertThrows(() => set2FromSet1([0x1e, 0x00]), RangeError, "0x0 of set 1");
  assertThrows(() => set2FromSet1([0x80]), RangeError, "0x80");
  assertThrows(() => set2FromSet1([0x1_1e]), RangeError, "0x11e");
});

Deno.test("set3FromSet2() gives one code a key and none for what surrounds it", () => {
  const rows: [prefix: number, set2: number, set3: number | null][] = [
    [0, 0x1c, 0x1c], // A
    [0, 0x76, 0x08], // Esc
    [0, 0x83, 0x37], // F7
    [0, 0x14, 0x11], // Left Ctrl
    [0xe0, 0x14, 0x58], // Right Ctrl
    [0xe0, 0x75, 0x63], // Up
    [0xe0, 0x5a, 0x79], // Keypad Enter
    [0xe0, 0x12, null], // The shift around an arrow key
    [0xe1, 0x14, null], // First code of Pause
    [0xe1, 0x77, 0x62], // Pause
  ];
  for (const [prefix, set2, set3] of rows) {
    assertEquals(set3FromSet2(prefix, set2), set3);
  }
});

Deno.test("defaultKeyTypes() lets letters repeat, shifts break, function keys do neither", () => {
  const types = defaultKeyTypes();
  assertEquals(types[0x1c], KEY_TYPEMATIC);
  assertEquals(types[0x12], KEY_BREAKS);
  assertEquals(types[0x07], 0);
});
