/**
 * The statics `TSS` and `GDT`, built in memory and loaded.
 *
 * Book: "Double Faults". Source: blog_os, `gdt.rs`. The GDT is null, kernel
 * code (0x08), TSS (0x10); SS, DS and ES are left as they are, which works as
 * bootloader 0.9 leaves SS null. A second `init` finds the TSS busy: LTR then
 * raises #GP(0x10), as in the book.
 *
 * @module
 */

import {
  GlobalDescriptorTable,
  KERNEL_CODE_SEGMENT,
  tssDescriptor,
} from "../hw/gdt.ts";
import type { Instructions } from "../hw/instructions.ts";
import { taskStateSegment, writeTss } from "../hw/tss.ts";
import { DOUBLE_FAULT_STACK_END, GDT_ADDR, TSS_ADDR } from "./layout.ts";
import { Lazy, type OnceState, onceState, type SyncEnv } from "./sync/mod.ts";

/** Selectors of the GDT, and the table's size. */
export interface Selectors {
  /** Kernel code. */
  code: number;
  /** The TSS. */
  tss: number;
  /** Limit of the GDT: its bytes less one. */
  limit: number;
}

/** `TSS` and `GDT` as data; the tables themselves lie in memory. */
export interface GdtState {
  /** `TSS`: its address. */
  tss: OnceState<number>;
  /** `GDT`: what it holds. */
  gdt: OnceState<Selectors>;
}

/**
 * Makes the state of tables that nobody has built.
 *
 * @returns A state for {@linkcode Gdt}.
 */
export function gdtState(): GdtState {
  return { tss: onceState(), gdt: onceState() };
}

/** The statics. */
export class Gdt {
  readonly #cpu: Instructions;
  readonly #gdt: Lazy<Selectors>;

  /**
   * Goes on with the statics, or begins.
   *
   * @param cpu The CPU.
   * @param env What the cells are told.
   * @param state Where to go on from.
   */
  constructor(cpu: Instructions, env: SyncEnv, state: GdtState = gdtState()) {
    this.#cpu = cpu;
    const tss = new Lazy(env, "TSS", () => buildTss(cpu), state.tss);
    this.#gdt = new Lazy(
      env,
      "GDT",
      () => (tss.initialize(), buildGdt(cpu)),
      state.gdt,
    );
  }

  /** Loads GDTR, CS and the task register. */
  init(): void {
    const { code, tss, limit } = this.#gdt.get();
    this.#cpu.lgdt(GDT_ADDR, limit);
    this.#cpu.farReturn(code);
    this.#cpu.ltr(tss);
  }
}

/** Writes the TSS: IST 1 is the double-fault stack. */
function buildTss(cpu: Instructions): number {
  const tss = taskStateSegment({
    interruptStackTable: [DOUBLE_FAULT_STACK_END],
  });
  writeTss(cpu, TSS_ADDR, tss);
  return TSS_ADDR;
}

function buildGdt(cpu: Instructions): Selectors {
  const gdt = new GlobalDescriptorTable();
  const code = gdt.append(KERNEL_CODE_SEGMENT);
  const tss = gdt.append(tssDescriptor(TSS_ADDR));
  gdt.write(cpu, GDT_ADDR);
  return { code, tss, limit: gdt.limit() };
}
