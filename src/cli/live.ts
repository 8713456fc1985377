/**
 * The live run: the machine paced to real time, its screen in the terminal, keys
 * from there.
 *
 * A turn of the kernel cannot be cut and resumed, so each gets a budget of one
 * virtual second; one that takes longer ends the run as `limit`.
 *
 * *Not modelled*: a kernel whose JavaScript loops without using the CPU stops the
 * clock, and with it keys and signals; only SIGKILL ends it.
 *
 * @module
 */

import { CLK_HZ, NEVER } from "../base/time.ts";
import type { Machine } from "../hw/machine.ts";
import { RFLAGS_IF } from "../hw/registers.ts";
import type { Stop } from "../hw/stop.ts";
import { untranslated } from "../kernel/keyboard/key_bytes.ts";
import type { LayoutName } from "../kernel/keyboard/layouts/mod.ts";
import { TerminalKeyboard } from "../kernel/keyboard/terminal.ts";
import {
  type TerminalInput,
  terminalState,
} from "../kernel/keyboard/terminal_state.ts";
import type { HostClock, HostSignal, Terminal } from "./host.ts";
import { LiveScreen } from "./live_screen.ts";
import { Pacer } from "./pacing.ts";
import type { ColorDepth } from "./screen_styles.ts";
import { screenView } from "./screen_view.ts";
import { statusLine } from "./status_line.ts";
import { TerminalSession } from "./terminal.ts";
import { Typist } from "./typing.ts";

/** Milliseconds from one picture to the next. */
export const FRAME_MS = 16;
/** Cycles that a turn may take. */
export const TURN_CLK_MAX: number = CLK_HZ;
/** Milliseconds after which a lone ESC is the Escape key. */
export const ESCAPE_MS = 25;

/** Cycles between two looks at the host's clock. */
const SLICE_CLK = Math.floor(CLK_HZ / 500);
/** Milliseconds for which a status line stands, so that it can be read. */
const STATUS_MS = 100;
/** Cycles before a text of which the clk was given: keys come behind it from here on. */
const BEFORE_TEXT_CLK = Math.floor(CLK_HZ / 10);
/** Milliseconds for which a note stands. */
const NOTE_MS = 3_000;
/** Milliseconds from the start at which all is drawn anew: Deno clears the lines of its downloads behind the first frames. */
const REDRAW_MS = [300, 1_000, 3_000] as const;
/** Ctrl-Q. */
const QUIT_BYTE = 0x11;
/** Ctrl-Q from terminals that send keys as sequences. */
const QUIT_STROKE = "{Ctrl+q}";

/** What a live run is told. */
export interface LiveOptions {
  /** What is typed, in scan code set 2. */
  readonly bytes: readonly number[];
  /** The clk of the first byte; from the first HLT on if absent. */
  readonly delay?: number | null;
  /** The last clk. */
  readonly clkMax: number;
  /** The layout for which keys become scancodes. */
  readonly layout: LayoutName;
  /** What the terminal can show. */
  readonly depth: ColorDepth;
  /** Called after each frame, for output that is to be seen as it comes. */
  readonly onFrame?: () => void;
}

/** How a live run ended. */
export interface LiveEnd {
  /** Why; `until` where it was not the machine. */
  readonly stop: Stop;
  /** Who ended it: the machine, Ctrl-Q, a signal, or the terminal by hanging up. */
  readonly by: "machine" | "quit" | "signal" | "hangup";
  /** The signal, if it was one. */
  readonly signal: HostSignal | null;
}

/**
 * Runs a machine in a terminal. The terminal is left as it was found.
 *
 * @param machine just switched on
 * @param terminal shows it
 * @param time the host's
 * @param options what is typed, and how long it runs
 * @returns how it ended
 */
export async function runLive(
  machine: Machine,
  terminal: Terminal,
  time: HostClock,
  options: LiveOptions,
): Promise<LiveEnd> {
  const session = new TerminalSession(terminal);
  session.enter();
  try {
    return await new LiveRun(machine, terminal, time, options).run(session);
  } finally {
    session.leave();
  }
}

class LiveRun {
  readonly #machine: Machine;
  readonly #terminal: Terminal;
  readonly #time: HostClock;
  readonly #options: LiveOptions;
  readonly #keyboard: TerminalKeyboard;
  /** Types keys as they come, and a text that waits for HLT. */
  readonly #typist = new Typist();
  /** Types a text of which the clk was given, and keys behind it. */
  readonly #textTypist = new Typist();
  readonly #textClk: number;
  readonly #screen = new LiveScreen();
  readonly #pacer: Pacer;
  /** What was read from the terminal and not looked at yet. */
  readonly #read: Uint8Array[] = [];
  #hungUp = false;
  #thrown: { readonly error: unknown } | null = null;
  #lastKeyMs = 0;
  #waitsForHlt: boolean;
  #status = "";
  #statusMs = -Infinity;
  #note = "";
  #noteMs = -Infinity;
  readonly #startMs: number;
  /** How many of {@linkcode REDRAW_MS} are over. */
  #redrawn = 0;

  constructor(
    machine: Machine,
    terminal: Terminal,
    time: HostClock,
    options: LiveOptions,
  ) {
    this.#machine = machine;
    this.#terminal = terminal;
    this.#time = time;
    this.#options = options;
    const { layout } = options;
    this.#keyboard = new TerminalKeyboard(terminalState({ layout }));
    this.#startMs = time.now();
    this.#pacer = new Pacer(machine.clk, this.#startMs);
    const { bytes, delay = null } = options;
    this.#waitsForHlt = bytes.length > 0 && delay === null;
    this.#textClk = delay ?? NEVER;
    if (delay !== null) {
      this.#textTypist.startAtClk(delay);
      this.#textTypist.type(machine, bytes);
    }
  }

  async run(session: TerminalSession): Promise<LiveEnd> {
    this.#readKeys();
    for (;;) {
      const frameMs = this.#time.now();
      if (this.#thrown) throw this.#thrown.error;
      const quit = this.#takeKeys(frameMs);
      const { signal } = session;
      if (signal) return { stop: UNTIL, by: "signal", signal };
      if (this.#hungUp) return { stop: UNTIL, by: "hangup", signal };
      if (quit) return { stop: UNTIL, by: "quit", signal };
      const stop = this.#advance(frameMs);
      if (session.resumed()) this.#screen.invalidate();
      this.#draw();
      this.#options.onFrame?.();
      if (stop) return { stop, by: "machine", signal };
      const spentMs = this.#time.now() - frameMs;
      await this.#time.sleep(Math.max(0, FRAME_MS - spentMs));
    }
  }

  /** Reads beside the loop, which takes what has come. */
  async #readKeys(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.#terminal.read();
        if (bytes === null) break;
        this.#read.push(bytes);
      }
      this.#hungUp = true;
    } catch (error) {
      this.#thrown = { error };
    }
  }

  /** Hands keys to the machine; true if Ctrl-Q is among them. */
  #takeKeys(nowMs: number): boolean {
    const keyboard = this.#keyboard;
    for (const bytes of this.#read.splice(0)) {
      if (bytes.includes(QUIT_BYTE)) return true;
      this.#lastKeyMs = nowMs;
      if (this.#press(keyboard.feed(bytes))) return true;
    }
    const isLone = keyboard.pending && nowMs - this.#lastKeyMs >= ESCAPE_MS;
    return isLone && this.#press(keyboard.flush());
  }

  #press({ strokes, untypable }: TerminalInput): boolean {
    for (const stroke of strokes) {
      if (stroke.text === QUIT_STROKE) return true;
      const isBefore = this.#machine.clk < this.#textClk - BEFORE_TEXT_CLK;
      const typist = isBefore ? this.#typist : this.#textTypist;
      typist.type(this.#machine, untranslated(stroke.bytes));
    }
    const char = untypable.at(-1);
    if (char !== undefined) {
      this.#note = `${this.#options.layout} has no key for ${char}`;
      this.#noteMs = this.#lastKeyMs;
    }
    return false;
  }

  /** Runs to where the machine should be, as far as a frame's time allows. */
  #advance(frameMs: number): Stop | null {
    const machine = this.#machine;
    const target = this.#pacer.target(machine.clk, frameMs);
    let nowMs = frameMs;
    while (machine.clk < target && nowMs - frameMs < FRAME_MS) {
      const stop = this.#slice(Math.min(target, machine.clk + SLICE_CLK));
      if (stop) return stop;
      nowMs = this.#time.now();
    }
    this.#pacer.note(machine.clk, nowMs);
    return null;
  }

  #slice(pauseClk: number): Stop | null {
    const machine = this.#machine;
    const clkMax = Math.min(this.#options.clkMax, machine.clk + TURN_CLK_MAX);
    const waits = this.#waitsForHlt;
    const stop = machine.run({
      pauseClk,
      clkMax,
      ...(waits ? { until: ({ cpu }: Machine) => cpu.halted } : {}),
    });
    if (waits && machine.cpu.halted && stop.reason === "until") {
      this.#waitsForHlt = false;
      this.#typist.startAt(machine);
      this.#typist.type(machine, this.#options.bytes);
    }
    return stop.reason === "until" ? null : stop;
  }

  #draw(): void {
    const machine = this.#machine;
    const size = this.#terminal.size();
    const nowMs = this.#time.now();
    if (nowMs - this.#noteMs >= NOTE_MS) this.#note = "";
    if (nowMs - this.#statusMs >= STATUS_MS) {
      this.#statusMs = nowMs;
      this.#status = statusLine({
        clk: machine.clk,
        interruptsEnabled: (machine.cpu.rflags & RFLAGS_IF) !== 0,
        speed: this.#pacer.speed,
        keysLost: machine.keysLost,
        note: this.#note,
      }, size);
    }
    const redrawMs = REDRAW_MS[this.#redrawn] ?? Infinity;
    if (nowMs - this.#startMs >= redrawMs) {
      this.#redrawn += 1;
      this.#screen.invalidate();
    }
    const view = screenView(machine.vga.state, this.#options.depth);
    const text = this.#screen.draw(view, size, this.#status);
    if (text !== "") this.#terminal.write(text);
  }
}

const UNTIL: Stop = { reason: "until" };
