/**
 * Snapshots, forks and digests beside copying and hashing all of memory.
 *
 * @module
 */

import { kernel, Machine } from "@lockstep/kernel";
import { hashWords } from "../../src/base/hash.ts";
import { Ram } from "../../src/hw/ram.ts";
import { best, bestOfThree, type Contender, interleaved } from "./measure.ts";
import { peerRow, type Row, valueRow } from "./rows.ts";

const RAM_BYTES = 128 * 2 ** 20;
const PAGE_WORDS = 1024;
const PAGES: number = RAM_BYTES / 4096;
/** Pages that differ: 1 %, spread over all of memory. */
const DIRTY: number = Math.floor(PAGES / 100);
const STRIDE = 99;
/** Switches of one run: a search goes to and fro. */
const SWITCHES = 10;
const VALUE = 0x1234_5678;
/** Where the screen's last row begins. */
const LAST_ROW = 0xb_8000 + 24 * 160;

/** RAM in which no page is empty, with a snapshot taken of it. */
function fullRam(): Ram {
  const ram = new Ram(RAM_BYTES);
  for (let page = 0; page < PAGES; page++) {
    ram.touch(page);
    ram.words.fill(page + 1, page * PAGE_WORDS, (page + 1) * PAGE_WORDS);
  }
  ram.save();
  return ram;
}

/** Changes one word in 1 % of the pages. */
function dirty(ram: Ram, value: number): void {
  for (let i = 0; i < DIRTY; i++) {
    ram.touch(i * STRIDE);
    ram.words[i * STRIDE * PAGE_WORDS + 7] = value;
  }
}

/** The words that `dirty` changes, added up. */
function sumOf(words: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < DIRTY; i++) {
    sum = (sum + words[i * STRIDE * PAGE_WORDS + 7]!) | 0;
  }
  return sum;
}

/** Clears away what the run before left, if the host lets us: it is not the next one's cost. */
function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** A copy of all memory: what a snapshot costs without any of this. */
function slice(words: Int32Array): Contender {
  return {
    name: "buffer.slice()",
    operations: 1,
    prepare: collectGarbage,
    run: () => {
      const copy = new Int32Array(words.buffer.slice(0));
      return copy[(PAGES - 1) * PAGE_WORDS]!;
    },
  };
}

/** Goal: ≥ 100 × `slice()`, and the snapshot outlives later writes. */
export function snapshots(): Row[] {
  const ram = fullRam();
  const ours: Contender = {
    name: "Ram.save",
    operations: 1,
    prepare: () => {
      collectGarbage();
      dirty(ram, VALUE);
    },
    run: () => {
      ram.save();
      return ram.words[(PAGES - 1) * PAGE_WORDS]!;
    },
  };
  const [oursNs, peerNs] = best([ours, slice(ram.words)]);
  dirty(ram, VALUE);
  const snapshot = ram.save();
  dirty(ram, -1);
  const later = ram.save();
  ram.load(snapshot);
  expect(sumOf(ram.words), Math.imul(DIRTY, VALUE), "the older snapshot");
  ram.load(later);
  expect(sumOf(ram.words), -DIRTY, "the later snapshot");
  return [
    peerRow("machine/snapshot-dirty-1-percent/slice", oursNs, peerNs, 100),
  ];
}

/** Goal: ≥ 100 × `slice()`: a pooled machine becomes another fork. */
export function switches(): Row[] {
  const ram = fullRam();
  const forks = [VALUE, -VALUE].map((value) => {
    dirty(ram, value);
    return ram.save();
  });
  let turn = 0;
  const ours: Contender = {
    name: "Ram.load",
    operations: SWITCHES,
    run: () => {
      for (let i = 0; i < SWITCHES; i++) {
        turn ^= 1;
        ram.load(forks[turn]!);
      }
      return ram.words[(PAGES - 1) * PAGE_WORDS]!;
    },
  };
  const [oursNs, peerNs] = best([ours, slice(ram.words)]);
  ram.load(forks[0]!);
  expect(sumOf(ram.words), Math.imul(DIRTY, VALUE), "the first fork");
  ram.load(forks[1]!);
  expect(sumOf(ram.words), Math.imul(DIRTY, -VALUE), "the second fork");
  return [peerRow("machine/switch-fork-1-percent/slice", oursNs, peerNs, 100)];
}

/** Goal: ≥ 5,000 forks a second, each given a key and run until its echo is on the screen. */
export function forks(): Row[] {
  const machine = new Machine({ program: kernel, ramBytes: 16 * 2 ** 20 });
  machine.run({ pauseClk: 100_000 });
  const count = 500;
  const contender: Contender = {
    name: "Machine.fork",
    operations: count,
    run: () => {
      let echoed = 0;
      for (let i = 0; i < count; i++) {
        const fork = machine.fork([{
          clk: 200_000,
          source: "key",
          data: 0x1c,
        }]);
        fork.run({ pauseClk: 300_000 });
        echoed += fork.memory.peek(LAST_ROW, 1) === 0x61 ? 1 : 0;
        fork.release();
      }
      return echoed;
    },
  };
  const [ns] = bestOfThree(
    () => interleaved([contender], [count]),
    (a, b) => a[0]! < b[0]!,
  );
  return [valueRow("machine/forks", 1e9 / ns!, "forks/s", 5000, "more")];
}

/** Goal: ≥ 50 × hashing all. */
export function digests(): Row[] {
  const ram = fullRam();
  const { words } = ram;
  const hash = { low: 0, high: 0 };
  let value = 0;
  const ours: Contender = {
    name: "Ram.hash",
    operations: 1,
    prepare: () => dirty(ram, value++),
    run: () => {
      ram.hash();
      return words[0]!;
    },
  };
  const peer: Contender = {
    name: "hashing all",
    operations: 1,
    run: () => {
      for (let page = 0; page < PAGES; page++) {
        hashWords(words, page * PAGE_WORDS, PAGE_WORDS, hash);
      }
      return words[0]!;
    },
  };
  const [oursNs, peerNs] = best([ours, peer]);
  dirty(ram, VALUE);
  const { low, high } = ram.hash();
  const fresh = new Ram(RAM_BYTES);
  for (let page = 0; page < PAGES; page++) fresh.touch(page);
  fresh.words.set(words);
  const want = fresh.hash();
  expect(low, want.low, "the hash's low word");
  expect(high, want.high, "the hash's high word");
  return [peerRow("machine/digest-dirty-1-percent/all", oursNs, peerNs, 50)];
}

function expect(actual: number, wanted: number, what: string): void {
  if (actual !== (wanted | 0)) {
    throw new Error(`${what} gives ${actual} instead of ${wanted}`);
  }
}
