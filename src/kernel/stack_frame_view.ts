/**
 * What the CPU pushed when it entered a handler, seen where it lies: fields
 * are read from the stack, and one that is written changes what IRETQ returns
 * to (crate x86_64 0.15.4: `InterruptStackFrame::as_mut`).
 *
 * @module
 */

import { virtAdd, type VirtAddr } from "../hw/addr.ts";
import {
  FRAME_CS,
  FRAME_RFLAGS,
  FRAME_RIP,
  FRAME_RSP,
  FRAME_SS,
  type InterruptStackFrame,
  readStackFrame,
  stackFrameDebug,
} from "../hw/idt.ts";
import type { Instructions } from "../hw/instructions.ts";

/**
 * The frame at an address.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { makeKernel, StackFrameView } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const selectors: number[] = [];
 * const program = makeKernel({
 *   gates: () => [{
 *     name: "system_call",
 *     vector: 0x80,
 *     run(cpu) {
 *       selectors.push(new StackFrameView(cpu).read().codeSegment);
 *       cpu.iretq();
 *     },
 *   }],
 *   main: ({ core }) => (core.cpu.int(0x80), []),
 * });
 * new Machine({ program, ramBytes: 16 * 2 ** 20 }).run({ clkMax: 100_000 });
 * assertEquals(selectors, [0x08]);
 * ```
 */
export class StackFrameView {
  /** Where it lies. */
  readonly address: VirtAddr;
  readonly #cpu: Instructions;

  /**
   * Looks at a frame.
   *
   * @param cpu The CPU.
   * @param address Where it lies: RSP, in a handler whose error code, if any,
   * is off the stack.
   */
  constructor(cpu: Instructions, address: VirtAddr = cpu.readRsp()) {
    this.#cpu = cpu;
    this.address = address;
  }

  /**
   * Reads all fields.
   *
   * @returns A copy.
   */
  read(): InterruptStackFrame {
    return readStackFrame(this.#cpu, this.address);
  }

  /**
   * Reads all fields, for people (`{:#?}`).
   *
   * @returns The crate's text over several lines.
   */
  pretty(): string {
    return stackFrameDebug(this.read(), { pretty: true });
  }

  /**
   * Changes where IRETQ returns to.
   *
   * @param value RIP.
   */
  setInstructionPointer(value: VirtAddr): void {
    this.#cpu.storeAddr(virtAdd(this.address, FRAME_RIP), value);
  }

  /**
   * Changes CS.
   *
   * @param selector The selector.
   */
  setCodeSegment(selector: number): void {
    this.#cpu.store64(virtAdd(this.address, FRAME_CS), selector, 0);
  }

  /**
   * Changes RFLAGS.
   *
   * @param value Bits 0 to 31.
   */
  setCpuFlags(value: number): void {
    this.#cpu.store64(virtAdd(this.address, FRAME_RFLAGS), value, 0);
  }

  /**
   * Changes RSP.
   *
   * @param value RSP.
   */
  setStackPointer(value: VirtAddr): void {
    this.#cpu.storeAddr(virtAdd(this.address, FRAME_RSP), value);
  }

  /**
   * Changes SS.
   *
   * @param selector The selector.
   */
  setStackSegment(selector: number): void {
    this.#cpu.store64(virtAdd(this.address, FRAME_SS), selector, 0);
  }
}
