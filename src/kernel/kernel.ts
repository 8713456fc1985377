/**
 * The kernel of the book's last chapter, in its order: it says hello, sets up
 * descriptor tables and interrupt controllers, enables interrupts, maps its
 * heap, and runs two tasks, of which one prints what is typed. Each timer tick
 * prints a dot.
 *
 * Book: chapters 3 to 12. Source: blog_os, branch post-12, `main.rs` and
 * `lib.rs`.
 *
 * @module
 */

import type { Program } from "../hw/hosted.ts";
import {
  type CoreOptions,
  type CoreState,
  coreState,
  type KernelCore,
} from "./core.ts";
import { defineKernel } from "./define_kernel.ts";
import {
  breakpointHandler,
  doubleFaultHandler,
  pageFaultHandler,
} from "./exceptions.ts";
import { Gdt, type GdtState, gdtState } from "./gdt.ts";
import { type Gate, Idt, type IdtState, idtState } from "./interrupts.ts";
import {
  KernelMemory,
  type KernelMemoryState,
  kernelMemoryState,
} from "./kernel_memory.ts";
import {
  type ExecutorName,
  KernelTasks,
  type KernelTasksState,
  kernelTasksState,
} from "./kernel_tasks.ts";
import type { LayoutName } from "./keyboard/mod.ts";
import { keyboardHandler, Pics, timerHandler } from "./pics.ts";
import { type SpinMutexState, spinMutexState } from "./sync/mod.ts";
import {
  exampleTask,
  type Future,
  type Kinds,
  printKeypresses,
} from "./task/mod.ts";

/** All that the kernel saves. */
export interface KernelState extends CoreState {
  /** `TSS` and `GDT`. */
  gdt: GdtState;
  /** `IDT`. */
  idt: IdtState;
  /** `PICS`. */
  pics: SpinMutexState;
  /** Mapper, frame allocator and heap. */
  memory: KernelMemoryState;
  /** Executor, tasks, and the keyboard's stream. */
  tasks: KernelTasksState;
}

/** The kernel's parts, for those who add to it. */
export interface KernelParts {
  /** CPU, screen, serial port, panic. */
  readonly core: KernelCore;
  /** The interrupt controllers. */
  readonly pics: Pics;
  /** Mapper, frame allocator and heap; there once it has booted. */
  readonly memory: KernelMemory;
  /** Executor and streams. */
  readonly tasks: KernelTasks;
}

/** What a kernel has that the book's has not. */
export interface KernelOptions extends CoreOptions {
  /** Identifies the program; by default `kernel`, or `kernel-executor`. */
  readonly id?: string;
  /** How keys are decoded; `Us104Key`, as in the book, if absent. */
  readonly layout?: LayoutName;
  /** Which executor; `BookExecutor` if absent. */
  readonly executor?: ExecutorName;
  /** What a timer tick does; it prints a dot if absent. Called with interrupts off. */
  readonly onTick?: (parts: KernelParts) => void;
  /** Kinds of tasks beside the book's. The executor in the parts is there once they are given. */
  readonly kinds?: (parts: KernelParts) => Kinds;
  /** Tasks to begin with; `exampleTask` and `printKeypresses` if absent. */
  readonly main?: (parts: KernelParts) => readonly Future[];
  /** Handlers of more interrupts. */
  readonly gates?: (parts: KernelParts) => readonly Gate[];
}

/**
 * Makes the state of a kernel that has not run.
 *
 * @param options Executor and layout.
 * @returns A state for {@linkcode kernel}.
 */
export function kernelState(
  { executor, layout }: Pick<KernelOptions, "executor" | "layout"> = {},
): KernelState {
  return {
    ...coreState(),
    gdt: gdtState(),
    idt: idtState(),
    pics: spinMutexState(),
    memory: kernelMemoryState(),
    tasks: kernelTasksState(executor, layout),
  };
}

/**
 * Makes the kernel's program.
 *
 * @param options What is to be other than in the book.
 * @returns What the machine takes.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { makeKernel } from "@lockstep/kernel/kernel";
 * import { keyInputs } from "@lockstep/kernel/keyboard";
 * import { assertEquals } from "@std/assert";
 *
 * const program = makeKernel({ layout: "De105Key", onTick() {} });
 * const machine = new Machine({ program, ramBytes: 16 * 2 ** 20 });
 * const keys = { clk: 20_000, layout: "De105Key" } as const;
 * machine.addInputs(keyInputs("yz", keys));
 * machine.run({ clkMax: 10_000_000 });
 * assertEquals(machine.vga.screenText().slice(23), ["async number: 42", "yz"]);
 * ```
 */
export function makeKernel(options: KernelOptions = {}): Program {
  const { onTick, kinds, main, gates } = options;
  return defineKernel({
    id: options.id ??
      (options.executor === "Executor" ? "kernel-executor" : "kernel"),
    state: () => kernelState(options),
    options,
    build(core, state) {
      const { cpu, env } = core;
      const gdt = new Gdt(cpu, env, state.gdt);
      const pics = new Pics(cpu, env, state.pics);
      const memory = new KernelMemory(core, state.memory);
      const tasks = new KernelTasks(
        core,
        state.tasks,
        (tasks) => kinds?.({ core, pics, memory, tasks }) ?? {},
      );
      const parts: KernelParts = { core, pics, memory, tasks };
      const tick = onTick ?? (() => core.print("."));
      const idt = new Idt(core, state.idt, [
        breakpointHandler(core),
        pageFaultHandler(core),
        doubleFaultHandler(core),
        timerHandler(pics, () => tick(parts)),
        keyboardHandler(pics, (byte) => tasks.scancodes.addScancode(byte)),
        ...gates?.(parts) ?? [],
      ]);
      return {
        boot(info) {
          core.println("Hello World!");
          gdt.init();
          idt.init();
          pics.initialize();
          cpu.sti();
          memory.init(info);
          const futures = main?.(parts) ?? [exampleTask(), printKeypresses()];
          for (const future of futures) tasks.spawn(future);
        },
        loop: () => tasks.turn(),
        refuseSave: () => tasks.refuseSave(),
      };
    },
  });
}

/** The default kernel: hand it to the machine. */
export const kernel: Program = makeKernel();
