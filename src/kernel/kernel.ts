/**
 * The kernel, in the book's order: it says hello, sets up descriptor tables
 * and interrupt controllers, enables interrupts, and waits; each timer tick
 * prints a dot, each key what it stands for.
 *
 * Book: chapters 3 to 8. Source: blog_os, `main.rs` and `lib.rs`.
 *
 * @module
 */

import type { Program } from "../hw/hosted.ts";
import { type CoreOptions, type CoreState, coreState } from "./core.ts";
import { defineKernel } from "./define_kernel.ts";
import {
  breakpointHandler,
  doubleFaultHandler,
  pageFaultHandler,
} from "./exceptions.ts";
import { Gdt, type GdtState, gdtState } from "./gdt.ts";
import { Idt, type IdtState, idtState } from "./interrupts.ts";
import {
  keyboardEcho,
  type KeyboardEchoState,
  keyboardEchoState,
} from "./keyboard_echo.ts";
import { keyboardHandler, Pics, timerHandler } from "./pics.ts";
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
 * Makes the kernel's program.
 *
 * @param options How it prints and panics.
 * @returns What the machine takes.
 */
export function makeKernel(options: CoreOptions = {}): Program {
  return defineKernel({
    id: "kernel",
    state: kernelState,
    options,
    build(core, state) {
      const { cpu } = core;
      const gdt = new Gdt(cpu, core.env, state.gdt);
      const pics = new Pics(cpu, core.env, state.pics);
      const idt = new Idt(core, state.idt, [
        breakpointHandler(core),
        pageFaultHandler(core),
        doubleFaultHandler(core),
        timerHandler(pics, () => core.print(".")),
        keyboardHandler(pics, keyboardEcho(core, state.keyboard)),
      ]);
      return {
        boot() {
          core.println("Hello World!");
          gdt.init();
          idt.init();
          pics.initialize();
          cpu.sti();
        },
      };
    },
  });
}

/** The default kernel: hand it to the machine. */
export const kernel: Program = makeKernel();
