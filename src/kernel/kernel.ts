/**
 * The kernel, in the book's order: it says hello, sets up descriptor tables
 * and interrupt controllers, enables interrupts, and waits; each timer tick
 * prints a dot, each key what it stands for.
 *
 * Book: chapters 3 to 8. Source: blog_os, `main.rs` and `lib.rs`.
 *
 * @module
 */

import type { StateTree } from "../base/state_tree.ts";
import type { Kernel } from "../hw/hosted.ts";
import type { Instructions } from "../hw/instructions.ts";
import {
  type CoreOptions,
  type CoreState,
  coreState,
  KernelCore,
} from "./core.ts";
import {
  breakpointHandler,
  doubleFaultHandler,
  interruptHandler,
  pageFaultHandler,
} from "./gates.ts";
import { Gdt, type GdtState, gdtState } from "./gdt.ts";
import { Idt, type IdtState, idtState } from "./interrupts.ts";
import {
  keyboardEcho,
  type KeyboardEchoState,
  keyboardEchoState,
  keyboardHandler,
} from "./keyboard_echo.ts";
import { Pics, TIMER_VECTOR } from "./pics.ts";
import { type SpinMutexState, spinMutexState } from "./sync/mod.ts";

/** All that the kernel saves. */
export interface KernelState extends CoreState {
  /** `TSS` and `GDT`. */
  gdt: GdtState;
  /** `IDT`. */
  idt: IdtState;
  /** `PICS`. */
  pics: SpinMutexState;
  /** `KEYBOARD`. */
  keyboard: KeyboardEchoState;
}

/**
 * Makes the state of a kernel that has not run.
 *
 * @returns A state for {@linkcode kernel}.
 */
export function kernelState(): KernelState {
  return {
    ...coreState(),
    gdt: gdtState(),
    idt: idtState(),
    pics: spinMutexState(),
    keyboard: keyboardEchoState(),
  };
}

/**
 * Makes the kernel. A `Program`: hand it to the machine.
 *
 * @param cpu The CPU.
 * @param state Where to go on from.
 * @param options How it prints and panics.
 * @returns The kernel.
 */
export function kernel(
  cpu: Instructions,
  state: StateTree = kernelState(),
  options: CoreOptions = {},
): Kernel {
  const s = state as KernelState;
  const core = new KernelCore(cpu, s, options);
  const pics = new Pics(cpu, core.env, s.pics);
  const gdt = new Gdt(cpu, core.env, s.gdt);
  const idt = new Idt(core, s.idt, [
    breakpointHandler(core),
    pageFaultHandler(core),
    doubleFaultHandler(core),
    interruptHandler(
      "timer_interrupt_handler",
      TIMER_VECTOR,
      pics,
      () => core.print("."),
    ),
    keyboardHandler(pics, keyboardEcho(core, s.keyboard)),
  ]);
  return core.kernel({
    id: "kernel",
    state: s,
    boot() {
      core.println("Hello World!");
      gdt.init();
      idt.init();
      pics.initialize();
      cpu.sti();
    },
  });
}
