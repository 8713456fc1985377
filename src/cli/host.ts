/**
 * What a command needs of the system that it runs on. `deno_host.ts` alone
 * asks Deno for it; tests hand in a system of their own.
 *
 * @module
 */

/** Where bytes go. */
export interface Output {
  /** Whether a person's terminal shows them. */
  isTerminal(): boolean;
  /**
   * Writes all of it. Once nobody reads any more (a pipe is closed, a terminal
   * gone) nothing happens.
   *
   * @throws {WriteError} if the system cannot, the first time: then it is given up
   */
  write(bytes: Uint8Array): void;
}

/** A file that is being written. */
export interface OutputFile {
  /**
   * Writes all of it behind what this file was given before; the first call
   * replaces what the file held.
   *
   * @throws {WriteError} if the system cannot
   */
  write(bytes: Uint8Array): void;
  /** Closes it; never written, it holds nothing. */
  close(): void;
  /** Closes it without a trace: a file that was made for this is removed. */
  discard(): void;
}

/** The size of a terminal, in characters. */
export interface TerminalSize {
  /** Columns, from 1. */
  readonly columns: number;
  /** Rows, from 1. */
  readonly rows: number;
}

/** What tells a program from outside that it shall end. */
export interface HostSignal {
  /** Its name, as in `SIGTERM`. */
  readonly name: string;
  /** Its number: the status that follows is 128 and this. */
  readonly number: number;
}

/** A terminal: keyboard and screen. */
export interface Terminal {
  /** Its size, asked anew: people resize windows. */
  size(): TerminalSize;
  /** Writes to the screen; nothing happens once it is gone. */
  write(text: string): void;
  /** Raw mode: each byte at once, none of them special. */
  setRaw(on: boolean): void;
  /** The next bytes from the keyboard, or `null` when no more will come. */
  read(): Promise<Uint8Array | null>;
  /**
   * Asks to be told of the end.
   *
   * @param listeners `end` hears of signals, `resume` that a stopped program goes on, `fatal` that the process is about to die
   * @returns stops listening
   */
  listen(listeners: TerminalListeners): () => void;
}

/** Who is told. */
export interface TerminalListeners {
  /** A signal asks the program to end. */
  readonly end: (signal: HostSignal) => void;
  /** The program was stopped and goes on: the terminal may look different. */
  readonly resume: () => void;
  /** The process dies at once, of an error or an exit that nobody expected. */
  readonly fatal: () => void;
}

/** The host's time, which never reaches a machine. */
export interface HostClock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Lets the host do other things for so many milliseconds. */
  sleep(ms: number): Promise<void>;
}

/** The system. */
export interface Host extends HostClock {
  /** Standard output. */
  readonly stdout: Output;
  /** Standard error. */
  readonly stderr: Output;
  /** The terminal behind standard input and output. */
  readonly terminal: Terminal;
  /** Whether standard input is a terminal. */
  stdinIsTerminal(): boolean;
  /** Standard input, to its end. */
  readStdin(): Promise<Uint8Array>;
  /** An environment variable; `undefined` also where it may not be read. */
  env(name: string): string | undefined;
  /** The folder in which the command was typed: relative paths count from it. */
  folder(): string;
  /**
   * Makes sure that there is a file which can be read.
   *
   * @throws what the system says, if there is none
   */
  checkReadable(path: string): void;
  /**
   * A file, whole.
   *
   * @throws what the system says, if it cannot be read
   */
  readFile(path: string): Uint8Array;
  /**
   * Opens a file for writing, and leaves what it holds for the time being.
   *
   * @throws what the system says, if it cannot
   */
  openOutput(path: string): OutputFile;
  /** Loads a module by its URL. */
  importModule(url: string): Promise<Readonly<Record<string, unknown>>>;
}
