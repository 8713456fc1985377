/**
 * What may be chosen about a machine: plain data, saved with every snapshot.
 *
 * @module
 */

import type { E820Entry } from "./e820.ts";
import { checkRamBytes } from "./e820.ts";

/** The hardware, as its buyer orders it. */
export interface MachineConfig {
  /** Bytes of RAM: 16 MiB to 4 GiB, a multiple of 4,096. Default 128 MiB. */
  readonly ramBytes?: number;
  /** Bytes of the kernel's read-only image, a multiple of 4,096 up to 2 MiB. Default 1 MiB. */
  readonly kernelImageBytes?: number;
  /** The BIOS memory map, in place of the usual one of a PC with this much RAM. */
  readonly e820?: readonly E820Entry[];
  /** What the CMOS clock shows at power-on: `"YYYY-MM-DDThh:mm:ss"`, or seconds since 2000. Default 2000-01-01. */
  readonly rtc?: string | number;
  /** Whether a serial character takes its time on the wire. Default: transmission is instant, as in QEMU. */
  readonly timedTransmission?: boolean;
  /** Whether a PS/2 mouse is plugged in. Default: no. */
  readonly mouse?: boolean;
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
}

/** Default size of RAM, QEMU's. */
export const RAM_BYTES_DEFAULT: number = 128 * 2 ** 20;
/** Default size of the kernel's image. */
export const KERNEL_IMAGE_BYTES_DEFAULT: number = 2 ** 20;

/**
 * Fills in the defaults.
 *
 * @param config what was chosen
 * @returns a complete configuration, as fresh plain data
 * @throws {RangeError} if a size is out of range
 */
export function fullConfig(config: MachineConfig): FullMachineConfig {
  return {
    ramBytes: checkRamBytes(config.ramBytes ?? RAM_BYTES_DEFAULT),
    kernelImageBytes: config.kernelImageBytes ?? KERNEL_IMAGE_BYTES_DEFAULT,
    e820:
      config.e820?.map(([start, bytes, type]) =>
        [start, bytes, type] as const
      ) ?? null,
    rtc: config.rtc ?? 0,
    timedTransmission: config.timedTransmission ?? false,
    mouse: config.mouse ?? false,
  };
}
