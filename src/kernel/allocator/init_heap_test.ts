import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import vectors from "../../../vectors/blog_os-vga-writer.json" with {
  type: "json",
};
import { virtAddr } from "../../hw/addr.ts";
import { Machine } from "../../hw/machine.ts";
import type { Instructions } from "../../hw/instructions.ts";
import { pageContaining } from "../../hw/page.ts";
import { coreState, type KernelCore } from "../core.ts";
import { defineKernel } from "../define_kernel.ts";
import {
  BootInfoFrameAllocator,
  bootInfoFramesState,
} from "../memory/frames/boot_info_frames.ts";
import { EmptyFrameAllocator } from "../memory/frames/empty_frames.ts";
import type { FrameAllocator } from "../memory/frames/frame_allocator.ts";
import { createExampleMapping, initMapper } from "../memory/mappers/book.ts";
import { FRAME_ALLOCATION_FAILED } from "../memory/mappers/mapper_errors.ts";
import type { OffsetPageTable } from "../memory/mappers/offset_page_table.ts";
import { DESIGNS } from "./machine_support_test.ts";
import { HEAP_SIZE, HEAP_START, initHeap } from "./init_heap.ts";

interface Setup {
  core: KernelCore;
  cpu: Instructions;
  mapper: OffsetPageTable;
  frames: BootInfoFrameAllocator;
  offset: number;
}

/** Boots a kernel on a machine; the body runs in its entry point. */
function onMachine(body: (setup: Setup) => void): Machine {
  let done = false;
  const program = defineKernel({
    id: "heap-test",
    state: () => ({ ...coreState(), frames: bootInfoFramesState([]) }),
    build: (core, state) => ({
      boot(info) {
        const offset = info.physicalMemoryOffset!;
        const mapper = initMapper(core.cpu, offset);
        const frames = new BootInfoFrameAllocator(state.frames);
        frames.init(info.memoryMap);
        body({ core, cpu: core.cpu, mapper, frames, offset });
        done = true;
      },
    }),
  });
  const machine = new Machine({ program });
  machine.run();
  assert(done, "the kernel did not come to its end");
  return machine;
}

for (const [name, make] of DESIGNS) {
  Deno.test(`initHeap() takes 28 frames and ${name} works behind the MMU`, () => {
    onMachine(({ cpu, mapper, frames }) => {
      const made = initHeap(cpu, mapper, frames, make);
      assert(made.reason === null);
      assertEquals(frames.state.next, 28);
      const { heap } = made;
      const [a, b] = [heap.alloc(8, 8), heap.alloc(64, 8)];
      assert(a !== null && b !== null && a !== b);
      cpu.store32(virtAddr(HEAP_START + a), 41);
      cpu.store32(virtAddr(HEAP_START + b), 13);
      assertEquals(cpu.load32(virtAddr(HEAP_START + a)), 41);
      heap.dealloc(a, 8, 8);
      heap.dealloc(b, 64, 8);
      assertEquals(heap.alloc(HEAP_SIZE + 8, 8), null);
    });
  });
}

Deno.test("initHeap() leaves pages mapped and loses a frame when tables run out", () => {
  onMachine(({ cpu, mapper, frames }) => {
    let left = 3; // One for the page, two of the three tables it needs.
    const few: FrameAllocator = {
      allocateFrame: () => left-- > 0 ? frames.allocateFrame() : null,
    };
    const first = initHeap(cpu, mapper, few, () => 0);
    assertStrictEquals<unknown>(first, FRAME_ALLOCATION_FAILED);
    assertEquals(frames.state.next, 3);
    assertEquals(mapper.translateAddr(HEAP_START), null);

    left = 2 + 5; // A page and its missing table, then five pages.
    const second = initHeap(cpu, mapper, few, () => 0);
    assertStrictEquals<unknown>(second, FRAME_ALLOCATION_FAILED);
    const mapped = (page: number) =>
      mapper.translateAddr(virtAddr(HEAP_START + page * 4096)) !== null;
    assertEquals([mapped(0), mapped(5), mapped(6)], [true, true, false]);

    // Again: the first page is mapped, and the frame taken for it is lost.
    const third = initHeap(cpu, mapper, frames, () => 0);
    assertEquals(third.reason, "page-already-mapped");
    assertEquals(frames.state.next, 11);
  });
});

Deno.test("createExampleMapping() shows New! on the screen", () => {
  const { value, write_u64_at_byte_offset, row, column, cells } =
    vectors.new_mapping_example;
  const machine = onMachine(({ cpu, mapper, frames }) => {
    const page = pageContaining(virtAddr(0xdead_beaf_000));
    createExampleMapping(page, mapper, frames, cpu);
    const [low, high] = [value.slice(-8), value.slice(2, 10)];
    const at = virtAddr(page + write_u64_at_byte_offset);
    cpu.store64(at, parseInt(low, 16), parseInt(high, 16));
    const screen = virtAddr(0xb8000 + 2 * (80 * row + column));
    assertEquals(
      cells.map((_, i) => [
        cpu.load8(virtAddr(screen + 2 * i)),
        cpu.load8(virtAddr(screen + 2 * i + 1)),
      ]),
      cells,
    );
  });
  assertEquals(
    machine.vga.screenText()[row]?.slice(column, column + 4),
    "New!",
  );
});

Deno.test("createExampleMapping() fails when tables are missing and there are no frames", () => {
  onMachine(({ cpu, mapper }) => {
    const none = new EmptyFrameAllocator();
    // The first page's tables are there: the firmware's.
    createExampleMapping(pageContaining(virtAddr(0)), mapper, none, cpu);
    const page = pageContaining(virtAddr(0xdead_beaf_000));
    let text = "";
    try {
      createExampleMapping(page, mapper, none, cpu);
    } catch (error) {
      text = String(error);
    }
    assertEquals(text, "Error: map_to failed: FrameAllocationFailed");
  });
});
