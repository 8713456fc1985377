/**
 * Handlers of exceptions as the book writes them, each with the vector of its
 * gate.
 *
 * Book: "CPU Exceptions", "Double Faults", "Introduction to Paging". Texts are
 * the book's.
 *
 * @module
 */

import {
  pageFaultErrorDebug,
  VECTOR_BP,
  VECTOR_DF,
  VECTOR_PF,
} from "../hw/exception.ts";
import { virtAddrDebug } from "../hw/addr.ts";
import type { KernelCore } from "./core.ts";
import type { Gate } from "./interrupts.ts";
import { StackFrameView } from "./stack_frame_view.ts";

/** The book's index of the double-fault stack. */
export const DOUBLE_FAULT_IST_INDEX = 0;

/**
 * Makes the handler of #BP(3), which prints the frame and returns.
 *
 * @param core Prints.
 * @returns The gate.
 */
export function breakpointHandler(core: KernelCore): Gate {
  return {
    name: "breakpoint_handler",
    vector: VECTOR_BP,
    run(cpu) {
      const frame = new StackFrameView(cpu);
      core.println((write) => {
        write("EXCEPTION: BREAKPOINT\n");
        write(frame.pretty());
      });
      cpu.iretq();
    },
  };
}

/**
 * Makes the handler of #PF(14), which prints all there is to know and halts
 * for ever: with interrupts off, as its gate left them. CR2 prints as the
 * crate's `Result`, and is always `Ok`: no access sets another address.
 *
 * @param core Prints.
 * @returns The gate.
 */
export function pageFaultHandler(core: KernelCore): Gate {
  return {
    name: "page_fault_handler",
    vector: VECTOR_PF,
    run(cpu) {
      const errorCode = cpu.pop64();
      const frame = new StackFrameView(cpu);
      core.println("EXCEPTION: PAGE FAULT");
      // An argument of `println!` is evaluated before the lock is taken; what it
      // points to, such as a frame, is read while it is held.
      const address = virtAddrDebug(cpu.readCr2());
      core.println(`Accessed Address: Ok(${address})`);
      core.println(`Error Code: ${pageFaultErrorDebug(errorCode)}`);
      core.println((write) => write(frame.pretty()));
      cpu.hltLoop();
    },
  };
}

/**
 * Makes the handler of #DF(8), which panics.
 *
 * @param core Panics.
 * @param stackIndex Interrupt stack, or `null` to stay on the stack in use.
 * @returns The gate.
 */
export function doubleFaultHandler(
  core: KernelCore,
  stackIndex: number | null = DOUBLE_FAULT_IST_INDEX,
): Gate {
  return {
    name: "double_fault_handler",
    vector: VECTOR_DF,
    ...(stackIndex === null ? {} : { stackIndex }),
    run(cpu) {
      cpu.pop64(); // Always 0.
      const frame = new StackFrameView(cpu);
      core.panic(`EXCEPTION: DOUBLE FAULT\n${frame.pretty()}`);
    },
  };
}
