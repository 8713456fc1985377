import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  assertRestores,
  BenchClock,
  benchEvents,
  eventRows,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import type { Prng } from "../base/prng.ts";
import { COMMAND_BYTE_AFTER_POST, I8042, i8042State } from "./i8042.ts";
import { Ps2Keyboard } from "./ps2_keyboard.ts";
import { Ps2Mouse } from "./ps2_mouse.ts";
import { set2FromSet1 } from "./scancode_translation.ts";

const DATA = 0x60;
const STATUS = 0x64;

/** A controller with a keyboard and, if wanted, a mouse, wired as a machine wires them. */
class Bench {
  readonly clock = new BenchClock();
  readonly events = benchEvents(this.clock);
  readonly irq1 = new RecordingLine(this.clock);
  readonly irq12 = new RecordingLine(this.clock);
  readonly a20 = new RecordingLine(this.clock, true);
  readonly resetLine = new RecordingLine(this.clock);
  readonly keyboard: Ps2Keyboard;
  readonly mouse: Ps2Mouse;
  readonly controller: I8042;

  /** `eager`: the board asks the controller to look on falling edges, too. */
  constructor(auxiliary = true, eager = false) {
    const request = {
      set: (level: boolean) => (eager || level) && this.controller.refill(),
    };
    this.keyboard = new Ps2Keyboard({ request, events: this.events });
    this.mouse = new Ps2Mouse({ request });
    this.controller = new I8042({
      keyboard: this.keyboard,
      mouse: this.mouse,
      irq1: this.irq1,
      irq12: this.irq12,
      a20: this.a20,
      reset: this.resetLine,
      events: this.events,
    }, i8042State({ auxiliary }));
  }

  /** Writes commands, each with its data bytes. */
  command(...bytes: number[]): this {
    const [command, ...data] = bytes;
    this.controller.writePort(STATUS, command!);
    for (const byte of data) this.controller.writePort(DATA, byte);
    return this;
  }

  write(...bytes: number[]): this {
    for (const byte of bytes) this.controller.writePort(DATA, byte);
    return this;
  }

  press(...set2: number[]): this {
    for (const byte of set2) this.keyboard.receiveKey(byte);
    return this;
  }

  get status(): number {
    return this.controller.readPort(STATUS);
  }

  get data(): number {
    return this.controller.readPort(DATA);
  }

  /** All bytes that the output buffer gives. */
  drain(): number[] {
    const bytes: number[] = [];
    while (this.status & 1) bytes.push(this.data);
    return bytes;
  }
}

Deno.test("readPort() shows the status after power-on and after each kind of write", () => {
  const bench = new Bench();
  assertEquals(bench.status, 0x18); // INH, A2.
  assertEquals(bench.command(0xaa).status, 0x1d); // OBF, SYS.
  assertEquals(bench.data, 0x55);
  assertEquals(bench.status, 0x1c);
  assertEquals(bench.data, 0x55); // The buffer keeps its byte.
  assertEquals(bench.write(0xee).status, 0x15); // A2 low after data.
  assertEquals(bench.data, 0xee);
  assertEquals(bench.command(0xd3, 0x42).status, 0x35); // MOBF.
  assertEquals(bench.data, 0x42);
});

Deno.test("writePort() answers each command that answers", () => {
  const rows: [what: string, command: number[], answer: number[]][] = [
    ["20, read the command byte", [0x20], [0x03]],
    ["A9, test the mouse's interface", [0xa9], [0x00]],
    ["AA, self-test", [0xaa], [0x55]],
    ["AB, test the keyboard's interface", [0xab], [0x00]],
    ["C0, read the input port", [0xc0], [0x80]],
    ["D0, read the output port", [0xd0], [0xcf]],
    ["D2, write the output buffer", [0xd2, 0x1e], [0x1e]],
    ["D3, write it for the mouse", [0xd3, 0x1e], [0x1e]],
    ["D4, write to the mouse", [0xd4, 0xf2], [0xfa, 0x00]],
    ["E0, test inputs", [0xe0], [0x03]],
  ];
  for (const [what, command, answer] of rows) {
    assertEquals(new Bench().command(...command).drain(), answer, what);
  }
});

Deno.test("writePort() reads and writes all 32 bytes of RAM", () => {
  const bench = new Bench();
  for (let i = 1; i < 32; i++) bench.command(0x60 + i, 0x80 + i);
  for (let i = 1; i < 32; i++) {
    assertEquals(bench.command(0x20 + i).data, 0x80 + i);
  }
  assertEquals(bench.command(0x20).data, 0x03);
});

Deno.test("writePort() copies command byte bit 2 into the system flag", () => {
  const bench = new Bench();
  assertEquals(bench.command(0x60, 0x04).status & 4, 4);
  assertEquals(bench.command(0x60, 0x00).status & 4, 0);
});

Deno.test("writePort() holds devices back while their interface is off", () => {
  const bench = new Bench();
  bench.command(0xad).press(0x1c);
  assertEquals(bench.status & 1, 0);
  assertEquals(bench.command(0x20).data, 0x13);
  assertEquals(bench.command(0xe0).data, 0x02); // Clock held low.
  bench.command(0xae);
  assertEquals(bench.drain(), [0x1c]);
  bench.command(0xa7);
  assertEquals(bench.command(0x20).data, 0x23);
  bench.mouse.command(0xf2);
  assertEquals(bench.status & 1, 0);
  bench.command(0xa8);
  assertEquals(bench.drain(), [0xfa, 0x00]);
});

Deno.test("writePort() turns an interface on to send something through it", () => {
  const bench = new Bench();
  assertEquals(bench.command(0xad).write(0xee).data, 0xee);
  assertEquals(bench.command(0x20).data, 0x03);
  assertEquals(bench.command(0xa7).command(0xd4, 0xf4).data, 0xfa);
  assertEquals(bench.command(0x20).data, 0x03);
});

Deno.test("readPort() translates keys and answers when the command byte says so", () => {
  const bench = new Bench().command(0x60, COMMAND_BYTE_AFTER_POST);
  assertEquals(bench.press(0x1c, 0xf0, 0x1c).drain(), [0x1e, 0x9e]);
  assertEquals(bench.write(0xf2).drain(), [0xfa, 0xab, 0x41]);
  assertEquals(bench.write(0xf0, 0x00).drain(), [0xfa, 0x41]);
  bench.command(0x60, 0x05);
  assertEquals(bench.press(0x1c, 0xf0, 0x1c).drain(), [0x1c, 0xf0, 0x1c]);
  assertEquals(bench.write(0xf2).drain(), [0xfa, 0xab, 0x83]);
});

Deno.test("readPort() gives through keyboard and controller the set 1 bytes that were meant", () => {
  const keys = Array.from({ length: 256 }, (_, byte) => byte).filter((b) =>
    (b & 0x7f) !== 0
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...keys)), (bytes) => {
      const bench = new Bench().command(0x60, COMMAND_BYTE_AFTER_POST);
      const seen: number[] = [];
      for (const byte of bytes) {
        seen.push(...bench.press(...set2FromSet1([byte])).drain());
      }
      assertEquals(seen, bytes);
    }),
  );
});

Deno.test("readPort() keeps a scan code in the buffer when a command follows", () => {
  const bench = new Bench().press(0x1c, 0x32).write(0xee);
  assertEquals(bench.drain(), [0x1c, 0xee, 0x32]);
});

Deno.test("writePort() lets the next command take back an answer that nobody read", () => {
  assertEquals(new Bench().write(0xf2, 0xee).drain(), [0xee]);
  assertEquals(new Bench().command(0xaa).command(0x20).drain(), [0x03]);
});

Deno.test("refill() lets the keyboard and the mouse take turns", () => {
  const bench = new Bench().write(0xf2).command(0xd4, 0xe9);
  assertEquals(bench.drain(), [0xfa, 0xfa, 0xab, 0x00, 0x83, 0x02, 0x64]);
});

Deno.test("refill() fills the buffer once however often it is called", () => {
  const bench = new Bench(true, true).command(0xad).command(0xa7);
  bench.press(0x1c);
  bench.mouse.command(0xf4);
  bench.command(0x60, 0x03); // Both interfaces on: both have a byte.
  assertEquals(bench.irq12.edges, []);
  assertEquals(bench.drain(), [0x1c, 0xfa]);
});

Deno.test("irq1 is high while a byte for it waits, and rises for each byte", () => {
  const bench = new Bench().press(0x1c, 0x32);
  bench.clock.pass(10);
  assertEquals(bench.data, 0x1c);
  bench.clock.pass(10);
  assertEquals(bench.data, 0x32);
  assertEquals(bench.irq1.edges, [
    [0, true],
    [10, false],
    [10, true],
    [20, false],
  ]);
  assertEquals(bench.irq12.edges, []);
});

Deno.test("irq1 and irq12 follow the enable bits and the source", () => {
  const bench = new Bench().press(0x1c);
  const levels = () => [bench.irq1.level, bench.irq12.level];
  assertEquals(levels(), [true, false]);
  bench.command(0x60, 0x02);
  assertEquals(levels(), [false, false]);
  bench.command(0x60, 0x03);
  assertEquals(levels(), [true, false]);
  bench.drain();
  bench.command(0xd4, 0xf4);
  assertEquals(levels(), [false, true]);
  bench.command(0x60, 0x01);
  assertEquals(levels(), [false, false]);
  bench.drain();
  bench.command(0x60, 0x03).command(0xaa); // The controller's answers interrupt, too,
  assertEquals(levels(), [true, false]);
  bench.drain();
  bench.command(0xad).command(0xaa); // but not while the keyboard is off.
  assertEquals(levels(), [false, false]);
  bench.command(0xae);
  assertEquals(levels(), [true, false]);
});

Deno.test("a20 follows output port bit 1", () => {
  const bench = new Bench();
  bench.command(0xdd);
  assertEquals([bench.a20.level, bench.command(0xd0).data], [false, 0xcd]);
  bench.command(0xdf);
  assertEquals([bench.a20.level, bench.command(0xd0).data], [true, 0xcf]);
  bench.command(0xd1, 0xdd);
  assertEquals(bench.a20.level, false);
  bench.command(0xd1, 0xdf);
  assertEquals(bench.a20.level, true);
});

Deno.test("reset is pulsed by FE and every even F0–FF, and held by output port bit 0", () => {
  for (let command = 0xf0; command <= 0xff; command++) {
    const bench = new Bench().command(command);
    const pulse = [[0, true], [0, false]] as [number, boolean][];
    assertEquals(bench.resetLine.edges, command & 1 ? [] : pulse);
  }
  const bench = new Bench().command(0xd1, 0xde);
  assertEquals(bench.resetLine.level, true);
  bench.command(0xd1, 0xdf);
  assertEquals(bench.resetLine.level, false);
});

Deno.test("readPort() shows the buffer's state in output port bits 4 and 5", () => {
  const bench = new Bench().press(0x1c);
  bench.command(0xd0);
  assertEquals(bench.drain(), [0x1c, 0xdf]);
  bench.command(0xd4, 0xf4).command(0xd0);
  assertEquals(bench.drain(), [0xfa, 0xff]);
});

Deno.test("writePort() knows no mouse without a second port", () => {
  const bench = new Bench(false);
  for (const command of [0xa7, 0xa8, 0xa9]) bench.command(command);
  bench.command(0xd3, 0x42).command(0xd4, 0xf2);
  assertEquals(bench.drain(), []);
  assertEquals(bench.command(0x20).data, 0x03);
  assertEquals(
    bench.command(0x60, 0x65).command(0xa8).command(0x20).data,
    0x65,
  );
  bench.mouse.command(0xf2);
  assertEquals(bench.status & 1, 0);
});

Deno.test("writePort() reports commands that are not modelled and answers nothing", () => {
  const bench = new Bench().command(0xa1).command(0xac).command(0xc1);
  assertEquals(bench.drain(), []);
  assertEquals(eventRows(bench.events), [
    [0, "unmodelled", 0x64, 0xa1, 1],
    [0, "unmodelled", 0x64, 0xac, 1],
    [0, "unmodelled", 0x64, 0xc1, 1],
  ]);
});

Deno.test("receiveKey() loses keys only when buffer and keyboard are full", () => {
  const bench = new Bench();
  for (let i = 0; i < 17; i++) bench.press(0x1c);
  assertEquals(bench.keyboard.state.keysLost, 0);
  bench.press(0x1c);
  assertEquals(bench.keyboard.state.keysLost, 1);
  assertEquals(bench.drain(), [...Array(17).fill(0x1c), 0x00]);
});

Deno.test("reset() gives the power-on state and drives the lines", () => {
  const bench = new Bench();
  bench.command(0x60, 0x65).command(0xd1, 0x00).command(0xaa);
  bench.controller.reset();
  assertEquals(bench.controller.state, i8042State({ auxiliary: true }));
  assertEquals([bench.a20.level, bench.resetLine.level], [true, false]);
  assertEquals(bench.irq1.level, false);
  bench.command(0xad).press(0x1c); // Held back, until the reset lets it through.
  bench.controller.reset();
  assertEquals([bench.irq1.level, bench.data], [true, 0x1c]);
});

/** Bytes that make the controller and its devices do much, and any byte now and then. */
const LIKELY = [
  [0x20, 0x60, 0x60, 0xa7, 0xa8, 0xaa, 0xad, 0xae, 0xd0, 0xd1, 0xd3, 0xd4],
  [0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xf4, 0xf6, 0xff, 0x00, 0x01, 0x03, 0x47],
];

/** The three devices as one: they share wires, so they are saved together. */
function makeBoard() {
  const bench = new Bench();
  const { controller, keyboard, mouse } = bench;
  const pick = (random: Prng, list: number[]) =>
    random.below(4) === 0
      ? random.below(256)
      : list[random.below(list.length)]!;
  return {
    clock: bench.clock,
    device: {
      state: {
        controller: controller.state,
        keyboard: keyboard.state,
        mouse: mouse.state,
      },
      refreshLines() {
        for (const device of [keyboard, mouse, controller]) {
          device.refreshLines();
        }
      },
    },
    lines: [bench.irq1, bench.irq12, bench.a20, bench.resetLine],
    operate(random: Prng): unknown {
      switch (random.below(8)) {
        case 0:
          return controller.writePort(STATUS, pick(random, LIKELY[0]!));
        case 1:
          return controller.writePort(DATA, pick(random, LIKELY[1]!));
        case 2:
        case 3:
          return bench.data;
        case 4:
          return bench.status;
        case 5:
          return keyboard.receiveKey(
            [0x1c, 0xf0, 0xe0, 0x12, 0x14][random.below(5)]!,
          );
        case 6:
          return mouse.move(
            random.below(9) - 4,
            random.below(600) - 300,
            random.below(8),
          );
        default:
          return bench.clock.pass(random.below(1_000));
      }
    },
  };
}

Deno.test("state is all there is: 1,000 random operations after a load equal the run without", () => {
  for (let seed = 1; seed <= 20; seed++) assertRestores(makeBoard, seed);
});
