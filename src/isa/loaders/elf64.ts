/**
 * ELF64 files for x86-64: the parts that a loader looks at, checked.
 *
 * Source: System V ABI, "ELF Header", "Program Header", "Dynamic Section"; its AMD64 supplement for machine and class.
 *
 * *Not modelled*: sections, symbols, relocations, dynamic linking.
 *
 * @module
 */

import { tryVirtFromWords, type VirtAddr } from "../../hw/addr.ts";
import { formatHex } from "../../hw/format_hex.ts";

/** Type of a file that lies where it was linked. */
export const ET_EXEC = 2;
/** Type of a file that can lie anywhere, once relocated. */
export const ET_DYN = 3;
/** Type of a segment that is loaded. */
export const PT_LOAD = 1;
/** Type of the segment that lists relocations and needed libraries. */
export const PT_DYNAMIC = 2;
/** Type of the segment that names a program interpreter. */
export const PT_INTERP = 3;
/** Type of the segment that threads get copies of. */
export const PT_TLS = 7;
/** Flag of a segment that may be executed. */
export const PF_X = 1;
/** Flag of a segment that may be written. */
export const PF_W = 2;

/** Program headers at most: bootloader 0.9 has room for so many. */
export const PROGRAM_HEADERS_MAX = 32;

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAGIC = 0x464c_457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const MACHINE_X86_64 = 62;
/** Dynamic entries that say that there are relocations: DT_RELA, DT_REL, DT_JMPREL, DT_RELR. */
const RELOCATIONS: readonly number[] = [7, 17, 23, 36];
const DYNAMIC_ENTRY_BYTES = 16;
/** A physical address is below this. */
const PHYSICAL_END = 2 ** 52;

/** A program header. */
export interface ElfSegment {
  /** `PT_…`. */
  readonly type: number;
  /** `PF_…` bits. */
  readonly flags: number;
  /** Where it begins in the file. */
  readonly fileOffset: number;
  /** Where it is to lie. */
  readonly virtualAddr: VirtAddr;
  /** Its physical address, or `null` if what stands there is none. */
  readonly physicalAddr: number | null;
  /** Bytes in the file, all of them there. */
  readonly fileBytes: number;
  /** Bytes in memory, at least as many; those beyond `fileBytes` are zero. */
  readonly memBytes: number;
}

/** What a file says. */
export interface Elf64 {
  /** The file itself. */
  readonly file: Uint8Array;
  /** `ET_EXEC` or `ET_DYN`. */
  readonly type: number;
  /** Where execution begins. */
  readonly entry: VirtAddr;
  /** All program headers. */
  readonly segments: readonly ElfSegment[];
}

/** Whether a file begins as ELF files do. */
export function isElf(file: Uint8Array): boolean {
  return file.length >= 4 && file[0] === 0x7f && file[1] === 0x45 &&
    file[2] === 0x4c && file[3] === 0x46;
}

/**
 * Refuses a file.
 *
 * @param why what is wrong with it
 * @throws {RangeError} always
 */
export function refuseElf(why: string): never {
  throw new RangeError(`Cannot load the ELF file: ${why}`);
}

/**
 * Reads the headers of a static executable.
 *
 * @param file the file, whole
 * @returns what its headers say
 * @throws {RangeError} if it is no ELF file for x86-64, is damaged, or needs a linker
 * @example
 * ```ts
 * import { parseElf64 } from "@lockstep/kernel/isa";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => parseElf64(new Uint8Array(64)),
 *   RangeError,
 *   "Cannot load the ELF file: it does not begin with 7f 45 4c 46",
 * );
 * ```
 */
export function parseElf64(file: Uint8Array): Elf64 {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  checkHeader(view);
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) {
    refuseElf(`its type is ${type}; an executable's is 2 or 3`);
  }
  const segments = programHeaders(view);
  const interpreter = segments.some((segment) => segment.type === PT_INTERP);
  if (interpreter) refuseElf("it is linked dynamically; link it with -static");
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (dynamic && hasRelocations(view, dynamic)) {
    refuseElf(
      "it has relocations, which no loader here applies; link it with -no-pie",
    );
  }
  if (!segments.some(isLoaded)) refuseElf("it has nothing to load (PT_LOAD)");
  const entry = address(view, 24, "its entry point");
  return { file, type, entry, segments };
}

/** Whether a segment takes memory. */
export function isLoaded(segment: ElfSegment): boolean {
  return segment.type === PT_LOAD && segment.memBytes > 0;
}

function checkHeader(view: DataView): void {
  const { byteLength } = view;
  if (byteLength < 4 || view.getUint32(0, true) !== MAGIC) {
    refuseElf("it does not begin with 7f 45 4c 46");
  }
  if (byteLength < HEADER_BYTES) {
    refuseElf(`it ends after ${byteLength} bytes, inside its header`);
  }
  if (view.getUint8(4) !== CLASS_64) refuseElf("it is no 64-bit file");
  if (view.getUint8(5) !== LITTLE_ENDIAN) refuseElf("it is not little-endian");
  for (
    const [version, at] of [[view.getUint8(6), 6], [
      view.getUint32(20, true),
      20,
    ]] as const
  ) {
    if (version !== 1) {
      refuseElf(`its version at byte ${at} is ${version}, not 1`);
    }
  }
  const machine = view.getUint16(18, true);
  if (machine !== MACHINE_X86_64) {
    refuseElf(`it is for machine ${machine}; x86-64 is ${MACHINE_X86_64}`);
  }
}

function programHeaders(view: DataView): ElfSegment[] {
  const count = view.getUint16(56, true);
  const bytes = view.getUint16(54, true);
  if (count === 0) refuseElf("it has no program headers");
  if (count > PROGRAM_HEADERS_MAX) {
    refuseElf(
      `it has ${count} program headers; ${PROGRAM_HEADERS_MAX} at most can be loaded`,
    );
  }
  if (bytes !== PROGRAM_HEADER_BYTES) {
    refuseElf(
      `its program headers have ${bytes} bytes, not ${PROGRAM_HEADER_BYTES}`,
    );
  }
  const start = size(view, 32, "the place of its program headers");
  if (start + count * bytes > view.byteLength) {
    refuseElf(`its program headers at ${formatHex(start)} are not all there`);
  }
  return Array.from(
    { length: count },
    (_, i) => programHeader(view, start + i * bytes, i),
  );
}

function programHeader(view: DataView, at: number, index: number): ElfSegment {
  const name = `segment ${index}`;
  const type = view.getUint32(at, true);
  const segment: ElfSegment = {
    type,
    flags: view.getUint32(at + 4, true),
    fileOffset: size(view, at + 8, `the offset of ${name}`),
    // Only what lies in memory has an address that counts.
    virtualAddr: type === PT_LOAD || type === PT_TLS
      ? address(view, at + 16, name)
      : 0 as VirtAddr,
    physicalAddr: physical(view, at + 24),
    fileBytes: size(view, at + 32, `the size of ${name}`),
    memBytes: size(view, at + 40, `the size of ${name}`),
  };
  const { fileOffset, fileBytes, memBytes, virtualAddr } = segment;
  if (fileOffset + fileBytes > view.byteLength) {
    refuseElf(
      `${name}, ${fileBytes} bytes from ${formatHex(fileOffset)} on, is not ` +
        `all there: the file has ${view.byteLength}`,
    );
  }
  if (type !== PT_LOAD) return segment;
  if (memBytes < fileBytes) {
    refuseElf(`${name} has more bytes in the file than in memory`);
  }
  const end = virtualAddr + memBytes;
  if (virtualAddr < 0 ? end > 0 : end > 2 ** 47) {
    refuseElf(
      `${name} at ${formatHex(virtualAddr)} runs past the end of memory`,
    );
  }
  return segment;
}

function hasRelocations(view: DataView, dynamic: ElfSegment): boolean {
  const { fileOffset, fileBytes } = dynamic;
  const end = fileOffset + fileBytes - DYNAMIC_ENTRY_BYTES;
  for (let at = fileOffset; at <= end; at += DYNAMIC_ENTRY_BYTES) {
    const tag = view.getUint32(at, true);
    if (tag === 0 && view.getUint32(at + 4, true) === 0) return false;
    if (RELOCATIONS.includes(tag)) return true;
  }
  return false;
}

function physical(view: DataView, at: number): number | null {
  const value = view.getUint32(at + 4, true) * 2 ** 32 +
    view.getUint32(at, true);
  return value < PHYSICAL_END ? value : null;
}

/** A size or an offset. */
function size(view: DataView, at: number, what: string): number {
  const high = view.getUint32(at + 4, true);
  // What is bigger than all memory there can be is damage.
  if (high >= 2 ** 20) refuseElf(`${what} is out of range`);
  return high * 2 ** 32 + view.getUint32(at, true);
}

function address(view: DataView, at: number, what: string): VirtAddr {
  const found = tryVirtFromWords(
    view.getUint32(at, true),
    view.getUint32(at + 4, true),
  );
  return found ?? refuseElf(`the address of ${what} is not canonical`);
}
