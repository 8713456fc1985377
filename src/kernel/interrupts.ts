/**
 * The static `IDT`, built in memory and loaded.
 *
 * Book: "CPU Exceptions". Source: blog_os, `interrupts.rs`. Each gate takes
 * the code selector that is loaded when the table is built, so the GDT comes
 * first. Gates without a handler are not present.
 *
 * @module
 */

import {
  gateFor,
  gateWith,
  IDT_BYTES,
  InterruptDescriptorTable,
} from "../hw/idt.ts";
import type { HostEntry } from "../hw/hosted.ts";
import type { KernelCore } from "./core.ts";
import { IDT_ADDR } from "./layout.ts";
import { Lazy, type OnceState, onceState } from "./sync/mod.ts";

/** A handler and where its gate stands. */
export interface Gate extends HostEntry {
  /** Index of the gate, 0 to 255. */
  readonly vector: number;
  /** Interrupt stack of the TSS, 0 to 6; the stack in use if absent. */
  readonly stackIndex?: number;
  /** Whether the gate leaves IF as it is; it clears IF if absent. */
  readonly trap?: boolean;
}

/** `IDT` as data: whether it is built; the table itself lies in memory. */
export type IdtState = OnceState<boolean>;

/**
 * Makes the state of a table that nobody has built.
 *
 * @returns A state for {@linkcode Idt}.
 */
export function idtState(): IdtState {
  return onceState();
}

/** The static. */
export class Idt {
  readonly #core: KernelCore;
  readonly #idt: Lazy<boolean>;

  /**
   * Goes on with the static, or begins, and enters the handlers.
   *
   * @param core The kernel; its entries grow by the handlers.
   * @param state Where to go on from.
   * @param gates The handlers, each with its vector.
   * @throws {RangeError} If two have the same vector.
   */
  constructor(core: KernelCore, state: IdtState, gates: readonly Gate[]) {
    const vectors = new Set<number>();
    for (const gate of gates) {
      if (vectors.has(gate.vector)) {
        throw new RangeError(
          `Cannot set gate ${gate.vector} for ${gate.name}: it is taken`,
        );
      }
      vectors.add(gate.vector);
      core.add(gate);
    }
    this.#core = core;
    this.#idt = new Lazy(core.env, "IDT", () => this.#build(gates), state);
  }

  /** Builds the table at the first call, and loads IDTR. */
  init(): void {
    this.#idt.initialize();
    this.#core.cpu.lidt(IDT_ADDR, IDT_BYTES - 1);
  }

  #build(gates: readonly Gate[]): boolean {
    const { cpu } = this.#core;
    const idt = new InterruptDescriptorTable();
    for (const { name, vector, stackIndex, trap } of gates) {
      const gate = gateFor(cpu.entryAddress(name), cpu.readSegment("cs"));
      idt.setGate(
        vector,
        gateWith(gate, {
          disableInterrupts: trap !== true,
          ...(stackIndex === undefined ? {} : { stackIndex }),
        }),
      );
    }
    idt.write(cpu, IDT_ADDR);
    return true;
  }
}
