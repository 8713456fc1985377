/**
 * The machine: a PC as a value. It owns CPU, memory, devices and clock, runs a kernel on them, and can be saved, loaded,
 * forked, compared and looked at between any two transitions.
 *
 * A *transition* is one turn of a hosted kernel, one handler that interrupts a halted CPU, one wait for the next event,
 * or one instruction of machine code.
 *
 * *Not modelled*: a reset as the start of another boot: it ends the run, and another machine is a `new Machine`; what the
 * units say in their own headers.
 *
 * @module
 */

import { EventLog, EVENTS_MAX } from "../base/events.ts";
import { Hasher } from "../base/hash.ts";
import {
  cloneState,
  copyStateInto,
  hashState,
  type StateTree,
} from "../base/state_tree.ts";
import { CLK_HZ, NEVER } from "../base/time.ts";
import type { VirtAddr } from "./addr.ts";
import type { BootInfo } from "./boot_info.ts";
import type { ByteLog } from "./byte_log.ts";
import type { Clock } from "./clock.ts";
import type { Core } from "./core.ts";
import type { CpuState } from "./cpu_state.ts";
import type { EngineFactory, InstructionEngine } from "./executor.ts";
import { MachinePool } from "./machine_pool.ts";
import { powerOn } from "./machine_power_on.ts";
import { Transitions } from "./machine_transitions.ts";
import { HostExecutor } from "./host_executor.ts";
import type { Kernel, Program } from "./hosted.ts";
import { HostedCpu } from "./hosted_cpu.ts";
import { type Input, InputLog } from "./input_log.ts";
import type { IoBus } from "./io_bus.ts";
import { ALARMS_NEVER_EARLY, MachineBoard } from "./machine_board.ts";
import {
  fullConfig,
  type FullMachineConfig,
  type MachineConfig,
} from "./hardware_config.ts";
import type { AccessWidth, PhysMemory } from "./phys_memory.ts";
import type { PageMap } from "./page_map.ts";
import { checkSnapshot, type Snapshot, SNAPSHOT_VERSION } from "./snapshot.ts";
import type { Stop } from "./stop.ts";
import type { Vga } from "./vga.ts";

/** What a machine is made of. */
export interface MachineOptions extends MachineConfig {
  /**
   * The kernel in TypeScript. Without one the machine is bare: firmware has run, and RIP is `HOST_BOOT`. With an `image`,
   * RIP is that one's entry point: of the program only its entries are called.
   */
  readonly program?: Program;
  /** Executes machine code. Without one, RIP outside the host range ends the run as `no-engine`. */
  readonly engine?: EngineFactory;
  /** Inputs that are to come; more can be added while it runs. */
  readonly inputs?: readonly Input[];
  /** Records that the event log keeps. Default 65,536. */
  readonly eventsMax?: number;
}

/** When a run ends, besides the reasons of its own. */
export interface RunOptions {
  /**
   * The last clk that may be reached. Inside a turn this is final: the machine can be inspected, but goes on only after a
   * load. Default: {@linkcode RUN_CLK_MAX} from here.
   */
  readonly clkMax?: number;
  /** Stops between transitions as soon as this clk is reached, cutting a wait of the halted CPU exactly there. */
  readonly pauseClk?: number;
  /** Asked after each transition: `true` stops. */
  readonly until?: (machine: Machine) => boolean;
  /**
   * Stops as `idle` when HLT waits with interrupts on, no input is left, and none arrived or was read for this long. If
   * that HLT waits inside a turn, this is final, as `clkMax` is.
   */
  readonly idleClk?: number;
}

/** Clks that a run without `clkMax` may take: ten virtual minutes. */
export const RUN_CLK_MAX: number = 600 * CLK_HZ;

/**
 * A PC.
 *
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = new Machine({
 *   ramBytes: 16 * 2 ** 20,
 *   program: (cpu) => ({
 *     state: {},
 *     entries: [],
 *     boot: () => cpu.out32(0xf4, 0x10),
 *     loop: () => cpu.hlt(),
 *   }),
 * });
 * assertEquals(machine.run(), { reason: "exit", value: 0x10, status: 33 });
 * ```
 */
export class Machine {
  /** The hardware. */
  readonly config: FullMachineConfig;
  /** What firmware told the kernel. */
  readonly bootInfo: BootInfo;
  /** What happens, if switched on. */
  readonly events: EventLog;

  readonly #options: MachineOptions;
  readonly #board: MachineBoard;
  readonly #core: Core;
  readonly #inputs: InputLog;
  readonly #host: HostExecutor;
  readonly #hostedCpu: HostedCpu;
  readonly #engine: InstructionEngine | null;
  readonly #transitions: Transitions;
  #kernel: Kernel | null = null;
  #executing = false;
  /** Idle machines of this one's family, shared with all forks. */
  #pool: MachinePool<Machine> = new MachinePool();
  #released = false;

  /**
   * Builds a machine and switches it on: firmware runs, the kernel is made, nothing has executed.
   *
   * @param options hardware, kernel, inputs
   * @throws {RangeError} if the hardware cannot be built, or an input is malformed
   * @throws {TypeError} if the kernel's state is no plain data, naming the place
   */
  constructor(options: MachineOptions = {}) {
    this.#options = options;
    this.config = fullConfig(options);
    this.#inputs = new InputLog();
    this.events = new EventLog(
      {
        get clk() {
          return time.clk;
        },
      },
      options.eventsMax ?? EVENTS_MAX,
    );
    this.#board = new MachineBoard(this.config, this.#inputs, this.events);
    this.#core = this.#board.core;
    const time = this.#core.clock.state;
    this.#host = new HostExecutor(this.#core);
    this.#hostedCpu = new HostedCpu(this.#core, this.#host);
    this.#engine = options.engine?.(this.#core) ?? null;
    this.#transitions = new Transitions(this.#core, this.#host, this.#engine);
    this.events.onSwitched = () => this.#core.mmu.dropFast();
    this.bootInfo = powerOn(this.config, this.#board);
    this.#attach(undefined);
    this.addInputs(options.inputs ?? []);
    this.#core.refresh();
  }

  /** Cycles since power-on. */
  get clk(): number {
    return this.#core.clock.clk;
  }

  /** The CPU's registers: plain data, to look at. */
  get cpu(): CpuState {
    return this.#core.cpu;
  }

  /** Clock, CPU, TLB and devices as one tree of plain data. */
  get state(): StateTree {
    return this.#board.state;
  }

  /** The kernel's state, or `null` without a program. */
  get kernelState(): StateTree | null {
    return this.#kernel?.state ?? null;
  }

  /** The display. */
  get vga(): Vga {
    return this.#board.vga;
  }

  /** What the serial port has sent. */
  get serial(): ByteLog {
    return this.#board.serial;
  }

  /** What was written to the debug console at port 0xe9. */
  get debugConsole(): ByteLog {
    return this.#board.debugConsole;
  }

  /** Physical memory. */
  get memory(): PhysMemory {
    return this.#board.phys;
  }

  /** The port bus. */
  get ports(): IoBus {
    return this.#core.io;
  }

  /** The clock, with the names of its alarms. */
  get clock(): Clock {
    return this.#core.clock;
  }

  /** All inputs, those that have happened included. */
  get inputs(): readonly Input[] {
    return this.#inputs.entries;
  }

  /** Inputs that have not happened yet. */
  get inputsPending(): number {
    return this.#inputs.pending;
  }

  /** Bytes of the keyboard that nobody had room for. */
  get keysLost(): number {
    return this.#board.keysLost;
  }

  /** Why the run ended for good, or `null` while it can go on. */
  get stopped(): Stop | null {
    return this.#core.stop;
  }

  /** What JavaScript threw when the run ended as `panic`: for standard error, never for state. */
  get thrown(): unknown {
    return this.#host.thrown;
  }

  /**
   * Adds inputs.
   *
   * @param inputs in any order; each clk later than now
   * @throws {RangeError} if one is malformed, names no alarm, moves one back that cannot come early, or comes too late;
   *   then none is added
   */
  addInputs(inputs: readonly Input[]): void {
    for (const input of inputs) {
      if (input.source !== "delay") continue;
      const { alarm, data } = input;
      this.#core.clock.alarm(alarm); // Throws if there is none.
      if (data < 0 && ALARMS_NEVER_EARLY.includes(alarm)) {
        throw new RangeError(
          `Cannot add input ${JSON.stringify(input)}: "${alarm}" cannot come ` +
            "early: its chip keeps the time that it waits for",
        );
      }
    }
    this.#inputs.add(inputs, this.clk);
    this.#core.clock.setNextInput(this.#inputs.next);
  }

  /**
   * Makes one transition. One that takes {@linkcode RUN_CLK_MAX} is cut there.
   *
   * @returns why the run ended, or `null` if it can go on
   * @throws {HostStackError} if JavaScript recursed past the host's stack: the machine goes on only after a load
   */
  step(): Stop | null {
    this.#refuseInside("step");
    this.#refuseLost();
    if (this.#core.stop) return this.#core.stop;
    this.#core.clock.setLimit(this.clk + RUN_CLK_MAX);
    this.#core.idleClk = NEVER;
    return this.#transition(NEVER, 1);
  }

  /**
   * Runs until something ends the run.
   *
   * @param options when to stop
   * @returns why it stopped
   * @throws {RangeError} if `clkMax` has passed, or a clk is no whole number
   * @throws {HostStackError} if JavaScript recursed past the host's stack: the machine goes on only after a load
   */
  run(options: RunOptions = {}): Stop {
    this.#refuseInside("run");
    this.#refuseLost();
    const { until } = options;
    const clkMax = clks("clkMax", options.clkMax, this.clk + RUN_CLK_MAX);
    const pauseClk = clks("pauseClk", options.pauseClk, NEVER);
    const idleClk = clks("idleClk", options.idleClk, NEVER);
    if (!(clkMax >= this.clk)) {
      throw new RangeError(
        `Cannot run to clk ${clkMax}: it is ${this.clk}; give a later one`,
      );
    }
    this.#core.clock.setLimit(clkMax);
    this.#core.idleClk = idleClk;
    for (;;) {
      if (this.#core.stop) return this.#core.stop;
      if (this.clk >= pauseClk) return { reason: "until" };
      if (this.clk >= clkMax) return { reason: "limit", insideTurn: false };
      const stop = this.#transition(pauseClk, until ? 1 : pauseClk - this.clk);
      if (stop) return stop;
      if (!until) continue;
      if (until(this)) return { reason: "until" };
      // It may have run the machine itself, with limits of its own.
      this.#core.clock.setLimit(clkMax);
      this.#core.idleClk = idleClk;
    }
  }

  /**
   * A digest of everything that decides how the run goes on: CPU, TLB, RAM, devices, kernel state and clk; not the input
   * log, not the events.
   *
   * @returns 16 hex digits
   * @throws {HostStackError} after a run that threw it: what is left depends on the host
   */
  digest(): string {
    this.#refuseLost();
    const hasher = new Hasher();
    const ram = this.#board.phys.ram.hash();
    hasher.word(ram.low);
    hasher.word(ram.high);
    hashState(this.#board.state, hasher);
    if (this.#kernel) hashState(this.#kernel.state, hasher);
    return hasher.digest();
  }

  /**
   * Saves the machine.
   *
   * @returns plain data
   * @throws {RangeError} inside a turn, naming the host frames that are live; or if a task is no data, naming it
   * @throws {TypeError} if the kernel's state is no plain data, naming the place
   */
  save(): Snapshot {
    this.#refuseInside("save");
    this.#refuseLost();
    this.#refuseCut("save");
    this.#refuseTask("save");
    return {
      version: SNAPSHOT_VERSION,
      config: this.config,
      programId: this.#programId,
      entries: this.#entryNames,
      machine: cloneState(this.#board.state),
      ram: this.#board.phys.ram.save(),
      kernel: this.#kernel && cloneState(this.#kernel.state),
      inputs: this.#inputs.entries.slice(),
      cursor: this.#inputs.cursor,
      serial: this.serial.bytes(),
      stop: this.#core.stop && { ...this.#core.stop },
    };
  }

  /**
   * Makes this machine the saved one, whatever it was before. The snapshot is left alone and can be loaded again.
   *
   * @param snapshot of a machine with the same hardware and program
   * @throws {RangeError} if version, hardware, program or entries differ; then nothing has changed
   */
  load(snapshot: Snapshot): void {
    this.#refuseInside("load");
    checkSnapshot(snapshot, {
      config: this.config,
      programId: this.#programId,
      entries: this.#entryNames,
    });
    const { machine, ram, kernel, stop } = snapshot;
    this.#become(machine, ram, kernel, stop);
    this.#takeInputs(snapshot.inputs, snapshot.cursor);
    this.serial.restore(snapshot.serial);
  }

  /**
   * Makes another machine that goes on from here. Both share nothing that one could change for the other. Its event log
   * is empty and off, its debug console silent so far.
   *
   * The machine that it is made of comes from this family's pool, if one was given back by {@linkcode release}; then
   * only what differs is copied. A fork that is dropped without that is collected like any object.
   *
   * @param inputs replace the inputs that are still to come; absent, the fork gets the same ones
   * @returns the fork
   * @throws {RangeError} inside a turn, naming the host frames that are live; or if a task is no data, naming it
   * @throws {TypeError} if the kernel's state is no plain data, naming the place
   * @example
   * ```ts
   * import { kernel, Machine } from "@lockstep/kernel";
   * import { assertEquals } from "@std/assert";
   *
   * const machine = new Machine({ program: kernel, ramBytes: 16 * 2 ** 20 });
   * machine.run({ pauseClk: 100_000 });
   * const keys = [0x1c, 0x32].map((data) => {
   *   const fork = machine.fork([{ clk: 200_000, source: "key", data }]);
   *   fork.run({ pauseClk: 300_000 });
   *   const text = fork.vga.screenText()[24];
   *   fork.release();
   *   return text;
   * });
   * assertEquals(keys, ["a", "b"]);
   * ```
   */
  fork(inputs?: readonly Input[]): Machine {
    this.#refuseInside("fork");
    this.#refuseLost();
    this.#refuseCut("fork");
    this.#refuseTask("fork");
    const fork = this.#pool.take() ?? this.#relative();
    fork.#released = false;
    const { ram } = this.#board.phys;
    const { stop } = this.#core;
    fork.#become(this.#board.state, ram.save(), this.kernelState, stop);
    const { entries, cursor } = this.#inputs;
    fork.#takeInputs(inputs ? entries.slice(0, cursor) : entries, cursor);
    fork.serial.copyFrom(this.serial);
    if (inputs) fork.addInputs(inputs);
    return fork;
  }

  /**
   * Gives this machine back to its family, for a later {@linkcode fork} to be made of. It is not to be used after that;
   * until it is taken again, it refuses to run, to be saved, loaded and forked.
   *
   * @throws {RangeError} inside a turn, or if it was released before
   */
  release(): void {
    this.#refuseInside("release");
    this.#released = true;
    this.events.on = false;
    this.events.clear();
    this.debugConsole.clear();
    this.#pool.give(this);
  }

  /** Another machine of this family, as it comes from the shop. */
  #relative(): Machine {
    const { inputs: _, ...options } = this.#options;
    const relative = new Machine(options);
    relative.#pool = this.#pool;
    return relative;
  }

  /** Makes CPU, chips, memory and kernel those of another machine or a snapshot, which are left alone. */
  #become(
    state: StateTree,
    ram: PageMap,
    kernel: StateTree | null,
    stop: Stop | null,
  ): void {
    copyStateInto(this.#board.state, state);
    this.#board.phys.ram.load(ram);
    this.#core.stop = stop;
    this.#core.turnEnded = false;
    this.#attach(kernel ? cloneState(kernel) : undefined);
    this.dropCaches();
    this.#core.clock.refresh();
    this.#board.refreshLines();
    this.#core.refresh();
  }

  #takeInputs(inputs: readonly Input[], cursor: number): void {
    this.#inputs.restore(inputs, cursor);
    this.#core.clock.setNextInput(this.#inputs.next);
  }

  /**
   * Reads memory as an onlooker: touches neither TLB, A bits, devices nor clk.
   *
   * @param address linear, translated by the page tables alone
   * @param bytes 1, 2 or 4
   * @returns the value, unsigned, or `null` if not all of it is mapped
   */
  peek(address: VirtAddr, bytes: AccessWidth = 4): number | null {
    if (((address | 0) & 0xfff) + bytes <= 4096) {
      const physical = this.#core.mmu.peekTranslate(address);
      return physical === null ? null : this.#board.phys.peek(physical, bytes);
    }
    let value = 0;
    for (let i = 0; i < bytes; i++) {
      const byte = this.peek((address + i) as VirtAddr, 1);
      if (byte === null) return null;
      value |= byte << (8 * i);
    }
    return value >>> 0;
  }

  /** Drops everything that only makes the host faster: changes no result and no digest. */
  dropCaches(): void {
    this.#core.mmu.dropFast();
    this.#engine?.dropCaches();
  }

  get #programId(): string | null {
    return this.#kernel ? this.#kernel.id ?? "kernel" : null;
  }

  get #entryNames(): string[] {
    return this.#kernel?.entries.map((entry) => entry.name) ?? [];
  }

  #attach(state: StateTree | undefined): void {
    const { program } = this.#options;
    if (!program) return;
    this.#kernel = program(this.#hostedCpu, state);
    if (!state) cloneState(this.#kernel.state); // Refuses what is no plain data, before anything depends on it.
    this.#host.attach(this.#kernel, this.#hostedCpu, this.bootInfo);
  }

  #transition(pauseClk: number, instructionsMax: number): Stop | null {
    this.#executing = true;
    try {
      return this.#transitions.make(pauseClk, instructionsMax);
    } finally {
      this.#executing = false;
    }
  }

  /** What the host's stack has left behind is that host's: nobody may take it for a result. */
  #refuseLost(): void {
    if (this.#host.lost) throw this.#host.lost;
  }

  /** A run that was cut inside a turn has lost its JavaScript. */
  #refuseCut(verb: string): void {
    const { stop } = this.#core;
    if (stop?.reason !== "limit" && stop?.reason !== "idle") return;
    const what = stop.reason === "limit" ? "the limit fell" : "it became idle";
    throw new RangeError(
      `Cannot ${verb}: ${what} inside ${this.#host.frames.join(" > ")}`,
    );
  }

  /** A task of the kernel may be no data. */
  #refuseTask(verb: string): void {
    const name = this.#kernel?.refuseSave?.() ?? null;
    if (name === null) return;
    throw new RangeError(
      `Cannot ${verb}: task "${name}" is a generator, whose stack is no data; ` +
        "write it as data, or run again from before its spawn",
    );
  }

  #refuseInside(verb: string): void {
    if (this.#released) {
      throw new RangeError(
        `Cannot ${verb} a machine that was released: make another fork`,
      );
    }
    if (!this.#executing) return;
    throw new RangeError(
      `Cannot ${verb} inside a turn: ${
        this.#host.frames.join(" > ")
      } is running; do it between turns`,
    );
  }
}

/** A number of clks that a caller gave: whole, or `Infinity`. */
function clks(name: string, value: number | undefined, absent: number): number {
  if (value === undefined) return absent;
  if (value === Infinity) return NEVER - 1;
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(
    `Cannot run with ${name} ${value}: give a whole number of clks`,
  );
}
