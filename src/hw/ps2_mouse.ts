/**
 * The mouse: a PS/2 mouse with three buttons, and a wheel for a host that knows how to ask for it.
 *
 * Source: IBM PS/2 Hardware Interface Technical Reference, "Mouse"; for the wheel Microsoft's IntelliMouse protocol:
 * sample rates 200, 100, 80 make it identify as 3, and 200, 200, 80 as 4, with five buttons.
 *
 * *Not modelled*: the time between samples (movement is sent as soon as it comes and fits); the half second of the
 * self-test, and the 0xaa and 0x00 that follow power-on; refusal of rates and resolutions that a mouse does not have.
 *
 * @module
 */

import { ByteFifo, type ByteFifoState, byteFifoState } from "../base/fifo.ts";
import type { Line } from "../base/line.ts";
import { copyStateInto } from "../base/state_tree.ts";
import type { Ps2Device, Ps2Waiting } from "./ps2_device.ts";

/** Bytes that the mouse buffers. */
export const MOUSE_BUFFER_BYTES = 16;

/** Left button. */
export const MOUSE_LEFT = 0x01;
/** Right button. */
export const MOUSE_RIGHT = 0x02;
/** Middle button. */
export const MOUSE_MIDDLE = 0x04;

/** Acknowledge. */
const ACK = 0xfa;
/** The command was not understood. */
const RESEND = 0xfe;
/** Nor was the one after it. */
const FAILURE = 0xfc;
/** What one packet carries at most, in counts. */
const STEP_MIN = -256;
const STEP_MAX = 255;

/** The state of a {@linkcode Ps2Mouse}. */
export interface Ps2MouseState {
  /** Whether movement is reported in stream mode. */
  enabled: boolean;
  /** Remote mode: movement is reported when polled only. */
  remote: boolean;
  /** 2:1 scaling. */
  scaling: boolean;
  /** Wrap mode: bytes of the host come back. */
  wrap: boolean;
  /** Resolution as the host gave it: 0–3 for 1, 2, 4, 8 counts/mm. */
  resolution: number;
  /** Sample rate, per second. */
  sampleRate: number;
  /** Identity: 0, with wheel 3, with five buttons 4. */
  type: number;
  /** The two sample rates before the last. */
  readonly rates: number[];
  /** The command that waits for its parameter, or 0. */
  pendingCommand: number;
  /** Whether the last command was not understood. */
  refused: boolean;
  /** The last byte sent. */
  lastSent: number;
  /** Counts to the right not yet reported. */
  dx: number;
  /** Counts up not yet reported. */
  dy: number;
  /** Steps of the wheel towards the user not yet reported. */
  dz: number;
  /** Buttons that are down: left 1, right 2, middle 4, fourth 8, fifth 16. */
  buttons: number;
  /** Whether a button has changed since the last packet. */
  changed: boolean;
  /** Answers and packets. */
  readonly queue: ByteFifoState;
}

/**
 * The power-on state: stream mode, disabled, 4 counts/mm, 100 samples/s.
 *
 * @returns a fresh state
 */
export function ps2MouseState(): Ps2MouseState {
  return {
    enabled: false,
    remote: false,
    scaling: false,
    wrap: false,
    resolution: 2,
    sampleRate: 100,
    type: 0,
    rates: [0, 0],
    pendingCommand: 0,
    refused: false,
    lastSent: 0,
    dx: 0,
    dy: 0,
    dz: 0,
    buttons: 0,
    changed: false,
    queue: byteFifoState(MOUSE_BUFFER_BYTES),
  };
}

/** A mouse. */
export class Ps2Mouse implements Ps2Device {
  /** All there is to save. */
  readonly state: Ps2MouseState;
  readonly #request: Line;
  readonly #queue: ByteFifo;

  /**
   * A mouse over its state.
   *
   * @param wires `request` is high while there is a byte for the controller
   * @param state fresh from {@linkcode ps2MouseState}, or restored
   */
  constructor(
    wires: { readonly request: Line },
    state: Ps2MouseState = ps2MouseState(),
  ) {
    this.#request = wires.request;
    this.state = state;
    this.#queue = new ByteFifo(state.queue);
  }

  /** The power-on state. */
  reset(): void {
    copyStateInto(this.state, ps2MouseState());
    this.refreshLines();
  }

  /** Drives the request line from the state. */
  refreshLines(): void {
    this.#request.set(this.waiting !== "nothing");
  }

  /**
   * The mouse is moved, or a button changes. A disabled mouse notices buttons only.
   *
   * @param dx counts to the right
   * @param dy counts up
   * @param buttons that are down after it: left 1, right 2, middle 4, fourth 8, fifth 16
   * @param dz steps of the wheel towards the user
   */
  move(dx: number, dy: number, buttons: number, dz = 0): void {
    const s = this.state;
    const down = buttons & 0x1f;
    if (down !== s.buttons) s.changed = true;
    s.buttons = down;
    if (s.enabled || s.remote) {
      s.dx = clamp(s.dx + dx);
      s.dy = clamp(s.dy + dy);
      s.dz = s.type === 0 ? 0 : clamp(s.dz + dz);
    }
    this.#stream();
    this.refreshLines();
  }

  /** Answers and packets share one queue; the controller need not tell them apart. */
  get waiting(): Ps2Waiting {
    return this.state.queue.length > 0 ? "data" : "nothing";
  }

  /** Gives the controller the next byte; the room is used for movement that waits. */
  take(): number | null {
    const byte = this.#queue.pop();
    if (byte !== null) this.state.lastSent = byte;
    this.#stream();
    if (this.waiting === "nothing") this.#request.set(false);
    return byte;
  }

  /**
   * The host sends a byte: a command or its parameter.
   *
   * @param byte 0 to 255
   */
  command(byte: number): void {
    const s = this.state;
    const pending = s.pendingCommand;
    s.pendingCommand = 0;
    if (pending === 0xe8) {
      s.resolution = byte;
      this.#reply(ACK);
    } else if (pending === 0xf3) this.#setSampleRate(byte);
    else if (s.wrap && byte !== 0xec && byte !== 0xff) this.#reply(byte);
    else this.#execute(byte);
    this.refreshLines();
  }

  #execute(command: number): void {
    const s = this.state;
    const refusedBefore = s.refused;
    s.refused = false;
    switch (command) {
      case 0xe6: // Scaling 1:1.
      case 0xe7: // Scaling 2:1.
        s.scaling = command === 0xe7;
        return this.#reply(ACK);
      case 0xe8: // Resolution.
      case 0xf3: // Sample rate.
        s.pendingCommand = command;
        return this.#reply(ACK);
      case 0xe9: // Status.
        return this.#reply(ACK, this.#status(), s.resolution, s.sampleRate);
      case 0xea: // Stream mode.
      case 0xf0: // Remote mode.
        s.remote = command === 0xf0;
        return this.#reply(ACK);
      case 0xeb: // Poll.
        if (!this.#hasRoom(1 + this.#packetBytes)) return;
        this.#reply(ACK);
        this.#sendPacket();
        return;
      case 0xec: // Wrap mode off.
      case 0xee: // Wrap mode on.
        s.wrap = command === 0xee;
        return this.#reply(ACK);
      case 0xf2: // Identify.
        return this.#reply(ACK, s.type);
      case 0xf4: // Enable.
      case 0xf5: // Disable.
        s.enabled = command === 0xf4;
        return this.#reply(ACK);
      case 0xf6: // Set defaults.
        this.#setDefaults();
        return this.#reply(ACK);
      case 0xfe: // Resend.
        return this.#reply(s.lastSent);
      case 0xff: // Reset.
        this.#setDefaults();
        s.wrap = false;
        s.type = 0;
        this.#queue.clear();
        return this.#reply(ACK, 0xaa, s.type);
      default:
        s.refused = !refusedBefore;
        return this.#reply(refusedBefore ? FAILURE : RESEND);
    }
  }

  #setDefaults(): void {
    const s = this.state;
    s.enabled = s.remote = s.scaling = false;
    s.resolution = 2;
    s.sampleRate = 100;
    s.dx = s.dy = s.dz = 0;
  }

  #setSampleRate(rate: number): void {
    const s = this.state;
    s.sampleRate = rate;
    const [first, second] = s.rates;
    if (first === 200 && rate === 80) {
      if (second === 100) s.type = 3;
      else if (second === 200) s.type = 4;
    }
    s.rates[0] = second!;
    s.rates[1] = rate;
    this.#reply(ACK);
  }

  get #packetBytes(): number {
    return this.state.type === 0 ? 3 : 4;
  }

  #hasRoom(bytes: number): boolean {
    return this.#queue.length + bytes <= MOUSE_BUFFER_BYTES;
  }

  /** An answer that does not fit is dropped whole. */
  #reply(...bytes: number[]): void {
    if (!this.#hasRoom(bytes.length)) return;
    for (const byte of bytes) this.#queue.push(byte);
  }

  /** In the status the middle button stands between the others. */
  #status(): number {
    const { remote, enabled, scaling, buttons } = this.state;
    return (remote ? 0x40 : 0) | (enabled ? 0x20 : 0) | (scaling ? 0x10 : 0) |
      ((buttons & MOUSE_LEFT) << 2) | ((buttons & MOUSE_MIDDLE) >> 1) |
      ((buttons & MOUSE_RIGHT) >> 1);
  }

  /** In stream mode, packets as long as something has happened and there is room. */
  #stream(): void {
    const s = this.state;
    if (!s.enabled || s.remote) return;
    while ((s.dx || s.dy || s.dz || s.changed) && this.#sendPacket()) {
      // Each packet takes a step of the movement away, so this ends.
    }
  }

  #sendPacket(): boolean {
    const s = this.state;
    if (!this.#hasRoom(this.#packetBytes)) return false;
    const dx = step(s.dx, STEP_MIN, STEP_MAX);
    const dy = step(s.dy, STEP_MIN, STEP_MAX);
    const dz = s.type === 4 ? step(s.dz, -8, 7) : step(s.dz, -128, 127);
    s.dx -= dx;
    s.dy -= dy;
    s.dz -= dz;
    s.changed = false;
    const [x, y] = s.scaling && !s.remote ? [scale(dx), scale(dy)] : [dx, dy];
    this.#queue.push(
      0x08 | (s.buttons & 7) | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0) |
        (x < STEP_MIN || x > STEP_MAX ? 0x40 : 0) |
        (y < STEP_MIN || y > STEP_MAX ? 0x80 : 0),
    );
    this.#queue.push(x & 0xff);
    this.#queue.push(y & 0xff);
    if (s.type === 3) this.#queue.push(dz & 0xff);
    if (s.type === 4) this.#queue.push((dz & 0x0f) | ((s.buttons & 0x18) << 1));
    return true;
  }
}

const step = (value: number, min: number, max: number) =>
  Math.min(max, Math.max(min, value));

/** A movement nobody reads cannot grow without bound. */
const clamp = (value: number) => step(value, -0x1_0000, 0x1_0000);

/** "Mouse", the table of 2:1 scaling. */
function scale(count: number): number {
  const size = Math.abs(count);
  const scaled = size <= 5 ? [0, 1, 1, 3, 6, 9][size]! : 2 * size;
  return count < 0 ? -scaled : scaled;
}
