/**
 * The static `PICS`, which is the driver of both 8259A in a spin mutex, and the
 * handlers of the interrupts that they deliver.
 *
 * Book: "Hardware Interrupts". The lock is taken with
 * interrupts as they are: handlers run with interrupts off, and `initialize`
 * comes before the first STI.
 *
 * @module
 */

import type { Instructions } from "../hw/instructions.ts";
import type { Gate } from "./interrupts.ts";
import { ChainedPics } from "./pic8259.ts";
import {
  SpinMutex,
  type SpinMutexState,
  spinMutexState,
  type SyncEnv,
} from "./sync/mod.ts";

/** Vector of the primary PIC's line 0. */
export const PIC_1_OFFSET = 32;
/** Vector of the secondary PIC's line 0. */
export const PIC_2_OFFSET = 40;
/** Vector of the timer. */
export const TIMER_VECTOR: number = PIC_1_OFFSET;
/** Vector of the keyboard. */
export const KEYBOARD_VECTOR: number = PIC_1_OFFSET + 1;

/** The 8042's data port. */
export const KEYBOARD_DATA_PORT = 0x60;

/** The static. */
export class Pics {
  /** All there is to save; the chips remember the rest. */
  readonly state: SpinMutexState;
  readonly #pics: SpinMutex<ChainedPics>;

  /**
   * Goes on with the static, or begins.
   *
   * @param cpu The CPU.
   * @param env What its lock is told.
   * @param state Where to go on from.
   */
  constructor(
    cpu: Pick<Instructions, "in8" | "out8">,
    env: SyncEnv,
    state: SpinMutexState = spinMutexState(),
  ) {
    const pics = new ChainedPics(cpu, PIC_1_OFFSET, PIC_2_OFFSET);
    this.#pics = new SpinMutex(env, "PICS", pics, state);
    this.state = state;
  }

  /** Moves both PICs to their vectors; keeps the masks. */
  initialize(): void {
    this.#pics.withLock((pics) => pics.initialize());
  }

  /**
   * Ends an interrupt.
   *
   * @param vector The vector that was served.
   */
  endOfInterrupt(vector: number): void {
    this.#pics.withLock((pics) => pics.notifyEndOfInterrupt(vector));
  }
}

/**
 * Makes the handler of a hardware interrupt, which acts and then tells the
 * PICs that the next one may come.
 *
 * @param name The entry's name.
 * @param vector Index of the gate.
 * @param pics Hears the end of the interrupt.
 * @param act What the handler is for.
 * @returns The gate.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { interruptHandler, makeKernel } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const received: number[] = [];
 * const program = makeKernel({
 *   // IRQ 4 is COM1's: the driver of the book enables its interrupts, and nobody
 *   // unmasks the line.
 *   gates: ({ core, pics }) => [
 *     interruptHandler("serial_interrupt_handler", 36, pics, (cpu) => {
 *       received.push(cpu.in8(0x3f8));
 *     }),
 *   ],
 *   main({ core }) {
 *     core.serialPrintln("listening");
 *     core.cpu.out8(0x21, core.cpu.in8(0x21) & ~(1 << 4));
 *     return [];
 *   },
 * });
 * const machine = new Machine({ program, ramBytes: 16 * 2 ** 20 });
 * machine.addInputs([{ clk: 500_000, source: "serial", data: 0x41 }]);
 * machine.run({ clkMax: 1_000_000 });
 * assertEquals(received, [0x41]);
 * ```
 */
export function interruptHandler(
  name: string,
  vector: number,
  pics: Pics,
  act: (cpu: Instructions) => void,
): Gate {
  return {
    name,
    vector,
    run(cpu) {
      act(cpu);
      pics.endOfInterrupt(vector);
      cpu.iretq();
    },
  };
}

/**
 * Makes the handler of IRQ 0.
 *
 * @param pics Hears the end of the interrupt.
 * @param onTick What a tick is for.
 * @returns The gate.
 */
export function timerHandler(
  pics: Pics,
  onTick: (cpu: Instructions) => void,
): Gate {
  return interruptHandler(
    "timer_interrupt_handler",
    TIMER_VECTOR,
    pics,
    onTick,
  );
}

/**
 * Makes the handler of IRQ 1: it reads the scancode and hands it on.
 *
 * @param pics Hears the end of the interrupt.
 * @param onScancode Gets the byte.
 * @returns The gate.
 */
export function keyboardHandler(
  pics: Pics,
  onScancode: (byte: number, cpu: Instructions) => void,
): Gate {
  return interruptHandler(
    "keyboard_interrupt_handler",
    KEYBOARD_VECTOR,
    pics,
    (cpu) => onScancode(cpu.in8(KEYBOARD_DATA_PORT), cpu),
  );
}
