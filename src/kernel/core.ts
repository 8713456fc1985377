/**
 * What the kernels of all chapters share: the screen, the serial port, the
 * panic, and the list of functions that the CPU may enter.
 *
 * @module
 */

import type { HostEntry } from "../hw/hosted.ts";
import type { Instructions } from "../hw/instructions.ts";
import { cpuEnv } from "./cpu_env.ts";
import { type PanicInfo, panicText } from "./panic.ts";
import { SerialConsole, type SerialState, serialState } from "./serial.ts";
import { placeOf } from "./sync/env.ts";
import type { SyncEnv } from "./sync/mod.ts";
import {
  type ConsoleOptions,
  type Format,
  VgaConsole,
  type VgaState,
  vgaState,
} from "./vga_buffer.ts";

/** The statics that all kernels have, as data. */
export interface CoreState {
  /** `WRITER`. */
  vga: VgaState;
  /** `SERIAL1`. */
  serial: SerialState;
}

/**
 * Makes the state of a kernel that has not run.
 *
 * @returns A state for {@linkcode KernelCore}.
 */
export function coreState(): CoreState {
  return { vga: vgaState(), serial: serialState() };
}

/** How a {@linkcode KernelCore} behaves. */
export interface CoreOptions extends ConsoleOptions {
  /** What a panic does before the run ends; prints on the screen if absent. */
  readonly onPanic?: (info: PanicInfo, core: KernelCore) => void;
}

/**
 * The base of a kernel; `defineKernel` makes one.
 */
export class KernelCore {
  /** The CPU. */
  readonly cpu: Instructions;
  /** What locks are told about it. */
  readonly env: SyncEnv;
  /** Handlers and callees; their order decides their addresses. */
  readonly entries: HostEntry[] = [];
  /** The screen. */
  readonly vga: VgaConsole;
  /** The serial port. */
  readonly serial: SerialConsole;
  readonly #onPanic: (info: PanicInfo, core: KernelCore) => void;

  /**
   * Builds objects over the state; touches no machine.
   *
   * @param cpu The CPU.
   * @param state Where to go on from; there may be more in it.
   * @param options How it behaves.
   */
  constructor(
    cpu: Instructions,
    state: CoreState,
    options: CoreOptions = {},
  ) {
    const { vga, serial } = state;
    this.cpu = cpu;
    this.env = cpuEnv(cpu, this.entries);
    this.vga = new VgaConsole(cpu, this.env, vga, options);
    this.serial = new SerialConsole(cpu, this.env, serial, {
      ...options,
      panic: (message) => this.panic(message),
    });
    this.#onPanic = options.onPanic ??
      ((info) => this.println(panicText(info)));
  }

  /**
   * Prints on the screen (`print!`).
   *
   * @param format What.
   */
  print(format: Format): void {
    this.vga.print(format);
  }

  /**
   * Prints on the screen and begins a new line (`println!`).
   *
   * @param format What.
   */
  println(format: Format = ""): void {
    this.vga.println(format);
  }

  /**
   * Prints to the serial port (`serial_print!`).
   *
   * @param format What.
   */
  serialPrint(format: Format): void {
    this.serial.print(format);
  }

  /**
   * Prints to the serial port, and a new line (`serial_println!`).
   *
   * @param format What.
   */
  serialPrintln(format: Format = ""): void {
    this.serial.println(format);
  }

  /**
   * Says what is wrong, and ends the run as `panic`.
   *
   * @param message What is wrong.
   */
  panic(message: string): never {
    const info = { message, place: placeOf(this.cpu.frames()) };
    this.#onPanic(info, this);
    return this.cpu.stop({ reason: "panic", message });
  }

  /**
   * Adds an entry.
   *
   * @param entry A handler or callee.
   * @returns The same.
   */
  add<E extends HostEntry>(entry: E): E {
    this.entries.push(entry);
    return entry;
  }
}
