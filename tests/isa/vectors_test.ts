/**
 * The engine against a CPU, one instruction at a time: the fixed sample, fresh vectors where there is a compiler, and the
 * places at which the manual and that CPU differ.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { VectorBench } from "../../dev/isa_vectors/bench.ts";
import { Host } from "../../dev/isa_vectors/host.ts";
import { KEYS, LEFT_OUT } from "../../dev/isa_vectors/keys.ts";
import type { Vector } from "../../dev/isa_vectors/layout.ts";
import { compareWithHost, formatReport } from "../../dev/isa_vectors/run.ts";
import {
  readSample,
  SAMPLE_FILES,
  type SampleFile,
} from "../../dev/isa_vectors/sample.ts";
import { formatVector, parseVector } from "../../dev/isa_vectors/text.ts";
import { UNDEFINED } from "../../dev/isa_vectors/undefined.ts";
import { permitted } from "../../dev/permission.ts";
import { disassemble } from "../../src/isa/mod.ts";
import groups from "../../vectors/isa-groups.json" with { type: "json" };
import oneByte from "../../vectors/isa-one-byte.json" with { type: "json" };
import twoByte from "../../vectors/isa-two-byte.json" with { type: "json" };

const FILES: Readonly<Record<string, SampleFile>> = {
  "isa-one-byte.json": oneByte,
  "isa-groups.json": groups,
  "isa-two-byte.json": twoByte,
};
/** Prose. */
const NOT_RUN = ["source", "format", "provenance"];

/** Vectors in the fixed sample of each key. */
const PER_KEY = 100;

for (const [name, file] of Object.entries(FILES)) {
  Deno.test(`the engine does what a CPU did, over all of ${name}`, () => {
    const bench = new VectorBench();
    const counts = new Map<string, number>();
    const mismatches: string[] = [];
    for (const vector of readSample(file)) {
      counts.set(vector.key, (counts.get(vector.key) ?? 0) + 1);
      const differences = bench.run(vector);
      if (differences.length === 0) continue;
      mismatches.push(
        `${vector.key} | ${formatVector(vector)} | ${differences.join("; ")}`,
      );
    }
    assertEquals(mismatches, []);
    const keys = KEYS.filter(SAMPLE_FILES[name]!);
    assertEquals(
      counts,
      new Map(keys.map(({ key }) => [key, PER_KEY])),
    );
    assertEquals(Object.keys(file).sort(), [...NOT_RUN, "vectors"].sort());
  });
}

Deno.test("the sample has at least 220 keys, and leaves out at most 5", () => {
  assertEquals(new Set(KEYS.map(({ key }) => key)).size, KEYS.length);
  assert(KEYS.length >= 220);
  assert(LEFT_OUT.length <= 5);
});

Deno.test("every opcode that the engine executes has a key, or a reason", () => {
  const known = new Set([...KEYS, ...LEFT_OUT].map(({ key }) => key));
  const missing = new Set<string>();
  for (const [map, prefix] of [["", []], ["0f", [0x0f]]] as const) {
    for (let opcode = 0; opcode < 256; opcode++) {
      const name = map + opcode.toString(16).padStart(2, "0");
      for (let modrm = 0; modrm < 256; modrm++) {
        const bytes = new Uint8Array(15);
        bytes.set([...prefix, opcode, modrm]);
        const found = disassemble(bytes);
        if (found.kind !== "instruction") continue;
        // A prefix, or the escape.
        if (found.text === "" || (map === "" && opcode === 0x0f)) continue;
        if (map === "" && /^(26|2e|36|3e|4.|6[4-7]|f[023])$/.test(name)) {
          continue;
        }
        const memory = modrm < 0xc0 ? "m" : "";
        const reg = `${name}/${modrm >> 3 & 7}`;
        const whole = `${name} ${modrm.toString(16).padStart(2, "0")}`;
        const names = [name, reg, reg + memory, whole];
        if (!names.some((key) => known.has(key))) {
          missing.add(`${reg} ${found.text}`);
        }
      }
    }
  }
  assertEquals([...missing], []);
});

Deno.test("parseVector() reads what formatVector() writes", () => {
  for (const file of Object.values(FILES)) {
    for (const [name, lines] of Object.entries(file.vectors)) {
      const key = name.slice(0, name.indexOf(":"));
      for (const line of lines.slice(0, 10)) {
        assertEquals(formatVector(parseVector(key, line)), line);
      }
    }
  }
});

/** A vector with another outcome. */
const changed = (vector: Vector, after: Partial<Vector["after"]>): Vector => ({
  ...vector,
  after: { ...vector.after, ...after },
});

Deno.test("VectorBench notices a difference in registers, flags, memory, RIP, segments, exceptions", () => {
  const bench = new VectorBench();
  // add [rcx], eax
  const right = parseVector(
    "01",
    "0101 fl=1 rax=1 rcx=20000100 m100=ffffffff > fl=55 m100=00000000",
  );
  assertEquals(bench.run(right), []);
  const { after } = right;
  const registers = after.registers.slice();
  registers[29] = registers[29]! ^ 1;
  const outcomes: [Partial<Vector["after"]>, string][] = [
    [{ registers }, "r14.high -1364283730 instead of -1364283729"],
    [{ flags: after.flags ^ 0x10 }, "flags 257 instead of 247"],
    [{ rip: after.rip + 1 }, "RIP 10000102 instead of 10000103"],
    [{ changes: after.changes.slice(1) }, "memory 20000100 0 instead of ff"],
    [
      { changes: [...after.changes, 0x77_2fff] },
      "memory 20002fff 10 instead of 77",
    ],
    [{ selectors: [0, 0x33, 0x2b, 0, 0, 0x2b] }, "gs 0 instead of 2b"],
    [{ vector: 14, error: 6 }, "vector -1 instead of e"],
  ];
  for (const [outcome, text] of outcomes) {
    assertEquals(bench.run(changed(right, outcome)), [text]);
    // Nothing of it is left behind.
    assertEquals(bench.run(right), []);
  }
  const fault = parseVector("01", "0101 rcx=30000000 > #e.6@30000000");
  assertEquals(bench.run(fault), []);
  assertNotEquals(bench.run(changed(fault, { error: 7 })), []);
  assertNotEquals(bench.run(changed(fault, { cr2: 0x3000_0001 })), []);
});

Deno.test("VectorBench compares undefined flags nowhere but in the rows of the table", () => {
  const bench = new VectorBench();
  // and eax, eax: AF is undefined; shl al, 3: AF and OF; shl al, 1: AF only.
  const rows: [string, string, number][] = [
    ["21", "21c0 rax=5 > fl=4", 0x10],
    ["c0/4", "c0e003 rax=1 > rax=8", 0x810],
    ["d0/4", "d0e0 rax=1 > rax=2", 0x10],
    ["01", "01c0 rax=1 > rax=2", 0],
  ];
  for (const [key, line, undefinedFlags] of rows) {
    const vector = parseVector(key, line);
    let ignored = 0;
    for (const flag of [1, 4, 0x10, 0x40, 0x80, 0x400, 0x800]) {
      const other = changed(vector, { flags: vector.after.flags ^ flag });
      if (bench.run(other).length === 0) ignored |= flag;
    }
    assertEquals(ignored, undefinedFlags, line);
  }
  for (const { sentence } of UNDEFINED) assert(sentence.length > 20);
});

/** SDM 2 on the forms that an AMD CPU, the sample's, executes in another way. */
const BY_THE_MANUAL: readonly (readonly [string, string])[] = [
  // f64: prefix 66 changes neither the immediate nor the operand.
  ["e9", "66e900000100 > ip=10010106"],
  ["eb", "66eb80 > ip=10000083"],
  ["74", "6674fe fl=40 > ip=10000101"],
  ["74", "6674fe >"],
  ["0f84", "660f8400000100 fl=40 > ip=10010107"],
  ["0f84", "660f8400000100 >"],
  ["e8", "66e800000000 > ip=10000106 rsp=20000ef8 mef8=0601001000000000"],
  ["c3", "66c3 mf00=0089674500000000 > ip=45678900 rsp=20000f08"],
  ["c2", "66c20800 mf00=0089674500000000 > ip=45678900 rsp=20000f10"],
  ["ff/4", "66ffe0 rax=12345678 > ip=12345678"],
  [
    "ff/2",
    "66ffd0 rax=12345678 > ip=12345678 rsp=20000ef8 mef8=0301001000000000",
  ],
  ["e2", "66e210 rcx=2 > ip=10000113 rcx=1"],
  ["e3", "66e310 rcx=0 > ip=10000113"],
  // 0F 0D with a register: NOP.
  ["0f0d/1", "0f0dc8 >"],
  // r16, r/m16.
  ["63", "666301 rcx=20002ffe m2ffe=3412 > rax=a0a0a0a0a0a01234"],
  // m16:64.
  ["ff/5", "48ff28 rax=20000100 m100=00000000100000003300 > ip=1000000000"],
  [
    "ff/3",
    "48ff18 rax=20000100 m100=00000000100000003300 > ip=1000000000 rsp=20000ef0 mef0=03010010000000003300000000000000",
  ],
  [
    "0fb4",
    "480fb408 rax=20000100 m100=00000000000000802b00 > rcx=8000000000000000 fs=2b",
  ],
  // The prefix of LOOPE and LOOPNE is reserved.
  ["e1", "f2e110 rcx=2 fl=40 > ip=10000113 rcx=1"],
  ["e1", "f3e110 rcx=2 > rcx=1"],
  ["e0", "f3e010 rcx=2 > ip=10000113 rcx=1"],
  // REP with a count of 0 does nothing, not even ask for the port.
  ["6c", "f36c rcx=0 >"],
  ["6f", "f26f rcx=0 >"],
  // The target is checked before the push.
  ["ff/2", "ffd0 rax=800000001000 rsp=30000000 > #d.0"],
  // What faults has stored nothing.
  ["c8", "c8000003 rbp=30000000 > #e.4@2ffffff8"],
  // LOCK names no other register.
  ["0f20", "f00f20c0 > #6"],
  // SLDT, STR and SMSW fill the register, or 16 bits.
  ["0f00/1", "0f00c8 > rax=40"],
  ["0f00/1", "660f00c8 > rax=a0a0a0a0a0a00040"],
  ["0f01/4", "0f01e0 > rax=80050033"],
  ["0f01/4", "480f01e0 > rax=80050033"],
];

Deno.test("the engine follows the manual where the sample's CPU does not", () => {
  const bench = new VectorBench();
  for (const [key, line] of BY_THE_MANUAL) {
    assertEquals(bench.run(parseVector(key, line)), [], line);
  }
});

Deno.test({
  name:
    "the engine does what this CPU does, over 4,340 fresh vectors (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    const host = await Host.build();
    if (host === null) {
      console.warn(
        "SKIPPED, the engine is not compared with this CPU: there is no gcc here, or no x86-64",
      );
      return;
    }
    try {
      const task = { keys: KEYS, seed: 20_260_101, count: 10 * KEYS.length };
      const report = await compareWithHost(host, task);
      assertEquals(report.mismatches, [], formatReport(report));
    } finally {
      await host.close();
    }
  },
});
