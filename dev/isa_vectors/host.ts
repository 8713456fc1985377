/**
 * The CPU of this computer as the oracle: builds `harness.c`, feeds it requests, reads its answers.
 *
 * @module
 */

import {
  CODE,
  hasErrorCode,
  type Outcome,
  PATCHES_MAX,
  type Request,
  type Vector,
} from "./layout.ts";
import { KEY_BY_NAME } from "./keys.ts";

const REQUEST_BYTES = 16 + 12 + 4 + 128 + 4 * PATCHES_MAX;
const ANSWER_BYTES = 128 + 40 + 16;
const TF = 0x100;
const DEBUG = 1;
const BREAKPOINT = 3;
const PAGE_FAULT = 14;
const SOURCE = new URL("./harness.c", import.meta.url);
const GCC_FLAGS = "-O2 -Wall -Wextra -static -fno-stack-protector -mno-red-zone"
  .split(" ");
/** Requests that the harness gets at once. */
const BATCH = 20_000;

/** They would store TF, or raise the exception that ends an instruction: executed without TF. */
const UNTRACED = /^(PUSHF|INT1)$/;
/** They load TF. */
const LOADS_TF = /^(POPF|IRETQ)$/;

/** The built harness. */
export class Host {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Builds the harness in a temporary folder.
   *
   * @returns `null` where there is no gcc, or the CPU is no x86-64
   * @throws {Error} if gcc refuses the source
   */
  static async build(): Promise<Host | null> {
    if (Deno.build.arch !== "x86_64" || Deno.build.os !== "linux") return null;
    const folder = await Deno.makeTempDir({ prefix: "isa-vectors-" });
    try {
      const gcc = await new Deno.Command("gcc", {
        args: [...GCC_FLAGS, "-o", `${folder}/harness`, SOURCE.pathname],
      }).output();
      if (gcc.success) return new Host(folder);
      const text = new TextDecoder().decode(gcc.stderr);
      throw new Error(`gcc cannot build the harness: ${text}`);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  /** The CPU's name, as CPUID has it. */
  async cpuName(): Promise<string> {
    const { stdout } = await new Deno.Command(`${this.#folder}/harness`)
      .output();
    return new TextDecoder().decode(stdout).trim();
  }

  /** Executes requests, in batches. */
  async *run(requests: Iterable<Request>): AsyncGenerator<Vector[]> {
    let batch: Request[] = [];
    for (const request of requests) {
      batch.push(request);
      if (batch.length < BATCH) continue;
      yield await this.#runBatch(batch);
      batch = [];
    }
    if (batch.length > 0) yield await this.#runBatch(batch);
  }

  async #runBatch(batch: readonly Request[]): Promise<Vector[]> {
    const [input, output] = ["in", "out"].map((n) => `${this.#folder}/${n}`);
    await Deno.writeFile(input!, encode(batch));
    const { code, signal, stderr } = await new Deno.Command(
      `${this.#folder}/harness`,
      { args: [input!, output!] },
    ).output();
    if (code !== 0) {
      const text = new TextDecoder().decode(stderr);
      throw new Error(`the harness ended with ${code} ${signal}: ${text}`);
    }
    return decode(batch, await Deno.readFile(output!));
  }

  /** Removes what `build` made. */
  async close(): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

const mnemonicOf = (request: Request): string =>
  KEY_BY_NAME.get(request.key)!.mnemonic;

/** As `struct request`. */
function encode(batch: readonly Request[]): Uint8Array {
  const bytes = new Uint8Array(batch.length * REQUEST_BYTES);
  const view = new DataView(bytes.buffer);
  batch.forEach((request, i) => {
    const at = i * REQUEST_BYTES;
    bytes.set(request.bytes, at);
    bytes[at + 15] = request.bytes.length;
    view.setUint16(at + 16, request.steps, true);
    const untraced = UNTRACED.test(mnemonicOf(request));
    view.setUint16(at + 18, untraced ? 1 : 0, true);
    view.setUint32(at + 20, request.flags, true);
    view.setUint32(at + 24, request.patches.length, true);
    request.registers.forEach((word, j) =>
      view.setInt32(at + 32 + 4 * j, word, true)
    );
    request.patches.forEach((patch, j) =>
      view.setUint32(at + 160 + 4 * j, patch, true)
    );
  });
  return bytes;
}

/** As `struct answer` and its changes. */
function decode(batch: readonly Request[], bytes: Uint8Array): Vector[] {
  const view = new DataView(bytes.buffer);
  let at = 0;
  return batch.map((request) => {
    const registers = new Int32Array(32);
    for (let i = 0; i < 32; i++) {
      registers[i] = view.getInt32(at + 4 * i, true);
    }
    const word = (i: number): number =>
      Number(view.getBigInt64(at + 128 + 8 * i, true));
    const [flags, rip, vector] = [word(0), word(1), word(2)];
    const [error, cr2] = [word(3), word(4)];
    const selectors = [];
    for (let i = 0; i < 6; i++) {
      selectors.push(view.getUint16(at + 168 + 2 * i, true));
    }
    const count = view.getUint16(at + 182, true);
    at += ANSWER_BYTES;
    const changes = [];
    for (let i = 0; i < count; i++, at += 4) {
      changes.push(view.getUint32(at, true));
    }
    const after = normalise(request, {
      registers,
      flags,
      rip,
      vector,
      error,
      cr2,
      selectors,
      changes,
    });
    return { ...request, after };
  });
}

/** Takes away what comes from how it was executed: TF, and the trap or INT3 that ended it. */
function normalise(request: Request, raw: Outcome): Outcome {
  const mnemonic = mnemonicOf(request);
  const untraced = UNTRACED.test(mnemonic);
  const end = CODE + request.bytes.length;
  let { vector, rip, flags } = raw;
  if (vector === DEBUG && !untraced) vector = -1;
  else if (vector === BREAKPOINT && rip > end) {
    // The INT3 behind it: without TF, or in the shadow of a load of SS.
    vector = -1;
    rip -= 1;
  }
  if (vector >= 0 || !LOADS_TF.test(mnemonic)) flags &= ~TF;
  return {
    ...raw,
    vector,
    rip,
    flags,
    error: hasErrorCode(vector) ? raw.error : -1,
    cr2: vector === PAGE_FAULT ? raw.cr2 : 0,
  };
}
