/**
 * What may be chosen about a machine: plain data, saved with every snapshot.
 *
 * @module
 */

import { type BootImage, checkImage, sameImage } from "./boot_image.ts";
import type { E820Entry } from "./e820.ts";
import { checkRamBytes } from "./e820.ts";

/** The hardware, as its buyer orders it. */
export interface MachineConfig {
  /** Bytes of RAM: 16 MiB to 4 GiB, a multiple of 4,096. Default 128 MiB. */
  readonly ramBytes?: number;
  /** Bytes of the kernel's read-only image, a multiple of 4,096 up to 2 MiB. Default 1 MiB. */
  readonly kernelImageBytes?: number;
  /** The BIOS memory map, in place of the usual one of a PC with this much RAM. */
  readonly e820?: readonly E820Entry[] | null;
  /** What the CMOS clock shows at power-on: `"YYYY-MM-DDThh:mm:ss"`, or seconds since 2000. Default 2000-01-01. */
  readonly rtc?: string | number;
  /** Whether a serial character takes its time on the wire. Default: transmission is instant, as in QEMU. */
  readonly timedTransmission?: boolean;
  /** Whether a PS/2 mouse is plugged in. Default: no. */
  readonly mouse?: boolean;
  /** A kernel in machine code, which firmware loads and the CPU begins with. Default: none. */
  readonly image?: BootImage | null;
}

/** A configuration with nothing left open. */
export interface FullMachineConfig {
  /** Bytes of RAM. */
  readonly ramBytes: number;
  /** Bytes of the kernel's read-only image. */
  readonly kernelImageBytes: number;
  /** The BIOS memory map, or `null` for the usual one. */
  readonly e820: readonly E820Entry[] | null;
  /** What the CMOS clock shows at power-on. */
  readonly rtc: string | number;
  /** Whether a serial character takes its time. */
  readonly timedTransmission: boolean;
  /** Whether a PS/2 mouse is plugged in. */
  readonly mouse: boolean;
  /** A kernel in machine code, or `null`. */
  readonly image: BootImage | null;
}

/** Default size of RAM, QEMU's. */
export const RAM_BYTES_DEFAULT: number = 128 * 2 ** 20;
/** Default size of the kernel's image. */
export const KERNEL_IMAGE_BYTES_DEFAULT: number = 2 ** 20;

/**
 * Fills in the defaults.
 *
 * @param config what was chosen
 * @returns a complete configuration, as fresh plain data but for the image, which is kept
 * @throws {RangeError} if a size is out of range, or the image does not fit it
 */
export function fullConfig(config: MachineConfig): FullMachineConfig {
  const ramBytes = checkRamBytes(config.ramBytes ?? RAM_BYTES_DEFAULT);
  const image = config.image ?? null;
  if (image) checkImage(image, ramBytes);
  return {
    ramBytes,
    kernelImageBytes: config.kernelImageBytes ?? KERNEL_IMAGE_BYTES_DEFAULT,
    e820:
      config.e820?.map(([start, bytes, type]) =>
        [start, bytes, type] as const
      ) ?? null,
    rtc: config.rtc ?? 0,
    timedTransmission: config.timedTransmission ?? false,
    mouse: config.mouse ?? false,
    image,
  };
}

/**
 * Compares hardware.
 *
 * @param a one configuration
 * @param b another one
 * @returns whether machines built from them are the same
 */
export function sameConfig(
  a: FullMachineConfig,
  b: FullMachineConfig,
): boolean {
  const text = (config: FullMachineConfig) =>
    JSON.stringify({ ...config, image: null });
  return text(a) === text(b) && sameImage(a.image, b.image);
}
