// What the tests of this folder share: memory at an address, walkers that read a memory image, replay of vector steps.

import { assertEquals } from "@std/assert";
import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";
import type { FreeRegion, Heap } from "./heap.ts";

/** Where the book's kernel has its heap. */
export const HEAP_START = 0x4444_4444_0000;

/** Memory at any address, even an odd one: shares no code with `FlatMemory`. */
export class AddressedMemory implements WordMemory {
  readonly view: DataView;
  /** Bytes that the heap may see; raised by tests of growth. */
  size: number;

  constructor(readonly base: number, size: number, readonly room = size) {
    this.view = new DataView(new ArrayBuffer(room));
    this.size = size;
  }

  load32(offset: number): number {
    if ((this.base + offset) % 4 !== 0) throw new RangeError("unaligned load");
    return this.view.getUint32(offset, true);
  }

  store32(offset: number, word: number): void {
    if ((this.base + offset) % 4 !== 0) throw new RangeError("unaligned store");
    this.view.setUint32(offset, word >>> 0, true);
  }

  fill(offset: number, length: number, byte: number): void {
    for (let i = 0; i < length; i++) this.view.setUint8(offset + i, byte);
  }

  copy(target: number, source: number, length: number): void {
    const bytes = Array.from(
      { length },
      (_, i) => this.view.getUint8(source + i),
    );
    bytes.forEach((byte, i) => this.view.setUint8(target + i, byte));
  }

  /** A 64-bit word of the image. */
  load64(offset: number): bigint {
    return this.view.getBigUint64(offset, true);
  }
}

/** Fresh flat memory. */
export const flat = (size: number): FlatMemory =>
  new FlatMemory(new ArrayBuffer(size));

/**
 * Reads a list of nodes (size, link) from the image alone, as a debugger would: 64-bit words, null-terminated.
 *
 * @param first the address of the first node, 0 for none
 */
export function walkNodes(
  memory: AddressedMemory,
  first: bigint,
): [number, number][] {
  const nodes: [number, number][] = [];
  for (let at = first; at !== 0n;) {
    const offset = Number(at - BigInt(memory.base));
    nodes.push([offset, Number(memory.load64(offset))]);
    at = memory.load64(offset + 8);
    if (nodes.length > 1e6) throw new Error("the list does not end");
  }
  return nodes;
}

/** A list of nodes that hold a link only. */
export function walkLinks(memory: AddressedMemory, first: bigint): number[] {
  const nodes: number[] = [];
  for (let at = first; at !== 0n;) {
    const offset = Number(at - BigInt(memory.base));
    nodes.push(offset);
    at = memory.load64(offset);
    if (nodes.length > 1e6) throw new Error("the list does not end");
  }
  return nodes;
}

/** The address of an offset, or 0 for none. */
export const address = (memory: WordMemory, offset: number): bigint =>
  offset < 0 ? 0n : BigInt(memory.base) + BigInt(offset);

/** Regions as the vectors write them. */
export const pairs = (regions: readonly FreeRegion[]): [number, number][] =>
  regions.map(({ offset, size }) => [offset, size]);

/** A step of a vector: what to do, then the state after it. */
export type Step = readonly unknown[];

/**
 * Replays the steps of a case: offsets, states and messages must come out equal.
 *
 * @param heap the subject
 * @param steps as in the vectors
 * @param state the heap's state as the vectors write it
 */
export function replay(
  heap: Heap & { extend?(by: number): void },
  steps: readonly Step[],
  state: () => unknown[],
): void {
  const live = new Map<number, [offset: number, size: number, align: number]>();
  for (const [index, step] of steps.entries()) {
    const [op, id, ...rest] = step as [string, number, ...unknown[]];
    const where = `step ${index}: ${JSON.stringify(step)}`;
    const free = (): void => heap.dealloc(...live.get(id)!);
    let expected = rest;
    if (op === "alloc") {
      const [size, align, offset] = rest as [number, number, number | null];
      assertEquals(heap.alloc(size, align), offset, where);
      if (offset !== null) live.set(id, [offset, size, align]);
      expected = rest.slice(3);
    } else if (op === "free") free();
    else if (op === "extend") heap.extend!(id);
    else if (op === "free_panic") {
      const before = structuredClone(state());
      assertEquals(thrown(free).endsWith(rest[0] as string), true, where);
      assertEquals(state(), before, where);
      continue;
    } else if (op === "skip") continue; // The block to free was refused.
    else throw new Error(`unknown ${where}`);
    assertEquals(state(), expected, where);
  }
}

/** The message of the RangeError that a call throws. */
export function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}
