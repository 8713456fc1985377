// The mappers against a naive model: a tree of named prefixes, no bits, no addresses of tables. A separate walk reads
// the memory image. The model knows nothing of entries that no mapper writes (see mapper_test.ts for those).

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Prng } from "../../../base/prng.ts";
import { virtAddr } from "../../../hw/addr.ts";
import type { Frame, Page } from "../../../hw/page.ts";
import { pageRangeInclusive } from "../../../hw/page_range.ts";
import type {
  FrameAllocator,
  FrameDeallocator,
} from "../frames/frame_allocator.ts";
import { MappedPageTable, mappedPageTableState } from "./mapped_page_table.ts";
import type { Mapper, MapperAllSizes } from "./mapper.ts";
import { OffsetPageTable, offsetPageTableState } from "./offset_page_table.ts";
import {
  RecursivePageTable,
  recursivePageTableState,
} from "./recursive_page_table.ts";
import {
  reachable,
  SparseMemory,
  VirtualMemory,
  walk,
} from "./support_test.ts";

const ROOT = 0x1000 as Frame;
const RECURSIVE = 300;
const SIZES = [2 ** 12, 2 ** 21, 2 ** 30];
const SIZE_NAMES = ["4KiB", "2MiB", "1GiB"];

/** A table, or a mapped page. */
interface Node {
  flags: number;
  /** Null for a table. */
  frame: number | null;
  readonly children: Map<number, Node>;
}

const node = (flags: number, frame: number | null): Node => ({
  flags,
  frame,
  children: new Map(),
});

/** Frames by a list; refuses when told to, fills what it hands out with dirt. */
class FaultyFrames implements FrameAllocator, FrameDeallocator {
  readonly free: number[] = Array.from(
    { length: 200 },
    (_, i) => 0x20_0000 + 4096 * i,
  );
  readonly live: Set<number> = new Set();
  /** Frames until it refuses. */
  budget = Infinity;

  constructor(readonly memory: SparseMemory) {}

  allocateFrame(): Frame | null {
    if (this.budget === 0) return null;
    const frame = this.free.pop();
    if (frame === undefined) return null;
    this.budget -= 1;
    this.live.add(frame);
    new Uint8Array(this.memory.view(frame).buffer).fill(0xcc);
    return frame as Frame;
  }

  deallocateFrame(frame: Frame): null {
    assert(this.live.delete(frame), "a table's frame is freed once");
    this.free.push(frame);
    return null;
  }
}

/** The model: what should be mapped. */
class Model {
  readonly root: Node = node(0, null);
  tables = 0;
  constructor(readonly parentFlags: number) {}

  map(
    path: number[],
    size: number,
    frame: number,
    flags: number,
    parents: number,
    budget: number,
  ): string {
    let at = this.root;
    for (const index of path.slice(0, -1)) {
      let next = at.children.get(index);
      if (next === undefined) {
        if (budget === 0) return "FrameAllocationFailed";
        budget -= 1;
        next = node(parents | this.parentFlags, null);
        at.children.set(index, next);
        this.tables += 1;
      } else next.flags |= parents;
      if (next.frame !== null) return "ParentEntryHugePage";
      at = next;
    }
    const last = path.at(-1)!;
    if (at.children.has(last)) {
      const text = `PhysFrame[${SIZE_NAMES[size]}](0x${frame.toString(16)})`;
      return `PageAlreadyMapped(${text})`;
    }
    at.children.set(last, node(flags, frame));
    return "ok";
  }

  /** The node at a path, or the refusal of who asks for it. */
  find(path: number[]): Node | string {
    let at = this.root;
    for (const [i, index] of path.entries()) {
      const next = at.children.get(index);
      if (next === undefined) return "PageNotMapped";
      if (next.frame !== null && i < path.length - 1) {
        return "ParentEntryHugePage";
      }
      at = next;
    }
    return at;
  }

  unmap(path: number[]): string {
    const found = this.find(path);
    if (typeof found === "string") return found;
    if (found.frame === null) return "ParentEntryHugePage";
    const parent = this.find(path.slice(0, -1)) as Node;
    parent.children.delete(path.at(-1)!);
    return `frame ${found.frame}`;
  }

  /** Removes empty tables that the pages from `first` to `last` touch. */
  clean(first: number[], last: number[]): void {
    const order = (a: number[], b: number[]) => {
      const i = a.findIndex((index, k) => index !== b[k]);
      return i < 0 ? 0 : a[i]! - b[i]!;
    };
    const visit = (at: Node, path: number[]) => {
      for (const [index, child] of [...at.children]) {
        if (child.frame !== null || path.length === 3) continue;
        const own = [...path, index];
        const depth = own.length;
        if (order(own, first.slice(0, depth)) < 0) continue;
        if (order(own, last.slice(0, depth)) > 0) continue;
        visit(child, own);
        if (child.children.size > 0) continue;
        at.children.delete(index);
        this.tables -= 1;
      }
    };
    visit(this.root, []);
  }
}

const KINDS = {
  MappedPageTable: (memory: SparseMemory): MapperAllSizes =>
    new MappedPageTable(memory, (frame) => frame, mappedPageTableState(ROOT)),
  OffsetPageTable: (memory: SparseMemory): MapperAllSizes =>
    new OffsetPageTable(memory, offsetPageTableState(ROOT)),
  RecursivePageTable: (memory: SparseMemory): MapperAllSizes => {
    memory.setEntry(ROOT, RECURSIVE, BigInt(ROOT) | 3n);
    return new RecursivePageTable(
      new VirtualMemory(memory, ROOT),
      recursivePageTableState(RECURSIVE, ROOT),
    );
  },
};
type Kind = keyof typeof KINDS;

/** A few indices on each level, so that pages meet; both halves are in. */
const INDICES = [[0, 255, 256, 511], [0, 3, 511], [0, 1, 511], [0, 7, 511]];

/** What a run knows of itself. */
class Run {
  readonly memory: SparseMemory = new SparseMemory();
  readonly frames: FaultyFrames = new FaultyFrames(this.memory);
  readonly mapper: MapperAllSizes;
  readonly model: Model;
  readonly random: Prng;
  readonly recursive: boolean;
  changes = 0;

  constructor(kind: Kind, seed: number) {
    this.mapper = KINDS[kind](this.memory);
    this.recursive = kind === "RecursivePageTable";
    this.model = new Model(this.recursive ? 3 : 0);
    this.random = new Prng(seed);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)]!;
  }

  step(): void {
    const size = this.pick([0, 0, 0, 1, 1, 2]);
    const path = INDICES.slice(0, 4 - size).map((list) => this.pick(list));
    const page = addressOf(path) as never;
    const mapper = this.sized(size);
    const act = this.random.below(16);
    if (act < 6) this.#map(path, size, page, mapper);
    else if (act < 10) {
      const result = mapper.unmap(page);
      assertEquals(text(result), this.model.unmap(path));
    } else if (act < 12) this.#update(path, page, mapper);
    else if (act < 13) this.#parents(path, page, mapper);
    else if (act < 15) this.#translate(path, page, size, mapper);
    else this.#clean();
  }

  sized(size: number): Mapper<never> {
    const { mapper } = this;
    const all = [mapper, mapper.size2MiB, mapper.size1GiB];
    return all[size] as unknown as Mapper<never>;
  }

  #map(
    path: number[],
    size: number,
    page: never,
    mapper: Mapper<never>,
  ): void {
    const frame = SIZES[size]! * (1 + this.random.below(50));
    const flags = 1 | this.random.below(4) << 1;
    this.frames.budget = this.pick([0, 1, 2, Infinity, Infinity, Infinity]);
    const budget = Math.min(this.frames.budget, this.frames.free.length);
    const own = this.random.below(3) === 0;
    const parents = own ? this.pick([1, 3, 7]) : flags & 7;
    const result = own
      ? mapper.mapToWithTableFlags(
        page,
        frame as never,
        flags,
        parents,
        this.frames,
      )
      : mapper.mapTo(page, frame as never, flags, this.frames);
    const huge = size > 0 ? 0x80 : 0;
    const expected = this.model.map(
      path,
      size,
      frame,
      flags | huge,
      parents,
      budget,
    );
    assertEquals(text(result), expected);
    if (expected === "ok") {
      const walked = walk(this.memory, ROOT, page);
      assertEquals(walked?.phys, frame, "translate(map(x)) = x");
      for (const parent of walked!.parents) {
        assertEquals(Number(parent) & parents, parents, "parents' flags");
      }
    }
  }

  #update(path: number[], page: never, mapper: Mapper<never>): void {
    const found = this.model.find(path);
    if (this.#escapes(found)) return;
    const flags = 1 | this.random.below(4) << 1;
    const huge = path.length < 4 ? 0x80 : 0;
    if (typeof found === "object") found.flags = flags | huge;
    const expected = typeof found === "string" ? found : "ok";
    assertEquals(text(mapper.updateFlags(page, flags)), expected);
  }

  #parents(path: number[], page: never, mapper: Mapper<never>): void {
    const level = this.pick([4, 3, 2]);
    const flags = this.pick([1, 3, 7]) | (this.recursive ? 3 : 0);
    const call = [
      null,
      null,
      () => mapper.setFlagsP2Entry(page, flags),
      () => mapper.setFlagsP3Entry(page, flags),
      () => mapper.setFlagsP4Entry(page, flags),
    ][level]!;
    if (level <= 5 - path.length) {
      assertEquals(text(call()), "ParentEntryHugePage");
      return;
    }
    const found = this.model.find(path.slice(0, 5 - level));
    if (typeof found === "object" && found.frame !== null) return;
    if (this.recursive && found === "ParentEntryHugePage") return;
    if (typeof found === "object") found.flags = flags;
    assertEquals(text(call()), typeof found === "string" ? found : "ok");
  }

  #translate(
    path: number[],
    page: never,
    size: number,
    mapper: Mapper<never>,
  ): void {
    const inside = virtAddr(page + this.random.below(SIZES[size]!));
    const walked = walk(this.memory, ROOT, inside);
    const result = this.mapper.translate(inside);
    const phys = this.mapper.translateAddr(inside) as number | null;
    assertEquals(phys, walked?.phys ?? null);
    assertEquals(result.kind, walked === null ? "not-mapped" : "mapped");
    if (result.kind === "mapped" && walked !== null) {
      assertEquals(result.size as number, walked.size);
      assertEquals(result.frame + result.offset, walked.phys);
      assertEquals(BigInt(result.flags.low), walked.entry & 0xfffn);
    }
    const found = this.model.find(path);
    if (this.#escapes(found)) return;
    assertEquals(
      text(mapper.translatePage(page)),
      typeof found === "string" ? found : `frame ${found.frame}`,
    );
  }

  #clean(): void {
    const [a, b] = [0, 1].map(() => INDICES.map((list) => this.pick(list)));
    const whole = this.random.below(3) === 0;
    const first = whole ? [0, 0, 0, 0] : a!;
    const last = whole ? [511, 511, 511, 511] : b!;
    const before = this.model.tables;
    const range = pageRangeInclusive(
      addressOf(first) as Page,
      addressOf(last) as Page,
    );
    const { tables, refusals } = whole
      ? this.mapper.cleanUp(this.frames)
      : this.mapper.cleanUpAddrRange(range, this.frames);
    if (isBefore(first, last)) this.model.clean(first, last);
    assertEquals([tables, refusals.length], [before - this.model.tables, 0]);
  }

  /** Whether an operation would leave what the model knows. */
  #escapes(found: Node | string): boolean {
    if (typeof found === "object") return found.frame === null;
    return this.recursive && found === "ParentEntryHugePage";
  }

  /** Compares all of the memory image with all of the model. */
  compare(): void {
    const rows = reachable(this.memory, ROOT, this.recursive ? RECURSIVE : -1);
    const seen = new Set<number>();
    const visit = (at: Node, table: number) => {
      assert(!seen.has(table), "a table is linked once");
      seen.add(table);
      const own = rows.filter((row) => row.table === table);
      assertEquals(own.length, at.children.size);
      for (const { index, value } of own) {
        const child = at.children.get(index)!;
        assertEquals(Number(value & 0xfffn), child.flags);
        const address = Number(value & 0x000f_ffff_ffff_f000n);
        if (child.frame === null) visit(child, address);
        else assertEquals(address, child.frame);
      }
    };
    visit(this.model.root, ROOT);
    seen.delete(ROOT);
    assertEquals(seen, this.frames.live, "tables are the frames taken");
    assertEquals(seen.size, this.model.tables);
  }
}

/** Whether a path comes strictly before another; both have four indices. */
function isBefore(a: number[], b: number[]): boolean {
  const i = a.findIndex((index, k) => index !== b[k]);
  return i < 0 || a[i]! < b[i]!;
}

function addressOf(path: number[]): number {
  const [p4, p3, p2 = 0, p1 = 0] = path;
  const bits = BigInt(p4!) << 39n | BigInt(p3!) << 30n | BigInt(p2) << 21n |
    BigInt(p1) << 12n;
  return Number(BigInt.asIntN(48, bits));
}

/** A result in words; settles its flush. */
function text(result: unknown): string {
  if (typeof result === "number") return `frame ${result}`;
  const { reason, frame, flush } = result as {
    reason: string | null;
    frame?: number;
    flush?: { ignore(): void };
  };
  if (reason !== null) return (result as { debug(): string }).debug();
  if (frame === undefined) {
    (result as { ignore(): void }).ignore();
    return "ok";
  }
  flush!.ignore();
  return `frame ${frame}`;
}

for (const kind of Object.keys(KINDS) as Kind[]) {
  Deno.test(`${kind} equals the model, whatever is asked of it`, () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(60), (seed, steps) => {
        const run = new Run(kind, seed);
        for (let i = 0; i < steps; i++) run.step();
        run.compare();
      }),
      { numRuns: 25 },
    );
  });

  Deno.test(`${kind} keeps its invariants over a long script`, () => {
    // A million with FC_RUNS=5000. Recursive access walks the tables for each word.
    const runs = fc.readConfigureGlobal()?.numRuns ?? 100;
    const steps = (kind === "RecursivePageTable" ? 20 : 200) * runs;
    const run = new Run(kind, 11);
    for (let i = 1; i <= steps; i++) {
      run.step();
      if (i % (steps / 10) === 0) run.compare();
    }
    assertEquals((run.mapper as OffsetPageTable).state.dropped, 0);
    run.mapper.cleanUp(run.frames);
    run.model.clean([0, 0, 0, 0], [511, 511, 511, 511]);
    run.compare();
  });
}
