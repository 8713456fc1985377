/**
 * Text on the screen.
 *
 * Book: "VGA Text Mode", and "Hardware Interrupts", section "Deadlocks".
 * Source: blog_os, `vga_buffer`. The writer always writes on the last row and
 * scrolls. The buffer lies at 0xb8000: 25 rows of 80 cells of two bytes, the
 * character of code page 437 first, then the colours.
 *
 * *Not modelled*: the hardware cursor, which the book's writer does not move.
 *
 * @module
 */

import { type VirtAddr, virtAddr } from "../hw/addr.ts";
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
import type { InterruptFlag } from "./sync/mod.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import { type MemoryBus, VolatileArray } from "./volatile.ts";

/** Where the text buffer lies. */
export const VGA_BUFFER: VirtAddr = virtAddr(0xb8000);
/** Rows of the screen. */
export const BUFFER_HEIGHT = 25;
/** Columns of the screen. */
export const BUFFER_WIDTH = 80;

/** Bytes of one cell: a `ScreenChar`. */
const CELL_BYTES = 2;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** ■ in code page 437, for what is not printable ASCII. */
const SQUARE = 0xfe;
const LAST_ROW = BUFFER_HEIGHT - 1;

/** The sixteen colours; as background those from 8 on blink. */
export const Color = {
  Black: 0,
  Blue: 1,
  Green: 2,
  Cyan: 3,
  Red: 4,
  Magenta: 5,
  Brown: 6,
  LightGray: 7,
  DarkGray: 8,
  LightBlue: 9,
  LightGreen: 10,
  LightCyan: 11,
  LightRed: 12,
  Pink: 13,
  Yellow: 14,
  White: 15,
} as const;

/** One of the sixteen colours, 0 to 15. */
export type Color = typeof Color[keyof typeof Color];

/**
 * A cell's colours.
 *
 * @param foreground Of the character.
 * @param background Behind it.
 * @returns `background << 4 | foreground`.
 */
export function colorCode(foreground: Color, background: Color): number {
  return background << 4 | foreground;
}

/** A writer as data. */
export interface WriterState {
  /** Where the next character goes, 0 to 80; at 80 a scroll comes first. */
  columnPosition: number;
  /** Colours of the next character. */
  colorCode: number;
}

/**
 * Makes the state of the book's writer: column 0, yellow on black.
 *
 * @returns A state for {@linkcode Writer}.
 */
export function writerState(): WriterState {
  return {
    columnPosition: 0,
    colorCode: colorCode(Color.Yellow, Color.Black),
  };
}

/**
 * Writes on the last row of the screen.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Writer } from "@lockstep/kernel/kernel";
 *
 * const cells = new Map<number, number>();
 * const bus = {
 *   load16: (at: number) => cells.get(at) ?? 0,
 *   store16: (at: number, value: number) => void cells.set(at, value),
 * } as never;
 * new Writer(bus).writeString("Hi");
 * assertEquals(cells.get(0xb8000 + 24 * 160), 0x0e48);
 * ```
 */
export class Writer {
  /** All there is to save, but for the screen. */
  readonly state: WriterState;
  readonly #cells: VolatileArray;

  /**
   * Goes on writing, or begins.
   *
   * @param bus Loads and stores.
   * @param state Where to go on from.
   * @param address The text buffer.
   */
  constructor(
    bus: MemoryBus,
    state: WriterState = writerState(),
    address: VirtAddr = VGA_BUFFER,
  ) {
    const cells = BUFFER_HEIGHT * BUFFER_WIDTH;
    this.#cells = new VolatileArray(bus, address, CELL_BYTES, cells);
    this.state = state;
  }

  /**
   * Writes a text: the bytes of its UTF-8, those that are not printable as ■.
   *
   * @param text The text.
   */
  writeString(text: string): void {
    for (const byte of encodeUtf8(text)) {
      const plain = (byte >= 0x20 && byte <= 0x7e) || byte === NEWLINE;
      this.writeByte(plain ? byte : SQUARE);
    }
  }

  /**
   * Writes a byte as it is; 0x0a scrolls.
   *
   * @param byte 0 to 255.
   */
  writeByte(byte: number): void {
    if (byte === NEWLINE) {
      this.#newLine();
      return;
    }
    const s = this.state;
    if (s.columnPosition >= BUFFER_WIDTH) this.#newLine();
    this.#write(LAST_ROW, s.columnPosition, byte | s.colorCode << 8);
    s.columnPosition += 1;
  }

  /**
   * Reads a cell.
   *
   * @param row From the top, 0 to 24.
   * @param column From the left, 0 to 79.
   * @returns The character in the low byte, the colours in the high one.
   */
  readCell(row: number, column: number): number {
    return this.#cells.read(row * BUFFER_WIDTH + column);
  }

  /** Moves all rows up by one: 1,920 reads, 2,000 writes. */
  #newLine(): void {
    for (let row = 1; row < BUFFER_HEIGHT; row++) {
      for (let column = 0; column < BUFFER_WIDTH; column++) {
        this.#write(row - 1, column, this.readCell(row, column));
      }
    }
    this.#clearRow(LAST_ROW);
    this.state.columnPosition = 0;
  }

  #clearRow(row: number): void {
    const blank = SPACE | this.state.colorCode << 8;
    for (let column = 0; column < BUFFER_WIDTH; column++) {
      this.#write(row, column, blank);
    }
  }

  #write(row: number, column: number, cell: number): void {
    this.#cells.write(row * BUFFER_WIDTH + column, cell);
  }
}

/**
 * What is printed: a text, or a function that is called while the lock is held
 * and writes piece by piece, as the arguments of `format_args!` are formatted.
 */
export type Format = string | ((write: (text: string) => void) => void);

/** The static `WRITER` as data: nothing until it is first used. */
export type VgaState = OnceState<{
  /** Its lock. */
  lock: SpinMutexState;
  /** The writer in it. */
  writer: WriterState;
}>;

/**
 * Makes the state of an unused `WRITER`.
 *
 * @returns A state for {@linkcode VgaConsole}.
 */
export function vgaState(): VgaState {
  return onceState();
}

/** How a {@linkcode VgaConsole} prints. */
export interface ConsoleOptions {
  /**
   * Whether interrupts are off while the lock is held. `false` is the book's
   * kernel before it met the deadlock: a handler that prints may then find
   * the lock held by the code that it interrupted.
   */
  readonly maskInterrupts?: boolean;
}

/** `print!` and `println!` over the static `WRITER`. */
export class VgaConsole {
  /** The static: built at first use, in a spin mutex. */
  readonly writer: Lazy<NonNullable<VgaState["value"]>, SpinMutex<Writer>>;
  readonly #cpu: InterruptFlag;
  readonly #masks: boolean;

  /**
   * Goes on with the static, or begins.
   *
   * @param cpu The instructions that it needs.
   * @param env What its lock is told.
   * @param state Where to go on from.
   * @param options How it prints.
   */
  constructor(
    cpu: MemoryBus & InterruptFlag,
    env: SyncEnv,
    state: VgaState = vgaState(),
    options: ConsoleOptions = {},
  ) {
    this.#cpu = cpu;
    this.#masks = options.maskInterrupts ?? true;
    this.writer = new Lazy(
      env,
      "WRITER",
      () => ({ lock: spinMutexState(), writer: writerState() }),
      state,
      (s) => new SpinMutex(env, "WRITER", new Writer(cpu, s.writer), s.lock),
    );
  }

  /** All there is to save, but for the screen. */
  get state(): VgaState {
    return this.writer.state;
  }

  /**
   * Prints (`print!`).
   *
   * @param format What.
   */
  print(format: Format): void {
    const act = () =>
      this.writer.get().withLock((writer) => write(writer, format));
    if (this.#masks) withoutInterrupts(this.#cpu, act);
    else act();
  }

  /**
   * Prints and begins a new line (`println!`).
   *
   * @param format What.
   */
  println(format: Format = ""): void {
    this.print(withNewline(format));
  }
}

function write(writer: Writer, format: Format): void {
  if (typeof format === "string") writer.writeString(format);
  else format((text) => writer.writeString(text));
}

/**
 * What `println!` makes of the argument of `print!`.
 *
 * @param format What is printed.
 * @returns The same with a new line behind it.
 */
export function withNewline(format: Format): Format {
  if (typeof format === "string") return format + "\n";
  return (write) => {
    format(write);
    write("\n");
  };
}
