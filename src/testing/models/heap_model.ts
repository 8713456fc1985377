/**
 * The naive heap: a list of blocks in use, each with the byte that fills it. It
 * predicts nothing; it says which answers no heap may give.
 *
 * @module
 */

import type { FreeRegion } from "../../kernel/allocator/heap.ts";

/** A block in use. */
export interface LiveBlock {
  /** Bytes from the start of the memory. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** As it was asked for. */
  readonly align: number;
  /** What all its bytes hold. */
  readonly byte: number;
}

/** A law that an answer breaks, and how. */
export interface Breach {
  /** The law. */
  readonly law: string;
  /** What was seen. */
  readonly detail: string;
}

/** For example `[16, 32)`. */
const range = (offset: number, size: number): string =>
  `[${offset}, ${offset + size})`;

/** Blocks in use, and what follows from them. */
export class HeapModel {
  /** The blocks in the order in which they were taken. */
  readonly blocks: LiveBlock[] = [];
  /** Bytes of the memory. */
  readonly size: number;
  /** Address of its first byte. */
  readonly base: number;
  #taken = 0;

  /**
   * Begins with no block in use.
   *
   * @param size Bytes of the memory.
   * @param base Address of its first byte.
   */
  constructor(size: number, base: number) {
    this.size = size;
    this.base = base;
  }

  /**
   * Judges what `alloc` answered.
   *
   * @param offset The answer, not null.
   * @param size Bytes that were asked for.
   * @param align Alignment that was asked for.
   * @returns The law that it breaks, or `null`.
   */
  judge(offset: number, size: number, align: number): Breach | null {
    const block = `${size} bytes at ${range(offset, size)}`;
    if (!Number.isSafeInteger(offset)) {
      return {
        law: "alloc returns an offset or null",
        detail: `it returned ${String(offset)}`,
      };
    }
    if (offset < 0 || offset + size > this.size) {
      return {
        law: "a block lies in the memory",
        detail: `${block}, the memory has ${this.size}`,
      };
    }
    if ((this.base + offset) % align !== 0) {
      return {
        law: "a block's address has the alignment asked for",
        detail: `${block}, address ${this.base + offset}, is no multiple of ` +
          `${align}`,
      };
    }
    const other = this.blocks.find((b) =>
      offset < b.offset + b.size && b.offset < offset + size
    );
    if (other === undefined) return null;
    return {
      law: "blocks in use don't overlap",
      detail: `${block} overlaps the ${other.size} bytes at ` +
        range(other.offset, other.size),
    };
  }

  /**
   * Takes a block in.
   *
   * @param offset Where it lies.
   * @param size Bytes.
   * @param align Alignment.
   * @returns The block, with the byte to fill it with.
   */
  take(offset: number, size: number, align: number): LiveBlock {
    const byte = 1 + this.#taken % 100;
    this.#taken += 1;
    const block = { offset, size, align, byte };
    this.blocks.push(block);
    return block;
  }

  /**
   * Gives a block up.
   *
   * @param block One of `blocks`.
   */
  give(block: LiveBlock): void {
    this.blocks.splice(this.blocks.indexOf(block), 1);
  }

  /**
   * Looks for a byte that nobody but its owner could have changed.
   *
   * @param byteAt Reads a byte of the memory.
   * @returns The law that is broken, or `null`.
   */
  changedByte(byteAt: (offset: number) => number): Breach | null {
    for (const { offset, size, byte } of this.blocks) {
      for (let at = offset; at < offset + size; at++) {
        if (byteAt(at) === byte) continue;
        return {
          law: "the bytes of a block in use stay as they are",
          detail: `byte ${at}, in the block ${range(offset, size)}, ` +
            `was ${byte} and is ${byteAt(at)}`,
        };
      }
    }
    return null;
  }

  /**
   * The longest gap between blocks in use, and its ends.
   *
   * @returns The gap.
   */
  longestGap(): FreeRegion {
    const sorted = [...this.blocks].sort((a, b) => a.offset - b.offset);
    let gap = { offset: 0, size: 0 };
    let at = 0;
    for (
      const { offset, size } of [...sorted, { offset: this.size, size: 0 }]
    ) {
      if (offset - at > gap.size) gap = { offset: at, size: offset - at };
      at = offset + size;
    }
    return gap;
  }

  /**
   * Judges a heap's list of free regions.
   *
   * @param regions The list.
   * @returns The law that it breaks, or `null`.
   */
  judgeFree(regions: readonly FreeRegion[]): Breach | null {
    const law = "free regions lie in the memory and in no block";
    const seen: FreeRegion[] = [];
    for (const region of regions) {
      const { offset, size } = region;
      const meets = (other: FreeRegion) =>
        offset < other.offset + other.size && other.offset < offset + size;
      const text = `the free region ${range(offset, size)}`;
      if (!(offset >= 0 && size > 0 && offset + size <= this.size)) {
        return { law, detail: `${text} is none in ${this.size} bytes` };
      }
      const other = this.blocks.find(meets) ?? seen.find(meets);
      if (other !== undefined) {
        return {
          law,
          detail: `${text} overlaps ${range(other.offset, other.size)}`,
        };
      }
      seen.push(region);
    }
    return null;
  }
}
