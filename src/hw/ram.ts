/**
 * RAM: one flat buffer, which the host backs lazily, with what is known about each 4 KiB page: whether its hash is out
 * of date, whether it differs from the last snapshot, whether somebody holds instructions decoded from it.
 *
 * The buffer is the state. Flags, hashes and the base map are derived from it and from the snapshots taken.
 *
 * A store has to call {@linkcode Ram.touch} first, unless the page {@linkcode Ram.isOpen}: then it was touched since
 * the last hash and snapshot, and another store changes nothing that is known. So a fast path may keep open pages and
 * store to them freely, as long as it forgets them when `onClosed` is called.
 *
 * *Not modelled*: refresh, parity and ECC; RAM is zeros at power-on.
 *
 * Little-endian hosts only, which is every host that runs JavaScript today.
 *
 * @module
 */

import { type Hash64, hashWords } from "../base/hash.ts";
import {
  emptyPageMap,
  forEachDifference,
  PAGE_BYTES,
  PAGE_WORDS,
  PageCopies,
  type PageMap,
  type PageRecord,
  withPages,
} from "./page_map.ts";

/** The page's hash is out of date. */
const UNHASHED = 1;
/** The page may differ from the base map. */
const CHANGED = 2;
/** Somebody holds a copy derived from the page's bytes, such as decoded instructions. */
const WATCHED = 4;
/** A page that can be stored to without asking. */
const OPEN: number = UNHASHED | CHANGED;

/** Random access memory with knowledge of its pages. */
export class Ram {
  /** Size in bytes, a multiple of 4,096. */
  readonly size: number;
  /** Number of 4 KiB pages. */
  readonly pages: number;
  /** The memory as bytes. */
  declare readonly bytes: Uint8Array;
  /** The memory as 16-bit words. */
  declare readonly halves: Uint16Array;
  /** The memory as 32-bit words. */
  declare readonly words: Int32Array;
  /** Called when open pages were closed: forget which pages were open. */
  onClosed: () => void = () => {};
  /** Called before a watched page changes; the page is no longer watched then. */
  onWatched: (page: number) => void = () => {};

  readonly #flags: Uint8Array;
  readonly #pageHash: Int32Array;
  #unhashed: number[] = [];
  #changed: number[] = [];
  #base: PageMap;
  #sumLow = 0;
  #sumHigh = 0;
  readonly #hash: Hash64 = { low: 0, high: 0 };

  /**
   * Takes memory from the host.
   *
   * @param size bytes, a multiple of 4,096; all zeros at first
   * @throws {RangeError} if it is no positive multiple of 4,096
   */
  constructor(size: number) {
    if (!Number.isInteger(size / PAGE_BYTES) || size <= 0) {
      throw new RangeError(
        `Cannot make RAM of ${size} bytes: give a multiple of 4,096`,
      );
    }
    const buffer = new ArrayBuffer(size);
    this.size = size;
    this.pages = size / PAGE_BYTES;
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Int32Array(buffer);
    this.#flags = new Uint8Array(this.pages);
    this.#pageHash = new Int32Array(2 * this.pages);
    this.#base = emptyPageMap(this.pages);
  }

  /** Whether the page can be stored to without {@linkcode touch}. */
  isOpen(page: number): boolean {
    return this.#flags[page] === OPEN;
  }

  /** Opens a page: to be called before a store to it. */
  touch(page: number): void {
    const flags = this.#flags[page]!;
    if (flags === OPEN) return;
    if (flags & WATCHED) {
      this.#flags[page]! &= ~WATCHED;
      this.onWatched(page);
    }
    if (!(flags & UNHASHED)) this.#unhashed.push(page);
    if (!(flags & CHANGED)) this.#changed.push(page);
    this.#flags[page] = OPEN;
  }

  /** Asks for `onWatched` before the page's next change. */
  watch(page: number): void {
    if (this.#flags[page] === OPEN) this.onClosed();
    this.#flags[page]! |= WATCHED;
  }

  /** Whether `onWatched` was asked for. */
  isWatched(page: number): boolean {
    return (this.#flags[page]! & WATCHED) !== 0;
  }

  /** Pages that differ, or may differ, from the last snapshot taken or loaded. */
  get changedPages(): number {
    return this.#changed.length;
  }

  /** Brings the hash up to date and returns it: a sum over the pages, so its cost grows with the changed ones only. */
  hash(): Readonly<Hash64> {
    if (this.#unhashed.length > 0) {
      for (const page of this.#unhashed) {
        if (!(this.#flags[page]! & UNHASHED)) continue;
        const h = hashWords(
          this.words,
          page * PAGE_WORDS,
          PAGE_WORDS,
          this.#hash,
        );
        this.#setPageHash(page, h.low, h.high);
        this.#flags[page]! &= ~UNHASHED;
      }
      this.#unhashed = [];
      this.onClosed();
    }
    this.#hash.low = this.#sumLow;
    this.#hash.high = this.#sumHigh;
    return this.#hash;
  }

  /**
   * Saves the contents.
   *
   * @returns the contents, sharing with earlier snapshots what has not changed
   */
  save(): PageMap {
    const copies = new PageCopies(this.#changed.length);
    this.#base = withPages(
      this.#base,
      this.#changed,
      (page) => this.#record(page, copies),
    );
    for (const page of this.#changed) this.#flags[page]! &= ~CHANGED;
    this.#changed = [];
    this.onClosed();
    return this.#base;
  }

  /**
   * Makes the contents those of a snapshot, copying only the pages that may differ.
   *
   * @param map from {@linkcode save} of a RAM of the same size
   * @throws {RangeError} if the size is another
   */
  load(map: PageMap): void {
    if (map.groups.length !== this.#base.groups.length) {
      throw new RangeError(
        "Cannot load memory of another size: make a machine with the snapshot's configuration",
      );
    }
    const dirty = this.#changed;
    this.#base = this.#withoutChanges(dirty);
    forEachDifference(
      this.#base,
      map,
      (page, contents) => this.#replace(page, contents),
    );
    for (const page of dirty) this.#flags[page]! &= ~CHANGED;
    this.#changed = [];
    this.#forgetHashed();
    this.#base = map;
    this.onClosed();
  }

  /** Keeps the list of unhashed pages from growing; it may name pages that are hashed by now, or a page twice. */
  #forgetHashed(): void {
    if (this.#unhashed.length <= 2 * this.pages) return;
    const unhashed = (page: number) => this.#flags[page]! & UNHASHED;
    this.#unhashed = [...new Set(this.#unhashed.filter(unhashed))];
  }

  /** The base map with a unique record where memory has moved on, so that comparing by identity finds the page. */
  #withoutChanges(dirty: readonly number[]): PageMap {
    const other: PageRecord = {
      words: new Int32Array(0),
      hashed: false,
      low: 0,
      high: 0,
    };
    return withPages(this.#base, dirty, () => other);
  }

  #replace(page: number, contents: PageRecord | null): void {
    if (this.#flags[page]! & WATCHED) {
      this.#flags[page]! &= ~WATCHED;
      this.onWatched(page);
    }
    const start = page * PAGE_WORDS;
    if (contents) {
      this.words.set(contents.words, start);
      if (!contents.hashed) {
        hashWords(contents.words, 0, PAGE_WORDS, contents);
        contents.hashed = true;
      }
      this.#setPageHash(page, contents.low, contents.high);
    } else {
      this.words.fill(0, start, start + PAGE_WORDS);
      this.#setPageHash(page, 0, 0);
    }
    this.#flags[page]! &= ~UNHASHED;
  }

  #record(page: number, copies: PageCopies): PageRecord | null {
    const start = page * PAGE_WORDS;
    const end = start + PAGE_WORDS;
    if (this.#isZero(start, end)) return null;
    const hashed = !(this.#flags[page]! & UNHASHED);
    return {
      words: copies.copy(this.words, start),
      hashed,
      low: hashed ? this.#pageHash[2 * page]! : 0,
      high: hashed ? this.#pageHash[2 * page + 1]! : 0,
    };
  }

  #isZero(start: number, end: number): boolean {
    const { words } = this;
    for (let i = start; i < end; i++) if (words[i] !== 0) return false;
    return true;
  }

  #setPageHash(page: number, low: number, high: number): void {
    const oldLow = this.#pageHash[2 * page]!;
    const oldHigh = this.#pageHash[2 * page + 1]!;
    this.#sumLow = (this.#sumLow + share(page, low, high) -
      share(page, oldLow, oldHigh)) | 0;
    this.#sumHigh = (this.#sumHigh + share(~page, high, low) -
      share(~page, oldHigh, oldLow)) | 0;
    this.#pageHash[2 * page] = low;
    this.#pageHash[2 * page + 1] = high;
  }
}

/** What a page adds to half of the sum: nothing if it is all zeros, else a number that depends on its place. */
function share(place: number, a: number, b: number): number {
  if ((a | b) === 0) return 0;
  let h = Math.imul(a ^ Math.imul(place, 0x9e37_79b1), 0x85eb_ca77);
  h ^= Math.imul(b, 0x27d4_eb2f) ^ (h >>> 15);
  h = Math.imul(h, 0xc2b2_ae3d | 0);
  return h ^ (h >>> 16);
}
