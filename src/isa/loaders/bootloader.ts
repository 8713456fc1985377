/**
 * Kernels for bootloader 0.9: what `bootimage` packs into a disk image, taken as the ELF file that it packs.
 *
 * Source: crate bootloader 0.9.33, `main` and `page_table`: which program headers it uses.
 *
 * @module
 */

import type { BootloaderImage } from "../../hw/boot_image.ts";
import type { KernelSegment } from "../../hw/firmware_kernel.ts";
import { formatHex } from "../../hw/format_hex.ts";
import { HOST_RANGE_END, HOST_RANGE_START } from "../../hw/host_range.ts";
import {
  type Elf64,
  type ElfSegment,
  isLoaded,
  parseElf64,
  PF_W,
  PF_X,
  PT_TLS,
  refuseElf,
} from "./elf64.ts";

/**
 * Makes an image of a kernel's ELF file. The machine's firmware then maps its segments at their virtual addresses, all of
 * physical memory at an offset, and hands the kernel a `BootInfo` in RDI.
 *
 * @param file the file, which is not to be changed any more
 * @returns the image, for `MachineOptions.image`
 * @throws {RangeError} if it is no static x86-64 executable, or damaged
 * @example
 * ```ts
 * import { bootloaderImage, isaEngine } from "@lockstep/kernel/isa";
 * import { Machine } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * // An ELF file by hand: mov eax, 0x10; out 0xf4, eax at 0x20_0078.
 * const file = new Uint8Array(127);
 * const view = new DataView(file.buffer);
 * file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
 * for (const [at, value] of [[16, 2], [18, 62], [20, 1], [54, 56], [56, 1]]) {
 *   view.setUint16(at!, value!, true);
 * }
 * for (const [at, value] of [[24, 0x20_0078], [32, 64]]) {
 *   view.setUint32(at!, value!, true); // Entry point, program headers.
 * }
 * // PT_LOAD, R and X, at 0x20_0000, all of the file.
 * for (const [at, value] of [[0, 1], [4, 5], [16, 0x20_0000], [32, 127], [40, 127]]) {
 *   view.setUint32(64 + at!, value!, true);
 * }
 * file.set([0xb8, 0x10, 0, 0, 0, 0xe7, 0xf4], 120);
 *
 * const image = bootloaderImage(file);
 * const machine = new Machine({ image, engine: isaEngine });
 * assertEquals(machine.run(), { reason: "exit", value: 0x10, status: 33 });
 * ```
 */
export function bootloaderImage(file: Uint8Array): BootloaderImage {
  const elf = parseElf64(file);
  const loaded = elf.segments.filter(isLoaded);
  for (const segment of loaded) checkPlace(segment);
  const entry = loaded.find(({ virtualAddr, memBytes }) =>
    elf.entry >= virtualAddr && elf.entry < virtualAddr + memBytes
  );
  if (!entry) {
    refuseElf(`its entry point ${formatHex(elf.entry)} lies in no segment`);
  }
  if (!(entry.flags & PF_X)) {
    refuseElf(
      `its entry point ${
        formatHex(elf.entry)
      } lies in a segment that may not be executed`,
    );
  }
  return {
    kind: "bootloader",
    kernelFile: file,
    segments: loaded.map(kernelSegment),
    tlsTemplate: tlsTemplate(elf),
    entryPoint: elf.entry,
  };
}

function checkPlace(
  { virtualAddr, fileOffset, fileBytes, memBytes }: ElfSegment,
): void {
  const where = `its segment at ${formatHex(virtualAddr)}`;
  if (fileBytes > 0 && (virtualAddr & 0xfff) !== (fileOffset & 0xfff)) {
    refuseElf(
      `${where} lies at ${
        formatHex(fileOffset)
      } in the file, which differs modulo 4096`,
    );
  }
  if (fileBytes === 0 && (virtualAddr & 0xfff) !== 0) {
    refuseElf(`${where} has nothing in the file and begins inside a page`);
  }
  if (virtualAddr + memBytes === 0) {
    refuseElf(`${where} ends where addresses end: leave a page free behind it`);
  }
  if (
    virtualAddr < HOST_RANGE_END && virtualAddr + memBytes > HOST_RANGE_START
  ) {
    refuseElf(`${where} lies where the CPU runs TypeScript`);
  }
}

function kernelSegment(segment: ElfSegment): KernelSegment {
  const { virtualAddr, fileOffset, fileBytes, memBytes, flags } = segment;
  return {
    virtualAddr,
    fileOffset,
    fileBytes,
    memBytes,
    writable: (flags & PF_W) !== 0,
    executable: (flags & PF_X) !== 0,
  };
}

function tlsTemplate({ segments }: Elf64): BootloaderImage["tlsTemplate"] {
  const [segment, second] = segments.filter(({ type }) => type === PT_TLS);
  if (second) {
    refuseElf("it has more than one template of thread-local storage (PT_TLS)");
  }
  if (!segment) return null;
  return {
    startAddr: segment.virtualAddr,
    fileSize: segment.fileBytes,
    memSize: segment.memBytes,
  };
}
