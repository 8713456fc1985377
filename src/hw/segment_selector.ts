/**
 * Segment selectors and privilege levels. Reached through `gdt.ts`.
 *
 * Source: Intel SDM 3A, "Segment Selectors"; crate x86_64 0.15.4,
 * `registers::segmentation`.
 *
 * @module
 */

/** A privilege level: 0 is the kernel's, 3 the user's. */
export type PrivilegeLevel = 0 | 1 | 2 | 3;

/** Requested privilege level, bits 0 and 1. */
export const SELECTOR_RPL = 3;
/** Table indicator: set for the LDT. */
export const SELECTOR_TI = 1 << 2;
/** Index, without RPL and TI: the descriptor's byte offset in its table. */
export const SELECTOR_INDEX = 0xfff8;

/**
 * Checks a privilege level (crate: `PrivilegeLevel::from_u16`).
 *
 * @param value A number.
 * @returns The level.
 * @throws {RangeError} If it is not 0 … 3.
 */
export function privilegeLevel(value: number): PrivilegeLevel {
  if (value === (value & 3)) return value as PrivilegeLevel;
  throw new RangeError(
    `Cannot use privilege level ${value}: invalid privilege level`,
  );
}

/**
 * Makes a selector for the GDT (crate: `SegmentSelector::new`).
 *
 * @param index Number of the descriptor, 0 … 8191.
 * @param rpl Requested privilege level; 0 by default.
 * @returns The selector, 16 bits.
 * @throws {RangeError} If the index or the level is out of range.
 */
export function segmentSelector(index: number, rpl = 0): number {
  if (index !== (index & 0x1fff)) {
    throw new RangeError(`Cannot select descriptor ${index}: use 0 to 8191`);
  }
  return index << 3 | privilegeLevel(rpl);
}

/**
 * Number of the descriptor that a selector names (crate: `index`).
 *
 * @param selector 16 bits.
 * @returns 0 … 8191.
 */
export function selectorIndex(selector: number): number {
  return selector >>> 3 & 0x1fff;
}

/**
 * Requested privilege level of a selector (crate: `rpl`).
 *
 * @param selector 16 bits.
 * @returns The level.
 */
export function selectorRpl(selector: number): PrivilegeLevel {
  return (selector & SELECTOR_RPL) as PrivilegeLevel;
}

/**
 * A selector with another requested privilege level (crate: `set_rpl`).
 *
 * @param selector 16 bits.
 * @param rpl The level.
 * @returns The selector.
 */
export function selectorWithRpl(
  selector: number,
  rpl: PrivilegeLevel,
): number {
  return selector & ~SELECTOR_RPL | rpl;
}

/**
 * Whether a selector is null: it names descriptor 0 of the GDT, whatever its
 * RPL (SDM 3A, "Segment Selectors").
 *
 * @param selector 16 bits.
 * @returns Whether a load of it into a data segment clears that segment.
 */
export function selectorIsNull(selector: number): boolean {
  return (selector & 0xfffc) === 0;
}

/**
 * The crate's `Debug` text of a selector.
 *
 * @param selector 16 bits.
 * @returns For example `SegmentSelector { index: 1, rpl: Ring0 }`.
 */
export function selectorDebug(selector: number): string {
  return `SegmentSelector { index: ${selectorIndex(selector)}, ` +
    `rpl: Ring${selectorRpl(selector)} }`;
}
