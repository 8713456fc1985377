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
   * Executes one instruction at RIP. The boundary before it has passed. An instruction that faults throws the core's
   * fault and has changed nothing; an instruction that the engine does not know throws #UD.
   */
  step(): void;
  /** Drops what was derived from memory, such as decoded instructions: changes no result. */
  dropCaches(): void;
}

/** Makes an engine for a core. */
export type EngineFactory = (core: Core) => InstructionEngine;
