/**
 * Physical memory as the CPU sees it: RAM, ROM, memory-mapped devices and holes, by 4 KiB page.
 *
 * Layout of a PC: RAM from 0; 0xa0000–0xbffff device windows; 0xc0000–0xeffff a hole; 0xf0000–0xfffff ROM; RAM from
 * 1 MiB up to 3 GiB; a hole up to 4 GiB; what RAM is left from 4 GiB on. A hole reads all ones and swallows writes; ROM
 * swallows writes.
 *
 * Source: OSDev, "Memory Map (x86)"; QEMU's pc machine for the split at 3 GiB.
 *
 * *Not modelled*: caches and memory types (every access goes through in order), A20 gating (A20 is always on), shadow
 * RAM, SMRAM.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import { checkRamBytes, RAM_HIGH_START, RAM_LOW_END_MAX } from "./e820.ts";
import type { MmioDevice } from "./mmio.ts";
import { PAGE_BYTES } from "./page_map.ts";
import { Ram } from "./ram.ts";

const LEGACY_HOLE_START = 0xa_0000;
const ROM_START = 0xf_0000;
const ROM_END = 0x10_0000;

/** Width of an access that reaches memory, in bytes. */
export type AccessWidth = 1 | 2 | 4;

/** What a read finds where nobody answers. */
const openBus = (bytes: AccessWidth): number =>
  bytes === 4 ? 0xffff_ffff : bytes === 2 ? 0xffff : 0xff;

interface Window {
  readonly first: number;
  readonly end: number;
  readonly device: MmioDevice;
}

/** The physical address space. Accesses must not cross a 4 KiB page. */
export class PhysMemory {
  /** The RAM behind it. */
  readonly ram: Ram;
  readonly #windows: Window[] = [];
  readonly #events: EventSink;

  /**
   * Puts RAM into the address space.
   *
   * @param bytes size of RAM: 16 MiB to 4 GiB, a multiple of 4,096
   * @param events receives `mmio-read` and `mmio-write`
   * @throws {RangeError} if the size is out of range
   */
  constructor(bytes: number, events: EventSink) {
    this.ram = new Ram(checkRamBytes(bytes));
    this.#events = events;
  }

  /**
   * Puts a device into the address space.
   *
   * @param first physical address of the window, a multiple of 4,096
   * @param bytes size, a multiple of 4,096
   * @param device answers there
   */
  attach(first: number, bytes: number, device: MmioDevice): void {
    this.#windows.push({ first, end: first + bytes, device });
  }

  /**
   * Where an address lies in RAM.
   *
   * @param address physical
   * @returns the offset into `ram`, or −1 if no RAM or ROM answers there
   */
  ramOffset(address: number): number {
    if (address < LEGACY_HOLE_START) return address;
    if (address < RAM_LOW_END_MAX) {
      return address < this.ram.size && address >= ROM_START ? address : -1;
    }
    const offset = address - RAM_HIGH_START + RAM_LOW_END_MAX;
    return address >= RAM_HIGH_START && offset < this.ram.size ? offset : -1;
  }

  /** Whether stores to an address are swallowed although loads find RAM: it is ROM. */
  isRom(address: number): boolean {
    return address >= ROM_START && address < ROM_END;
  }

  /**
   * Loads.
   *
   * @param address physical; the access lies in one page
   * @param bytes width
   * @returns the value, unsigned
   */
  read(address: number, bytes: AccessWidth): number {
    const offset = this.ramOffset(address);
    return offset >= 0
      ? this.#readRam(offset, bytes)
      : this.#readDevice(address, bytes);
  }

  /**
   * Stores.
   *
   * @param address physical; the access lies in one page
   * @param value its low `bytes` bytes are stored
   * @param bytes width
   */
  write(address: number, value: number, bytes: AccessWidth): void {
    const offset = this.ramOffset(address);
    if (offset < 0) this.#writeDevice(address, value, bytes);
    else if (!this.isRom(address)) this.writeRam(offset, value, bytes);
  }

  /** Loads an aligned 32-bit word of RAM, as a signed number; all ones where there is none. For page-table walks. */
  word(address: number): number {
    const offset = this.ramOffset(address);
    return offset >= 0
      ? this.ram.words[offset >>> 2]!
      : this.#readDevice(address, 4) | 0;
  }

  /** Loads as an onlooker: records no event. */
  peek(address: number, bytes: AccessWidth): number {
    const offset = this.ramOffset(address);
    if (offset >= 0) return this.#readRam(offset, bytes);
    const window = this.#window(address);
    return window
      ? window.device.readMmio(address - window.first, bytes) >>> 0
      : openBus(bytes);
  }

  /** Stores at an offset of RAM, ROM included: for firmware and for stores that were checked before. */
  writeRam(offset: number, value: number, bytes: AccessWidth): void {
    const ram = this.ram;
    ram.touch(Math.floor(offset / PAGE_BYTES));
    if (bytes === 4 && offset % 4 === 0) ram.words[offset / 4] = value;
    else if (bytes === 2 && offset % 2 === 0) ram.halves[offset / 2] = value;
    else {
      for (let i = 0; i < bytes; i++) ram.bytes[offset + i] = value >>> (8 * i);
    }
  }

  #readRam(offset: number, bytes: AccessWidth): number {
    const ram = this.ram;
    if (bytes === 4 && offset % 4 === 0) return ram.words[offset / 4]! >>> 0;
    if (bytes === 2 && offset % 2 === 0) return ram.halves[offset / 2]!;
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= ram.bytes[offset + i]! << (8 * i);
    return value >>> 0;
  }

  #window(address: number): Window | undefined {
    return this.#windows.find((w) => address >= w.first && address < w.end);
  }

  #readDevice(address: number, bytes: AccessWidth): number {
    const window = this.#window(address);
    if (!window) return openBus(bytes);
    const value = window.device.readMmio(address - window.first, bytes) >>> 0;
    if (this.#events.on) this.#events.emit("mmio-read", address, value, bytes);
    return value;
  }

  #writeDevice(address: number, value: number, bytes: AccessWidth): void {
    const masked = bytes === 4
      ? value >>> 0
      : value & (bytes === 2 ? 0xffff : 0xff);
    if (this.#events.on) {
      this.#events.emit("mmio-write", address, masked, bytes);
    }
    const window = this.#window(address);
    window?.device.writeMmio(address - window.first, masked, bytes);
  }
}
