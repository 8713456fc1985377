import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FLAT_END_MAX, FlatMemory } from "./word_memory.ts";

Deno.test("FlatMemory reads and writes little-endian words of its range", () => {
  const buffer = new ArrayBuffer(64);
  const memory = new FlatMemory(buffer, 16, 32);
  memory.store32(4, 0x8765_4321);
  assertEquals(new DataView(buffer).getUint32(20, true), 0x8765_4321);
  assertEquals(memory.load32(4), 0x8765_4321 | 0);
  assertEquals([memory.base, memory.size], [16, 32]);
});

Deno.test("FlatMemory takes buffers, views and what holds a buffer", () => {
  const buffer = new ArrayBuffer(64);
  const shape = (memory: FlatMemory): number[] => [memory.base, memory.size];
  assertEquals(shape(new FlatMemory(buffer)), [0, 64]);
  assertEquals(shape(new FlatMemory(new SharedArrayBuffer(64), 8)), [8, 56]);
  assertEquals(shape(new FlatMemory({ buffer }, 8)), [8, 56]);
  assertEquals(shape(new FlatMemory(new Uint8Array(buffer, 16, 24))), [16, 24]);
  assertEquals(
    shape(new FlatMemory(new Uint8Array(buffer, 16, 24), 8)),
    [24, 16],
  );
  const wasm = new WebAssembly.Memory({ initial: 1 });
  assertEquals(shape(new FlatMemory(wasm, 1024)), [1024, 64_512]);
});

Deno.test("FlatMemory throws when the range is not in the buffer", () => {
  const buffer = new ArrayBuffer(64);
  const rows: [number, number | undefined][] = [
    [4, undefined],
    [-8, undefined],
    [72, undefined],
    [0, 65],
    [8, 57],
    [0, -1],
    [0, 1.5],
    [NaN, undefined],
  ];
  for (const [start, size] of rows) {
    assertThrows(() => new FlatMemory(buffer, start, size), RangeError);
  }
  assertEquals(FLAT_END_MAX, 0x8000_0000);
});

Deno.test("FlatMemory.fill() and copy() do what byte arrays do", () => {
  const offset = fc.nat({ max: 40 });
  fc.assert(
    fc.property(offset, offset, offset, (target, source, length) => {
      const memory = new FlatMemory(new ArrayBuffer(80));
      const bytes = Uint8Array.from({ length: 80 }, (_, i) => i);
      memory.bytes(0, 80).set(bytes);
      memory.copy(target, source, length);
      memory.fill(source, length, 0xab);
      bytes.copyWithin(target, source, source + length);
      bytes.fill(0xab, source, source + length);
      assertEquals(memory.bytes(0, 80), bytes);
    }),
  );
});

Deno.test("FlatMemory throws when an access leaves the range", () => {
  const memory = new FlatMemory(new ArrayBuffer(64));
  const calls: (() => unknown)[] = [
    () => memory.load32(64),
    () => memory.load32(-4),
    () => memory.load32(2),
    () => memory.store32(64, 1),
    () => memory.fill(60, 5, 0),
    () => memory.fill(-1, 1, 0),
    () => memory.copy(0, 60, 5),
    () => memory.copy(60, 0, 5),
    () => memory.bytes(0, 65),
    () => memory.bytes(0.5, 1),
  ];
  for (const call of calls) {
    assertThrows(call, RangeError, "Cannot access");
  }
});

Deno.test("FlatMemory reads the buffer again when it was replaced", () => {
  // Growth detaches a buffer; a shared one stays, and is too short.
  for (const shared of [false, true]) grows(shared);
});

function grows(shared: boolean): void {
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 9, shared });
  const memory = new FlatMemory(wasm);
  const calls: (() => unknown)[] = [
    () => memory.load32(65_536),
    () => memory.store32(131_072, 5),
    () => memory.fill(196_608, 8, 1),
    () => memory.copy(262_144, 0, 8),
    () => memory.bytes(327_680, 8),
  ];
  for (const [i, call] of calls.entries()) {
    wasm.grow(1);
    call();
    assertEquals(memory.size, 65_536 * (i + 2));
  }
  assertEquals(memory.words.length, 6 * 16_384);
}
