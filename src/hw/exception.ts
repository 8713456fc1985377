/**
 * Exceptions: vectors, mnemonics, which push an error code, and the rule that
 * makes two of them a double fault. Their error codes are in `error_code.ts`.
 *
 * Source: Intel SDM 3A, "Exception and Interrupt Reference", "Interrupt 8:
 * Double Fault Exception (#DF)" with its two tables; AMD APM 2, "Vectors" for
 * 28 to 30, which Intel reserves. Crate names: x86_64 0.15.4,
 * `structures::idt`.
 *
 * @module
 */

export * from "./error_code.ts";

/** #DE, divide error (`Division`). */
export const VECTOR_DE = 0;
/** #DB, debug (`Debug`). */
export const VECTOR_DB = 1;
/** Non-maskable interrupt (`NonMaskableInterrupt`). */
export const VECTOR_NMI = 2;
/** #BP, breakpoint, by INT3 (`Breakpoint`). */
export const VECTOR_BP = 3;
/** #OF, overflow, by INTO (`Overflow`). */
export const VECTOR_OF = 4;
/** #BR, bound range exceeded (`BoundRange`). */
export const VECTOR_BR = 5;
/** #UD, invalid opcode (`InvalidOpcode`). */
export const VECTOR_UD = 6;
/** #NM, device not available (`DeviceNotAvailable`). */
export const VECTOR_NM = 7;
/** #DF, double fault (`Double`); its error code is always 0. */
export const VECTOR_DF = 8;
/** #TS, invalid TSS (`InvalidTss`). */
export const VECTOR_TS = 10;
/** #NP, segment not present (`SegmentNotPresent`). */
export const VECTOR_NP = 11;
/** #SS, stack-segment fault (`Stack`). */
export const VECTOR_SS = 12;
/** #GP, general protection (`GeneralProtection`). */
export const VECTOR_GP = 13;
/** #PF, page fault (`Page`). */
export const VECTOR_PF = 14;
/** #MF, x87 floating-point error (`X87FloatingPoint`). */
export const VECTOR_MF = 16;
/** #AC, alignment check (`AlignmentCheck`). */
export const VECTOR_AC = 17;
/** #MC, machine check (`MachineCheck`). */
export const VECTOR_MC = 18;
/** #XM, SIMD floating-point error (`SimdFloatingPoint`). */
export const VECTOR_XM = 19;
/** #VE, virtualization (`Virtualization`). */
export const VECTOR_VE = 20;
/** #CP, control protection (`ControlProtection`). */
export const VECTOR_CP = 21;
/** #HV, hypervisor injection, AMD (`HypervisorInjection`). */
export const VECTOR_HV = 28;
/** #VC, VMM communication, AMD (`VmmCommunication`). */
export const VECTOR_VC = 29;
/** #SX, security, AMD (`Security`). */
export const VECTOR_SX = 30;
/** The first vector that no exception uses. */
export const VECTOR_FIRST_INTERRUPT = 32;

/** The class of an exception in the double-fault rule. */
export type ExceptionClass =
  | "benign"
  | "contributory"
  | "page-fault"
  | "double-fault";

/** What is known of an exception by its vector. */
export interface ExceptionInfo {
  /** The vector, 0 … 31. */
  readonly vector: number;
  /** The manual's mnemonic, for example `#PF`. */
  readonly mnemonic: string;
  /** The crate's name in `ExceptionVector`; `null` for vector 9. */
  readonly name: string | null;
  /** The crate's field in `InterruptDescriptorTable`. */
  readonly field: string;
  /** Fault, trap, abort or interrupt, as the manual classes it. */
  readonly kind: "fault" | "trap" | "fault-or-trap" | "abort" | "interrupt";
}

const INFO: readonly ExceptionInfo[] = [
  [0, "#DE", "Division", "divide_error", "fault"],
  [1, "#DB", "Debug", "debug", "fault-or-trap"],
  [2, "NMI", "NonMaskableInterrupt", "non_maskable_interrupt", "interrupt"],
  [3, "#BP", "Breakpoint", "breakpoint", "trap"],
  [4, "#OF", "Overflow", "overflow", "trap"],
  [5, "#BR", "BoundRange", "bound_range_exceeded", "fault"],
  [6, "#UD", "InvalidOpcode", "invalid_opcode", "fault"],
  [7, "#NM", "DeviceNotAvailable", "device_not_available", "fault"],
  [8, "#DF", "Double", "double_fault", "abort"],
  [9, "CSO", null, "coprocessor_segment_overrun", "fault"],
  [10, "#TS", "InvalidTss", "invalid_tss", "fault"],
  [11, "#NP", "SegmentNotPresent", "segment_not_present", "fault"],
  [12, "#SS", "Stack", "stack_segment_fault", "fault"],
  [13, "#GP", "GeneralProtection", "general_protection_fault", "fault"],
  [14, "#PF", "Page", "page_fault", "fault"],
  [16, "#MF", "X87FloatingPoint", "x87_floating_point", "fault"],
  [17, "#AC", "AlignmentCheck", "alignment_check", "fault"],
  [18, "#MC", "MachineCheck", "machine_check", "abort"],
  [19, "#XM", "SimdFloatingPoint", "simd_floating_point", "fault"],
  [20, "#VE", "Virtualization", "virtualization", "fault"],
  [21, "#CP", "ControlProtection", "cp_protection_exception", "fault"],
  [28, "#HV", "HypervisorInjection", "hv_injection_exception", "interrupt"],
  [29, "#VC", "VmmCommunication", "vmm_communication_exception", "fault"],
  [30, "#SX", "Security", "security_exception", "fault"],
].map(([vector, mnemonic, name, field, kind]) =>
  ({ vector, mnemonic, name, field, kind }) as ExceptionInfo
);

const bits = (...vectors: number[]): number =>
  vectors.reduce((mask, vector) => mask | 1 << vector, 0);

/** Bit n is set where vector n pushes an error code. */
const PUSHES_ERROR_CODE = bits(8, 10, 11, 12, 13, 14, 17, 21, 29, 30);
const CONTRIBUTORY = bits(0, 10, 11, 12, 13, 21);
const PAGE_FAULTS = bits(14, 20);

/**
 * What is known of an exception.
 *
 * @param vector 0 … 255.
 * @returns The exception, or `null` for a reserved vector and from 32 on.
 */
export function exceptionInfo(vector: number): ExceptionInfo | null {
  return INFO.find((info) => info.vector === vector) ?? null;
}

/**
 * The crate's `ExceptionVector` of a vector.
 *
 * @param vector 0 … 255.
 * @returns For example `Page`, or `null` where the crate has none.
 */
export function exceptionVectorDebug(vector: number): string | null {
  return exceptionInfo(vector)?.name ?? null;
}

/**
 * A vector as our messages print it.
 *
 * @param vector 0 … 255.
 * @returns `#PF(14)`, or `vector 33` where it is no exception.
 */
export function formatVector(vector: number): string {
  const info = exceptionInfo(vector);
  return info === null ? `vector ${vector}` : `${info.mnemonic}(${vector})`;
}

/**
 * Whether the processor pushes an error code when it delivers an exception.
 * INT n and external interrupts never push one, whatever their vector.
 *
 * @param vector 0 … 255.
 * @returns Whether the handler finds an error code below the frame.
 */
export function pushesErrorCode(vector: number): boolean {
  return vector < 32 && (PUSHES_ERROR_CODE >>> vector & 1) !== 0;
}

/**
 * The class of an exception in the double-fault rule (SDM 3A, "Interrupt and
 * Exception Classes"). INT n and external interrupts are benign, whatever
 * their vector.
 *
 * @param vector 0 … 255.
 * @returns Its class; `benign` from 32 on.
 */
export function exceptionClass(vector: number): ExceptionClass {
  if (vector >= 32) return "benign";
  if ((CONTRIBUTORY >>> vector & 1) !== 0) return "contributory";
  if ((PAGE_FAULTS >>> vector & 1) !== 0) return "page-fault";
  return vector === VECTOR_DF ? "double-fault" : "benign";
}

/** What becomes of an exception that arises while another is delivered. */
export type Combination = "serial" | "double-fault" | "shutdown";

/**
 * The double-fault rule (SDM 3A, "Conditions for Generating a Double Fault"):
 * what follows when `second` arises while `first` is being delivered.
 *
 * @param first Vector of the exception being delivered; for INT n and external
 * interrupts any vector from 32 on, for they are benign.
 * @param second Vector of the exception that arose.
 * @returns `serial`: the second is delivered as itself; `double-fault`:
 * #DF(8) is delivered in its place; `shutdown`: the triple fault.
 *
 * @example
 * ```ts
 * import { combine, VECTOR_DF, VECTOR_NP, VECTOR_PF } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(combine(32, VECTOR_NP), "serial");
 * assertEquals(combine(VECTOR_NP, VECTOR_NP), "double-fault");
 * assertEquals(combine(VECTOR_NP, VECTOR_PF), "serial");
 * assertEquals(combine(VECTOR_DF, VECTOR_PF), "shutdown");
 * ```
 */
export function combine(first: number, second: number): Combination {
  const next = exceptionClass(second);
  if (next === "benign") return "serial";
  switch (exceptionClass(first)) {
    case "benign":
      return "serial";
    case "contributory":
      return next === "contributory" ? "double-fault" : "serial";
    case "page-fault":
      return "double-fault";
    case "double-fault":
      return "shutdown";
  }
}
