/**
 * Files for the loaders' tests, made by hand field by field, so that each field can be made wrong.
 *
 * @module
 */

/** A field of a file: offset, bytes, value. */
export type Patch = readonly [offset: number, bytes: 1 | 2 | 4, value: number];

/** Where the code of {@linkcode elfFile} is linked. */
export const ELF_START = 0x20_0000;
/** Offset of its code: behind ELF header and two program headers. */
export const ELF_CODE = 64 + 2 * 56;
/** mov eax, 0x10; out 0xf4, eax */
export const EXIT_CODE: readonly number[] = [0xb8, 0x10, 0, 0, 0, 0xe7, 0xf4];

/** Sets fields. */
export function patched(
  file: Uint8Array,
  patches: readonly Patch[],
): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  for (const [offset, bytes, value] of patches) {
    if (bytes === 1) view.setUint8(offset, value);
    else if (bytes === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  }
  return copy;
}

/**
 * An executable with one segment of code at {@linkcode ELF_START} and one of zeros at 0x40_0000.
 *
 * @param code what stands at its entry point
 */
export function elfFile(code: readonly number[] = EXIT_CODE): Uint8Array {
  const bytes = ELF_CODE + code.length;
  const file = new Uint8Array(bytes);
  file.set(code, ELF_CODE);
  return patched(file, [
    [0, 4, 0x464c_457f], // Magic.
    [4, 1, 2], // 64 bits.
    [5, 1, 1], // Little-endian.
    [6, 1, 1], // Version.
    [16, 2, 2], // Executable.
    [18, 2, 62], // x86-64.
    [20, 4, 1], // Version.
    [24, 4, ELF_START + ELF_CODE], // Entry point.
    [32, 4, 64], // Offset of the program headers.
    [54, 2, 56], // Bytes of one.
    [56, 2, 2], // How many.
    [64, 4, 1], // PT_LOAD.
    [68, 4, 5], // R and X.
    [80, 4, ELF_START], // Virtual address.
    [88, 4, ELF_START], // Physical address.
    [96, 4, bytes], // In the file.
    [104, 4, bytes], // In memory.
    [120, 4, 1], // PT_LOAD.
    [124, 4, 6], // R and W.
    [136, 4, 0x40_0000], // Virtual address.
    [144, 4, 0x40_0000], // Physical address.
    [160, 4, 0x2000], // In memory.
  ]);
}

/** A bzImage of one setup sector, whose 64-bit entry point holds the code. */
export function bzImageFile(code: readonly number[] = EXIT_CODE): Uint8Array {
  const file = new Uint8Array(2 * 512 + 0x200 + code.length);
  file.set(code, 2 * 512 + 0x200);
  return patched(file, [
    [0x1f1, 1, 1], // Setup sectors.
    [0x1fe, 2, 0xaa55],
    [0x201, 1, 0x6a], // The header ends at 0x26c.
    [0x202, 4, 0x5372_6448], // "HdrS".
    [0x206, 2, 0x20f], // Protocol.
    [0x22c, 4, 0x7fff_ffff], // Last address of an initial RAM disk.
    [0x236, 2, 1], // A 64-bit entry point.
    [0x238, 4, 255], // Bytes of the command line.
    [0x260, 4, 0x1_0000], // Memory that it needs.
  ]);
}
