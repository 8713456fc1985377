import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
} from "@std/assert";
import fc from "fast-check";
import { CLK_HZ } from "../base/time.ts";
import { EventLog, NO_EVENTS } from "../base/events.ts";
import { cloneState, copyStateInto } from "../base/state_tree.ts";
import { IoBus } from "./io_bus.ts";
import { Vga, VGA_PORTS, VGA_WINDOW_BYTES, vgaState } from "./vga.ts";
import { vgaRaster } from "./vga_raster.ts";
import { vgaBlanked, vgaColors, vgaRgb } from "./vga_screen.ts";

interface Bench {
  clock: { clk: number };
  vga: Vga;
  out(port: number, value: number): void;
  in(port: number): number;
  crtc(index: number, value?: number): number;
  attribute(index: number, value?: number): number;
}

function bench(state = vgaState()): Bench {
  const clock = { clk: 0 };
  const vga = new Vga({ clock }, state);
  const bus = new IoBus(NO_EVENTS);
  for (const [first, last] of VGA_PORTS) bus.attach(first, last, vga);
  const indexed =
    (index: number, data: number) => (register: number, value?: number) => {
      bus.write(index, register, 1);
      if (value !== undefined) bus.write(data, value, 1);
      return bus.read(data, 1);
    };
  return {
    clock,
    vga,
    out: (port, value) => bus.write(port, value, 1),
    in: (port) => bus.read(port, 1),
    crtc: indexed(0x3d4, 0x3d5),
    attribute(register, value) {
      bus.read(0x3da, 1);
      bus.write(0x3c0, register, 1);
      if (value !== undefined) bus.write(0x3c0, value, 1);
      return bus.read(0x3c1, 1);
    },
  };
}

const put = (vga: Vga, row: number, column: number, text: string, a = 7) => {
  for (let i = 0; i < text.length; i++) {
    const cell = text.charCodeAt(i) | a << 8;
    vga.writeMmio(2 * (80 * row + column + i), cell, 2);
  }
};

// Power-on.

Deno.test("Vga shows a clear screen of 25 rows when powered on", () => {
  const { vga } = bench();
  assertEquals(vga.screenText(), new Array(25).fill(""));
  const cells = vga.cells();
  assertEquals(cells.length, 2000);
  assert(cells.every((c) => c.byte === 0x20 && c.attribute === 0x07));
});

Deno.test("Vga holds mode 3's graphics registers, and no feature, when powered on", () => {
  const b = bench();
  const graphics = Array.from({ length: 9 }, (_, i) => {
    b.out(0x3ce, i);
    return b.in(0x3cf);
  });
  assertEquals(graphics, [0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff]);
  assertEquals(b.in(0x3ca), 0);
  b.out(0x3da, 0xff);
  assertEquals(b.in(0x3ca), 8);
  assertEquals(VGA_WINDOW_BYTES, 32 * 1024);
});

Deno.test("Vga holds mode 3's registers when powered on", () => {
  const b = bench();
  // IBM VGA Technical Reference, mode 3+ (720 × 400).
  const rows: [string, () => number, number][] = [
    ["miscellaneous output", () => b.in(0x3cc), 0x67],
    ["horizontal total", () => b.crtc(0x00), 0x5f],
    ["vertical total", () => b.crtc(0x06), 0xbf],
    ["overflow", () => b.crtc(0x07), 0x1f],
    ["maximum scan line", () => b.crtc(0x09), 0x4f],
    ["cursor start", () => b.crtc(0x0a), 0x0d],
    ["cursor end", () => b.crtc(0x0b), 0x0e],
    ["vertical retrace end", () => b.crtc(0x11), 0x8e],
    ["vertical display end", () => b.crtc(0x12), 0x8f],
    ["offset", () => b.crtc(0x13), 0x28],
    ["mode control", () => b.crtc(0x17), 0xa3],
    ["line compare", () => b.crtc(0x18), 0xff],
    ["palette 6, brown", () => b.attribute(0x06), 0x14],
    ["attribute mode: blink, line graphics", () => b.attribute(0x10), 0x0c],
  ];
  for (const [name, read, expected] of rows) {
    assertEquals(read(), expected, name);
  }
});

// The window.

Deno.test("readMmio() and writeMmio() are little-endian in each width", () => {
  const { vga } = bench();
  vga.writeMmio(0, 0x4433_2211, 4);
  assertEquals([0, 1, 2, 3].map((i) => vga.readMmio(i, 1)), [
    0x11,
    0x22,
    0x33,
    0x44,
  ]);
  assertEquals(vga.readMmio(1, 2), 0x3322);
  vga.writeMmio(0x7ffc, 0xfedc_ba98, 4);
  assertEquals(vga.readMmio(0x7ffc, 4), 0xfedc_ba98);
  vga.writeMmio(2, 0xabcd_ef01, 2);
  assertEquals(vga.readMmio(0, 4), 0xef01_2211);
  vga.writeMmio(0, 0x1ff, 1);
  assertEquals(vga.readMmio(0, 2), 0x22ff);
});

Deno.test("writeMmio() equals byte writes when widths mix", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.nat(VGA_WINDOW_BYTES - 4),
          fc.nat(0xffff_ffff),
          fc.constantFrom(1 as const, 2 as const, 4 as const),
        ),
        { maxLength: 50 },
      ),
      (writes) => {
        const { vga } = bench();
        const naive = vga.state.text.slice();
        for (const [offset, value, bytes] of writes) {
          vga.writeMmio(offset, value, bytes);
          for (let i = 0; i < bytes; i++) naive[offset + i] = value >>> 8 * i;
          let read = 0;
          for (let i = 0; i < bytes; i++) read += naive[offset + i]! * 256 ** i;
          assertEquals(vga.readMmio(offset, bytes), read);
        }
        assertEquals(vga.state.text, naive);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("screenText() shows `New!` at row 20 when the book's word is written there", () => {
  const { vga } = bench();
  // "Paging Implementation", "Creating a new Mapping": 0xf021_f077_f065_f04e at byte 3200.
  vga.writeMmio(3200, 0xf065_f04e, 4);
  vga.writeMmio(3204, 0xf021_f077, 4);
  assertEquals(vga.screenText()[20], "New!");
  assertEquals(vga.cells()[20 * 80], { byte: 0x4e, attribute: 0xf0 });
});

Deno.test("screenText() is code page 437 with blanks cut at the end only", () => {
  const { vga } = bench();
  put(vga, 3, 0, "\x00a\x00b\xfe\x01 \x00\xff");
  assertEquals(vga.screenText()[3], " a b■☺");
});

// CRT controller.

Deno.test("CRT controller registers read back when written", () => {
  const b = bench();
  b.crtc(0x11, 0x0e); // Unprotect.
  for (let i = 0; i <= 0x18; i++) {
    if (i === 0x11) continue;
    for (const value of [0xaa, 0x55, 0xff, 0x00]) {
      assertEquals(b.crtc(i, value), value, `register ${i}`);
    }
  }
});

Deno.test("CRT controller register 0x0a gives 0xaa back when read through index and data", () => {
  const b = bench(); // The x86_64 crate's test port_read_write.
  b.out(0x3d4, 0x0a);
  b.out(0x3d5, 0xaa);
  assertEquals([b.in(0x3d4), b.in(0x3d5)], [0x0a, 0xaa]);
});

// "Vertical Retrace End Register", bit 7: protect R0-7.
Deno.test("CRT controller registers 0–7 refuse writes but line compare bit 8 when protected", () => {
  const b = bench();
  for (let i = 0; i < 7; i++) {
    const before = b.crtc(i);
    assertEquals(b.crtc(i, ~before & 0xff), before);
  }
  assertEquals(b.crtc(7, 0x00), 0x0f);
  assertEquals(b.crtc(7, 0xff), 0x1f);
  assertEquals(b.crtc(8, 0x12), 0x12);
  b.crtc(0x11, 0x0e);
  assertEquals(b.crtc(7, 0xff), 0xff);
});

Deno.test("CRT controller registers above 0x18 are an empty bus and an event", () => {
  const log = new EventLog({ clk: 0 });
  log.on = true;
  const vga = new Vga({ clock: { clk: 0 }, events: log });
  vga.writePort(0x3d4, 0x19);
  vga.writePort(0x3d5, 0x77);
  assertEquals(vga.readPort(0x3d5), 0xff);
  const seen = [...log].map((r) => [r.kind, r.a, r.b, r.c]);
  assertEquals(seen, [
    ["unmodelled", 0x3d5, 0x77, 1],
    ["unmodelled", 0x3d5, 0xff, 0],
  ]);
});

// "Miscellaneous Output Register", bit 0: I/O address select.
Deno.test("CRT controller moves to 0x3b4 when the miscellaneous output selects monochrome", () => {
  const b = bench();
  b.out(0x3d4, 0x0f);
  b.out(0x3d5, 0x42);
  b.out(0x3c2, 0x66);
  assertEquals([b.in(0x3d4), b.in(0x3d5), b.in(0x3da)], [0xff, 0xff, 0xff]);
  assertEquals([b.in(0x3b4), b.in(0x3b5)], [0x0f, 0x42]);
  b.out(0x3d5, 0x00);
  b.out(0x3b5, 0x43);
  b.out(0x3c2, 0x67);
  assertEquals([b.in(0x3b4), b.in(0x3d5)], [0xff, 0x43]);
});

Deno.test("screenText() starts at the start address, and wraps at the window's end", () => {
  const { vga, crtc } = bench();
  put(vga, 2, 0, "third");
  crtc(0x0d, 80);
  assertEquals(vga.screenText()[1], "third");
  crtc(0x0d, 162);
  assertEquals(vga.screenText()[0], "ird");
  put(vga, 0, 0, "first");
  crtc(0x0c, 0x3f);
  crtc(0x0d, 0xb0); // 80 cells before 0x4000.
  assertEquals(vga.screenText()[1], "first");
});

Deno.test("screenText() takes rows as far apart as the offset register says", () => {
  const { vga, crtc } = bench();
  put(vga, 2, 0, "here");
  crtc(0x13, 0x50);
  assertEquals(vga.screenText()[1], "here");
});

// "Cursor Start Register": bit 5 cursor off, bits 4-0 row scan cursor begins.
Deno.test("cursor() is where and as the registers say", () => {
  const { vga, crtc } = bench();
  const shape = { startLine: 13, endLine: 14 };
  assertEquals(vga.cursor(), { row: 0, column: 0, visible: true, ...shape });
  crtc(0x0e, 1999 >> 8);
  crtc(0x0f, 1999 & 0xff);
  assertEquals(vga.cursor(), { row: 24, column: 79, visible: true, ...shape });
  crtc(0x0d, 80); // The address counts from the memory's start, not the screen's.
  assertEquals(vga.cursor(), { row: 23, column: 79, visible: true, ...shape });
  crtc(0x0d, 0);
  crtc(0x0e, 2000 >> 8);
  crtc(0x0f, 2000 & 0xff);
  assertEquals(vga.cursor(), {
    row: null,
    column: null,
    visible: false,
    ...shape,
  });
  crtc(0x0e, 0);
  crtc(0x0f, 81);
  crtc(0x0a, 0x2d);
  assertEquals(vga.cursor(), { row: 1, column: 1, visible: false, ...shape });
  crtc(0x0a, 0x0f);
  assertEquals(vga.cursor().visible, false); // Starts below its end.
  crtc(0x0a, 0x0e);
  assertEquals(vga.cursor().visible, true); // One line high.
  crtc(0x0a, 0x00);
  crtc(0x0b, 0x1f);
  assertEquals(vga.cursor(), {
    row: 1,
    column: 1,
    visible: true,
    startLine: 0,
    endLine: 31,
  });
});

// Attribute controller.

Deno.test("port 0x3c0 alternates between address and data, and 0x3da resets it", () => {
  const b = bench();
  b.in(0x3da);
  b.out(0x3c0, 0x31);
  assertEquals(b.in(0x3c0), 0x31);
  b.out(0x3c0, 0x3f); // Data of register 0x11.
  assertEquals(b.in(0x3c1), 0x3f);
  b.out(0x3c0, 0x32); // Address.
  b.in(0x3da);
  b.out(0x3c0, 0x33); // Address again.
  b.out(0x3c0, 0x05);
  assertEquals(b.in(0x3c1), 0x05);
  assertEquals(b.attribute(0x12), 0x0f);
});

Deno.test("attribute controller registers keep the bits that exist", () => {
  const b = bench();
  const rows: [number, number][] = [
    [0x00, 0x3f],
    [0x0f, 0x3f],
    [0x10, 0xef],
    [0x11, 0xff],
    [0x12, 0x3f],
    [0x13, 0x0f],
    [0x14, 0x0f],
    [0x15, 0x00],
    [0x1f, 0x00],
  ];
  for (const [index, mask] of rows) {
    assertEquals(b.attribute(index, 0xff), mask, `register ${index}`);
    assertEquals(b.attribute(index, 0x00), 0x00);
  }
});

// "Attribute Mode Control Register", bit 3: select background intensity or enable blink.
Deno.test("vgaColors() takes bit 7 as blink or bright as the mode register's bit 3 says", () => {
  const { vga, attribute } = bench();
  assertEquals(vgaColors(vga.state, 0xf1), {
    foreground: 1,
    background: 7,
    blink: true,
  });
  attribute(0x10, 0x04);
  assertEquals(vgaColors(vga.state, 0xf1), {
    foreground: 1,
    background: 15,
    blink: false,
  });
});

Deno.test("vgaBlanked() when the palette is disconnected or the screen is off", () => {
  const b = bench();
  assertEquals(vgaBlanked(b.vga.state), false);
  b.in(0x3da);
  b.out(0x3c0, 0x00);
  assertEquals(vgaBlanked(b.vga.state), true);
  b.in(0x3da);
  b.out(0x3c0, 0x20);
  assertEquals(vgaBlanked(b.vga.state), false);
  b.out(0x3c4, 1);
  b.out(0x3c5, 0x20);
  assertEquals(vgaBlanked(b.vga.state), true);
});

// Palette.

Deno.test("vgaRgb() gives the 16 colours of a text mode", () => {
  const { vga } = bench();
  const expected = [
    [0x00, 0x00, 0x00],
    [0x00, 0x00, 0xaa],
    [0x00, 0xaa, 0x00],
    [0x00, 0xaa, 0xaa],
    [0xaa, 0x00, 0x00],
    [0xaa, 0x00, 0xaa],
    [0xaa, 0x55, 0x00],
    [0xaa, 0xaa, 0xaa],
    [0x55, 0x55, 0x55],
    [0x55, 0x55, 0xff],
    [0x55, 0xff, 0x55],
    [0x55, 0xff, 0xff],
    [0xff, 0x55, 0x55],
    [0xff, 0x55, 0xff],
    [0xff, 0xff, 0x55],
    [0xff, 0xff, 0xff],
  ];
  assertEquals(
    Array.from({ length: 16 }, (_, i) => vgaRgb(vga.state, i)),
    expected as [number, number, number][],
  );
});

Deno.test("the palette is written and read in threes, 6 bits each, stepping to the next entry", () => {
  const b = bench();
  b.out(0x3c8, 0xff);
  assertEquals([b.in(0x3c7), b.in(0x3c8)], [0, 0xff]);
  for (const v of [1, 2, 0xff, 4, 5]) b.out(0x3c9, v);
  assertEquals(b.in(0x3c8), 0); // Wrapped; entry 0 lacks its third byte.
  b.out(0x3c7, 0xff);
  assertEquals(b.in(0x3c7), 3);
  const read = Array.from({ length: 6 }, () => b.in(0x3c9));
  assertEquals(read, [1, 2, 0x3f, 0, 0, 0]);
  b.out(0x3c8, 0);
  for (const v of [9, 8, 7]) b.out(0x3c9, v);
  b.out(0x3c7, 0xff);
  const again = Array.from({ length: 6 }, () => b.in(0x3c9));
  assertEquals(again, [1, 2, 0x3f, 9, 8, 7]);
});

Deno.test("the PEL mask and the colour select register reach vgaRgb()", () => {
  const b = bench();
  b.out(0x3c6, 0x00);
  assertEquals(b.in(0x3c6), 0);
  assertEquals(vgaRgb(b.vga.state, 15), [0, 0, 0]);
  b.out(0x3c6, 0xff);
  b.out(0x3c8, 0x4f);
  for (const v of [63, 0, 21]) b.out(0x3c9, v);
  b.attribute(0x10, 0x8c); // P5 and P4 from the colour select register,
  b.attribute(0x14, 0x04); // which makes 15 palette entry 0x4f.
  assertEquals(vgaRgb(b.vga.state, 15), [255, 0, 0x55]);
});

// Sequencer and graphics controller.

Deno.test("sequencer and graphics registers keep the bits that exist", () => {
  const b = bench();
  const tables: [number, number[]][] = [
    [0x3c4, [0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0xff]],
    [0x3ce, [
      0xf,
      0xf,
      0xf,
      0x1f,
      3,
      0x7b,
      0xf,
      0xf,
      0xff,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]],
  ];
  for (const [port, masks] of tables) {
    masks.forEach((mask, i) => {
      b.out(port, i);
      b.out(port + 1, 0xff);
      assertEquals([b.in(port), b.in(port + 1)], [i, mask]);
    });
  }
});

// Input status 1.

Deno.test("vgaRaster() is 70.09 frames of 449 lines a second in mode 3", () => {
  const raster = vgaRaster(vgaState());
  assertEquals(raster, {
    dotHz: 28_322_000,
    charDots: 9,
    lineChars: 100,
    shownChars: 80,
    frameLines: 449,
    shownLines: 400,
    retraceLine: 412,
    retraceLines: 2,
  });
});

// "Miscellaneous Output Register", clock select; "Clocking Mode Register", bits 0 and 3.
Deno.test("vgaRaster() counts in 8 or 9 dots of the clock that is selected, or of half of it", () => {
  const rows = [
    [0x63, 0, 25_175_000, 9],
    [0x67, 0, 28_322_000, 9],
    [0x63, 1, 25_175_000, 8],
    [0x67, 8, 14_161_000, 9],
    [0x63, 9, 12_587_500, 8],
  ] as const;
  for (const [misc, clocking, dotHz, charDots] of rows) {
    const b = bench();
    b.out(0x3c2, misc);
    b.out(0x3c4, 1);
    b.out(0x3c5, clocking);
    const raster = vgaRaster(b.vga.state);
    assertEquals([raster.dotHz, raster.charDots], [dotHz, charDots]);
  }
});

Deno.test("0x3da follows the beam through a line and a frame", () => {
  const b = bench();
  const clkOfDot = (dot: number) => Math.ceil(dot * CLK_HZ / 28_322_000);
  const at = (line: number, dot: number, seconds = 0) => {
    b.clock.clk = seconds * CLK_HZ + clkOfDot(line * 900 + dot);
    return b.in(0x3da);
  };
  const rows: [number, number, number][] = [
    [0, 0, 0x00],
    [0, 719, 0x00],
    [0, 720, 0x01],
    [0, 899, 0x01],
    [1, 0, 0x00],
    [399, 719, 0x00],
    [400, 0, 0x01],
    [411, 899, 0x01],
    [412, 0, 0x09],
    [413, 899, 0x09],
    [414, 0, 0x01],
    [448, 899, 0x01],
    [449, 0, 0x00], // The next frame.
    [449 * 50 + 412, 5, 0x09],
  ];
  for (const [line, dot, expected] of rows) {
    assertEquals(at(line, dot), expected, `line ${line} dot ${dot}`);
  }
  // 404,100 seconds are a whole number of frames of 404,100 dots.
  for (const [line, dot, expected] of rows) {
    assertEquals(at(line, dot, 404_100 * 10), expected);
  }
});

Deno.test("0x3da shows 70 retraces when a second passes", () => {
  const b = bench();
  let [retraces, was] = [0, 0];
  for (b.clock.clk = 0; b.clock.clk < CLK_HZ; b.clock.clk += 2000) {
    const is = b.in(0x3da) & 8;
    if (is && !was) retraces += 1;
    was = is;
  }
  assertEquals(retraces, 70);
});

Deno.test("0x3da stays a byte when the registers are random", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 0x19, maxLength: 0x19 }),
    fc.nat(0x3f),
    fc.nat(0xff),
    fc.nat(2 ** 50),
    (crtc, clocking, misc, clk) => {
      const state = vgaState();
      state.crtc.set(crtc);
      state.sequencer[1] = clocking;
      state.miscOutput = misc | 1;
      const b = bench(state);
      b.clock.clk = clk;
      assertEquals(b.in(0x3da) & ~0x09, 0);
    },
  ));
});

// State.

Deno.test("reset() gives the power-on state, keeping the state's identity", () => {
  const b = bench();
  const text = b.vga.state.text;
  put(b.vga, 0, 0, "dirty");
  b.crtc(0x0f, 9);
  assertNotEquals(b.vga.state, vgaState());
  b.vga.reset();
  assertEquals(b.vga.state, vgaState());
  assertStrictEquals(b.vga.state.text, text);
});

const portOperation = fc.tuple(
  fc.constantFrom(
    ...VGA_PORTS.flatMap(([first, last]) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i)
    ),
  ),
  fc.option(fc.nat(0xff), { nil: null }),
  fc.nat(100_000),
);

Deno.test("Vga goes on equally when saved and loaded at any point", () => {
  const script = fc.array(portOperation, { minLength: 1000, maxLength: 1000 });
  fc.assert(
    fc.property(script, script, (before, after) => {
      const a = bench();
      const run = (b: Bench, operations: typeof before) =>
        operations.map(([port, value, wait]) => {
          b.clock.clk += wait;
          if (value === null) return b.in(port);
          b.out(port, value);
          b.vga.writeMmio(value * 2, value * 257, 2);
          return -1;
        });
      run(a, before);
      const saved = cloneState(a.vga.state);
      const b = bench();
      b.crtc(0x0a, 0x2f);
      copyStateInto(b.vga.state, saved);
      b.vga.refreshLines();
      b.clock.clk = a.clock.clk;
      assertEquals(run(b, after), run(a, after));
      assertEquals(b.vga.state, a.vga.state);
    }),
    { numRuns: 3 },
  );
});
