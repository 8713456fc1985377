/**
 * The kernel of "Writing an OS in Rust" in TypeScript, subsystem for
 * subsystem, and the default kernel made of them.
 *
 * @module
 */

export type { StateTree } from "../base/state_tree.ts";
export type { VirtAddr } from "../hw/addr.ts";
export type { BootInfo } from "../hw/boot_info.ts";
export type { GeneralRegister } from "../hw/general_registers.ts";
export type { HostEntry, Kernel, Program } from "../hw/hosted.ts";
export type { InterruptStackFrame } from "../hw/idt.ts";
export type {
  Instructions,
  KernelStop,
  SegmentRegister,
} from "../hw/instructions.ts";
export * from "./allocator/alloc_error.ts";
export * from "./allocator/cpu_memory.ts";
export * from "./allocator/dummy.ts";
export * from "./allocator/heap_designs.ts";
export * from "./allocator/init_heap.ts";
export * from "./allocator/kernel_heap.ts";
export * from "./allocator/locked.ts";
export * from "./allocator/values/mod.ts";
export * from "./core.ts";
export * from "./cpu_env.ts";
export * from "./define_kernel.ts";
export * from "./exceptions.ts";
export * from "./gdt.ts";
export * from "./interrupts.ts";
export * from "./kernel.ts";
export * from "./kernel_memory.ts";
export * from "./kernel_tasks.ts";
export * from "./keyboard_echo.ts";
export * from "./layout.ts";
export * from "./panic.ts";
export * from "./pic8259.ts";
export * from "./pics.ts";
export * from "./serial.ts";
export * from "./stack_frame_view.ts";
export * from "./sync/mod.ts";
export * from "./uart_16550/v0_2.ts";
export * from "./uart_16550/v0_6.ts";
export * from "./vga_buffer.ts";
export * from "./volatile.ts";
