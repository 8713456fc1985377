/**
 * A bounded queue of bytes over plain state: device FIFOs and buffers.
 *
 * @module
 */

/** The state of a {@linkcode ByteFifo}. */
export interface ByteFifoState {
  /** Storage; its length is the capacity. */
  readonly bytes: Uint8Array;
  /** Index of the oldest byte. */
  head: number;
  /** Bytes held, 0 to the capacity. */
  length: number;
}

/**
 * Makes an empty queue's state.
 *
 * @param capacity bytes that it can hold, at least 1
 * @returns the state
 */
export function byteFifoState(capacity: number): ByteFifoState {
  return { bytes: new Uint8Array(capacity), head: 0, length: 0 };
}

/** A queue of bytes. The state is looked at afresh on every call, so it may be replaced in place. */
export class ByteFifo {
  /** All there is to save. */
  readonly state: ByteFifoState;

  /**
   * A queue over its state.
   *
   * @param state fresh from {@linkcode byteFifoState}, or restored
   */
  constructor(state: ByteFifoState) {
    this.state = state;
  }

  /** Bytes held. */
  get length(): number {
    return this.state.length;
  }

  /** Whether another byte would be refused. */
  get full(): boolean {
    return this.state.length === this.state.bytes.length;
  }

  /**
   * Adds a byte at the end.
   *
   * @param byte 0 to 255
   * @returns `false` if the queue is full; then nothing has changed
   */
  push(byte: number): boolean {
    const s = this.state;
    if (this.full) return false;
    s.bytes[(s.head + s.length) % s.bytes.length] = byte;
    s.length += 1;
    return true;
  }

  /**
   * Removes the oldest byte.
   *
   * @returns the oldest byte, which is removed, or `null` if there is none
   */
  pop(): number | null {
    const s = this.state;
    if (s.length === 0) return null;
    const byte = s.bytes[s.head]!;
    s.bytes[s.head] = 0; // Equal queues shall be equal data, whatever passed through.
    s.head = s.length === 1 ? 0 : (s.head + 1) % s.bytes.length;
    s.length -= 1;
    return byte;
  }

  /**
   * Looks at the oldest byte.
   *
   * @returns the oldest byte, which stays, or `null` if there is none
   */
  peek(): number | null {
    return this.state.length === 0 ? null : this.state.bytes[this.state.head]!;
  }

  /** Removes all. */
  clear(): void {
    this.state.bytes.fill(0);
    this.state.head = 0;
    this.state.length = 0;
  }
}
