/**
 * The model-specific registers that are nothing but a stored value: where each is kept, and what it holds at power-on.
 *
 * Source: SDM 4, "Architectural MSRs"; SDM 3A, "Programming the PAT" (its power-up entries); QEMU for IA32_MISC_ENABLE,
 * whose only set bit is that of fast strings.
 *
 * *Not modelled*: the local APIC, so IA32_APIC_BASE is 0, with which software globally disables one.
 *
 * @module
 */

import {
  MSR_APIC_BASE,
  MSR_CSTAR,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_MISC_ENABLE,
  MSR_PAT,
  MSR_STAR,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_EIP,
  MSR_SYSENTER_ESP,
  MSR_TSC_AUX,
} from "./registers.ts";

/** Number of 64-bit registers in `CpuState.msrs`. */
export const MSR_SLOT_COUNT = 16;

/** The register of each slot of `CpuState.msrs`. */
export const MSR_SLOTS: readonly number[] = Object.freeze([
  MSR_STAR,
  MSR_LSTAR,
  MSR_CSTAR,
  MSR_FMASK,
  MSR_KERNEL_GS_BASE,
  MSR_SYSENTER_CS,
  MSR_SYSENTER_ESP,
  MSR_SYSENTER_EIP,
  MSR_PAT,
  MSR_TSC_AUX,
  MSR_APIC_BASE,
  MSR_MISC_ENABLE,
]);

/** PAT at power-on, each half: PA0 and PA4 WB, PA1 and PA5 WT, PA2 and PA6 UC−, PA3 and PA7 UC. */
const PAT_HALF = 0x0007_0406;
/** IA32_MISC_ENABLE at power-on: fast strings, bit 0. */
const FAST_STRINGS = 1;

/**
 * Makes the registers at power-on.
 *
 * @returns low and high words, slot after slot; what is not named above is 0
 */
export function powerOnMsrs(): Int32Array {
  const words = new Int32Array(2 * MSR_SLOT_COUNT);
  const pat = 2 * MSR_SLOTS.indexOf(MSR_PAT);
  words[pat] = PAT_HALF;
  words[pat + 1] = PAT_HALF;
  words[2 * MSR_SLOTS.indexOf(MSR_MISC_ENABLE)] = FAST_STRINGS;
  return words;
}
