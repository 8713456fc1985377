import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BenchClock, RecordingLine } from "../../tests/support/device_bench.ts";
import { MOUSE_BUFFER_BYTES, Ps2Mouse } from "./ps2_mouse.ts";

function bench(...commands: number[]) {
  const request = new RecordingLine(new BenchClock());
  const mouse = new Ps2Mouse({ request });
  ask(mouse, ...commands);
  return { mouse, request };
}

function drain(mouse: Ps2Mouse): number[] {
  const bytes: number[] = [];
  for (;;) {
    const byte = mouse.take();
    if (byte === null) return bytes;
    bytes.push(byte);
  }
}

function ask(mouse: Ps2Mouse, ...bytes: number[]): number[] {
  return bytes.flatMap((byte) => {
    mouse.command(byte);
    return drain(mouse);
  });
}

function moved(mouse: Ps2Mouse, ...move: Parameters<Ps2Mouse["move"]>) {
  mouse.move(...move);
  return drain(mouse);
}

Deno.test("command() answers each command as the reference says", () => {
  const rows: [what: string, sent: number[], answer: number[]][] = [
    ["Reset (FF)", [0xff], [0xfa, 0xaa, 0x00]],
    ["Set Default (F6)", [0xf6], [0xfa]],
    ["Disable (F5)", [0xf5], [0xfa]],
    ["Enable (F4)", [0xf4], [0xfa]],
    ["Set Sampling Rate (F3)", [0xf3, 40], [0xfa, 0xfa]],
    ["Read Device Type (F2)", [0xf2], [0xfa, 0x00]],
    ["Set Remote Mode (F0)", [0xf0], [0xfa]],
    ["Set Wrap Mode (EE)", [0xee, 0x55, 0xec], [0xfa, 0x55, 0xfa]],
    ["Set Wrap Mode (EE), Reset", [0xee, 0xff], [0xfa, 0xfa, 0xaa, 0x00]],
    ["Read Data (EB)", [0xeb], [0xfa, 0x08, 0, 0]],
    ["Set Stream Mode (EA)", [0xea], [0xfa]],
    ["Status Request (E9)", [0xe9], [0xfa, 0x00, 2, 100]],
    ["Set Resolution (E8)", [0xe8, 3, 0xe9], [0xfa, 0xfa, 0xfa, 0, 3, 100]],
    ["Set Scaling 2:1 (E7)", [0xe7, 0xe9], [0xfa, 0xfa, 0x10, 2, 100]],
    ["Reset Scaling (E6)", [0xe7, 0xe6, 0xe9], [
      0xfa,
      0xfa,
      0xfa,
      0,
      2,
      100,
    ]],
    ["Status: remote, enabled", [0xf0, 0xf4, 0xe9], [
      0xfa,
      0xfa,
      0xfa,
      0x60,
      2,
      100,
    ]],
    ["Resend (FE)", [0xf2, 0xfe], [0xfa, 0x00, 0x00]],
    ["An invalid command after a valid one", [0x12, 0xf4, 0x13], [
      0xfe,
      0xfa,
      0xfe,
    ]],
    ["Two invalid commands", [0x12, 0x13, 0x14], [0xfe, 0xfc, 0xfe]],
  ];
  for (const [what, sent, answer] of rows) {
    assertEquals(ask(bench().mouse, ...sent), answer, what);
  }
});

Deno.test("move() is reported in stream mode when enabled", () => {
  const { mouse } = bench();
  assertEquals(moved(mouse, 5, 6, 0), []);
  ask(mouse, 0xf4);
  assertEquals(moved(mouse, 5, 6, 0), [0x08, 5, 6]);
  assertEquals(moved(mouse, -1, -2, 0), [0x38, 0xff, 0xfe]);
  assertEquals(moved(mouse, 0, 0, 1), [0x09, 0, 0]);
  assertEquals(moved(mouse, 0, 0, 1), []); // Nothing has happened.
  assertEquals(moved(mouse, 0, 0, 6), [0x0e, 0, 0]);
  assertEquals(moved(mouse, 0, 0, 0x26), []); // There is no sixth button.
  assertEquals(ask(mouse, 0xe9), [0xfa, 0x23, 2, 100]);
  mouse.move(0, 0, 1);
  drain(mouse);
  assertEquals(ask(mouse, 0xe9), [0xfa, 0x24, 2, 100]);
  assertEquals(moved(mouse, 255, 255, 0), [0x08, 255, 255]); // The most, no overflow.
  assertEquals(moved(mouse, -256, -256, 0), [0x38, 0, 0]);
});

Deno.test("move() waits for a poll in remote mode", () => {
  const { mouse } = bench(0xf0);
  assertEquals(moved(mouse, 3, 0, 0), []);
  assertEquals(ask(mouse, 0xf4), [0xfa]); // Enabling changes nothing about that.
  assertEquals(moved(mouse, 0, 0, 0), []);
  assertEquals(ask(mouse, 0xeb), [0xfa, 0x08, 3, 0]);
  assertEquals(ask(mouse, 0xeb), [0xfa, 0x08, 0, 0]);
});

Deno.test("move() scales by two in stream mode after E7", () => {
  const { mouse } = bench(0xe7, 0xf4);
  // "Mouse", scaling 2:1: input 0 1 2 3 4 5 N, output 0 1 1 3 6 9 2N.
  const rows: [input: number, output: number][] = [
    [1, 1],
    [2, 1],
    [3, 3],
    [4, 6],
    [5, 9],
    [6, 12],
    [100, 200],
  ];
  for (const [input, output] of rows) {
    assertEquals(moved(mouse, input, 0, 0)[1], output);
    assertEquals(moved(mouse, -input, 0, 0)[1], 256 - output);
  }
  assertEquals(moved(mouse, 200, 0, 0), [0x48, 400 & 0xff, 0]); // Overflow.
  assertEquals(moved(mouse, 0, -200, 0), [0xa8, 0, -400 & 0xff]);
  assertEquals(moved(mouse, 0, 200, 0), [0x88, 0, 400 & 0xff]);
});

Deno.test("move() adds a wheel when the host has asked for one", () => {
  const wheel = [0xf3, 200, 0xf3, 100, 0xf3, 80];
  const { mouse } = bench(...wheel);
  assertEquals(ask(mouse, 0xf2, 0xf4), [0xfa, 3, 0xfa]);
  assertEquals(moved(mouse, 1, 0, 0, -2), [0x08, 1, 0, 0xfe]);
  for (const rates of [[100, 100, 80], [200, 100, 60], [200, 80, 80]]) {
    const plain = bench(...rates.flatMap((rate) => [0xf3, rate])).mouse;
    assertEquals(ask(plain, 0xf2), [0xfa, 0], `after rates ${rates}`);
  }
  const five = bench(0xf3, 200, 0xf3, 200, 0xf3, 80).mouse;
  assertEquals(ask(five, 0xf2, 0xf4), [0xfa, 4, 0xfa]);
  assertEquals(moved(five, 0, 0, 0x10, 1), [0x08, 0, 0, 0x21]);
  assertEquals(moved(five, 0, 0, 0x0b, -8), [0x0b, 0, 0, 0x18]);
  assertEquals(ask(five, 0xff, 0xf2), [0xfa, 0xaa, 0, 0xfa, 0]);
});

Deno.test("move() loses no count, however far and however slowly it is read", () => {
  const signed = (high: number, low: number) => high ? low - 256 : low;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.integer(), fc.nat(7)), {
        maxLength: 20,
      }),
      (moves) => {
        const { mouse } = bench(0xf4);
        const bytes: number[] = [];
        const total = [0, 0];
        for (const [x, y, reads] of moves) {
          const [dx, dy] = [x % 600, y % 600];
          total[0]! += dx;
          total[1]! += dy;
          mouse.move(dx, dy, 0);
          assert(mouse.state.queue.length <= MOUSE_BUFFER_BYTES);
          for (let i = 0; i < reads; i++) {
            const byte = mouse.take();
            if (byte !== null) bytes.push(byte);
          }
        }
        bytes.push(...drain(mouse));
        const seen = [0, 0];
        for (let i = 0; i < bytes.length; i += 3) {
          seen[0]! += signed(bytes[i]! & 0x10, bytes[i + 1]!);
          seen[1]! += signed(bytes[i]! & 0x20, bytes[i + 2]!);
        }
        assertEquals(seen, total);
      },
    ),
  );
});

Deno.test("request rises with the first byte and falls with the last", () => {
  const { mouse, request } = bench();
  mouse.command(0xf2);
  assertEquals(request.level, true);
  mouse.take();
  assertEquals(request.level, true);
  drain(mouse);
  assertEquals(request.edges.map(([, level]) => level), [true, false]);
});

Deno.test("move() raises request", () => {
  const { mouse, request } = bench(0xf4);
  mouse.move(1, 0, 0);
  assertEquals(request.level, true);
});

Deno.test("command() drops an answer that does not fit whole, and FF all that wait", () => {
  const { mouse } = bench(0xf4);
  for (let i = 0; i < 13; i++) mouse.command(0xe6);
  mouse.move(1, 2, 0); // Fills the queue to its last byte.
  assertEquals(mouse.state.queue.length, MOUSE_BUFFER_BYTES);
  mouse.take();
  mouse.command(0xf2);
  assertEquals(drain(mouse), [...Array(12).fill(0xfa), 0x08, 1, 2]);
  mouse.command(0xf2);
  assertEquals(ask(mouse, 0xff), [0xfa, 0xaa, 0x00]);
});

Deno.test("command() EB answers with acknowledge and packet, or not at all", () => {
  for (const [held, answer] of [[12, [0xfa, 0x08, 0, 0]], [13, []]] as const) {
    const { mouse } = bench();
    for (let i = 0; i < held; i++) mouse.command(0xe6);
    mouse.command(0xeb);
    assertEquals(drain(mouse).slice(held), [...answer], `${held} bytes held`);
  }
});

Deno.test("reset() gives the power-on state", () => {
  const { mouse } = bench(0xf3, 200, 0xf4, 0xe7, 0xee);
  mouse.move(1, 1, 1);
  mouse.reset();
  assertEquals(mouse.state, bench().mouse.state);
});

Deno.test("move() reports the wheel in pieces that fit their field", () => {
  const wheel = bench(0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf4).mouse;
  assertEquals(moved(wheel, 0, 0, 0, -130), [8, 0, 0, 0x80, 8, 0, 0, 0xfe]);
  assertEquals(moved(wheel, 0, 0, 0, 129), [8, 0, 0, 0x7f, 8, 0, 0, 2]);
  const five = bench(0xf3, 200, 0xf3, 200, 0xf3, 80, 0xf4).mouse;
  assertEquals(moved(five, 0, 0, 0, -9), [8, 0, 0, 8, 8, 0, 0, 0xf]);
  assertEquals(moved(five, 0, 0, 0, 8), [8, 0, 0, 7, 8, 0, 0, 1]);
});
