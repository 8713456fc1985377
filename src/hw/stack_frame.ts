/**
 * The five words that the processor pushes when it delivers an interrupt or
 * exception. Reached through `idt.ts`.
 *
 * Layout from the lowest address, 40 bytes: RIP, CS, RFLAGS, RSP, SS, 8 bytes
 * each. An error code, where there is one, lies below RIP.
 *
 * Source: Intel SDM 3A, "64-Bit Mode Stack Frame"; crate x86_64 0.15.4,
 * `structures::idt::InterruptStackFrame`.
 *
 * @module
 */

import {
  addrHigh,
  addrLow,
  type VirtAddr,
  virtAddrDebug,
  virtFromWords,
} from "./addr.ts";
import type { CrateVersion } from "./flags_debug.ts";
import { crateHex } from "./format_hex.ts";
import { registerDebug } from "./registers.ts";
import { selectorDebug } from "./segment_selector.ts";
import type { WordSink, WordSource } from "./word64.ts";

/** Bytes of the frame, without an error code. */
export const STACK_FRAME_BYTES = 40;
/** Offset of RIP. */
export const FRAME_RIP = 0;
/** Offset of CS. */
export const FRAME_CS = 8;
/** Offset of RFLAGS. */
export const FRAME_RFLAGS = 16;
/** Offset of RSP. */
export const FRAME_RSP = 24;
/** Offset of SS. */
export const FRAME_SS = 32;

/** The frame as a value (crate: `InterruptStackFrameValue`). */
export interface InterruptStackFrame {
  /** RIP: where IRETQ goes on. */
  readonly instructionPointer: VirtAddr;
  /** CS, 16 bits. */
  readonly codeSegment: number;
  /** RFLAGS, bits 0 to 31. */
  readonly cpuFlags: number;
  /** RSP at the interruption. */
  readonly stackPointer: VirtAddr;
  /** SS, 16 bits. */
  readonly stackSegment: number;
}

/**
 * Reads a frame.
 *
 * @param memory Where to read.
 * @param address Address of the saved RIP, a multiple of 4.
 * @returns The frame.
 * @throws {RangeError} If a saved address is not canonical.
 */
export function readStackFrame(
  memory: WordSource,
  address: number,
): InterruptStackFrame {
  const word = (offset: number) => memory.load32(address + offset);
  const addr = (offset: number) =>
    virtFromWords(word(offset), word(offset + 4));
  return {
    instructionPointer: addr(FRAME_RIP),
    codeSegment: word(FRAME_CS) & 0xffff,
    cpuFlags: word(FRAME_RFLAGS) >>> 0,
    stackPointer: addr(FRAME_RSP),
    stackSegment: word(FRAME_SS) & 0xffff,
  };
}

/**
 * Writes a frame, for example one that a handler has edited.
 *
 * @param memory Where to write.
 * @param address Address of the saved RIP, a multiple of 4.
 * @param frame What to write.
 */
export function writeStackFrame(
  memory: WordSink,
  address: number,
  frame: InterruptStackFrame,
): void {
  const write = (offset: number, low: number, high: number) => {
    memory.store32(address + offset, low);
    memory.store32(address + offset + 4, high);
  };
  const addr = (offset: number, value: VirtAddr) =>
    write(offset, addrLow(value), addrHigh(value));
  addr(FRAME_RIP, frame.instructionPointer);
  write(FRAME_CS, frame.codeSegment, 0);
  write(FRAME_RFLAGS, frame.cpuFlags, 0);
  addr(FRAME_RSP, frame.stackPointer);
  write(FRAME_SS, frame.stackSegment, 0);
}

/** How a frame is printed. */
export interface StackFrameDebugOptions {
  /** Over several lines, as `{:#?}` does; `false` by default. */
  readonly pretty?: boolean;
  /** After which version of the crate; 0.15 by default. */
  readonly version?: CrateVersion;
}

/**
 * The crate's `Debug` text of a frame.
 *
 * @param frame The frame.
 * @param options Over one line or several, and after which version.
 * @returns The text, without a newline at its end.
 */
export function stackFrameDebug(
  frame: InterruptStackFrame,
  options: StackFrameDebugOptions = {},
): string {
  const { pretty = false, version = "0.15" } = options;
  const old = version === "0.14";
  const selector = (value: number) => old ? `${value}` : selectorDebug(value);
  const fields = [
    `instruction_pointer: ${virtAddrDebug(frame.instructionPointer)}`,
    `code_segment: ${selector(frame.codeSegment)}`,
    `cpu_flags: ${
      old ? crateHex(frame.cpuFlags) : registerDebug("rflags", frame.cpuFlags)
    }`,
    `stack_pointer: ${virtAddrDebug(frame.stackPointer)}`,
    `stack_segment: ${selector(frame.stackSegment)}`,
  ];
  const text = `InterruptStackFrame { ${fields.join(", ")} }`;
  return pretty ? prettyDebug(text) : text;
}

/** Turns Rust's one-line form of nested values into its form over lines. */
function prettyDebug(text: string): string {
  let depth = 0;
  const line = () => "\n" + "    ".repeat(depth);
  return text.replace(/ \{ | \}|[()]|, /g, (token) => {
    const bracket = token.trim();
    if (bracket === "{" || bracket === "(") {
      depth++;
      return token.trimEnd() + line();
    }
    if (bracket !== "}" && bracket !== ")") return "," + line();
    depth--;
    return "," + line() + bracket;
  });
}
