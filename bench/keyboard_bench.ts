/**
 * The keyboard decoder, per byte. Goal: below 0.5 µs a byte, so that decoding
 * never shows beside the interrupt that brings it.
 */

import { assertEquals } from "@std/assert";
import {
  Keyboard,
  scancodesForText,
  TerminalKeyboard,
} from "../src/kernel/keyboard/mod.ts";

const TEXT = "Hello World! It did not crash.\n".repeat(32);

function bytesOf(text: string): number[] {
  const typed = scancodesForText(text);
  if (typed.kind === "refused") throw new RangeError(typed.message);
  return typed.strokes.flatMap((stroke) => stroke.bytes);
}

const BYTES = bytesOf(TEXT);
const INPUT = [...TEXT].map((char) => char.charCodeAt(0));

function decoded(bytes: readonly number[]): number {
  const keyboard = new Keyboard();
  let characters = 0;
  for (const byte of bytes) {
    if (keyboard.typed(byte)?.kind === "unicode") characters += 1;
  }
  return characters;
}

Deno.bench(`Keyboard.typed(), ${BYTES.length} bytes of set 1`, () => {
  assertEquals(decoded(BYTES), TEXT.length);
});

Deno.bench(`scancodesForText(), ${TEXT.length} characters`, () => {
  assertEquals(bytesOf(TEXT).length, BYTES.length);
});

Deno.bench(`TerminalKeyboard.feed(), ${INPUT.length} bytes`, () => {
  const { strokes } = new TerminalKeyboard().feed(INPUT);
  assertEquals(strokes.length, TEXT.length);
});
