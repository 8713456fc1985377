import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import v from "../../vectors/bootloader-0.9-bootinfo.json" with {
  type: "json",
};
import { virtAddr } from "./addr.ts";
import {
  type BootInfo,
  bootInfoBytes,
  frameRangeDebug,
  MEMORY_MAP_BYTES,
  MEMORY_REGION_BYTES,
  MEMORY_REGION_TYPES,
  MEMORY_REGIONS_MAX,
  MemoryMap,
  type MemoryRegion,
  memoryRegion,
  type MemoryRegionType,
  readBootInfo,
  recursiveIndex,
  regionEnd,
  regionStart,
  writeBootInfo,
} from "./boot_info.ts";
import {
  checkRamBytes,
  type E820Entry,
  e820Map,
  memoryMapFromE820,
  memoryRegionFromE820,
  RAM_BYTES_MAX,
  RAM_BYTES_MIN,
} from "./e820.ts";
import { crateHex } from "./format_hex.ts";

const region = (row: readonly string[]): MemoryRegion =>
  memoryRegion(
    Number(row[0]),
    Number(row[1]),
    (row[2] ?? "Bootloader") as MemoryRegionType,
  );
const rowsOf = (map: MemoryMap): string[][] =>
  map.regions.map((r) => [
    crateHex(regionStart(r)),
    crateHex(regionEnd(r)),
    r.type,
  ]);
const e820 = (rows: readonly (string | number)[][]): E820Entry[] =>
  rows.map(([start, bytes, type]) => [
    Number(start),
    Number(bytes),
    type as number,
  ]);

function assertPanics(call: () => void, panic: string): void {
  const error = assertThrows(call, RangeError);
  assertEquals(error.message.slice(-panic.length), panic);
}

Deno.test("bootloader-0.9-bootinfo.json runs whole but for firmware and kernel memory", () => {
  const rows: Record<string, number> = {};
  const run = (key: keyof typeof v, count: number, body: () => void) => {
    body();
    rows[key] = count;
  };
  run("frame_range", v.frame_range.length, () => {
    for (const row of v.frame_range) {
      const range = region([row.start, row.end]);
      assertEquals(range.startFrame, row.first_frame);
      assertEquals(range.endFrame, row.end_frame);
      assertEquals(crateHex(regionStart(range)), row.start_addr);
      assertEquals(crateHex(regionEnd(range)), row.end_addr);
      assertEquals(frameRangeDebug(range), row.debug);
    }
  });
  run("region_types", v.region_types.length, () => {
    assertEquals(
      MEMORY_REGION_TYPES.map((type, number) => [number, type]),
      v.region_types as [number, MemoryRegionType][],
    );
  });
  run("e820_types", v.e820_types.length, () => {
    for (const [type, expected] of v.e820_types) {
      const read = () => memoryRegionFromE820([0, 4096, type as number]);
      if (typeof expected === "string") assertEquals(read().type, expected);
      else assertPanics(read, (expected as { panic: string }).panic);
    }
  });
  run("memory_map_from_e820", v.memory_map_from_e820.length, () => {
    for (const row of v.memory_map_from_e820) {
      // `usable_frames` is run by the kernel's frame allocator.
      const map = memoryMapFromE820(e820(row.e820));
      assertEquals(rowsOf(map), row.memory_map, row.name);
    }
  });
  run("too_many_regions", 1, () => {
    const map = new MemoryMap();
    const add = (i: number) =>
      map.add({ startFrame: 2 * i, endFrame: 2 * i + 1, type: "Usable" });
    for (let i = 0; i < MEMORY_REGIONS_MAX; i++) add(i);
    assertPanics(() => add(64), v.too_many_regions);
    assertEquals(map.regions.length, 64);
  });
  run("mark_allocated_region", v.mark_allocated_region.cases.length, () => {
    for (const row of v.mark_allocated_region.cases) {
      const map = new MemoryMap(v.mark_allocated_region.before.map(region));
      const mark = () => map.markAllocated(region(row.mark));
      if (row.panic !== undefined) {
        assertPanics(mark, row.panic);
        continue;
      }
      mark();
      assertEquals(rowsOf(map), row.memory_map, row.name);
    }
  });
  run("allocate_frame", v.allocate_frame.allocations.length, () => {
    const pc = v.memory_map_from_e820[0]!;
    const map = memoryMapFromE820(e820(pc.e820));
    for (const row of v.allocate_frame.marked) map.markAllocated(region(row));
    assertEquals(rowsOf(map), v.allocate_frame.after_marking);
    for (const [type, frame] of v.allocate_frame.allocations) {
      const taken = map.allocateFrame(type as MemoryRegionType);
      assertEquals(crateHex(taken!), frame);
    }
    map.sort();
    assertEquals(rowsOf(map), v.allocate_frame.final_map);
    // `kernel_allocator_*` are run by the kernel's frame allocator.
  });
  run("sizes", 3, () => {
    assertEquals(v.sizes, {
      memory_region: MEMORY_REGION_BYTES,
      memory_map: MEMORY_MAP_BYTES,
      max_regions: MEMORY_REGIONS_MAX,
    });
  });

  assertEquals(rows, {
    frame_range: 8,
    region_types: 14,
    e820_types: 7,
    memory_map_from_e820: 6,
    too_many_regions: 1,
    mark_allocated_region: 8,
    allocate_frame: 12,
    sizes: 3,
  });
  const leftOut: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    entry_state: "firmware_test.ts",
    layout_defaults: "firmware_test.ts",
    config_keys: "firmware_test.ts",
  };
  for (const key of Object.keys(v)) {
    assert(key in rows !== key in leftOut, `key ${key}`);
  }
});

Deno.test("e820Map() is the vectors' PC map at 128 MiB", () => {
  assertEquals(e820Map(128 * 2 ** 20), e820(v.memory_map_from_e820[0]!.e820));
});

Deno.test("e820Map() puts what exceeds 3 GiB at 4 GiB", () => {
  assertEquals(e820Map(3 * 2 ** 30).length, 6);
  assertEquals(e820Map(4 * 2 ** 30).slice(3), [
    [0x10_0000, 0xbfee_0000, 1],
    [0xbffe_0000, 0x2_0000, 2],
    [0xfffc_0000, 0x4_0000, 2],
    [0x1_0000_0000, 0x4000_0000, 1],
  ]);
});

Deno.test("checkRamBytes() refuses sizes that no machine has", () => {
  for (const bad of [0, RAM_BYTES_MIN - 4096, RAM_BYTES_MAX + 4096, NaN]) {
    assertThrows(() => checkRamBytes(bad), RangeError, "choose from 16 MiB");
  }
  assertThrows(() => e820Map(RAM_BYTES_MIN + 1), RangeError, "multiple");
  assertEquals(checkRamBytes(RAM_BYTES_MIN), RAM_BYTES_MIN);
  assertEquals(checkRamBytes(RAM_BYTES_MAX), RAM_BYTES_MAX);
});

Deno.test("memoryRegion() refuses an end at 0 and addresses beyond 52 bits", () => {
  assertPanics(
    () => memoryRegion(0, 0, "Usable"),
    "attempt to subtract with overflow",
  );
  assertThrows(() => memoryRegion(2 ** 53, 2 ** 53 + 2, "Usable"), RangeError);
});

Deno.test("allocateFrame() returns null when no frame is usable", () => {
  const map = new MemoryMap([memoryRegion(0x1000, 0x3000, "Usable")]);
  assertEquals(map.allocateFrame("Kernel"), 0x1000 as never);
  assertEquals(map.allocateFrame("PageTable"), 0x2000 as never);
  assertEquals(map.allocateFrame("Kernel"), null);
  assertEquals(
    map.debug(),
    "[MemoryRegion { range: FrameRange(0x1000..0x2000), region_type: Kernel }, " +
      "MemoryRegion { range: FrameRange(0x2000..0x3000), " +
      "region_type: PageTable }]",
  );
});

/** Words by address; what was not written reads as a pattern. */
class Words {
  readonly map: Map<number, number> = new Map();
  load32(address: number): number {
    return this.map.get(address) ?? 0xdead_beef | 0;
  }
  store32(address: number, value: number): void {
    assertEquals(address % 4, 0);
    this.map.set(address, value | 0);
  }
}

Deno.test("writeBootInfo() lays regions, count, offset and template out as the crate", () => {
  const words = new Words();
  const info: BootInfo = {
    memoryMap: [
      memoryRegion(0, 0x1000, "FrameZero"),
      memoryRegion(0x1_0000_0000, 0x1_4000_0000, "Usable"),
    ],
    physicalMemoryOffset: virtAddr(0x180_0000_0000),
    recursivePageTableAddr: null,
    tlsTemplate: { startAddr: virtAddr(-4096), fileSize: 8, memSize: 16 },
  };
  writeBootInfo(words, 0x1000, info);
  const at = (offset: number) => words.load32(0x1000 + offset) >>> 0;
  assertEquals([0, 8, 16].map(at), [0, 1, 10]);
  assertEquals([24, 32, 40].map(at), [0x10_0000, 0x14_0000, 0]);
  assertEquals([48, 56, 64].map(at), [0, 0, 11]);
  assertEquals([63 * 24 + 16, 1536, 1540].map(at), [11, 2, 0]);
  assertEquals([1544, 1548].map(at), [0, 0x180]);
  assertEquals([1552, 1556, 1560, 1568].map(at), [
    0xffff_f000,
    0xffff_ffff,
    8,
    16,
  ]);
  assertEquals(words.map.size * 4, bootInfoBytes(false));
  assertEquals(bootInfoBytes(false), 1584);
});

Deno.test("readBootInfo() refuses what no bootloader wrote", () => {
  const words = new Words();
  assertThrows(() => readBootInfo(words, 0), RangeError, "64 at most");
  words.store32(1536, 1);
  words.store32(1540, 0);
  assertThrows(() => readBootInfo(words, 0), RangeError, "type is unknown");
});

Deno.test("readBootInfo() returns what writeBootInfo() wrote", () => {
  const frames = fc.nat({ max: 2 ** 40 });
  const regions = fc.array(
    fc.record({
      startFrame: frames,
      endFrame: frames,
      type: fc.constantFrom(...MEMORY_REGION_TYPES),
    }, { noNullPrototype: true }),
    { maxLength: MEMORY_REGIONS_MAX },
  );
  const address = fc.bigInt(-(2n ** 47n), 2n ** 47n - 1n).map(virtAddr);
  fc.assert(fc.property(
    regions,
    address,
    fc.option(address),
    fc.option(fc.nat()),
    (memoryMap, physicalMemoryOffset, recursivePageTableAddr, size) => {
      const tlsTemplate = size === null
        ? null
        : { startAddr: physicalMemoryOffset, fileSize: size, memSize: 2 ** 40 };
      const info: BootInfo = {
        memoryMap,
        physicalMemoryOffset,
        recursivePageTableAddr,
        tlsTemplate,
      };
      const words = new Words();
      writeBootInfo(words, 0x8000, info);
      const recursive = recursivePageTableAddr !== null;
      assertEquals(words.map.size * 4, bootInfoBytes(recursive));
      assertEquals(readBootInfo(words, 0x8000, recursive), info);
      assertEquals(recursiveIndex(info) === null, !recursive);
    },
  ));
});

Deno.test("MemoryMap keeps every frame through marks and allocations, each in one region", () => {
  const types = fc.constantFrom<MemoryRegionType>(
    "PageTable",
    "Kernel",
    "KernelStack",
    "BootInfo",
  );
  fc.assert(fc.property(fc.array(types, { maxLength: 200 }), (script) => {
    const map = new MemoryMap([
      memoryRegion(0x1000, 0x20_000, "Usable"),
      memoryRegion(0x20_000, 0x30_000, "Reserved"),
      memoryRegion(0x30_000, 0x70_000, "Usable"),
    ]);
    const taken = new Set<number>();
    for (const type of script) {
      const frame = map.allocateFrame(type);
      if (frame === null) {
        assertEquals(taken.size, 0x1f + 0x40);
        continue;
      }
      assert(!taken.has(frame), `${crateHex(frame)} twice`);
      taken.add(frame);
    }
    map.sort();
    let at = 1, usable = 0;
    for (const { startFrame, endFrame, type } of map.regions) {
      assertEquals(startFrame, at);
      at = endFrame;
      if (type === "Usable") usable += endFrame - startFrame;
    }
    assertEquals(at, 0x70);
    assertEquals(usable, 0x1f + 0x40 - taken.size);
  }));
});
