import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Machine } from "../../hw/machine.ts";
import { isaEngine } from "../engine.ts";
import { bootloaderImage } from "./bootloader.ts";
import { parseElf64 } from "./elf64.ts";
import { linuxImage } from "./linux_boot.ts";
import { ELF_CODE, elfFile, type Patch, patched } from "./support_test.ts";

const RAM = 16 * 2 ** 20;

/** What is wrong, where, and how the complaint goes on. */
const MALFORMED: readonly (readonly [string, readonly Patch[], string])[] = [
  ["no magic", [[0, 1, 0x7e]], "it does not begin with 7f 45 4c 46"],
  ["32 bits", [[4, 1, 1]], "it is no 64-bit file"],
  ["big-endian", [[5, 1, 2]], "it is not little-endian"],
  ["a version of 0", [[6, 1, 0]], "its version at byte 6 is 0, not 1"],
  ["a version of 2", [[20, 4, 2]], "its version at byte 20 is 2, not 1"],
  ["AArch64", [[18, 2, 183]], "it is for machine 183; x86-64 is 62"],
  ["an object", [[16, 2, 1]], "its type is 1; an executable's is 2 or 3"],
  ["a core dump", [[16, 2, 4]], "its type is 4"],
  ["no program headers", [[56, 2, 0]], "it has no program headers"],
  [
    "33 program headers",
    [[56, 2, 33]],
    "it has 33 program headers; 32 at most",
  ],
  [
    "small program headers",
    [[54, 2, 32]],
    "its program headers have 32 bytes, not 56",
  ],
  [
    "program headers behind its end",
    [[32, 4, 0x1000]],
    "its program headers at 0x1000 are not all there",
  ],
  [
    "program headers nowhere",
    [[36, 4, 0x8000_0000]],
    "the place of its program headers is out of range",
  ],
  [
    "nothing to load",
    [[64, 4, 4], [120, 4, 4]],
    "it has nothing to load (PT_LOAD)",
  ],
  [
    "nothing but empty segments",
    [[96, 4, 0], [104, 4, 0], [160, 4, 0]],
    "it has nothing to load (PT_LOAD)",
  ],
  ["an interpreter", [[120, 4, 3]], "it is linked dynamically"],
  [
    "a segment behind its end",
    [[72, 4, 0x1000]],
    "segment 0, 183 bytes from 0x1000 on, is not all there",
  ],
  [
    "a segment longer than itself",
    [[96, 4, 0xb8], [104, 4, 0xb8]],
    "segment 0, 184 bytes from 0x0 on, is not all there",
  ],
  [
    "an endless segment",
    [[100, 4, 0x8000_0000]],
    "the size of segment 0 is out of range",
  ],
  [
    "a segment bigger in the file",
    [[104, 4, 182]],
    "segment 0 has more bytes in the file than in memory",
  ],
  [
    "an address that is not canonical",
    [[84, 4, 0x8000]],
    "the address of segment 0 is not canonical",
  ],
  ["a segment over the end of memory", [[136, 4, 0xffff_f000], [
    140,
    4,
    0x7fff,
  ]], "segment 1 at 0x7fff_ffff_f000 runs past the end of memory"],
  [
    "a segment around 0",
    [[136, 4, 0xffff_f000], [140, 4, 0xffff_ffff]],
    "runs past the end of memory",
  ],
  [
    "an entry point that is not canonical",
    [[28, 4, 0x8000]],
    "the address of its entry point is not canonical",
  ],
];

/** What a bootloader cannot load. */
const UNBOOTABLE: typeof MALFORMED = [
  [
    "an entry point outside",
    [[24, 4, 0x30_0000]],
    "its entry point 0x30_0000 lies in no segment",
  ],
  [
    "an entry point in data",
    [[24, 4, 0x40_0000]],
    "lies in a segment that may not be executed",
  ],
  [
    "a segment displaced in its page",
    [[80, 4, 0x20_0010]],
    "which differs modulo 4096",
  ],
  [
    "zeros from the middle of a page",
    [[136, 4, 0x40_0010]],
    "begins inside a page",
  ],
  [
    "a segment in the host range",
    [[136, 4, 0x1000], [140, 4, 0xffff_8000]],
    "lies where the CPU runs TypeScript",
  ],
];

for (const [what, patches, message] of MALFORMED) {
  Deno.test(`parseElf64() refuses a file with ${what}`, () => {
    const file = patched(elfFile(), patches);
    for (const load of [parseElf64, bootloaderImage, linuxImage]) {
      const error = assertThrows(() => load(file), RangeError, message);
      // A file that is no ELF file might have been a bzImage.
      if (what === "no magic") break;
      assertEquals(
        error.message.startsWith("Cannot load the ELF file: "),
        true,
      );
    }
  });
}

for (const [what, patches, message] of UNBOOTABLE) {
  Deno.test(`bootloaderImage() refuses a file with ${what}`, () => {
    const file = patched(elfFile(), patches);
    parseElf64(file);
    assertThrows(() => bootloaderImage(file), RangeError, message);
  });
}

Deno.test("parseElf64() refuses a file cut off anywhere", () => {
  const file = elfFile();
  for (let length = 0; length < file.length; length++) {
    assertThrows(() => parseElf64(file.subarray(0, length)), RangeError);
  }
});

Deno.test("parseElf64() refuses relocations, and takes a file that has none", () => {
  // The second segment is the dynamic section, laid over the code.
  const dynamic = (tag: number) =>
    patched(elfFile([tag, ...Array(31).fill(0)]), [
      [16, 2, 3],
      [120, 4, 2],
      [128, 4, 176],
      [152, 4, 32],
    ]);
  for (const tag of [7, 17, 23, 36]) {
    assertThrows(
      () => parseElf64(dynamic(tag)),
      RangeError,
      "it has relocations",
    );
  }
  assertEquals(parseElf64(dynamic(0)).type, 3);
  assertEquals(parseElf64(dynamic(5)).type, 3);
});

Deno.test("a machine refuses a kernel's file that overlaps itself or does not fit", () => {
  const build = (file: Uint8Array) =>
    new Machine({ image: bootloaderImage(file), ramBytes: RAM });
  const overlapping = patched(elfFile(), [[136, 4, 0x20_0000]]);
  assertThrows(() => build(overlapping), RangeError, "already mapped");
  const inVga = patched(elfFile(), [[136, 4, 0xb_8000]]);
  assertThrows(() => build(inVga), RangeError, "already mapped");
  const endless = patched(elfFile(), [[160, 4, 0x4000_0000]]);
  assertThrows(() => build(endless), RangeError, "no frame is left");
  const big = new Uint8Array(RAM);
  big.set(elfFile());
  assertThrows(
    () => build(big),
    RangeError,
    "Cannot load a kernel's file of 16777216 bytes: 12451840 bytes of RAM are there for it",
  );
});

Deno.test("bootloaderImage() refuses two templates of thread-local storage, and a segment at the end of all addresses", () => {
  const threads = patched(elfFile(new Array(100).fill(0x90)), [
    [56, 2, 3], // Program headers.
    [120, 4, 7], // PT_TLS.
    [ELF_CODE, 4, 7],
    [ELF_CODE + 4, 4, 0],
    ...[8, 16, 24, 32, 40, 48].flatMap((at): Patch[] => [
      [ELF_CODE + at, 4, 0],
      [ELF_CODE + at + 4, 4, 0],
    ]),
  ]);
  assertThrows(
    () => bootloaderImage(threads),
    RangeError,
    "it has more than one template of thread-local storage (PT_TLS)",
  );
  const last = patched(elfFile(), [[136, 4, 0xffff_e000], [
    140,
    4,
    0xffff_ffff,
  ]]);
  assertThrows(
    () => bootloaderImage(last),
    RangeError,
    "its segment at 0xffff_ffff_ffff_e000 ends where addresses end",
  );
});

Deno.test("any damage to a file is refused with a message, or the machine comes up", () => {
  const { length } = elfFile();
  const damage = fc.array(
    fc.tuple(fc.nat(length - 1), fc.integer({ min: 0, max: 255 })),
    { minLength: 1, maxLength: 4 },
  );
  const loaders = [
    bootloaderImage,
    (file: Uint8Array) => linuxImage(file, { ramBytes: RAM }),
  ];
  fc.assert(fc.property(damage, (bytes) => {
    const file = elfFile();
    for (const [at, value] of bytes) file[at] = value;
    for (const load of loaders) {
      try {
        new Machine({ image: load(file), ramBytes: RAM });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        if (!/^Cannot (load|boot|map|place) /.test(error.message)) throw error;
      }
    }
  }));
});

Deno.test("bootloaderImage() is a kernel that finds BootInfo in RDI, and can be saved and forked", () => {
  // mov eax, [rdi + 16]; out 0xf4, eax: the type of the first region.
  const file = elfFile([0x8b, 0x47, 0x10, 0xe7, 0xf4]);
  const machine = new Machine({
    image: bootloaderImage(file),
    engine: isaEngine,
    ramBytes: RAM,
  });
  assertEquals(machine.step(), null);
  const snapshot = machine.save();
  const fork = machine.fork();
  // FrameZero.
  assertEquals(machine.run(), { reason: "exit", value: 10, status: 21 });
  assertEquals(fork.run(), machine.stopped);
  assertEquals(fork.digest(), machine.digest());
  const again = new Machine({ ...snapshot.config, engine: isaEngine });
  again.load(snapshot);
  assertEquals([again.run(), again.digest()], [
    machine.stopped,
    machine.digest(),
  ]);
});

Deno.test("load() takes a snapshot of an equal image and refuses that of another", () => {
  const machine = (code: number[]) =>
    new Machine({ image: bootloaderImage(elfFile(code)), ramBytes: RAM });
  const snapshot = machine([0xf4]).save();
  machine([0xf4]).load(snapshot);
  assertThrows(
    () => machine([0x90]).load(snapshot),
    RangeError,
    "it was taken of other hardware",
  );
  assertThrows(
    () => new Machine({ ramBytes: RAM }).load(snapshot),
    RangeError,
    "it was taken of other hardware",
  );
});
