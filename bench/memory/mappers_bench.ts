/**
 * Mappers over 4 MiB of physical memory in one buffer. Each benchmark handles
 * 16,384 pages; divide by that. Goal: below 150 ns for a map and its unmap, and
 * below 50 ns for a translation, over physical memory.
 */

import { assertEquals } from "@std/assert";
import { BootInfoFrameAllocator } from "../../src/kernel/memory/frames.ts";
import {
  expectOk,
  type Frame,
  MappedPageTable,
  mappedPageTableState,
  type MapperAllSizes,
  OffsetPageTable,
  offsetPageTableState,
  type Page,
  PTE_P,
  PTE_RW,
  RecursivePageTable,
  recursivePageTableState,
  virtAddr,
} from "../../src/kernel/memory/mappers.ts";

const COUNT = 16_384;
const ROOT = 0x1000 as Frame;
const RECURSIVE = 511;
const START = 0x4444_4444_0000;
const FLAGS = PTE_P | PTE_RW;

/** Physical memory; its tables map themselves through entry 511. */
class Ram {
  readonly words: Int32Array = new Int32Array(0x10_0000);

  load32(address: number): number {
    return this.words[address >> 2]!;
  }

  store32(address: number, word: number): void {
    this.words[address >> 2] = word;
  }
}

/** The same memory behind four levels of tables, walked for each word. */
class Virtual {
  constructor(readonly ram: Ram) {}

  load32(address: number): number {
    return this.ram.load32(this.phys(address));
  }

  store32(address: number, word: number): void {
    this.ram.store32(this.phys(address), word);
  }

  phys(address: number): number {
    const { ram } = this;
    const high = Math.floor(address / 2 ** 30);
    let entry = ram.load32(ROOT + 8 * (high >> 9 & 511));
    entry = ram.load32((entry & ~0xfff) + 8 * (high & 511));
    entry = ram.load32((entry & ~0xfff) + 8 * (address >>> 21 & 511));
    entry = ram.load32((entry & ~0xfff) + 8 * (address >>> 12 & 511));
    return (entry & ~0xfff) + (address & 0xfff);
  }
}

const MAKE: Record<string, (ram: Ram) => MapperAllSizes> = {
  MappedPageTable: (ram) =>
    new MappedPageTable(ram, (frame) => frame, mappedPageTableState(ROOT)),
  OffsetPageTable: (ram) =>
    new OffsetPageTable(ram, offsetPageTableState(ROOT)),
  "RecursivePageTable through a walk": (ram) =>
    new RecursivePageTable(
      new Virtual(ram),
      recursivePageTableState(RECURSIVE, ROOT),
    ),
};

for (const [name, make] of Object.entries(MAKE)) {
  const ram = new Ram();
  ram.words[(ROOT + 8 * RECURSIVE) >> 2] = ROOT | FLAGS;
  const frames = new BootInfoFrameAllocator([
    { startFrame: 2, endFrame: 0x400, type: "Usable" },
  ]);
  const mapper = make(ram);
  const mapAll = () => {
    for (let i = 0; i < COUNT; i++) {
      const page = START + 4096 * i as Page;
      const result = mapper.mapTo(page, 4096 * i as Frame, FLAGS, frames);
      expectOk(result, "map_to failed").ignore();
    }
  };
  const unmapAll = () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) {
      const result = mapper.unmap(START + 4096 * i as Page);
      const { frame, flush } = expectOk(result, "unmap failed");
      flush.ignore();
      sum += frame / 4096;
    }
    assertEquals(sum, COUNT * (COUNT - 1) / 2);
  };

  Deno.bench(`${name}, map and unmap`, { group: "map" }, () => {
    mapAll();
    unmapAll();
  });

  // A second region, which stays mapped.
  for (let i = 0; i < COUNT; i++) {
    const page = 4096 * i as Page;
    const result = mapper.mapTo(page, 4096 * i as Frame, FLAGS, frames);
    expectOk(result, "map_to failed").ignore();
  }
  Deno.bench(`${name}, translate`, { group: "translate" }, () => {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) {
      sum += mapper.translateAddr(virtAddr(4096 * i))! / 4096;
    }
    assertEquals(sum, COUNT * (COUNT - 1) / 2);
  });
}
