/**
 * One heap and one script: each call beside the model, and what must be true
 * after it.
 *
 * @module
 */

import { FlatMemory, type WordMemory } from "../../base/word_memory.ts";
import type { Heap, HeapCore } from "../../kernel/allocator/heap.ts";
import {
  type BlockName,
  type HeapOperation,
  heapOperationText,
  type HeapScript,
} from "../arbitraries/heap_script.ts";
import { nameOf } from "../arbitraries/steps.ts";
import {
  type Breach,
  HeapModel,
  type LiveBlock,
} from "../models/heap_model.ts";
import { OLD_BYTE, ProbeMemory } from "../models/probe_memory.ts";
import { expectLaw, LawBroken, type Transcript } from "./report.ts";
import type { HeapCheckOptions } from "./heap_laws.ts";

/** A memory, and its bytes for who looks on. */
export interface Place {
  readonly memory: WordMemory;
  readonly bytes: Uint8Array;
  /** Begins the limit of accesses anew. */
  readonly restart: () => void;
}

/** A fresh memory. */
export function placeAt(base: number, bytes: number, flat: boolean): Place {
  if (flat) {
    const view = new Uint8Array(bytes).fill(OLD_BYTE);
    const memory = new FlatMemory(view.buffer);
    return { memory, bytes: view, restart: () => {} };
  }
  const memory = new ProbeMemory(base, bytes);
  const restart = (): void => {
    memory.accesses = 0;
  };
  return { memory, bytes: memory.bytes, restart };
}

/** The memory that a heap says it has: what was handed in, as a rule. */
export function memoryOf(heap: HeapCore, place: Place): WordMemory {
  const { memory } = heap as Partial<Heap>;
  return typeof memory?.load32 === "function" ? memory : place.memory;
}

/** One heap, one script. */
export class HeapRun {
  readonly #heap: HeapCore;
  readonly #place: Place;
  readonly #memory: WordMemory;
  readonly #options: HeapCheckOptions;
  readonly #transcript: Transcript;
  readonly #model: HeapModel;
  readonly #blocks: Map<BlockName, LiveBlock> = new Map();
  /** What was freed last, if nothing was done since. */
  #freed: LiveBlock | null = null;
  readonly #reuses: boolean;
  readonly #byteAt: (offset: number) => number;

  constructor(
    heap: HeapCore,
    place: Place,
    options: HeapCheckOptions,
    transcript: Transcript,
  ) {
    this.#heap = heap;
    this.#place = place;
    this.#options = options;
    this.#transcript = transcript;
    this.#reuses = (options.frees ?? true) && (options.reuses ?? true);
    const memory = memoryOf(heap, place);
    this.#memory = memory;
    this.#model = new HeapModel(memory.size, memory.base);
    this.#byteAt = memory === place.memory
      ? (offset) => place.bytes[offset]!
      : (offset) => {
        const skew = (memory.base + offset) & 3;
        return memory.load32(offset - skew) >>> 8 * skew & 0xff;
      };
  }

  script(script: HeapScript): void {
    for (const operation of script.operations) {
      const before = this.#freed;
      this.#freed = null;
      this.#place.restart();
      this.#operation(operation, before);
      this.#look();
    }
  }

  /** Frees what is left; then the biggest block can be had, if one is promised. */
  end(size: number): void {
    for (const [name, block] of this.#blocks) {
      this.#place.restart();
      this.#free(name, block);
      this.#look();
    }
    if (size === 0) return;
    this.#place.restart();
    this.#transcript.call(`heap.alloc(${size}, 1);`);
    const offset = this.#heap.alloc(size, 1);
    this.#transcript.result(offset);
    expectLaw(
      offset !== null,
      "when all is free, the biggest block can be had again (merges)",
      () => `a fresh heap gives ${size} bytes, this one does not`,
    );
    this.#judge(this.#model.judge(offset, size, 1));
  }

  #operation(operation: HeapOperation, freed: LiveBlock | null): void {
    const { op } = operation;
    if (op === "alloc" || op === "zeroed") this.#take(operation, freed);
    else if (op === "churn") this.#churn(operation);
    else if (op === "wrong") this.#wrong(operation);
    else {
      const block = this.#blocks.get(operation.name);
      if (block === undefined) return; // It was refused.
      if ("newSize" in operation) {
        this.#move(operation.name, block, operation.newSize);
      } else this.#free(operation.name, block);
    }
  }

  #take(
    operation: HeapOperation & { op: "alloc" | "zeroed" },
    freed: LiveBlock | null,
  ): void {
    const { op, name, size, align } = operation;
    this.#transcript.call(heapOperationText(operation));
    const offset = op === "alloc"
      ? this.#heap.alloc(size, align)
      : (this.#heap as Heap).allocZeroed(size, align);
    this.#transcript.result(offset);
    if (offset === null) {
      this.#refused(size, align, freed);
      return;
    }
    this.#judge(this.#model.judge(offset, size, align));
    if (op === "zeroed") {
      for (let at = offset; at < offset + size; at++) {
        expectLaw(
          this.#byteAt(at) === 0,
          "allocZeroed gives bytes that are 0",
          () => `byte ${at} is ${this.#byteAt(at)}`,
        );
      }
    }
    this.#keep(name, offset, size, align);
  }

  #keep(name: BlockName, offset: number, size: number, align: number): void {
    const block = this.#model.take(offset, size, align);
    this.#memory.fill(offset, size, block.byte);
    this.#blocks.set(name, block);
  }

  #refused(size: number, align: number, freed: LiveBlock | null): void {
    if (this.#reuses && freed?.size === size && freed.align === align) {
      throw new LawBroken(
        "a freed block can be had again (reuses)",
        `${size} bytes aligned to ${align} were freed and are refused`,
      );
    }
    const { findsGaps } = this.#options;
    if (findsGaps === undefined) return;
    const gap = this.#model.longestGap();
    expectLaw(
      gap.size < size + align + findsGaps,
      "a block is refused only if no gap would do (findsGaps)",
      () =>
        `${size} bytes aligned to ${align} are refused, ` +
        `and ${gap.size} are free from ${gap.offset} on`,
    );
  }

  #free(name: BlockName, block: LiveBlock): void {
    const { offset, size, align } = block;
    this.#transcript.call(
      `heap.dealloc(${nameOf(name)}!, ${size}, ${align});`,
    );
    this.#blocks.delete(name);
    this.#model.give(block);
    this.#heap.dealloc(offset, size, align);
    this.#freed = block;
  }

  #move(name: BlockName, block: LiveBlock, newSize: number): void {
    const { offset, size, align, byte } = block;
    const text = nameOf(name);
    this.#transcript.call(
      `${text} = heap.realloc(${text}!, ${size}, ${align}, ${newSize}) ?? ${text};`,
    );
    const moved = (this.#heap as Heap).realloc(offset, size, align, newSize);
    this.#transcript.result(moved);
    if (moved === null) return;
    this.#model.give(block);
    this.#judge(this.#model.judge(moved, newSize, align));
    for (let i = 0; i < Math.min(size, newSize); i++) {
      expectLaw(
        this.#byteAt(moved + i) === byte,
        "realloc keeps the bytes that both blocks have",
        () => `byte ${i} was ${byte} and is ${this.#byteAt(moved + i)}`,
      );
    }
    this.#keep(name, moved, newSize, align);
  }

  /** Takes a block and frees it, over and over: nothing may be lost. */
  #churn(operation: HeapOperation & { op: "churn" }): void {
    const { size, align, times } = operation;
    this.#transcript.call(heapOperationText(operation));
    const { frees = true } = this.#options;
    const promised = this.#reuses || frees && this.#model.blocks.length === 0;
    for (let i = 0; i < times; i++) {
      this.#place.restart();
      const offset = this.#heap.alloc(size, align);
      if (offset === null) {
        expectLaw(
          i === 0 || !promised,
          "a freed block can be had again (reuses)",
          () =>
            `${size} bytes aligned to ${align} were granted ${i} times, ` +
            "freed each time, and are refused then",
        );
        return;
      }
      this.#judge(this.#model.judge(offset, size, align));
      this.#memory.fill(offset, size, 0xff);
      this.#heap.dealloc(offset, size, align);
    }
  }

  #wrong({ size, align }: HeapOperation): void {
    this.#transcript.call(`heap.alloc(${size}, ${align});`);
    let result: unknown;
    try {
      result = this.#heap.alloc(size, align);
    } catch (thrown) {
      if (thrown instanceof RangeError) return;
      throw thrown;
    }
    throw new LawBroken(
      "a wrong size or alignment throws (checksArguments)",
      `alloc(${size}, ${align}) returned ${result}`,
    );
  }

  /** What must be true at any time. */
  #look(): void {
    this.#judge(this.#model.changedByte(this.#byteAt));
    const { freeRegions } = this.#heap as Partial<Heap>;
    if (freeRegions === undefined) return;
    this.#place.restart();
    this.#judge(this.#model.judgeFree(freeRegions.call(this.#heap)));
  }

  #judge(breach: Breach | null): void {
    if (breach !== null) throw new LawBroken(breach.law, breach.detail);
  }
}
