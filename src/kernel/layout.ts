/**
 * Where the kernel's statics lie: in the writable part of its image, which the
 * firmware maps and zeroes.
 *
 * Source: bootloader 0.9 maps `.bss` writable and not executable. The order is
 * ours: the double-fault stack grows down towards the IDT, with no guard page
 * between them, as in the book.
 *
 * @module
 */

import { type VirtAddr, virtAddr } from "../hw/addr.ts";

/** First byte of the kernel's read-only, executable part. */
export const KERNEL_IMAGE_START: VirtAddr = virtAddr(0x20_0000);
/** First byte of the kernel's writable part. */
export const KERNEL_DATA_START: VirtAddr = virtAddr(0x40_0000);
/** Bytes of the kernel's writable part. */
export const KERNEL_DATA_BYTES = 0x4_0000;

/** The GDT: 8 descriptors of 8 bytes at most. */
export const GDT_ADDR: VirtAddr = KERNEL_DATA_START;
/** The TSS: 104 bytes. */
export const TSS_ADDR: VirtAddr = virtAddr(0x40_0040);
/** The IDT: 256 gates of 16 bytes. */
export const IDT_ADDR: VirtAddr = virtAddr(0x40_1000);
/** Lowest byte of the double-fault stack. */
export const DOUBLE_FAULT_STACK_START: VirtAddr = virtAddr(0x40_2000);
/** Bytes of the double-fault stack: the book's 4096 × 5. */
export const DOUBLE_FAULT_STACK_BYTES: number = 4096 * 5;
/** The end of the double-fault stack, which the TSS holds. */
export const DOUBLE_FAULT_STACK_END: VirtAddr = virtAddr(0x40_7000);
/** First byte that none of these statics takes. */
export const KERNEL_DATA_FREE: VirtAddr = DOUBLE_FAULT_STACK_END;
