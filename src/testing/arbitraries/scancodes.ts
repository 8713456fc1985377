/**
 * What a keyboard puts on its wire: presses and releases as it sends them, and
 * bytes that were lost, doubled or changed on the way.
 *
 * @module
 */

import fc from "fast-check";
import { formatHex } from "../../hw/format_hex.ts";
import { keyBytes } from "../../kernel/keyboard/key_bytes.ts";
import { KEY_CODES, type KeyCode } from "../../kernel/keyboard/key_code.ts";
import { keyEvent } from "../../kernel/keyboard/key_event.ts";
import type { ScancodeSetNumber } from "../../kernel/keyboard/scancodes.ts";
import type { Arbitrary } from "./arbitrary.ts";
import { anySteps } from "./steps.ts";

/** Bytes in the order of the wire. */
export class ScancodeStream {
  /** The bytes. */
  readonly bytes: readonly number[];

  /**
   * Makes a stream.
   *
   * @param bytes The bytes.
   */
  constructor(bytes: readonly number[]) {
    this.bytes = bytes;
  }

  /** The bytes as code. */
  toString(): string {
    return `[${this.bytes.map((byte) => formatHex(byte)).join(", ")}]`;
  }
}

/** One thing that happens at the keyboard. */
type Stroke =
  | { readonly act: "press" | "release"; readonly code: KeyCode }
  | { readonly act: "byte"; readonly byte: number }
  | { readonly act: "lose" };

/** What streams are drawn. */
export interface ScancodeOptions {
  /** Scan code set; 1 by default, what software reads behind an 8042. */
  readonly set?: ScancodeSetNumber;
  /** Presses and releases at most; 20 by default. */
  readonly lengthMax?: number;
  /** Whether bytes are lost, doubled and made up; by default not. */
  readonly damaged?: boolean;
}

/** Keys that change what others mean are drawn often. */
const MODIFIERS: readonly KeyCode[] = [
  "LShift",
  "RShift",
  "LControl",
  "RControl",
  "CapsLock",
  "NumpadLock",
  "RAltGr",
];

function build(
  strokes: readonly Stroke[],
  set: ScancodeSetNumber,
): ScancodeStream {
  const bytes: number[] = [];
  for (const stroke of strokes) {
    if (stroke.act === "byte") bytes.push(stroke.byte);
    else if (stroke.act === "lose") bytes.pop();
    else {
      const state = stroke.act === "press" ? "Down" : "Up";
      bytes.push(...keyBytes(keyEvent(stroke.code, state), set));
    }
  }
  return new ScancodeStream(bytes);
}

/**
 * Streams of scancodes.
 *
 * @param options What is drawn.
 * @returns Streams of whole scancodes, unless they are damaged.
 *
 * @example
 * ```ts
 * import { anyScancodes } from "@lockstep/kernel/testing";
 * import { ScancodeSet1 } from "@lockstep/kernel/keyboard";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(anyScancodes({ damaged: true }), ({ bytes }) => {
 *   const decoder = new ScancodeSet1();
 *   for (const byte of bytes) decoder.advance(byte); // Never throws.
 * }));
 * ```
 */
export function anyScancodes(
  options: ScancodeOptions = {},
): Arbitrary<ScancodeStream> {
  const { set = 1, lengthMax = 20, damaged = false } = options;
  const code = fc.oneof(
    fc.constantFrom(...MODIFIERS),
    fc.constantFrom(...KEY_CODES),
  );
  const act = fc.constantFrom("press" as const, "release" as const);
  const stroke: Arbitrary<Stroke> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ act, code }) },
    ...(damaged
      ? [
        {
          weight: 1,
          arbitrary: fc.record({
            act: fc.constant("byte" as const),
            byte: fc.oneof(
              fc.constantFrom(0xe0, 0xe1, 0xf0, 0, 0xff, 0xaa),
              fc.nat(255),
            ),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ act: fc.constant("lose" as const) }),
        },
      ]
      : []),
  );
  return anySteps(stroke, lengthMax).map((strokes) => build(strokes, set));
}
