/**
 * What can be chosen about the firmware's work, and what it results in.
 *
 * Source: crate bootloader 0.9.33, `Config` and `main`; SeaBIOS for what a
 * BIOS leaves in the chips.
 *
 * @module
 */

import type { PhysAddr, VirtAddr } from "./addr.ts";
import type { BootInfo, TlsTemplate } from "./boot_info.ts";
import type { E820Entry } from "./e820.ts";
import type { KernelSegment } from "./firmware_kernel.ts";

/** First byte of the bootloader's memory; its E820 table lies there. */
export const BOOTLOADER_START = 0x5000;
/** Byte after the bootloader's memory. */
export const BOOTLOADER_END = 0xa000;
/** Address of the bootloader's GDT, in its identity-mapped memory. */
export const BOOTLOADER_GDT = 0x9000;
/** Address of the loop that the kernel's entry point would return to. */
export const BOOTLOADER_LOOP = 0x9020;
/** First byte of the identity-mapped window of the display. */
export const VGA_WINDOW_START = 0xa_0000;
/** Byte after that window. */
export const VGA_WINDOW_END = 0xc_0000;
/** Pages of the kernel's stack where no other number is asked for. */
export const KERNEL_STACK_PAGES_DEFAULT = 512;

/**
 * What a BIOS leaves in the chips, as port writes of one byte in order: the
 * 8259A pair at vectors 8 and 0x70, IRQ 0, 1, 2, 6, 8, 12, 13 and 14 unmasked;
 * the 8254's counter 0 at 18.2 Hz in mode 2, counter 1 at the refresh rate; the
 * serial port at 8 data bits; the 8042 with keyboard interrupt, system flag
 * and translation, the mouse off.
 */
export const BIOS_PORT_WRITES: readonly (readonly [number, number])[] = [
  [0x20, 0x11],
  [0xa0, 0x11],
  [0x21, 0x08],
  [0xa1, 0x70],
  [0x21, 0x04],
  [0xa1, 0x02],
  [0x21, 0x01],
  [0xa1, 0x01],
  [0x21, 0xb8],
  [0xa1, 0x8e],
  [0x43, 0x34],
  [0x40, 0x00],
  [0x40, 0x00],
  [0x43, 0x54],
  [0x41, 0x12],
  [0x3fb, 0x03],
  [0x64, 0x60],
  [0x60, 0x65],
];

/** What can be chosen about the firmware's work. */
export interface FirmwareConfig {
  /** Bytes of RAM, 16 MiB … 4 GiB; what exceeds 3 GiB lies at 4 GiB. */
  readonly ramBytes: number;
  /** The BIOS's memory map, in place of the usual one. */
  readonly e820?: readonly E820Entry[] | null;
  /** Bytes of the default kernel's image; 1 MiB by default. */
  readonly kernelImageBytes?: number;
  /** The kernel's file; INT3 instructions by default. */
  readonly kernelFile?: Uint8Array;
  /** Segments of that file; an image and a zeroed part by default. */
  readonly segments?: readonly KernelSegment[];
  /** Thread-local storage of the kernel, passed on to it. */
  readonly tlsTemplate?: TlsTemplate;
  /** Where the kernel begins; `null` in the entry state by default. */
  readonly entryPoint?: VirtAddr;
  /** Where physical memory is mapped (`physical-memory-offset`). */
  readonly physicalMemoryOffset?: VirtAddr;
  /** Where the guard page lies, the stack above it (`kernel-stack-address`). */
  readonly kernelStackAddress?: VirtAddr;
  /** Pages of the stack, 512 by default (`kernel-stack-size`). */
  readonly kernelStackPages?: number;
  /** Where `BootInfo` lies (`boot-info-address`). */
  readonly bootInfoAddress?: VirtAddr;
  /** Leaves the level 4 table mapped in itself (`recursive_page_table`). */
  readonly recursivePageTable?: boolean;
}

/** Base and limit of a descriptor table. */
export interface TablePointer {
  /** Virtual address of its first byte. */
  readonly base: number;
  /** Offset of its last byte. */
  readonly limit: number;
}

/** The CPU as the kernel's first instruction finds it. Plain data. */
export interface EntryState {
  /** Where the kernel begins, `null` where none was named. */
  readonly rip: VirtAddr | null;
  /** Stack pointer: the return address of the kernel's call is on it. */
  readonly rsp: VirtAddr;
  /** First argument: virtual address of `BootInfo`. */
  readonly rdi: VirtAddr;
  /** Flags; IF is clear. */
  readonly rflags: number;
  /** CR0, unsigned. */
  readonly cr0: number;
  /** CR3: physical address of the level 4 table. */
  readonly cr3: PhysAddr;
  /** CR4. */
  readonly cr4: number;
  /** EFER. */
  readonly efer: number;
  /** Code selector. */
  readonly cs: number;
  /** Stack selector: null. */
  readonly ss: number;
  /** Data selectors DS and ES. */
  readonly ds: number;
  /** The bootloader's GDT. */
  readonly gdtr: TablePointer;
  /** No IDT: every exception is a triple fault. */
  readonly idtr: TablePointer;
  /** What the kernel is told. */
  readonly bootInfo: BootInfo;
  /** Where that lies in memory. */
  readonly bootInfoAddr: VirtAddr;
  /** The unmapped page below the stack. */
  readonly guardPage: VirtAddr;
  /** The end of the stack, exclusive. */
  readonly stackEnd: VirtAddr;
}
