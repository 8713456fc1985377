/**
 * The opcode keys: map, opcode, and ModRM.reg where it selects the instruction. Each is a line of the manual's opcode map;
 * nothing here comes from the engine.
 *
 * The key is the opcode in hex, `/n` for ModRM.reg (`/nm` with memory, where a register is something else), or the whole
 * ModRM byte behind a blank. Operands are written as in the
 * manual: E, M, R, G, S, C, D, Z, O, X, Y, I, J, then the size; `A` and `aX` are the accumulator.
 *
 * Source: SDM 2D, "Opcode Map".
 *
 * @module
 */

/** An opcode. */
export interface Key {
  /** `"0fba/4"`. */
  readonly key: string;
  /** Bytes of the opcode. */
  readonly opcode: readonly number[];
  /** ModRM.reg, or −1. */
  readonly extension: number;
  /** The whole ModRM byte, or −1. */
  readonly modrm: number;
  /** `"BT Ev,Ib"`. */
  readonly text: string;
  /** `"BT"`. */
  readonly mnemonic: string;
  /** `["Ev", "Ib"]`. */
  readonly operands: readonly string[];
}

const CONDITIONS = "O NO B AE E NE BE A S NS P NP L GE LE G".split(" ");
const ARITHMETIC = "ADD OR ADC SBB AND SUB XOR CMP".split(" ");
const SHIFTS = "ROL ROR RCL RCR SHL SHR SHL SAR".split(" ");

const hex = (n: number): string => n.toString(16).padStart(2, "0");

const lines: string[] = [];
const add = (opcode: string, text: string): void => {
  lines.push(`${opcode}: ${text}`);
};
const run = (map: string, first: number, texts: readonly string[]): void =>
  texts.forEach((text, i) => {
    if (text !== "") add(map + hex(first + i), text);
  });
const groupOf = (opcode: string, texts: readonly string[]): void =>
  texts.forEach((text, i) => {
    if (text !== "") add(`${opcode}/${i}`, text);
  });
const eight = (text: string): string[] => new Array(8).fill(text);

// One-byte opcodes.
ARITHMETIC.forEach((name, i) =>
  run(
    "",
    8 * i,
    ["Eb,Gb", "Ev,Gv", "Gb,Eb", "Gv,Ev", "A,Ib", "aX,Iz"].map((operands) =>
      `${name} ${operands}`
    ),
  )
);
run("", 0x50, eight("PUSH Zq"));
run("", 0x58, eight("POP Zq"));
run("", 0x63, ["MOVSXD Gv,Ed"]);
run("", 0x68, [
  "PUSH Iz",
  "IMUL Gv,Ev,Iz",
  "PUSH Ib",
  "IMUL Gv,Ev,Ib",
  "INS Yb",
  "INS Yv",
  "OUTS Xb",
  "OUTS Xv",
]);
run("", 0x70, CONDITIONS.map((c) => `J${c} Jb`));
for (
  const [op, operands] of [["80", "Eb,Ib"], ["81", "Ev,Iz"], ["83", "Ev,Ib"]]
) {
  groupOf(op!, ARITHMETIC.map((name) => `${name} ${operands}`));
}
run("", 0x84, [
  "TEST Eb,Gb",
  "TEST Ev,Gv",
  "XCHG Eb,Gb",
  "XCHG Ev,Gv",
  "MOV Eb,Gb",
  "MOV Ev,Gv",
  "MOV Gb,Eb",
  "MOV Gv,Ev",
  "MOV Ev,Sw",
  "LEA Gv,M",
  "MOV Sw,Ew",
]);
groupOf("8f", ["POP Eq"]);
run("", 0x90, eight("XCHG Zv,aX"));
run("", 0x98, [
  "CBW aX",
  "CWD aX",
  "",
  "FWAIT",
  "PUSHF",
  "POPF",
  "SAHF",
  "LAHF",
  "MOV A,Ob",
  "MOV aX,Ov",
  "MOV Ob,A",
  "MOV Ov,aX",
  "MOVS Xb",
  "MOVS Xv",
  "CMPS Xb",
  "CMPS Xv",
  "TEST A,Ib",
  "TEST aX,Iz",
  "STOS Yb",
  "STOS Yv",
  "LODS Xb",
  "LODS Xv",
  "SCAS Yb",
  "SCAS Yv",
]);
run("", 0xb0, eight("MOV Zb,Ib"));
run("", 0xb8, eight("MOV Zv,Iv"));
const shiftGroup = (opcode: string, operands: string): void =>
  groupOf(opcode, SHIFTS.map((name) => `${name} ${operands}`));
shiftGroup("c0", "Eb,Ib");
shiftGroup("c1", "Ev,Ib");
run("", 0xc2, ["RET Iw", "RET"]);
groupOf("c6", ["MOV Eb,Ib"]);
groupOf("c7", ["MOV Ev,Iz"]);
run("", 0xc8, ["ENTER Iw,Ib", "LEAVE", "RETF Iw", "RETF", "INT3", "INT Ib"]);
run("", 0xcf, ["IRETQ"]);
shiftGroup("d0", "Eb");
shiftGroup("d1", "Ev");
shiftGroup("d2", "Eb,CL");
shiftGroup("d3", "Ev,CL");
run("", 0xd7, ["XLAT"]);
groupOf("d9", ["", "", "", "", "", "FLDCW Mw", "", "FNSTCW Mw"]);
add("db e0", "FNOP");
add("db e1", "FNOP");
add("db e4", "FNOP");
add("db e2", "FNCLEX");
add("db e3", "FNINIT");
groupOf("dd", ["", "", "", "", "", "", "", "FNSTSW Mw"]);
add("df e0", "FNSTSW");
run("", 0xe0, [
  "LOOPNE Jb",
  "LOOPE Jb",
  "LOOP Jb",
  "JRCXZ Jb",
  "IN A,Ib",
  "IN aX,Ib",
  "OUT Ib,A",
  "OUT Ib,aX",
  "CALL Jz",
  "JMP Jz",
  "",
  "JMP Jb",
  "IN A,DX",
  "IN aX,DX",
  "OUT DX,A",
  "OUT DX,aX",
]);
run("", 0xf1, ["INT1"]);
run("", 0xf4, ["HLT", "CMC"]);
for (const [op, operand, i] of [["f6", "Eb", "Ib"], ["f7", "Ev", "Iz"]]) {
  groupOf(op!, [
    `TEST ${operand},${i}`,
    `TEST ${operand},${i}`,
    ...["NOT", "NEG", "MUL", "IMUL", "DIV", "IDIV"].map((n) =>
      `${n} ${operand}`
    ),
  ]);
}
run("", 0xf8, ["CLC", "STC", "CLI", "STI", "CLD", "STD"]);
groupOf("fe", ["INC Eb", "DEC Eb"]);
groupOf("ff", [
  "INC Ev",
  "DEC Ev",
  "CALL Eq",
  "CALLF Mp",
  "JMP Eq",
  "JMPF Mp",
  "PUSH Eq",
]);

// Two-byte opcodes.
groupOf("0f00", [
  "SLDT Ev",
  "STR Ev",
  "LLDT Ew",
  "LTR Ew",
  "VERR Ew",
  "VERW Ew",
]);
groupOf("0f01", [
  "SGDT M",
  "SIDT M",
  "LGDT M",
  "LIDT M",
  "SMSW Ev",
  "",
  "LMSW Ew",
  "INVLPG M",
]);
add("0f01 f8", "SWAPGS");
run("0f", 0x02, ["LAR Gv,Ew", "LSL Gv,Ew"]);
run("0f", 0x06, ["CLTS", "SYSRET", "INVD", "WBINVD", "", "UD2"]);
groupOf("0f0d", eight("PREFETCHW Ev"));
for (let op = 0x18; op < 0x20; op++) add("0f" + hex(op), "NOP Ev");
run("0f", 0x20, ["MOV Rq,Cq", "MOV Rq,Dq", "MOV Cq,Rq", "MOV Dq,Rq"]);
run("0f", 0x30, ["WRMSR", "", "RDMSR", "RDPMC"]);
run("0f", 0x40, CONDITIONS.map((c) => `CMOV${c} Gv,Ev`));
run("0f", 0x77, ["EMMS"]);
run("0f", 0x80, CONDITIONS.map((c) => `J${c} Jz`));
run("0f", 0x90, CONDITIONS.map((c) => `SET${c} Eb`));
run("0f", 0xa0, [
  "PUSH FS",
  "POP FS",
  "",
  "BT Ev,Gv",
  "SHLD Ev,Gv,Ib",
  "SHLD Ev,Gv,CL",
]);
run("0f", 0xa8, [
  "PUSH GS",
  "POP GS",
  "",
  "BTS Ev,Gv",
  "SHRD Ev,Gv,Ib",
  "SHRD Ev,Gv,CL",
]);
groupOf("0fae", ["FXSAVE M", "FXRSTOR M", "LDMXCSR Md", "STMXCSR Md"]);
groupOf("0fae", ["", "", "", "", "", "LFENCE R", "MFENCE R", "SFENCE R"]);
add("0fae/7m", "CLFLUSH Mb");
run("0f", 0xaf, ["IMUL Gv,Ev", "CMPXCHG Eb,Gb", "CMPXCHG Ev,Gv"]);
run("0f", 0xb2, [
  "LSS Gv,Mp",
  "BTR Ev,Gv",
  "LFS Gv,Mp",
  "LGS Gv,Mp",
  "MOVZX Gv,Eb",
  "MOVZX Gv,Ew",
  "POPCNT Gv,Ev",
  "UD1 Gv,Ev",
]);
groupOf("0fba", [
  "",
  "",
  "",
  "",
  "BT Ev,Ib",
  "BTS Ev,Ib",
  "BTR Ev,Ib",
  "BTC Ev,Ib",
]);
run("0f", 0xbb, [
  "BTC Ev,Gv",
  "BSF Gv,Ev",
  "BSR Gv,Ev",
  "MOVSX Gv,Eb",
  "MOVSX Gv,Ew",
  "XADD Eb,Gb",
  "XADD Ev,Gv",
]);
run("0f", 0xc3, ["MOVNTI My,Gy"]);
groupOf("0fc7", ["", "CMPXCHG8B M"]);
run("0f", 0xc8, eight("BSWAP Zv"));
run("0f", 0xff, ["UD0 Gv,Ev"]);

function parse(line: string): Key {
  const [key = "", text = ""] = line.split(": ");
  const [mnemonic = "", list] = text.split(" ");
  const [opcode = "", extension] = key.split("/");
  const [digits = "", modrm] = opcode.split(" ");
  return {
    key,
    opcode: digits.match(/../g)!.map((byte) => parseInt(byte, 16)),
    extension: extension === undefined ? -1 : parseInt(extension),
    modrm: modrm === undefined ? -1 : parseInt(modrm, 16),
    text,
    mnemonic,
    operands: list ? list.split(",") : [],
  };
}

/** All keys. */
export const KEYS: readonly Key[] = Object.freeze(lines.map(parse));

/** By name. */
export const KEY_BY_NAME: ReadonlyMap<string, Key> = new Map(
  KEYS.map((key) => [key.key, key]),
);

/** What user mode can execute and is left out, and why. */
export const LEFT_OUT: readonly {
  /** The opcode. */
  readonly key: string;
  /** The instruction. */
  readonly text: string;
  /** Why. */
  readonly reason: string;
}[] = Object.freeze([
  { key: "0f05", text: "SYSCALL", reason: "enters the host's kernel" },
  { key: "0fa2", text: "CPUID", reason: "says which CPU it is" },
  { key: "0f31", text: "RDTSC", reason: "gives the time" },
  { key: "0f01 f9", text: "RDTSCP", reason: "gives the time" },
]);
