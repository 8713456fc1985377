/**
 * An initial RAM disk with one program, `/init`, and the console that it writes to.
 *
 * Source: Linux, "initramfs buffer format": cpio archives of the form "newc".
 *
 * @module
 */

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly bytes?: Uint8Array;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
}

const DIRECTORY = 0o40755;
const PROGRAM = 0o100755;
const CHARACTER_DEVICE = 0o20600;
const TRAILER = "TRAILER!!!";

/**
 * Packs a program.
 *
 * @param init the program, a static ELF file
 * @returns the archive
 */
export function initrdOf(init: Uint8Array): Uint8Array {
  const entries: Entry[] = [
    { name: "dev", mode: DIRECTORY },
    { name: "dev/console", mode: CHARACTER_DEVICE, device: [5, 1] },
    { name: "init", mode: PROGRAM, bytes: init },
    { name: TRAILER, mode: 0 },
  ];
  const parts = entries.flatMap((entry, i) => archived(entry, i));
  const archive = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

/** Header and name, then content, each filled up to a multiple of 4. */
function archived(entry: Entry, index: number): Uint8Array[] {
  const { name, mode, bytes = new Uint8Array(0), device = [0, 0] } = entry;
  const fields = [
    index + 1, // Inode.
    mode,
    0, // Owner.
    0, // Group.
    1, // Links.
    0, // Time.
    bytes.length,
    0, // Device that holds the file.
    0,
    ...device,
    name.length + 1,
    0, // Check sum, not in this form.
  ].map((field) => field.toString(16).padStart(8, "0"));
  const header = new TextEncoder().encode(`070701${fields.join("")}${name}\0`);
  return [padded(header), padded(bytes)];
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}
