/**
 * The mixed benchmark on the machine: four-level paging, the guest's code and memory in 2 MiB pages, ring 0.
 *
 * @module
 */

import { Machine } from "@lockstep/kernel";
import { isaEngine } from "@lockstep/kernel/isa";

/** A workload and its answer, which the same C gives natively. */
export interface Workload {
  /** Its name. */
  readonly name: string;
  /** Hexadecimal, 64 bits. */
  readonly answer: string;
}

/** In the order of `mixed_benchmark.h`. */
export const WORKLOADS: readonly Workload[] = [
  { name: "loads-and-stores", answer: "6e48dbd11a4dabd1" },
  { name: "calls", answer: "2ff42" },
  { name: "crc32", answer: "60cbec9" },
  { name: "quicksort", answer: "9e249fc07cba4c7b" },
  { name: "sieve", answer: "132a2" },
  { name: "list", answer: "d8fc588b26bd6840" },
];

const RAM_BYTES = 32 * 2 ** 20;
const CODE = 0x60_0000;
const MEMORY = 0x80_0000;
const [RAX, RSI, RDI] = [0, 6, 7] as const;
const IF = 0x200;

/** The guest's code. */
export const GUEST: Uint8Array = Deno.readFileSync(
  new URL("./mixed_benchmark.bin", import.meta.url),
);

/** What a run came to. */
export interface Run {
  /** Instructions. */
  readonly instructions: number;
  /** Milliseconds. */
  readonly ms: number;
}

/** A machine about to run a workload. */
export function prepare(which: number, guest: Uint8Array = GUEST): Machine {
  const machine = new Machine({ engine: isaEngine, ramBytes: RAM_BYTES });
  const offset = Number(machine.bootInfo.physicalMemoryOffset);
  guest.forEach((byte, i) => machine.memory.write(CODE + i, byte, 1));
  const { cpu } = machine;
  const set = (register: number, value: number): void => {
    cpu.registers[2 * register] = value | 0;
    cpu.registers[2 * register + 1] = Math.floor(value / 2 ** 32);
  };
  set(RDI, which);
  set(RSI, offset + MEMORY);
  cpu.rflags &= ~IF;
  cpu.rip = offset + CODE;
  return machine;
}

/**
 * Runs a workload from the start to its HLT.
 *
 * @throws {Error} if its answer is another
 */
export function run(which: number, guest: Uint8Array = GUEST): Run {
  const machine = prepare(which, guest);
  const start = performance.now();
  const { reason } = machine.run();
  const ms = performance.now() - start;
  const { registers } = machine.cpu;
  const [low, high] = [registers[2 * RAX]!, registers[2 * RAX + 1]!];
  const answer = BigInt(high >>> 0) << 32n | BigInt(low >>> 0);
  const { name, answer: want } = WORKLOADS[which]!;
  if (reason !== "hung" || answer.toString(16) !== want) {
    throw new Error(`${name}: ${reason}, ${answer.toString(16)}, not ${want}`);
  }
  return { instructions: machine.clk, ms };
}
