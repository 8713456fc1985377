/**
 * Error codes that exceptions push: of page faults and of selectors. Reached
 * through `exception.ts`.
 *
 * Source: Intel SDM 3A, "Error Code" and "Page-Fault Error Code"; bit 31 from
 * the AMD APM 2, "#PF Page-Fault Exception". Names of the crate x86_64 0.15.4.
 *
 * @module
 */

import { type CrateVersion, flagNames, flagsDebug } from "./flags_debug.ts";

export type { CrateVersion } from "./flags_debug.ts";

/** The page was present: a protection violation (`PROTECTION_VIOLATION`). */
export const PF_P = 1 << 0;
/** The access was a write (`CAUSED_BY_WRITE`). */
export const PF_W = 1 << 1;
/** The access was a user one (`USER_MODE`). */
export const PF_U = 1 << 2;
/** A reserved bit was set in a table (`MALFORMED_TABLE`). */
export const PF_RSVD = 1 << 3;
/** The access was an instruction fetch (`INSTRUCTION_FETCH`). */
export const PF_I = 1 << 4;
/** A protection key forbade it (`PROTECTION_KEY`). */
export const PF_PK = 1 << 5;
/** The access was to a shadow stack (`SHADOW_STACK`). */
export const PF_SS = 1 << 6;
/** During an HLAT walk (`HLAT`). */
export const PF_HLAT = 1 << 7;
/** Unrelated to paging, by SGX (`SGX`). */
export const PF_SGX = 1 << 15;
/** A reverse-map check failed, AMD (`RMP`), unsigned. */
export const PF_RMP = 0x8000_0000;

const PAGE_FAULT_NAMES = flagNames(
  0,
  "PROTECTION_VIOLATION CAUSED_BY_WRITE USER_MODE MALFORMED_TABLE " +
    "INSTRUCTION_FETCH PROTECTION_KEY SHADOW_STACK HLAT - - - - - - - SGX " +
    "- - - - - - - - - - - - - - - RMP",
);

/**
 * The crate's `Debug` text of a page fault's error code.
 *
 * @param errorCode The low word of what was pushed.
 * @param version After which version of the crate; 0.15 by default.
 * @returns For example `PageFaultErrorCode(CAUSED_BY_WRITE)`.
 */
export function pageFaultErrorDebug(
  errorCode: number,
  version: CrateVersion = "0.15",
): string {
  return flagsDebug(
    "PageFaultErrorCode",
    PAGE_FAULT_NAMES,
    errorCode,
    0,
    version,
  );
}

/** EXT: an interrupt or an earlier exception was being delivered. */
export const SEL_EXT = 1 << 0;
/** IDT: the index is that of a gate. */
export const SEL_IDT = 1 << 1;
/** TI: with IDT clear, the index is in the LDT, not the GDT. */
export const SEL_TI = 1 << 2;

/** A table of descriptors, by the crate's name. */
export type DescriptorTable = "Gdt" | "Idt" | "Ldt";

/** What a selector error code says (crate: `SelectorErrorCode`). */
export interface SelectorError {
  /** Whether EXT is set. */
  readonly external: boolean;
  /** The table in which the offending descriptor lies. */
  readonly table: DescriptorTable;
  /** The index of that descriptor, 0 … 8191. */
  readonly index: number;
}

/**
 * Makes the error code of a selector: of a #GP, #NP, #SS or #TS that blames
 * a segment.
 *
 * @param selector The selector; its RPL is left out.
 * @param external 1 where an interrupt or an earlier exception was being
 * delivered, else 0.
 * @returns The error code.
 */
export function selectorErrorCode(selector: number, external: 0 | 1): number {
  return selector & 0xfffc | external;
}

/**
 * Makes the error code of a gate: of a #GP or #NP that blames the IDT.
 *
 * @param vector The vector whose gate could not be used.
 * @param external 1 where an interrupt or an earlier exception was being
 * delivered, 0 for INT n, INT3 and INTO.
 * @returns `vector << 3 | 2 | external`.
 */
export function gateErrorCode(vector: number, external: 0 | 1): number {
  return vector << 3 | SEL_IDT | external;
}

/**
 * Reads a selector error code (crate: `SelectorErrorCode::new`).
 *
 * @param errorCode What was pushed.
 * @returns Its parts, or `null` where a bit above 15 is set.
 */
export function decodeSelectorError(errorCode: number): SelectorError | null {
  return errorCode > 0xffff ? null : decodeSelectorErrorTruncate(errorCode);
}

/**
 * Reads the low 16 bits of a selector error code
 * (crate: `SelectorErrorCode::new_truncate`).
 *
 * @param errorCode What was pushed.
 * @returns Its parts.
 */
export function decodeSelectorErrorTruncate(errorCode: number): SelectorError {
  const tables = ["Gdt", "Idt", "Ldt", "Idt"] as const;
  return {
    external: (errorCode & SEL_EXT) !== 0,
    table: tables[errorCode >> 1 & 3]!,
    index: errorCode >> 3 & 0x1fff,
  };
}

/**
 * The crate's `Debug` text of a selector error code.
 *
 * @param error Its parts.
 * @returns For example
 * `Selector Error { external: false, descriptor table: Gdt, index: 2 }`.
 */
export function selectorErrorDebug(error: SelectorError): string {
  const { external, table, index } = error;
  return `Selector Error { external: ${external}, descriptor table: ` +
    `${table}, index: ${index} }`;
}
