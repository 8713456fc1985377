/**
 * First fit by address with merging, and one bug of choice.
 *
 * A hole is 16 bytes or more; its first two words are its size and the offset
 * of the next one.
 *
 * @module
 */

import type { WordMemory } from "../../base/word_memory.ts";
import type { HeapCore } from "../../kernel/allocator/heap.ts";

/** What can be wrong with a {@linkcode PlantedFirstFit}. */
export const FIRST_FIT_BUGS = [
  "merges across a block of 16 bytes",
  "never merges with the hole behind",
  "never merges with the hole before",
  "merging three holes forgets the third",
  "merging loses the rest of the list",
  "puts a hole at the front of the list",
  "drops a rest of 16 bytes",
  "makes the rest 16 bytes too long",
  "makes the rest 16 bytes too short",
  "refuses an exact fit",
  "aligns the offset, not the address",
  "aligns downwards",
  "loses what aligning skips",
  "frees a size rounded down",
  "rounds sizes to 4, holes need 8",
  "leaves a hole that is used up in the list",
  "begins with 16 bytes too many",
  "takes sizes modulo 2^31",
  "writes a mark behind the block",
  "trusts fresh memory to be 0",
  "never looks at the last hole",
  "a hole before the first one forgets the others",
  "writes the size of a freed block behind its end",
  "ignores alignments above 64",
] as const;

/** One of them. */
export type FirstFitBug = (typeof FIRST_FIT_BUGS)[number];

const GRAIN = 16;
const NONE = -1;

/** A heap that is healthy, or has one bug. */
export class PlantedFirstFit implements HeapCore {
  readonly #memory: WordMemory;
  readonly #bug: FirstFitBug | null;
  #first = 0;

  /**
   * Makes a heap.
   *
   * @param memory What to manage.
   * @param bug What is wrong; `null` for nothing.
   */
  constructor(memory: WordMemory, bug: FirstFitBug | null = null) {
    this.#memory = memory;
    this.#bug = bug;
    const more = this.#has("begins with 16 bytes too many") ? GRAIN : 0;
    this.#setSize(0, Math.floor(memory.size / GRAIN) * GRAIN + more);
    if (!this.#has("trusts fresh memory to be 0")) this.#setNext(0, NONE);
  }

  alloc(size: number, align: number): number | null {
    if (this.#has("takes sizes modulo 2^31")) size %= 2 ** 31;
    const need = this.#rounded(size);
    let before = NONE;
    for (let hole = this.#first; hole >= 0; hole = this.#next(hole)) {
      const last = this.#has("never looks at the last hole") &&
        this.#next(hole) < 0 && before >= 0;
      const start = this.#start(hole, align);
      const rest = hole + this.#size(hole) - start - need;
      const fits = this.#has("refuses an exact fit") ? rest > 0 : rest >= 0;
      if (fits && !last) {
        this.#cut(before, hole, start, need, rest);
        if (this.#has("writes a mark behind the block")) {
          const mark = Math.ceil((start + size) / 4) * 4;
          if (mark + 4 <= this.#memory.size) this.#memory.store32(mark, 0);
        }
        return start;
      }
      before = hole;
    }
    return null;
  }

  dealloc(offset: number, size: number, _align: number): void {
    const down = this.#has("frees a size rounded down") && size > GRAIN;
    let bytes = down ? size - size % GRAIN : this.#rounded(size);
    const end = offset + bytes;
    if (
      this.#has("writes the size of a freed block behind its end") &&
      end < this.#memory.size
    ) this.#setSize(end, bytes);
    let before = NONE;
    let next = this.#first;
    const atFront = this.#has("puts a hole at the front of the list");
    while (next >= 0 && next < offset && !atFront) {
      before = next;
      next = this.#next(next);
    }
    const slack = this.#has("merges across a block of 16 bytes") ? GRAIN : 0;
    const gap = next - offset - bytes;
    if (
      next >= 0 && gap >= 0 && gap <= slack &&
      !this.#has("never merges with the hole behind")
    ) {
      bytes += gap + this.#size(next);
      next = this.#has("merging loses the rest of the list")
        ? NONE
        : this.#next(next);
    }
    const touches = before >= 0 && before + this.#size(before) === offset;
    if (touches && !this.#has("never merges with the hole before")) {
      const behind = this.#next(before) !== next;
      const third = behind &&
        this.#has("merging three holes forgets the third");
      this.#setSize(
        before,
        this.#size(before) + (third ? this.#rounded(size) : bytes),
      );
      this.#setNext(before, next);
      return;
    }
    this.#setSize(offset, bytes);
    const forgets = before < 0 &&
      this.#has("a hole before the first one forgets the others");
    this.#setNext(offset, forgets ? NONE : next);
    this.#link(before, offset);
  }

  #has(bug: FirstFitBug): boolean {
    return this.#bug === bug;
  }

  #rounded(size: number): number {
    const grain = this.#has("rounds sizes to 4, holes need 8") ? 4 : GRAIN;
    return Math.max(1, Math.ceil(size / grain)) * grain;
  }

  /** Where in a hole a block of an alignment starts. */
  #start(hole: number, align: number): number {
    const base = this.#has("aligns the offset, not the address")
      ? 0
      : this.#memory.base;
    if (this.#has("ignores alignments above 64") && align > 64) {
      return hole;
    }
    const grain = this.#has("rounds sizes to 4, holes need 8") ? 4 : GRAIN;
    const step = Math.max(align, grain);
    const up = Math.ceil((base + hole) / step) * step - base;
    const skewed = this.#has("aligns downwards") && up > hole;
    return skewed ? Math.max(0, up - step) : up;
  }

  #cut(
    before: number,
    hole: number,
    start: number,
    need: number,
    rest: number,
  ): void {
    let next = this.#next(hole);
    if (
      rest > 0 && !(rest === GRAIN && this.#has("drops a rest of 16 bytes"))
    ) {
      const end = start + need;
      const wrong = this.#has("makes the rest 16 bytes too long")
        ? (next >= 0 ? GRAIN : 0)
        : this.#has("makes the rest 16 bytes too short") && rest > GRAIN
        ? -GRAIN
        : 0;
      this.#setSize(end, rest + wrong);
      this.#setNext(end, next);
      next = end;
    } else if (this.#has("leaves a hole that is used up in the list")) {
      if (before >= 0) return;
    }
    if (start > hole && !this.#has("loses what aligning skips")) {
      this.#setSize(hole, start - hole);
      this.#setNext(hole, next);
      next = hole;
    }
    this.#link(before, next);
  }

  #link(before: number, hole: number): void {
    if (before < 0) this.#first = hole;
    else this.#setNext(before, hole);
  }

  #size(hole: number): number {
    return this.#memory.load32(hole) | 0;
  }

  #setSize(hole: number, size: number): void {
    this.#memory.store32(hole, size);
  }

  /** Links are offset + 1, so that 0 is none. */
  #next(hole: number): number {
    return (this.#memory.load32(hole + 4) | 0) - 1;
  }

  #setNext(hole: number, next: number): void {
    this.#memory.store32(hole + 4, next + 1);
  }
}
