/**
 * `--trace-instructions`: a line for each instruction of machine code that executes.
 *
 * ```text
 * clk 1204 cpl 0 rip 0x20_00c0 48 01 c8  ADD Ev,Gv
 * ```
 *
 * What the CPU takes in place of an instruction, an interrupt, is a line `interrupt 0x20`. Iterations of REP are lines of
 * their own, as each takes a clk; turns of a kernel in TypeScript are none.
 *
 * @module
 */

import type { VirtAddr } from "../hw/addr.ts";
import { registerAddress } from "../hw/cpu_state.ts";
import { formatHex } from "../hw/format_hex.ts";
import { RSP } from "../hw/general_registers.ts";
import { inHostRange } from "../hw/host_range.ts";
import type { Machine } from "../hw/machine.ts";
import { disassemble } from "../isa/disassemble.ts";

/** Bytes that an instruction has at most. */
const INSTRUCTION_BYTES_MAX = 15;
/** Bits IDT and EXT of an error code. */
const GATE_EXTERNAL = 3;
/** Characters that are collected before they are written. */
const BUFFER_CHARS = 64 * 1024;

/** Follows one machine. */
export class InstructionTrace {
  readonly #machine: Machine;
  readonly #write: (text: string) => void;
  #next: string | null;
  #buffer = "";
  #clk = 0;
  /** Low word of the next instruction's address. */
  #rip = 0;

  /**
   * Begins. The machine's event log is switched on, and emptied after each transition.
   *
   * @param machine whose instructions to tell
   * @param write gets lines
   */
  constructor(machine: Machine, write: (text: string) => void) {
    this.#machine = machine;
    this.#write = write;
    machine.events.on = true;
    machine.events.clear();
    this.#next = this.#upcoming();
  }

  /** To be called after each transition. */
  follow(): void {
    const machine = this.#machine;
    const interrupt = this.#interrupt();
    machine.events.clear();
    if (interrupt >= 0) {
      this.#line(`clk ${machine.clk} interrupt ${formatHex(interrupt)}`);
    } else if (this.#next !== null) {
      this.#line(`clk ${machine.clk} ${this.#next}`);
    }
    this.#next = this.#upcoming();
    this.#clk = machine.clk;
  }

  /** The vector of an interrupt that the last transition took, or −1. */
  #interrupt(): number {
    const { events, stopped } = this.#machine;
    for (const { kind, a } of events) {
      if (kind === "irq-delivered") return this.#isSoftware() ? -1 : a;
    }
    if (stopped?.reason !== "shutdown") return -1;
    // One that could not be delivered: its gate is at fault, by an external event.
    const { errorCode } = stopped.exceptions[0] ?? { errorCode: -1 };
    const isExternal = errorCode >= 0 &&
      (errorCode & GATE_EXTERNAL) === GATE_EXTERNAL;
    return isExternal ? errorCode >> 3 : -1;
  }

  /** Whether INT n brought the interrupt about: then RIP was pushed behind it. */
  #isSoftware(): boolean {
    const rsp = registerAddress(this.#machine.cpu, RSP) as VirtAddr;
    const pushed = this.#machine.peek(rsp);
    return this.#next !== null && pushed !== null && pushed !== this.#rip;
  }

  /** To be called when the run has stopped: follows a last transition that nobody told of, and writes all. */
  end(): void {
    if (this.#machine.clk !== this.#clk) this.follow();
    this.#flush();
  }

  #flush(): void {
    if (this.#buffer !== "") this.#write(this.#buffer);
    this.#buffer = "";
  }

  #line(text: string): void {
    this.#buffer += `${text}\n`;
    if (this.#buffer.length >= BUFFER_CHARS) this.#flush();
  }

  /** The instruction at RIP, or `null` if none is to execute. */
  #upcoming(): string | null {
    const { cpu } = this.#machine;
    this.#rip = cpu.rip >>> 0;
    if (cpu.halted || inHostRange(cpu.rip)) return null;
    const bytes: number[] = [];
    while (bytes.length < INSTRUCTION_BYTES_MAX) {
      const byte = this.#machine.peek((cpu.rip + bytes.length) as VirtAddr, 1);
      if (byte === null) break;
      bytes.push(byte);
    }
    const { length, text } = disassemble(new Uint8Array(bytes));
    const hex = bytes.slice(0, length).map((byte) =>
      byte.toString(16).padStart(2, "0")
    );
    const place = `cpl ${cpu.cpl} rip ${formatHex(cpu.rip)}`;
    return `${place} ${[...hex, ` ${text || "?"}`].join(" ")}`;
  }
}
