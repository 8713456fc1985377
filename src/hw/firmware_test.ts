import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import v from "../../vectors/bootloader-0.9-bootinfo.json" with {
  type: "json",
};
import { physAddr, virtAddr } from "./addr.ts";
import {
  type MemoryRegionType,
  readBootInfo,
  recursiveIndex,
  regionEnd,
  regionStart,
} from "./boot_info.ts";
import { type E820Entry, e820Map } from "./e820.ts";
import {
  BIOS_PORT_WRITES,
  bootFirmware,
  type EntryState,
  type FirmwareConfig,
  KERNEL_DATA_BYTES,
  KERNEL_DATA_START,
  KERNEL_FILE,
  KERNEL_IMAGE_START,
  type KernelSegment,
} from "./firmware.ts";
import { crateHex } from "./format_hex.ts";

const MIB = 2 ** 20, GIB = 2 ** 30;

/** Physical memory that makes pages as they are written; the rest is rubbish. */
class Sparse {
  readonly pages: Map<number, Uint8Array> = new Map();
  constructor(readonly rubbish = 0) {}
  #page(address: number): Uint8Array {
    const number = Math.floor(address / 4096);
    let page = this.pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(4096).fill(this.rubbish);
      this.pages.set(number, page);
    }
    return page;
  }
  load8(address: number): number {
    const page = this.pages.get(Math.floor(address / 4096));
    return page === undefined ? this.rubbish : page[address % 4096]!;
  }
  load32(address: number): number {
    assertEquals(address % 4, 0);
    return this.load8(address) | this.load8(address + 1) << 8 |
      this.load8(address + 2) << 16 | this.load8(address + 3) << 24;
  }
  load64(address: number): bigint {
    const word = (at: number) => BigInt(this.load32(at) >>> 0);
    return word(address + 4) << 32n | word(address);
  }
  store32(address: number, value: number): void {
    assertEquals(address % 4, 0);
    const page = this.#page(address);
    for (let i = 0; i < 4; i++) page[address % 4096 + i] = value >>> 8 * i;
  }
  fill(address: number, bytes: number, value: number): void {
    for (let at = address; at < address + bytes;) {
      const end = Math.min(address + bytes, (Math.floor(at / 4096) + 1) * 4096);
      this.#page(at).fill(value, at % 4096, at % 4096 + end - at);
      at = end;
    }
  }
}

/** A leaf of the page tables, as the manual's walk finds it. */
interface Leaf {
  readonly va: bigint;
  readonly pa: bigint;
  readonly bytes: bigint;
  /** The entry without its address. */
  readonly flags: bigint;
}

const ADDRESS = 0x000f_ffff_ffff_f000n;

/** Walks every entry of every table; shares nothing with the firmware. */
function walk(memory: Sparse, skip = -1): {
  leaves: Leaf[];
  tables: bigint[];
  parents: Set<bigint>;
} {
  const leaves: Leaf[] = [], tables: bigint[] = [];
  const parents = new Set<bigint>();
  const visit = (table: bigint, level: number, base: bigint) => {
    tables.push(table);
    for (let index = 0; index < 512; index++) {
      if (level === 4 && index === skip) continue;
      const entry = memory.load64(Number(table) + 8 * index);
      if (entry === 0n) continue;
      const shift = BigInt(12 + 9 * (level - 1));
      const va = BigInt.asUintN(
        64,
        BigInt.asIntN(48, base | BigInt(index) << shift),
      );
      assertEquals(entry & 1n, 1n, `entry for ${crateHex(va)} not present`);
      const large = level > 1 && (entry & 0x80n) !== 0n;
      if (level > 1 && !large) {
        parents.add(entry & ~ADDRESS);
        visit(entry & ADDRESS, level - 1, va);
        continue;
      }
      leaves.push({
        va,
        pa: entry & ADDRESS,
        bytes: 1n << shift,
        flags: entry & ~ADDRESS,
      });
    }
  };
  visit(0x1000n, 4, 0n);
  return { leaves, tables, parents };
}

function boot(
  config: FirmwareConfig,
  rubbish = 0,
): { entry: EntryState; memory: Sparse } {
  const memory = new Sparse(rubbish);
  return { entry: bootFirmware(config, memory), memory };
}

const mapRows = (entry: EntryState) =>
  entry.bootInfo.memoryMap.map((region) => [
    crateHex(regionStart(region)),
    crateHex(regionEnd(region)),
    region.type,
  ]);

/** The type of the region in which a physical address lies. */
function typeAt(entry: EntryState, pa: bigint): MemoryRegionType | null {
  const frame = Number(pa / 4096n);
  const region = entry.bootInfo.memoryMap.find((r) =>
    r.startFrame <= frame && frame < r.endFrame
  );
  return region?.type ?? null;
}

const DEFAULT: FirmwareConfig = { ramBytes: 128 * MIB };

Deno.test("bootloader-0.9-bootinfo.json: entry_state", () => {
  const row = v.entry_state;
  const { entry, memory } = boot(DEFAULT);
  assertEquals(entry.cs, row.cs);
  assertEquals(entry.ss, row.ss);
  assertEquals(entry.ds, row.ds_es);
  const gdt = Array.from(
    { length: (entry.gdtr.limit + 1) / 8 },
    (_, i) => crateHex(memory.load64(entry.gdtr.base + 8 * i)),
  );
  assertEquals(gdt, row.gdt);
  assertEquals(entry.idtr.limit, 0);
  assertEquals((entry.rflags & 1 << 9) !== 0, row.interrupts_enabled);
  assertEquals((entry.cr0 & 1 << 16) !== 0, row.cr0_write_protect);
  assertEquals((entry.efer & 1 << 11) !== 0, row.efer_nxe);
  assertEquals((entry.cr4 & 1 << 5) !== 0, row.cr4_pae);
  assertEquals(crateHex(entry.cr3), row.cr3);
  assertEquals(entry.rdi, entry.bootInfoAddr);
  assertEquals(entry.rsp, entry.stackEnd - 8);
  assertEquals(Object.keys(row).length, 12);
  // Long mode: paging and protection on, LME and LMA set, nothing else.
  assertEquals([entry.cr0, entry.cr4, entry.efer, entry.rflags], [
    0x8001_0011,
    0x20,
    0xd00,
    2,
  ]);
  // The kernel is called; if it returned, an endless jump would follow.
  const { leaves } = walk(memory);
  const phys = (va: bigint) => {
    const leaf = leaves.find((l) => l.va <= va && va < l.va + l.bytes)!;
    return Number(leaf.pa + va - leaf.va);
  };
  const back = memory.load64(phys(BigInt(entry.rsp)));
  const code = phys(back);
  assertEquals([memory.load8(code), memory.load8(code + 1)], [0xeb, 0xfe]);
});

Deno.test("bootloader-0.9-bootinfo.json: layout_defaults", () => {
  const row = v.layout_defaults;
  const at = row.with_a_kernel_in_entry_0;
  const { entry, memory } = boot({ ...DEFAULT, recursivePageTable: true });
  assertEquals(recursiveIndex(entry.bootInfo), at.recursive_entry);
  assertEquals(memory.load64(0x1000 + 8 * at.recursive_entry), 0x1003n);
  assertEquals(crateHex(entry.bootInfoAddr), at.boot_info);
  assertEquals(crateHex(entry.guardPage), at.guard_page);
  assertEquals(crateHex(entry.stackEnd), at.stack_end);
  assertEquals(
    crateHex(entry.bootInfo.physicalMemoryOffset),
    at.physical_memory_offset,
  );
  assertEquals(crateHex(KERNEL_FILE), row.kernel_file_loaded_at);
  const { leaves } = walk(memory, at.recursive_entry);
  const stack = leaves.filter((leaf) =>
    typeAt(entry, leaf.pa) === "KernelStack" && leaf.bytes === 4096n
  );
  assertEquals(stack.length, row.kernel_stack_pages);
  assertEquals(crateHex(stack[0]!.va), at.stack_first_page);
  const vga = leaves.filter((leaf) =>
    leaf.va >= 0xa0000n && leaf.va < 0xc0000n
  );
  assert(vga.every((leaf) => leaf.va === leaf.pa));
  assertEquals(
    [crateHex(vga[0]!.va), crateHex(vga.at(-1)!.va + 4096n)],
    row.vga_identity_mapped,
  );
  const [tables, tablesEnd] = row.page_tables_physical as [string, string];
  assertEquals(
    mapRows(entry).find(([start]) => start === tables),
    [tables, tablesEnd, "PageTable"],
  );
  const large = leaves.filter((leaf) => leaf.bytes > 4096n);
  assert(
    large.every((leaf) =>
      crateHex(leaf.bytes) === row.physical_mapping_page_size
    ),
  );
  // The highest region ends at 4 GiB, and the page there is mapped, too.
  assertEquals(large.at(-1)!.pa, 0x1_0000_0000n);
  // Prose: free_level_4_entries_are_taken_from, physical_mapping_last_page…
  assertEquals(Object.keys(row).length, 8);
});

Deno.test("bootloader-0.9-bootinfo.json: config_keys", () => {
  const { entry, memory } = boot({
    ...DEFAULT,
    physicalMemoryOffset: virtAddr(0xffff_8000_0000_0000n),
    kernelStackAddress: virtAddr(0x7fff_0000_0123),
    kernelStackPages: 4,
    bootInfoAddress: virtAddr(0x6000_0000_0000),
  });
  assertEquals(v.config_keys, [
    "physical-memory-offset",
    "kernel-stack-address",
    "kernel-stack-size",
    "boot-info-address",
  ]);
  assertEquals(entry.guardPage, 0x7fff_0000_0000);
  assertEquals(entry.stackEnd, 0x7fff_0000_5000);
  assertEquals(entry.bootInfoAddr, 0x6000_0000_0000);
  const { leaves } = walk(memory);
  const upper = leaves.filter((leaf) => leaf.va >= 1n << 63n);
  assertEquals(upper.length, 2049);
  assertEquals([upper[1]!.va, upper[1]!.pa], [
    0xffff_8000_0020_0000n,
    0x20_0000n,
  ]);
  assertEquals(leaves.filter((l) => l.va >> 32n === 0x7fffn).length, 4);
});

Deno.test("bootFirmware() leaves this memory map of 128 MiB", () => {
  // The vectors' PC map with everything in it that the bootloader took.
  assertEquals(mapRows(boot(DEFAULT).entry), [
    ["0x0", "0x1000", "FrameZero"],
    ["0x1000", "0x5000", "PageTable"],
    ["0x5000", "0xa000", "Bootloader"],
    ["0xa000", "0xb000", "BootInfo"],
    ["0xb000", "0x4b000", "Kernel"],
    ["0x4b000", "0x9f000", "KernelStack"],
    ["0x9f000", "0xa0000", "Reserved"],
    ["0xf0000", "0x100000", "Reserved"],
    ["0x100000", "0x2ac000", "KernelStack"],
    ["0x2ac000", "0x400000", "Usable"],
    ["0x400000", "0x500000", "Kernel"],
    ["0x500000", "0x50c000", "PageTable"],
    ["0x50c000", "0x7fe0000", "Usable"],
    ["0x7fe0000", "0x8000000", "Reserved"],
    ["0xfffc0000", "0x100000000", "Reserved"],
  ]);
});

/** Every mapping that there shall be, in the order of addresses. */
function expectedLeaves(
  entry: EntryState,
  imageBytes: number,
  physEnd: number,
): { va: bigint; pa: bigint | MemoryRegionType; flags: bigint }[] {
  const NX = 1n << 63n;
  const rows: { va: bigint; pa: bigint | MemoryRegionType; flags: bigint }[] =
    [];
  const run = (
    va: number,
    bytes: number,
    pa: number | MemoryRegionType,
    flags: bigint,
    size = 4096,
  ) => {
    for (let at = 0; at < bytes; at += size) {
      rows.push({
        va: BigInt(va + at),
        pa: typeof pa === "number" ? BigInt(pa + at) : pa,
        flags,
      });
    }
  };
  run(0x5000, 0x5000, 0x5000, 3n);
  run(0xa0000, 0x20000, 0xa0000, 3n);
  run(KERNEL_IMAGE_START, imageBytes, KERNEL_FILE, 1n);
  run(KERNEL_DATA_START, KERNEL_DATA_BYTES, "Kernel", 3n | NX);
  run(entry.bootInfoAddr, 4096, "BootInfo", 3n);
  run(entry.guardPage + 4096, 512 * 4096, "KernelStack", 3n);
  const pages = Math.floor(physEnd / (2 * MIB)) + 1;
  run(
    entry.bootInfo.physicalMemoryOffset,
    pages * 2 * MIB,
    0,
    0x83n,
    2 * MIB,
  );
  return rows;
}

for (
  const [name, ramBytes, imageBytes] of [
    ["16 MiB", 16 * MIB, 2 * MIB],
    ["128 MiB", 128 * MIB, MIB],
    ["3 GiB", 3 * GIB, 4096],
    ["4 GiB", 4 * GIB, MIB],
  ] as const
) {
  Deno.test(`bootFirmware() maps this and nothing else with ${name} of rubbish`, () => {
    const config = { ramBytes, kernelImageBytes: imageBytes };
    const { entry, memory } = boot(config, 0xa5);
    const { leaves, tables, parents } = walk(memory);
    const physEnd = Math.max(
      ...e820Map(ramBytes).map(([start, bytes]) => start + bytes),
    );
    const expected = expectedLeaves(entry, imageBytes, physEnd);
    assertEquals(leaves.length, expected.length);
    const frames = new Set<bigint>();
    leaves.forEach((leaf, i) => {
      const { va, pa, flags } = expected[i]!;
      const found = typeof pa === "bigint" ? leaf.pa : typeAt(entry, leaf.pa);
      if (leaf.va !== va || leaf.flags !== flags || found !== pa) {
        assertEquals({ ...leaf, pa: found }, { ...expected[i], bytes: 0n });
      }
      if (leaf.bytes === 4096n) {
        assert(!frames.has(leaf.pa), `${crateHex(leaf.pa)} mapped twice`);
        frames.add(leaf.pa);
      }
    });
    // Each table has a frame of its own, all parents are present, writable.
    assertEquals(new Set(tables).size, tables.length);
    assertEquals(parents, new Set([3n]));
    for (const table of tables) {
      assertEquals(typeAt(entry, table), "PageTable");
    }
    const count = (type: MemoryRegionType) =>
      entry.bootInfo.memoryMap.filter((region) => region.type === type)
        .reduce((sum, r) => sum + r.endFrame - r.startFrame, 0);
    assertEquals(count("PageTable"), tables.length);
    assertEquals(count("KernelStack"), 512);
    assertEquals(count("Kernel"), (imageBytes + KERNEL_DATA_BYTES) / 4096);
    assertEquals(count("BootInfo") + count("FrameZero"), 2);
    // Not a page is mapped at 0 or below the stack.
    assertEquals(leaves[0]!.va, 0x5000n);
    assert(!leaves.some((leaf) => leaf.va === BigInt(entry.guardPage)));
    // The kernel's parts hold what they shall.
    const data = leaves.filter((leaf) => leaf.flags >> 63n === 1n);
    assert(
      data.every((leaf) =>
        memory.pages.get(Number(leaf.pa / 4096n))!.every((byte) => byte === 0)
      ),
    );
    for (let at = 0; at < imageBytes; at += 4096) {
      const page = memory.pages.get((KERNEL_FILE + at) / 4096)!;
      assert(page.every((byte) => byte === 0xcc));
    }
    // What the kernel is told is what lies in memory.
    const info = leaves.find((leaf) => leaf.va === BigInt(entry.rdi))!;
    assertEquals(readBootInfo(memory, Number(info.pa)), entry.bootInfo);
  });
}

Deno.test("bootFirmware() covers all memory of the E820 map, each frame once", () => {
  for (const ramBytes of [16 * MIB, 4 * GIB]) {
    const { entry } = boot({ ramBytes });
    let at = 0;
    for (const region of entry.bootInfo.memoryMap) {
      assert(region.startFrame >= at && region.endFrame > region.startFrame);
      at = region.endFrame;
    }
    const frames = entry.bootInfo.memoryMap
      .reduce((sum, r) => sum + r.endFrame - r.startFrame, 0);
    const rows = e820Map(ramBytes)
      .reduce((sum, [, bytes]) => sum + Math.ceil(bytes / 4096), 0);
    // The first two rows share the frame in which they meet.
    assertEquals(frames, rows - 1);
  }
});

Deno.test("bootFirmware() writes the E820 rows where the bootloader reads them", () => {
  const { memory } = boot(DEFAULT);
  e820Map(DEFAULT.ramBytes).forEach(([start, bytes, type], i) => {
    const row = 0x5000 + 24 * i;
    assertEquals([0, 8, 16].map((at) => memory.load64(row + at)), [
      BigInt(start),
      BigInt(bytes),
      BigInt(type) | 1n << 32n,
    ]);
  });
});

Deno.test("bootFirmware() takes every shape of E820 map that has RAM behind it", () => {
  const maps: Record<string, E820Entry[]> = {
    "unsorted, overlapping, adjacent": [
      [0x80_0000, 0x40_0000, 1],
      [0x10_0000, 0x70_1000, 1],
      [0, 0x9_fc00, 1],
      [0xc0_0000, 0x10_0000, 3],
      [0xd0_0000, 0x10_0000, 4],
      [0xe0_0000, 0x10_0000, 5],
      [0x9_fc00, 0x400, 2],
    ],
    "a reserved row near 1 TiB": [
      ...e820Map(16 * MIB),
      [0xfd_0000_0000, 0x3_0000_0000, 2],
    ],
  };
  for (const [name, e820] of Object.entries(maps)) {
    const { entry, memory } = boot({ ramBytes: 16 * MIB, e820 });
    const end = Math.max(...e820.map(([start, bytes]) => start + bytes));
    const large = walk(memory).leaves.filter((leaf) => leaf.bytes > 4096n);
    assertEquals(large.length, Math.floor(end / (2 * MIB)) + 1, name);
    // 1 TiB and its page beyond need three entries of the level 4 table.
    assertEquals(entry.bootInfo.physicalMemoryOffset, 0x180_0000_0000);
  }
});

Deno.test("bootFirmware() refuses what cannot be, and says what to choose", () => {
  const refuse = (config: Partial<FirmwareConfig>, text: string) =>
    assertThrows(() => boot({ ...DEFAULT, ...config }), RangeError, text);
  refuse({ ramBytes: 15 * MIB }, "choose from 16 MiB");
  refuse({ ramBytes: 4 * GIB + 4096 }, "choose from 16 MiB");
  refuse({ ramBytes: 16 * MIB + 1 }, "multiple of 4 KiB");
  for (const bytes of [0, 4095, 2 * MIB + 4096]) {
    refuse({ kernelImageBytes: bytes }, "multiple of 4 KiB from 4 KiB");
  }
  refuse({ kernelStackPages: 0 }, "1 at least");
  refuse(
    { ramBytes: 16 * MIB, kernelStackPages: 4000 },
    "Cannot place KernelStack: no usable frame is left",
  );
  refuse({ physicalMemoryOffset: virtAddr(4096) }, "multiple of 2 MiB");
  refuse({ physicalMemoryOffset: virtAddr(0) }, "Cannot map page 0x0");
  refuse({ bootInfoAddress: virtAddr(0xb_8000) }, "already mapped to frame");
  refuse({ e820: [[0, GIB, 1]] }, "there is no RAM");
  refuse({ e820: [[0, 0x9_f000, 1]] }, "is not a usable memory region");
  refuse({ e820: [[0, 0x9_f000, 7]] }, "invalid region type 7");
  refuse(
    {
      e820: [[0, 0x9_f000, 1], [0x40_0000, 0x10_0000, 1]],
      kernelStackPages: 200,
    },
    "no usable frame is left",
  );
});

/** Bytes of a virtual range, read through the walked tables. */
function readVirtual(
  memory: Sparse,
  leaves: readonly Leaf[],
  va: number,
  bytes: number,
): Uint8Array {
  const byPage = new Map(leaves.map((leaf) => [Number(leaf.va), leaf.pa]));
  return Uint8Array.from({ length: bytes }, (_, i) => {
    const at = va + i, offset = at % 4096;
    return memory.load8(Number(byPage.get(at - offset)!) + offset);
  });
}

Deno.test("bootFirmware() loads segments of a kernel's file, zeroes what follows", () => {
  const shape = fc.record({
    pages: fc.nat(3),
    extra: fc.nat(4095),
    zeros: fc.nat(9000),
    offset: fc.nat(4095),
    writable: fc.boolean(),
    executable: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(shape, { minLength: 1, maxLength: 4 }), (shapes) => {
      // Each segment begins in a page of its own, in the file and in memory.
      let fileAt = 0x1000, memoryAt = 0x20_0000;
      const segments = shapes.map((s): KernelSegment => {
        const fileBytes = s.pages * 4096 + s.extra + 1;
        const segment: KernelSegment = {
          virtualAddr: virtAddr(memoryAt + s.offset),
          fileOffset: fileAt + s.offset,
          fileBytes,
          memBytes: fileBytes + s.zeros,
          writable: s.writable,
          executable: s.executable,
        };
        fileAt += Math.ceil((s.offset + fileBytes) / 4096) * 4096;
        memoryAt += Math.ceil((s.offset + segment.memBytes) / 4096) * 4096;
        return segment;
      });
      const kernelFile = Uint8Array.from(
        { length: fileAt + 3 },
        (_, i) => i * 7 + (i >> 8) + 1,
      );
      const { entry, memory } = boot(
        { ...DEFAULT, kernelFile, segments },
        0x5a,
      );
      const { leaves } = walk(memory);
      for (const s of segments) {
        const expected = new Uint8Array(s.memBytes);
        expected.set(
          kernelFile.subarray(s.fileOffset, s.fileOffset + s.fileBytes),
        );
        const found = readVirtual(memory, leaves, s.virtualAddr, s.memBytes);
        assertEquals(found, expected);
        const flags = 1n | (s.writable ? 2n : 0n) |
          (s.executable ? 0n : 1n << 63n);
        const end = BigInt(s.virtualAddr + s.memBytes);
        const own = leaves.filter((leaf) =>
          leaf.va + 4096n > BigInt(s.virtualAddr) && leaf.va < end
        );
        assert(own.every((leaf) => leaf.flags === flags));
        for (const leaf of own) assertEquals(typeAt(entry, leaf.pa), "Kernel");
      }
      // The file itself is as it was loaded.
      for (let at = 0; at < kernelFile.length; at++) {
        if (memory.load8(KERNEL_FILE + at) !== kernelFile[at]) {
          throw new Error(`byte ${at} of the file changed`);
        }
      }
    }),
    { numRuns: 15 },
  );
});

Deno.test("bootFirmware() refuses segments that share a page or do not fit their file", () => {
  const segment: KernelSegment = {
    virtualAddr: virtAddr(0x20_0000),
    fileOffset: 0,
    fileBytes: 0x800,
    memBytes: 0x800,
    writable: false,
    executable: true,
  };
  const refuse = (segments: KernelSegment[], text: string) =>
    assertThrows(
      () => boot({ ...DEFAULT, kernelFile: new Uint8Array(4096), segments }),
      RangeError,
      text,
    );
  refuse(
    [segment, {
      ...segment,
      virtualAddr: virtAddr(0x20_0800),
      fileOffset: 0x800,
    }],
    "Cannot map page 0x20_0000: already mapped to frame 0x40_0000",
  );
  refuse(
    [{ ...segment, fileOffset: 8 }],
    "differs modulo 4096",
  );
  refuse(
    [{ ...segment, virtualAddr: virtAddr(0x20_0008), fileBytes: 0 }],
    "must be a multiple of 4096",
  );
});

Deno.test("bootFirmware() passes entry point, thread-local template and an upper-half kernel on", () => {
  const entryPoint = virtAddr(0xffff_ffff_8000_0040n);
  const tlsTemplate = { startAddr: entryPoint, fileSize: 8, memSize: 24 };
  const { entry, memory } = boot({
    ...DEFAULT,
    entryPoint,
    tlsTemplate,
    kernelFile: new Uint8Array(4096).fill(0x90),
    segments: [{
      virtualAddr: virtAddr(0xffff_ffff_8000_0000n),
      fileOffset: 0,
      fileBytes: 4096,
      memBytes: 4096,
      writable: false,
      executable: true,
    }],
  });
  assertEquals(entry.rip, entryPoint);
  assertEquals(entry.bootInfo.tlsTemplate, tlsTemplate);
  const top = walk(memory).leaves.at(-1)!;
  assertEquals([top.va, top.pa], [0xffff_ffff_8000_0000n, 0x40_0000n]);
  // Entry 511 is the kernel's, 0 the bootloader's: both count as used.
  assertEquals(entry.bootInfoAddr, 0x100_0000_0000);
});

Deno.test("bootFirmware() twice gives the same memory to the byte", () => {
  const first = boot(DEFAULT), second = boot(DEFAULT);
  assertEquals(first.entry, second.entry);
  assertEquals(first.memory.pages.size, second.memory.pages.size);
  for (const [number, page] of first.memory.pages) {
    const other = second.memory.pages.get(number)!;
    if (page.some((byte, i) => byte !== other[i])) {
      throw new Error(`page ${crateHex(physAddr(number * 4096))} differs`);
    }
  }
});

Deno.test("BIOS_PORT_WRITES ends with the masks b8 and 8e and a reload of 65536", () => {
  const to = (port: number) =>
    BIOS_PORT_WRITES.filter(([p]) => p === port).map(([, value]) => value);
  assertEquals(to(0x21), [8, 4, 1, 0xb8]);
  assertEquals(to(0xa1), [0x70, 2, 1, 0x8e]);
  assertEquals([to(0x43), to(0x40)], [[0x34, 0x54], [0, 0]]);
});
