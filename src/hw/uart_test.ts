import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  assertRestores,
  BenchClock,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import type { Prng } from "../base/prng.ts";
import { NEVER } from "../base/time.ts";
import {
  COM1_BASE,
  COM1_IRQ,
  COM2_BASE,
  COM2_IRQ,
  Uart,
  type UartConfig,
  uartState,
} from "./uart.ts";
import { frameHalfBits, triggerBytes, wordMask } from "./uart_registers.ts";

// Register numbers and bits stand here as the data sheet prints them.
const [RBR, THR, DLL] = [0, 0, 0];
const [IER, DLM] = [1, 1];
const [IIR, FCR] = [2, 2];
const [LCR, MCR, LSR, MSR, SCR] = [3, 4, 5, 6, 7];
const OUT2 = 0x08;
const LOOP = 0x10;

/** One character of 8N1 at 115,200 baud lasts 10 × 119,318,200 ÷ 115,200 = 10,357.48… clk. */
const CHARACTER = 119_318_200 / 11_520;

class Bench {
  readonly clock = new BenchClock();
  readonly irq = new RecordingLine(this.clock);
  readonly sent: [clk: number, byte: number][] = [];
  readonly uart: Uart;

  constructor(config: UartConfig = {}) {
    this.uart = new Uart({
      clock: this.clock,
      transmitAlarm: this.clock.alarm(
        "transmit",
        () => this.uart.onTransmitAlarm(),
      ),
      timeoutAlarm: this.clock.alarm(
        "timeout",
        () => this.uart.onTimeoutAlarm(),
      ),
      irq: this.irq,
      transmit: { byte: (value) => this.sent.push([this.clock.clk, value]) },
    }, uartState(config));
  }

  get state() {
    return this.uart.state;
  }

  /** Writes pairs of register and value. */
  write(...pairs: [register: number, value: number][]): this {
    for (const [register, value] of pairs) {
      this.uart.writePort(0x3f8 + register, value);
    }
    return this;
  }

  read(register: number): number {
    return this.uart.readPort(0x3f8 + register);
  }

  receive(...bytes: number[]): this {
    for (const byte of bytes) this.uart.receive(byte);
    return this;
  }

  /** 115,200 baud, 8N1, interrupts to the PIC. */
  setUp(): this {
    return this.write([LCR, 0x83], [DLL, 1], [DLM, 0], [LCR, 3], [MCR, OUT2]);
  }
}

Deno.test('readPort() shows "UART Reset Configuration" after power-on', () => {
  const bench = new Bench();
  const rows: [name: string, register: number, value: number][] = [
    ["IER", IER, 0x00],
    ["IIR", IIR, 0x01],
    ["LCR", LCR, 0x00],
    ["MCR", MCR, 0x00],
    ["LSR", LSR, 0x60],
    ["MSR, inputs in the high half", MSR, 0xb0],
    ["SCR", SCR, 0x00],
  ];
  for (const [name, register, value] of rows) {
    assertEquals(bench.read(register), value, name);
  }
});

Deno.test("writePort() keeps the bits that a register has", () => {
  const bench = new Bench().write([IER, 0xff], [MCR, 0xff], [SCR, 0xa5]);
  assertEquals([bench.read(IER), bench.read(MCR), bench.read(SCR)], [
    0x0f,
    0x1f,
    0xa5,
  ]);
  bench.write([LCR, 0xff], [DLL, 0x34], [DLM, 0x12]);
  assertEquals([bench.read(LCR), bench.read(DLL), bench.read(DLM)], [
    0xff,
    0x34,
    0x12,
  ]);
  bench.write([LSR, 0xff], [MSR, 0xff]);
  assertEquals(bench.read(LSR), 0x60);
});

Deno.test("wordMask(), frameHalfBits(), triggerBytes() decode their registers", () => {
  assertEquals([0, 1, 2, 3].map(wordMask), [0x1f, 0x3f, 0x7f, 0xff]);
  assertEquals([0x00, 0x40, 0x80, 0xc0].map(triggerBytes), [1, 4, 8, 14]);
  // LCR, bits on the wire × 2.
  const rows: [lcr: number, halfBits: number][] = [
    [0x03, 20], // 8N1
    [0x07, 22], // 8N2
    [0x0b, 22], // 8O1
    [0x1f, 24], // 8E2
    [0x00, 14], // 5N1
    [0x04, 15], // 5N1.5
    [0x02, 18], // 7N1
  ];
  for (const [lcr, halfBits] of rows) {
    assertEquals(frameHalfBits(lcr), halfBits);
  }
});

Deno.test("COM1 and COM2 lie where a PC has them", () => {
  assertEquals([COM1_BASE, COM1_IRQ, COM2_BASE, COM2_IRQ], [
    0x3f8,
    4,
    0x2f8,
    3,
  ]);
});

Deno.test("writePort() sends at once by default, as many bits as the word has", () => {
  const bench = new Bench().setUp().write([THR, 0x41]);
  bench.write([LCR, 0x00], [THR, 0xff]);
  assertEquals(bench.sent, [[0, 0x41], [0, 0x1f]]);
  assertEquals(bench.read(LSR), 0x60);
});

Deno.test('readPort() identifies interrupts by priority ("Interrupt Control Functions")', () => {
  const bench = new Bench().setUp().write([FCR, 0x01], [IER, 0x0f]);
  bench.uart.setModemInputs(0xa0); // Fourth: CTS falls.
  bench.receive(0x55); // Second.
  bench.uart.receive(0x00, 0x04); // First, when it reaches the top: parity error.
  assertEquals(bench.read(IIR), 0xc4);
  assertEquals(bench.read(RBR), 0x55); // Resets the second, reveals the first.
  assertEquals(bench.read(IIR), 0xc6);
  assertEquals(bench.read(LSR), 0xe5); // Resets the first.
  assertEquals(bench.read(IIR), 0xc4);
  assertEquals(bench.read(RBR), 0x00);
  assertEquals(bench.read(IIR), 0xc2); // Third; reading IIR resets it.
  assertEquals(bench.read(IIR), 0xc0); // Fourth.
  assertEquals(bench.read(MSR), 0xa1); // Resets the fourth.
  assertEquals(bench.read(IIR), 0xc1);
  assertEquals(bench.irq.level, false);
});

Deno.test("readPort() hides each interrupt whose enable bit is clear", () => {
  for (let ier = 0; ier < 16; ier++) {
    const bench = new Bench().setUp().write([IER, ier]);
    bench.uart.receive(0x55, 0x08);
    bench.uart.setModemInputs(0);
    const expected = ier & 4 ? 6 : ier & 1 ? 4 : ier & 2 ? 2 : ier & 8 ? 0 : 1;
    assertEquals(bench.read(IIR), expected, `IER ${ier}`);
  }
});

Deno.test("irq passes the gate that OUT2 opens, and none in loopback", () => {
  const bench = new Bench().setUp().write([IER, 0x01]).receive(1);
  assertEquals(bench.irq.level, true);
  bench.write([MCR, 0x00]);
  assertEquals(bench.irq.level, false);
  bench.write([MCR, 0x0b]); // With DTR and RTS, as drivers do.
  assertEquals(bench.irq.level, true);
  bench.write([MCR, OUT2 | LOOP]);
  assertEquals(bench.irq.level, false);
  assertEquals(bench.read(IIR), 0x04); // The chip itself still asks.
});

Deno.test("irq falls and rises again for each byte sent", () => {
  const bench = new Bench().setUp().write([IER, 0x02]);
  assertEquals(bench.irq.level, true); // "THRE … enabled": at once.
  bench.clock.pass(5);
  bench.write([THR, 1]);
  assertEquals(bench.irq.edges, [[0, true], [5, false], [5, true]]);
  assertEquals([bench.read(IIR), bench.read(IIR)], [0x02, 0x01]);
  bench.write([IER, 0x02]);
  assertEquals(bench.read(IIR), 0x01); // No edge of the enable bit.
  bench.write([IER, 0x00], [IER, 0x02]);
  assertEquals(bench.read(IIR), 0x02);
});

Deno.test("receive() without FIFO: the next character destroys the one in RBR", () => {
  const bench = new Bench().setUp().receive(1);
  assertEquals(bench.read(LSR), 0x61);
  bench.receive(2);
  assertEquals(bench.read(LSR), 0x63);
  assertEquals(bench.read(LSR), 0x61); // Reading has cleared OE.
  assertEquals(bench.read(RBR), 2);
  assertEquals(bench.read(LSR), 0x60);
  assertEquals(bench.state.bytesLost, 1);
});

Deno.test("receive() with FIFO: the 17th character is lost, the FIFO stays", () => {
  const bench = new Bench().setUp().write([FCR, 0x01]);
  const bytes = Array.from({ length: 17 }, (_, i) => i + 1);
  for (const byte of bytes) {
    assertEquals(bench.uart.canReceive, byte <= 16);
    bench.receive(byte);
  }
  assertEquals(bench.read(LSR), 0x63);
  assertEquals(
    bytes.slice(0, 16).map(() => bench.read(RBR)),
    bytes.slice(0, 16),
  );
  assertEquals([bench.read(LSR), bench.read(RBR)], [0x60, 0]);
});

Deno.test("receive() interrupts from the trigger level on", () => {
  for (const [bits, level] of [[0x00, 1], [0x40, 4], [0x80, 8], [0xc0, 14]]) {
    const bench = new Bench().setUp().write([FCR, 0x01 | bits!], [IER, 0x01]);
    for (let i = 1; i < level!; i++) bench.receive(i);
    assertEquals(bench.irq.level, false);
    bench.receive(0xff);
    assertEquals([bench.irq.level, bench.read(IIR)], [true, 0xc4]);
    bench.read(RBR);
    assertEquals([bench.irq.level, bench.read(IIR)], [false, 0xc1]);
  }
});

Deno.test("receive() shows errors when their character reaches the top of the FIFO", () => {
  const bench = new Bench().setUp().write([FCR, 0x01]).receive(1);
  bench.uart.receive(2, 0x08);
  bench.uart.receive(0, 0x10);
  assertEquals(bench.read(LSR), 0xe1); // Bit 7: an error is in the FIFO.
  bench.read(RBR);
  assertEquals(bench.read(LSR), 0xe9); // FE of the second, BI behind it.
  bench.read(RBR);
  assertEquals(bench.read(LSR), 0xf1); // BI of the third.
  assertEquals(bench.read(LSR), 0x61); // None left.
  bench.read(RBR);
  bench.uart.receive(0, 0x10); // Into an empty FIFO: at its top at once.
  assertEquals(bench.read(LSR), 0xf1);
  bench.receive(1);
  bench.uart.receive(2, 0x04);
  bench.write([FCR, 0x03]).receive(3, 4, 5); // The error went with its byte.
  assertEquals(bench.read(LSR), 0x61);
});

Deno.test("receive() without FIFO has errors at once and no bit 7", () => {
  const bench = new Bench().setUp();
  bench.uart.receive(2, 0xff);
  assertEquals([bench.read(LSR), bench.read(LSR)], [0x7d, 0x61]);
  bench.uart.receive(3, 0xff);
  bench.read(RBR);
  assertEquals(bench.read(LSR), 0x7e); // With OE; DR is not an error.
});

Deno.test("onTimeoutAlarm() announces bytes below the trigger after four characters of silence", () => {
  const bench = new Bench().setUp().write([FCR, 0xc1], [IER, 0x01]).receive(7);
  const due = Math.ceil(4 * CHARACTER);
  bench.clock.runTo(due - 1);
  assertEquals([bench.irq.level, bench.read(IIR)], [false, 0xc1]);
  bench.clock.runTo(due);
  assertEquals([bench.irq.level, bench.read(IIR)], [true, 0xcc]);
  assertEquals(bench.read(RBR), 7);
  assertEquals([bench.irq.level, bench.read(IIR)], [false, 0xc1]);
  assertEquals(bench.irq.edges, [[due, true], [due, false]]);
  assertEquals(bench.state.timeoutClk, NEVER); // An empty FIFO waits for nothing,
  bench.receive(1).clock.pass(1_000_000);
  assertEquals(bench.irq.level, true);
  bench.receive(2);
  assertEquals(bench.state.timeoutClk, NEVER); // nor one that is announced.
});

Deno.test("onTimeoutAlarm() counts from the last character received or read", () => {
  const bench = new Bench().setUp().write([FCR, 0xc1], [IER, 0x01]);
  bench.receive(1, 2);
  bench.clock.runTo(20_000);
  bench.receive(3);
  bench.clock.runTo(40_000);
  bench.read(RBR);
  const due = 40_000 + Math.ceil(4 * CHARACTER);
  bench.clock.runTo(due - 1);
  assertEquals(bench.irq.edges, []);
  bench.clock.runTo(due);
  assertEquals(bench.irq.edges, [[due, true]]);
  bench.write([FCR, 0xc3]); // Empties the FIFO.
  assertEquals([bench.irq.level, bench.read(LSR)], [false, 0x60]);
  bench.receive(4).write([FCR, 0xc3]); // And ends the silence.
  bench.clock.pass(1_000_000);
  assertEquals([bench.irq.level, bench.read(IIR)], [false, 0xc1]);
});

Deno.test("a timeout is seen late but not lost when its interrupt was disabled, and costs no alarm", () => {
  const bench = new Bench().setUp().write([FCR, 0xc1]).receive(7);
  bench.clock.pass(1_000_000);
  assertEquals(bench.clock.fired, 0);
  bench.write([IER, 0x01]);
  assertEquals([bench.irq.level, bench.read(IIR)], [true, 0xcc]);
});

Deno.test("a timeout that passed while disabled outlives the next character", () => {
  const bench = new Bench().setUp().write([FCR, 0xc1]).receive(7);
  bench.clock.pass(1_000_000);
  bench.receive(8).write([IER, 0x01]);
  assertEquals(bench.read(IIR), 0xcc);

  const loop = new Bench({ timedTransmission: true }).setUp();
  loop.write([FCR, 0xc1]).receive(7).write([MCR, LOOP]);
  loop.clock.runTo(36_000); // 3.5 characters later one starts, and ends after the timeout.
  loop.write([THR, 8]);
  loop.clock.runTo(50_000);
  loop.write([IER, 0x01]);
  assertEquals([loop.state.received.length, loop.read(IIR)], [2, 0xcc]);
});

Deno.test("onTimeoutAlarm() comes in time when the interrupt is enabled meanwhile", () => {
  const bench = new Bench().setUp().write([FCR, 0xc1]).receive(7);
  bench.clock.runTo(20_000);
  bench.write([IER, 0x01]);
  bench.clock.runTo(100_000);
  assertEquals(bench.irq.edges, [[Math.ceil(4 * CHARACTER), true]]);
});

Deno.test("writePort() raises the transmitter interrupt when the FIFO is reset or turned on", () => {
  const bench = new Bench().setUp().write([IER, 0x02]);
  assertEquals([bench.read(IIR), bench.read(IIR)], [0x02, 0x01]);
  bench.write([FCR, 0x01]);
  assertEquals([bench.read(IIR), bench.read(IIR)], [0xc2, 0xc1]);
  bench.write([FCR, 0x01]);
  assertEquals(bench.read(IIR), 0xc1);
  bench.write([FCR, 0x05]);
  assertEquals(bench.read(IIR), 0xc2);
});

Deno.test("writePort() empties FIFOs when FCR says so or the mode changes", () => {
  const bench = new Bench().setUp().write([FCR, 0x01]).receive(1, 2);
  bench.write([FCR, 0x05]); // Transmitter reset only.
  assertEquals(bench.read(LSR) & 1, 1);
  bench.write([FCR, 0x03]);
  assertEquals(bench.read(LSR) & 1, 0);
  bench.receive(3).write([FCR, 0x00]);
  assertEquals([bench.read(LSR) & 1, bench.read(IIR)], [0, 0x01]);
  bench.receive(4).write([FCR, 0x06]); // Bit 0 is 0: "will not be programmed".
  assertEquals(bench.read(LSR) & 1, 1);
  bench.write([FCR, 0x01]);
  assertEquals(bench.read(LSR) & 1, 0);
  bench.write([FCR, 0x00]);
  assertEquals(bench.read(LSR) & 1, 0);
});

Deno.test("writePort() sends to itself in loopback, and the world hears and says nothing", () => {
  const bench = new Bench().setUp().write([FCR, 0x01], [MCR, LOOP]);
  const message = [..."hello world!1337"].map((c) => c.charCodeAt(0));
  for (const byte of message) bench.write([THR, byte]);
  bench.receive(0x99);
  assertEquals(message.map(() => bench.read(RBR)), message);
  assertEquals(bench.read(LSR), 0x60);
  assertEquals(bench.sent, []);
});

Deno.test("readPort() shows the modem control outputs as inputs in loopback", () => {
  const bench = new Bench().write([MCR, LOOP]);
  assertEquals([bench.read(MSR), bench.read(MSR)], [0x0b, 0x00]); // CTS, DSR, DCD fell.
  // MCR bit, MSR bit: DTR → DSR, RTS → CTS, OUT1 → RI, OUT2 → DCD.
  for (const [mcr, msr] of [[1, 0x20], [2, 0x10], [4, 0x40], [8, 0x80]]) {
    const bench = new Bench().write([MCR, LOOP]);
    bench.read(MSR);
    bench.write([MCR, LOOP | mcr!]);
    assertEquals(bench.read(MSR) & 0xf0, msr);
  }
});

Deno.test("setModemInputs() sets a delta for each change, and TERI at the end of a ring", () => {
  const rows: [from: number, to: number, msr: number][] = [
    [0x00, 0x10, 0x11], // DCTS
    [0x20, 0x00, 0x02], // DDSR
    [0x00, 0x80, 0x88], // DDCD
    [0x00, 0x40, 0x40], // A ring begins: no TERI
    [0x40, 0x00, 0x04], // A ring ends: TERI
    [0xf0, 0x00, 0x0f],
  ];
  for (const [from, to, msr] of rows) {
    const bench = new Bench({ modemInputs: from }).setUp();
    bench.write([IER, 0x08]);
    bench.uart.setModemInputs(to);
    assertEquals(bench.irq.level, (msr & 0x0f) !== 0);
    assertEquals([bench.read(MSR), bench.read(MSR)], [msr, to]);
    assertEquals(bench.irq.level, false);
  }
  const bench = new Bench();
  bench.uart.setModemInputs(0xff);
  assertEquals([bench.read(MSR), bench.read(MSR)], [0xf0, 0xf0]);
});

Deno.test("timed transmission: THRE, TEMT and the sink follow the divisor, clk by clk", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  const seen = (clk: number) => {
    bench.clock.runTo(clk);
    return bench.read(LSR);
  };
  bench.write([THR, 0xa1]);
  assertEquals(bench.read(LSR), 0x20); // Shifting; THR is free again.
  bench.write([THR, 0xa2]);
  assertEquals(bench.read(LSR), 0x00);
  assertEquals(seen(10_356), 0x00);
  assertEquals(seen(10_357), 0x20); // 10,357.48 rounded down, the rest carried.
  assertEquals(bench.sent, [[10_357, 0xa1]]);
  assertEquals(seen(20_713), 0x20);
  assertEquals(seen(20_714), 0x60); // 20,714.96
  assertEquals(bench.sent.length, 2);
});

Deno.test("timed transmission never drifts: 1,152 characters take their time exactly", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  bench.write([FCR, 0x01]);
  let written = 0;
  while (bench.sent.length < 1_152) {
    while (written < 1_152 && bench.state.transmit.length < 16) {
      bench.write([THR, written++ & 0xff]);
    }
    bench.clock.runTo(bench.state.shiftEndClk);
  }
  assertEquals(bench.sent.at(-1)![0], 20 * 596_591); // 1,152 × 20 half bits.
  assertEquals(bench.sent.map(([, byte]) => byte).slice(0, 300), [
    ...Array.from({ length: 300 }, (_, i) => i & 0xff),
  ]);
});

Deno.test("timed transmission: the interrupt comes when the FIFO has emptied", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  bench.write([FCR, 0x01], [IER, 0x02]);
  bench.read(IIR);
  for (let i = 0; i < 17; i++) bench.write([THR, i]); // One shifts, 16 wait.
  bench.read(IIR); // The first one found the FIFO empty and left it so.
  assertEquals(bench.irq.level, false);
  const last = Math.floor(16 * CHARACTER);
  bench.clock.runTo(last - 1);
  assertEquals([bench.irq.level, bench.read(LSR)], [false, 0x00]);
  bench.clock.runTo(last);
  assertEquals([bench.irq.level, bench.read(LSR)], [true, 0x20]);
});

Deno.test("timed transmission: enabling the interrupt raises none while THR is full", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  bench.write([THR, 1], [THR, 2], [IER, 0x02]);
  assertEquals([bench.irq.level, bench.read(IIR)], [false, 0x01]);
  bench.clock.runTo(10_357);
  assertEquals([bench.irq.level, bench.read(IIR)], [true, 0x02]);
});

Deno.test("timed transmission: a clock that leaps loses no time and no byte", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  bench.write([FCR, 0x01]);
  for (let i = 0; i < 5; i++) bench.write([THR, i]);
  bench.clock.leapTo(100_000);
  assertEquals(bench.sent.map(([, byte]) => byte), [0, 1, 2, 3, 4]);
  assertEquals(bench.read(LSR), 0x60);
});

Deno.test("timed transmission: loopback takes one character's time", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  bench.write([MCR, LOOP], [THR, 0x42]);
  bench.clock.runTo(10_356);
  assertEquals(bench.read(LSR), 0x20);
  bench.clock.runTo(10_357);
  assertEquals([bench.read(LSR), bench.read(RBR)], [0x61, 0x42]);
});

Deno.test("timed transmission: a divisor of 0 counts as 65,536", () => {
  const bench = new Bench({ timedTransmission: true }).setUp();
  bench.write([LCR, 0x83], [DLL, 0], [LCR, 0x03], [THR, 1]);
  assertEquals(
    bench.state.shiftEndClk,
    Math.floor(65_536 * 20 * 596_591 / 1_152),
  );
});

Deno.test("reset() keeps the configuration and silences the chip", () => {
  const bench = new Bench({ timedTransmission: true, modemInputs: 0x30 });
  bench.setUp().write([IER, 0x0f], [FCR, 0xc1], [THR, 1]).receive(2);
  bench.uart.reset();
  assertEquals(
    bench.state,
    uartState({ timedTransmission: true, modemInputs: 0x30 }),
  );
  assertEquals(bench.irq.level, false);
  assertEquals(Object.values(bench.clock.state.deadlines), [NEVER, NEVER]);
});

Deno.test("receive() and readPort() lose no byte and keep their order while there is room", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(255))), (steps) => {
      const bench = new Bench().setUp().write([FCR, 0x01]);
      const queue: number[] = [];
      for (const byte of steps) {
        if (byte === null) {
          if (bench.read(LSR) & 1) assertEquals(bench.read(RBR), queue.shift());
          else assertEquals(queue, []);
        } else if (bench.uart.canReceive) {
          queue.push(byte);
          bench.receive(byte);
        }
      }
      assertEquals(bench.state.bytesLost, 0);
    }),
  );
});

function makeBoard(timedTransmission: boolean) {
  return () => {
    const bench = new Bench({ timedTransmission }).setUp();
    const { uart, clock } = bench;
    const act = (random: Prng): unknown => {
      switch (random.below(7)) {
        case 0:
        case 1:
          return bench.read(random.below(8));
        case 2:
          return void bench.write([random.below(8), random.below(256)]);
        case 3:
          return bench.write([THR, random.below(256)]).read(LSR);
        case 4:
          return uart.receive(random.below(256), random.below(4) * 4);
        case 5:
          return uart.setModemInputs(random.below(256));
        default:
          return clock.pass(random.below(60_000));
      }
    };
    return {
      clock,
      device: uart,
      lines: [bench.irq],
      operate(random: Prng): string {
        const from = bench.sent.length;
        return `${act(random)}, sent ${bench.sent.slice(from).join(" ")}`;
      },
    };
  };
}

Deno.test("state is all there is: 1,000 random operations after a load equal the run without", () => {
  for (let seed = 1; seed <= 10; seed++) {
    assertRestores(makeBoard(false), seed);
    assertRestores(makeBoard(true), seed);
  }
});
