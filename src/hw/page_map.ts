/**
 * A persistent map of 4 KiB pages: the memory of a snapshot. Two maps share every page, and every group of pages, in
 * which they don't differ, so a tree of forks costs what the forks changed.
 *
 * @module
 */

/** Bytes of a page. */
export const PAGE_BYTES = 4096;

/** 32-bit words of a page. */
export const PAGE_WORDS: number = PAGE_BYTES / 4;

/** Pages that share one node of the map. */
const GROUP = 256;

/** A page's contents. They never change once made; their hash is found when it is first asked for. */
export interface PageRecord {
  /** 1,024 words, little-endian. */
  readonly words: Int32Array;
  /** Whether the hash is known. */
  hashed: boolean;
  /** Low word of the page's hash, if known. */
  low: number;
  /** High word of the page's hash, if known. */
  high: number;
}

/** Pages that are copied into one buffer: the host makes few big ones faster than many small ones. */
const COPIES = 16;

/** Room for copies of pages that are saved together. A buffer lives as long as any page in it. */
export class PageCopies {
  #room: Int32Array = new Int32Array(0);
  #used = 0;
  #left: number;

  /**
   * Takes no memory yet.
   *
   * @param pages copies that will be made at most
   */
  constructor(pages: number) {
    this.#left = pages;
  }

  /**
   * Copies a page.
   *
   * @param words memory
   * @param start index of the page's first word
   * @returns its 1,024 words
   */
  copy(words: Int32Array, start: number): Int32Array {
    if (this.#used === this.#room.length) {
      const pages = Math.max(1, Math.min(this.#left, COPIES));
      this.#room = new Int32Array(pages * PAGE_WORDS);
      this.#used = 0;
      this.#left -= pages;
    }
    const from = this.#used;
    this.#used += PAGE_WORDS;
    this.#room.set(words.subarray(start, start + PAGE_WORDS), from);
    return this.#room.subarray(from, this.#used);
  }
}

/** 256 pages; `null` is a page of zeros. */
export type Group = readonly (PageRecord | null)[];

/** A map from page number to contents. Never changed once made; an absent group is all zeros. */
export interface PageMap {
  /** Groups of 256 pages, in order. */
  readonly groups: readonly (Group | null)[];
}

/** Not frozen, and made like its copies: the host compares arrays of one kind fastest. */
const ZEROS: Group = Array.from({ length: GROUP }, () => null);

/**
 * Makes a map of zeros.
 *
 * @param pages number of pages
 * @returns the map
 */
export function emptyPageMap(pages: number): PageMap {
  return { groups: new Array<null>(Math.ceil(pages / GROUP)).fill(null) };
}

/**
 * Makes the map that has other contents in some pages.
 *
 * @param map the map to start from
 * @param pages page numbers
 * @param contents gives each page's contents, `null` for zeros
 * @returns a map that shares all else with `map`
 */
export function withPages(
  map: PageMap,
  pages: readonly number[],
  contents: (page: number) => PageRecord | null,
): PageMap {
  const groups = map.groups.slice();
  const fresh = new Map<number, (PageRecord | null)[]>();
  for (const page of pages) {
    const g = Math.floor(page / GROUP);
    let group = fresh.get(g);
    if (!group) {
      group = (groups[g] ?? ZEROS).slice();
      fresh.set(g, group);
      groups[g] = group;
    }
    group[page % GROUP] = contents(page);
  }
  return { groups };
}

/**
 * Lists the pages in which two maps of equal size may differ.
 *
 * @param a one map
 * @param b the other
 * @param visit called with the page's number and its contents in `b`
 */
export function forEachDifference(
  a: PageMap,
  b: PageMap,
  visit: (page: number, contents: PageRecord | null) => void,
): void {
  for (let g = 0; g < b.groups.length; g++) {
    if (a.groups[g] === b.groups[g]) continue;
    const from = a.groups[g] ?? ZEROS;
    const to = b.groups[g] ?? ZEROS;
    let i = 0;
    while ((i = nextDifference(from, to, i)) < GROUP) {
      visit(g * GROUP + i, to[i]!);
      i += 1;
    }
  }
}

/** The first index from `start` on at which two groups differ, or `GROUP`. A loop of its own, without calls. */
function nextDifference(from: Group, to: Group, start: number): number {
  let i = start;
  while (i < GROUP && from[i] === to[i]) i += 1;
  return i;
}

/**
 * Looks a page up.
 *
 * @param map the map
 * @param page a page number inside it
 * @returns its contents, `null` for zeros
 */
export function pageOf(map: PageMap, page: number): PageRecord | null {
  return map.groups[Math.floor(page / GROUP)]?.[page % GROUP] ?? null;
}
