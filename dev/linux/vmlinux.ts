/**
 * From a Debian kernel to the vmlinux that is packed in it.
 *
 * Source: Linux, "The Linux/x86 Boot Protocol", `payload_offset`; LZ4, "LZ4 Block Format Description" and the legacy frame of
 * "LZ4 Frame Format Description".
 *
 * @module
 */

import { output, Unavailable } from "./packages.ts";

/** Bytes that an LZ4 block of a legacy frame expands to at most. */
const LZ4_BLOCK_MAX = 8 * 2 ** 20;
const LZ4_LEGACY = 0x184c_2102;
const LZ4_MATCH_MIN = 4;

/** Commands that expand the other formats, by the first two bytes. */
const EXPANDERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "1f8b": ["gzip", "-dc"],
  "fd37": ["xz", "-dc"],
  "28b5": ["zstd", "-dcq"],
  "425a": ["bzip2", "-dc"],
};

/**
 * Unpacks a bzImage.
 *
 * @param file the bzImage
 * @returns the vmlinux, an ELF file
 * @throws {Unavailable} if its format needs a command that is not there
 */
export async function unpackVmlinux(file: Uint8Array): Promise<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  // `setup_sects`: 0 stands for 4.
  const sectors = view.getUint8(0x1f1) || 4;
  const start = (sectors + 1) * 512 + view.getUint32(0x248, true);
  const end = start + view.getUint32(0x24c, true);
  // Behind the packed bytes stands the size of what is in them.
  const size = view.getUint32(end - 4, true);
  const packed = file.subarray(start, end - 4);
  const expanded = await expand(packed, size);
  if (expanded.length === size) return expanded;
  throw new Unavailable(
    `the packed kernel expands to ${expanded.length} bytes, not ${size}`,
  );
}

async function expand(packed: Uint8Array, size: number): Promise<Uint8Array> {
  const view = new DataView(
    packed.buffer,
    packed.byteOffset,
    packed.byteLength,
  );
  if (view.getUint32(0, true) === LZ4_LEGACY) return expandLz4(packed, size);
  const magic = view.getUint16(0).toString(16).padStart(4, "0");
  const command = EXPANDERS[magic];
  if (!command) {
    throw new Unavailable(`its kernel is packed in format ${magic}`);
  }
  const [program, ...args] = command;
  return await output(program, args, packed);
}

/**
 * Expands a legacy frame of LZ4.
 *
 * @param packed the frame
 * @param size bytes that it expands to
 * @returns the bytes
 */
export function expandLz4(packed: Uint8Array, size: number): Uint8Array {
  const view = new DataView(
    packed.buffer,
    packed.byteOffset,
    packed.byteLength,
  );
  const out = new Uint8Array(size);
  let made = 0;
  for (let at = 4; at + 4 <= packed.length;) {
    const bytes = view.getUint32(at, true);
    at += 4;
    const end = Math.min(made + LZ4_BLOCK_MAX, size);
    made = expandBlock(packed.subarray(at, at + bytes), out, made, end);
    at += bytes;
  }
  return out.subarray(0, made);
}

/** One block: literals and matches in turn. */
function expandBlock(
  block: Uint8Array,
  out: Uint8Array,
  start: number,
  end: number,
): number {
  let made = start;
  let at = 0;
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble < 15) return total;
    for (let more = 255; more === 255;) total += more = block[at++] ?? 0;
    return total;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = length(token >> 4);
    if (at + literals > block.length || made + literals > end) {
      throw new Unavailable("its packed kernel is damaged");
    }
    out.set(block.subarray(at, at + literals), made);
    at += literals;
    made += literals;
    if (at >= block.length) break;
    const distance = block[at]! | block[at + 1]! << 8;
    at += 2;
    const match = length(token & 15) + LZ4_MATCH_MIN;
    if (distance === 0 || distance > made || made + match > end) {
      throw new Unavailable("its packed kernel is damaged");
    }
    // A match may overlap what it makes.
    for (let i = 0; i < match; i++) out[made + i] = out[made + i - distance]!;
    made += match;
  }
  return made;
}
