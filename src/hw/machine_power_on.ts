/**
 * Switches a machine on: firmware writes memory, and CPU and chips get the state in which it leaves them.
 *
 * Source: bootloader 0.9.33 for memory and CPU, SeaBIOS for the chips; see `firmware.ts`. An image that brings its own
 * paging structures is written to memory as it is, in place of what bootloader 0.9 does.
 *
 * @module
 */

import { physAddr, virtAddr } from "./addr.ts";
import type { DirectImage } from "./boot_image.ts";
import type { BootInfo } from "./boot_info.ts";
import { setRegisterAddress } from "./cpu_state.ts";
import { e820Map, memoryMapFromE820 } from "./e820.ts";
import {
  BIOS_PORT_WRITES,
  bootFirmware,
  type EntryState,
  type FirmwareConfig,
  type FirmwareMemory,
} from "./firmware.ts";
import { formatHex } from "./format_hex.ts";
import { RDI, RSI, RSP } from "./general_registers.ts";
import type { FullMachineConfig } from "./hardware_config.ts";
import { HOST_BOOT } from "./host_range.ts";
import type { MachineBoard } from "./machine_board.ts";
import { PAGE_BYTES } from "./page_map.ts";
import type { PhysMemory } from "./phys_memory.ts";
import type { Ram } from "./ram.ts";
import {
  CR0_ET,
  CR0_PE,
  CR0_PG,
  CR4_PAE,
  EFER_LMA,
  EFER_LME,
  RFLAGS_FIXED,
} from "./registers.ts";

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
    touchPages(ram, start, bytes);
    ram.bytes.fill(value, start, start + bytes);
  }
}

/**
 * Switches the machine on.
 *
 * @param config the hardware
 * @param board its chips, at power-on
 * @returns what the kernel is told
 * @throws {RangeError} if memory cannot be laid out so
 */
export function powerOn(
  config: FullMachineConfig,
  board: MachineBoard,
): BootInfo {
  const { image } = config;
  const entry = image?.kind === "direct"
    ? placeImage(config, image, board.phys)
    : bootFirmware(firmwareConfig(config), new RamWriter(board.phys));
  for (const [port, value] of BIOS_PORT_WRITES) {
    board.core.io.write(port, value, 1);
  }
  enterKernel(board, entry);
  return entry.bootInfo;
}

function firmwareConfig(config: FullMachineConfig): FirmwareConfig {
  if (config.image?.kind !== "bootloader") return config;
  const { kernelFile, segments, entryPoint, tlsTemplate } = config.image;
  const { ramBytes, e820 } = config;
  return {
    ramBytes,
    e820,
    kernelFile,
    segments,
    entryPoint,
    ...(tlsTemplate ? { tlsTemplate } : {}),
  };
}

/** The registers that a kernel finds. */
type Entry =
  & Omit<EntryState, "rip" | "bootInfoAddr" | "guardPage" | "stackEnd">
  & {
    /** Where it begins; `null` for the kernel in TypeScript. */
    readonly rip: number | null;
    /** RSI, 0 where absent. */
    readonly rsi?: number;
  };

/** Writes an image that brings its own paging structures. */
function placeImage(
  config: FullMachineConfig,
  image: DirectImage,
  phys: PhysMemory,
): Entry {
  for (const { address, bytes } of image.parts) place(phys, address, bytes);
  const map = memoryMapFromE820(config.e820 ?? e820Map(config.ramBytes));
  return {
    rip: image.rip,
    rsp: virtAddr(image.rsp),
    rdi: virtAddr(image.rdi),
    rsi: image.rsi,
    rflags: RFLAGS_FIXED,
    cr0: (CR0_PG | CR0_ET | CR0_PE) >>> 0,
    cr3: physAddr(image.cr3),
    cr4: CR4_PAE,
    efer: EFER_LME | EFER_LMA,
    cs: image.cs,
    ss: image.ds,
    ds: image.ds,
    gdtr: image.gdtr,
    idtr: { base: 0, limit: 0 },
    bootInfo: {
      memoryMap: map.regions,
      physicalMemoryOffset: virtAddr(0),
      recursivePageTableAddr: null,
      tlsTemplate: null,
    },
  };
}

function place(phys: PhysMemory, address: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const { ram } = phys;
  const start = phys.ramOffset(address);
  const last = phys.ramOffset(address + bytes.length - 1);
  if (start < 0 || last !== start + bytes.length - 1) {
    throw new RangeError(
      `Cannot place ${bytes.length} bytes at ${formatHex(address)}: ` +
        "no RAM is there for all of them",
    );
  }
  touchPages(ram, start, bytes.length);
  ram.bytes.set(bytes, start);
}

/** Opens every page that a range of RAM has a byte of. */
function touchPages(ram: Ram, start: number, bytes: number): void {
  let page = Math.floor(start / PAGE_BYTES);
  for (; page * PAGE_BYTES < start + bytes; page++) ram.touch(page);
}

function enterKernel(board: MachineBoard, entry: Entry): void {
  const { cpu, segments } = board.core;
  cpu.rip = entry.rip ?? HOST_BOOT;
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
  if (entry.ss === 0) segments.putNull(cpu.ss, 0);
  else segments.put(cpu.ss, entry.ss);
  setRegisterAddress(cpu, RSP, entry.rsp);
  setRegisterAddress(cpu, RDI, entry.rdi);
  setRegisterAddress(cpu, RSI, entry.rsi ?? 0);
  board.core.mmu.flush(true);
}
