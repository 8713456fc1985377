/**
 * The instruction engine: executes x86-64 machine code on the same machine as kernels in TypeScript.
 *
 * @module
 */

export * from "./cpuid.ts";
export * from "./decoder.ts";
export * from "./engine.ts";
export * from "./operands.ts";
export { type Handler, INSTRUCTION_BYTES_MAX, Operation } from "./processor.ts";
export { UNMODELLED, type Unmodelled } from "./unmodelled.ts";
