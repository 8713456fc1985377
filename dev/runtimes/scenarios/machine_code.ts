/**
 * Machine code: random arithmetic, and programs by hand, on the machine's engine.
 *
 * @module
 */

import { Machine } from "@lockstep/kernel";
import { Prng, RAX, RBX, virtAddr } from "@lockstep/kernel/hw";
import { isaEngine } from "@lockstep/kernel/isa";
import { digestOf, type Scenario } from "./scenario.ts";

/** Where code is put: usable RAM on the bootloader's map of all of it. */
const CODE = 0x60_0000;
const INSTRUCTIONS = 4_000;
const CLK_MAX = 2_000_000;

/** Opcodes that take a ModRM byte: arithmetic, moves, tests, bits, shifts, sets. */
const OPCODES: readonly (readonly number[])[] = [
  ...[0x01, 0x03, 0x09, 0x0b, 0x11, 0x13, 0x19, 0x1b, 0x21, 0x23, 0x29, 0x2b],
  ...[0x31, 0x33, 0x39, 0x3b, 0x63, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8b],
  0xd1,
  0xd3,
].map((opcode) => [opcode]).concat(
  [0x40, 0x44, 0x4c, 0x92, 0x9f, 0xa3, 0xab, 0xaf, 0xb0, 0xb3, 0xb6, 0xb7]
    .concat([0xbb, 0xbc, 0xbd, 0xbe, 0xbf, 0xc0, 0xc1])
    .map((opcode) => [0x0f, opcode]),
);

/** Random instructions on registers but RSP, then HLT. */
function randomCode(seed: number): number[] {
  const random = new Prng(seed);
  const code: number[] = [];
  for (let i = 0; i < INSTRUCTIONS; i++) {
    const [reg, rm] = [random.below(8), random.below(8)];
    if (reg === 4 || rm === 4) continue;
    if (random.below(4) === 0) code.push(0x66);
    code.push(0x40 | random.below(16));
    code.push(...OPCODES[random.below(OPCODES.length)]!);
    code.push(0xc0 | reg << 3 | rm);
  }
  return [...code, 0xf4];
}

const bytesOf = (hex: string): number[] =>
  hex.split(" ").map((byte) => parseInt(byte, 16));

/** Fills, copies and compares by strings, then stops by the debug exit. */
const STRINGS = bytesOf(
  // lea rdi, [rip + 0x1000]; mov rsi, rdi; mov ecx, 0x800; mov al, 0x5a; rep stosb
  "48 8d 3d 00 10 00 00 48 89 fe b9 00 08 00 00 b0 5a f3 aa " +
    // mov ecx, 0x100; rep movsq; mov ecx, 0x80; std; repe cmpsb; cld
    "b9 00 01 00 00 f3 48 a5 b9 80 00 00 00 fd f3 a6 fc " +
    // mov eax, 0x10; out 0xf4, eax
    "b8 10 00 00 00 e7 f4",
);

/** Rewrites the byte that its next instruction adds, 100 times. */
const SELF_MODIFYING = bytesOf(
  // mov ecx, 100; inc byte [rip + 2]; add eax, 0; loop; hlt (the displacement meets the immediate)
  "b9 64 00 00 00 fe 05 01 00 00 00 05 00 00 00 00 e2 f3 f4",
);

/** Counts the primes below 2,000 in EBX, by division. */
const PRIMES = bytesOf(
  // xor ebx, ebx; mov esi, 2; outer: mov edi, 2; inner: mov eax, edi; mul edi; cmp eax, esi; ja prime
  "31 db be 02 00 00 00 bf 02 00 00 00 89 f8 f7 e7 39 f0 77 0e " +
    // mov eax, esi; xor edx, edx; div edi; test edx, edx; jz next; inc edi; jmp inner
    "89 f0 31 d2 f7 f7 85 d2 74 06 ff c7 eb ea " +
    // prime: inc ebx; next: inc esi; cmp esi, 2000; jb outer; hlt
    "ff c3 ff c6 81 fe d0 07 00 00 72 d9 f4",
);

/** Runs code; `answer` is what a register must hold in the end. */
function execute(
  code: readonly number[],
  answer: readonly [register: number, value: number] | null = null,
): string {
  const machine = new Machine({ ramBytes: 16 * 2 ** 20, engine: isaEngine });
  code.forEach((byte, i) => machine.memory.write(CODE + i, byte, 1));
  const offset = Number(machine.bootInfo.physicalMemoryOffset);
  machine.cpu.rip = virtAddr(offset + CODE);
  const stop = machine.run({ clkMax: CLK_MAX });
  const { registers } = machine.cpu;
  if (answer !== null && registers[2 * answer[0]] !== answer[1]) {
    throw new Error(`wrong answer: ${registers[2 * answer[0]]}`);
  }
  return digestOf([machine.digest(), machine.clk, stop, registers]);
}

/** Random code and three programs. */
export const CODE_SCENARIOS: readonly Scenario[] = [
  ...[1, 2, 3, 4, 5, 6].map((seed) => ({
    name: `random machine code, seed ${seed}`,
    run: () => execute(randomCode(seed)),
  })),
  { name: "strings in machine code", run: () => execute(STRINGS, [RAX, 0x10]) },
  {
    name: "machine code that changes itself",
    run: () => execute(SELF_MODIFYING, [RAX, 5_050]), // 1 + 2 + … + 100.
  },
  {
    name: "primes in machine code",
    run: () => execute(PRIMES, [RBX, 303]),
  },
];
