/**
 * What a vector is, and the memory that it runs in: the same numbers as in `harness.c`.
 *
 * | from | what |
 * |---|---|
 * | 1000_0000 | a page of code, INT3 but for the instruction at 100 |
 * | 2000_0000 | two writable pages, one read-only page; unmapped before and behind |
 * | ffff_f000 | the same three pages again, so that addresses cross 4 GiB |
 * | FS, GS | based at 2000_0100 and 1fff_ff00 |
 *
 * Byte k of the data is 37 k + 11 ⌊k ÷ 64⌋. Register n holds a0 + n in every byte, RSP 2000_0f00. A vector says only what
 * is different from that.
 *
 * @module
 */

/** Linear address of the code page. */
export const CODE_PAGE = 0x1000_0000;
/** Linear address of the instruction. */
export const CODE = 0x1000_0100;
/** Linear address of the data. */
export const DATA = 0x2000_0000;
/** Where the read-only page begins. */
export const READ_ONLY = 0x2000_2000;
/** Its end. */
export const DATA_END = 0x2000_3000;
/** Where the same pages are, too. */
export const DATA_AGAIN = 0xffff_f000;
/** Bytes of data. */
export const DATA_BYTES = DATA_END - DATA;
/** Bytes of the FXSAVE area that hold state. */
export const FPU_BYTES = 416;
/** Both, as offsets in a vector see them. */
export const IMAGE_BYTES: number = DATA_BYTES + FPU_BYTES;
/** Base of FS. */
export const FS_BASE = 0x2000_0100;
/** Base of GS. */
export const GS_BASE = 0x1fff_ff00;
/** RSP where a vector doesn't say otherwise. */
export const STACK = 0x2000_0f00;
/** Linux's selectors for 64-bit programs. */
export const CS = 0x33;
/** The same of the stack. */
export const SS = 0x2b;
/** Bit 1 and IF: what is always set. */
export const FLAGS_FIXED = 0x202;
/** Which bits of MXCSR an AMD CPU has: misaligned SSE, too. FXSAVE stores it. */
const MXCSR_MASK = [0xff, 0xff, 0x02, 0x00];
/** Changed bytes of a request at most, as the harness has room for them. */
export const PATCHES_MAX = 64;

/** Names of the registers by number. */
export const REGISTER_NAMES: readonly string[] = Object.freeze(
  "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" "),
);
/** Names of the segment registers by number. */
export const SEGMENT_NAMES: readonly string[] = Object.freeze(
  "es cs ss ds fs gs".split(" "),
);
/** Selectors before an instruction. */
export const SELECTORS: readonly number[] = Object.freeze(
  [0, CS, SS, 0, 0, 0],
);

/** What goes in. */
export interface Request {
  /** Which opcode: see `keys.ts`. */
  readonly key: string;
  /** The instruction. */
  readonly bytes: readonly number[];
  /** Iterations of REP at most; 1 without. */
  readonly steps: number;
  /** Low and high words. */
  readonly registers: Int32Array;
  /** RFLAGS. */
  readonly flags: number;
  /** Bytes that differ from the pattern, `value << 16 | offset`; the FXSAVE area is behind the data. */
  readonly patches: readonly number[];
}

/** What comes out. */
export interface Outcome {
  /** Low and high words. */
  readonly registers: Int32Array;
  /** RFLAGS. */
  readonly flags: number;
  /** RIP. */
  readonly rip: number;
  /** Vector of the exception, −1 where the instruction completed. */
  readonly vector: number;
  /** Its error code, −1 where it has none. */
  readonly error: number;
  /** CR2 of a page fault, else 0. */
  readonly cr2: number;
  /** ES, CS, SS, DS, FS, GS. */
  readonly selectors: readonly number[];
  /** Bytes that have changed, as in a request's patches, by offset. */
  readonly changes: readonly number[];
}

/** An instruction, and what a CPU made of it. */
export interface Vector extends Request {
  /** What came out. */
  readonly after: Outcome;
}

/** The registers that a vector begins from. */
export function defaultRegisters(): Int32Array {
  const words = new Int32Array(32);
  for (let i = 0; i < 16; i++) {
    words[2 * i] = words[2 * i + 1] = 0x0101_0101 * (0xa0 + i);
  }
  words[2 * 4] = STACK;
  words[2 * 4 + 1] = 0;
  return words;
}

/** Data and FXSAVE area that a vector begins from. */
export function makePattern(): Uint8Array {
  const image = new Uint8Array(IMAGE_BYTES);
  for (let i = 0; i < DATA_BYTES; i++) image[i] = i * 37 + (i >> 6) * 11;
  const fpu = image.subarray(DATA_BYTES);
  fpu.set([0x7f, 0x03, 0, 0, 0xff]);
  fpu.set([0x80, 0x1f, 0, 0, ...MXCSR_MASK], 24);
  for (let i = 32; i < FPU_BYTES; i++) {
    const reserved = i < 160 && i % 16 >= 10;
    fpu[i] = reserved ? 0 : i * 29 + 7;
  }
  return image;
}

/** A 64-bit word from two. */
export function wordOf(words: Int32Array, register: number): bigint {
  return BigInt(words[2 * register + 1]! >>> 0) << 32n |
    BigInt(words[2 * register]! >>> 0);
}

/** Sets a register. */
export function setWord(
  words: Int32Array,
  register: number,
  value: bigint,
): void {
  words[2 * register] = Number(value & 0xffff_ffffn);
  words[2 * register + 1] = Number(value >> 32n & 0xffff_ffffn);
}

/** Whether an exception has an error code. */
export function hasErrorCode(vector: number): boolean {
  return vector === 8 || (vector >= 10 && vector <= 14) || vector === 17;
}
