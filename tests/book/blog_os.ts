/**
 * The library that the book's test kernels link: `blog_os::init`, with the
 * gates that it sets.
 *
 * Source: blog_os, branch post-12, `lib.rs` and `interrupts.rs`.
 */

import * as kernel from "@lockstep/kernel/kernel";

/** What its statics hold. */
export interface BlogOsState extends kernel.CoreState {
  gdt: kernel.GdtState;
  idt: kernel.IdtState;
  pics: kernel.SpinMutexState;
}

/** The statics of a kernel that has not run. */
export function blogOsState(): BlogOsState {
  return {
    ...kernel.coreState(),
    gdt: kernel.gdtState(),
    idt: kernel.idtState(),
    pics: kernel.spinMutexState(),
  };
}

/**
 * Builds the statics.
 *
 * @param core prints and panics
 * @param state where to go on from
 * @param onScancode what the keyboard's handler does with a byte
 * @returns `init`
 */
export function blogOs(
  core: kernel.KernelCore,
  state: BlogOsState,
  onScancode: (byte: number) => void = () => {},
): () => void {
  const { cpu, env } = core;
  const gdt = new kernel.Gdt(cpu, env, state.gdt);
  const pics = new kernel.Pics(cpu, env, state.pics);
  const idt = new kernel.Idt(core, state.idt, [
    kernel.breakpointHandler(core),
    kernel.pageFaultHandler(core),
    kernel.doubleFaultHandler(core),
    kernel.timerHandler(pics, () => core.print(".")),
    kernel.keyboardHandler(pics, onScancode),
  ]);
  return () => {
    gdt.init();
    idt.init();
    pics.initialize();
    cpu.sti();
  };
}
