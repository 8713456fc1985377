/**
 * From files to a kernel in machine code.
 *
 * @module
 */

import type { BootImage } from "../hw/boot_image.ts";
import { bootloaderImage } from "../isa/loaders/bootloader.ts";
import { linuxImage } from "../isa/loaders/linux_boot.ts";
import type { Host } from "./host.ts";
import { whyUnreadable } from "./load_default.ts";
import { wholePath } from "./paths.ts";
import type { RunChoices } from "./run_options.ts";
import { oneLine, UsageError } from "./usage_error.ts";

/** What the loaders' messages begin with, before a file has a name. */
const UNNAMED = /^(RangeError: )?Cannot (load|boot) the (ELF file|kernel): /;

/**
 * Loads the kernel in machine code that was asked for.
 *
 * @param choices names the files
 * @param host reads them
 * @returns the image, or `null` if none was asked for
 * @throws {UsageError} if a file cannot be read, or is none that can be booted
 */
export function loadImage(
  { elf, bzimage, append, initrd, ramBytes }: RunChoices,
  host: Host,
): BootImage | null {
  const file = elf ?? bzimage;
  if (file === null) return null;
  const bytes = read(file, host);
  const disk = initrd === null ? null : read(initrd, host);
  try {
    if (elf !== null) return bootloaderImage(bytes);
    return linuxImage(bytes, {
      ramBytes,
      commandLine: append ?? "",
      ...(disk ? { initrd: disk } : {}),
    });
  } catch (error) {
    const why = oneLine(error).replace(UNNAMED, "");
    throw new UsageError(`Cannot boot ${file}: ${why}`);
  }
}

function read(file: string, host: Host): Uint8Array {
  try {
    return host.readFile(wholePath(file, host));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${file}: ${whyUnreadable(error)}`);
  }
}
