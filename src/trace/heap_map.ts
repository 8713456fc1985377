/**
 * A picture of a heap over time: each row is a moment, each column a piece of the memory, the darker the fuller. Beside it run
 * two curves: how much of the heap is in use, and how fragmented the rest is.
 *
 * Fragmentation is the part of the free bytes outside the biggest free region: 0 % means that all that is free could be had as
 * one block, and near 100 % that the rest is dust.
 *
 * *Not modelled*: what lies in a block. Bytes that a heap lost (a gap that its list forgot) look as if they were in use.
 *
 * @module
 */

import type { FreeRegion, Heap } from "../kernel/allocator/heap.ts";

/** Rows of a picture at most; more samples are thinned out evenly. */
export const HEAP_MAP_ROWS_MAX = 400;
/** Columns of a picture at most. */
export const HEAP_MAP_COLUMNS_MAX = 512;

/** A heap at a moment. */
export interface HeapSample {
  /** When: clk, or the number of an operation. */
  readonly at: number;
  /** Bytes under management. */
  readonly size: number;
  /** The free regions. */
  readonly free: readonly FreeRegion[];
}

/** How a picture looks. */
export interface HeapMapOptions {
  /** Above the picture; nothing by default. */
  readonly title?: string;
  /** What `at` counts; "clk" by default. */
  readonly unit?: string;
  /** Pieces that the memory is cut into; 128 by default. */
  readonly columns?: number;
}

/**
 * Takes a sample.
 *
 * @param heap whose free regions are read
 * @param at when: clk, or the number of an operation
 * @returns plain data, independent of what the heap does next
 */
export function sampleHeap(
  heap: Pick<Heap, "size" | "freeRegions">,
  at: number,
): HeapSample {
  return { at, size: heap.size, free: heap.freeRegions() };
}

/**
 * Tells how fragmented the free memory is.
 *
 * @param sample a heap at a moment
 * @returns the part of the free bytes outside the biggest region, 0 … 1; 0 if nothing is free
 */
export function fragmentation(sample: HeapSample): number {
  const free = freeBytes(sample);
  const biggest = merged(sample).reduce((max, r) => Math.max(max, r.size), 0);
  return free === 0 ? 0 : 1 - biggest / free;
}

/**
 * Draws samples as an SVG picture.
 *
 * @param samples in the order of time, one or more
 * @param options title, unit, columns
 * @returns the text of an SVG file, the same for the same samples
 * @throws {RangeError} if there is no sample, or no such number of columns
 * @example
 * ```ts
 * import { heapMap, sampleHeap } from "@lockstep/kernel/trace";
 * import { FirstFitHeap, FlatMemory } from "@lockstep/kernel/heap/first-fit";
 * import { assert } from "@std/assert";
 *
 * const heap = new FirstFitHeap(new FlatMemory(new ArrayBuffer(4096)));
 * const blocks = Array.from({ length: 32 }, () => heap.alloc(128, 8)!);
 * const samples = blocks.map((block, i) => {
 *   if (i % 2 === 0) heap.dealloc(block, 128, 8);
 *   return sampleHeap(heap, i);
 * });
 * assert(heapMap(samples, { title: "Every second block" }).startsWith("<svg"));
 * ```
 */
export function heapMap(
  samples: readonly HeapSample[],
  options: HeapMapOptions = {},
): string {
  const { title = "", unit = "clk", columns = 128 } = options;
  if (samples.length === 0) {
    throw new RangeError(
      "Cannot draw a heap map of no samples: give one or more",
    );
  }
  if (
    !Number.isSafeInteger(columns) || columns < 1 ||
    columns > HEAP_MAP_COLUMNS_MAX
  ) {
    throw new RangeError(
      `Cannot draw a heap map of ${columns} columns: ` +
        `give 1 to ${HEAP_MAP_COLUMNS_MAX}`,
    );
  }
  const rows = thinned(samples);
  const size = rows.reduce((max, sample) => Math.max(max, sample.size), 1);
  const rowHeight = Math.max(1, Math.floor(MAP_HEIGHT / rows.length));
  const height = rowHeight * rows.length;
  return svg(height, [
    ...(title === "" ? [] : [text(LEFT, 18, title, "title")]),
    ...pieces(rows.map((sample) => fills(sample, size, columns)), rowHeight),
    ...axes(rows, size, height, unit),
    ...curves(rows, rowHeight),
  ]);
}

/** Layout of the picture, pixels. */
const LEFT = 96;
const TOP = 44;
const MAP_WIDTH = 512;
const MAP_HEIGHT = 400;
const CURVES_LEFT = LEFT + MAP_WIDTH + 24;
const CURVES_WIDTH = 120;
const WIDTH = CURVES_LEFT + CURVES_WIDTH + 24;
const BOTTOM = 40;

/** Shades of a piece, from free to full: equal steps of lightness. */
const SHADES = ["#eef3f7", "#c6d6e3", "#94b3cc", "#5d89ae", "#2f5f8a"];

function thinned(samples: readonly HeapSample[]): readonly HeapSample[] {
  const { length } = samples;
  if (length <= HEAP_MAP_ROWS_MAX) return samples;
  return Array.from(
    { length: HEAP_MAP_ROWS_MAX },
    (_, i) => samples[Math.floor(i * (length - 1) / (HEAP_MAP_ROWS_MAX - 1))]!,
  );
}

/** Free regions by address, touching ones joined: whether a heap joins them is not what is drawn. */
function merged(sample: HeapSample): FreeRegion[] {
  const regions: { offset: number; size: number }[] = [];
  for (const region of [...sample.free].sort((a, b) => a.offset - b.offset)) {
    const last = regions.at(-1);
    if (last !== undefined && last.offset + last.size === region.offset) {
      last.size += region.size;
    } else regions.push({ ...region });
  }
  return regions;
}

function freeBytes(sample: HeapSample): number {
  return sample.free.reduce((sum, region) => sum + region.size, 0);
}

/** How full each piece of the memory is, 0 … 1; behind the heap's end it is free. */
function fills(sample: HeapSample, size: number, columns: number): number[] {
  const free = new Array<number>(columns).fill(0);
  const piece = size / columns;
  const behind = { offset: sample.size, size: size - sample.size };
  for (const { offset, size: bytes } of [...merged(sample), behind]) {
    const end = offset + bytes;
    const last = Math.min(columns - 1, Math.floor(end / piece));
    for (let i = Math.floor(offset / piece); i <= last; i++) {
      const from = Math.max(offset, i * piece);
      free[i]! += Math.max(0, Math.min(end, (i + 1) * piece) - from);
    }
  }
  return free.map((bytes) => Math.min(1, Math.max(0, 1 - bytes / piece)));
}

/** The pieces of all rows: a rectangle for what is free, and a path for each other shade, of a run of pieces each. */
function pieces(
  rows: readonly (readonly number[])[],
  rowHeight: number,
): string[] {
  const paths: string[] = SHADES.map(() => "");
  for (const [i, fill] of rows.entries()) {
    const shades = fill.map(shadeOf);
    const width = MAP_WIDTH / fill.length;
    const y = TOP + i * rowHeight;
    for (let from = 0; from < shades.length;) {
      let to = from + 1;
      while (to < shades.length && shades[to] === shades[from]) to += 1;
      const x = LEFT + from * width;
      paths[shades[from]!] += `M${x} ${y}h${
        (to - from) * width
      }v${rowHeight}H${x}z`;
      from = to;
    }
  }
  const height = rowHeight * rows.length;
  return [
    `<rect x="${LEFT}" y="${TOP}" width="${MAP_WIDTH}" height="${height}" fill="${
      SHADES[0]
    }"/>`,
    ...SHADES.slice(1).map((shade, i) =>
      `<path fill="${shade}" d="${paths[i + 1]}"/>`
    ),
  ];
}

/** The shade of a piece. One that is not quite free, or not quite full, must not look it. */
function shadeOf(part: number): number {
  if (part === 0) return 0;
  if (part === 1) return SHADES.length - 1;
  return 1 + Math.min(2, Math.floor(part * 3));
}

function axes(
  rows: readonly HeapSample[],
  size: number,
  height: number,
  unit: string,
): string[] {
  const y = TOP + height;
  return [
    text(LEFT - 8, TOP + 10, `${rows[0]!.at} ${unit}`, "end"),
    text(LEFT - 8, y, `${rows.at(-1)!.at} ${unit}`, "end"),
    text(LEFT, y + 18, "0x0"),
    text(LEFT + MAP_WIDTH, y + 18, `0x${size.toString(16)}`, "end"),
    text(CURVES_LEFT, y + 18, "0 %"),
    text(CURVES_LEFT + CURVES_WIDTH, y + 18, "100 %", "end"),
    text(CURVES_LEFT, TOP - 8, "in use", "use"),
    text(CURVES_LEFT + CURVES_WIDTH, TOP - 8, "fragmented", "end frag"),
    `<rect class="frame" x="${LEFT}" y="${TOP}" width="${MAP_WIDTH}" height="${height}"/>`,
    `<rect class="frame" x="${CURVES_LEFT}" y="${TOP}" width="${CURVES_WIDTH}" height="${height}"/>`,
  ];
}

function curves(rows: readonly HeapSample[], rowHeight: number): string[] {
  const curve = (name: string, part: (s: HeapSample) => number): string => {
    const points = rows.map((sample, i) => {
      const x = CURVES_LEFT + part(sample) * CURVES_WIDTH;
      const y = TOP + (i + 0.5) * rowHeight;
      return `${x.toFixed(1)},${y}`;
    });
    return `<polyline class="${name}" points="${points.join(" ")}"/>`;
  };
  return [
    curve("use", (s) => s.size === 0 ? 0 : 1 - freeBytes(s) / s.size),
    curve("frag", fragmentation),
  ];
}

function text(x: number, y: number, content: string, name = ""): string {
  const escaped = content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  return `<text x="${x}" y="${y}" class="${name}">${escaped}</text>`;
}

const STYLE = "text{font:12px sans-serif;fill:#333}" +
  ".title{font-size:15px}.end{text-anchor:end}" +
  ".frame{fill:none;stroke:#888}" +
  "polyline{fill:none;stroke-width:1.5}polyline.use{stroke:#2f5f8a}" +
  "polyline.frag{stroke:#c1440e}text.use{fill:#2f5f8a}text.frag{fill:#c1440e}";

function svg(height: number, parts: readonly string[]): string {
  const total = TOP + height + BOTTOM;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${total}" ` +
    `width="${WIDTH}" height="${total}">\n<style>${STYLE}</style>\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n${
      parts.join("\n")
    }\n</svg>\n`;
}
