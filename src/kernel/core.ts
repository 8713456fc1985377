/**
 * What the kernels of all chapters share: the screen, the serial port, the
 * panic, and the list of functions that the CPU may enter.
 *
 * @module
 */

import type { StateTree } from "../base/state_tree.ts";
import type { BootInfo } from "../hw/boot_info.ts";
import type { HostEntry, Kernel } from "../hw/hosted.ts";
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

/** What a kernel does, for {@linkcode KernelCore.kernel}. */
export interface KernelBody {
  /** Identifies the program. */
  readonly id: string;
  /** All that is saved. */
  readonly state: StateTree;
  /** The entry point. */
  boot(info: BootInfo): void;
  /** One turn of the outermost loop; HLT if absent. */
  loop?(): void;
}

/**
 * The base of a kernel.
 *
 * @example
 * ```ts
 * import { KernelCore, coreState } from "@lockstep/kernel/kernel";
 * import type { Program } from "@lockstep/kernel/kernel";
 *
 * export const hello: Program = (cpu, state = coreState()) => {
 *   const core = new KernelCore(cpu, state);
 *   return core.kernel({
 *     id: "hello",
 *     state,
 *     boot: () => core.println("Hello World!"),
 *   });
 * };
 * ```
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
   * @param state Where to go on from: a {@linkcode CoreState}, perhaps with
   * more in it.
   * @param options How it behaves.
   */
  constructor(
    cpu: Instructions,
    state: StateTree,
    options: CoreOptions = {},
  ) {
    const { vga, serial } = state as CoreState;
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
    return this.cpu.stop({ reason: "panic", message: panicText(info) });
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

  /**
   * Makes the kernel.
   *
   * @param body What it does.
   * @returns What the machine takes.
   */
  kernel(body: KernelBody): Kernel {
    return {
      id: body.id,
      state: body.state,
      entries: this.entries,
      boot: (info) => body.boot(info),
      loop: () => body.loop === undefined ? this.cpu.hlt() : body.loop(),
    };
  }
}
