/**
 * The board: which chip sits where, and every wire between them. Chips know nobody; this file reads like the schematic.
 *
 * | ports | chip | IRQ |
 * |---|---|---|
 * | 0x20–0x21, 0xa0–0xa1, 0x4d0–0x4d1 | two 8259A | |
 * | 0x40–0x43, 0x61 | 8254 | 0 |
 * | 0x60, 0x64 | 8042 with keyboard, mouse if configured | 1, 12 |
 * | 0x70–0x71 | MC146818 | 8 |
 * | 0x80 | POST code | |
 * | 0x92, 0xcf8–0xcff | reset and A20 | |
 * | 0xe9 | debug console | |
 * | 0xf4–0xf7 | isa-debug-exit | |
 * | 0x3b0–0x3df, memory 0xb8000–0xbffff | VGA text | |
 * | 0x3f8–0x3ff | 16550A | 4 |
 *
 * Alarm slots, in the order in which they are served on equal deadlines: see `ALARMS`.
 *
 * *Not modelled*: A20 gating (address line 20 is always let through), DMA, floppy, PCI.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { Line } from "../base/line.ts";
import { UNCONNECTED } from "../base/line.ts";
import type { StateTree } from "../base/state_tree.ts";
import { ByteLog } from "./byte_log.ts";
import { Clock } from "./clock.ts";
import { type Board, Core } from "./core.ts";
import { DEBUG_CONSOLE_PORT, DebugConsole } from "./debug_console.ts";
import {
  DEBUG_EXIT_PORT,
  DEBUG_EXIT_PORTS,
  DebugExit,
  qemuStatus,
} from "./debug_exit.ts";
import type { InputLog } from "./input_log.ts";
import {
  I8042,
  i8042State,
  KEYBOARD_IRQ,
  MOUSE_IRQ,
  PORT_KEYBOARD_DATA,
  PORT_KEYBOARD_STATUS,
} from "./i8042.ts";
import { IoBus, type PortDevice } from "./io_bus.ts";
import type { FullMachineConfig } from "./hardware_config.ts";
import { PhysMemory } from "./phys_memory.ts";
import { Pic } from "./pic.ts";
import { Pit } from "./pit.ts";
import { PostCode } from "./post_code.ts";
import {
  PCI_CONFIG_PORT,
  PCI_CONFIG_PORTS,
  ResetControl,
} from "./reset_control.ts";
import { Ps2Keyboard } from "./ps2_keyboard.ts";
import { Ps2Mouse } from "./ps2_mouse.ts";
import { Rtc, rtcState } from "./rtc.ts";
import type { ResetStop } from "./stop.ts";
import { SYSTEM_CONTROL_A_PORT, SystemControlA } from "./system_control_a.ts";
import { COM1_BASE, COM1_IRQ, Uart, UART_PORTS, uartState } from "./uart.ts";
import { Vga, VGA_PORTS, VGA_WINDOW_ADDRESS, VGA_WINDOW_BYTES } from "./vga.ts";

/** The alarm slots. */
const ALARMS: readonly string[] = Object.freeze([
  "timer",
  "uart-transmit",
  "uart-timeout",
  "rtc",
]);

/** Those of them that wait for a time which their chip keeps: coming early they would find nothing due. */
export const ALARMS_NEVER_EARLY: readonly string[] = Object.freeze([
  "uart-timeout",
  "rtc",
]);

/** What the board itself keeps. */
interface BoardState {
  /** When the last byte of input arrived or was read, clk. */
  lastInputClk: number;
}

/** Reads of a port pass through here, so that the machine knows when input was consumed. */
class InputPort implements PortDevice {
  readonly #device: PortDevice;
  readonly #onRead: () => void;
  constructor(device: PortDevice, onRead: () => void) {
    this.#device = device;
    this.#onRead = onRead;
  }
  readPort(port: number): number {
    this.#onRead();
    return this.#device.readPort(port);
  }
  writePort(port: number, value: number): void {
    this.#device.writePort(port, value);
  }
}

/** All chips of one machine, wired. */
export class MachineBoard implements Board {
  /** Physical memory. */
  readonly phys: PhysMemory;
  /** The CPU and its units. */
  readonly core: Core;
  /** The interrupt controllers. */
  readonly pic: Pic;
  /** The timer. */
  readonly pit: Pit;
  /** The keyboard. */
  readonly keyboard: Ps2Keyboard;
  /** The mouse, if one is plugged in. */
  readonly mouse: Ps2Mouse | null;
  /** The keyboard controller. */
  readonly i8042: I8042;
  /** The first serial port. */
  readonly uart: Uart;
  /** The display. */
  readonly vga: Vga;
  /** The clock chip. */
  readonly rtc: Rtc;
  /** What the serial port has sent. */
  readonly serial: ByteLog = new ByteLog();
  /** What was written to port 0xe9. */
  readonly debugConsole: ByteLog = new ByteLog();
  /** Clock, CPU, TLB and chips as one tree of plain data. */
  readonly state: StateTree;

  readonly #inputs: InputLog;
  readonly #own: BoardState = { lastInputClk: 0 };
  readonly #refreshed: readonly { refreshLines(): void }[];

  /**
   * Solders everything in.
   *
   * @param config what was ordered
   * @param inputs what the world will do
   * @param events receives what happens
   */
  constructor(
    config: FullMachineConfig,
    inputs: InputLog,
    events: EventSink,
  ) {
    const clock = new Clock(ALARMS);
    const io = new IoBus(events);
    this.#inputs = inputs;
    this.phys = new PhysMemory(config.ramBytes, events);
    this.core = new Core(this.phys, io, clock, inputs, events);
    this.core.connect(this);
    const { ram } = this.phys;
    ram.onClosed = () => this.core.mmu.dropWriteTags();

    this.pic = new Pic({
      intr: { set: (level) => this.core.setIntr(level) },
      events,
    });
    io.attach(0x20, 0x21, this.pic);
    io.attach(0xa0, 0xa1, this.pic);
    io.attach(0x4d0, 0x4d1, this.pic);

    this.pit = new Pit({
      clock,
      alarm: clock.alarm("timer"),
      out0: this.#irq(0),
    });
    clock.connect("timer", () => this.pit.onAlarm());
    io.attach(0x40, 0x43, this.pit);
    io.attach(0x61, 0x61, this.pit);

    const request: Line = {
      set: (level) => {
        if (level) this.i8042?.refill();
      },
    };
    this.keyboard = new Ps2Keyboard({ request, events });
    this.mouse = config.mouse ? new Ps2Mouse({ request }) : null;
    this.i8042 = new I8042({
      keyboard: this.keyboard,
      ...(this.mouse ? { mouse: this.mouse } : {}),
      irq1: this.#irq(KEYBOARD_IRQ),
      irq12: this.#irq(MOUSE_IRQ),
      a20: UNCONNECTED,
      reset: this.#resetLine("8042"),
      events,
    }, i8042State({ auxiliary: config.mouse }));
    const consumed = () => this.#noteInput();
    const data = new InputPort(this.i8042, consumed);
    io.attach(PORT_KEYBOARD_DATA, PORT_KEYBOARD_DATA, data);
    io.attach(PORT_KEYBOARD_STATUS, PORT_KEYBOARD_STATUS, this.i8042);

    this.uart = new Uart({
      clock,
      transmitAlarm: clock.alarm("uart-transmit"),
      timeoutAlarm: clock.alarm("uart-timeout"),
      irq: this.#irq(COM1_IRQ),
      transmit: this.serial,
    }, uartState({ timedTransmission: config.timedTransmission }));
    clock.connect("uart-transmit", () => this.uart.onTransmitAlarm());
    clock.connect("uart-timeout", () => this.uart.onTimeoutAlarm());
    io.attach(COM1_BASE, COM1_BASE, new InputPort(this.uart, consumed));
    io.attach(COM1_BASE + 1, COM1_BASE + UART_PORTS - 1, this.uart);

    this.vga = new Vga({ clock, events });
    for (const [first, last] of VGA_PORTS) io.attach(first, last, this.vga);
    this.phys.attach(VGA_WINDOW_ADDRESS, VGA_WINDOW_BYTES, this.vga);

    this.rtc = new Rtc({
      clock,
      alarm: clock.alarm("rtc"),
      irq: this.#irq(8),
      nmiMask: { set: (level) => this.core.setNmiMask(level) },
    }, rtcState(config));
    clock.connect("rtc", () => this.rtc.onAlarm());
    io.attach(0x70, 0x71, this.rtc);

    const postCode = new PostCode();
    io.attach(0x80, 0x80, postCode);
    const controlA = new SystemControlA({
      a20: UNCONNECTED,
      reset: this.#resetLine("port 0x92"),
    });
    io.attach(SYSTEM_CONTROL_A_PORT, SYSTEM_CONTROL_A_PORT, controlA);
    const resetControl = new ResetControl({
      reset: this.#resetLine("port 0xcf9"),
      events,
    });
    io.attach(
      PCI_CONFIG_PORT,
      PCI_CONFIG_PORT + PCI_CONFIG_PORTS - 1,
      resetControl,
    );
    const console = new DebugConsole({ output: this.debugConsole });
    io.attach(DEBUG_CONSOLE_PORT, DEBUG_CONSOLE_PORT, console);
    const exit = new DebugExit((value) =>
      this.core.end({ reason: "exit", value, status: qemuStatus(value) })
    );
    io.attach(DEBUG_EXIT_PORT, DEBUG_EXIT_PORT + DEBUG_EXIT_PORTS - 1, exit);

    this.state = {
      board: this.#own,
      clock: clock.state,
      cpu: this.core.cpu,
      tlb: this.core.mmu.tlb.state,
      pic: this.pic.state,
      pit: this.pit.state,
      i8042: this.i8042.state,
      keyboard: this.keyboard.state,
      ...(this.mouse ? { mouse: this.mouse.state } : {}),
      uart: this.uart.state,
      vga: this.vga.state,
      rtc: this.rtc.state,
      postCode: postCode.state,
      controlA: controlA.state,
      resetControl: resetControl.state,
      debugConsole: console.state,
      debugExit: exit.state,
    };
    // The interrupt controller comes last: its inputs are driven by then.
    this.#refreshed = [
      this.pit,
      this.i8042,
      this.uart,
      this.rtc,
      controlA,
      this.pic,
    ];
  }

  /** When the last byte of input arrived or was read, clk. */
  get lastInputClk(): number {
    return this.#own.lastInputClk;
  }

  /** Bytes that the keyboard had no room for. */
  get keysLost(): number {
    return this.keyboard.state.keysLost;
  }

  /** Drives every wire from the state, after a load. */
  refreshLines(): void {
    for (const chip of this.#refreshed) chip.refreshLines();
  }

  /** Delivers the inputs that are due. */
  runInputs(clk: number): void {
    for (;;) {
      const input = this.#inputs.take(clk);
      if (!input) break;
      switch (input.source) {
        case "key":
          this.keyboard.receiveKey(input.data);
          this.#noteInput();
          break;
        case "serial":
          this.uart.receive(input.data);
          this.#noteInput();
          break;
        case "nmi":
          this.core.raiseNmi();
          break;
        case "delay":
          this.core.clock.delay(input.alarm, input.data);
      }
    }
    this.core.clock.setNextInput(this.#inputs.next);
  }

  #noteInput(): void {
    this.#own.lastInputClk = this.core.clock.clk;
  }

  #irq(line: number): Line {
    return { set: (level) => this.pic.setIrq(line, level) };
  }

  #resetLine(by: ResetStop["by"]): Line {
    return {
      set: (level) => {
        if (level) this.core.end({ reason: "reset", by });
      },
    };
  }
}
