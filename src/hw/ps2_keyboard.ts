/**
 * The keyboard: an IBM enhanced (MF2) keyboard at the end of a PS/2 wire.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)": commands from the system,
 * scan code sets.
 *
 * Keys come in as bytes of scan code set 2, one at a time, as the input log brings them, and go out in the set that the
 * host has chosen. The buffer holds 16 bytes; when a 17th comes, an overrun code (0x00, in set 1 0xff) takes its place,
 * and it and the ones after it are lost: counted, and reported as `key-lost`.
 *
 * *Not modelled*: repetition of a held key (the input log repeats makes, the typematic rate is kept only); the half
 * second of the self-test after a reset, and the 0xaa that follows power-on, which a BIOS has read; that scanning stops
 * while a command waits for its parameter; parity errors, after which a keyboard asks the host to resend.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import { ByteFifo, type ByteFifoState, byteFifoState } from "../base/fifo.ts";
import type { Line } from "../base/line.ts";
import { copyStateInto } from "../base/state_tree.ts";
import type { Ps2Device, Ps2Waiting } from "./ps2_device.ts";
import {
  defaultKeyTypes,
  KEY_BREAKS,
  KEY_TYPEMATIC,
  set3FromSet2,
} from "./scancode_set3.ts";
import { BREAK_PREFIX, translateScancode } from "./scancode_translation.ts";

/** Scan code bytes that the keyboard buffers. */
export const KEYBOARD_BUFFER_BYTES = 16;

/** Acknowledge. */
const ACK = 0xfa;
/** Resend: the command was not understood. */
const RESEND = 0xfe;
/** The self-test has passed. */
const SELF_TEST_PASSED = 0xaa;
/** Typematic rate at power-on: 10.9 characters a second after half a second. */
const TYPEMATIC_DEFAULT = 0x2b;
/** From here on a byte of the host is a command, even where a parameter is due. */
const FIRST_COMMAND = 0xed;

/** The state of a {@linkcode Ps2Keyboard}. */
export interface Ps2KeyboardState {
  /** Scan code set in use: 1, 2 or 3. */
  scanSet: number;
  /** Whether keys are scanned. */
  scanning: boolean;
  /** Lamps: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. */
  leds: number;
  /** Typematic rate and delay as the host gave it. */
  typematic: number;
  /** The command that waits for its parameter, or 0. */
  pendingCommand: number;
  /** The last byte sent, for a host that asks to resend. */
  lastSent: number;
  /** Answers to the host's last command. */
  readonly replies: ByteFifoState;
  /** Scan codes: 16 bytes, and the overrun code as a 17th. */
  readonly keys: ByteFifoState;
  /** Whether the overrun code is in the buffer and nothing more fits. */
  overrun: boolean;
  /** Bytes of scan codes that found no room. */
  keysLost: number;
  /** Bytes of set 2 seen of a key so far: 0xe0, 0xe1 or 0. */
  prefix: number;
  /** Whether 0xf0 has been seen of it. */
  breaking: boolean;
  /** Set 3: type of each key, 256 codes. */
  readonly keyTypes: Uint8Array;
  /** Set 3: keys that are down, 256 codes, a bit each. */
  readonly keysDown: Uint8Array;
}

/**
 * The power-on state: set 2, scanning.
 *
 * @returns a fresh state
 */
export function ps2KeyboardState(): Ps2KeyboardState {
  return {
    scanSet: 2,
    scanning: true,
    leds: 0,
    typematic: TYPEMATIC_DEFAULT,
    pendingCommand: 0,
    lastSent: 0,
    replies: byteFifoState(3),
    keys: byteFifoState(KEYBOARD_BUFFER_BYTES + 1),
    overrun: false,
    keysLost: 0,
    prefix: 0,
    breaking: false,
    keyTypes: defaultKeyTypes(),
    keysDown: new Uint8Array(32),
  };
}

/** What a keyboard is connected to. */
export interface Ps2KeyboardWires {
  /** High while there is a byte for the controller; when it rises, the controller shall look. */
  readonly request: Line;
  /** Receives `key-lost`. */
  readonly events: EventSink;
}

/** A keyboard. */
export class Ps2Keyboard implements Ps2Device {
  /** All there is to save. */
  readonly state: Ps2KeyboardState;
  readonly #wires: Ps2KeyboardWires;
  readonly #replies: ByteFifo;
  readonly #keys: ByteFifo;

  /**
   * A keyboard over its state.
   *
   * @param wires what it is connected to
   * @param state fresh from {@linkcode ps2KeyboardState}, or restored
   */
  constructor(
    wires: Ps2KeyboardWires,
    state: Ps2KeyboardState = ps2KeyboardState(),
  ) {
    this.#wires = wires;
    this.state = state;
    this.#replies = new ByteFifo(state.replies);
    this.#keys = new ByteFifo(state.keys);
  }

  /** The power-on state. */
  reset(): void {
    copyStateInto(this.state, ps2KeyboardState());
    this.refreshLines();
  }

  /** Drives the request line from the state. */
  refreshLines(): void {
    this.#wires.request.set(this.waiting !== "nothing");
  }

  /**
   * A byte of a key's make or break in set 2, as the input log brings it.
   *
   * @param byte 0 to 255
   */
  receiveKey(byte: number): void {
    const s = this.state;
    if (!s.scanning) return;
    if (s.scanSet === 2) this.#queue(byte);
    else if (byte === BREAK_PREFIX) s.breaking = true;
    else {
      if (s.scanSet === 1) {
        this.#queue(translateScancode(byte) | (s.breaking ? 0x80 : 0));
      } else this.#receiveSet3(byte);
      s.breaking = false;
    }
    this.refreshLines();
  }

  /** Answers come before scan codes. */
  get waiting(): Ps2Waiting {
    if (this.state.replies.length > 0) return "reply";
    return this.state.keys.length > 0 ? "data" : "nothing";
  }

  /** Gives the controller the next byte. */
  take(): number | null {
    const byte = this.#replies.pop() ?? this.#keys.pop();
    if (byte !== null) this.state.lastSent = byte;
    if (this.waiting === "nothing") this.#wires.request.set(false);
    return byte;
  }

  /**
   * The host sends a byte: a command or its parameter. Answers that it has not taken are dropped.
   *
   * @param byte 0 to 255
   */
  command(byte: number): void {
    const s = this.state;
    const pending = s.pendingCommand;
    this.#replies.clear();
    s.pendingCommand = 0;
    if (pending !== 0 && byte < FIRST_COMMAND) this.#parameter(pending, byte);
    else this.#execute(byte);
    this.refreshLines();
  }

  #execute(command: number): void {
    const s = this.state;
    switch (command) {
      case 0xed: // Lamps.
      case 0xf0: // Scan code set.
      case 0xf3: // Typematic rate and delay.
        s.pendingCommand = command;
        return this.#reply(ACK);
      case 0xee: // Echo.
        return this.#reply(0xee);
      case 0xf2: // Identify.
        return this.#reply(ACK, 0xab, 0x83);
      case 0xf4: // Enable.
        this.#clearKeys();
        s.scanning = true;
        return this.#reply(ACK);
      case 0xf5: // Set defaults and disable.
        this.#setDefaults();
        s.scanning = false;
        return this.#reply(ACK);
      case 0xf6: // Set defaults.
        this.#setDefaults();
        return this.#reply(ACK);
      case 0xf7: // Set 3, all keys: typematic;
      case 0xf8: // make and break;
      case 0xf9: // make only;
      case 0xfa: // typematic, make and break.
        s.keyTypes.fill(keyType(command - 0xf7));
        return this.#reply(ACK);
      case 0xfb: // Set 3, the keys that follow: typematic;
      case 0xfc: // make and break;
      case 0xfd: // make only.
        s.pendingCommand = command;
        return this.#reply(ACK);
      case 0xfe: // Resend.
        return this.#reply(s.lastSent);
      case 0xff: // Reset.
        this.#setDefaults();
        s.scanning = true;
        return this.#reply(ACK, SELF_TEST_PASSED);
      default:
        return this.#reply(RESEND);
    }
  }

  #parameter(command: number, value: number): void {
    const s = this.state;
    switch (command) {
      case 0xed:
        s.leds = value & 7;
        return this.#reply(ACK);
      case 0xf0:
        if (value === 0) return this.#reply(ACK, s.scanSet);
        if (value > 3) return this.#reply(RESEND);
        s.scanSet = value;
        this.#clearKeys();
        return this.#reply(ACK);
      case 0xf3:
        s.typematic = value & 0x7f;
        return this.#reply(ACK);
      default: // 0xfb–0xfd: one key after the other, until a command ends the list.
        s.keyTypes[value] = keyType(command - 0xfb);
        s.pendingCommand = command;
        return this.#reply(ACK);
    }
  }

  #setDefaults(): void {
    const s = this.state;
    s.scanSet = 2;
    s.leds = 0;
    s.typematic = TYPEMATIC_DEFAULT;
    s.keyTypes.set(defaultKeyTypes());
    this.#clearKeys();
  }

  #clearKeys(): void {
    const s = this.state;
    this.#keys.clear();
    s.overrun = false;
    s.prefix = 0;
    s.breaking = false;
    s.keysDown.fill(0);
  }

  #reply(...bytes: number[]): void {
    for (const byte of bytes) this.#replies.push(byte);
  }

  #queue(byte: number): void {
    const s = this.state;
    if (this.#keys.length < KEYBOARD_BUFFER_BYTES) {
      s.overrun = false;
      this.#keys.push(byte);
      return;
    }
    if (!s.overrun) this.#keys.push(s.scanSet === 1 ? 0xff : 0x00);
    s.overrun = true;
    s.keysLost += 1;
    if (this.#wires.events.on) this.#wires.events.emit("key-lost", byte);
  }

  #receiveSet3(byte: number): void {
    const s = this.state;
    if (byte === 0xe0 || byte === 0xe1) {
      s.prefix = byte;
      return;
    }
    const key = set3FromSet2(s.prefix, byte);
    // Pause is 0xe1 and two codes; the first stands for nothing.
    if (s.prefix !== 0xe1 || key !== null) s.prefix = 0;
    if (key === null) return;
    const type = s.keyTypes[key]!;
    const cell = key >> 3;
    const bit = 1 << (key & 7);
    if (s.breaking) {
      s.keysDown[cell]! &= ~bit;
      if (!(type & KEY_BREAKS)) return;
      this.#queue(BREAK_PREFIX);
      this.#queue(key);
      return;
    }
    const isRepeat = (s.keysDown[cell]! & bit) !== 0;
    s.keysDown[cell]! |= bit;
    if (!isRepeat || (type & KEY_TYPEMATIC)) this.#queue(key);
  }
}

/** Key types in the order of commands 0xf7–0xfa and 0xfb–0xfd. */
function keyType(index: number): number {
  return [KEY_TYPEMATIC, KEY_BREAKS, 0, KEY_TYPEMATIC | KEY_BREAKS][index]!;
}
