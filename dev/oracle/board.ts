/**
 * Our side: the devices on a small board, wired as in a PC, with a clock that stands still.
 *
 * @module
 */

import type { Alarm } from "../../src/base/alarm.ts";
import type { Line } from "../../src/base/line.ts";
import { NO_EVENTS } from "../../src/base/events.ts";
import { CLK_PER_PIT_TICK, NEVER } from "../../src/base/time.ts";
import { IoBus } from "../../src/hw/io_bus.ts";
import { Pic } from "../../src/hw/pic.ts";
import { Pit } from "../../src/hw/pit.ts";
import { Rtc, rtcState } from "../../src/hw/rtc.ts";
import { COM1_BASE, COM1_IRQ, Uart, UART_PORTS } from "../../src/hw/uart.ts";
import { Vga, VGA_PORTS } from "../../src/hw/vga.ts";
import { makeI8042 } from "./i8042_board.ts";
import type { Operation, Program } from "./program.ts";

/** An alarm that is never due: time stands still. */
class StoppedAlarm implements Alarm {
  deadline = NEVER;
  arm(clk: number): void {
    this.deadline = clk;
  }
  disarm(): void {
    this.deadline = NEVER;
  }
}

/** The devices, each program on fresh ones. */
export class Board {
  readonly #clock = { clk: 0 };
  readonly #bus = new IoBus(NO_EVENTS);
  readonly #pic: Pic;

  /** Wires a board up. */
  constructor() {
    const clock = this.#clock;
    const bus = this.#bus;
    const nowhere: Line = { set() {} };
    const alarm = () => new StoppedAlarm();
    const pic = this.#pic = new Pic({ intr: nowhere });
    const irqLine = (line: number): Line => ({
      set: (level) => pic.setIrq(line, level),
    });
    const pit = new Pit({ clock, alarm: alarm(), out0: nowhere });
    const uart = new Uart({
      clock,
      transmitAlarm: alarm(),
      timeoutAlarm: alarm(),
      irq: irqLine(COM1_IRQ),
      transmit: { byte() {} },
    });
    const rtc = new Rtc({
      clock,
      alarm: alarm(),
      irq: irqLine(8),
      nmiMask: nowhere,
    }, rtcState({ rtc: "2020-01-02T03:04:05" }));
    const vga = new Vga({ clock });
    const { controller } = makeI8042(irqLine(1), irqLine(12));
    bus.attach(0x20, 0x21, pic);
    bus.attach(0xa0, 0xa1, pic);
    bus.attach(0x4d0, 0x4d1, pic);
    bus.attach(0x40, 0x43, pit);
    bus.attach(0x60, 0x60, controller);
    bus.attach(0x61, 0x61, pit);
    bus.attach(0x64, 0x64, controller);
    bus.attach(0x70, 0x71, rtc);
    bus.attach(COM1_BASE, COM1_BASE + UART_PORTS - 1, uart);
    for (const [first, last] of VGA_PORTS) bus.attach(first, last, vga);
  }

  /** Runs a program; the values that its reads gave, in order. */
  run(program: Program): number[] {
    const values: number[] = [];
    for (const operation of [...program.setup, ...program.operations]) {
      const value = this.#do(operation);
      if (value !== null) values.push(value);
    }
    return values;
  }

  #do(operation: Operation): number | null {
    switch (operation.kind) {
      case "in":
        return this.#bus.read(operation.port, 1);
      case "out":
        this.#bus.write(operation.port, operation.value, 1);
        if (pulsesTimer(operation.port)) this.#clock.clk += CLK_PER_PIT_TICK;
        return null;
      case "irq":
        this.#pic.setIrq(operation.line, operation.level);
        return null;
    }
  }
}

/**
 * Whether the timer gets one pulse of CLK after a write: a count is loaded by the pulse after it, and so is one after a
 * trigger. QEMU's is there at once.
 */
export function pulsesTimer(port: number): boolean {
  return port === 0x61 || (port >= 0x40 && port <= 0x42);
}
