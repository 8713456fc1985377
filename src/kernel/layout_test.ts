import { assert, assertEquals } from "@std/assert";
import {
  DOUBLE_FAULT_STACK_BYTES,
  DOUBLE_FAULT_STACK_END,
  DOUBLE_FAULT_STACK_START,
  GDT_ADDR,
  IDT_ADDR,
  KERNEL_DATA_BYTES,
  KERNEL_DATA_FREE,
  KERNEL_DATA_START,
  KERNEL_IMAGE_START,
  TSS_ADDR,
} from "./layout.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("layout: each static has the room that its format takes, and none overlap", () => {
  /** Name, place, bytes. Sources: SDM 3A for tables, the book for the stack. */
  const statics: [string, number, number][] = [
    ["GDT", GDT_ADDR, 8 * 8],
    ["TSS", TSS_ADDR, 104],
    ["IDT", IDT_ADDR, 256 * 16],
    ["double-fault stack", DOUBLE_FAULT_STACK_START, 4096 * 5],
  ];
  let free: number = KERNEL_DATA_START;
  for (const [name, start, bytes] of statics) {
    assert(start >= free, `${name} begins behind what comes before it`);
    assert(start % 8 === 0, `${name} is aligned`);
    free = start + bytes;
  }
  assertEquals(free, KERNEL_DATA_FREE);
  assert(free < KERNEL_DATA_START + KERNEL_DATA_BYTES);
});

Deno.test("layout: image and data begin at 2 and 4 MiB; the tables stand where the header says", () => {
  assertEquals([KERNEL_IMAGE_START, KERNEL_DATA_START] as number[], [
    2 * MIB,
    4 * MIB,
  ]);
  assertEquals(KERNEL_DATA_BYTES, 256 * KIB);
  // Without a gap: the stack grows down to the IDT.
  assertEquals(TSS_ADDR - GDT_ADDR, 8 * 8);
  assertEquals(IDT_ADDR + 256 * 16, DOUBLE_FAULT_STACK_START as number);
  assertEquals(DOUBLE_FAULT_STACK_BYTES, 4096 * 5);
  assertEquals(
    DOUBLE_FAULT_STACK_END - DOUBLE_FAULT_STACK_START,
    DOUBLE_FAULT_STACK_BYTES,
  );
});
