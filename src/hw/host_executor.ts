/**
 * Runs a hosted kernel: JavaScript functions as the code that the CPU executes.
 *
 * A *host frame* is a JavaScript function that runs as guest code: a turn, a handler, a `call`. While n frames are live,
 * RIP reads `HOST_RESUME` + 16 × n. An interrupt inside JavaScript pushes that address, and its handler runs nested; when
 * IRETQ pops the same RIP and RSP, the interrupted function simply goes on. When it pops anything else, the JavaScript is
 * abandoned by throwing {@linkcode UNWINDING}, and execution goes on at RIP.
 *
 * *Not modelled*: the stack bytes of JavaScript itself: a frame is what `call` stores, and recursion that bypasses `call`
 * ends, where the host's stack does, in a `HostStackError`; time that JavaScript takes between instructions.
 *
 * @module
 */

import type { VirtAddr } from "./addr.ts";
import type { Core } from "./core.ts";
import {
  isCanonical,
  registerAddress,
  setRegisterAddress,
} from "./cpu_state.ts";
import { VECTOR_GP, VECTOR_UD } from "./exception.ts";
import { NO_ERROR_CODE } from "./fault.ts";
import { RSP } from "./general_registers.ts";
import {
  HOST_BOOT,
  HOST_ENTRIES_MAX,
  HOST_ENTRY,
  HOST_PARKED,
  HOST_RESUME,
  HOST_STRIDE,
  hostEntryIndex,
  inHostRange,
} from "./host_range.ts";
import { HostStackError, isHostStackOverflow } from "./host_stack.ts";
import { HOST_CALLS_MAX, type HostEntry, type Kernel } from "./hosted.ts";
import type { Instructions } from "./instructions.ts";
import type { EventSource } from "./interrupt_unit.ts";
import type { BootInfo } from "./boot_info.ts";

/** Thrown to leave JavaScript that will never go on: whoever catches it must throw it on. */
export const UNWINDING: object = Object.freeze({
  toString: () => "the machine is unwinding host frames",
});

/** The kernel made a mistake that no instruction can express: the run ends as `panic`. */
class HostedCodeError extends Error {
  override readonly name = "HostedCodeError";
}

/** Bytes that a return address takes. */
const WORD = 8;
/** Least frame of a call: one page, so that no frame can step over a guard page. */
const FRAME_BYTES_MIN = 4096;
/** Host frames named when the stack is too deep. */
const PLACES_MAX = 16;

/** Names of the outermost frames. */
const LOOP = "loop";
const BOOT = "boot";

/** Executes one kernel on one core. */
export class HostExecutor {
  /** What JavaScript threw when the run ended as `panic`, for a developer's eyes only. */
  thrown: unknown = null;
  /** Why the machine's state depends on the host, until it is loaded: it can be neither gone on with nor digested. */
  lost: HostStackError | null = null;
  readonly #core: Core;
  #kernel: Kernel | null = null;
  #cpu: Instructions | null = null;
  #bootInfo: BootInfo | null = null;
  readonly #frames: string[] = [];
  /** The innermost frame gave control away by IRETQ: it may do nothing more. */
  #left = false;
  /** The outermost frame is a turn of `loop`. */
  #inLoop = false;
  /** Executes one instruction of machine code that interrupted JavaScript, if there is an engine. */
  stepMachineCode: (() => void) | null = null;

  /** @param core the CPU that executes */
  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Gives the executor its kernel.
   *
   * @throws {RangeError} if two entries share a name, or there are too many
   */
  attach(kernel: Kernel, cpu: Instructions, bootInfo: BootInfo): void {
    const names = kernel.entries.map((entry) => entry.name);
    if (names.length > HOST_ENTRIES_MAX) {
      throw new RangeError(
        `Cannot run the kernel: it has ${names.length} entries, ${HOST_ENTRIES_MAX} at most have an address`,
      );
    }
    if (new Set(names).size !== names.length) {
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      throw new RangeError(
        `Cannot run the kernel: two entries share a name, "${twice}"; give each its own`,
      );
    }
    this.#kernel = kernel;
    this.#cpu = cpu;
    this.#bootInfo = bootInfo;
    this.#frames.length = 0;
    this.#left = false;
    this.thrown = null;
    this.lost = null;
  }

  /** Whether it has a kernel. */
  get attached(): boolean {
    return this.#kernel !== null;
  }

  /** Names of the live host frames, outermost first. */
  get frames(): readonly string[] {
    return this.#frames;
  }

  /** The address at which the CPU runs an entry. */
  entryAddress(name: string): VirtAddr {
    const index = this.#kernel!.entries.findIndex((e) => e.name === name);
    if (index < 0) {
      const names = this.#kernel!.entries.map((e) => e.name).join(", ");
      throw new RangeError(
        `Cannot find entry "${name}": the kernel has ${names || "none"}`,
      );
    }
    return (HOST_ENTRY + HOST_STRIDE * index) as VirtAddr;
  }

  /**
   * Runs the turn that RIP, in the host range, stands for.
   *
   * @throws {HostStackError} if JavaScript overflowed the host's stack
   */
  turn(): void {
    const { cpu, clock } = this.#core;
    const { rip } = cpu;
    const begun = clock.state.clk;
    if (rip === HOST_PARKED) {
      this.#core.advance();
      cpu.halted = true;
      return;
    }
    try {
      this.#runTurn(rip);
    } catch (thrown) {
      if (!this.#core.stop && isHostStackOverflow(thrown)) this.#lose(thrown);
      if (thrown !== UNWINDING) this.#panic(thrown);
    }
    this.#frames.length = this.#core.stop ? this.#frames.length : 0;
    this.#left = false;
    this.#core.turnEnded = false;
    this.#core.refresh();
    // A turn without an instruction would be a loop outside time; it costs what a jump would.
    if (clock.state.clk === begun && !this.#core.stop) this.#core.advance();
  }

  /**
   * The slow part of an instruction boundary: the clock wants attention.
   */
  attend(): void {
    const core = this.#core;
    if (core.stop) throw UNWINDING;
    if (this.#left || core.turnEnded) this.#refuseSpent();
    if (core.clock.state.clk >= core.clock.limit) this.#endAtLimit();
    core.advance();
    this.#takeInterrupts();
  }

  /** Delivers a software interrupt, and returns when its handler has. */
  interrupt(vector: number, source: EventSource): void {
    const { cpu } = this.#core;
    const rip = cpu.rip;
    const rsp = registerAddress(cpu, RSP);
    if (!this.#core.deliver(vector, source)) throw UNWINDING;
    this.#runUntilBack(rip, rsp);
  }

  /** Delivers what an instruction threw, if it is a fault, and returns when its handler has. */
  recover(thrown: unknown): void {
    const { cpu, fault } = this.#core;
    if (thrown !== fault) throw thrown;
    const rip = cpu.rip;
    const rsp = registerAddress(cpu, RSP);
    if (!this.#core.deliverFault()) throw UNWINDING;
    this.#runUntilBack(rip, rsp);
  }

  /** After IRETQ: the innermost frame may do nothing more. */
  leave(): void {
    this.#left = true;
    this.#core.turnEnded = true;
    this.#core.refresh();
  }

  /** HLT: in `loop` the turn ends; elsewhere the wait happens here. */
  halt(): void {
    const { cpu, clock } = this.#core;
    cpu.halted = true;
    if (this.#core.events.on) {
      this.#core.events.emit("hlt", cpu.rflags >>> 9 & 1);
    }
    if (this.#frames.length === 1 && this.#inLoop) {
      this.#core.turnEnded = true;
      this.#core.refresh();
      return;
    }
    const since = clock.state.clk;
    while (cpu.halted) this.#waitInPlace(since);
  }

  /** HLT for ever: the JavaScript is given up, RSP and IF stay. */
  park(): never {
    const { cpu } = this.#core;
    cpu.rip = HOST_PARKED;
    cpu.halted = true;
    throw UNWINDING;
  }

  /**
   * CALL, the frame's pages, the function, RET.
   *
   * @param cpu passes boundaries and stores for the call
   * @param fn the callee
   * @param frameBytes a multiple of 16, at least 4,096
   */
  call<T>(cpu: Instructions, fn: () => T, frameBytes: number): T {
    if (!(frameBytes >= FRAME_BYTES_MIN && frameBytes % 16 === 0)) {
      throw new RangeError(
        `Cannot call with a frame of ${frameBytes} bytes: give a multiple of 16 from ${FRAME_BYTES_MIN} on`,
      );
    }
    const state = this.#core.cpu;
    const returnTo = state.rip;
    const slot = registerAddress(state, RSP) - WORD;
    cpu.storeAddr(slot as VirtAddr, returnTo as VirtAddr);
    setRegisterAddress(state, RSP, slot);
    for (let left = frameBytes; left > 0; left -= FRAME_BYTES_MIN) {
      const rsp = registerAddress(state, RSP) - Math.min(left, FRAME_BYTES_MIN);
      setRegisterAddress(state, RSP, rsp);
      cpu.storeAddr(rsp as VirtAddr, 0 as VirtAddr);
    }
    this.#push(fn.name || "call");
    const result = fn();
    this.#pop();
    setRegisterAddress(state, RSP, slot);
    const popped = this.#popReturnAddress(cpu, slot as VirtAddr);
    setRegisterAddress(state, RSP, slot + WORD);
    state.rip = popped;
    if (popped !== returnTo) throw UNWINDING;
    return result;
  }

  /** RET's load; an address that is not canonical is #GP(0), with RSP still on it. */
  #popReturnAddress(cpu: Instructions, slot: VirtAddr): number {
    const { fault } = this.#core;
    for (;;) {
      const low = cpu.load64(slot);
      const address = (cpu.high | 0) * 0x1_0000_0000 + low;
      if (isCanonical(address)) return address;
      fault.vector = VECTOR_GP;
      fault.errorCode = 0;
      this.recover(fault);
    }
  }

  /** Ends the run. */
  stop(reason: Parameters<Instructions["stop"]>[0]): never {
    if (reason.reason === "panic") {
      this.#endPanic(reason.message);
    } else this.#core.end({ ...reason });
    throw UNWINDING;
  }

  #runTurn(rip: number): void {
    const { cpu } = this.#core;
    const kernel = this.#kernel!;
    this.#inLoop = rip === HOST_RESUME;
    if (rip === HOST_BOOT) {
      this.#push(BOOT);
      kernel.boot(this.#bootInfo!);
      this.#endOuterFrame();
    } else if (rip === HOST_RESUME) {
      this.#push(LOOP);
      kernel.loop();
      this.#endOuterFrame();
    } else {
      const entry = kernel.entries[hostEntryIndex(rip)];
      if (entry) this.#enter(entry);
      else if (!this.#core.passBoundary()) {
        this.#core.deliver(VECTOR_UD, "exception", NO_ERROR_CODE);
      }
    }
    if (cpu.shadow !== 0) this.#core.refresh();
  }

  /** `boot` and `loop` return to the outermost loop, or have entered machine code by IRETQ as their last act. */
  #endOuterFrame(): void {
    const { cpu } = this.#core;
    if (!this.#left) cpu.rip = HOST_RESUME;
    else if (inHostRange(cpu.rip)) {
      this.#refuse("IRETQ left an outermost frame that no interrupt entered");
    }
  }

  /** Runs a handler, which must give control away by IRETQ. */
  #enter(entry: HostEntry): void {
    this.#push(entry.name);
    entry.run(this.#cpu!);
    if (!this.#left) {
      this.#refuse(
        `"${entry.name}" returned without IRETQ; end it with cpu.iretq()`,
      );
    }
    this.#frames.pop();
    this.#left = false;
    this.#core.turnEnded = false;
    this.#core.refresh();
  }

  #push(name: string): void {
    if (this.#frames.length === HOST_CALLS_MAX) {
      this.#core.end({ reason: "host-calls", places: this.#places() });
      throw UNWINDING;
    }
    this.#frames.push(name);
    this.#core.cpu.rip = HOST_RESUME + HOST_STRIDE * this.#frames.length;
  }

  #pop(): void {
    this.#frames.pop();
    this.#core.cpu.rip = HOST_RESUME + HOST_STRIDE * this.#frames.length;
  }

  /** Takes every interrupt that this boundary owes. */
  #takeInterrupts(): void {
    const { cpu } = this.#core;
    for (;;) {
      if (this.#core.stop) throw UNWINDING;
      const vector = this.#core.takeInterrupt();
      if (vector < 0) return;
      const rip = cpu.rip;
      const rsp = registerAddress(cpu, RSP);
      if (!this.#core.deliver(vector, "external")) throw UNWINDING;
      this.#runUntilBack(rip, rsp);
    }
  }

  /**
   * Executes until the code that was interrupted at `rip` and `rsp` can go on; leaves it for good if it never will:
   * when the handler, in JavaScript, returned elsewhere. A nested handler may return here past those in between. Ring 3
   * neither returns here nor enters a handler: to it the host range is a page fault, which the next transition delivers.
   */
  #runUntilBack(rip: number, rsp: number): void {
    const core = this.#core;
    const { cpu } = core;
    const depth = this.#frames.length;
    const back = () =>
      cpu.rip === rip && registerAddress(cpu, RSP) === rsp && cpu.cpl !== 3;
    for (let first = true; !back(); first = false) {
      if (core.stop) throw UNWINDING;
      const entry = this.#kernel!.entries[hostEntryIndex(cpu.rip)];
      if (!entry || cpu.cpl === 3) {
        this.#stepBetween();
        continue;
      }
      try {
        this.#enter(entry);
      } catch (thrown) {
        if (thrown !== UNWINDING || core.stop || !back()) throw thrown;
        this.#frames.length = depth;
        this.#left = false;
        core.turnEnded = false;
        core.refresh();
      }
      if (first && !back()) throw UNWINDING;
    }
    if (core.stop) throw UNWINDING;
  }

  /** Machine code between JavaScript that waits and JavaScript that it may enter: an instruction, or a wait in HLT. */
  #stepBetween(): void {
    const core = this.#core;
    if (inHostRange(core.cpu.rip) || !this.stepMachineCode) throw UNWINDING;
    if (core.cpu.halted) this.#waitInPlace(core.clock.state.clk);
    else if (core.clock.state.clk >= core.clock.limit) this.#endAtLimit();
    else this.stepMachineCode();
  }

  #waitInPlace(since: number): void {
    const core = this.#core;
    const { cpu, clock } = core;
    this.#takeInterrupts();
    if (!cpu.halted) {
      if (core.events.on) core.events.emit("wake", clock.state.clk - since);
      return;
    }
    if (!core.canWake) {
      core.endHung(this.#places());
      throw UNWINDING;
    }
    if (clock.clk >= core.idleAt) {
      core.end({ reason: "idle" });
      throw UNWINDING;
    }
    const next = Math.min(core.wakeClk, core.idleAt);
    if (next === clock.limit && clock.nextEvent > next) {
      clock.state.clk = next;
      this.#endAtLimit();
    }
    core.passTo(next);
  }

  #endAtLimit(): never {
    this.#core.end({ reason: "limit", insideTurn: true });
    throw UNWINDING;
  }

  #places(): string[] {
    return this.#frames.slice(-PLACES_MAX);
  }

  #refuseSpent(): never {
    const place = this.#frames.at(-1) ?? LOOP;
    this.#refuse(
      this.#left
        ? `"${place}" went on after IRETQ, which has to be its last act`
        : `"${place}" went on after HLT, which ends the turn`,
    );
  }

  #refuse(message: string): never {
    throw new HostedCodeError(message);
  }

  #lose(thrown: unknown): never {
    this.lost = new HostStackError(this.#places(), thrown);
    throw this.lost;
  }

  #panic(thrown: unknown): void {
    this.thrown = thrown;
    this.#endPanic(textOf(thrown));
  }

  #endPanic(message: string): void {
    const { events } = this.#core;
    if (events.on) events.emit("panic");
    this.#core.end({ reason: "panic", message, places: this.#places() });
  }
}

/** The text of what JavaScript threw: any value may be thrown, and not each has one. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "what was thrown has no text";
  }
}
