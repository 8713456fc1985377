import { assertEquals, assertThrows } from "@std/assert";
import type { EventKind, EventRecord } from "../base/events.ts";
import { Machine } from "../hw/machine.ts";
import { virtAddr } from "../hw/addr.ts";
import { pageContaining } from "../hw/page.ts";
import { firstFitDesign } from "../kernel/allocator/heap_designs.ts";
import { coreState } from "../kernel/core.ts";
import { defineKernel } from "../kernel/define_kernel.ts";
import { Idt, idtState } from "../kernel/interrupts.ts";
import { KernelMemory, kernelMemoryState } from "../kernel/kernel_memory.ts";
import { BootInfoFrameAllocator } from "../kernel/memory/frames/boot_info_frames.ts";
import { createExampleMapping } from "../kernel/memory/mappers/book.ts";
import { Pics, timerHandler } from "../kernel/pics.ts";
import { memoryHazards } from "./memory_hazards.ts";

/** Records at clk 1, 2, 3 … */
const log = (
  ...rows: readonly (readonly [EventKind, number?, number?, number?])[]
): EventRecord[] =>
  rows.map(([kind, a = 0, b = 0, c = 0], i) => ({ clk: i + 1, kind, a, b, c }));

const told = (records: EventRecord[]): [number, string, string][] =>
  memoryHazards(records).hazards.map((h) => [h.clk, h.kind, h.text]);

Deno.test("memoryHazards() is silent when all is well", () => {
  const report = memoryHazards(log(
    ["frame-alloc", 0x1000, 1],
    ["frame-alloc", 0x8000, 4],
    ["map", 0x4000, 0x1000, 3],
    ["irq-delivered", 32],
    ["iret", 0x4000],
    ["heap-alloc", 0x4000, 16, 8],
    ["heap-alloc", 0x4010, 16, 8],
    ["heap-free", 0x4000, 16, 8],
    ["heap-alloc", 0x4000, 8, 8],
    ["unmap", 0x4000, 0x1000],
    ["frame-free", 0x1000, 1],
    ["frame-alloc", 0x1000, 1],
    ["map", 0x5000, 0x1000, 3],
  ));
  assertEquals(report.hazards, []);
  assertEquals(report.blocks, [
    { address: 0x4000, size: 8, align: 8, clk: 9 },
    { address: 0x4010, size: 16, align: 8, clk: 7 },
  ]);
  assertEquals(report.frames, [0x8000, 0x9000, 0xa000, 0xb000, 0x1000]);
});

Deno.test("memoryHazards() tells each hazard by its kind", () => {
  const rows: [EventRecord[], [number, string, string]][] = [
    [
      log(["frame-alloc", 0x1000, 2], ["frame-alloc", 0x2000, 1]),
      [2, "frame-twice", "frame 0x2000 is handed out twice"],
    ],
    [
      log(
        ["frame-alloc", 0x1000, 1],
        ["map", 0x4000, 0x1000],
        ["frame-free", 0x1000, 1],
      ),
      [
        3,
        "frame-in-use",
        "frame 0x1000 is given back while page 0x4000 is mapped to it",
      ],
    ],
    [
      log(
        ["frame-alloc", 0x1000, 1],
        ["map", 0x4000, 0x1000],
        ["map", 0x5000, 0x1000],
      ),
      [3, "alias", "page 0x5000 is mapped to frame 0x1000, as page 0x4000 is"],
    ],
    [
      log(["map", 0x4000, 0xb8000]),
      [
        1,
        "foreign-frame",
        "page 0x4000 is mapped to frame 0xb_8000, which no allocator gave",
      ],
    ],
    [
      log(["flush-dropped", 0x4000]),
      [
        1,
        "flush-dropped",
        "the flush of page 0x4000 was neither used nor ignored",
      ],
    ],
    [
      log(["stale-hit", 0x4000, 0x1000, -1]),
      [
        1,
        "stale-hit",
        "page 0x4000 was used by way of frame 0x1000, which the TLB holds; " +
        "the tables say nothing",
      ],
    ],
    [
      log(["irq-delivered", 33], ["heap-alloc", 0x4000, 16, 8]),
      [
        2,
        "heap-in-handler",
        "16 bytes are taken at 0x4000 while the handler of vector 33 runs",
      ],
    ],
    [
      log(["heap-alloc", 0x4000, 32, 8], ["heap-alloc", 0x4010, 8, 8]),
      [
        2,
        "block-twice",
        "8 bytes at 0x4010 are handed out, and 32 bytes at 0x4000 are in use",
      ],
    ],
    [
      log(["heap-alloc", 0x4010, 8, 8], ["heap-alloc", 0x4000, 32, 8]),
      [
        2,
        "block-twice",
        "32 bytes at 0x4000 are handed out, and 8 bytes at 0x4010 are in use",
      ],
    ],
    [
      log(["heap-free", 0x4000, 32, 8]),
      [
        1,
        "block-unknown",
        "32 bytes at 0x4000 are given back, and not in use",
      ],
    ],
    [
      log(["heap-alloc", 0x4000, 32, 8], ["heap-free", 0x4000, 16, 8]),
      [
        2,
        "block-unknown",
        "16 bytes aligned to 8 at 0x4000 are given back, " +
        "taken as 32 bytes aligned to 8",
      ],
    ],
  ];
  for (const [records, expected] of rows) {
    assertEquals(told(records), [expected]);
  }
});

Deno.test("memoryHazards() throws when records are missing", () => {
  assertThrows(
    () => memoryHazards(Object.assign(log(), { lost: 3 })),
    RangeError,
    "3 records are missing",
  );
});

Deno.test("memoryHazards() reads a kernel on the machine", () => {
  let ticks = 0;
  const program = defineKernel({
    id: "hazards",
    state: () => ({
      ...coreState(),
      idt: idtState(),
      memory: kernelMemoryState(),
    }),
    build(core, state) {
      const { cpu } = core;
      const memory = new KernelMemory(core, state.memory, firstFitDesign);
      const pics = new Pics(cpu, core.env);
      const onTick = () => {
        ticks += 1;
        memory.heap.alloc(16, 8); // What the book forbids.
      };
      const idt = new Idt(core, state.idt, [timerHandler(pics, onTick)]);
      return {
        boot(info) {
          memory.init(info);
          memory.heap.alloc(8, 8);
          const page = pageContaining(virtAddr(0xdead_beaf_000));
          createExampleMapping(page, memory.mapper!, memory.frames, cpu);
          // A second allocator over the same map begins at the same frames.
          new BootInfoFrameAllocator(info.memoryMap, cpu.events)
            .allocateFrame();
          idt.init();
          pics.initialize();
          cpu.sti();
        },
      };
    },
  });
  const machine = new Machine({ program });
  machine.events.on = true;
  machine.run({
    until: () => ticks === 2,
  });
  const { hazards, blocks } = memoryHazards(machine.events);
  assertEquals(hazards.map(({ kind }) => kind), [
    "foreign-frame",
    "frame-twice",
    "heap-in-handler",
    "heap-in-handler",
  ]);
  assertEquals(blocks.map(({ size }) => size), [8, 16, 16]);
});
