import { assertEquals } from "@std/assert";
import { breach } from "./imports.ts";
import { testRule } from "./run_plugin.ts";

/** `from → specifier`, for an import of a value unless `type` stands before. */
const allowed = [
  "src/hw/mmu.ts → ../base/bits.ts",
  "src/isa/decode.ts → ../hw/mmu.ts",
  "src/kernel/gdt.ts → ../base/bits.ts",
  "src/kernel/gdt.ts → ../hw/gdt.ts",
  "src/kernel/memory/frames.ts → ../../hw/page_table.ts",
  "src/kernel/memory/frames.ts → ../../hw/addr.ts",
  "type src/kernel/kernel.ts → ../hw/hosted.ts",
  "type src/kernel/serial.ts → ../hw/instructions.ts",
  "src/kernel/kernel.ts → ./task/executor.ts",
  "src/trace/heap_map.ts → ../kernel/allocator/heap.ts",
  "src/trace/timeline.ts → ../hw/machine.ts",
  "src/testing/check_heap.ts → ../trace/heap_map.ts",
  "src/testing/check_heap.ts → fast-check",
  "src/cli/main.ts → @std/cli/parse-args",
  "src/cli/main.ts → node:util",
  "src/cli/main.ts → ../testing/mod.ts",
  "src/hw/machine.ts → ./pit.ts",
  "src/hw/machine_devices.ts → ./vga/crtc.ts",
  "src/hw/machine.ts → ./cpu.ts",
  "src/hw/mod.ts → ./machine.ts",
  "src/hw/mod.ts → ./pic.ts",
  "src/hw/pit.ts → ./pit_counter.ts",
  "src/hw/vga/text.ts → ./crtc.ts",
  "src/hw/pit.ts → ./clock.ts",
  "src/hw/pic.ts → ../base/line.ts",
  "src/hw/cpu.ts → ./mmu.ts",
];

const forbidden = [
  "src/base/bits.ts → ../hw/addr.ts",
  "type src/base/bits.ts → ../hw/addr.ts",
  "src/hw/machine.ts → ../kernel/kernel.ts",
  "src/hw/machine.ts → ../isa/mod.ts",
  "src/hw/executor.ts → ../isa/mod.ts",
  "src/isa/mod.ts → ../kernel/kernel.ts",
  "src/kernel/kernel.ts → ../isa/mod.ts",
  "src/kernel/kernel.ts → ../trace/mod.ts",
  "src/trace/mod.ts → ../testing/mod.ts",
  "src/testing/mod.ts → ../cli/main.ts",
  "src/kernel/interrupts.ts → ../hw/pic.ts",
  "src/kernel/vga_buffer.ts → ../hw/vga/text.ts",
  "src/kernel/memory.ts → ../hw/mmu.ts",
  "src/kernel/memory.ts → ../hw/phys_memory.ts",
  "src/kernel/memory.ts → ../hw/page_walk.ts",
  "src/kernel/kernel.ts → ../hw/mod.ts",
  "type src/kernel/kernel.ts → ../hw/machine.ts",
  "src/kernel/kernel.ts → ../hw/hosted.ts",
  "src/kernel/serial.ts → ../hw/instructions.ts",
  "src/hw/pit.ts → ./pic.ts",
  "type src/hw/i8042.ts → ./ps2_keyboard.ts",
  "src/hw/vga/text.ts → ../pit.ts",
  "src/hw/uart.ts → ./cpu.ts",
  "src/hw/uart.ts → ./instructions.ts",
  "src/hw/uart.ts → ./machine.ts",
  "src/hw/vga.ts → ./page_walk.ts",
  "src/hw/cpu.ts → ./pic.ts",
  "src/hw/cpu.ts → ./machine.ts",
  "src/hw/firmware.ts → ./machine_power_on.ts",
  "src/hw/mmu.ts → npm:fast-check",
  "src/hw/mmu.ts → fast-check",
  "src/hw/mmu.ts → node:fs",
  "src/hw/mmu.ts → @lockstep/kernel/hw",
  "src/kernel/mod.ts → @std/cli/parse-args",
  "src/testing/mod.ts → @std/assert",
  "src/testing/mod.ts → fast-check-extra",
  "src/cli/main.ts → jsr:@std/cli",
  "src/cli/main.ts → ../../mod.ts",
  "src/hw/pit.ts → ../../dev/fc.ts",
  "src/hw/pit.ts → ../../vectors/x.json",
  "src/hw/pit.ts → ./pit_test.ts",
  "src/stray.ts → ./base/bits.ts",
];

function ask(row: string): string | null {
  const [, type, from, to] = /^(type )?(\S+) → (\S+)$/.exec(row)!;
  return breach(from!, to!, type !== undefined);
}

Deno.test("breach() is null for each import that the plan allows", () => {
  assertEquals(allowed.filter((row) => ask(row) !== null), []);
});

Deno.test("breach() gives a reason for each import that it forbids", () => {
  assertEquals(forbidden.filter((row) => ask(row) === null), []);
});

testRule("import-law", {
  bad: [
    ["src/base/a.ts", 'import { a } from "../hw/a.ts";'],
    ["src/base/a.ts", 'import type { A } from "../hw/a.ts";'],
    ["src/base/a.ts", 'import "../hw/a.ts";'],
    ["src/base/a.ts", 'export { a } from "../hw/a.ts";'],
    ["src/base/a.ts", 'export * from "../hw/a.ts";'],
    ["src/base/a.ts", 'export type A = import("../hw/a.ts").A;'],
    ["src/cli/main.ts", 'import a from "npm:chalk";'],
    ["src/cli/main.ts", 'f(import("../../examples/echo.ts"));'],
    ["src/kernel/a.ts", 'import { type A, b } from "../hw/hosted.ts";'],
  ],
  good: [
    ["src/kernel/a.ts", 'import { type A, type B } from "../hw/hosted.ts";'],
    ["src/base/a_test.ts", 'import { a } from "../../tests/a.ts";'],
    ["examples/echo.ts", 'import { a } from "@lockstep/kernel";'],
    ["mod.ts", 'export * from "./src/hw/machine.ts";'],
    ["src/cli/main.ts", "f(import(path));"],
  ],
});
