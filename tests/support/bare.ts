/**
 * The smallest kernel that takes interrupts: an IDT in memory, both 8259A at 32 and 40, and what a test hangs on it. Not
 * the kernel of the book: what is tested with it is the machine.
 *
 * @module
 */

import { type VirtAddr, virtAddr } from "../../src/hw/addr.ts";
import type { BootInfo } from "../../src/hw/boot_info.ts";
import type { HostEntry, Program } from "../../src/hw/hosted.ts";
import {
  gateFor,
  gateWith,
  InterruptDescriptorTable,
} from "../../src/hw/idt.ts";
import type { Instructions } from "../../src/hw/instructions.ts";
import {
  Machine,
  type MachineOptions,
  type RunOptions,
} from "../../src/hw/machine.ts";
import type { StateTree } from "../../src/base/state_tree.ts";

/** Writable memory of the kernel's image that nobody uses. */
export const FREE: VirtAddr = virtAddr(0x40_8000);
/** Where the IDT lies. */
export const IDT_ADDR: VirtAddr = virtAddr(0x40_1000);
/** Vector of the timer. */
export const TIMER = 32;
/** Vector of the keyboard. */
export const KEYBOARD = 33;
/** A default timer tick: 65,536 ticks of the 8254. */
export const TICK_CLK = 6_553_600;

/** A handler and its gate. */
export interface BareHandler {
  /** Index of its gate; without one it is a callee that no gate names. */
  readonly vector?: number;
  /** Leaves IF as it is. */
  readonly trap?: boolean;
  /** Interrupt stack, 0 to 6. */
  readonly stackIndex?: number;
  /** The handler. */
  readonly run: (cpu: Instructions) => void;
}

/** What a test hangs on the kernel. */
export interface BareParts {
  /** Handlers by name. */
  readonly handlers?: Readonly<Record<string, BareHandler>>;
  /** After the IDT was loaded; interrupts are off. */
  readonly boot?: (info: BootInfo) => void;
  /** HLT if absent. */
  readonly loop?: () => void;
  /** The program's id. */
  readonly id?: string;
}

/**
 * Makes the program.
 *
 * @param make given the CPU and the state, says what the kernel does
 * @param fresh the state at power-on
 */
export function bareProgram<S extends StateTree>(
  make: (cpu: Instructions, state: S) => BareParts,
  fresh: () => S = () => ({}) as S,
): Program {
  return (cpu, given) => {
    const state = (given ?? fresh()) as S;
    const parts = make(cpu, state);
    const handlers = Object.entries(parts.handlers ?? {});
    const entries: HostEntry[] = handlers.map(([name, { run }]) => ({
      name,
      run,
    }));
    return {
      ...(parts.id === undefined ? {} : { id: parts.id }),
      state,
      entries,
      boot(info) {
        const idt = new InterruptDescriptorTable();
        const cs = cpu.readSegment("cs");
        for (const [name, { vector, trap, stackIndex }] of handlers) {
          if (vector === undefined) continue;
          const gate = gateFor(cpu.entryAddress(name), cs);
          idt.setGate(
            vector,
            gateWith(gate, {
              disableInterrupts: trap !== true,
              ...(stackIndex === undefined ? {} : { stackIndex }),
            }),
          );
        }
        idt.write(cpu, IDT_ADDR);
        cpu.lidt(IDT_ADDR, 4095);
        parts.boot?.(info);
      },
      loop: () => parts.loop === undefined ? cpu.hlt() : parts.loop(),
    };
  };
}

/** Moves both 8259A to vectors 32 and 40; masks are as given. */
export function movePics(
  cpu: Instructions,
  masks: readonly [number, number] = [0xf8, 0xff],
): void {
  const words = [[0x20, 0x11], [0xa0, 0x11], [0x21, 32], [0xa1, 40]] as const;
  for (const [port, value] of words) cpu.out8(port, value);
  for (const [port, value] of [[0x21, 4], [0xa1, 2]] as const) {
    cpu.out8(port, value);
  }
  for (const port of [0x21, 0xa1]) cpu.out8(port, 1);
  cpu.out8(0x21, masks[0]);
  cpu.out8(0xa1, masks[1]);
}

/** Ends an interrupt of the primary 8259A. */
export function endOfInterrupt(cpu: Instructions): void {
  cpu.out8(0x20, 0x20);
}

/** A machine with 16 MiB and a bare kernel. */
export function bareMachine<S extends StateTree>(
  make: (cpu: Instructions, state: S) => BareParts,
  options: MachineOptions & { readonly fresh?: () => S } = {},
): Machine {
  const { fresh, ...rest } = options;
  return new Machine({
    ramBytes: 16 * 2 ** 20,
    program: bareProgram(make, fresh),
    ...rest,
  });
}

/** Runs a bare kernel until it stops. */
export function runBare<S extends StateTree>(
  make: (cpu: Instructions, state: S) => BareParts,
  options: RunOptions & MachineOptions & { readonly fresh?: () => S } = {},
): { readonly machine: Machine; readonly stop: ReturnType<Machine["run"]> } {
  const { clkMax, pauseClk, until, idleClk, ...rest } = options;
  const machine = bareMachine(make, rest);
  const stop = machine.run({
    clkMax: clkMax ?? 100_000_000,
    ...(pauseClk === undefined ? {} : { pauseClk }),
    ...(until === undefined ? {} : { until }),
    ...(idleClk === undefined ? {} : { idleClk }),
  });
  return { machine, stop };
}
