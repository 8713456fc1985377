import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventLog } from "../../../base/events.ts";
import { cloneState, copyStateInto } from "../../../base/state_tree.ts";
import {
  MEMORY_REGION_TYPES,
  type MemoryRegion,
  memoryRegion,
  type MemoryRegionType,
} from "../../../hw/memory_map.ts";
import v from "../../../../vectors/bootloader-0.9-bootinfo.json" with {
  type: "json",
};
import {
  BootInfoFrameAllocator,
  bootInfoFramesState,
} from "./boot_info_frames.ts";
import { EmptyFrameAllocator } from "./empty_frames.ts";

/** A memory map as the vectors write it: start, end, type. */
function mapOf(rows: readonly (readonly string[])[]): MemoryRegion[] {
  return rows.map(([start, end, type]) =>
    memoryRegion(Number(start), Number(end), type as MemoryRegionType)
  );
}

/** Takes frames until there are none. */
function drain(frames: BootInfoFrameAllocator): number[] {
  const taken: number[] = [];
  for (let f = frames.allocateFrame(); f !== null; f = frames.allocateFrame()) {
    taken.push(f);
  }
  return taken;
}

Deno.test("vectors: usable_frames and kernel_allocator_* of bootloader 0.9", () => {
  const others: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    entry_state: "firmware's",
    layout_defaults: "firmware's",
    config_keys: "firmware's",
    frame_range: "the memory map's",
    region_types: "the memory map's",
    e820_types: "the memory map's",
    too_many_regions: "the memory map's",
    mark_allocated_region: "the memory map's",
    sizes: "the memory map's",
  };
  const ran: Record<string, number> = {
    memory_map_from_e820: 0,
    allocate_frame: 0,
  };
  for (const row of v.memory_map_from_e820) {
    const frames = new BootInfoFrameAllocator(mapOf(row.memory_map));
    assertEquals(drain(frames).length, row.usable_frames, row.name);
    ran.memory_map_from_e820! += 1;
  }
  const a = v.allocate_frame;
  const taken = drain(new BootInfoFrameAllocator(mapOf(a.final_map)));
  assertEquals(
    taken.slice(0, a.kernel_allocator_first_frames.length),
    a.kernel_allocator_first_frames.map(Number),
  );
  assertEquals(taken.length, a.kernel_allocator_total);
  assertEquals(taken.at(-1), Number(a.kernel_allocator_last));
  ran.allocate_frame! += 3;
  assertEquals(ran, { memory_map_from_e820: 6, allocate_frame: 3 });
  for (const key of Object.keys(v)) {
    assertEquals(key in ran || key in others, true, `key ${key} is not run`);
  }
});

Deno.test("allocateFrame() counts on when no frame is left", () => {
  const frames = new BootInfoFrameAllocator(mapOf([["0", "0x2000", "Usable"]]));
  assertEquals(drain(frames), [0, 0x1000]);
  assertEquals(frames.state.next, 3);
  assertEquals(frames.allocateFrame(), null);
  assertEquals(frames.state.next, 4);
});

Deno.test("allocateFrame() gives a frame twice when two regions have it", () => {
  const frames = new BootInfoFrameAllocator(mapOf([
    ["0x1000", "0x3000", "Usable"],
    ["0x2000", "0x4000", "Usable"],
  ]));
  assertEquals(drain(frames), [0x1000, 0x2000, 0x2000, 0x3000]);
});

Deno.test("bootInfoFramesState() refuses a region whose frames are no numbers", () => {
  for (const startFrame of [1.5, -1, NaN, 2 ** 40 + 1]) {
    assertThrows(
      () => bootInfoFramesState([{ startFrame, endFrame: 8, type: "Usable" }]),
      RangeError,
      `Cannot manage frames ${startFrame} to 8: give whole numbers`,
    );
  }
});

Deno.test("allocateFrame() gives equal frames when two share a map", () => {
  const map = mapOf([["0x1000", "0x3000", "Usable"]]);
  const log = new EventLog({ clk: 0 });
  log.on = true;
  const one = new BootInfoFrameAllocator(map, log);
  const other = new BootInfoFrameAllocator(map, log);
  assertEquals(one.allocateFrame(), other.allocateFrame());
  const events = [...log].map(({ kind, a }) => [kind, a]);
  assertEquals(events, [["frame-alloc", 0x1000], ["frame-alloc", 0x1000]]);
});

Deno.test("init() begins anew in the same state", () => {
  const frames = new BootInfoFrameAllocator([]);
  const { state } = frames;
  assertEquals(frames.allocateFrame(), null);
  frames.init(mapOf([["0x5000", "0x6000", "Usable"]]));
  assertEquals(frames.allocateFrame() as unknown, 0x5000);
  assertEquals(frames.state === state, true);
});

Deno.test("EmptyFrameAllocator refuses", () => {
  assertEquals(new EmptyFrameAllocator().allocateFrame(), null);
});

const region = fc.record({
  startFrame: fc.nat(200),
  count: fc.nat(20),
  type: fc.constantFrom<MemoryRegionType>("Usable", ...MEMORY_REGION_TYPES),
}).map(({ startFrame, count, type }) => ({
  startFrame,
  endFrame: startFrame + count,
  type,
}));

Deno.test("allocateFrame() is the book's n-th item, also after a load", () => {
  fc.assert(fc.property(
    fc.array(region, { maxLength: 12 }),
    fc.array(fc.boolean(), { maxLength: 80 }),
    fc.nat(60),
    (map, calls, cut) => {
      // The book: a flat list of frames, asked for its n-th item.
      const list = map.filter(({ type }) => type === "Usable")
        .flatMap(({ startFrame, endFrame }) =>
          Array.from(
            { length: endFrame - startFrame },
            (_, i) => startFrame + i,
          )
        ).map((number) => number * 4096);
      const frames = new BootInfoFrameAllocator(map);
      assertEquals([...frames.usableFrames()] as unknown, list);
      let n = 0;
      let saved = cloneState(frames.state), savedAt = 0;
      calls.forEach((save, i) => {
        assertEquals(frames.allocateFrame() as unknown, list[n] ?? null);
        n += 1;
        if (save) [saved, savedAt] = [cloneState(frames.state), n];
        if (i === cut) {
          copyStateInto(frames.state, saved);
          n = savedAt;
        }
      });
    },
  ));
});
