/**
 * A system in memory for tests of the command line: files, streams, a terminal
 * with a script of keys, and a clock that moves only when somebody sleeps.
 *
 * @module
 */

import type {
  Host,
  Output,
  OutputFile,
  Terminal,
  TerminalListeners,
  TerminalSize,
} from "../../src/cli/host.ts";

/** An output that keeps what it gets. */
export class MemoryOutput implements Output {
  readonly #isTerminal: boolean;
  #bytes: number[] = [];

  constructor(isTerminal = false) {
    this.#isTerminal = isTerminal;
  }

  /** What was written, as UTF-8. */
  get text(): string {
    return new TextDecoder().decode(new Uint8Array(this.#bytes));
  }

  isTerminal(): boolean {
    return this.#isTerminal;
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }
}

/** What happens at a moment: keys arrive, or something else is done. */
export interface Happening {
  /** Milliseconds since the start. */
  readonly ms: number;
  /** Bytes from the keyboard, or anything else. */
  readonly what: string | ((terminal: FakeTerminal) => void);
}

/** A terminal with a script. */
export class FakeTerminal implements Terminal {
  /** All that was written. */
  written = "";
  /** Whether it is in raw mode. */
  raw = false;
  /** Its size. */
  dimensions: TerminalSize = { columns: 100, rows: 30 };
  /** Who listens, if anybody does. */
  listeners: TerminalListeners | null = null;
  /** What raw mode was set to, in order. */
  readonly rawCalls: boolean[] = [];
  #waiting: ((bytes: Uint8Array | null) => void) | null = null;
  #fail: ((error: Error) => void) | null = null;
  readonly #queue: (Uint8Array | null)[] = [];

  size(): TerminalSize {
    return this.dimensions;
  }

  write(text: string): void {
    this.written += text;
  }

  setRaw(on: boolean): void {
    this.raw = on;
    this.rawCalls.push(on);
  }

  read(): Promise<Uint8Array | null> {
    const bytes = this.#queue.shift();
    if (bytes !== undefined) return Promise.resolve(bytes);
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#fail = reject;
    });
  }

  listen(listeners: TerminalListeners): () => void {
    this.listeners = listeners;
    return () => {
      this.listeners = null;
    };
  }

  /** Keys arrive; `null` is a hang-up. */
  keys(text: string | null): void {
    const bytes = text === null ? null : new TextEncoder().encode(text);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) waiting(bytes);
    else this.#queue.push(bytes);
  }

  /** The next read fails. */
  failRead(error: Error): void {
    this.#fail?.(error);
  }
}

/** What a {@linkcode FakeHost} is made of. */
export interface FakeHostOptions {
  /** Standard input; absent, it is a terminal. */
  readonly stdin?: string | Uint8Array;
  /** Whether standard output is a terminal. */
  readonly stdoutIsTerminal?: boolean;
  /** Modules by path. */
  readonly modules?: Readonly<Record<string, unknown>>;
  /** Files to read, by path. */
  readonly contents?: Readonly<Record<string, Uint8Array>>;
  /** Environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What happens while the host sleeps. */
  readonly script?: readonly Happening[];
}

/** A system in memory. */
export class FakeHost implements Host {
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput = new MemoryOutput();
  readonly terminal: FakeTerminal = new FakeTerminal();
  /** Files that were written, by path. */
  readonly files: Map<string, Uint8Array> = new Map();
  readonly #options: FakeHostOptions;
  #ms = 0;
  #happened = 0;

  constructor(options: FakeHostOptions = {}) {
    this.#options = options;
    this.stdout = new MemoryOutput(options.stdoutIsTerminal);
  }

  stdinIsTerminal(): boolean {
    return this.#options.stdin === undefined;
  }

  readStdin(): Promise<Uint8Array> {
    const { stdin = "" } = this.#options;
    const isText = typeof stdin === "string";
    return Promise.resolve(isText ? new TextEncoder().encode(stdin) : stdin);
  }

  env(name: string): string | undefined {
    return this.#options.env?.[name];
  }

  folder(): string {
    return "/home/me";
  }

  checkReadable(path: string): void {
    if (this.#options.modules?.[path] !== undefined) return;
    throw namedError("NotFound", `No such file: ${path}`);
  }

  readFile(path: string): Uint8Array {
    const bytes = this.#options.contents?.[path];
    if (bytes) return bytes;
    throw namedError("NotFound", `No such file: ${path}`);
  }

  openOutput(path: string): OutputFile {
    if (path.startsWith("/nowhere/")) throw namedError("NotFound", path);
    const isNew = !this.files.has(path);
    let bytes = new Uint8Array(0);
    this.files.set(path, this.files.get(path) ?? bytes);
    return {
      write: (more) => {
        bytes = new Uint8Array([...bytes, ...more]);
        this.files.set(path, bytes);
      },
      close: () => void this.files.set(path, bytes),
      discard: () => {
        if (isNew) this.files.delete(path);
      },
    };
  }

  importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
    const module = this.#options.modules?.[new URL(url).pathname];
    return module instanceof Error
      ? Promise.reject(module)
      : Promise.resolve(module as Readonly<Record<string, unknown>>);
  }

  /** A little time passes between two looks, as on every computer. */
  now(): number {
    this.#ms += 0.01;
    return this.#ms;
  }

  async sleep(ms: number): Promise<void> {
    this.#ms += ms;
    const { script = [] } = this.#options;
    for (; this.#happened < script.length; this.#happened++) {
      const { ms: at, what } = script[this.#happened]!;
      if (at > this.#ms) break;
      if (typeof what === "string") this.terminal.keys(what);
      else what(this.terminal);
    }
    // Reads beside the loop come to their end.
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }
}

function namedError(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
