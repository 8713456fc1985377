import { assertEquals, assertThrows } from "@std/assert";
import { FakeCpu } from "../../tests/support/fake_cpu.ts";
import { virtAddr } from "../hw/addr.ts";
import {
  type ReadOnly,
  Volatile,
  VolatileArray,
  type WriteOnly,
} from "./volatile.ts";

const AT = virtAddr(0x1000);

/** The crate's test_read, test_write, test_update and test_pointer_recast. */
Deno.test("read(), write(), update() are one load, one store, one of each", () => {
  for (const bytes of [1, 2, 4] as const) {
    const cpu = new FakeCpu();
    const cell = new Volatile(cpu, AT, bytes);
    const [load, store] = [`load${8 * bytes}`, `store${8 * bytes}`];
    assertEquals(cell.read(), 0);
    cell.write(50);
    assertEquals(cpu.peek32(AT), 50);
    cell.update((value) => value + 1);
    assertEquals(new Volatile(cpu, AT, bytes).read(), 51);
    assertEquals([...cpu.counts].sort(), [[load, 3], [store, 2]]);
  }
});

Deno.test("ReadOnly and WriteOnly are halves of a cell", () => {
  const cpu = new FakeCpu();
  const input: ReadOnly = new Volatile(cpu, AT, 1);
  const output: WriteOnly = new Volatile(cpu, AT, 1);
  output.write(7);
  assertEquals(input.read(), 7);
});

Deno.test("VolatileArray keeps its cells apart and its ends", () => {
  const cpu = new FakeCpu();
  const cells = new VolatileArray(cpu, AT, 2, 3);
  for (let i = 0; i < 3; i++) cells.write(i, 0x1_1111 * (i + 1));
  assertEquals([cells.read(0), cells.read(1), cells.read(2)], [
    0x1111,
    0x2222,
    0x3333,
  ]);
  assertEquals(cpu.peek16(AT + 6), 0);
  for (const index of [-1, 3, 0.5]) {
    assertThrows(() => cells.read(index), RangeError, "cells 0 to 2");
  }
});
