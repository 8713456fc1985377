/**
 * The VGA in a text mode: a window of 32 KiB at 0xb8000, and the registers that decide what is shown of it.
 *
 * Source: IBM VGA Technical Reference, "Registers": general, sequencer, CRT controller, graphics controller, attribute
 * controller, digital-to-analog converter. QEMU for what the manual leaves out.
 *
 * Ports: 0x3c0–0x3cf; 0x3b4, 0x3b5, 0x3ba while bit 0 of the miscellaneous output register is 0, and 0x3d4, 0x3d5,
 * 0x3da while it is 1. Memory: 0xb8000–0xbffff.
 *
 * Reads with side effects: 0x3da resets the flip-flop of 0x3c0; 0x3c9 steps to the next component.
 *
 * *Not modelled*: planes and graphics modes (the window is there, a character and an attribute per cell, whatever the
 * sequencer and the graphics controller say), loaded fonts, input status 0's sense and interrupt bits (0), CRT
 * controller registers above 0x18 and sequencer registers above 0x04 (an empty bus), the one address register that
 * reads and writes of the palette share on some chips, PCI and VBE. See also {@linkcode vgaStatus1} and
 * {@linkcode vgaText}.
 *
 * @module
 */

import { type EventSink, NO_EVENTS } from "../base/events.ts";
import { copyStateInto } from "../base/state_tree.ts";
import type { Now } from "../base/alarm.ts";
import type { PortDevice } from "./io_bus.ts";
import type { MmioDevice, MmioWidth } from "./mmio.ts";
import { vgaStatus1 } from "./vga_raster.ts";
import {
  type VgaCell,
  vgaCells,
  type VgaCursor,
  vgaCursor,
  vgaText,
} from "./vga_screen.ts";
import {
  VGA_WINDOW_ADDRESS,
  VGA_WINDOW_BYTES,
  type VgaState,
  vgaState,
} from "./vga_state.ts";

export { VGA_WINDOW_ADDRESS, VGA_WINDOW_BYTES, vgaState };
export type { VgaState };
export * from "./vga_screen.ts";

/** The ranges of ports, first and last, that the VGA owns. */
export const VGA_PORTS: readonly (readonly [number, number])[] = [
  [0x3b4, 0x3b5],
  [0x3ba, 0x3ba],
  [0x3c0, 0x3cf],
  [0x3d4, 0x3d5],
  [0x3da, 0x3da],
];

/** Bits that exist in the sequencer's registers; the others read 0. */
const SEQUENCER_MASKS = [0x03, 0x3d, 0x0f, 0x3f, 0x0e] as const;

/** Bits that exist in the graphics controller's registers. */
// deno-fmt-ignore
const GRAPHICS_MASKS = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff] as const;

/** Bits that exist in the attribute controller's registers 0x10–0x14; the palette has six. */
const ATTRIBUTE_MASKS = [0xef, 0xff, 0x3f, 0x0f, 0x0f] as const;

/** CRT controller register 0x11 bit 7: registers 0x00–0x07 refuse writes. */
const CR11_PROTECT = 0x80;

/** CRT controller register 0x07 bit 4, line compare's bit 8, is exempt from the protection. */
const CR07_LINE_COMPARE = 0x10;

/**
 * The display adapter.
 *
 * @example
 * ```ts
 * import { Vga } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const vga = new Vga({ clock: { clk: 0 } });
 * vga.writeMmio(0, 0x0b48, 2); // "H", light cyan on black.
 * vga.writeMmio(2, 0x0b69, 2);
 * assertEquals(vga.screenText()[0], "Hi");
 * assertEquals(vga.cells()[1], { byte: 0x69, attribute: 0x0b });
 * ```
 */
export class Vga implements PortDevice, MmioDevice {
  /** All there is to save. */
  readonly state: VgaState;
  readonly #clock: Now;
  readonly #events: EventSink;

  /**
   * Plugs the card in.
   *
   * @param wires the clock that moves the beam, and who hears of functions that are not modelled
   * @param state mode 3 by default, or restored
   */
  constructor(
    wires: { readonly clock: Now; readonly events?: EventSink },
    state: VgaState = vgaState(),
  ) {
    this.#clock = wires.clock;
    this.#events = wires.events ?? NO_EVENTS;
    this.state = state;
  }

  /** Back to power-on: mode 3, the screen clear. */
  reset(): void {
    copyStateInto(this.state, vgaState());
  }

  /** Nothing to drive: the VGA has no output line. */
  refreshLines(): void {}

  /** The 25 × 80 cells on the screen, row by row. */
  cells(): VgaCell[] {
    return vgaCells(this.state);
  }

  /** The screen's 25 lines in Unicode, without the blanks at their ends. */
  screenText(): string[] {
    return vgaText(this.state);
  }

  /** Shape and place of the cursor. */
  cursor(): VgaCursor {
    return vgaCursor(this.state);
  }

  /** Reads text memory. */
  readMmio(offset: number, bytes: MmioWidth): number {
    const t = this.state.text;
    if (bytes === 1) return t[offset]!;
    const half = t[offset]! | t[offset + 1]! << 8;
    if (bytes === 2) return half;
    return (half | t[offset + 2]! << 16 | t[offset + 3]! << 24) >>> 0;
  }

  /** Writes text memory. */
  writeMmio(offset: number, value: number, bytes: MmioWidth): void {
    const t = this.state.text;
    t[offset] = value;
    if (bytes === 1) return;
    t[offset + 1] = value >>> 8;
    if (bytes === 2) return;
    t[offset + 2] = value >>> 16;
    t[offset + 3] = value >>> 24;
  }

  /** Reads a register. */
  readPort(port: number): number {
    const s = this.state;
    switch (port) {
      case 0x3c0:
        return s.attributeIndex;
      case 0x3c1:
        return s.attribute[s.attributeIndex & 0x1f] ?? 0;
      case 0x3c2: // Input status 0.
        return 0;
      case 0x3c4:
        return s.sequencerIndex;
      case 0x3c5:
        return s.sequencer[s.sequencerIndex] ?? this.#empty(port);
      case 0x3c6:
        return s.dacMask;
      case 0x3c7:
        return s.dacMode;
      case 0x3c8:
        return s.dacWriteIndex;
      case 0x3c9:
        return this.#readDac();
      case 0x3ca:
        return s.featureControl;
      case 0x3cc:
        return s.miscOutput;
      case 0x3ce:
        return s.graphicsIndex;
      case 0x3cf:
        return s.graphics[s.graphicsIndex] ?? 0;
    }
    const role = this.#crtcRole(port);
    if (role === 4) return s.crtcIndex;
    if (role === 5) return s.crtc[s.crtcIndex] ?? this.#empty(port);
    if (role === 0xa) {
      s.attributeData = false;
      return vgaStatus1(s, this.#clock.clk);
    }
    return 0xff;
  }

  /** Writes a register. */
  writePort(port: number, value: number): void {
    const s = this.state;
    switch (port) {
      case 0x3c0:
        this.#writeAttribute(value);
        return;
      case 0x3c2:
        s.miscOutput = value & 0xef; // Bit 4 is reserved.
        return;
      case 0x3c4:
        s.sequencerIndex = value & 7;
        return;
      case 0x3c5: {
        const mask = SEQUENCER_MASKS[s.sequencerIndex];
        if (mask === undefined) this.#unmodelled(port, value, 1);
        else s.sequencer[s.sequencerIndex] = value & mask;
        return;
      }
      case 0x3c6:
        s.dacMask = value;
        return;
      case 0x3c7:
        s.dacReadIndex = value;
        s.dacComponent = 0;
        s.dacMode = 3;
        return;
      case 0x3c8:
        s.dacWriteIndex = value;
        s.dacComponent = 0;
        s.dacMode = 0;
        return;
      case 0x3c9:
        this.#writeDac(value);
        return;
      case 0x3ce:
        s.graphicsIndex = value & 0xf;
        return;
      case 0x3cf: {
        const mask = GRAPHICS_MASKS[s.graphicsIndex];
        if (mask !== undefined) s.graphics[s.graphicsIndex] = value & mask;
        return;
      }
    }
    const role = this.#crtcRole(port);
    if (role === 4) s.crtcIndex = value;
    else if (role === 5) this.#writeCrtc(port, value);
    else if (role === 0xa) s.featureControl = value & 0x08; // Vertical sync select.
  }

  /** The last digit of 0x3bx or 0x3dx where the miscellaneous output register selects that half, or −1. */
  #crtcRole(port: number): number {
    const selected = this.state.miscOutput & 1 ? 0x3d0 : 0x3b0;
    return (port & 0x3f0) === selected ? port & 0xf : -1;
  }

  #writeCrtc(port: number, value: number): void {
    const s = this.state;
    const i = s.crtcIndex;
    if (i >= s.crtc.length) this.#unmodelled(port, value, 1);
    else if (i > 7 || !(s.crtc[0x11]! & CR11_PROTECT)) s.crtc[i] = value;
    else if (i === 7) {
      s.crtc[7] = s.crtc[7]! & ~CR07_LINE_COMPARE | value & CR07_LINE_COMPARE;
    }
  }

  #writeAttribute(value: number): void {
    const s = this.state;
    if (s.attributeData) {
      const i = s.attributeIndex & 0x1f;
      const mask = i < 0x10 ? 0x3f : ATTRIBUTE_MASKS[i - 0x10] ?? 0;
      if (i < s.attribute.length) s.attribute[i] = value & mask;
    } else s.attributeIndex = value & 0x3f;
    s.attributeData = !s.attributeData;
  }

  #readDac(): number {
    const s = this.state;
    const value = s.palette[3 * s.dacReadIndex + s.dacComponent]!;
    s.dacComponent = (s.dacComponent + 1) % 3;
    if (s.dacComponent === 0) s.dacReadIndex = (s.dacReadIndex + 1) & 0xff;
    return value;
  }

  #writeDac(value: number): void {
    const s = this.state;
    s.dacPending[s.dacComponent] = value & 0x3f;
    s.dacComponent = (s.dacComponent + 1) % 3;
    if (s.dacComponent !== 0) return;
    s.palette.set(s.dacPending, 3 * s.dacWriteIndex);
    s.dacWriteIndex = (s.dacWriteIndex + 1) & 0xff;
  }

  #empty(port: number): number {
    this.#unmodelled(port, 0xff, 0);
    return 0xff;
  }

  #unmodelled(port: number, value: number, write: 0 | 1): void {
    if (this.#events.on) this.#events.emit("unmodelled", port, value, write);
  }
}
