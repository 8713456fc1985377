import { assertEquals } from "@std/assert";
import {
  BenchClock,
  benchEvents,
  eventRows,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import { KEYBOARD_BUFFER_BYTES, Ps2Keyboard } from "./ps2_keyboard.ts";

function bench() {
  const clock = new BenchClock();
  const events = benchEvents(clock);
  const request = new RecordingLine(clock);
  const keyboard = new Ps2Keyboard({ request, events });
  return { keyboard, events, request };
}

function drain(keyboard: Ps2Keyboard): number[] {
  const bytes: number[] = [];
  for (;;) {
    const byte = keyboard.take();
    if (byte === null) return bytes;
    bytes.push(byte);
  }
}

/** Sends each byte of a command and returns all that the keyboard answers. */
function ask(keyboard: Ps2Keyboard, ...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    keyboard.command(byte);
    return drain(keyboard);
  });
}

function press(keyboard: Ps2Keyboard, ...bytes: number[]): number[] {
  for (const byte of bytes) keyboard.receiveKey(byte);
  return drain(keyboard);
}

Deno.test("command() answers each command as the reference says", () => {
  const rows: [what: string, sent: number[], answer: number[]][] = [
    ["Set/Reset Status Indicators (ED)", [0xed, 0x02], [0xfa, 0xfa]],
    ["Echo (EE)", [0xee], [0xee]],
    ["Invalid Command (EF)", [0xef], [0xfe]],
    ["Select Alternate Scan Codes (F0), 0: query", [0xf0, 0], [0xfa, 0xfa, 2]],
    ["Select Alternate Scan Codes (F0), 1", [0xf0, 1], [0xfa, 0xfa]],
    ["Select Alternate Scan Codes (F0), 4", [0xf0, 4], [0xfa, 0xfe]],
    ["Invalid Command (F1)", [0xf1], [0xfe]],
    ["Read ID (F2)", [0xf2], [0xfa, 0xab, 0x83]],
    ["Set Typematic Rate/Delay (F3)", [0xf3, 0x20], [0xfa, 0xfa]],
    ["Enable (F4)", [0xf4], [0xfa]],
    ["Default Disable (F5)", [0xf5], [0xfa]],
    ["Set Default (F6)", [0xf6], [0xfa]],
    ["Set All Keys (F7–FA)", [0xf7, 0xf8, 0xf9, 0xfa], [
      0xfa,
      0xfa,
      0xfa,
      0xfa,
    ]],
    ["Set Key Type (FB)", [0xfb, 0x1c, 0x32], [0xfa, 0xfa, 0xfa]],
    ["Set Key Type (FC)", [0xfc, 0x1c], [0xfa, 0xfa]],
    ["Set Key Type (FD)", [0xfd, 0x1c], [0xfa, 0xfa]],
    ["Reset (FF)", [0xff], [0xfa, 0xaa]],
    ["A byte that is no command", [0x55], [0xfe]],
    ["ED where a parameter is due", [0xf3, 0xed, 0x02], [0xfa, 0xfa, 0xfa]],
    ["EC, the last that is no command", [0xed, 0xec], [0xfa, 0xfa]],
    ["A command where a parameter is due", [0xed, 0xee], [0xfa, 0xee]],
  ];
  for (const [what, sent, answer] of rows) {
    assertEquals(ask(bench().keyboard, ...sent), answer, what);
  }
});

Deno.test("command() resends the last byte on FE", () => {
  const { keyboard } = bench();
  assertEquals(ask(keyboard, 0xf2, 0xfe, 0xfe), [0xfa, 0xab, 0x83, 0x83, 0x83]);
});

Deno.test("command() keeps lamps, rate and set until defaults are set", () => {
  const { keyboard } = bench();
  ask(keyboard, 0xed, 0x05, 0xf3, 0x7f, 0xf0, 3);
  const { state } = keyboard;
  assertEquals([state.leds, state.typematic, state.scanSet], [5, 0x7f, 3]);
  ask(keyboard, 0xf6);
  assertEquals([state.leds, state.typematic, state.scanSet], [0, 0x2b, 2]);
});

Deno.test("command() drops answers that were not taken", () => {
  const { keyboard } = bench();
  keyboard.command(0xf2);
  assertEquals(keyboard.take(), 0xfa);
  assertEquals(ask(keyboard, 0xee), [0xee]);
});

Deno.test("take() gives answers before scan codes", () => {
  const { keyboard } = bench();
  keyboard.receiveKey(0x1c);
  assertEquals(keyboard.waiting, "data");
  keyboard.command(0xee);
  assertEquals(keyboard.waiting, "reply");
  assertEquals(drain(keyboard), [0xee, 0x1c]);
  assertEquals(keyboard.waiting, "nothing");
});

Deno.test("receiveKey() is deaf after F5 and hears again after F4 and FF", () => {
  const { keyboard } = bench();
  ask(keyboard, 0xf5);
  assertEquals(press(keyboard, 0x1c), []);
  ask(keyboard, 0xf6); // "…continues scanning only if it was enabled before."
  assertEquals(press(keyboard, 0x1c), []);
  ask(keyboard, 0xf4);
  assertEquals(press(keyboard, 0x1c), [0x1c]);
  ask(keyboard, 0xf5, 0xff);
  assertEquals(press(keyboard, 0x1c), [0x1c]);
});

Deno.test("receiveKey() drops scan codes that wait when F4, F5, F6, FF or F0 comes", () => {
  for (const command of [[0xf4], [0xf5], [0xf6], [0xff], [0xf0, 2]]) {
    const { keyboard } = bench();
    keyboard.receiveKey(0x1c);
    for (const byte of command) keyboard.command(byte);
    while (keyboard.waiting === "reply") keyboard.take();
    assertEquals(drain(keyboard), [], `after ${command}`);
  }
});

Deno.test("receiveKey() sends the set that was selected", () => {
  // Key, its bytes in set 2, set 1, set 3.
  const rows: [string, number[], number[], number[]][] = [
    ["A", [0x1c, 0xf0, 0x1c], [0x1e, 0x9e], [0x1c]],
    ["Left Shift", [0x12, 0xf0, 0x12], [0x2a, 0xaa], [0x12, 0xf0, 0x12]],
    ["Esc", [0x76, 0xf0, 0x76], [0x01, 0x81], [0x08]],
    [
      "Up",
      [0xe0, 0x75, 0xe0, 0xf0, 0x75],
      [0xe0, 0x48, 0xe0, 0xc8],
      [0x63],
    ],
    [
      "Insert, Delete",
      [0xe0, 0x70, 0xe0, 0x71],
      [0xe0, 0x52, 0xe0, 0x53],
      [0x67, 0x64],
    ],
    [
      "Home, End, Page Up, Page Down",
      [0xe0, 0x6c, 0xe0, 0x69, 0xe0, 0x7d, 0xe0, 0x7a],
      [0xe0, 0x47, 0xe0, 0x4f, 0xe0, 0x49, 0xe0, 0x51],
      [0x6e, 0x65, 0x6f, 0x6d],
    ],
    [
      "Down, Left, Right",
      [0xe0, 0x72, 0xe0, 0x6b, 0xe0, 0x74],
      [0xe0, 0x50, 0xe0, 0x4b, 0xe0, 0x4d],
      [0x60, 0x61, 0x6a],
    ],
    [
      "Up within shifts, then A",
      [0xe0, 0x12, 0xe0, 0x75, 0xe0, 0xf0, 0x12, 0x1c],
      [0xe0, 0x2a, 0xe0, 0x48, 0xe0, 0xaa, 0x1e],
      [0x63, 0x1c],
    ],
    ["A prefix alone, then A", [0xe0, 0x12, 0x1c], [0xe0, 0x2a, 0x1e], [0x1c]],
    [
      "Pause",
      [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77],
      [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5],
      [0x62],
    ],
  ];
  for (const [key, set2, set1, set3] of rows) {
    const { keyboard } = bench();
    assertEquals(press(keyboard, ...set2), set2, `${key}, set 2`);
    ask(keyboard, 0xf0, 1);
    assertEquals(press(keyboard, ...set2), set1, `${key}, set 1`);
    ask(keyboard, 0xf0, 3);
    assertEquals(press(keyboard, ...set2), set3, `${key}, set 3`);
  }
});

Deno.test("receiveKey() heeds key types in set 3", () => {
  const down = [0x1c];
  const up = [0xf0, 0x1c];
  const rows: [what: string, commands: number[], sent: number[]][] = [
    ["default: typematic", [], [0x1c, 0x1c]],
    ["F7, all typematic", [0xf7], [0x1c, 0x1c]],
    ["F8, all make and break", [0xf8], [0x1c, 0xf0, 0x1c]],
    ["F9, all make only", [0xf9], [0x1c]],
    ["FA, all three", [0xfa], [0x1c, 0x1c, 0xf0, 0x1c]],
    ["FC for this key", [0xfc, 0x1c], [0x1c, 0xf0, 0x1c]],
    ["FC for two keys", [0xfc, 0x32, 0x1c], [0x1c, 0xf0, 0x1c]],
    ["FD for this key", [0xfd, 0x1c], [0x1c]],
    ["FD, then FB", [0xfd, 0x1c, 0xfb, 0x1c], [0x1c, 0x1c]],
  ];
  for (const [what, commands, sent] of rows) {
    const { keyboard } = bench();
    ask(keyboard, 0xf0, 3, ...commands);
    assertEquals(press(keyboard, ...down, ...down, ...up), sent, what);
    assertEquals(press(keyboard, ...down).length, 1, `${what}, pressed again`);
  }
});

Deno.test("receiveKey() puts an overrun code in place of the 17th byte and counts the lost", () => {
  for (const [set, code] of [[2, 0x00], [1, 0xff]] as const) {
    const { keyboard, events } = bench();
    ask(keyboard, 0xf0, set);
    for (let i = 0; i < KEYBOARD_BUFFER_BYTES; i++) keyboard.receiveKey(0x29);
    assertEquals(keyboard.state.keysLost, 0);
    keyboard.receiveKey(0x1c);
    keyboard.receiveKey(0x32);
    assertEquals(keyboard.state.keysLost, 2);
    const lost = eventRows(events).map(([, kind, a]) => [kind, a]);
    const [a, b] = set === 2 ? [0x1c, 0x32] : [0x1e, 0x30];
    assertEquals(lost, [["key-lost", a], ["key-lost", b]]);
    assertEquals(keyboard.take(), set === 2 ? 0x29 : 0x39);
    keyboard.receiveKey(0x1c); // 15 codes and the overrun code: still no room.
    assertEquals(keyboard.state.keysLost, 3);
    keyboard.take();
    keyboard.receiveKey(0x29);
    assertEquals(keyboard.state.keysLost, 3);
    const rest = drain(keyboard);
    assertEquals([rest.length, rest[14], rest[15]], [
      16,
      code,
      set === 2 ? 0x29 : 0x39,
    ]);
  }
});

Deno.test("request rises with the first byte and falls with the last", () => {
  const { keyboard, request } = bench();
  press(keyboard, 0x1c, 0x32);
  ask(keyboard, 0xf2);
  assertEquals(request.edges.map(([, level]) => level), [
    true,
    false,
    true,
    false,
  ]);
});

Deno.test("reset() gives the power-on state", () => {
  const { keyboard, request } = bench();
  ask(keyboard, 0xed, 7, 0xf0, 3, 0xf5);
  keyboard.command(0xf2);
  keyboard.reset();
  assertEquals(request.level, false);
  assertEquals(keyboard.state, bench().keyboard.state);
});
