/**
 * The two-byte opcode map: what follows 0F.
 *
 * Source: SDM 2D, "Two-byte Opcode Map", "Opcode Extensions for One-byte and Two-byte Opcodes by Group Number".
 *
 * @module
 */

import { bitTest, bsf, bsr, BT, BTC, BTR, BTS, popcnt } from "./bits.ts";
import { jumpIf } from "./control.ts";
import { syscall, sysret } from "./far.ts";
import { emms, fxrstor, fxsave, ldmxcsr, stmxcsr } from "./fpu.ts";
import { cmpxchg, cmpxchg16b, cmpxchg8b, xadd } from "./locked.ts";
import {
  bswap,
  cmov,
  moveSignExtend,
  moveZeroExtend,
  setcc,
  storeReg,
} from "./moves.ts";
import { imulTo } from "./multiply.ts";
import { CONDITIONS, place } from "./opcode_map_one_byte.ts";
import {
  always,
  byMod,
  byPrefix,
  byRm,
  type Entry,
  group,
  np,
  row,
} from "./opcode_row.ts";
import {
  lar,
  lldt,
  loadFarPointer,
  lsl,
  ltr,
  popSegment,
  pushSegment,
  sldt,
  str,
  verr,
  verw,
} from "./segment_instructions.ts";
import { shld, shrd } from "./shifts.ts";
import {
  clflush,
  clts,
  cpuid,
  invlpg,
  lgdt,
  lidt,
  lmsw,
  moveControl,
  moveDebug,
  nop,
  privilegedNop,
  rdmsr,
  rdpmc,
  rdtsc,
  rdtscp,
  sgdt,
  sidt,
  smsw,
  swapgs,
  wrmsr,
} from "./system.ts";
import {
  FSGSBASE,
  invalidOpcode,
  MONITOR,
  OTHERS,
  RDRAND,
  RSM,
  SMAP,
  SSE,
  SYSENTER,
  TSX,
  unmodelled,
  VMX,
  XSAVE,
} from "./unmodelled.ts";

const lacks = (text: string, kind: number): Entry =>
  row(text, always(unmodelled), kind);

/** An SSE or MMX opcode with ModRM. */
const sse = lacks("SSE E", SSE);
/** The same with an immediate byte. */
const sseImmediate = lacks("SSE E,Ib", SSE);
const runOf = (entry: Entry, count: number): Entry[] =>
  new Array<Entry>(count).fill(entry);

/** Hints that do nothing, whatever their operand. */
const hint = row("NOP Ev", always(nop));

/** Group 6. */
const GROUP_6 = group(
  row("SLDT Ev", always(sldt)),
  row("STR Ev", always(str)),
  row("LLDT Ew", always(lldt)),
  row("LTR Ew", always(ltr)),
  row("VERR Ew", always(verr)),
  row("VERW Ew", always(verw)),
  byPrefix(null, { f2: lacks("LKGS Ew", OTHERS) }),
);

/** Group 7. */
const GROUP_7 = byMod(
  group(
    row("SGDT Ms", always(sgdt)),
    row("SIDT Ms", always(sidt)),
    row("LGDT Ms", always(lgdt)),
    row("LIDT Ms", always(lidt)),
    row("SMSW Mw", always(smsw)),
    byPrefix(null, { f3: lacks("RSTORSSP M", OTHERS) }),
    row("LMSW Ew", always(lmsw)),
    row("INVLPG M", always(invlpg)),
  ),
  group(
    byRm(
      lacks("ENCLV E", VMX),
      lacks("VMCALL E", VMX),
      lacks("VMLAUNCH E", VMX),
      lacks("VMRESUME E", VMX),
      lacks("VMXOFF E", VMX),
      lacks("PCONFIG E", OTHERS),
      lacks("WRMSRNS E", OTHERS),
      lacks("PBNDKB E", OTHERS),
    ),
    byRm(
      lacks("MONITOR E", MONITOR),
      lacks("MWAIT E", MONITOR),
      lacks("CLAC E", SMAP),
      lacks("STAC E", SMAP),
      lacks("TDCALL E", VMX),
      lacks("SEAMRET E", VMX),
      lacks("SEAMOPS E", VMX),
      lacks("ENCLS E", VMX),
    ),
    byRm(
      lacks("XGETBV E", XSAVE),
      lacks("XSETBV E", XSAVE),
      null,
      null,
      lacks("VMFUNC E", VMX),
      lacks("XEND E", TSX),
      lacks("XTEST E", TSX),
      lacks("ENCLU E", VMX),
    ),
    byRm(...runOf(lacks("SVM E", VMX), 8)),
    row("SMSW Ev", always(smsw)),
    byRm(
      byPrefix(lacks("SERIALIZE E", OTHERS), {
        f2: lacks("XSUSLDTRK E", TSX),
      }),
      byPrefix(null, { f2: lacks("XRESLDTRK E", TSX) }),
      lacks("SAVEPREVSSP E", OTHERS),
      null,
      lacks("UIRET E", OTHERS),
      lacks("TESTUI E", OTHERS),
      lacks("RDPKRU E", XSAVE),
      lacks("WRPKRU E", XSAVE),
    ),
    row("LMSW Ew", always(lmsw)),
    byRm(
      row("SWAPGS E", always(swapgs)),
      row("RDTSCP E", always(rdtscp)),
      lacks("MONITORX E", MONITOR),
      lacks("MWAITX E", MONITOR),
      lacks("CLZERO E", OTHERS),
      lacks("RDPRU E", OTHERS),
      lacks("INVLPGB E", OTHERS),
      lacks("TLBSYNC E", OTHERS),
    ),
  ),
);

/** Group 8. */
const GROUP_8 = group(
  null,
  null,
  null,
  null,
  row("BT Ev,Ib", bitTest, BT),
  row("BTS Ev,Ib", bitTest, BTS),
  row("BTR Ev,Ib", bitTest, BTR),
  row("BTC Ev,Ib", bitTest, BTC),
);

/** Group 9: REX.W makes CMPXCHG8B another instruction. */
const GROUP_9 = byMod(
  group(
    null,
    row("CMPXCHG8B My", (o) => o.width === 8 ? cmpxchg16b : cmpxchg8b),
    null,
    np(lacks("XRSTORS M", XSAVE)),
    np(lacks("XSAVEC M", XSAVE)),
    np(lacks("XSAVES M", XSAVE)),
    byPrefix(lacks("VMPTRLD M", VMX), { f2: null }),
    np(lacks("VMPTRST M", VMX)),
  ),
  group(
    null,
    null,
    null,
    null,
    null,
    null,
    lacks("RDRAND Rv", RDRAND),
    lacks("RDSEED Rv", RDRAND),
  ),
);

/** Group 15. */
const GROUP_15 = byMod(
  group(
    np(row("FXSAVE M", always(fxsave))),
    np(row("FXRSTOR M", always(fxrstor))),
    np(row("LDMXCSR Md", always(ldmxcsr))),
    np(row("STMXCSR Md", always(stmxcsr))),
    byPrefix(lacks("XSAVE M", XSAVE), {
      p66: null,
      f3: lacks("PTWRITE M", OTHERS),
      f2: null,
    }),
    np(lacks("XRSTOR M", XSAVE)),
    byPrefix(lacks("XSAVEOPT M", XSAVE), {
      p66: lacks("CLWB M", OTHERS),
      f3: lacks("CLRSSBSY M", OTHERS),
      f2: null,
    }),
    byPrefix(row("CLFLUSH M", always(clflush)), {
      p66: lacks("CLFLUSHOPT M", OTHERS),
      f3: null,
      f2: null,
    }),
  ),
  byPrefix(
    group(
      null,
      null,
      null,
      null,
      null,
      row("LFENCE E", always(nop)),
      row("MFENCE E", always(nop)),
      row("SFENCE E", always(nop)),
    ),
    {
      f3: group(
        lacks("RDFSBASE Ry", FSGSBASE),
        lacks("RDGSBASE Ry", FSGSBASE),
        lacks("WRFSBASE Ry", FSGSBASE),
        lacks("WRGSBASE Ry", FSGSBASE),
        lacks("PTWRITE Ry", OTHERS),
        lacks("INCSSP E", OTHERS),
        lacks("UMONITOR E", OTHERS),
      ),
      p66: group(null, null, null, null, null, null, lacks("TPAUSE E", OTHERS)),
      f2: group(null, null, null, null, null, null, lacks("UMWAIT E", OTHERS)),
    },
  ),
);

/** By opcode. */
export const TWO_BYTE_MAP: readonly Entry[] = place([
  [0x00, [
    GROUP_6,
    GROUP_7,
    row("LAR Gv,Ew", always(lar)),
    row("LSL Gv,Ew", always(lsl)),
    null,
    row("SYSCALL", always(syscall)),
    row("CLTS", always(clts)),
    row("SYSRET Xv", always(sysret)),
    row("INVD", always(privilegedNop)),
    row("WBINVD", always(privilegedNop)),
    null,
    row("UD2", always(invalidOpcode)),
    null,
    row("PREFETCHW Ev", always(nop)),
    lacks("FEMMS", OTHERS),
    lacks("3DNOW E,Ib", SSE),
  ]],
  [0x10, runOf(sse, 8)],
  [0x18, [
    hint,
    hint,
    hint,
    hint,
    hint,
    hint,
    hint,
    hint,
    row("MOV Rq,Cd", moveControl),
    row("MOV Rq,Dd", moveDebug),
    row("MOV Cd,Rq", moveControl),
    row("MOV Dd,Rq", moveDebug),
  ]],
  [0x28, runOf(sse, 8)],
  [0x30, [
    row("WRMSR", always(wrmsr)),
    row("RDTSC", always(rdtsc)),
    row("RDMSR", always(rdmsr)),
    row("RDPMC", always(rdpmc)),
    lacks("SYSENTER", SYSENTER),
    lacks("SYSEXIT", SYSENTER),
    null,
    np(lacks("GETSEC", VMX)),
  ]],
  [
    0x40,
    CONDITIONS.map((name, i) => row(`CMOV${name} Gv,Ev`, always(cmov), i)),
  ],
  [0x50, runOf(sse, 0x20)],
  [0x70, [
    ...runOf(sseImmediate, 4),
    ...runOf(sse, 3),
    np(row("EMMS", always(emms))),
    np(lacks("VMREAD E", VMX)),
    np(lacks("VMWRITE E", VMX)),
    null,
    null,
    ...runOf(sse, 4),
  ]],
  [0x80, CONDITIONS.map((name, i) => row(`J${name} Jz f64`, jumpIf, i))],
  [0x90, CONDITIONS.map((name, i) => row(`SET${name} Eb`, always(setcc), i))],
  [0xa0, [
    row("PUSH Xv d64", always(pushSegment), 4),
    row("POP Xv d64", always(popSegment), 4),
    row("CPUID", always(cpuid)),
    row("BT Ev,Gv", bitTest, BT),
    row("SHLD Ev,Gv,Ib", shld),
    row("SHLD Ev,Gv,CL", shld),
    null,
    null,
    row("PUSH Xv d64", always(pushSegment), 5),
    row("POP Xv d64", always(popSegment), 5),
    lacks("RSM", RSM),
    row("BTS Ev,Gv", bitTest, BTS),
    row("SHRD Ev,Gv,Ib", shrd),
    row("SHRD Ev,Gv,CL", shrd),
    GROUP_15,
    row("IMUL Gv,Ev", imulTo),
    row("CMPXCHG Eb,Gb", always(cmpxchg)),
    row("CMPXCHG Ev,Gv", always(cmpxchg)),
    row("LSS Gv,Mp", always(loadFarPointer), 2),
    row("BTR Ev,Gv", bitTest, BTR),
    row("LFS Gv,Mp", always(loadFarPointer), 4),
    row("LGS Gv,Mp", always(loadFarPointer), 5),
    row("MOVZX Gv,Eb", moveZeroExtend),
    row("MOVZX Gv,Ew", moveZeroExtend),
    byPrefix(null, { f3: row("POPCNT Gv,Ev", always(popcnt)) }),
    row("UD1 Gv,Ev", always(invalidOpcode)),
    GROUP_8,
    row("BTC Ev,Gv", bitTest, BTC),
    row("BSF Gv,Ev", always(bsf)),
    row("BSR Gv,Ev", always(bsr)),
    row("MOVSX Gv,Eb", always(moveSignExtend)),
    row("MOVSX Gv,Ew", always(moveSignExtend)),
    row("XADD Eb,Gb", always(xadd)),
    row("XADD Ev,Gv", always(xadd)),
    sseImmediate,
    byPrefix(row("MOVNTI My,Gy", always(storeReg)), {
      p66: null,
      f3: null,
      f2: null,
    }),
    sseImmediate,
    sseImmediate,
    sseImmediate,
    GROUP_9,
    ...runOf(row("BSWAP Zv", always(bswap)), 8),
  ]],
  [0xd0, runOf(sse, 0x2f)],
  [0xff, [row("UD0 Gv,Ev", always(invalidOpcode))]],
]);
