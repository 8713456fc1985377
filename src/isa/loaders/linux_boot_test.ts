import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Machine } from "../../hw/machine.ts";
import { isaEngine } from "../engine.ts";
import { type LinuxBootOptions, linuxImage } from "./linux_boot.ts";
import {
  bzImageFile,
  ELF_CODE,
  elfFile,
  type Patch,
  patched,
} from "./support_test.ts";

const RAM = 16 * 2 ** 20;

/** What is wrong, where, and how the complaint goes on. */
const MALFORMED: readonly (readonly [string, readonly Patch[], string])[] = [
  ["no boot flag", [[0x1fe, 2, 0]], "it is neither a bzImage nor an ELF file"],
  ["no magic", [[0x202, 4, 0]], "it is neither a bzImage nor an ELF file"],
  [
    "an old protocol",
    [[0x206, 2, 0x20b]],
    "its boot protocol is 0x20b; a 64-bit entry point came with 0x20c",
  ],
  [
    "no 64-bit entry point",
    [[0x236, 2, 0xfffe]],
    "it has no 64-bit entry point",
  ],
  [
    "setup sectors behind its end",
    [[0x1f1, 1, 3]],
    "it ends inside its 3 setup sectors",
  ],
  [
    "four setup sectors by default",
    [[0x1f1, 1, 0]],
    "it ends inside its 4 setup sectors",
  ],
  [
    "a need for more memory",
    [[0x260, 4, 0x1000_0000]],
    "it takes memory from 0x10_0000 to 0x1010_0000, which is not all usable",
  ],
  [
    "a wish to lie where no RAM is",
    [[0x234, 1, 1], [0x258, 4, 0x100_0000]],
    "it takes memory from 0x10_0000 to 0x101_0000, which is not all usable",
  ],
];

for (const [what, patches, message] of MALFORMED) {
  Deno.test(`linuxImage() refuses a bzImage with ${what}`, () => {
    const file = patched(bzImageFile(), patches);
    assertThrows(
      () => linuxImage(file, { ramBytes: RAM }),
      RangeError,
      `Cannot boot the kernel: ${message}`,
    );
  });
}

const REFUSED: readonly (readonly [string, LinuxBootOptions, string])[] = [
  [
    "a command line that is too long",
    { commandLine: "x".repeat(256) },
    "its command line has 256 bytes, 255 at most",
  ],
  [
    "a command line of too many UTF-8 bytes",
    { commandLine: "ä".repeat(128) },
    "its command line has 256 bytes",
  ],
  [
    "a zero byte in the command line",
    { commandLine: "a\0b" },
    "its command line holds a zero byte",
  ],
  [
    "too big an initial RAM disk",
    { initrd: new Uint8Array(0xed_0001) },
    "its initial RAM disk of 15532033 bytes does not fit behind it, where 15532032 are free",
  ],
  [
    "129 rows of memory map",
    { e820: Array(129).fill([0, RAM, 1]) },
    "its memory map has 129 rows, 128 at most",
  ],
  [
    "no usable memory",
    { e820: [[0, RAM, 2]] },
    "it takes memory from 0x10_0000 to 0x11_0000, which is not all usable",
  ],
];

for (const [what, options, message] of REFUSED) {
  Deno.test(`linuxImage() refuses ${what}`, () => {
    assertThrows(
      () => linuxImage(bzImageFile(), { ramBytes: RAM, ...options }),
      RangeError,
      `Cannot boot the kernel: ${message}`,
    );
  });
}

Deno.test("linuxImage() wants memory where the kernel moves itself, relocatable or not", () => {
  for (const relocatable of [0, 1]) {
    const file = patched(bzImageFile(), [
      [0x234, 1, relocatable],
      [0x258, 4, 0xff_8000], // Preferred address.
    ]);
    assertThrows(
      () => linuxImage(file, { ramBytes: RAM }),
      RangeError,
      "it takes memory from 0x10_0000 to 0x100_8000, which is not all usable",
      `${relocatable}`,
    );
  }
});

Deno.test("linuxImage() refuses a vmlinux that is linked elsewhere", () => {
  const load = (patches: readonly Patch[]) => () =>
    linuxImage(patched(elfFile(), patches), { ramBytes: RAM });
  const entry: Patch = [24, 4, ELF_CODE];
  assertThrows(
    load([[88, 4, 0], entry]),
    RangeError,
    "RAM begins at 0x10_0000",
  );
  assertThrows(
    load([[24, 4, 0]]),
    RangeError,
    "is no physical address of a segment",
  );
  assertThrows(
    load([[92, 4, 0xffff_ffff]]),
    RangeError,
    "a segment has no physical address",
  );
  assertThrows(
    load([[144, 4, 0x20_0000]]),
    RangeError,
    "two segments overlap at 0x20_0000",
  );
});

Deno.test("any damage to a bzImage is refused with a message, or it can be placed", () => {
  const damage = fc.array(
    fc.tuple(
      fc.integer({ min: 0x1f1, max: 0x26b }),
      fc.integer({ min: 0, max: 255 }),
    ),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(fc.property(damage, (bytes) => {
    const file = bzImageFile();
    for (const [at, value] of bytes) file[at] = value;
    try {
      const image = linuxImage(file, {
        ramBytes: RAM,
        initrd: new Uint8Array(9),
      });
      for (const { address, bytes } of image.parts) {
        assertEquals(address >= 0x1000 && address + bytes.length <= RAM, true);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (!/^Cannot boot the kernel: /.test(error.message)) throw error;
    }
  }));
});

/** A machine just before its first instruction. */
function booted(file: Uint8Array, options: LinuxBootOptions = {}): Machine {
  const image = linuxImage(file, { ramBytes: RAM, ...options });
  return new Machine({ image, engine: isaEngine, ramBytes: RAM });
}

/** A register's low word. */
const low = (machine: Machine, register: number) =>
  machine.cpu.registers[2 * register]! >>> 0;

for (
  const [name, file, entry] of [
    ["bzImage", bzImageFile(), 0x10_0200],
    ["vmlinux", elfFile(), 0x20_0000 + ELF_CODE],
  ] as const
) {
  Deno.test(`linuxImage() enters a ${name} as "64-bit BOOT PROTOCOL" says`, () => {
    const machine = booted(file, {
      commandLine: "console=ttyS0 é",
      initrd: new Uint8Array([1, 2, 3]),
    });
    const { cpu, memory } = machine;
    assertEquals([cpu.rip, cpu.rflags, cpu.cpl], [entry, 2, 0]);
    assertEquals([
      cpu.cs.selector,
      cpu.ds.selector,
      cpu.es.selector,
      cpu.ss.selector,
    ], [0x10, 0x18, 0x18, 0x18]);
    // Long mode: L is bit 21 of the descriptor, bit 13 here.
    assertEquals([cpu.cs.attributes >>> 13 & 1, cpu.efer & 0x500], [1, 0x500]);
    const page = low(machine, 6);
    const word = (offset: number) => memory.read(page + offset, 4);
    assertEquals([word(0x202), word(0x1fe) & 0xffff], [0x5372_6448, 0xaa55]);
    assertEquals(memory.read(page + 0x1ef, 1), 0); // The sentinel.
    assertEquals(memory.read(page + 0x210, 1), 0xff);
    const text = Array.from(
      { length: 17 },
      (_, i) => memory.read(word(0x228) + i, 1),
    );
    assertEquals(
      new TextDecoder().decode(new Uint8Array(text)),
      "console=ttyS0 é\0",
    );
    assertEquals([word(0x218) % 4096, word(0x21c)], [0, 3]);
    assertEquals(memory.read(word(0x218), 4), 0x0003_0201);
    // The row of the memory from 1 MiB on.
    assertEquals(memory.read(page + 0x1e8, 1), 6);
    const row = Array.from(
      { length: 5 },
      (_, i) => word(0x2d0 + 3 * 20 + 4 * i),
    );
    assertEquals(row, [0x10_0000, 0, 0xee_0000, 0, 1]);
    assertEquals(machine.peek(0xffff_f000 as never, 4), 0xffff_ffff); // The last page of 4 GiB is mapped.
    assertEquals(machine.run(), { reason: "exit", value: 0x10, status: 33 });
  });
}

Deno.test("a machine refuses an image made for another amount of RAM", () => {
  const image = linuxImage(bzImageFile(), { ramBytes: RAM });
  assertThrows(
    () => new Machine({ image, ramBytes: 2 * RAM }),
    RangeError,
    "Cannot boot an image made for 0x100_0000 bytes of RAM: this machine has 0x200_0000",
  );
});
