/**
 * What hosted kernels and machine code have in common: the CPU's state with the units around it, and what happens at an
 * instruction boundary.
 *
 * Order at a boundary: the clock advances by 1, inputs that are due happen, then alarms, then an interrupt is taken, then
 * the instruction executes. Delivery costs no time.
 *
 * *Not modelled*: a second CPU, SMIs, machine checks, INIT; breakpoints of the debug registers; TF, which single-steps
 * machine code, traps nothing in TypeScript.
 *
 * @module
 */

import type { EventSink } from "../base/events.ts";
import { NEVER } from "../base/time.ts";
import type { Clock } from "./clock.ts";
import {
  type CpuState,
  cpuState,
  SHADOW_NONE,
  SHADOW_SS,
} from "./cpu_state.ts";
import { VECTOR_NMI } from "./exception.ts";
import { Fault, NO_ERROR_CODE } from "./fault.ts";
import type { InputLog } from "./input_log.ts";
import { type EventSource, InterruptUnit } from "./interrupt_unit.ts";
import type { IoBus } from "./io_bus.ts";
import { Mmu } from "./mmu.ts";
import type { PhysMemory } from "./phys_memory.ts";
import { RFLAGS_IF } from "./registers.ts";
import { SegmentUnit } from "./segment_unit.ts";
import type { Stop } from "./stop.ts";
import { SystemRegisters } from "./system_registers.ts";
import type { TlbState } from "./tlb.ts";

/** The interrupt controller as the CPU sees it: INTA and a look. */
export interface InterruptController {
  /** The INTA cycles. @returns the vector */
  acknowledge(): number;
  /** The vector that an acknowledge would give, without any effect, or `null`. */
  peekPending(): number | null;
}

/** What the machine tells the core about the world. */
export interface Board {
  /** Delivers the inputs that are due at `clk`. */
  runInputs(clk: number): void;
  /** Answers INTA. */
  readonly pic: InterruptController;
  /** When the last byte of input arrived or was read, clk. */
  readonly lastInputClk: number;
}

/** No interrupt is to be taken. */
const NONE = -1;

/** One CPU with its units. */
export class Core {
  /** The architectural state. */
  readonly cpu: CpuState;
  /** Thrown for architectural faults. */
  readonly fault: Fault = new Fault();
  /** Physical memory. */
  readonly phys: PhysMemory;
  /** Memory by linear address. */
  readonly mmu: Mmu;
  /** Segment registers. */
  readonly segments: SegmentUnit;
  /** Interrupt delivery. */
  readonly interrupts: InterruptUnit;
  /** Control registers and MSRs. */
  readonly registers: SystemRegisters;
  /** Time. */
  readonly clock: Clock;
  /** Ports. */
  readonly io: IoBus;
  /** The input log. */
  readonly inputs: InputLog;
  /** Where events are recorded. */
  readonly events: EventSink;
  /** Why the run ended, once it has: the CPU is dead then. */
  stop: Stop | null = null;
  /** Derived: the executor wants the next boundary, as its turn has ended. */
  turnEnded = false;
  /** How long this run may wait with no input left, or `NEVER`. */
  idleClk: number = NEVER;

  #board: Board | null = null;
  #intr = false;
  #nmiMask = false;

  /**
   * Puts the units together.
   *
   * @param phys physical memory
   * @param io the port bus
   * @param clock time
   * @param inputs the input log
   * @param events receives what happens
   * @param state CPU and TLB to go on with
   */
  constructor(
    phys: PhysMemory,
    io: IoBus,
    clock: Clock,
    inputs: InputLog,
    events: EventSink,
    state: {
      /** The CPU. */
      readonly cpu: CpuState;
      /** The TLB. */
      readonly tlb?: TlbState;
    } = { cpu: cpuState() },
  ) {
    this.cpu = state.cpu;
    this.phys = phys;
    this.mmu = new Mmu(state.cpu, phys, this.fault, events, state.tlb);
    this.segments = new SegmentUnit(state.cpu, this.mmu, this.fault);
    this.interrupts = new InterruptUnit(
      state.cpu,
      this.mmu,
      this.segments,
      this.fault,
      events,
    );
    this.registers = new SystemRegisters(
      state.cpu,
      this.mmu,
      this.fault,
      clock,
    );
    this.clock = clock;
    this.io = io;
    this.inputs = inputs;
    this.events = events;
  }

  /** Wires the core to the board that carries it. */
  connect(board: Board): void {
    this.#board = board;
  }

  /** The INTR pin. */
  setIntr(level: boolean): void {
    this.#intr = level;
    this.refresh();
  }

  /** Port 0x70 bit 7 on its way to the NMI pin: while it is high, edges don't reach the CPU. */
  setNmiMask(level: boolean): void {
    this.#nmiMask = level;
  }

  /** The NMI pin: an edge is remembered until it is taken. */
  raiseNmi(): void {
    if (this.#nmiMask) return;
    this.cpu.nmiPending = true;
    this.refresh();
  }

  /** Ends the run with the first reason that is given. */
  end(stop: Stop): void {
    this.stop ??= stop;
    this.clock.setUrgent(true);
  }

  /** Derives, after a change of IF, a shadow, a pin or the end of a turn, whether every boundary is wanted. */
  refresh(): void {
    const { cpu } = this;
    this.clock.setUrgent(
      this.stop !== null || this.turnEnded || cpu.shadow !== SHADOW_NONE ||
        (this.#intr && (cpu.rflags & RFLAGS_IF) !== 0) ||
        (cpu.nmiPending && !cpu.nmiBlocked),
    );
  }

  /** One clk passes, with the inputs and alarms that fall on it. */
  advance(): void {
    this.passTo(this.clock.state.clk + 1);
  }

  /**
   * A whole boundary: time passes, and an interrupt that is owed is delivered.
   *
   * @returns whether one was, so that the instruction at RIP is not to be executed
   */
  passBoundary(): boolean {
    this.advance();
    const vector = this.takeInterrupt();
    if (vector < 0) return false;
    this.deliver(vector, "external");
    return true;
  }

  /** Time passes to a clk that is not beyond the next event, with the inputs and alarms that fall on it. */
  passTo(clk: number): void {
    this.clock.state.clk = clk;
    if (this.inputs.next <= clk) this.#board!.runInputs(clk);
    this.clock.runAlarms();
  }

  /**
   * Takes the interrupt that this boundary owes, by the pins, IF and the shadow, which ends here.
   *
   * @returns its vector, acknowledged, or −1
   */
  takeInterrupt(): number {
    const { cpu } = this;
    const { shadow } = cpu;
    cpu.shadow = SHADOW_NONE;
    if (cpu.nmiPending && !cpu.nmiBlocked && shadow !== SHADOW_SS) {
      cpu.nmiPending = false;
      cpu.nmiBlocked = true;
      return VECTOR_NMI;
    }
    const wanted = this.#intr && (cpu.rflags & RFLAGS_IF) !== 0 &&
      shadow === SHADOW_NONE;
    const vector = wanted ? this.#board!.pic.acknowledge() : NONE;
    if (shadow !== SHADOW_NONE) this.refresh();
    return vector;
  }

  /**
   * Delivers an interrupt or exception; on a triple fault the run ends.
   *
   * @param vector 0 to 255
   * @param source where it comes from
   * @param errorCode what is pushed
   * @param faultRip where RIP goes back to if delivery faults: to INT n, which RIP has passed
   * @returns whether a handler was reached
   */
  deliver(
    vector: number,
    source: EventSource,
    errorCode: number = NO_ERROR_CODE,
    faultRip: number = this.cpu.rip,
  ): boolean {
    const reached = this.interrupts.raise(
      vector,
      errorCode,
      source,
      0,
      faultRip,
    );
    return this.#delivered(reached);
  }

  /** Delivers the fault that was thrown last. */
  deliverFault(): boolean {
    return this.#delivered(this.interrupts.raiseFault());
  }

  /** Whether a halted CPU can be woken: IF is set, or an NMI that is let through is there or still to come. */
  get canWake(): boolean {
    const { cpu } = this;
    if ((cpu.rflags & RFLAGS_IF) !== 0) return true;
    if (cpu.nmiBlocked) return false;
    if (cpu.nmiPending) return true;
    if (this.#nmiMask) return false;
    const { entries, cursor } = this.inputs;
    for (let i = cursor; i < entries.length; i++) {
      if (entries[i]!.source === "nmi") return true;
    }
    return false;
  }

  /** Ends the run as hung, saying what waits. */
  endHung(places: readonly string[]): void {
    this.end({
      reason: "hung",
      interruptsEnabled: (this.cpu.rflags & RFLAGS_IF) !== 0,
      pendingVector: this.#intr ? this.#board!.pic.peekPending() : null,
      places,
    });
  }

  /** The clk to which a halted CPU may sleep: the next event, or the limit. */
  get wakeClk(): number {
    const { nextEvent, limit } = this.clock;
    return Math.min(nextEvent, limit, NEVER);
  }

  /** The clk at which a wait with interrupts on becomes idle, or `NEVER`. */
  get idleAt(): number {
    const { idleClk, inputs, cpu } = this;
    return idleClk === NEVER || inputs.pending > 0 ||
        (cpu.rflags & RFLAGS_IF) === 0
      ? NEVER
      : this.#board!.lastInputClk + idleClk;
  }

  #delivered(reached: boolean): boolean {
    if (!reached) {
      const exceptions = this.interrupts.chain.slice();
      this.end({ reason: "shutdown", exceptions });
    }
    this.refresh();
    return reached;
  }
}
