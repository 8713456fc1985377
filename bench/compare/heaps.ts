/**
 * The heaps beside their peers: speed on the standard workloads, cost among many holes, memory that can be filled, garbage for the
 * host's collector, and the price of going through the MMU.
 *
 * All times are gross: they hold what the replay itself costs, which the rows `…/floor` state.
 *
 * @module
 */

import v8 from "node:v8";
import vm from "node:vm";
import { NO_EVENTS } from "../../src/base/events.ts";
import { FlatMemory, type WordMemory } from "../../src/base/word_memory.ts";
import type { VirtAddr } from "../../src/hw/addr.ts";
import { cpuState } from "../../src/hw/cpu_state.ts";
import { Fault } from "../../src/hw/fault.ts";
import { Mmu } from "../../src/hw/mmu.ts";
import { PhysMemory } from "../../src/hw/phys_memory.ts";
import {
  heapEfficiency,
  type MakeHeap,
  verifyHeap,
} from "../../src/kernel/allocator/bench_heap.ts";
import type { HeapCore } from "../../src/kernel/allocator/heap.ts";
import {
  BuddyHeap,
  FirstFitHeap,
  FixedSizeBlockHeap,
  IndexedFirstFitHeap,
  LinkedListHeap,
  TlsfHeap,
} from "../../src/kernel/allocator/mod.ts";
import { NullHeap, pack, replayOf } from "../../src/kernel/allocator/replay.ts";
import {
  pairTrace,
  type Trace,
  workloads,
} from "../../src/kernel/allocator/workloads.ts";
import { CodemixHeap, nativePeers, ThingHeap } from "./heap_peers.ts";
import { median } from "./measure.ts";
import { peerRow, type Row, valueRow } from "./rows.ts";

const flat = (bytes: number): FlatMemory =>
  new FlatMemory(new ArrayBuffer(bytes));

/** Our heaps, at default options. */
const OURS = {
  "fixed-size blocks": (bytes) =>
    new FixedSizeBlockHeap(new FirstFitHeap(flat(bytes))),
  "fixed-size blocks + TLSF": (bytes) =>
    new FixedSizeBlockHeap(new TlsfHeap(flat(bytes))),
  "fixed-size blocks + buddy": (bytes) =>
    new FixedSizeBlockHeap(new BuddyHeap(flat(bytes))),
  "TLSF": (bytes) => new TlsfHeap(flat(bytes)),
  "buddy": (bytes) => new BuddyHeap(flat(bytes)),
  "first fit": (bytes) => new FirstFitHeap(flat(bytes)),
  "indexed first fit": (bytes) => new IndexedFirstFitHeap(flat(bytes)),
} satisfies Record<string, MakeHeap>;

/** The book's linked list leaks and never merges: it is only filled, not timed. */
const FILLED = {
  ...OURS,
  "linked list": (bytes: number) => new LinkedListHeap(flat(bytes)),
};

/** Somebody in a race. */
interface Racer {
  readonly name: string;
  /** Replays the trace once, and returns a checksum. */
  run(): number;
  /** Throws if a checksum is not what it has to be. */
  check(sum: number): void;
}

let made = 0;

/** A heap in JavaScript: each replay has to give the offsets that a twin, verified and untimed, gives. */
function racer(name: string, make: MakeHeap, trace: Trace): Racer {
  const heap = make(trace.heapBytes);
  const twin = make(trace.heapBytes);
  const { count, slots } = trace;
  const ops = pack(trace);
  const offsets = new Int32Array(slots);
  const twinOffsets = new Int32Array(slots);
  // A text of its own each: engines mix the type feedback of equal functions.
  const replay = replayOf(`${name} ${made++}`);
  const replayTwin = replayOf(`twin of ${name} ${made++}`);
  let first = true;
  return {
    name,
    run: () => replay(heap, ops, count, offsets),
    check(sum) {
      const { checksum, refused } = first
        ? verifyHeap(name, twin, trace)
        : { checksum: replayTwin(twin, ops, count, twinOffsets), refused: 0 };
      first = false;
      if (refused > 0) throw new Error(`${name} refuses on ${trace.name}`);
      if (sum !== checksum) {
        throw new Error(`${name}: checksum ${sum} instead of ${checksum}`);
      }
    },
  };
}

/** A heap from npm: its addresses are its own affair, that it refuses nothing is not. */
function peer(name: string, make: MakeHeap, trace: Trace): Racer {
  const { refused } = verifyPeer(make, trace);
  if (refused > 0) throw new Error(`${name} refuses on ${trace.name}`);
  const ours = racer(name, make, trace);
  return { ...ours, check() {} };
}

function verifyPeer(make: MakeHeap, trace: Trace): { refused: number } {
  const heap = make(trace.heapBytes);
  let refused = 0;
  replayOf(`verify ${made++}`)(
    {
      alloc(size, align) {
        const block = heap.alloc(size, align);
        if (block === null) refused += 1;
        return block;
      },
      dealloc: (offset, size, align) => heap.dealloc(offset, size, align),
    },
    pack(trace),
    trace.count,
    new Int32Array(trace.slots),
  );
  return { refused };
}

const ROUNDS = 9;
const WARM_UP = 2;
/** Measurements of a missed goal at most. */
const ATTEMPTS = 3;
/** Operations of a timed slice at least: caches are warm for most of it. */
const SLICE_OPS = 400_000;

/** Times racers in turns; returns the median time of an operation of each, ns. */
function race(racers: readonly Racer[], count: number): number[] {
  const times = racers.map((): number[] => []);
  const slow = racers.map(() => false);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [i, { run, check }] of racers.entries()) {
      // Who takes milliseconds per thousand operations need not be asked often.
      if (slow[i] && round > 2) continue;
      const runs = slow[i] ? 1 : Math.max(1, Math.round(SLICE_OPS / count));
      const sums: number[] = [];
      const start = performance.now();
      for (let n = 0; n < runs; n++) sums.push(run());
      const ns = (performance.now() - start) * 1e6 / (runs * count);
      for (const sum of sums) check(sum);
      slow[i] = ns > 900;
      if (round >= 0) times[i]!.push(ns);
    }
  }
  return times.map(median);
}

/** The goals of a heap on a workload, by peer. */
type Goals = Readonly<Record<string, number>>;

/** Races one of ours against peers; a missed goal is measured again, and the best counts. */
function raced(
  id: string,
  ours: keyof typeof OURS,
  trace: Trace,
  peers: readonly (() => Racer)[],
  goals: Goals,
): Row[] {
  let best: Row[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const racers = [
      racer(ours, OURS[ours], trace),
      { ...racer("floor", () => new NullHeap(), trace), check() {} },
      ...peers.map((make) => make()),
    ];
    const ns = race(racers, trace.count);
    const rows = racers.slice(2).map(({ name }, i) =>
      peerRow(`${id}/${name}`, ns[0]!, ns[i + 2]!, goals[name] ?? 0)
    );
    const floor = valueRow(`${id}/floor`, ns[1]!, "ns", Infinity);
    best = [floor, ...rows.map((row, i) => better(row, best[i + 1]))];
    if (best.every((row) => row.met)) break;
  }
  return best;
}

function better(row: Row, other: Row | undefined): Row {
  return other !== undefined && "ratio" in other && "ratio" in row &&
      other.ratio > row.ratio
    ? other
    : row;
}

/** Ours beside npm's heaps, glibc, and the same algorithm in C. */
function speed(): Row[] {
  const all = workloads();
  const native = nativePeers();
  const npm = (trace: Trace): (() => Racer)[] => [
    () => peer("@thi.ng/malloc", (bytes) => new ThingHeap(bytes), trace),
    () => peer("malloc", (bytes) => new CodemixHeap(bytes), trace),
  ];
  const c = (trace: Trace, algorithm: "firstFit" | "fixedSizeBlocks") =>
    native === null ? [] : [
      (): Racer => ({
        name: "glibc",
        run: native.glibc(trace),
        check: noFailure,
      }),
      (): Racer => ({
        name: "C",
        run: native[algorithm](trace),
        check: sameAs(
          algorithm === "firstFit" ? "first fit" : "fixed-size blocks",
          trace,
        ),
      }),
    ];
  const rows: Row[] = [];
  const blocks = (name: "a" | "b2" | "b3" | "c1" | "c2", goals: Goals) => {
    const peers = [...npm(all[name]), ...c(all[name], "fixedSizeBlocks")];
    const id = `heap/fixed-size blocks/${name}`;
    rows.push(...raced(id, "fixed-size blocks", all[name], peers, goals));
  };
  blocks("a", { "@thi.ng/malloc": 1.0, glibc: 0.7 });
  blocks("b2", { "@thi.ng/malloc": 33, glibc: 0.8 });
  blocks("b3", { "@thi.ng/malloc": 400, glibc: 0.9 });
  blocks("c1", {});
  blocks("c2", { "@thi.ng/malloc": 125, glibc: 1.0 });
  for (const name of ["b1", "b4"] as const) {
    const goals: Goals = name === "b1"
      ? { "@thi.ng/malloc": 40, glibc: 1.0 }
      : {};
    const ours = "fixed-size blocks + TLSF";
    const peers = [
      ...npm(all[name]),
      ...c(all[name], "fixedSizeBlocks").slice(0, 1),
    ];
    rows.push(...raced(`heap/${ours}/${name}`, ours, all[name], peers, goals));
  }
  for (const name of ["b1", "b2", "b3"] as const) {
    const peers = c(all[name], "firstFit").slice(1);
    const id = `heap/first fit/${name}`;
    rows.push(...raced(id, "first fit", all[name], peers, { C: 0.8 }));
  }
  return rows;
}

function noFailure(failed: number): void {
  if (failed > 0) throw new Error(`glibc refused ${failed} allocations`);
}

/** Holds a peer with the same algorithm to the offsets of ours. */
function sameAs(
  ours: "first fit" | "fixed-size blocks",
  trace: Trace,
): (sum: number) => void {
  return racer(`${ours} in C`, OURS[ours], trace).check;
}

/** Every heap of ours on every workload that it can run: figures without a goal. */
function panorama(): Row[] {
  const rows: Row[] = [];
  for (const trace of Object.values(workloads())) {
    const racers = Object.entries(OURS).map(([name, make]) =>
      racer(name, make, trace)
    );
    const ns = race(racers, trace.count);
    for (const [i, { name }] of racers.entries()) {
      rows.push(
        valueRow(`heap/all/${trace.name}/${name}`, ns[i]!, "ns", Infinity),
      );
    }
  }
  return rows;
}

/** A heap with `holes` holes of 32 bytes in front of the rest. */
function comb<H extends HeapCore>(make: MakeHeap, holes: number): H {
  const heap = make(Math.max(1 << 16, 128 * holes)) as H;
  const blocks = Array.from({ length: 2 * holes }, () => heap.alloc(32, 8)!);
  for (let i = 0; i < blocks.length; i += 2) heap.dealloc(blocks[i]!, 32, 8);
  return heap;
}

/** Cost of a pair of 64 bytes that fits only behind the holes, ns; each of the heaps has to give the same offset. */
function pairsBehind(
  makes: readonly (readonly [string, MakeHeap])[],
  holes: number,
  pairs: number,
): number[] {
  const trace = pairTrace("d", pairs, 64, 0);
  const ops = pack(trace);
  const racers = makes.map(([name, make]): Racer => {
    const heap = comb(make, holes);
    const replay = replayOf(`${name} ${made++}`);
    const offsets = new Int32Array(1);
    return {
      name,
      run() {
        replay(heap, ops, trace.count, offsets);
        return offsets[0]!;
      },
      check(offset) {
        if (offset !== 64 * holes) {
          throw new Error(`${name} puts the block at ${offset}`);
        }
      },
    };
  });
  return race(racers, trace.count).map((ns) => 2 * ns);
}

function holes(): Row[] {
  const indexed = ["indexed first fit", OURS["indexed first fit"]] as const;
  const plain = ["first fit", OURS["first fit"]] as const;
  const best = (goal: number, measure: () => number): number => {
    let ratio = measure();
    for (let i = 1; i < ATTEMPTS && ratio > goal; i++) {
      ratio = Math.min(ratio, measure());
    }
    return ratio;
  };
  const rows: Row[] = [];
  const costs = new Map<number, number>();
  for (const count of [10, 100, 1_000, 10_000, 100_000]) {
    const pairs = Math.max(20, Math.min(50_000, 5_000_000 / count));
    const [ns] = pairsBehind([indexed], count, 50_000);
    const [plainNs] = pairsBehind([plain], count, pairs);
    costs.set(count, ns!);
    rows.push(
      peerRow(`heap/indexed first fit/d/${count}/first fit`, ns!, plainNs!),
    );
  }
  const growth = (from: number, goal: number): Row => {
    const ratio = best(goal, () => {
      const [few] = pairsBehind([indexed], from, 50_000);
      const [many] = pairsBehind([indexed], 100_000, 50_000);
      return many! / few!;
    });
    const id = `heap/indexed first fit/d/100000 to ${from}`;
    return valueRow(id, ratio, "×", goal);
  };
  rows.push(growth(1_000, 1.5), growth(10, 3));
  for (const count of [10, 60]) {
    const ratio = best(1.1, () => {
      const [ns, plainNs] = pairsBehind([indexed, plain], count, 50_000);
      return ns! / plainNs!;
    });
    const id = `heap/indexed first fit/d/${count}/cost of plain`;
    rows.push(valueRow(id, ratio, "×", 1.1));
  }
  return rows;
}

/** What a heap keeps beside its memory, bytes: side tables, and the typed arrays of its state. */
function sideBytes(heap: HeapCore): number {
  const { indexBytes = 0, fallback, state } = heap as {
    indexBytes?: number;
    fallback?: HeapCore;
    state?: object;
  };
  const arrays = Object.values(state ?? {})
    .filter((value) => ArrayBuffer.isView(value))
    .reduce((sum, { byteLength }) => sum + byteLength, 0);
  return indexBytes + arrays + (fallback ? sideBytes(fallback) : 0);
}

function efficiency(): Row[] {
  const rows: Row[] = [];
  const shapes = [[8 << 20, 10_000], [8 << 20, 1_024], [1 << 20, 200]] as const;
  for (const [heapBytes, sizeMax] of shapes) {
    for (const [name, make] of Object.entries(FILLED)) {
      const goal = name === "TLSF"
        ? { 10000: 97.8, 1024: 95, 200: 0 }[sizeMax]
        : 0;
      const options = { heapBytes, sizeMax, rounds: 10, sideBytes };
      const filled = heapEfficiency(make, options);
      const id = `heap/efficiency/to ${sizeMax} B/${name}`;
      rows.push(valueRow(id, filled, "%", goal, "more"));
    }
  }
  return rows;
}

/** Bytes of JavaScript garbage per operation, over 10^7 operations after a forced collection. */
function garbage(): Row[] {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  const trace = workloads().b2;
  const used = (): number => Deno.memoryUsage().heapUsed;
  return Object.entries(OURS).map(([name, make]) => {
    const { run } = racer(name, make, trace);
    const runs = Math.ceil(1e7 / trace.count);
    for (let i = 0; i < 20; i++) run(); // Compiled before it is measured.
    let least = Infinity;
    for (let attempt = 0; attempt < 3 && least > 0.1; attempt++) {
      collect();
      const before = used();
      for (let i = 0; i < runs; i++) run();
      const bytes = Math.max(0, used() - before);
      least = Math.min(least, bytes / (runs * trace.count));
    }
    return valueRow(`heap/garbage/${name}`, least, "B", 0.1);
  });
}

/** Where the kernel's heap lies. */
const HEAP = 0x4444_4444_0000;

/** Simulated RAM behind an MMU, mapped at the heap's addresses, without a CPU in between. */
class MmuMemory implements WordMemory {
  readonly base = HEAP;
  readonly #mmu: Mmu;

  constructor(readonly size: number) {
    const phys = new PhysMemory(32 * 2 ** 20, NO_EVENTS);
    const cpu = cpuState();
    const table = (level: number): number => 0x1000 * level;
    cpu.cr3 = table(1);
    const link = (level: number, index: number, target: number): void =>
      phys.write(table(level) + 8 * index, target | 3, 4);
    link(1, 136, table(2));
    link(2, 273, table(3));
    // Page tables from 0x10_0000, frames from 0x40_0000.
    for (let page = 0; page < Math.ceil(size / 4096); page++) {
      const index = 64 + page;
      const last = 0x10_0000 + 0x1000 * (index >> 9);
      link(3, 34 + (index >> 9), last);
      phys.write(last + 8 * (index & 511), (0x40_0000 + 4096 * page) | 3, 4);
    }
    this.#mmu = new Mmu(cpu, phys, new Fault(), NO_EVENTS);
  }

  load32(offset: number): number {
    return this.#mmu.load32(HEAP + offset as VirtAddr);
  }

  store32(offset: number, word: number): void {
    this.#mmu.store32(HEAP + offset as VirtAddr, word);
  }

  fill(): void {
    throw new Error("no workload fills");
  }

  copy(): void {
    throw new Error("no workload copies");
  }
}

/**
 * Heaps over the MMU beside the same heaps over flat memory: equal offsets, and how much dearer. First fit is only stated: its walk
 * is a chain of loads, and a translation is longer than the one cycle that a link costs there.
 */
function throughMmu(): Row[] {
  const all = workloads();
  const makes = {
    "fixed-size blocks": (memory: WordMemory): HeapCore =>
      new FixedSizeBlockHeap(new FirstFitHeap(memory)),
    "first fit": (memory: WordMemory): HeapCore => new FirstFitHeap(memory),
    "TLSF": (memory: WordMemory): HeapCore => new TlsfHeap(memory),
  };
  return Object.entries(makes).flatMap(([name, make]) =>
    (["a", "b2", "c2"] as const).map((workload) => {
      const trace = all[workload];
      const goal = name === "first fit" ? Infinity : 2.3;
      let least = Infinity;
      for (let n = 0; n < ATTEMPTS && (n === 0 || least > goal); n++) {
        const [flatNs, mmuNs] = race([
          racer(name, (bytes) => make(flat(bytes)), trace),
          racer(name, (bytes) => make(new MmuMemory(bytes)), trace),
        ], trace.count);
        least = Math.min(least, mmuNs! / flatNs!);
      }
      return valueRow(`heap/over mmu/${name}/${workload}`, least, "×", goal);
    })
  );
}

/**
 * Measures all of it; a minute or so.
 *
 * @returns the rows
 */
export function heapRows(): Row[] {
  return [
    ...speed(),
    ...holes(),
    ...throughMmu(),
    ...efficiency(),
    ...garbage(),
    ...panorama(),
  ];
}

if (import.meta.main) {
  const { table } = await import("./rows.ts");
  const parts = { speed, holes, throughMmu, efficiency, garbage, panorama };
  for (const [name, part] of Object.entries(parts)) {
    if (Deno.args.length === 0 || Deno.args.includes(name)) {
      console.log(table(part()));
    }
  }
}
