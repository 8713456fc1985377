/**
 * Text on the serial port.
 *
 * Book: "Testing", section "Serial Port"; "Hardware Interrupts", section
 * "Deadlocks". Source: blog_os, `serial.rs`: the static `SERIAL1` at port
 * 0x3f8, set up and tested at first use, in a spin mutex.
 *
 * @module
 */

import type { Instructions } from "../hw/instructions.ts";
import {
  Lazy,
  type OnceState,
  onceState,
  SpinMutex,
  type SpinMutexState,
  spinMutexState,
  type SyncEnv,
  withoutInterrupts,
} from "./sync/mod.ts";
import {
  Uart16550,
  type Uart16550State,
  Uart16550Tty,
  UartError,
} from "./uart_16550/v0_6.ts";
import { type ConsoleOptions, type Format, withNewline } from "./vga_buffer.ts";

/** First port of COM1. */
export const SERIAL_PORT = 0x3f8;

/** The static `SERIAL1` as data: nothing until it is first used. */
export type SerialState = OnceState<{
  /** Its lock. */
  lock: SpinMutexState;
  /** The driver in it. */
  uart: Uart16550State;
}>;

/**
 * Makes the state of an unused `SERIAL1`.
 *
 * @returns A state for {@linkcode SerialConsole}.
 */
export function serialState(): SerialState {
  return onceState();
}

/** How a {@linkcode SerialConsole} prints. */
export interface SerialOptions extends ConsoleOptions {
  /** Ends the run when there is no working UART. */
  panic(message: string): never;
}

/** `serial_print!` and `serial_println!` over the static `SERIAL1`. */
export class SerialConsole {
  /** The static: set up at first use, in a spin mutex. */
  readonly port: Lazy<
    NonNullable<SerialState["value"]>,
    SpinMutex<Uart16550Tty>
  >;
  readonly #cpu: Instructions;
  readonly #masks: boolean;

  /**
   * Goes on with the static, or begins.
   *
   * @param cpu The CPU.
   * @param env What its lock is told.
   * @param state Where to go on from.
   * @param options How it prints.
   */
  constructor(
    cpu: Instructions,
    env: SyncEnv,
    state: SerialState,
    options: SerialOptions,
  ) {
    this.#cpu = cpu;
    this.#masks = options.maskInterrupts ?? true;
    this.port = new Lazy(
      env,
      "SERIAL1",
      () => {
        const tty = Uart16550Tty.newPort(cpu, SERIAL_PORT);
        if (tty instanceof UartError) {
          return options.panic(`failed to initialize UART: ${tty.debug()}`);
        }
        return { lock: spinMutexState(), uart: tty.inner.state };
      },
      state,
      (s) => {
        const tty = new Uart16550Tty(new Uart16550(cpu, s.uart));
        return new SpinMutex(env, "SERIAL1", tty, s.lock);
      },
    );
  }

  /** All there is to save; the chip remembers the rest. */
  get state(): SerialState {
    return this.port.state;
  }

  /**
   * Sends a text (`serial_print!`).
   *
   * @param format What.
   */
  print(format: Format): void {
    const act = () =>
      this.port.get().withLock((tty) => {
        if (typeof format === "string") tty.writeStr(format);
        else format((text) => tty.writeStr(text));
      });
    if (this.#masks) withoutInterrupts(this.#cpu, act);
    else act();
  }

  /**
   * Sends a text and a new line (`serial_println!`).
   *
   * @param format What.
   */
  println(format: Format = ""): void {
    this.print(withNewline(format));
  }
}
