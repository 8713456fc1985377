/**
 * The 64-bit boot protocol of Linux: kernels with a 64-bit entry point (bzImage files of Linux, memtest86+ and others), and
 * plain vmlinux files.
 *
 * What the loader leaves in memory, beside the kernel:
 *
 * | physical | content |
 * |---|---|
 * | 0x1000–0x6fff | page tables: the first 4 GiB mapped to themselves |
 * | 0x7000 | GDT: code at selector 0x10, data at 0x18 |
 * | 0x8000 | zero page, whose address is in RSI |
 * | 0x9000 | command line |
 * | below 0x10000 | stack |
 * | end of memory | initial RAM disk |
 *
 * A bzImage's protected-mode part lies at 1 MiB and is entered 0x200 bytes behind that; a vmlinux lies at its physical
 * addresses and is entered at its entry point. Interrupts are off.
 *
 * Source: Linux, "The Linux/x86 Boot Protocol", "64-bit BOOT PROTOCOL".
 *
 * *Not modelled*: 16-bit and 32-bit entry points, EFI, loading above 4 GiB, `setup_data`.
 *
 * @module
 */

import { encodeUtf8 } from "../../base/utf8.ts";
import type { DirectImage, ImagePart } from "../../hw/boot_image.ts";
import { E820_USABLE, type E820Entry, e820Map } from "../../hw/e820.ts";
import { formatHex } from "../../hw/format_hex.ts";
import { RAM_BYTES_DEFAULT } from "../../hw/hardware_config.ts";
import { PTE_P, PTE_PS, PTE_RW } from "../../hw/page_table.ts";
import { BOOT_PARAMS_BYTES, bootParams } from "./boot_params.ts";
import { ENTRY_64, parseBzImage } from "./bzimage.ts";
import { isElf, isLoaded, parseElf64, refuseElf } from "./elf64.ts";

/** Physical address of the level 4 table. */
const TABLES = 0x1000;
const GDT = 0x7000;
const ZERO_PAGE = 0x8000;
const COMMAND_LINE = ZERO_PAGE + BOOT_PARAMS_BYTES;
const COMMAND_LINE_ROOM = 4096;
const STACK_END = 0x1_0000;
/** Where a bzImage's protected-mode part is loaded. */
const LOAD_ADDRESS = 0x10_0000;

const PAGE = 4096;
const GIBS = 4;
const SIZE_2_MIB = 2 ** 21;
const BOOT_CS = 0x10;
const BOOT_DS = 0x18;
/** Two null descriptors, 64-bit code, data: words low and high, accessed. */
const GDT_WORDS: readonly number[] = [
  0,
  0,
  0,
  0,
  0xffff,
  0x00af_9b00,
  0xffff,
  0x00cf_9300,
];

/** What a plain vmlinux allows, which has no header that says so. */
const VMLINUX_INITRD_MAX = 0x7fff_ffff;
const VMLINUX_COMMAND_LINE_MAX = 2047;

/** What a kernel is booted with. */
export interface LinuxBootOptions {
  /** Bytes of RAM of the machine. Default 128 MiB. */
  readonly ramBytes?: number;
  /** The machine's memory map, if it has one of its own. */
  readonly e820?: readonly E820Entry[];
  /** The command line. Default: empty. */
  readonly commandLine?: string;
  /** The initial RAM disk. */
  readonly initrd?: Uint8Array;
}

/** A kernel, wherever it comes from. */
interface LinuxKernel {
  /** What is loaded where. */
  readonly parts: readonly ImagePart[];
  /** Where it is entered. */
  readonly entry: number;
  /** Memory that it takes: first byte. */
  readonly start: number;
  /** Memory that it takes: byte behind it. */
  readonly end: number;
  /** Its setup header, if it has one. */
  readonly header: Uint8Array | null;
  /** Last address for an initial RAM disk. */
  readonly initrdAddressMax: number;
  /** Bytes of its command line at most. */
  readonly commandLineMax: number;
}

/**
 * Makes an image of a Linux kernel, or of one that boots as Linux does.
 *
 * @param file a bzImage with a 64-bit entry point, or a vmlinux; not to be changed any more
 * @param options what it is booted with
 * @returns the image, for `MachineOptions.image` of a machine with as much RAM
 * @throws {RangeError} if the file is neither or damaged, or if kernel, command line or RAM disk do not fit
 * @example
 * ```ts
 * import { linuxImage } from "@lockstep/kernel/isa";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => linuxImage(new Uint8Array(4096)),
 *   RangeError,
 *   "Cannot boot the kernel: it is neither a bzImage nor an ELF file",
 * );
 * ```
 */
export function linuxImage(
  file: Uint8Array,
  options: LinuxBootOptions = {},
): DirectImage {
  const ramBytes = options.ramBytes ?? RAM_BYTES_DEFAULT;
  const e820 = options.e820 ?? e820Map(ramBytes);
  const kernel = isElf(file) ? vmlinux(file) : bzImage(file);
  const room = roomFor(kernel, e820);
  const commandLine = commandLineBytes(options.commandLine ?? "", kernel);
  const initrd = placeInitrd(options.initrd, kernel, room);
  const page = bootParams({
    header: kernel.header,
    e820,
    commandLineAddress: COMMAND_LINE,
    initrdAddress: initrd?.address ?? 0,
    initrdBytes: initrd?.bytes.length ?? 0,
  });
  return {
    kind: "direct",
    ramBytes,
    parts: [
      { address: TABLES, bytes: identityTables() },
      { address: GDT, bytes: words(GDT_WORDS) },
      { address: ZERO_PAGE, bytes: page },
      { address: COMMAND_LINE, bytes: commandLine },
      ...kernel.parts,
      ...(initrd ? [initrd] : []),
    ],
    rip: kernel.entry,
    rsp: STACK_END,
    rdi: 0,
    rsi: ZERO_PAGE,
    cr3: TABLES,
    gdtr: { base: GDT, limit: 4 * GDT_WORDS.length - 1 },
    cs: BOOT_CS,
    ds: BOOT_DS,
  };
}

function bzImage(file: Uint8Array): LinuxKernel {
  const image = parseBzImage(file);
  const { kernel, initSize, preferredAddress } = image;
  const runsAt = Math.max(LOAD_ADDRESS, preferredAddress);
  return {
    parts: [{ address: LOAD_ADDRESS, bytes: kernel }],
    entry: LOAD_ADDRESS + ENTRY_64,
    start: LOAD_ADDRESS,
    end: Math.max(LOAD_ADDRESS + kernel.length, runsAt + initSize),
    header: image.header,
    initrdAddressMax: image.initrdAddressMax,
    commandLineMax: image.commandLineMax,
  };
}

function vmlinux(file: Uint8Array): LinuxKernel {
  const elf = parseElf64(file);
  const places = elf.segments.filter(isLoaded).map((segment) => {
    const { physicalAddr: address, fileOffset, fileBytes, memBytes } = segment;
    if (address === null) {
      refuseElf("a segment has no physical address, so it is no vmlinux");
    }
    const bytes = file.subarray(fileOffset, fileOffset + fileBytes);
    return { address, bytes, end: address + memBytes };
  }).sort((a, b) => a.address - b.address);
  places.forEach(({ address }, i) => {
    const before = places[i - 1];
    if (before && before.end > address) {
      refuseElf(`two segments overlap at ${formatHex(address)}`);
    }
  });
  const { entry } = elf;
  if (!places.some(({ address, end }) => entry >= address && entry < end)) {
    refuseElf(
      `its entry point ${formatHex(entry)} is no physical address of a ` +
        "segment, so it is no vmlinux",
    );
  }
  return {
    parts: places.map(({ address, bytes }) => ({ address, bytes })),
    entry,
    start: places[0]!.address,
    end: places.at(-1)!.end,
    header: null,
    initrdAddressMax: VMLINUX_INITRD_MAX,
    commandLineMax: VMLINUX_COMMAND_LINE_MAX,
  };
}

/** The end of the usable memory in which the kernel lies. */
function roomFor(kernel: LinuxKernel, e820: readonly E820Entry[]): number {
  const { start, end } = kernel;
  const row = e820.find(([first, bytes, type]) =>
    type === E820_USABLE && first <= start && end <= first + bytes
  );
  if (row && start >= LOAD_ADDRESS) return row[0] + row[1];
  return refuse(
    `it takes memory from ${formatHex(start)} to ${formatHex(end)}, which is ` +
      "not all usable; RAM begins at 0x10_0000",
  );
}

function commandLineBytes(text: string, kernel: LinuxKernel): Uint8Array {
  const bytes = encodeUtf8(text);
  const most = Math.min(kernel.commandLineMax, COMMAND_LINE_ROOM - 1);
  if (bytes.includes(0)) refuse("its command line holds a zero byte");
  if (bytes.length > most) {
    refuse(`its command line has ${bytes.length} bytes, ${most} at most`);
  }
  return new Uint8Array([...bytes, 0]);
}

/** As high as it may lie. */
function placeInitrd(
  initrd: Uint8Array | undefined,
  kernel: LinuxKernel,
  room: number,
): ImagePart | null {
  if (!initrd || initrd.length === 0) return null;
  const end = Math.min(kernel.initrdAddressMax + 1, room);
  const address = Math.floor((end - initrd.length) / PAGE) * PAGE;
  if (address < kernel.end) {
    const most = Math.max(0, Math.floor(end / PAGE) * PAGE - kernel.end);
    refuse(
      `its initial RAM disk of ${initrd.length} bytes does not fit behind it, ` +
        `where ${most} are free`,
    );
  }
  return { address, bytes: initrd };
}

/** The first 4 GiB in pages of 2 MiB. */
function identityTables(): Uint8Array {
  const level3 = TABLES + PAGE;
  const level2 = level3 + PAGE;
  const flags = PTE_P | PTE_RW;
  const tables = new Uint32Array((2 + GIBS) * PAGE / 4);
  const put = (address: number, value: number) => {
    tables[(address - TABLES) / 4] = value;
  };
  put(TABLES, level3 | flags);
  for (let i = 0; i < GIBS; i++) put(level3 + 8 * i, level2 + PAGE * i | flags);
  for (let i = 0; i < GIBS * 512; i++) {
    put(level2 + 8 * i, (i * SIZE_2_MIB | flags | PTE_PS) >>> 0);
  }
  return new Uint8Array(tables.buffer);
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

function refuse(why: string): never {
  throw new RangeError(`Cannot boot the kernel: ${why}`);
}
