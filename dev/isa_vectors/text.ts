/**
 * A vector as a line of text: the instruction's bytes, what is not as usual before, `>`, and what has changed.
 *
 * | item | is |
 * |---|---|
 * | `rax=ff` | a register |
 * | `fl=8d5` | RFLAGS less bit 1 and IF; behind `>` if they have changed |
 * | `mf80=0102` | bytes of the data, from an offset on |
 * | `f18=80` | bytes of the FXSAVE area |
 * | `n=3` | iterations of REP at most |
 * | `ip=10000000` | RIP, where it is not the next instruction |
 * | `fs=2b` | a segment register that has changed |
 * | `#d` `#e.6@20003000` | an exception: vector, error code, CR2; changed is what a faulting instruction has changed all the same |
 *
 * All numbers are hexadecimal, 64 bits at most.
 *
 * @module
 */

import { KEY_BY_NAME } from "./keys.ts";
import {
  CODE,
  DATA_BYTES,
  defaultRegisters,
  FLAGS_FIXED,
  hasErrorCode,
  REGISTER_NAMES,
  SEGMENT_NAMES,
  SELECTORS,
  setWord,
  type Vector,
  wordOf,
} from "./layout.ts";

const hex = (n: number | bigint): string => n.toString(16);
const hex2 = (n: number): string => hex(n).padStart(2, "0");
const unsigned = (n: number): bigint => BigInt.asUintN(64, BigInt(n));

function registerItems(from: Int32Array, to: Int32Array): string[] {
  return REGISTER_NAMES.flatMap((name, i) => {
    const same = from[2 * i] === to[2 * i] && from[2 * i + 1] === to[2 * i + 1];
    return same ? [] : [`${name}=${hex(wordOf(to, i))}`];
  });
}

function memoryItems(patches: readonly number[]): string[] {
  const items: string[] = [];
  let next = -1;
  for (const patch of patches) {
    const offset = patch & 0xffff;
    if (offset !== next || offset === DATA_BYTES) {
      const isFpu = offset >= DATA_BYTES;
      items.push(
        isFpu ? `f${hex(offset - DATA_BYTES)}=` : `m${hex(offset)}=`,
      );
    }
    items[items.length - 1] += hex2(patch >>> 16);
    next = offset + 1;
  }
  return items;
}

const nextOf = (vector: Pick<Vector, "bytes">): number =>
  CODE + vector.bytes.length;

/** Writes a vector. */
export function formatVector(vector: Vector): string {
  const { after } = vector;
  const before = [
    vector.bytes.map(hex2).join(""),
    ...(vector.flags === FLAGS_FIXED
      ? []
      : [`fl=${hex(vector.flags & ~FLAGS_FIXED)}`]),
    ...registerItems(defaultRegisters(), vector.registers),
    ...memoryItems(vector.patches),
    ...(vector.steps === 1 ? [] : [`n=${hex(vector.steps)}`]),
  ];
  const outcome: string[] = [];
  if (after.vector >= 0) {
    const error = hasErrorCode(after.vector) ? `.${hex(after.error)}` : "";
    const cr2 = after.vector === 14 ? `@${hex(unsigned(after.cr2))}` : "";
    outcome.push(`#${hex(after.vector)}${error}${cr2}`);
  }
  const usual = after.vector >= 0 ? CODE : nextOf(vector);
  if (after.rip !== usual) outcome.push(`ip=${hex(unsigned(after.rip))}`);
  if (after.flags !== vector.flags) {
    outcome.push(`fl=${hex(after.flags & ~FLAGS_FIXED)}`);
  }
  outcome.push(...registerItems(vector.registers, after.registers));
  SEGMENT_NAMES.forEach((name, i) => {
    if (after.selectors[i] !== SELECTORS[i]) {
      outcome.push(`${name}=${hex(after.selectors[i]!)}`);
    }
  });
  outcome.push(...memoryItems(after.changes));
  return [...before, ">", ...outcome].join(" ");
}

const bytesOf = (digits: string): number[] =>
  (digits.match(/../g) ?? []).map((byte) => parseInt(byte, 16));

/** What an item of memory means. */
function readMemory(item: string, into: number[]): void {
  const [place = "", digits = ""] = item.split("=");
  const base = place[0] === "f" ? DATA_BYTES : 0;
  const offset = base + parseInt(place.slice(1), 16);
  bytesOf(digits).forEach((byte, i) => into.push(byte << 16 | offset + i));
}

const MEMORY = /^[mf][0-9a-f]+=/;
const REGISTERS = new Map(REGISTER_NAMES.map((name, i) => [name, i]));
const SEGMENTS = new Map(SEGMENT_NAMES.map((name, i) => [name, i]));

/**
 * Reads a vector.
 *
 * @param key its opcode
 * @param line as `formatVector` wrote it
 * @throws {SyntaxError} if an item means nothing
 */
export function parseVector(key: string, line: string): Vector {
  if (!KEY_BY_NAME.has(key)) throw new SyntaxError(`No key ${key}`);
  const items = line.split(" ");
  const middle = items.indexOf(">");
  const bytes = bytesOf(items[0]!);
  const registers = defaultRegisters();
  const before = { flags: FLAGS_FIXED, steps: 1, patches: [] as number[] };
  const read = (item: string, words: Int32Array): void => {
    const [name = "", value = ""] = item.split("=");
    const register = REGISTERS.get(name);
    if (register === undefined) throw new SyntaxError(`No item ${item}`);
    setWord(words, register, BigInt(`0x${value}`));
  };
  for (const item of items.slice(1, middle)) {
    const value = parseInt(item.slice(item.indexOf("=") + 1), 16);
    if (item.startsWith("fl=")) before.flags = value | FLAGS_FIXED;
    else if (item.startsWith("n=")) before.steps = value;
    else if (MEMORY.test(item)) readMemory(item, before.patches);
    else read(item, registers);
  }
  const selectors = SELECTORS.slice();
  const after = {
    registers: registers.slice(),
    flags: before.flags,
    rip: CODE + bytes.length,
    vector: -1,
    error: -1,
    cr2: 0,
    selectors,
    changes: [] as number[],
  };
  for (const item of items.slice(middle + 1)) {
    const text = item.slice(item.indexOf("=") + 1);
    const segment = SEGMENTS.get(item.slice(0, 2));
    if (item[0] === "#") {
      const [code = "", error, cr2] = item.slice(1).split(/[.@]/);
      after.vector = parseInt(code, 16);
      after.rip = CODE;
      if (error !== undefined) after.error = parseInt(error, 16);
      if (cr2 !== undefined) after.cr2 = signed(cr2);
    } else if (item.startsWith("fl=")) {
      after.flags = parseInt(text, 16) | FLAGS_FIXED;
    } else if (item.startsWith("ip=")) after.rip = signed(text);
    else if (item[2] === "=" && segment !== undefined) {
      selectors[segment] = parseInt(text, 16);
    } else if (MEMORY.test(item)) readMemory(item, after.changes);
    else read(item, after.registers);
  }
  return { key, bytes, registers, ...before, after };
}

const signed = (digits: string): number =>
  Number(BigInt.asIntN(64, BigInt(`0x${digits}`)));
