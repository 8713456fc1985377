/**
 * Memory as a mapper sees it: words at addresses.
 *
 * For `MappedPageTable` and `OffsetPageTable` an address is what the mapping of
 * frames to pointers gives: physical over a machine's RAM or a buffer, virtual
 * over the CPU's loads and stores. For `RecursivePageTable` it is virtual. The
 * CPU as kernel code sees it, `Instructions`, fits as it is.
 *
 * @module
 */

/** Words at addresses. An entry is two words, the low one first. */
export interface PageTableMemory {
  /**
   * Reads 32 bits.
   *
   * @param address A multiple of 4.
   * @returns The word, signed or unsigned.
   */
  load32(address: number): number;
  /**
   * Writes 32 bits.
   *
   * @param address A multiple of 4.
   * @param word Its low 32 bits are stored.
   */
  store32(address: number, word: number): void;
  /** High word of what `load64` read last. Given together with `load64`. */
  readonly high?: number;
  /**
   * Reads 64 bits at once; used instead of two words where it is given.
   *
   * @param address A multiple of 8.
   * @returns The low word; the high one is in `high` until the next call.
   */
  load64?(address: number): number;
  /**
   * Writes 64 bits at once, so that no interrupt sees half an entry.
   *
   * @param address A multiple of 8.
   * @param low Bits 0 to 31.
   * @param high Bits 32 to 63.
   */
  store64?(address: number, low: number, high: number): void;
}

/** Entries, whatever the memory offers. */
export interface EntryWords {
  /** High word of the entry loaded last; signed or unsigned. */
  readonly high: number;
  /** Loads an entry; returns its low word, signed or unsigned. */
  load(address: number): number;
  /** Stores an entry. */
  store(address: number, low: number, high: number): void;
}

/**
 * Chooses how entries are read and written.
 *
 * @param memory Where the tables lie.
 * @returns Access by 64 bits where the memory offers it, else by words.
 */
export function entryWords(memory: PageTableMemory): EntryWords {
  return memory.load64 && memory.store64
    ? new WideEntries(memory as WideMemory)
    : new EntryPairs(memory);
}

type WideMemory = Required<PageTableMemory>;

class WideEntries implements EntryWords {
  readonly #memory: WideMemory;

  constructor(memory: WideMemory) {
    this.#memory = memory;
  }

  get high(): number {
    return this.#memory.high;
  }

  load(address: number): number {
    return this.#memory.load64(address);
  }

  store(address: number, low: number, high: number): void {
    this.#memory.store64(address, low, high);
  }
}

class EntryPairs implements EntryWords {
  high = 0;
  readonly #memory: PageTableMemory;

  constructor(memory: PageTableMemory) {
    this.#memory = memory;
  }

  load(address: number): number {
    this.high = this.#memory.load32(address + 4) | 0;
    return this.#memory.load32(address);
  }

  /**
   * In the order in which no walk between the two finds an address of which one
   * half is another's, unless one present entry replaces another one: mappers
   * write that with the same address only.
   */
  store(address: number, low: number, high: number): void {
    const present = (low & 1) !== 0;
    if (present) this.#memory.store32(address + 4, high);
    this.#memory.store32(address, low);
    if (!present) this.#memory.store32(address + 4, high);
  }
}
