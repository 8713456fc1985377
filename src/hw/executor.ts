/**
 * What an instruction engine is to the machine: it executes machine code where RIP lies outside the host range. The
 * machine is handed an engine and knows no other way to execute instructions.
 *
 * @module
 */

import type { Core } from "./core.ts";

/** Executes machine code on a core. */
export interface InstructionEngine {
  /**
   * Executes the instruction at RIP, whose boundary has passed, and goes on as long as boundaries have nothing to do but
   * to add 1 to clk: until the next would make clk `clock.attention` or more, HLT, RIP enters the host range, or
   * something has happened that the next boundary must look at. An iteration of REP counts as an instruction.
   *
   * An instruction that faults throws the core's fault, with RIP on it, and has changed nothing; one that the engine does
   * not know throws #UD.
   *
   * @param instructionsMax how many at most, at least 1
   */
  run(instructionsMax: number): void;
  /** Drops what was derived from memory, such as decoded instructions: changes no result. */
  dropCaches(): void;
}

/** Makes an engine for a core. */
export type EngineFactory = (core: Core) => InstructionEngine;
