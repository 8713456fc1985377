/**
 * The machine's speed beside what the host does without a machine.
 *
 * @module
 */

import { Machine, type VirtAddr } from "@lockstep/kernel";
import { NO_EVENTS } from "../../src/base/events.ts";
import { cpuState } from "../../src/hw/cpu_state.ts";
import { Fault } from "../../src/hw/fault.ts";
import { Mmu } from "../../src/hw/mmu.ts";
import { PageWalker } from "../../src/hw/page_walk.ts";
import { PhysMemory } from "../../src/hw/phys_memory.ts";
import { CR0_WP } from "../../src/hw/registers.ts";
import { digests, forks, snapshots, switches } from "./machine_memory.ts";
import { eventLog, idleSecond, portAccess } from "./machine_time.ts";
import { best, type Contender } from "./measure.ts";
import { peerRow, type Row } from "./rows.ts";

/** Where the kernel's heap lies. */
const HEAP = 0x4444_4444_0000;
const HEAP_PHYS = 0x20_0000;
const PAGES = 64;
const ACCESSES = 1_000_000;
const CHUNK = 10_000;
const TABLE = 0x1000;

/** An MMU with 64 pages mapped at the heap's addresses. */
function heapMmu(): { mmu: Mmu; phys: PhysMemory; walker: PageWalker } {
  const phys = new PhysMemory(16 * 2 ** 20, NO_EVENTS);
  const cpu = cpuState();
  cpu.cr3 = TABLE;
  cpu.cr0 = (cpu.cr0 | CR0_WP) >>> 0;
  const link = (level: number, index: number, target: number) =>
    phys.write(TABLE * level + 8 * index, target | 3, 4);
  link(1, 136, TABLE * 2);
  link(2, 273, TABLE * 3);
  link(3, 34, TABLE * 4);
  for (let i = 0; i < PAGES; i++) link(4, 64 + i, HEAP_PHYS + 4096 * i);
  for (let i = 0; i < PAGES * 1024; i++) {
    phys.write(HEAP_PHYS + 4 * i, Math.imul(i, 0x9e37_79b1), 4);
  }
  const mmu = new Mmu(cpu, phys, new Fault(), NO_EVENTS);
  return { mmu, phys, walker: new PageWalker(phys) };
}

/** The same pseudo-random word offsets for every contender. */
function offsets(): Int32Array {
  const list = new Int32Array(ACCESSES);
  let x = 1;
  for (let i = 0; i < ACCESSES; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    list[i] = ((x >>> 8) % (PAGES * 1024)) * 4;
  }
  return list;
}

/**
 * Cuts a contender's loop into calls of 10,000 turns: the host compiles a function that is called often as a whole, but a
 * loop that it meets in the middle with worse types, which would measure the host and neither contender.
 */
function inChunks(sumOf: (from: number, to: number) => number): () => number {
  return () => {
    let sum = 0;
    for (let from = 0; from < ACCESSES; from += CHUNK) {
      sum = (sum + sumOf(from, from + CHUNK)) | 0;
    }
    return sum;
  };
}

function loads(): Row[] {
  const { mmu, phys } = heapMmu();
  const index = offsets();
  const { words } = phys.ram;
  const raw: Contender = {
    name: "typed array",
    operations: ACCESSES,
    run: inChunks((from, to) => {
      let sum = 0;
      for (let i = from | 0; i < (to | 0); i++) {
        sum = (sum + words[(HEAP_PHYS + index[i]!) >>> 2]!) | 0;
      }
      return sum;
    }),
  };
  const tlb: Contender = {
    name: "Mmu.load32",
    operations: ACCESSES,
    run: inChunks((from, to) => {
      let sum = 0;
      for (let i = from | 0; i < (to | 0); i++) {
        sum = (sum + mmu.load32((HEAP + index[i]!) as VirtAddr)) | 0;
      }
      return sum;
    }),
  };
  const [tlbNs, rawNs] = best([tlb, raw]);
  const [hostedNs, rawNs2] = best([hostedLoads(index), raw]);
  return [
    peerRow("machine/load-tlb-hit/typed-array", tlbNs, rawNs, 0.2),
    peerRow("machine/load-hosted/typed-array", hostedNs, rawNs2, 0.14),
  ];
}

/** A hosted kernel that loads the same words from its heap pages. */
function hostedLoads(index: Int32Array): Contender {
  let sum = 0;
  const machine = new Machine({
    ramBytes: 16 * 2 ** 20,
    program: (cpu) => {
      const loads = inChunks((from, to) => {
        let sum = 0;
        for (let i = from | 0; i < (to | 0); i++) {
          sum = (sum + cpu.load32((HEAP + index[i]!) as VirtAddr)) | 0;
        }
        return sum;
      });
      return ({
        state: {},
        entries: [],
        boot: () => {
          const offset = machine.bootInfo.physicalMemoryOffset;
          for (let i = 0; i < PAGES * 1024; i++) {
            const at = (offset + HEAP_PHYS + 4 * i) as VirtAddr;
            cpu.store32(at, Math.imul(i, 0x9e37_79b1));
          }
          const root = (offset + 0x1000) as VirtAddr;
          // Heap addresses, mapped by hand over tables at 8 MiB.
          const link = (table: number, entry: number, target: number) =>
            cpu.store64(
              (offset + table + 8 * entry) as VirtAddr,
              target | 3,
              0,
            );
          cpu.store64((root + 8 * 136) as VirtAddr, 0x80_0000 | 3, 0);
          link(0x80_0000, 273, 0x80_1000);
          link(0x80_1000, 34, 0x80_2000);
          for (let i = 0; i < PAGES; i++) {
            link(0x80_2000, 64 + i, HEAP_PHYS + 4096 * i);
          }
        },
        loop: () => {
          sum = loads();
        },
      });
    },
  });
  machine.step();
  return {
    name: "Instructions.load32",
    operations: ACCESSES,
    run() {
      machine.step();
      return sum;
    },
  };
}

/**
 * A walk of four levels with BigInt entries, as one writes it from the manual, with what the other side does, too: P,
 * reserved bits, A, and R/W, U/S and XD over all levels.
 *
 * @returns the physical address, with R/W and U/S added as 1 and 2
 */
function bigIntWalk(memory: BigUint64Array, root: bigint, va: bigint): bigint {
  let table = root;
  let rights = 0b110n;
  let xd = 0n;
  for (let level = 3n; level >= 0n; level--) {
    const index = va >> (12n + 9n * level) & 511n;
    const entry = memory[Number(table / 8n + index)]!;
    if ((entry & 1n) === 0n) throw new Error("not present");
    if (entry & 0x000f_ff00_0000_0000n) throw new Error("reserved");
    if ((entry & 0x20n) === 0n) throw new Error("A is to be set");
    rights &= entry;
    xd |= entry >> 63n;
    table = entry & 0x000f_ffff_ffff_f000n;
  }
  if (xd) throw new Error("no ordinary page");
  return (table | va & 0xfffn) + (rights >> 1n);
}

function walks(): Row[] {
  const { phys, walker } = heapMmu();
  const index = offsets();
  const memory = new BigUint64Array(phys.ram.words.buffer);
  const controls = { cr3: TABLE, writeProtect: true, noExecute: false };
  const ours: Contender = {
    name: "PageWalker.walk",
    operations: ACCESSES,
    run: inChunks((from, to) => {
      let sum = 0;
      for (let i = from | 0; i < (to | 0); i++) {
        const va = HEAP + index[i]!;
        const frame = walker.walk(controls, va as VirtAddr, 0, true);
        const rights = walker.flags & 3;
        sum = (sum + (frame << 12) + (va & 0xfff) + rights) | 0;
      }
      return sum;
    }),
  };
  const peer: Contender = {
    name: "BigInt walk",
    operations: ACCESSES,
    run: inChunks((from, to) => {
      let sum = 0;
      for (let i = from | 0; i < (to | 0); i++) {
        const va = BigInt(HEAP + index[i]!);
        sum = (sum + Number(bigIntWalk(memory, 0x1000n, va))) | 0;
      }
      return sum;
    }),
  };
  const [oursNs, peerNs] = best([ours, peer]);
  return [peerRow("machine/walk/bigint", oursNs, peerNs, 25)];
}

function copies(): Row[] {
  const { mmu, phys } = heapMmu();
  const bytes = 31 * 4096;
  const { bytes: ram } = phys.ram;
  const target = HEAP + 32 * 4096;
  const ours: Contender = {
    name: "Mmu.copyRun",
    operations: 200 * 31,
    run() {
      for (let i = 0; i < 200; i++) {
        for (let done = 0; done < bytes;) {
          done += mmu.copyRun(
            (target + done) as VirtAddr,
            (HEAP + done) as VirtAddr,
            bytes - done,
            false,
          );
        }
      }
      return ram[HEAP_PHYS + 32 * 4096 + 5]!;
    },
  };
  const peer: Contender = {
    name: "copyWithin",
    operations: 200 * 31,
    run() {
      for (let i = 0; i < 200; i++) {
        for (let done = 0; done < bytes; done += 4096) {
          const from = HEAP_PHYS + done;
          ram.copyWithin(from + 32 * 4096, from, from + 4096);
        }
      }
      return ram[HEAP_PHYS + 32 * 4096 + 5]!;
    },
  };
  const [oursNs, peerNs] = best([ours, peer]);
  return [peerRow("machine/copy-page-run/copyWithin", oursNs, peerNs, 0.5)];
}

/** The groups of rows, by name. */
export const groups: Readonly<Record<string, () => Row[]>> = {
  loads,
  walks,
  copies,
  idleSecond,
  portAccess,
  snapshots,
  switches,
  forks,
  digests,
  eventLog,
};

/** All rows of the machine. */
export function machineRows(): Row[] {
  return Object.values(groups).flatMap((group) => group());
}
