/**
 * The three-byte opcode maps: what follows 0F 38 and 0F 3A. All of it is not modelled; the rows give the lengths.
 *
 * Source: SDM 2D, "Three-byte Opcode Map: First Two Bytes 0F 38H", "0F 3AH".
 *
 * @module
 */

import { place } from "./opcode_map_one_byte.ts";
import { always, byPrefix, type Entry, row } from "./opcode_row.ts";
import { MOVBE, OTHERS, SSE, unmodelled } from "./unmodelled.ts";

const sse = row("SSE E", always(unmodelled), SSE);
const sseImmediate = row("SSE E,Ib", always(unmodelled), SSE);
const runOf = (entry: Entry, count: number): Entry[] =>
  new Array<Entry>(count).fill(entry);

/** What follows 0F 38. */
export const THREE_BYTE_MAP_38: readonly Entry[] = place([
  [0x00, runOf(sse, 12)],
  [0x10, [sse, null, null, null, sse, sse, null, sse]],
  [0x1c, runOf(sse, 3)],
  [0x20, runOf(sse, 6)],
  [0x28, runOf(sse, 4)],
  [0x30, runOf(sse, 6)],
  [0x37, runOf(sse, 11)],
  [0x80, runOf(row("INVEPT Gv,M", always(unmodelled), OTHERS), 3)],
  [0xc8, runOf(sse, 6)],
  [0xcf, [sse]],
  [0xd8, [
    byPrefix(null, { f3: row("KEYLOCKER M", always(unmodelled), OTHERS) }),
  ]],
  [0xdb, runOf(sse, 5)],
  [0xf0, runOf(row("MOVBE Gv,Ev", always(unmodelled), MOVBE), 2)],
  [0xf5, runOf(row("ADCX Gv,Ev", always(unmodelled), MOVBE), 2)],
  [0xf8, runOf(row("MOVDIR M", always(unmodelled), OTHERS), 2)],
  [
    0xfa,
    runOf(
      byPrefix(null, { f3: row("ENCODEKEY R", always(unmodelled), OTHERS) }),
      2,
    ),
  ],
  [0xfc, [row("AADD M", always(unmodelled), OTHERS)]],
]);

/** What follows 0F 3A. */
export const THREE_BYTE_MAP_3A: readonly Entry[] = place([
  [0x08, runOf(sseImmediate, 8)],
  [0x14, runOf(sseImmediate, 4)],
  [0x20, runOf(sseImmediate, 3)],
  [0x40, runOf(sseImmediate, 3)],
  [0x44, [sseImmediate]],
  [0x60, runOf(sseImmediate, 4)],
  [0xcc, [sseImmediate]],
  [0xce, runOf(sseImmediate, 2)],
  [0xdf, [sseImmediate]],
]);
