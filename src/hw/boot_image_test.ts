import { assertEquals, assertThrows } from "@std/assert";
import { type VirtAddr, virtAddr } from "./addr.ts";
import {
  type BootImage,
  type BootloaderImage,
  checkImage,
  type DirectImage,
  sameImage,
} from "./boot_image.ts";
import { Machine } from "./machine.ts";
import { writeEntry } from "../../tests/support/page_tables.ts";
import { PhysMemory } from "./phys_memory.ts";
import { NO_EVENTS } from "../base/events.ts";

const RAM = 16 * 2 ** 20;

const bootloader = (
  changes: Partial<BootloaderImage> = {},
): BootloaderImage => ({
  kind: "bootloader",
  kernelFile: new Uint8Array([0xf4]),
  segments: [{
    virtualAddr: virtAddr(0x20_0000),
    fileOffset: 0,
    fileBytes: 1,
    memBytes: 1,
    writable: false,
    executable: true,
  }],
  tlsTemplate: null,
  entryPoint: virtAddr(0x20_0000),
  ...changes,
});

/** The first 2 MiB mapped to themselves from tables at 0x1000, a GDT at 0x4000. */
function tables(): Uint8Array {
  const phys = new PhysMemory(RAM, NO_EVENTS);
  writeEntry(phys, 0x1000, 0, 0x2003n);
  writeEntry(phys, 0x2000, 0, 0x3003n);
  writeEntry(phys, 0x3000, 0, 0x83n);
  writeEntry(phys, 0x4000, 1, 0x00af_9b00_0000_ffffn);
  writeEntry(phys, 0x4000, 2, 0x00cf_9300_0000_ffffn);
  return phys.ram.bytes.slice(0x1000, 0x5000);
}

const direct = (changes: Partial<DirectImage> = {}): DirectImage => ({
  kind: "direct",
  ramBytes: RAM,
  parts: [{ address: 0x1000, bytes: tables() }],
  rip: 0x8000,
  rsp: 0x9000,
  rdi: 1,
  rsi: 0x1234_5678_9abc,
  cr3: 0x1000,
  gdtr: { base: 0x4000, limit: 23 },
  cs: 8,
  ds: 0x10,
  ...changes,
});

Deno.test("a direct image decides what memory and registers hold", () => {
  const { cpu, bootInfo, memory } = new Machine({
    image: direct(),
    ramBytes: RAM,
  });
  assertEquals([cpu.rip, cpu.cr3, cpu.rflags, cpu.cpl], [0x8000, 0x1000, 2, 0]);
  const register = (n: number) => [...cpu.registers.subarray(2 * n, 2 * n + 2)];
  assertEquals(register(4), [0x9000, 0]);
  assertEquals(register(7), [1, 0]);
  assertEquals(register(6), [0x5678_9abc, 0x1234]);
  const segments = [cpu.cs, cpu.ss, cpu.ds, cpu.es, cpu.fs];
  assertEquals(segments.map((s) => s.selector), [8, 16, 16, 16, 0]);
  assertEquals(cpu.cs.limit, 0xffff_ffff);
  assertEquals(bootInfo.physicalMemoryOffset, 0);
  assertEquals(bootInfo.memoryMap[0]?.type, "Usable");
  // Accessed: the CPU has read its GDT there.
  assertEquals(memory.read(0x3000, 4), 0xa3);
  // What bootloader 0.9 would have left is not there.
  assertEquals(memory.read(0x9020, 4), 0);
});

Deno.test("an image that lies where no RAM is makes no machine", () => {
  for (
    const [address, bytes] of [
      [0xa_0000, 1],
      [0x9_ffff, 2],
      [RAM - 1, 2],
      [RAM, 1],
      [0xffff_f000, 1],
    ] as const
  ) {
    const parts = [{ address, bytes: new Uint8Array(bytes) }];
    assertThrows(
      () => new Machine({ image: direct({ parts }), ramBytes: RAM }),
      RangeError,
      `Cannot place ${bytes} bytes at `,
    );
  }
  const nothing = { address: RAM, bytes: new Uint8Array(0) };
  const parts = [...direct().parts, nothing];
  new Machine({ image: direct({ parts }), ramBytes: RAM });
});

Deno.test("checkImage() wants the memory for which an image was made, and room for a file", () => {
  checkImage(direct(), RAM);
  assertThrows(
    () => checkImage(direct(), 2 * RAM),
    RangeError,
    "made for 0x100_0000 bytes of RAM: this machine has 0x200_0000",
  );
  // From 4 MiB to 128 KiB below the end of RAM.
  const room = RAM - 0x40_0000 - 0x2_0000;
  checkImage(bootloader({ kernelFile: new Uint8Array(room) }), RAM);
  assertThrows(
    () => checkImage(bootloader({ kernelFile: new Uint8Array(room + 1) }), RAM),
    RangeError,
    `${room} bytes of RAM are there for it`,
  );
});

Deno.test("sameImage() compares all that decides how a machine comes up", () => {
  const one = (): (BootImage | null)[] => [
    null,
    bootloader(),
    bootloader({ kernelFile: new Uint8Array([0xf5]) }),
    bootloader({ kernelFile: new Uint8Array([0xf4, 0]) }),
    bootloader({ entryPoint: virtAddr(0x20_0001) }),
    bootloader({
      tlsTemplate: { startAddr: 0 as VirtAddr, fileSize: 1, memSize: 1 },
    }),
    direct(),
    direct({ rip: 1 }),
    direct({ parts: [] }),
    direct({ parts: [{ address: 0x1000, bytes: new Uint8Array(0x4000) }] }),
    direct({ parts: [{ address: 0x2000, bytes: tables() }] }),
  ];
  for (const [i, a] of one().entries()) {
    for (const [j, b] of one().entries()) {
      assertEquals(sameImage(a, b), i === j, `${i} and ${j}`);
    }
  }
});
