/**
 * Text on the heap: UTF-8 bytes in a vector.
 *
 * Book: "Heap Allocation", section "Using an Allocator Crate", which lists it.
 * Source: crate alloc, `string`.
 *
 * @module
 */

import { encodeUtf8 } from "../../../base/utf8.ts";
import type { VirtAddr } from "../../../hw/addr.ts";
import { addUtf8, endUtf8, utf8State } from "../../keyboard/utf8.ts";
import { U8, type ValueHeap } from "./heap_type.ts";
import { Vec, type VecState } from "./vec.ts";

/**
 * A growing text (`String`).
 *
 * @example
 * ```ts
 * import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
 * import { BufferHeap, HeapString } from "@lockstep/kernel/kernel";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new FlatMemory(new ArrayBuffer(8192));
 * const heap = new BufferHeap(new TlsfHeap(memory)); // Or the kernel's.
 * const text = HeapString.from(heap, "It did ");
 * text.pushStr("not crash!");
 * assertEquals(`${text}`, "It did not crash!");
 * ```
 */
export class HeapString {
  /** Its bytes (`as_mut_vec`): UTF-8 as long as only this class writes them. */
  readonly bytes: Vec<number>;

  /**
   * Goes on with a text, over its saved data.
   *
   * @param heap Where its block lives.
   * @param state Its data.
   */
  constructor(heap: ValueHeap, state: VecState) {
    this.bytes = new Vec(heap, U8, state);
  }

  /**
   * Makes an empty text, which has no block.
   *
   * @param heap Gives blocks later.
   * @returns The text.
   */
  static empty(heap: ValueHeap): HeapString {
    return new HeapString(heap, Vec.empty(heap, U8).state);
  }

  /**
   * Copies a text to the heap, into a block of its size.
   *
   * @param heap Gives the block; no room in it ends the run.
   * @param text The text.
   * @returns The copy.
   */
  static from(heap: ValueHeap, text: string): HeapString {
    return new HeapString(heap, Vec.of(heap, U8, encodeUtf8(text)).state);
  }

  /** All there is to save beside the memory: plain data. */
  get state(): VecState {
    return this.bytes.state;
  }

  /** Bytes, not characters (`len`). */
  get length(): number {
    return this.bytes.length;
  }

  /** Bytes that it has room for. */
  get capacity(): number {
    return this.bytes.capacity;
  }

  /** Where its bytes lie. */
  get address(): VirtAddr {
    return this.bytes.address;
  }

  /**
   * Appends a text.
   *
   * @param text The text.
   */
  pushStr(text: string): void {
    const bytes = encodeUtf8(text);
    this.bytes.reserve(bytes.length);
    for (const byte of bytes) this.bytes.push(byte);
  }

  /** Forgets the text and keeps the block. */
  clear(): void {
    this.bytes.clear();
  }

  /** Frees the block. */
  drop(): void {
    this.bytes.drop();
  }

  /**
   * Reads the text (`Display`).
   *
   * @returns It; bytes that are no UTF-8 come out as U+FFFD.
   */
  toString(): string {
    const decoder = utf8State();
    let text = "";
    for (const byte of this.bytes) text += addUtf8(decoder, byte);
    return text + endUtf8(decoder);
  }
}
