/**
 * A single handler of a machine-code kernel, taken over by TypeScript: a gate of its IDT is pointed to an entry of the
 * machine's program.
 *
 * The kernel's memory is changed from outside, as a debugger would, so at a moment of the caller's choice: after the
 * kernel has filled its table.
 *
 * Source: SDM 3A, "64-Bit Mode IDT", "4-Level Paging".
 *
 * @module
 */

import { formatHex } from "../hw/format_hex.ts";
import { HOST_ENTRIES_MAX, HOST_ENTRY, HOST_STRIDE } from "../hw/host_range.ts";
import type { Machine } from "../hw/machine.ts";
import { PTE_P, PTE_PS, pteAddr } from "../hw/page_table.ts";

const GATE_BYTES = 16;
const TWO_32 = 0x1_0000_0000;
/** Offsets of the parts of the handler's address in a gate. */
const LOW_16 = 0;
const MIDDLE_16 = 6;
const HIGH_32 = 8;

/**
 * Points a gate to an entry of the machine's program. Privilege level, stack and kind of the gate stay. The entry's `run`
 * takes an error code off the stack itself and ends with `cpu.iretq()`.
 *
 * @param machine runs the kernel, and has a program with that entry
 * @param vector which gate
 * @param entry index into the program's entries
 * @returns where the gate pointed to
 * @throws {RangeError} if the kernel has no such gate yet, or no program can have such an entry
 * @example
 * ```ts
 * import { bootloaderImage, isaEngine, setHostGate } from "@lockstep/kernel/isa";
 * import { Machine } from "@lockstep/kernel/hw";
 * import { assertThrows } from "@std/assert";
 *
 * const machine = new Machine({ engine: isaEngine, ramBytes: 16 * 2 ** 20 });
 * assertThrows(() => setHostGate(machine, 0x80, 0), RangeError, "its IDT ends at 0x0");
 * ```
 */
export function setHostGate(
  machine: Machine,
  vector: number,
  entry: number,
): number {
  if (!(Number.isInteger(entry) && entry >= 0 && entry < HOST_ENTRIES_MAX)) {
    throw new RangeError(
      `Cannot point a gate to entry ${entry}: a program has ` +
        `0 to ${HOST_ENTRIES_MAX - 1}`,
    );
  }
  const gate = gateAddress(machine, vector);
  const { memory } = machine;
  const old = (memory.peek(gate + HIGH_32, 4) | 0) * TWO_32 +
    memory.peek(gate + MIDDLE_16, 2) * 0x1_0000 +
    memory.peek(gate + LOW_16, 2);
  const address = HOST_ENTRY + HOST_STRIDE * entry;
  const low = address >>> 0;
  memory.write(gate + LOW_16, low, 2);
  memory.write(gate + MIDDLE_16, low >>> 16, 2);
  memory.write(gate + HIGH_32, Math.floor(address / TWO_32), 4);
  return old;
}

/** Physical address of a gate, which lies in one page if its table is aligned. */
function gateAddress(machine: Machine, vector: number): number {
  const { base, limit } = machine.cpu.idtr;
  const offset = GATE_BYTES * vector;
  if (!(Number.isInteger(vector) && vector >= 0 && offset + 15 <= limit)) {
    throw new RangeError(
      `Cannot set gate ${vector}: its IDT ends at ${formatHex(limit)}`,
    );
  }
  const address = base + offset;
  if (mod(address, 4096) > 4096 - GATE_BYTES) {
    throw new RangeError(
      `Cannot set gate ${vector}: at ${
        formatHex(address)
      } it crosses a page; ` +
        "align the IDT to 16 bytes",
    );
  }
  const physical = translate(machine, address);
  if (physical !== null) return physical;
  throw new RangeError(
    `Cannot set gate ${vector}: ${formatHex(address)} is not mapped`,
  );
}

/** As the page tables say, without any effect. */
function translate({ cpu, memory }: Machine, address: number): number | null {
  let table = cpu.cr3 - cpu.cr3 % 4096;
  for (let shift = 39; shift >= 12; shift -= 9) {
    const size = 2 ** shift;
    const entry = table + 8 * (Math.floor(address / size) & 511);
    const low = memory.peek(entry, 4);
    if (!(low & PTE_P)) return null;
    const target = pteAddr(low, memory.peek(entry + 4, 4));
    const leaf = shift === 12 || (shift < 39 && (low & PTE_PS) !== 0);
    // A leaf's address has no bits below its size but PAT, bit 12.
    if (leaf) return target - target % size + mod(address, size);
    table = target;
  }
  return null;
}

const mod = (value: number, size: number): number =>
  ((value % size) + size) % size;
