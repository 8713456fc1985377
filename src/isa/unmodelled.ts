/**
 * What the engine does not execute: its length is known, executing it raises #NM or #UD as a CPU without it would, and
 * the event `unmodelled` says so.
 *
 * Source: SDM 2, the instructions' "Exceptions" sections; SDM 3A, "Interrupt 7—Device Not Available Exception (#NM)".
 *
 * @module
 */

import { VECTOR_NM, VECTOR_UD } from "../hw/exception.ts";
import { CR0_EM, CR0_TS, CR4_OSFXSR } from "../hw/registers.ts";
import type { Handler, Operation, Processor } from "./processor.ts";

/** A family that is not modelled. */
export interface Unmodelled {
  /** What it is. */
  readonly name: string;
  /** Its opcodes, as the manual's maps write them. */
  readonly opcodes: string;
  /** What executing it raises. */
  readonly raises: "#UD" | "#NM or #UD";
}

/** All families that are not modelled. Number n of `unmodelled` events is the place in this list. */
export const UNMODELLED: readonly Unmodelled[] = Object.freeze([
  {
    name: "x87 arithmetic, loads, stores and comparisons, FSAVE, FLDENV",
    opcodes: "D8–DF but FNINIT, FNCLEX, FLDCW, FNSTCW, FNSTSW, FWAIT",
    raises: "#NM or #UD",
  },
  {
    name:
      "MMX, 3DNow!, SSE and later vector instructions of the legacy encoding",
    opcodes:
      "0F 0F, 10–17, 28–2F, 50–76, 7C–7F, C2, C4–C6, D0–FE; 0F 38; 0F 3A",
    raises: "#NM or #UD",
  },
  { name: "VEX, EVEX and XOP", opcodes: "C4, C5, 62, 8F", raises: "#UD" },
  { name: "MOVBE, CRC32, ADX", opcodes: "0F 38 F0–F6", raises: "#UD" },
  {
    name: "XSAVE, extended states and protection keys",
    opcodes: "0F 01 D0–D1, EE–EF; 0F AE /4–/6; 0F C7 /3–/5",
    raises: "#UD",
  },
  {
    name: "VMX, SVM, SMX, SGX",
    opcodes:
      "0F 01 C0–C4, CC–CF, D4, D7–DF; 0F 37; 0F 78–79; 0F C7 /6, /7 with memory",
    raises: "#UD",
  },
  {
    name: "MONITOR, MWAIT, MONITORX, MWAITX",
    opcodes: "0F 01 C8–C9, FA–FB",
    raises: "#UD",
  },
  { name: "SYSENTER and SYSEXIT", opcodes: "0F 34–35", raises: "#UD" },
  {
    name: "RDRAND, RDSEED, RDPID",
    opcodes: "0F C7 /6, /7 with registers",
    raises: "#UD",
  },
  {
    name: "RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE",
    opcodes: "F3 0F AE /0–/3",
    raises: "#UD",
  },
  { name: "SMAP: CLAC, STAC", opcodes: "0F 01 CA–CB", raises: "#UD" },
  {
    name:
      "INVEPT, INVVPID, INVPCID, MOVDIRI, AADD, CLWB, CLFLUSHOPT, TPAUSE, PTWRITE, LKGS, SERIALIZE, WRMSRNS, PCONFIG, CLZERO, RDPRU, INVLPGB, FEMMS, user interrupts, shadow stacks, Key Locker",
    opcodes:
      "0F 38 80–82, D8, F8–FC; 0F 0E; F2 0F 00 /6; F3 0F 01 /5; 0F 01 C5–C7, E8–ED, FC–FF; 66, F2 and F3 0F AE /4–/7",
    raises: "#UD",
  },
  { name: "RSM", opcodes: "0F AA", raises: "#UD" },
  {
    name: "TSX",
    opcodes: "C6 F8, C7 F8, 0F 01 D5–D6, F2 0F 01 E8–E9",
    raises: "#UD",
  },
  { name: "IRET of 16 and 32 bits", opcodes: "CF", raises: "#UD" },
]);

/** Index of x87 in the list. */
export const X87 = 0;
/** Index of SSE. */
export const SSE = 1;
/** Index of VEX. */
export const VEX = 2;
/** Index of what 0F 38 F0 begins. */
export const MOVBE = 3;
/** Index of XSAVE. */
export const XSAVE = 4;
/** Index of VMX. */
export const VMX = 5;
/** Index of MONITOR. */
export const MONITOR = 6;
/** Index of SYSENTER. */
export const SYSENTER = 7;
/** Index of RDRAND. */
export const RDRAND = 8;
/** Index of RDFSBASE. */
export const FSGSBASE = 9;
/** Index of SMAP. */
export const SMAP = 10;
/** Index of the rest. */
export const OTHERS = 11;
/** Index of RSM. */
export const RSM = 12;

/** Index of TSX. */
export const TSX = 13;
/** Index of IRET that is not IRETQ. */
export const IRET_SHORT = 14;

/** An opcode that no CPU has, or a form that it does not allow. */
export const invalidOpcode: Handler = (x) => x.fault.raise(VECTOR_UD);

/** Raises what the FPU being switched off raises. */
export function checkFpu(x: Processor): void {
  if (x.cpu.cr0 & (CR0_EM | CR0_TS)) x.fault.raise(VECTOR_NM);
}

/** Raises what SSE being switched off raises. */
export function checkSse(x: Processor): void {
  if (x.cpu.cr0 & CR0_EM || !(x.cpu.cr4 & CR4_OSFXSR)) {
    x.fault.raise(VECTOR_UD);
  }
  if (x.cpu.cr0 & CR0_TS) x.fault.raise(VECTOR_NM);
}

/** Whether an operation is one of {@linkcode UNMODELLED}. */
export function isUnmodelled(o: Operation): boolean {
  return o.execute === unmodelled;
}

/** Executes nothing: `kind` is the place in {@linkcode UNMODELLED}. */
export const unmodelled: Handler = (x, o) => {
  if (o.kind === X87) checkFpu(x);
  if (o.kind === SSE) checkSse(x);
  const { events } = x.core;
  if (events.on) {
    x.syncClock();
    events.emit("unmodelled", x.page + x.offset, o.kind);
  }
  return x.fault.raise(VECTOR_UD);
};
