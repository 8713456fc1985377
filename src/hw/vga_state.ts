/**
 * The state of the VGA: text memory and registers.
 *
 * @module
 */

import {
  MODE3_ATTRIBUTE,
  MODE3_ATTRIBUTE_INDEX,
  MODE3_CRTC,
  MODE3_GRAPHICS,
  MODE3_MISC_OUTPUT,
  MODE3_SEQUENCER,
  mode3Palette,
} from "./vga_mode3.ts";

/** Where the window of text memory lies in physical memory. */
export const VGA_WINDOW_ADDRESS = 0xb8000;

/** Bytes of the window. */
export const VGA_WINDOW_BYTES = 0x8000;

/** State of the VGA. Registers are numbered as in the IBM manual. */
export interface VgaState {
  /** The window at 0xb8000: a character byte, then its attribute byte, cell by cell. */
  readonly text: Uint8Array;
  /** Miscellaneous output register, written at 0x3c2, read at 0x3cc. */
  miscOutput: number;
  /** Feature control register, written at 0x3da, read at 0x3ca. */
  featureControl: number;
  /** CRT controller address register, all 8 bits. */
  crtcIndex: number;
  /** CRT controller registers 0x00–0x18. */
  readonly crtc: Uint8Array;
  /** Sequencer address register, 0 to 7. */
  sequencerIndex: number;
  /** Sequencer registers 0x00–0x04. */
  readonly sequencer: Uint8Array;
  /** Graphics controller address register, 0 to 15. */
  graphicsIndex: number;
  /** Graphics controller registers 0x00–0x08. */
  readonly graphics: Uint8Array;
  /** Attribute controller address register, 6 bits; bit 5 connects the palette. */
  attributeIndex: number;
  /** The flip-flop of port 0x3c0: whether the next write goes to the data register. */
  attributeData: boolean;
  /** Attribute controller registers 0x00–0x14. */
  readonly attribute: Uint8Array;
  /** PEL mask, 8 bits: ANDed with each colour number on its way to the palette. */
  dacMask: number;
  /** Palette entry that the next reads at 0x3c9 give. */
  dacReadIndex: number;
  /** Palette entry that the next writes at 0x3c9 fill. */
  dacWriteIndex: number;
  /** 0 red, 1 green, 2 blue: the component that 0x3c9 is at. */
  dacComponent: number;
  /** 3 after a write to the read address, 0 after one to the write address. */
  dacMode: number;
  /** Components written but not yet stored: an entry is stored with its third byte. */
  readonly dacPending: Uint8Array;
  /** 256 entries of red, green and blue, 6 bits each. */
  readonly palette: Uint8Array;
}

/**
 * Makes the power-on state: mode 3 as a BIOS leaves it, text memory filled with blanks in light grey on black.
 *
 * @returns a fresh state
 */
export function vgaState(): VgaState {
  const text = new Uint8Array(VGA_WINDOW_BYTES);
  for (let i = 0; i < text.length; i += 2) {
    text[i] = 0x20;
    text[i + 1] = 0x07;
  }
  return {
    text,
    miscOutput: MODE3_MISC_OUTPUT,
    featureControl: 0,
    crtcIndex: 0,
    crtc: Uint8Array.from(MODE3_CRTC),
    sequencerIndex: 0,
    sequencer: Uint8Array.from(MODE3_SEQUENCER),
    graphicsIndex: 0,
    graphics: Uint8Array.from(MODE3_GRAPHICS),
    attributeIndex: MODE3_ATTRIBUTE_INDEX,
    attributeData: false,
    attribute: Uint8Array.from(MODE3_ATTRIBUTE),
    dacMask: 0xff,
    dacReadIndex: 0,
    dacWriteIndex: 0,
    dacComponent: 0,
    dacMode: 0,
    dacPending: new Uint8Array(3),
    palette: mode3Palette(),
  };
}
