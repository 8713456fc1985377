/**
 * Our pair of 8259A, run along with a program to see where QEMU parts from the data sheet.
 *
 * @module
 */

import { UNCONNECTED } from "../../src/base/line.ts";
import { cloneState, copyStateInto } from "../../src/base/state_tree.ts";
import { Pic, type PicState } from "../../src/hw/pic.ts";
import type { PicChipState } from "../../src/hw/pic_chip.ts";
import type { Operation } from "./program.ts";

/** The ways in which QEMU parts. */
export type PicDeviation =
  | "withdrawn"
  | "cascade-edge"
  | "special-mask-eoi"
  | "special-mask-int"
  | "nested-poll"
  | "frozen-poll";

const highest = (bits: number, lowest: number): number => {
  for (let rank = 0; rank < 8; rank++) {
    if (bits >> ((rank + lowest + 1) & 7) & 1) return rank;
  }
  return 8;
};

/** What QEMU's priority resolver would say over the same registers, as a level, or −1. */
function resolveAsQemu(s: PicChipState, primary: boolean): number {
  const rank = highest(s.irr & ~s.imr, s.lowest);
  let inService = s.specialMask ? s.isr & ~s.imr : s.isr;
  if (primary && s.icw4 & 0x10) inService &= ~0x04;
  if (rank === 8 || rank >= highest(inService, s.lowest)) return -1;
  return (rank + s.lowest + 1) & 7;
}

/** The pair, and what it sees. */
export class PicMirror {
  readonly #pic = new Pic({ intr: UNCONNECTED });

  /** All its state. */
  save(): PicState {
    return cloneState(this.#pic.state);
  }

  /** Back to what was saved. */
  load(state: PicState): void {
    copyStateInto(this.#pic.state, state);
    this.#pic.refreshLines();
  }

  /**
   * Does an operation.
   *
   * @returns where QEMU parts in it, or `null`
   */
  follow(operation: Operation): PicDeviation | null {
    const before = this.save();
    const seen = this.#ahead(operation, before);
    switch (operation.kind) {
      case "in":
        if (owns(operation.port)) this.#pic.readPort(operation.port);
        break;
      case "out":
        if (owns(operation.port)) {
          this.#pic.writePort(operation.port, operation.value);
        }
        break;
      case "irq":
        this.#pic.setIrq(operation.line, operation.level);
    }
    return seen ?? this.#behind(operation, before);
  }

  /** What can be told before the operation. */
  #ahead(operation: Operation, before: PicState): PicDeviation | null {
    if (operation.kind === "irq" || !owns(operation.port)) return null;
    if (operation.port >= 0x4d0) return null;
    const primary = operation.port < 0xa0;
    const s = primary ? before.primary : before.secondary;
    if (operation.kind === "in") {
      if (!s.poll) return null;
      const answer = this.#pic.peekPort(operation.port);
      const ours = answer & 0x80 ? answer & 7 : -1;
      if (ours === resolveAsQemu(s, primary)) return null;
      return s.frozenIrr === s.irr ? "nested-poll" : "frozen-poll";
    }
    const command = operation.value >> 5;
    const ocw2 = (operation.port & 1) === 0 && (operation.value & 0x18) === 0;
    if (!ocw2 || (command !== 1 && command !== 5) || !s.specialMask) {
      return null;
    }
    return highest(s.isr, s.lowest) === highest(s.isr & ~s.imr, s.lowest)
      ? null
      : "special-mask-eoi";
  }

  /** What can be told after it. */
  #behind(operation: Operation, before: PicState): PicDeviation | null {
    const { primary, secondary } = this.#pic.state;
    if (
      operation.kind === "irq" && !operation.level &&
      withdrawn(
        operation.line < 8 ? before.primary : before.secondary,
        operation.line < 8 ? primary : secondary,
      )
    ) return "withdrawn";
    const atPrimary = operation.kind !== "irq" && operation.port < 0xa0;
    if (!atPrimary && withdrawn(before.primary, primary, 0x04)) {
      return "withdrawn";
    }
    const special = operation.kind === "out" && operation.port === 0xa0 &&
      (operation.value & 0x18) === 0x08;
    if (special && (primary.lines ^ before.primary.lines) & 0x04) {
      return "special-mask-int";
    }
    // A poll that waits for its read freezes the secondary's INT too.
    const int = (primary.lines & 0x04) !== 0;
    if (secondary.poll && int !== (resolveAsQemu(secondary, false) >= 0)) {
      return "frozen-poll";
    }
    // The secondary's INT, low for a moment, makes an edge where QEMU's stays high.
    const edge = !atPrimary && operation.kind === "in" &&
      (before.primary.lines & ~before.primary.irr & 0x04) !== 0 &&
      (primary.irr & 0x04) !== 0;
    return edge ? "cascade-edge" : null;
  }
}

/** Whether an edge triggered request has gone without being acknowledged. */
function withdrawn(
  before: PicChipState,
  after: PicChipState,
  mask = 0xff,
): boolean {
  return (before.irr & ~after.irr & ~after.elcr & mask) !== 0;
}

const owns = (port: number): boolean =>
  (port & ~0x81) === 0x20 || (port & ~1) === 0x4d0;
