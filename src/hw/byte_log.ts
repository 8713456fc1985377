/**
 * What a machine has said: a growing, bounded record of bytes. Output, not state.
 *
 * @module
 */

/** Bytes that a log keeps; later ones are counted and dropped. */
export const OUTPUT_BYTES_MAX: number = 2 ** 24;

/** A record of bytes. */
export class ByteLog {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;
  #dropped = 0;

  /** Bytes kept. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that came after the log was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds a byte. */
  byte(value: number): void {
    if (this.#length === OUTPUT_BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    if (this.#length === this.#bytes.length) {
      const bigger = new Uint8Array(2 * this.#length);
      bigger.set(this.#bytes);
      this.#bytes = bigger;
    }
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /**
   * Copies bytes out.
   *
   * @returns a copy of the bytes from an index on
   */
  bytes(from = 0): Uint8Array {
    return this.#bytes.slice(from, this.#length);
  }

  /** The bytes as text, each a character from U+0000 to U+00FF. */
  text(): string {
    let text = "";
    for (let i = 0; i < this.#length; i++) {
      text += String.fromCharCode(this.#bytes[i]!);
    }
    return text;
  }

  /** Makes the record another one. */
  restore(bytes: Uint8Array): void {
    this.#take(bytes, bytes.length, 0);
  }

  /** Makes the record a copy of another log. */
  copyFrom(other: ByteLog): void {
    this.#take(other.#bytes, other.#length, other.#dropped);
  }

  /** Forgets everything. */
  clear(): void {
    this.#length = 0;
    this.#dropped = 0;
  }

  #take(bytes: Uint8Array, length: number, dropped: number): void {
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(length);
    this.#bytes.set(length < bytes.length ? bytes.subarray(0, length) : bytes);
    this.#length = length;
    this.#dropped = dropped;
  }
}
