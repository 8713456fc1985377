/**
 * Programs for the VGA's registers, the CRT controller above all.
 *
 * @module
 */

import {
  MODE3_ATTRIBUTE,
  MODE3_CRTC,
  MODE3_GRAPHICS,
  MODE3_MISC_OUTPUT,
  MODE3_SEQUENCER,
} from "../../../src/hw/vga_mode3.ts";
import {
  byte,
  type Generator,
  type Operation,
  pick,
  read,
  weighted,
  write,
} from "../program.ts";

/** Makes programs for the VGA. */
export function crtcGenerator(): Generator {
  return {
    // As a video BIOS sets mode 3, but for a palette in which each component tells its place.
    setup: () => [
      write(0x3c2, MODE3_MISC_OUTPUT),
      ...MODE3_SEQUENCER.flatMap((value, i) => [
        write(0x3c4, i),
        write(0x3c5, value),
      ]),
      write(0x3d4, 0x11),
      write(0x3d5, 0x00),
      ...MODE3_CRTC.flatMap((value, i) => [
        write(0x3d4, i),
        write(0x3d5, value),
      ]),
      ...MODE3_GRAPHICS.flatMap((value, i) => [
        write(0x3ce, i),
        write(0x3cf, value),
      ]),
      read(0x3da),
      ...MODE3_ATTRIBUTE.flatMap((value, i) => [
        write(0x3c0, i),
        write(0x3c0, value),
      ]),
      write(0x3c0, 0x20),
      write(0x3c8, 0x00),
      ...Array.from({ length: 768 }, (_, i) => write(0x3c9, i % 61)),
      write(0x3c7, 0x00),
      write(0x3c8, 0x00),
    ],
    next(random) {
      const crtc = () => random.below(0x19);
      return weighted<Operation[]>(random, [
        [20, () => [
          write(0x3d4, crtc()),
          write(0x3d5, byte(random)),
          read(0x3d5),
        ]],
        [36, () => [write(0x3d4, crtc()), read(0x3d5)]],
        [4, () => [write(0x3d5, byte(random)), read(0x3d5), read(0x3d4)]],
        [6, () => [write(0x3d4, 0x11), write(0x3d5, byte(random))]],
        [1, () => [write(0x3d4, byte(random)), read(0x3d4)]],
        [1, () => [read(0x3da)]],
        // The attribute controller, in step or out of it.
        [6, () => [
          write(0x3c0, byte(random) & 0x3f),
          write(0x3c0, byte(random)),
          read(0x3c1),
        ]],
        [3, () => [write(0x3c0, byte(random))]],
        [6, () => [read(0x3c1)]],
        [1, () => [read(0x3c0)]],
        [6, () => [
          write(0x3c4, pick(random, [0, 1, 2, 3, 4])),
          write(0x3c5, byte(random)),
          read(0x3c5),
        ]],
        [6, () => [
          write(0x3ce, byte(random)),
          write(0x3cf, byte(random)),
          read(0x3cf),
          read(0x3ce),
        ]],
        [3, () => [
          write(0x3c8, random.below(8)),
          ...Array.from(
            { length: 1 + random.below(7) },
            () => write(0x3c9, random.below(64)),
          ),
          read(0x3c8),
        ]],
        [3, () => [
          write(0x3c7, random.below(8)),
          read(0x3c7),
          ...Array.from({ length: 1 + random.below(7) }, () => read(0x3c9)),
        ]],
        [1, () => [write(0x3da, byte(random)), read(0x3ca)]],
        [1, () => [write(0x3c6, byte(random)), read(0x3c6)]],
        [1, () => [read(0x3c2)]],
        // Monochrome addresses and back.
        [1, () => [
          write(0x3c2, byte(random) & 0xfe),
          read(0x3cc),
          write(0x3b4, crtc()),
          write(0x3d4, crtc()),
          read(0x3b5),
          read(0x3d5),
          write(0x3c2, byte(random) | 1),
          read(0x3d5),
        ]],
      ]);
    },
  };
}
