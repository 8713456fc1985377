/**
 * The transitions of a machine: one turn of a hosted kernel, one handler that interrupts a halted CPU, one wait for the
 * next event, or machine code.
 *
 * @module
 */

import type { Core } from "./core.ts";
import { PF_I, PF_P, PF_U } from "./error_code.ts";
import { VECTOR_PF } from "./exception.ts";
import type { InstructionEngine } from "./executor.ts";
import type { HostExecutor } from "./host_executor.ts";
import { inHostRange } from "./host_range.ts";
import { EFER_NXE } from "./registers.ts";
import type { Stop } from "./stop.ts";

/** Makes the transitions of one machine. */
export class Transitions {
  readonly #core: Core;
  readonly #host: HostExecutor;
  readonly #engine: InstructionEngine | null;

  /**
   * Wires the engine into JavaScript that waits for machine code.
   *
   * @param core the CPU
   * @param host executes the kernel in TypeScript
   * @param engine executes machine code
   */
  constructor(
    core: Core,
    host: HostExecutor,
    engine: InstructionEngine | null,
  ) {
    this.#core = core;
    this.#host = host;
    this.#engine = engine;
    if (engine) host.stepMachineCode = () => this.#machineCode(1);
  }

  /**
   * Makes one.
   *
   * @param pauseClk where a wait is cut
   * @param instructionsMax instructions of machine code at most
   * @returns why the run ended, or `null` if it can go on
   */
  make(pauseClk: number, instructionsMax: number): Stop | null {
    const { cpu } = this.#core;
    if (cpu.halted) return this.#wait(pauseClk);
    if (inHostRange(cpu.rip)) this.#hostTurn();
    else this.#machineCode(instructionsMax);
    return this.#core.stop;
  }

  #hostTurn(): void {
    if (this.#core.cpu.cpl === 3) this.#fetchFault();
    else if (this.#host.attached) this.#host.turn();
    else this.#core.end({ reason: "no-engine", rip: this.#core.cpu.rip });
  }

  /** The host range is no memory of ring 3's: fetching there is a page fault. */
  #fetchFault(): void {
    const { cpu, fault } = this.#core;
    if (this.#core.passBoundary()) return;
    fault.vector = VECTOR_PF;
    fault.errorCode = PF_P | PF_U | (cpu.efer & EFER_NXE ? PF_I : 0);
    fault.cr2 = cpu.rip;
    this.#core.deliverFault();
  }

  /** A boundary and an instruction of machine code, and those after it whose boundaries have nothing to do. */
  #machineCode(instructionsMax: number): void {
    const core = this.#core;
    if (!this.#engine) {
      core.end({ reason: "no-engine", rip: core.cpu.rip });
      return;
    }
    core.advance();
    const vector = core.takeInterrupt();
    if (vector >= 0) {
      core.deliver(vector, "external");
      return;
    }
    try {
      this.#engine.run(instructionsMax);
    } catch (thrown) {
      if (thrown !== core.fault) throw thrown;
      core.deliverFault();
    }
  }

  /** The CPU is halted with no JavaScript live: time passes to the next event, or an interrupt is taken. */
  #wait(pauseClk: number): Stop | null {
    const core = this.#core;
    const { clock } = core;
    if (this.#wake()) return core.stop;
    if (!core.canWake) {
      core.endHung([]);
      return core.stop;
    }
    const { idleAt } = core;
    if (clock.clk >= idleAt) return { reason: "idle" };
    const next = Math.min(core.wakeClk, pauseClk, idleAt);
    core.passTo(Math.max(next, clock.clk));
    this.#wake();
    return core.stop;
  }

  /** Takes an interrupt, if one is owed, out of HLT: its handler is a turn of its own. */
  #wake(): boolean {
    const vector = this.#core.takeInterrupt();
    if (vector < 0) return false;
    if (this.#core.events.on) this.#core.events.emit("wake");
    this.#core.deliver(vector, "external");
    return true;
  }
}
