/**
 * The machine: an x86-64 PC as a deterministic state machine, its chips, and the architectural formats.
 *
 * Every chip can be used alone: it is given lines, alarms and sinks, and keeps its state in one plain object.
 *
 * @module
 */

export type { Alarm, Now } from "../base/alarm.ts";
export * from "../base/errors.ts";
export * from "../base/events.ts";
export * from "../base/fifo.ts";
export * from "../base/hash.ts";
export * from "../base/line.ts";
export * from "../base/prng.ts";
export * from "../base/state_tree.ts";
export * from "../base/time.ts";
export * from "./addr.ts";
export * from "./boot_image.ts";
export * from "./boot_info.ts";
export * from "./byte_log.ts";
export * from "./clock.ts";
export * from "./code_page_437.ts";
export * from "./core.ts";
export * from "./cpu_state.ts";
export * from "./debug_console.ts";
export * from "./debug_exit.ts";
export * from "./e820.ts";
export * from "./exception.ts";
export * from "./executor.ts";
export * from "./fault.ts";
export * from "./firmware.ts";
export * from "./flags_debug.ts";
export * from "./format_hex.ts";
export * from "./gdt.ts";
export * from "./general_registers.ts";
export * from "./host_range.ts";
export * from "./host_stack.ts";
export * from "./hosted.ts";
export * from "./i8042.ts";
export * from "./idt.ts";
export * from "./input_log.ts";
export * from "./instructions.ts";
export * from "./interrupt_unit.ts";
export * from "./io_bus.ts";
export * from "./machine.ts";
export {
  fullConfig,
  type FullMachineConfig,
  type MachineConfig,
  RAM_BYTES_DEFAULT,
} from "./hardware_config.ts";
export * from "./mmio.ts";
export * from "./mmu.ts";
export * from "./page.ts";
export * from "./page_map.ts";
export * from "./page_range.ts";
export * from "./page_table.ts";
export * from "./page_walk.ts";
export * from "./phys_memory.ts";
export * from "./pic.ts";
export type { PicChipState } from "./pic_chip.ts";
export * from "./pit.ts";
export type { PitCounterState } from "./pit_counter.ts";
export type { PitElementState } from "./pit_element.ts";
export * from "./post_code.ts";
export * from "./ps2_device.ts";
export * from "./ps2_keyboard.ts";
export * from "./ps2_mouse.ts";
export * from "./ram.ts";
export * from "./registers.ts";
export * from "./reset_control.ts";
export * from "./rtc.ts";
export * from "./scancode_translation.ts";
export * from "./segment_unit.ts";
export * from "./snapshot.ts";
export * from "./stop.ts";
export * from "./system_control_a.ts";
export * from "./system_registers.ts";
export * from "./tlb.ts";
export * from "./uart.ts";
export * from "./vga.ts";
export * from "./word64.ts";
