/**
 * ModRM and SIB: the operands of an instruction, and the sum that makes a memory operand's address.
 *
 * | mod | rm | operand |
 * |---|---|---|
 * | 0 | 5 | [RIP + disp32] |
 * | 0–2 | 4 | SIB: [base + index × scale + disp], no index if it is 4, no base if it is 5 and mod is 0 |
 * | 0–2 | others | [rm + disp] of 0, 8 or 32 bits by mod |
 * | 3 | all | register rm |
 *
 * REX.R, X and B are bit 3 of reg, index and rm or base; whether rm is 4 or 5 is asked without them.
 *
 * Source: SDM 2A, "ModR/M and SIB Bytes", "REX Prefix Fields", "RIP-Relative Addressing"; SDM 1, "Default Segment
 * Selection Rules".
 *
 * @module
 */

import {
  MODE_BASE,
  MODE_GENERAL,
  MODE_INDEX,
  MODE_RIP,
  MODE_RIP_GENERAL,
  NO_REGISTER,
  type Operands,
  SEGMENT_NONE,
} from "./operands.ts";

const REX_R = 4;
const REX_X = 2;
const REX_B = 1;
/** rm: a SIB byte follows; index: none. */
const SIB = 4;
/** rm: relative to RIP; base: none. */
const NO_BASE = 5;
const RSP = 4;
const RBP = 5;

/** Where the bytes come from. */
export interface ByteSource {
  /** The REX prefix, or 0. */
  readonly rex: number;
  /** The next byte. */
  byte(): number;
  /** The next 4 bytes, signed. */
  word(): number;
}

/**
 * Takes ModRM, SIB and displacement.
 *
 * @param d gives the bytes
 * @param registerOnly whether mod is ignored, as MOV to and from control and debug registers do
 * @param o receives `number`, `memory`, and `rm` as a bare number or the parts of an address
 */
export function decodeModrm(
  d: ByteSource,
  o: Operands,
  registerOnly: boolean,
): void {
  const modrm = d.byte();
  const mod = modrm >>> 6;
  const rm = modrm & 7;
  o.number = ((modrm >>> 3) & 7) | (d.rex & REX_R ? 8 : 0);
  if (mod === 3 || registerOnly) {
    o.rm = rm | (d.rex & REX_B ? 8 : 0);
    return;
  }
  o.memory = true;
  let base = rm | (d.rex & REX_B ? 8 : 0);
  let noBase = mod === 0 && rm === NO_BASE;
  const relative = noBase;
  if (rm === SIB) {
    const sib = d.byte();
    base = (sib & 7) | (d.rex & REX_B ? 8 : 0);
    noBase = mod === 0 && (sib & 7) === NO_BASE;
    const index = ((sib >>> 3) & 7) | (d.rex & REX_X ? 8 : 0);
    if (index !== SIB) {
      o.index = 2 * index;
      o.scale = 1 << (sib >>> 6);
    }
  }
  if (mod === 1) o.displacement = (d.byte() << 24) >> 24;
  else if (mod === 2 || noBase) o.displacement = d.word();
  o.base = noBase ? NO_REGISTER : 2 * base;
  o.stack = !noBase && (base === RSP || base === RBP) &&
    o.segment === SEGMENT_NONE;
  o.mode = modeOf(o, relative);
}

function modeOf(o: Operands, relative: boolean): number {
  if (o.address32 || o.segment !== SEGMENT_NONE) {
    return relative ? MODE_RIP_GENERAL : MODE_GENERAL;
  }
  if (relative) return MODE_RIP;
  if (o.base === NO_REGISTER) return MODE_GENERAL;
  return o.index === NO_REGISTER ? MODE_BASE : MODE_INDEX;
}
