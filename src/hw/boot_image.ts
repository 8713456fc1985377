/**
 * What firmware loads in place of the default kernel, as plain data: part of the configuration, so that a snapshot's
 * `config` is enough to build the machine again. Loaders that make it from files stand in `src/isa/loaders`.
 *
 * A machine keeps the image that it is given and does not copy it: the bytes are not to be changed.
 *
 * @module
 */

import type { VirtAddr } from "./addr.ts";
import type { TlsTemplate } from "./boot_info.ts";
import { type KernelSegment, loadableBytes } from "./firmware_kernel.ts";
import { formatHex } from "./format_hex.ts";

/** A kernel that bootloader 0.9 loads and hands a `BootInfo`. */
export interface BootloaderImage {
  /** Which kind of image this is. */
  readonly kind: "bootloader";
  /** The kernel's file, whole, as the bootloader leaves it in memory. */
  readonly kernelFile: Uint8Array;
  /** What of it is mapped where. */
  readonly segments: readonly KernelSegment[];
  /** Thread-local storage, passed on to the kernel. */
  readonly tlsTemplate: TlsTemplate | null;
  /** Where the kernel begins. */
  readonly entryPoint: VirtAddr;
}

/** Bytes in physical memory. */
export interface ImagePart {
  /** Physical address of the first byte; all of them lie in one stretch of RAM. */
  readonly address: number;
  /** The bytes. */
  readonly bytes: Uint8Array;
}

/** Memory and registers as another boot loader leaves them, all paging structures included. */
export interface DirectImage {
  /** Which kind of image this is. */
  readonly kind: "direct";
  /** The machine for which it was made: what it says about memory is true of that one only. */
  readonly ramBytes: number;
  /** What RAM holds, written in this order; the rest is zero. Reading the GDT then sets accessed bits in page tables. */
  readonly parts: readonly ImagePart[];
  /** Linear address of the first instruction. */
  readonly rip: number;
  /** Stack pointer. */
  readonly rsp: number;
  /** First argument of a C function. */
  readonly rdi: number;
  /** Second argument of a C function. */
  readonly rsi: number;
  /** Physical address of the level 4 table. */
  readonly cr3: number;
  /** GDTR: linear address and limit of a table among the parts. */
  readonly gdtr: {
    /** Linear address of the first descriptor. */
    readonly base: number;
    /** Bytes less one. */
    readonly limit: number;
  };
  /** Selector of CS. */
  readonly cs: number;
  /** Selector of DS, ES and SS. */
  readonly ds: number;
}

/** An image. */
export type BootImage = BootloaderImage | DirectImage;

/**
 * Checks that an image fits a machine.
 *
 * @param image the image
 * @param ramBytes the machine's memory
 * @throws {RangeError} if the kernel's file does not fit into RAM, or the image was made for another amount
 */
export function checkImage(image: BootImage, ramBytes: number): void {
  if (image.kind === "bootloader") {
    const { length } = image.kernelFile;
    const room = loadableBytes(ramBytes);
    if (length > room) {
      throw new RangeError(
        `Cannot load a kernel's file of ${length} bytes: ${room} bytes of RAM are there for it`,
      );
    }
    return;
  }
  if (image.ramBytes !== ramBytes) {
    throw new RangeError(
      `Cannot boot an image made for ${formatHex(image.ramBytes)} bytes of ` +
        `RAM: this machine has ${formatHex(ramBytes)}`,
    );
  }
}

/**
 * Compares images.
 *
 * @param a one, or `null` for the default kernel
 * @param b the other
 * @returns whether a machine comes up the same with either
 */
export function sameImage(a: BootImage | null, b: BootImage | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const [textA, textB] = [a, b].map((image) =>
    JSON.stringify(image, (_, value) => isBytes(value) ? null : value)
  );
  const others = bytesOf(b);
  return textA === textB &&
    bytesOf(a).every((bytes, i) => sameBytes(bytes, others[i]!));
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

function bytesOf(image: BootImage): readonly Uint8Array[] {
  return image.kind === "bootloader"
    ? [image.kernelFile]
    : image.parts.map(({ bytes }) => bytes);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b ||
    (a.length === b.length && a.every((byte, i) => byte === b[i]));
}
