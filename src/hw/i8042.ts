/**
 * The keyboard controller: an 8042 with the firmware of an AT, with a second port for a mouse if configured.
 *
 * Source: IBM Personal Computer AT and PS/2 Technical References, "Keyboard Controller"; OSDev wiki, "I8042 PS/2
 * Controller"; QEMU for what is left open.
 *
 * Ports: 0x60 data, 0x64 status (read) and command (write). Lines: IRQ 1, IRQ 12, A20, CPU reset.
 *
 * A byte reaches the output buffer at once when the buffer is empty. A scan code is held there; an answer of the keyboard
 * or anything of the mouse stays with its device until it is read, so that the next command to the device takes it back.
 *
 * *Not modelled*: the time of a frame on the wire and of a command (IBF is never seen set); parity errors and timeouts
 * (PERR and TO are never set); the inhibit switch (INH reads "not inhibited"); pulses on output port bits other than the
 * reset line; interrupts that a write to output port bits 4 and 5 would raise; passwords (0xa2–0xa6), diagnostic dump
 * (0xac), polling of the input port (0xc1, 0xc2), version (0xa1) and every vendor's commands, which answer nothing and
 * report `unmodelled`. Without a second port 0xa7–0xa9 do nothing, and the byte after 0xd3 or 0xd4 is dropped.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import type { Line } from "../base/line.ts";
import { copyStateInto } from "../base/state_tree.ts";
import {
  COMMAND_IRQ1,
  COMMAND_IRQ12,
  COMMAND_KEYBOARD_OFF,
  COMMAND_MOUSE_OFF,
  COMMAND_SYS,
  COMMAND_TRANSLATE,
  FROM_CONTROLLER,
  FROM_CONTROLLER_AUX,
  FROM_KEYBOARD_REPLY,
  FROM_MOUSE,
  FROM_NOBODY,
  FROM_SCANCODE,
  type I8042State,
  i8042State,
  OUTPUT_A20,
  OUTPUT_MOBF,
  OUTPUT_OBF,
  OUTPUT_RESET,
  type OutputSource,
  PORT_KEYBOARD_STATUS,
  STATUS_A2,
  STATUS_INH,
  STATUS_MOBF,
  STATUS_OBF,
  STATUS_SYS,
} from "./i8042_state.ts";
import type { Ps2Device } from "./ps2_device.ts";
import { BREAK_PREFIX, translateScancode } from "./scancode_translation.ts";

export {
  COMMAND_BYTE_AFTER_POST,
  type I8042Config,
  type I8042State,
  i8042State,
  KEYBOARD_IRQ,
  MOUSE_IRQ,
  type OutputSource,
  PORT_KEYBOARD_DATA,
  PORT_KEYBOARD_STATUS,
} from "./i8042_state.ts";
export type { Ps2Device, Ps2Waiting } from "./ps2_device.ts";

/** Self-test passed. */
const SELF_TEST_OK = 0x55;
/** Interface test: no error. */
const INTERFACE_OK = 0x00;
/** The input port: keyboard not inhibited, nothing else connected (as in QEMU). */
const INPUT_PORT = 0x80;

/** What the controller is connected to. */
export interface I8042Wires {
  /** The keyboard. When its request line rises, the board calls {@linkcode I8042.refill}. */
  readonly keyboard: Ps2Device;
  /** The mouse, if there is a second port and something in it. */
  readonly mouse?: Ps2Device;
  /** IRQ 1. */
  readonly irq1: Line;
  /** IRQ 12. */
  readonly irq12: Line;
  /** The A20 gate: high lets address bit 20 through. */
  readonly a20: Line;
  /** The CPU's reset: high while output port bit 0 is low. */
  readonly reset: Line;
  /** Receives `unmodelled`. */
  readonly events: EventSink;
}

/**
 * An 8042.
 *
 * @example
 * ```ts
 * import { I8042, i8042State, Ps2Keyboard } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const open = { set() {} };
 * const events = { on: false, emit() {} };
 * const controller: I8042 = new I8042({
 *   keyboard: new Ps2Keyboard({ request: open, events }),
 *   irq1: open,
 *   irq12: open,
 *   a20: open,
 *   reset: open,
 *   events,
 * }, i8042State());
 * controller.writePort(0x64, 0xaa); // Self-test.
 * assertEquals(controller.readPort(0x64) & 1, 1);
 * assertEquals(controller.readPort(0x60), 0x55);
 * ```
 */
export class I8042 {
  /** All there is to save. */
  readonly state: I8042State;
  readonly #wires: I8042Wires;

  /**
   * A controller over its state.
   *
   * @param wires what it is connected to
   * @param state fresh from {@linkcode i8042State}, or restored
   */
  constructor(wires: I8042Wires, state: I8042State = i8042State()) {
    this.#wires = wires;
    this.state = state;
  }

  /** The power-on state; the configuration stays. The devices keep what they have to say. */
  reset(): void {
    const { auxiliary } = this.state;
    copyStateInto(this.state, i8042State({ auxiliary }));
    this.refill();
    this.refreshLines();
  }

  /** Drives all lines from the state. */
  refreshLines(): void {
    const { outputPort } = this.state;
    this.#driveInterrupts();
    this.#wires.a20.set((outputPort & OUTPUT_A20) !== 0);
    this.#wires.reset.set((outputPort & OUTPUT_RESET) === 0);
  }

  /**
   * A read. The data port takes the byte and lowers its interrupt; the next byte, if there is one, raises it again.
   *
   * @param port 0x60 or 0x64
   * @returns the register, 0 to 255
   */
  readPort(port: number): number {
    return port & 4 ? this.#status() : this.#readData();
  }

  /**
   * A write.
   *
   * @param port 0x60 or 0x64
   * @param value 0 to 255
   */
  writePort(port: number, value: number): void {
    this.state.lastWriteCommand = (port & 4) !== 0;
    if (port & 4) this.#command(value);
    else this.#data(value);
  }

  /**
   * Fills the output buffer if it is empty and somebody has a byte: the controller first, then the keyboard, then the
   * mouse. While both devices have bytes they take turns.
   */
  refill(): void {
    this.#refillAfter(FROM_NOBODY);
  }

  #refillAfter(last: OutputSource): void {
    const s = this.state;
    if (s.source !== FROM_NOBODY) return;
    s.source = this.#nextSource(
      last === FROM_KEYBOARD_REPLY || last === FROM_SCANCODE,
    );
    if (s.source === FROM_NOBODY) return;
    s.outputPort &= ~OUTPUT_MOBF;
    s.outputPort |= OUTPUT_OBF | (this.#fromMouseSide ? OUTPUT_MOBF : 0);
    this.#driveInterrupts();
  }

  #nextSource(mouseFirst: boolean): OutputSource {
    const s = this.state;
    if (s.answerPending) {
      return s.answerAux ? FROM_CONTROLLER_AUX : FROM_CONTROLLER;
    }
    const mouse = this.#mouse;
    const fromMouse = mouse !== undefined && mouse.waiting !== "nothing" &&
      !(s.ram[0]! & COMMAND_MOUSE_OFF);
    if (fromMouse && mouseFirst) return FROM_MOUSE;
    if (!(s.ram[0]! & COMMAND_KEYBOARD_OFF)) {
      if (this.#holdScancode()) return FROM_SCANCODE;
      if (this.#wires.keyboard.waiting === "reply") return FROM_KEYBOARD_REPLY;
    }
    return fromMouse ? FROM_MOUSE : FROM_NOBODY;
  }

  /** Takes scan codes until one has come whole, which with translation a break prefix has not. */
  #holdScancode(): boolean {
    const s = this.state;
    const { keyboard } = this.#wires;
    while (keyboard.waiting === "data") {
      s.source = FROM_SCANCODE; // The request line falls meanwhile, and nobody shall fill the buffer because of it.
      const byte = keyboard.take() ?? 0;
      s.source = FROM_NOBODY;
      if (!(s.ram[0]! & COMMAND_TRANSLATE)) {
        s.held = byte;
        return true;
      }
      if (byte !== BREAK_PREFIX) {
        s.held = translateScancode(byte) | (s.breakSeen ? 0x80 : 0);
        s.breakSeen = false;
        return true;
      }
      s.breakSeen = true;
    }
    return false;
  }

  get #mouse(): Ps2Device | undefined {
    return this.state.auxiliary ? this.#wires.mouse : undefined;
  }

  get #fromMouseSide(): boolean {
    const { source } = this.state;
    return source === FROM_MOUSE || source === FROM_CONTROLLER_AUX;
  }

  #status(): number {
    const s = this.state;
    let value = STATUS_INH;
    if (s.source !== FROM_NOBODY) value |= STATUS_OBF;
    if (s.systemFlag) value |= STATUS_SYS;
    if (s.lastWriteCommand) value |= STATUS_A2;
    if (this.#fromMouseSide) value |= STATUS_MOBF;
    return value;
  }

  #readData(): number {
    const s = this.state;
    const { source } = s;
    if (source === FROM_NOBODY) return s.lastRead;
    s.source = FROM_NOBODY;
    s.outputPort &= ~(OUTPUT_OBF | OUTPUT_MOBF);
    this.#driveInterrupts();
    s.lastRead = this.#takeFrom(source) ?? s.lastRead;
    this.#refillAfter(source);
    return s.lastRead;
  }

  #takeFrom(source: OutputSource): number | null {
    const s = this.state;
    switch (source) {
      case FROM_KEYBOARD_REPLY: {
        const byte = this.#wires.keyboard.take();
        return byte === null || !s.translateReply
          ? byte
          : translateScancode(byte);
      }
      case FROM_SCANCODE:
        return s.held;
      case FROM_MOUSE:
        return this.#mouse?.take() ?? null;
      default:
        s.answerPending = false;
        return s.answer;
    }
  }

  /** An answer that nobody has read gives way to the next one. */
  #answer(byte: number, aux = false): void {
    const s = this.state;
    s.answerPending = true;
    s.answer = byte;
    s.answerAux = aux;
    this.refill();
  }

  #command(command: number): void {
    const s = this.state;
    if (command >= 0xf0) return this.#pulse(command & 0x0f);
    if (command >= 0x20 && command <= 0x3f) {
      return this.#answer(s.ram[command & 0x1f]!);
    }
    if (command >= 0x60 && command <= 0x7f) {
      s.pendingCommand = command;
      return;
    }
    switch (command) {
      case 0xa7: // Mouse off.
        if (s.auxiliary) s.ram[0]! |= COMMAND_MOUSE_OFF;
        return;
      case 0xa8: // Mouse on.
        if (s.auxiliary) this.#enable(COMMAND_MOUSE_OFF);
        return;
      case 0xa9: // Test of the mouse's port.
        if (s.auxiliary) this.#answer(INTERFACE_OK);
        return;
      case 0xaa:
        s.systemFlag = true;
        return this.#answer(SELF_TEST_OK);
      case 0xab: // Test of the keyboard's port.
        return this.#answer(INTERFACE_OK);
      case 0xad: // Keyboard off.
        s.ram[0]! |= COMMAND_KEYBOARD_OFF;
        return;
      case 0xae: // Keyboard on.
        return this.#enable(COMMAND_KEYBOARD_OFF);
      case 0xc0: // Read the input port.
        return this.#answer(INPUT_PORT);
      case 0xd0: // Read the output port.
        return this.#answer(s.outputPort);
      case 0xd1: // Write the output port.
      case 0xd2: // Write the output buffer.
      case 0xd3: // The same, on the mouse's side.
      case 0xd4: // Write to the mouse.
        s.pendingCommand = command;
        return;
      case 0xdd: // A20 off.
        return this.#writeOutputPort(s.outputPort & ~OUTPUT_A20);
      case 0xdf: // A20 on.
        return this.#writeOutputPort(s.outputPort | OUTPUT_A20);
      case 0xe0: // Test inputs: T0 keyboard clock, T1 keyboard data, which idles high.
        return this.#answer(s.ram[0]! & COMMAND_KEYBOARD_OFF ? 2 : 3);
      default:
        if (this.#wires.events.on) {
          this.#wires.events.emit(
            "unmodelled",
            PORT_KEYBOARD_STATUS,
            command,
            1,
          );
        }
    }
  }

  #data(value: number): void {
    const s = this.state;
    const command = s.pendingCommand;
    s.pendingCommand = 0;
    switch (command) {
      case 0:
        s.translateReply = (s.ram[0]! & COMMAND_TRANSLATE) !== 0;
        this.#wires.keyboard.command(value);
        return this.#enable(COMMAND_KEYBOARD_OFF); // Sending needs the clock.
      case 0xd1:
        return this.#writeOutputPort(value);
      case 0xd2:
        return this.#answer(value);
      case 0xd3:
        if (s.auxiliary) this.#answer(value, true);
        return;
      case 0xd4:
        if (!s.auxiliary) return;
        this.#mouse?.command(value);
        return this.#enable(COMMAND_MOUSE_OFF);
      default:
        s.ram[command & 0x1f] = value;
        if ((command & 0x1f) !== 0) return;
        s.systemFlag = (value & COMMAND_SYS) !== 0;
        this.#driveInterrupts();
        this.refill();
    }
  }

  #enable(offBit: number): void {
    this.state.ram[0]! &= ~offBit;
    this.#driveInterrupts();
    this.refill();
  }

  #writeOutputPort(value: number): void {
    this.state.outputPort = value;
    this.refreshLines();
  }

  /** Commands 0xf0–0xff pulse for 6 µs the output port bits that are 0 in them; bit 0 is the CPU's reset. */
  #pulse(bits: number): void {
    if (bits & OUTPUT_RESET) return;
    this.#wires.reset.set(true);
    this.#wires.reset.set((this.state.outputPort & OUTPUT_RESET) === 0);
  }

  /** While the keyboard is off, IRQ 1 stays low even for an answer of the controller, as in QEMU. */
  #driveInterrupts(): void {
    const { source, ram } = this.state;
    const command = ram[0]!;
    const full = source !== FROM_NOBODY;
    const aux = this.#fromMouseSide;
    const enabled = (command & (COMMAND_IRQ1 | COMMAND_KEYBOARD_OFF)) ===
      COMMAND_IRQ1;
    this.#wires.irq1.set(full && !aux && enabled);
    this.#wires.irq12.set(full && aux && (command & COMMAND_IRQ12) !== 0);
  }
}
