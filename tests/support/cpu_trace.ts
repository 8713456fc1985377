/**
 * What an executor does, read off the machine from outside: RFLAGS.IF after each clk, HLT, interrupts, port 0x60, the cells
 * of the screen. No task and no kernel says anything of it.
 *
 * | line | seen as |
 * |---|---|
 * | `cli` … `sti` | IF falls and rises, and nothing is printed meanwhile |
 * | `cli` … `sti;hlt` | IF falls, and rises with HLT |
 * | `print:…` | cells of the last row are written while IF is clear; a scroll is a new line |
 * | `irq1 0x..` | a handler of vector 33 reads port 0x60 |
 * | `poll x` | x is written to port 0xe9 |
 *
 * @module
 */

import type { EventRecord, Machine } from "../../src/hw/mod.ts";
import { RFLAGS_IF } from "../../src/hw/registers.ts";

const SCREEN = 0xb8000;
const LAST_ROW = SCREEN + 24 * 160;
const COLUMNS = 80;
const IRQ1_VECTOR = 33;

/** Calls back each time before the clock leaves a clk: then all that belongs to that clk has happened. */
export function watchClk(
  machine: Machine,
  onLeave: (clk: number) => void,
): void {
  let { clk } = machine.clock.state;
  Object.defineProperty(machine.clock.state, "clk", {
    enumerable: true,
    get: () => clk,
    set(next: number) {
      if (next !== clk) onLeave(clk);
      clk = next;
    },
  });
}

/** The trace of a machine from here on. */
export class CpuTrace {
  /** Its lines so far. */
  readonly lines: string[] = [];
  readonly #machine: Machine;
  #interruptsOn: boolean;
  /** Vector of the handler that runs, or 0. */
  #handler = 0;
  /** What was printed since IF fell. */
  #text = "";
  /** Cells that a new line still has to clear. */
  #clearing = 0;

  /**
   * Begins to watch.
   *
   * @param machine between turns
   */
  constructor(machine: Machine) {
    this.#machine = machine;
    this.#interruptsOn = this.#flag;
    machine.events.clear();
    machine.events.on = true;
    watchClk(machine, () => this.look());
  }

  get #flag(): boolean {
    return (this.#machine.cpu.rflags & RFLAGS_IF) !== 0;
  }

  /** Takes in what has happened; called for each clk, and to be called at the end. */
  look(): void {
    const { events } = this.#machine;
    for (const record of events) this.#take(record);
    events.clear();
    const on = this.#flag;
    if (on === this.#interruptsOn) return;
    this.#interruptsOn = on;
    if (on && !this.#printed()) this.lines.push("cli", "sti");
  }

  /** Ends a print, if there was one. */
  #printed(): boolean {
    if (this.#text === "") return false;
    this.lines.push(`print:${this.#text}`);
    this.#text = "";
    return true;
  }

  #take({ kind, a, b, c }: EventRecord): void {
    switch (kind) {
      case "irq-delivered":
        this.#handler = a;
        this.#interruptsOn = false; // By the gate, not by CLI.
        break;
      case "iret":
        this.#printed();
        this.#handler = 0;
        this.#interruptsOn = (c & RFLAGS_IF) !== 0;
        break;
      case "hlt":
        if (this.#interruptsOn || a === 0) this.lines.push("hlt");
        else this.lines.push("cli", "sti;hlt");
        this.#interruptsOn = a === 1;
        break;
      case "port-read":
        if (a === 0x60 && this.#handler === IRQ1_VECTOR) {
          this.lines.push(`irq1 0x${b.toString(16).padStart(2, "0")}`);
        }
        break;
      case "port-write":
        if (a === 0xe9) this.lines.push(`poll ${String.fromCharCode(b)}`);
        break;
      case "mmio-write":
        this.#cell(a, b);
    }
  }

  #cell(address: number, value: number): void {
    if (address === SCREEN) {
      this.#text += "\n"; // The scroll begins with the top left cell.
      this.#clearing = COLUMNS;
    } else if (address >= LAST_ROW) {
      if (this.#clearing > 0) this.#clearing -= 1;
      else this.#text += String.fromCharCode(value & 0xff);
    }
  }
}
