// A mapper of the active tables on the machine: what the CPU sees through its TLB is what was mapped, as long as flushes are used.

import { assert, assertEquals } from "@std/assert";
import { Prng } from "../../../base/prng.ts";
import { virtAddr } from "../../../hw/addr.ts";
import type { Instructions } from "../../../hw/instructions.ts";
import { Machine } from "../../../hw/machine.ts";
import { type Frame, type Page, pageContaining } from "../../../hw/page.ts";
import { PTE_P, PTE_RW } from "../../../hw/page_table.ts";
import { coreState } from "../../core.ts";
import { defineKernel } from "../../define_kernel.ts";
import { BootInfoFrameAllocator } from "../frames/boot_info_frames.ts";
import { initMapper } from "./book.ts";
import { expectOk } from "./mapper_errors.ts";
import type { OffsetPageTable } from "./offset_page_table.ts";

const BASE = 0x4000_0000_0000;
const PAGES = 12;
const page = (i: number): Page => pageContaining(virtAddr(BASE + 4096 * i));

interface Setup {
  readonly cpu: Instructions;
  readonly mapper: OffsetPageTable;
  readonly frames: BootInfoFrameAllocator;
  /** Frames that hold their own number. */
  readonly numbered: readonly Frame[];
}

/** Runs `body` in a kernel's `boot`, with events on. */
function onMachine(body: (setup: Setup) => void): Machine {
  let done = false;
  const program = defineKernel({
    id: "tlb-test",
    state: coreState,
    build: ({ cpu }) => ({
      boot({ memoryMap, physicalMemoryOffset }) {
        const mapper = initMapper(cpu, physicalMemoryOffset, cpu.events);
        const frames = new BootInfoFrameAllocator(memoryMap, cpu.events);
        const numbered = Array.from({ length: PAGES }, (_, i) => {
          const frame = frames.allocateFrame()!;
          cpu.store32(virtAddr(physicalMemoryOffset + frame), i);
          return frame;
        });
        body({ cpu, mapper, frames, numbered });
        done = true;
      },
    }),
  });
  const machine = new Machine({ program });
  machine.events.on = true;
  machine.run();
  assert(done, "the kernel did not come to its end");
  return machine;
}

Deno.test("the CPU sees each mapping as soon as its flush was used", () => {
  const machine = onMachine(({ cpu, mapper, frames, numbered }) => {
    const random = new Prng(3);
    const mapped = new Map<number, number>();
    for (let step = 0; step < 3_000; step++) {
      const i = random.below(PAGES);
      const k = random.below(PAGES);
      if (mapped.has(i)) {
        const { frame, flush } = expectOk(mapper.unmap(page(i)), "unmap");
        flush.flush(cpu);
        assertEquals(frame, numbered[mapped.get(i)!]);
        mapped.delete(i);
      } else {
        const flags = PTE_P | PTE_RW;
        const result = mapper.mapTo(page(i), numbered[k]!, flags, frames);
        expectOk(result, "map_to").flush(cpu);
        mapped.set(i, k);
      }
      for (let j = 0; j < PAGES; j++) {
        const known = mapped.get(j);
        assertEquals(
          mapper.translateAddr(page(j)) as number | null,
          known === undefined ? null : numbered[known]!,
        );
        if (known !== undefined) assertEquals(cpu.load32(page(j)), known);
      }
    }
    assertEquals(mapper.state.dropped, 0);
  });
  const kinds = new Set([...machine.events].map(({ kind }) => kind));
  assertEquals(
    ["map", "unmap", "flush-dropped", "stale-hit"].filter((kind) =>
      kinds.has(kind as "map")
    ),
    ["map", "unmap"],
  );
});

Deno.test("a dropped flush leaves the CPU with what was mapped before, and shows", () => {
  const machine = onMachine(({ cpu, mapper, frames, numbered }) => {
    const map = (k: number) =>
      expectOk(
        mapper.mapTo(page(0), numbered[k]!, PTE_P | PTE_RW, frames),
        "map_to",
      );
    map(1).flush(cpu);
    assertEquals(cpu.load32(page(0)), 1);
    expectOk(mapper.unmap(page(0)), "unmap"); // Its flush is dropped.
    const flush = map(2);
    assertEquals(cpu.load32(page(0)), 1, "the old frame, from the TLB");
    flush.flush(cpu);
    assertEquals(cpu.load32(page(0)), 2);
    assertEquals(mapper.state.dropped, 1);
  });
  const shown = [...machine.events].filter(({ kind }) =>
    kind === "flush-dropped" || kind === "stale-hit"
  );
  assertEquals(
    shown.map(({ kind, a }) => [kind, a]),
    [["flush-dropped", page(0)], ["stale-hit", page(0)]] as unknown,
  );
});
