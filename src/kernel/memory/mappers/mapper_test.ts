import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { EventLog } from "../../../base/events.ts";
import { cloneState, copyStateInto } from "../../../base/state_tree.ts";
import { type VirtAddr, virtAddr } from "../../../hw/addr.ts";
import type { Instructions } from "../../../hw/instructions.ts";
import type { Frame, Page, Size1GiB, Size2MiB } from "../../../hw/page.ts";
import { pageRange } from "../../../hw/page_range.ts";
import { PTE_P, PTE_PS, PTE_RW, PTE_US } from "../../../hw/page_table.ts";
import { EmptyFrameAllocator } from "../frames/empty_frames.ts";
import { FrameRefusal } from "../frames/frame_allocator.ts";
import {
  activeLevel4Frame,
  createExampleMapping,
  initMapper,
  translateByHand,
} from "./book.ts";
import { MapperFlush, MapperFlushAll } from "./flush.ts";
import { MappedPageTable, mappedPageTableState } from "./mapped_page_table.ts";
import { expectOk, PAGE_NOT_MAPPED } from "./mapper_errors.ts";
import { OffsetPageTable, offsetPageTableState } from "./offset_page_table.ts";
import type { PageTableMemory } from "./page_table_memory.ts";
import {
  invalidPageTableText,
  NOT_ACTIVE,
  NOT_RECURSIVE,
  RecursivePageTable,
  recursivePageTableState,
} from "./recursive_page_table.ts";
import {
  CountingFrames,
  reachable,
  SparseMemory,
  VirtualMemory,
} from "./support_test.ts";
import { translateResultDebug } from "./translate.ts";

const ROOT = 0x1000 as Frame;
const PAGE = 0x1000 as Page;
const LARGE = 0x20_0000 as Page<Size2MiB>;
const RW = PTE_P | PTE_RW;

function offset(events?: EventLog) {
  const memory = new SparseMemory();
  const frames = new CountingFrames(100);
  const state = offsetPageTableState(ROOT);
  const mapper = new OffsetPageTable(memory, state, events);
  return { memory, frames, mapper };
}

function recursive(index = 510) {
  const memory = new SparseMemory();
  const frames = new CountingFrames(100);
  memory.setEntry(ROOT, index, BigInt(ROOT) | 3n);
  const virtual = new VirtualMemory(memory, ROOT);
  const state = recursivePageTableState(index, ROOT);
  const mapper = new RecursivePageTable(virtual, state);
  return { memory, frames, virtual, mapper };
}

/** The text of a refusal, or "ok". */
const said = (result: object | number): string =>
  typeof result === "object" && "debug" in result
    ? (result.debug as () => string).call(result)
    : "ok";

// ---- Surprises of the crate -------------------------------------------------

Deno.test("mapTo() adds flags to a large parent before it refuses it", () => {
  const { memory, frames, mapper } = offset();
  mapper.size2MiB.mapTo(LARGE, 0x40_0000 as Frame<Size2MiB>, RW, frames);
  const inside = (LARGE + 4096) as number as Page;
  const result = mapper.mapTo(inside, 0x5000 as Frame, RW | PTE_US, frames);
  assertEquals(said(result), "ParentEntryHugePage");
  assertEquals(memory.entry(0x10_1000, 1), 0x40_0087n);
});

Deno.test("an entry without PRESENT is mapped, and cannot be unmapped", () => {
  const { memory, frames, mapper } = offset();
  mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames);
  memory.setEntry(0x10_2000, 1, 0x5002n);
  assertEquals(mapper.translateAddr(virtAddr(0x1234)) as unknown, 0x5234);
  assertEquals(mapper.translatePage(PAGE) as unknown, 0x5000);
  assertEquals(
    said(mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames)),
    "PageAlreadyMapped(PhysFrame[4KiB](0x5000))",
  );
  assertEquals(said(mapper.unmap(PAGE)), "PageNotMapped");
});

Deno.test("size2MiB takes a table of small pages for a frame", () => {
  const { memory, frames, mapper } = offset();
  mapper.mapTo(0x20_1000 as Page, 0x5000 as Frame, RW, frames);
  assertEquals(
    said(mapper.size2MiB.translatePage(LARGE)),
    "InvalidFrameAddress(PhysAddr(0x102000))",
  );
  memory.setEntry(0x10_1000, 1, 0x60_0003n); // The table at a 2 MiB boundary.
  assertEquals(mapper.size2MiB.translatePage(LARGE) as unknown, 0x60_0000);
  assertEquals(said(mapper.size2MiB.unmap(LARGE)), "ParentEntryHugePage");
});

Deno.test("a large frame is misaligned by any bit below its size", () => {
  const { memory, frames, mapper } = offset();
  mapper.mapTo(0x40_0000 as Page, 0 as Frame, RW, frames);
  const giant = 0x4000_0000 as Page<Size1GiB>;
  const rows = [[0x10_0000, 30], [0x10_1000, 21]] as const;
  for (const [table, end] of rows) {
    for (let bit = 12; bit < end; bit++) {
      memory.setEntry(table, 1, 0x83n | 1n << BigInt(bit));
      const of = end === 30
        ? [mapper.size1GiB.translatePage(giant), mapper.size1GiB.unmap(giant)]
        : [mapper.size2MiB.translatePage(LARGE), mapper.size2MiB.unmap(LARGE)];
      const text = `InvalidFrameAddress(PhysAddr(0x${
        (2 ** bit).toString(16)
      }))`;
      assertEquals(of.map(said), [text, text]);
    }
    memory.setEntry(table, 1, 0n);
  }
});

Deno.test("updateFlags() with HUGE_PAGE makes a 4 KiB entry unmappable", () => {
  const { frames, mapper } = offset();
  mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames);
  assertEquals(said(mapper.updateFlags(PAGE, RW | PTE_PS)), "ok");
  assertEquals(said(mapper.unmap(PAGE)), "ParentEntryHugePage");
});

Deno.test("setFlagsP3Entry() on 1 GiB pages refuses whatever is mapped", () => {
  const { memory, mapper } = offset();
  const page = 0 as Page<Size1GiB>;
  assertEquals(
    said(mapper.size1GiB.setFlagsP4Entry(page, RW)),
    "PageNotMapped",
  );
  assertEquals(
    [
      said(mapper.size1GiB.setFlagsP3Entry(page, RW)),
      said(mapper.size1GiB.setFlagsP2Entry(page, RW)),
      said(mapper.size2MiB.setFlagsP2Entry(LARGE, RW)),
    ],
    Array(3).fill("ParentEntryHugePage"),
  );
  assertEquals(reachable(memory, ROOT), []);
});

Deno.test("translate() panics on a large page in the level 4 table", () => {
  for (const { memory, mapper } of [offset(), recursive()]) {
    memory.setEntry(ROOT, 0, 0x83n);
    const text = "level 4 entry has huge page bit set";
    assertThrows(() => mapper.translate(virtAddr(0)), RangeError, text);
    assertThrows(() => mapper.translateAddr(virtAddr(0)), RangeError, text);
  }
});

Deno.test("recursive: translate() panics on bit 7 of a level 1 entry", () => {
  const { memory, frames, mapper } = recursive();
  mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames);
  memory.setEntry(0x10_2000, 1, 0x5083n);
  const text = "level 1 entry has huge page bit set";
  assertThrows(() => mapper.translate(PAGE), RangeError, text);
});

Deno.test("recursive: updateFlags() below a large page writes into its memory", () => {
  const { memory, frames, mapper } = recursive();
  mapper.size2MiB.mapTo(LARGE, 0x40_0000 as Frame<Size2MiB>, RW, frames);
  memory.setEntry(0x40_0000, 1, 0x1234_5000n); // Data of the page.
  const inside = (LARGE + 4096) as number as Page;
  assertEquals(said(mapper.updateFlags(inside, 7)), "ok");
  assertEquals(memory.entry(0x40_0000, 1), 0x1234_5007n);
  assertEquals(mapper.translatePage(inside) as unknown, 0x1234_5000);
});

Deno.test("recursive: below a parent without PRESENT the access faults", () => {
  const { memory, mapper } = recursive();
  memory.setEntry(ROOT, 0, 0x9000n);
  assertThrows(() => mapper.translatePage(PAGE), Error, "page fault");
  assertEquals(said(mapper.unmap(PAGE)), "PageNotMapped");
});

// ---- Panics and bugs --------------------------------------------------------

Deno.test("mapTo() throws where the crate panics", () => {
  const bugs: [number, number | null, string, number][] = [
    [RW | PTE_PS, null, "!flags.contains(PageTableFlags::HUGE_PAGE)", 3],
    [RW, RW | PTE_PS, "!flags.contains(PageTableFlags::HUGE_PAGE)", 1],
    [PTE_RW, null, "entry should be mapped at this point", 1],
  ];
  for (const [flags, parents, text, taken] of bugs) {
    const { frames, mapper } = offset();
    const frame = 0x5000 as Frame;
    const bug = () =>
      parents === null
        ? mapper.mapTo(PAGE, frame, flags, frames)
        : mapper.mapToWithTableFlags(PAGE, frame, flags, parents, frames);
    assertThrows(bug, RangeError, text);
    assertThrows(bug, RangeError, "Cannot map page 0x1000: ");
    assertEquals(frames.taken >= taken, true);
  }
});

Deno.test("mapTo() throws at what is no page, frame or flags", () => {
  const { memory, frames, mapper } = offset();
  const frame = 0x5000 as Frame;
  const bugs: [() => unknown, string][] = [
    [() => mapper.mapTo(0x1001 as Page, frame, RW, frames), "page 0x1001"],
    [
      () => mapper.mapTo(2 ** 47 as Page, frame, RW, frames),
      "page 0x8000_0000",
    ],
    [() => mapper.mapTo(NaN as Page, frame, RW, frames), "page NaN"],
    [() => mapper.mapTo(PAGE, 0x5001 as Frame, RW, frames), "frame 0x5001"],
    [() => mapper.mapTo(PAGE, -4096 as Frame, RW, frames), "frame 0xffff_"],
    [() => mapper.mapTo(PAGE, 2 ** 52 as Frame, RW, frames), "frame 0x10_0000"],
    [() => mapper.mapTo(PAGE, frame, 0x5003, frames), "flags 0x5003"],
    [() => mapper.mapTo(PAGE, frame, 2 ** 63, frames), "flags"],
    [
      () => mapper.mapTo(PAGE, frame, { low: 3, high: 1 }, frames),
      "flags 0x1_0000_0003",
    ],
    [() => mapper.updateFlags(PAGE, -1), "flags 0xffff_ffff"],
    [() => mapper.unmap(0x7ff as Page), "page 0x7ff"],
    [
      () => mapper.size2MiB.unmap(0x1000 as number as Page<Size2MiB>),
      "a multiple of 0x20_0000",
    ],
    [
      () => mapper.identityMap(2 ** 47 as Frame, RW, frames),
      "must be sign extended",
    ],
    [
      () => mapper.mapTo(PAGE, frame, RW, { allocateFrame: () => 8 as Frame }),
      "addr.is_aligned",
    ],
    ...[NaN, -4096, 2 ** 52].map((far): [() => unknown, string] => [
      () =>
        mapper.mapTo(PAGE, frame, RW, { allocateFrame: () => far as Frame }),
      `a table's frame is no address below 2^52: ${far}`,
    ]),
  ];
  for (const [bug, text] of bugs) assertThrows(bug, RangeError, text);
  assertEquals(reachable(memory, ROOT), []);
});

Deno.test("OffsetPageTable refuses a table beyond the address space", () => {
  const memory = new SparseMemory();
  const state = offsetPageTableState(ROOT, virtAddr(0x7fff_0000_0000));
  const shifted: PageTableMemory = {
    load32: (at) => memory.load32(at - 0x7fff_0000_0000),
    store32: (at, word) => memory.store32(at - 0x7fff_0000_0000, word),
  };
  memory.setEntry(ROOT, 0, 0x2_0000_0003n);
  const mapper = new OffsetPageTable(shifted, state);
  assertEquals(mapper.physOffset as unknown, 0x7fff_0000_0000);
  assertThrows(() => mapper.unmap(PAGE), RangeError, "non-canonical");
});

// ---- Flushes and events -----------------------------------------------------

Deno.test("a flush that is neither used nor ignored shows at the next change", () => {
  const log = new EventLog({ clk: 0 });
  log.on = true;
  const { frames, mapper } = offset(log);
  const flushed: number[] = [];
  const tlb = { invlpg: (at: VirtAddr) => void flushed.push(at) };
  const dropped = () =>
    [...log].filter(({ kind }) => kind === "flush-dropped").map(({ a }) => a);

  expectOk(mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames), "").flush(tlb);
  expectOk(mapper.updateFlags(PAGE, PTE_P), "").ignore();
  assertEquals([flushed, dropped()], [[0x1000], []]);

  mapper.updateFlags(PAGE, RW); // Dropped.
  mapper.translate(PAGE);
  assertEquals([dropped(), mapper.state.dropped], [[], 0]);
  const late = expectOk(mapper.unmap(PAGE), "").flush;
  assertEquals([dropped(), mapper.state.dropped], [[0x1000], 1]);
  mapper.cleanUp(frames); // Drops the second one.
  assertEquals(mapper.state.dropped, 2);
  late.flush(tlb); // Late, but it flushes.
  assertEquals(flushed, [0x1000, 0x1000]);

  mapper.size2MiB.mapTo(LARGE, 0 as Frame<Size2MiB>, RW, frames);
  mapper.reportDroppedFlush();
  mapper.reportDroppedFlush();
  assertEquals(dropped(), [0x1000, 0x1000, LARGE]);
});

Deno.test("a late flush settles nothing of a later change", () => {
  const { frames, mapper } = offset();
  const first = expectOk(mapper.mapTo(PAGE, 0 as Frame, RW, frames), "");
  mapper.updateFlags(PAGE, PTE_P);
  first.ignore();
  assertEquals([mapper.state.due, mapper.state.dropped], [true, 1]);
});

Deno.test("MapperFlushAll.flushAll() loads CR3 with what it holds", () => {
  const { frames, mapper } = offset();
  expectOk(mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames), "").ignore();
  const written: number[][] = [];
  const tlb = {
    high: 7,
    readCr3: () => 0x1018,
    writeCr3: (low: number, high: number) => void written.push([low, high]),
  };
  expectOk(mapper.setFlagsP4Entry(PAGE, 7), "").flushAll(tlb);
  assertEquals([written, mapper.state.due], [[[0x1018, 7]], false]);
  new MapperFlushAll(PAGE).ignore(); // Made by hand, nobody is owed.
  assertStrictEquals(new MapperFlush(PAGE).page, PAGE);
});

Deno.test("events tell entries by their physical addresses", () => {
  const log = new EventLog({ clk: 0 });
  log.on = true;
  const { memory, frames } = recursive();
  const virtual = new VirtualMemory(memory, ROOT);
  const state = recursivePageTableState(510, ROOT);
  const page = virtAddr(0xffff_8000_0000_1000n) as Page;
  const make = [
    () => new RecursivePageTable(virtual, state, log),
    () =>
      new MappedPageTable(memory, (at) => at, mappedPageTableState(ROOT), log),
  ];
  for (const mapper of make.map((of) => of())) {
    log.clear();
    frames.taken = 0;
    const flags = { low: RW, high: 0x8000_0000 };
    expectOk(mapper.mapTo(page, 0x5000 as Frame, flags, frames), "").ignore();
    expectOk(mapper.unmap(page), "").flush.ignore();
    mapper.cleanUp(frames);
    const all = [...log].map(({ kind, a, b, c }) => [kind, a, b, c]);
    assertEquals(all, [
      ["page-table-write", 0x1800, 0x10_0003, 0],
      ["page-table-write", 0x10_0000, 0x10_1003, 0],
      ["page-table-write", 0x10_1000, 0x10_2003, 0],
      ["page-table-write", 0x10_2008, 0x5003, 0x8000_0000],
      ["map", page, 0x5000, 0x8000_0003],
      ["page-table-write", 0x10_2008, 0, 0],
      ["unmap", page, 0x5000, 0],
      ["page-table-write", 0x10_1000, 0, 0],
      ["page-table-write", 0x10_0000, 0, 0],
      ["page-table-write", 0x1800, 0, 0],
    ]);
  }
});

// ---- Memory -----------------------------------------------------------------

Deno.test("memory of 64 bits is accessed by 64 bits only", () => {
  const memory = new SparseMemory();
  const wide = {
    high: 0,
    load32: () => {
      throw new Error("by words");
    },
    store32: () => {
      throw new Error("by words");
    },
    load64(at: number) {
      wide.high = memory.load32(at + 4);
      return memory.load32(at);
    },
    store64(at: number, low: number, high: number) {
      memory.store32(at, low);
      memory.store32(at + 4, high);
    },
  };
  const mapper = new OffsetPageTable(wide, offsetPageTableState(ROOT));
  const flags = { low: RW, high: 0x8000_0000 };
  const frames = new CountingFrames(3);
  mapper.mapTo(PAGE, 0xf_0000_0000_5000 as Frame, flags, frames);
  assertEquals(memory.entry(0x10_2000, 1), 0x800f_0000_0000_5003n);
  assertEquals(mapper.translatePage(PAGE) as unknown, 0xf_0000_0000_5000);
  const cpu = (it: Instructions): PageTableMemory => it; // Fits as it is.
  assertEquals(typeof cpu, "function");
});

Deno.test("by words, no half of an entry is PRESENT in between", () => {
  const order: string[] = [];
  const memory: PageTableMemory = {
    load32: () => 0,
    store32: (at, word) => void order.push(`${at % 8} ${word}`),
  };
  const mapper = new OffsetPageTable(memory, offsetPageTableState(ROOT));
  mapper.level4Table().set(0, { low: 3, high: 5 });
  mapper.level4Table().set(0, { low: 2, high: 6 });
  assertEquals(order, ["4 5", "0 3", "0 2", "4 6"]);
});

Deno.test("level4Table() shows and changes the entries", () => {
  const { frames, mapper } = offset();
  const table = mapper.level4Table();
  assertEquals(table.isEmpty(), true);
  mapper.mapTo(0x4444_4444_0000 as Page, 0x5000 as Frame, RW, frames);
  const used = [...table].flatMap(({ low }, i) => low === 0 ? [] : [i]);
  assertEquals(used, [136]);
  table.set(511, { low: 1, high: 0 });
  assertEquals(table.get(511), { low: 1, high: 0 });
  assertThrows(() => table.get(512), RangeError, "512");
  table.set(0, { low: 1, high: 0 });
  table.zero();
  assertEquals(table.isEmpty(), true);
});

Deno.test("mapTo() links tables and frames beyond 4 GiB by their whole addresses", () => {
  const { memory, mapper } = offset();
  const first = 0x12_3456_7000;
  const frames = new CountingFrames(3, first);
  const frame = 0xab_cdef_0000 as Frame;
  assertEquals(said(mapper.mapTo(PAGE, frame, RW, frames)), "ok");
  const links = [0, 1, 2].map((i) => BigInt(first + 4096 * i) | 3n);
  assertEquals(memory.entry(ROOT, 0), links[0]);
  assertEquals(memory.entry(first as Frame, 0), links[1]);
  assertEquals(memory.entry(first + 4096 as Frame, 0), links[2]);
  assertEquals(memory.entry(first + 8192 as Frame, 1), BigInt(frame) | 3n);
});

Deno.test("a mapper goes on from a copy of its state", () => {
  const { memory, frames, mapper } = offset();
  mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames);
  const other = new OffsetPageTable(memory, offsetPageTableState(0 as Frame));
  copyStateInto(other.state, cloneState(mapper.state));
  assertEquals(other.translatePage(PAGE) as unknown, 0x5000);
  other.updateFlags(PAGE, RW);
  assertEquals(other.state.dropped, 1);
});

// ---- Cleaning up ------------------------------------------------------------

Deno.test("cleanUp() frees tables of both halves but not the recursive entry", () => {
  for (const { memory, frames, mapper } of [offset(), recursive(511)]) {
    const root = reachable(memory, ROOT, 511);
    const pages = [0, 0x7fff_ffff_f000, -(2 ** 47), -(2 ** 39) - 4096];
    for (const page of pages as Page[]) {
      expectOk(mapper.mapTo(page, 0x5000 as Frame, RW, frames), "").ignore();
      expectOk(mapper.unmap(page), "").flush.ignore();
    }
    const kept = 0x5000_0000_0000 as Page;
    expectOk(mapper.mapTo(kept, 0x5000 as Frame, RW, frames), "").ignore();
    const { tables, refusals } = mapper.cleanUp(frames);
    assertEquals([tables, refusals.length, frames.freed.length], [12, 0, 12]);
    assertEquals(reachable(memory, ROOT, 511).length, root.length + 4);
    assertEquals(mapper.translateAddr(kept) as unknown, 0x5000);
  }
});

Deno.test("cleanUpAddrRange() keeps a table that is in use outside the range", () => {
  const { frames, mapper } = offset();
  mapper.mapTo(0x3000 as Page, 0x5000 as Frame, RW, frames);
  const page = (at: number) => at as Page;
  const range = pageRange(page(0), page(0x3000));
  assertEquals(mapper.cleanUpAddrRange(range, frames).tables, 0);
  mapper.unmap(0x3000 as Page);
  const none = pageRange(page(0x3000), page(0x3000));
  assertEquals(mapper.cleanUpAddrRange(none, frames).tables, 0);
  assertEquals(mapper.cleanUpAddrRange(range, frames).tables, 3);
});

Deno.test("cleanUp() tells which frames were not taken back", () => {
  const { frames, mapper } = offset();
  mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames);
  mapper.unmap(PAGE);
  const { tables, refusals } = mapper.cleanUp({
    deallocateFrame: (frame) => new FrameRefusal("never-owned", frame),
  });
  assertEquals(tables, 3);
  assertEquals(
    refusals.map(({ reason, frame }) => [reason, frame as number]),
    [0x10_2000, 0x10_1000, 0x10_0000].map((frame) => ["never-owned", frame]),
  );
});

// ---- RecursivePageTable -----------------------------------------------------

Deno.test("RecursivePageTable.tryNew() tests the table", () => {
  const { memory, virtual, mapper } = recursive(510);
  const table = virtAddr(0xffff_ff7f_bfdf_e000n);
  assertEquals(mapper.level4Table().address as unknown, table);
  const made = RecursivePageTable.tryNew(virtual, table, ROOT);
  assertEquals(made instanceof RecursivePageTable && made.state, {
    ...recursivePageTableState(510, ROOT),
  });
  const off = virtAddr(0xffff_ff7f_bfdf_d000n);
  assertStrictEquals(
    RecursivePageTable.tryNew(virtual, off, ROOT),
    NOT_RECURSIVE,
  );
  assertStrictEquals(
    RecursivePageTable.tryNew(virtual, table, 0x2000 as Frame),
    NOT_ACTIVE,
  );
  memory.setEntry(ROOT, 510, 0x1002n); // Not PRESENT, seen through a stale TLB.
  const stale = { load32: () => 0x1002, store32: () => {} };
  assertStrictEquals(RecursivePageTable.tryNew(stale, table, ROOT), NOT_ACTIVE);
  assertEquals([NOT_RECURSIVE, NOT_ACTIVE].map(invalidPageTableText), [
    "given page table address is not recursive",
    "given page table is not active on the CPU",
  ]);
  assertEquals(
    [NOT_RECURSIVE, NOT_ACTIVE].map((refusal) => refusal.debug()),
    ["NotRecursive", "NotActive"],
  );
});

Deno.test("recursive addresses are those of the crate's page indices", () => {
  for (const index of [0, 1, 255, 256, 510, 511]) {
    const { memory, frames, mapper } = recursive(index);
    const p4 = 3;
    const page = p4 * 2 ** 39 + 5 * 2 ** 30 + 7 * 2 ** 21 + 9 * 4096;
    mapper.mapTo(page as Page, 0x5000 as Frame, RW, frames);
    const rows = reachable(memory, ROOT, index);
    assertEquals(rows.map((row) => [row.table, row.index]), [
      [0x1000, p4],
      [0x10_0000, 5],
      [0x10_1000, 7],
      [0x10_2000, 9],
    ]);
  }
});

// ---- The book ---------------------------------------------------------------

Deno.test("createExampleMapping() needs three frames for page 0xdeadbeaf000", () => {
  const { memory, frames, mapper } = offset();
  const flushed: number[] = [];
  const tlb = { invlpg: (at: VirtAddr) => void flushed.push(at) };
  const none = new EmptyFrameAllocator();
  const page = 0xdead_beaf_000 as Page;
  const error = assertThrows(
    () => createExampleMapping(page, mapper, none, tlb),
    Error,
  );
  assertEquals(error.message, "map_to failed: FrameAllocationFailed");
  createExampleMapping(page, mapper, frames, tlb);
  assertEquals([frames.taken, flushed], [3, [page]]);
  // Where a level 1 table is there, none is needed.
  createExampleMapping(page + 4096 as Page, mapper, none, tlb);
  assertEquals(memory.entry(0x10_2000, 176), 0xb8003n);
});

Deno.test("the book's heap takes 25 pages and 28 frames", () => {
  const { frames, mapper } = offset();
  for (let i = 0; i < 25; i++) {
    const page = 0x4444_4444_0000 + 4096 * i as Page;
    const frame = frames.allocateFrame()!;
    expectOk(mapper.mapTo(page, frame, RW, frames), "").ignore();
  }
  assertEquals(frames.taken, 28);
});

Deno.test("translateByHand() knows small pages only", () => {
  const { memory, frames, mapper } = offset();
  mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames);
  mapper.size2MiB.mapTo(LARGE, 0x40_0000 as Frame<Size2MiB>, RW, frames);
  const by = (at: number) => translateByHand(memory, virtAddr(at), ROOT, 0);
  assertEquals([by(0x1234), by(0x2000), by(2 ** 39)] as unknown, [
    0x5234,
    null,
    null,
  ]);
  assertThrows(() => by(0x20_0000), RangeError, "huge pages not supported");
});

Deno.test("initMapper() finds the active tables", () => {
  const { memory, frames } = offset();
  const at = 0x180_0000_0000;
  const cpu = {
    high: 0,
    load32: (address: number) => memory.load32(address - at),
    store32: (address: number, word: number) =>
      memory.store32(address - at, word),
    readCr3: () => 0x1018, // With PWT and PCD set.
  };
  assertEquals(activeLevel4Frame(cpu), ROOT);
  const mapper = initMapper(cpu, virtAddr(at));
  expectOk(mapper.mapTo(PAGE, 0x5000 as Frame, RW, frames), "").ignore();
  assertEquals(memory.entry(0x10_2000, 1), 0x5003n);
});

Deno.test("expectOk() passes on what is no refusal", () => {
  assertEquals(expectOk(0x5000, "no"), 0x5000);
  assertEquals(expectOk(null, "no"), null);
  assertThrows(
    () => expectOk(PAGE_NOT_MAPPED, "unmap failed"),
    Error,
    "unmap failed: PageNotMapped",
  );
});

Deno.test("translateResultDebug() prints as the crate does", () => {
  const { frames, mapper } = offset();
  mapper.size2MiB.mapTo(LARGE, 0x40_0000 as Frame<Size2MiB>, RW, frames);
  assertEquals(
    translateResultDebug(mapper.translate(virtAddr(0x20_0010))),
    "Mapped { frame: Size2MiB(PhysFrame[2MiB](0x400000)), offset: 16, " +
      "flags: PageTableFlags(PRESENT | WRITABLE | HUGE_PAGE) }",
  );
  assertEquals(translateResultDebug(mapper.translate(PAGE)), "NotMapped");
  const address = 0x1000 as Frame;
  assertEquals(
    translateResultDebug({ kind: "invalid-frame-address", address }),
    "InvalidFrameAddress(PhysAddr(0x1000))",
  );
});
