/**
 * An x86-64 PC that you import: a deterministic machine, and the kernel of "Writing an OS in Rust" to run on it.
 *
 * @example
 * ```ts
 * import { kernel, Machine } from "@lockstep/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = new Machine({ program: kernel, ramBytes: 16 * 2 ** 20 });
 * machine.run({ clkMax: 119_318_200 }); // One virtual second.
 * assertEquals(machine.vga.screenText().slice(23), [
 *   "async number: 42",
 *   "..................",
 * ]);
 * ```
 *
 * @module
 */

export * from "./src/hw/mod.ts";
export { kernel } from "./src/kernel/kernel.ts";
