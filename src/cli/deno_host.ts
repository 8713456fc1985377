/**
 * The system as Deno shows it: the only file that asks Deno for anything, but for
 * the last line of `main.ts`.
 *
 * Permissions: read (kernels, RAM disks, and the folder), write (`--out`,
 * `--serial`, `--junit`), env (the variables that are asked for, one by one); a
 * variable that may not be read is taken as not set.
 *
 * @module
 */

import type {
  Host,
  HostSignal,
  Output,
  OutputFile,
  Terminal,
  TerminalListeners,
  TerminalSize,
} from "./host.ts";
import { WriteError } from "./write_error.ts";

/** A terminal whose size cannot be found out has the size that all once had. */
const SIZE_UNKNOWN: TerminalSize = { columns: 80, rows: 24 };

/** What ends a live run from outside, with Linux's numbers, and Windows' for SIGBREAK. */
const END_SIGNALS: readonly (HostSignal & { readonly name: Deno.Signal })[] = [
  { name: "SIGHUP", number: 1 },
  { name: "SIGINT", number: 2 },
  { name: "SIGQUIT", number: 3 },
  { name: "SIGTERM", number: 15 },
  { name: "SIGBREAK", number: 21 },
];

/** Bytes that one read of the keyboard takes at most. */
const READ_BYTES = 4_096;

/** Whether the other end of a pipe or terminal has gone away: EIO (5), ENXIO (6) or EPIPE (32). */
function isGone(error: unknown): boolean {
  if (error instanceof Deno.errors.BrokenPipe) return true;
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "EIO" || code === "EPIPE" ||
    (error instanceof Error && /os error (5|6|32)\)/.test(error.message));
}

function writeAll(
  file: { writeSync(bytes: Uint8Array): number },
  bytes: Uint8Array,
): void {
  for (let at = 0; at < bytes.length;) {
    at += file.writeSync(bytes.subarray(at));
  }
}

class DenoOutput implements Output {
  readonly #file: typeof Deno.stdout;
  readonly #name: string | null;
  #gone = false;

  /** Without a name a failure is passed over: there is no place left to tell of it. */
  constructor(file: typeof Deno.stdout, name: string | null) {
    this.#file = file;
    this.#name = name;
  }

  isTerminal(): boolean {
    return this.#file.isTerminal();
  }

  write(bytes: Uint8Array): void {
    if (this.#gone) return;
    try {
      writeAll(this.#file, bytes);
    } catch (error) {
      this.#gone = true;
      if (this.#name === null || isGone(error)) return;
      throw new WriteError(this.#name, error);
    }
  }
}

class DenoOutputFile implements OutputFile {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #isNew: boolean;
  #isFirst = true;

  constructor(path: string) {
    this.#path = path;
    const { file, isNew } = openOrCreate(path);
    this.#file = file;
    this.#isNew = isNew;
  }

  write(bytes: Uint8Array): void {
    this.#replace();
    try {
      writeAll(this.#file, bytes);
    } catch (error) {
      throw new WriteError(this.#path, error);
    }
  }

  close(): void {
    this.#replace();
    this.#file.close();
  }

  discard(): void {
    this.#file.close();
    if (this.#isNew) Deno.removeSync(this.#path);
  }

  /** Empties the file before the first byte; a device or pipe has nothing to empty. */
  #replace(): void {
    if (this.#isFirst && this.#file.statSync().isFile) {
      this.#file.truncateSync();
    }
    this.#isFirst = false;
  }
}

function openOrCreate(path: string): { file: Deno.FsFile; isNew: boolean } {
  try {
    const file = Deno.openSync(path, { write: true, createNew: true });
    return { file, isNew: true };
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return { file: Deno.openSync(path, { write: true }), isNew: false };
  }
}

class DenoTerminal implements Terminal {
  readonly #output: Output;
  readonly #encoder = new TextEncoder();

  constructor(output: Output) {
    this.#output = output;
  }

  size(): TerminalSize {
    try {
      const { columns, rows } = Deno.consoleSize();
      return columns > 0 && rows > 0 ? { columns, rows } : SIZE_UNKNOWN;
    } catch {
      return SIZE_UNKNOWN; // The terminal has gone, or its driver doesn't say.
    }
  }

  write(text: string): void {
    this.#output.write(this.#encoder.encode(text));
  }

  setRaw(on: boolean): void {
    // Never with `cbreak`: Ctrl-C would kill the process, and the terminal stay as it is.
    Deno.stdin.setRaw(on);
  }

  async read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      const length = await Deno.stdin.read(buffer);
      return length === null ? null : buffer.subarray(0, length);
    } catch (error) {
      if (!isGone(error)) throw error;
      return null;
    }
  }

  listen({ end, resume, fatal }: TerminalListeners): () => void {
    const undo: (() => void)[] = [];
    const onSignal = (name: Deno.Signal, listener: () => void): void => {
      try {
        Deno.addSignalListener(name, listener);
        undo.push(() => Deno.removeSignalListener(name, listener));
      } catch {
        // This system has no such signal: then it does not come.
      }
    };
    for (const signal of END_SIGNALS) {
      onSignal(signal.name, () => end(signal));
    }
    onSignal("SIGCONT", resume);
    for (const type of ["error", "unhandledrejection", "unload"]) {
      globalThis.addEventListener(type, fatal);
      undo.push(() => globalThis.removeEventListener(type, fatal));
    }
    return () => undo.forEach((step) => step());
  }
}

class DenoHost implements Host {
  readonly stdout: Output = new DenoOutput(Deno.stdout, "standard output");
  readonly stderr: Output = new DenoOutput(Deno.stderr, null);
  readonly terminal: Terminal = new DenoTerminal(this.stdout);

  stdinIsTerminal(): boolean {
    return Deno.stdin.isTerminal();
  }

  async readStdin(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const buffer = new Uint8Array(65_536);
      const length = await Deno.stdin.read(buffer);
      if (length === null) break;
      chunks.push(buffer.subarray(0, length));
    }
    const bytes = new Uint8Array(chunks.reduce((sum, c) => sum + c.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  env(name: string): string | undefined {
    const { state } = Deno.permissions.querySync({
      name: "env",
      variable: name,
    });
    return state === "granted" ? Deno.env.get(name) : undefined;
  }

  folder(): string {
    // `deno task` runs in the project's folder and says here where it was called.
    return this.env("INIT_CWD") || Deno.cwd();
  }

  checkReadable(path: string): void {
    const file = Deno.openSync(path, { read: true });
    const { isDirectory } = file.statSync();
    file.close();
    if (isDirectory) throw new Deno.errors.IsADirectory("it is a folder");
  }

  readFile(path: string): Uint8Array {
    this.checkReadable(path);
    return Deno.readFileSync(path);
  }

  openOutput(path: string): OutputFile {
    return new DenoOutputFile(path);
  }

  importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
    return import(url);
  }

  now(): number {
    return performance.now();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/**
 * The system that this process runs on.
 *
 * @returns a host
 */
export function denoHost(): Host {
  return new DenoHost();
}
