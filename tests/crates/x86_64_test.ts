/**
 * The tests of the crate x86_64 0.15.4 that stand nowhere else by name.
 *
 * Left out: `test_rdrand`, as the machine's CPU has no RDRAND;
 * `check_descriptor_pointer_size`, as the pointer is two arguments here.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type VirtAddr,
  virtAddr,
  virtStepBackward,
  virtStepForward,
  virtStepsBetween,
} from "../../src/hw/addr.ts";
import { Machine } from "../../src/hw/machine.ts";
import { pageContaining } from "../../src/hw/page.ts";
import { pageRange, pageRangeInclusive } from "../../src/hw/page_range.ts";
import { BumpHeap } from "../../src/kernel/allocator/bump.ts";
import { coreState, defineKernel } from "../../src/kernel/mod.ts";
import { BufferHeap } from "../../src/kernel/allocator/values/buffer_heap.ts";
import { U32, Vec } from "../../src/kernel/mod.ts";
import { FlatMemory } from "../../src/base/word_memory.ts";
import { kernelTests } from "../../src/testing/harness/mod.ts";
import kernels from "./x86_64.ts";

const va = (value: bigint): VirtAddr => virtAddr(value);
const LOW_END = va(0x7fff_ffff_ffffn);
const HIGH_START = va(0xffff_8000_0000_0000n);
const TOP = va(0xffff_ffff_ffff_ffffn);

kernelTests(Deno.test, kernels);

Deno.test("virtaddr_step_forward: over the gap, and to the top", () => {
  const rows: [VirtAddr, bigint, VirtAddr | null][] = [
    [va(0n), 0n, va(0n)],
    [va(0n), 1n, va(1n)],
    [LOW_END, 1n, HIGH_START],
    [va(0x7fff_ffff_0000n), 0x1_0000n, HIGH_START],
    [HIGH_START, 1n, va(0xffff_8000_0000_0001n)],
    [TOP, 1n, null],
    [LOW_END, 0x8000_0000_0000n, TOP],
    [LOW_END, 0x8000_0000_0001n, null],
    [va(0n), 0x1_0000_0000_0000n, null],
    [va(0n), 0xffff_ffff_ffffn, TOP],
  ];
  for (const [start, count, end] of rows) {
    assertEquals(virtStepForward(start, Number(count)), end);
  }
});

Deno.test("virtaddr_step_backward: over the gap, and to the bottom", () => {
  const rows: [VirtAddr, bigint, VirtAddr | null][] = [
    [va(0n), 0n, va(0n)],
    [va(0n), 1n, null],
    [va(1n), 1n, va(0n)],
    [HIGH_START, 1n, LOW_END],
    [va(0xffff_8000_0000_0001n), 1n, HIGH_START],
    [TOP, 0x8000_0000_0000n, LOW_END],
    [TOP, 0xffff_ffff_ffffn, va(0n)],
    [TOP, 0x1_0000_0000_0000n, null],
  ];
  for (const [start, count, end] of rows) {
    assertEquals(virtStepBackward(start, Number(count)), end);
  }
});

Deno.test("virtaddr_steps_between: none backwards", () => {
  const rows: [VirtAddr, VirtAddr, bigint | null][] = [
    [va(0n), va(0n), 0n],
    [va(0n), va(1n), 1n],
    [va(1n), va(0n), null],
    [LOW_END, HIGH_START, 1n],
    [HIGH_START, LOW_END, null],
    [HIGH_START, HIGH_START, 0n],
    [HIGH_START, va(0xffff_8000_0000_0001n), 1n],
    [va(0n), TOP, 0xffff_ffff_ffffn],
  ];
  for (const [start, end, steps] of rows) {
    assertEquals(
      virtStepsBetween(start, end),
      steps === null ? null : Number(steps),
    );
  }
});

Deno.test("test_page_range_inclusive_overflow: the last page is in it, and ends it", () => {
  const last = pageContaining(TOP);
  const range = pageRangeInclusive(last, last);
  assertEquals([...range], [last]);
  assertEquals([...range].length, 1);
  assert([...pageRange(last, last)].length === 0);
});

Deno.test("test_from_ptr_array: a vector lies where its first element does", () => {
  const heap = new BufferHeap(
    new BumpHeap(new FlatMemory(new ArrayBuffer(64))),
  );
  const vec = Vec.of(heap, U32, [7, 8, 9]);
  assertEquals(heap.cpu.load32(vec.address), 7);
  assertThrows(() => vec.at(3));
});

Deno.test("rflags_read: bit 1 is set, and IF is what CLI and STI made it", () => {
  const flags: number[] = [];
  const program = defineKernel({
    id: "rflags",
    state: coreState,
    build: ({ cpu }) => ({
      boot() {
        // There is no handler: no interrupt may come.
        for (const port of [0x21, 0xa1]) cpu.out8(port, 0xff);
        flags.push(cpu.readRflags());
        cpu.sti();
        flags.push(cpu.readRflags());
        cpu.cli();
        flags.push(cpu.readRflags());
      },
    }),
  });
  new Machine({ program }).run();
  assertEquals(flags.map((value) => value & 0x202), [2, 0x202, 2]);
});
