/**
 * Switches a machine on: firmware writes memory, and CPU and chips get the state in which it leaves them.
 *
 * Source: bootloader 0.9.33 for memory and CPU, SeaBIOS for the chips; see `firmware.ts`.
 *
 * @module
 */

import type { BootInfo } from "./boot_info.ts";
import { setRegisterAddress } from "./cpu_state.ts";
import {
  BIOS_PORT_WRITES,
  bootFirmware,
  type EntryState,
  type FirmwareMemory,
} from "./firmware.ts";
import { RDI, RSP } from "./general_registers.ts";
import type { MachineBoard } from "./machine_board.ts";
import type { FullMachineConfig } from "./hardware_config.ts";
import { PAGE_BYTES } from "./page_map.ts";
import type { PhysMemory } from "./phys_memory.ts";

/** Physical memory as firmware writes it. */
class RamWriter implements FirmwareMemory {
  readonly #phys: PhysMemory;
  constructor(phys: PhysMemory) {
    this.#phys = phys;
  }
  load32(address: number): number {
    return this.#phys.read(address, 4);
  }
  store32(address: number, value: number): void {
    this.#phys.write(address, value, 4);
  }
  fill(address: number, bytes: number, value: number): void {
    const { ram } = this.#phys;
    const start = this.#phys.ramOffset(address);
    for (let at = start; at < start + bytes; at += PAGE_BYTES) {
      ram.touch(Math.floor(at / PAGE_BYTES));
    }
    ram.bytes.fill(value, start, start + bytes);
  }
}

/**
 * Switches the machine on.
 *
 * @param config the hardware
 * @param board its chips, at power-on
 * @returns what the kernel is told
 */
export function powerOn(
  config: FullMachineConfig,
  board: MachineBoard,
): BootInfo {
  const entry = bootFirmware(config, new RamWriter(board.phys));
  for (const [port, value] of BIOS_PORT_WRITES) {
    board.core.io.write(port, value, 1);
  }
  enterKernel(board, entry);
  return entry.bootInfo;
}

function enterKernel(board: MachineBoard, entry: EntryState): void {
  const { cpu, segments } = board.core;
  cpu.cr0 = entry.cr0;
  cpu.cr3 = entry.cr3;
  cpu.cr4 = entry.cr4;
  cpu.efer = entry.efer;
  cpu.rflags = entry.rflags;
  Object.assign(cpu.gdtr, entry.gdtr);
  Object.assign(cpu.idtr, entry.idtr);
  // Without accessed bits: the bootloader runs from a copy of its GDT that the CPU has not written to.
  segments.fetch(entry.cs, 0, 0);
  segments.put(cpu.cs, entry.cs);
  segments.fetch(entry.ds, 0, 0);
  segments.put(cpu.ds, entry.ds);
  segments.put(cpu.es, entry.ds);
  segments.putNull(cpu.ss, entry.ss);
  setRegisterAddress(cpu, RSP, entry.rsp);
  setRegisterAddress(cpu, RDI, entry.rdi);
  board.core.mmu.flush(true);
}
