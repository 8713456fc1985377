/**
 * Runs vectors on the engine: a core with flat page tables and Linux's segments, one instruction in ring 3 at a time.
 *
 * @module
 */

import { NO_EVENTS } from "../../src/base/events.ts";
import type { CpuState } from "../../src/hw/cpu_state.ts";
import { fullConfig } from "../../src/hw/hardware_config.ts";
import { InputLog } from "../../src/hw/input_log.ts";
import { MachineBoard } from "../../src/hw/machine_board.ts";
import { isaEngine } from "../../src/isa/engine.ts";
import {
  CODE,
  CODE_PAGE,
  CS,
  DATA,
  DATA_AGAIN,
  DATA_BYTES,
  FPU_BYTES,
  FS_BASE,
  GS_BASE,
  hasErrorCode,
  makePattern,
  READ_ONLY,
  REGISTER_NAMES,
  SEGMENT_NAMES,
  SS,
  type Vector,
} from "./layout.ts";
import { maskOf } from "./undefined.ts";

// Physical memory.
const ROOT = 0x1000;
const TABLES = 0x2000;
const CODE_FRAME = 0x20_0000;
const DATA_FRAME = 0x20_1000;
const SYSTEM = 0x21_0000;
// The system's page, linear: tables that ring 3 doesn't see.
const GDT = -0x1000_0000_0000;
const IDT: number = GDT + 0x1000;
const TSS: number = GDT + 0x2000;
const STACK_TOP: number = GDT + 0x4000;
/** Where the gate of vector n leads to, less n. */
const HANDLERS: number = GDT + 0x5000;

const USER = 7;
const USER_READ_ONLY = 5;
const KERNEL = 3;
const INT3 = 0xcc;
const RF = 0x1_0000;
/** SYSCALL and SYSRET are there. */
const EFER_SCE = 1;
/** Linux's descriptors from selector 8 on, high words: attributes and limit. */
const DESCRIPTORS = [
  0x00cf_9b00,
  0x00af_9b00,
  0x00cf_9300,
  0x00cf_fb00,
  0x00cf_f300,
  0x00af_fb00,
];
const TSS_SELECTOR = 0x40;
const GDT_LIMIT = 0x7f;
/** Gates that user mode may use: INT3 and INTO. */
const OPEN_GATES = [3, 4];
/** As Linux has them, which SMSW tells. */
const CR0 = 0x8005_0033;
const CR4 = 0x620;
/** What Linux answers for SGDT and SIDT, which it forbids. */
const FORBIDDEN_GDT = -0x2_0000;
const FORBIDDEN_IDT = -0x1_0000;

/** Runs vectors. */
export class VectorBench {
  readonly #board: MachineBoard = new MachineBoard(
    fullConfig({ ramBytes: 16 * 2 ** 20 }),
    new InputLog(),
    NO_EVENTS,
  );
  readonly #core = this.#board.core;
  readonly #engine = isaEngine(this.#core);
  readonly #pattern: Uint8Array = makePattern();
  readonly #expected: Uint8Array = this.#pattern.slice();
  readonly #expectedWords: Int32Array = new Int32Array(this.#expected.buffer);

  /** Makes the memory that vectors run in. */
  constructor() {
    this.#map(CODE_PAGE, CODE_FRAME, USER);
    for (let at = 0; at < DATA_BYTES; at += 0x1000) {
      const rights = DATA + at >= READ_ONLY ? USER_READ_ONLY : USER;
      this.#map(DATA + at, DATA_FRAME + at, rights);
      this.#map(DATA_AGAIN + at, DATA_FRAME + at, rights);
    }
    for (let i = 0; i < 5; i++) {
      this.#map(GDT + 0x1000 * i, SYSTEM + 0x1000 * i, KERNEL);
    }
    this.#makeTables();
    const { phys } = this.#board;
    for (let i = 0; i < 0x1000; i += 4) {
      phys.write(CODE_FRAME + i, 0x0101_0101 * INT3, 4);
    }
    this.#resetData();
    this.#setCpu();
    this.#core.mmu.flush(true);
  }

  /**
   * Executes one vector and compares.
   *
   * @param vector the instruction, and what a CPU made of it
   * @returns what differs, in words; nothing if all is equal
   */
  run(vector: Vector): string[] {
    this.#load(vector);
    const got = this.#step(vector.steps);
    const differences = this.#compare(vector, got);
    // Memory that isn't compared may hold anything.
    this.#clean(
      vector,
      differences.length > 0 || maskOf(vector)?.memory === true,
    );
    return differences;
  }

  #write64(at: number, value: bigint): void {
    const { phys } = this.#board;
    phys.write(at, Number(value & 0xffff_ffffn), 4);
    phys.write(at + 4, Number(value >> 32n & 0xffff_ffffn), 4);
  }

  #tables = 0;

  #map(linear: number, frame: number, rights: number): void {
    const { phys } = this.#board;
    let table = ROOT;
    const va = BigInt.asUintN(48, BigInt(linear));
    for (let shift = 39n; shift > 12n; shift -= 9n) {
      const at = table + 8 * Number(va >> shift & 511n);
      if (phys.read(at, 4) === 0) {
        const next = TABLES + 0x1000 * this.#tables++;
        this.#write64(at, BigInt(next | USER));
      }
      table = phys.read(at, 4) & ~0xfff;
    }
    const at = table + 8 * Number(va >> 12n & 511n);
    this.#write64(at, BigInt(frame | rights));
  }

  #makeTables(): void {
    DESCRIPTORS.forEach((high, i) =>
      this.#write64(SYSTEM + 8 + 8 * i, BigInt(high) << 32n | 0xffffn)
    );
    const tss = BigInt.asUintN(64, BigInt(TSS));
    this.#write64(
      SYSTEM + TSS_SELECTOR,
      0x67n | (tss & 0xff_ffffn) << 16n | 0x8bn << 40n |
        (tss >> 24n & 255n) << 56n,
    );
    this.#write64(SYSTEM + TSS_SELECTOR + 8, tss >> 32n);
    for (let vector = 0; vector < 256; vector++) {
      const to = BigInt.asUintN(64, BigInt(HANDLERS + vector));
      const rights = OPEN_GATES.includes(vector) ? 0xeen : 0x8en;
      const at = SYSTEM + 0x1000 + 16 * vector;
      this.#write64(
        at,
        (to & 0xffffn) | 0x10n << 16n | rights << 40n |
          (to >> 16n & 0xffffn) << 48n,
      );
      this.#write64(at + 8, to >> 32n);
    }
    // RSP0; no I/O map.
    this.#write64(SYSTEM + 0x2004, BigInt.asUintN(64, BigInt(STACK_TOP)));
    this.#board.phys.write(SYSTEM + 0x2000 + 102, 0x68, 2);
  }

  #resetData(): void {
    const { phys } = this.#board;
    for (let i = 0; i < DATA_BYTES; i++) {
      phys.write(DATA_FRAME + i, this.#pattern[i]!, 1);
    }
    this.#core.cpu.fpu.set(this.#pattern.subarray(DATA_BYTES));
    this.#expected.set(this.#pattern);
  }

  #setCpu(): void {
    const { cpu } = this.#core;
    cpu.cr0 = CR0;
    cpu.cr3 = ROOT;
    cpu.cr4 = CR4;
    cpu.efer |= EFER_SCE;
    Object.assign(cpu.gdtr, { base: GDT, limit: GDT_LIMIT });
    Object.assign(cpu.idtr, { base: IDT, limit: 0xfff });
    Object.assign(cpu.ldtr, { selector: 0, base: 0, limit: 0, attributes: 0 });
    Object.assign(cpu.tr, {
      selector: TSS_SELECTOR,
      base: TSS,
      limit: 0x67,
      attributes: 0x8b,
    });
  }

  #setSegments(cpu: CpuState): void {
    const none = { base: 0, limit: 0, attributes: 0 };
    const flat = { base: 0, limit: 0xffff_ffff };
    Object.assign(cpu.cs, { selector: CS, ...flat, attributes: 0xa0fb });
    Object.assign(cpu.ss, { selector: SS, ...flat, attributes: 0xc0f3 });
    Object.assign(cpu.ds, { selector: 0, ...none });
    Object.assign(cpu.es, { selector: 0, ...none });
    Object.assign(cpu.fs, { selector: 0, ...none, base: FS_BASE });
    Object.assign(cpu.gs, { selector: 0, ...none, base: GS_BASE });
  }

  #load(vector: Vector): void {
    const { cpu } = this.#core;
    const { phys } = this.#board;
    cpu.registers.set(vector.registers);
    cpu.rflags = vector.flags;
    cpu.rip = CODE;
    cpu.cpl = 3;
    cpu.shadow = 0;
    this.#setSegments(cpu);
    const forbidden = /^0f01\/[01]$/.test(vector.key);
    cpu.gdtr.base = forbidden ? FORBIDDEN_GDT : GDT;
    cpu.gdtr.limit = forbidden ? 0 : GDT_LIMIT;
    cpu.idtr.base = forbidden ? FORBIDDEN_IDT : IDT;
    cpu.idtr.limit = forbidden ? 0 : 0xfff;
    vector.bytes.forEach((byte, i) =>
      phys.write(CODE_FRAME + CODE - CODE_PAGE + i, byte, 1)
    );
    for (const patch of vector.patches) {
      const [offset, value] = [patch & 0xffff, patch >>> 16];
      this.#expected[offset] = value;
      if (offset < DATA_BYTES) phys.write(DATA_FRAME + offset, value, 1);
      else cpu.fpu[offset - DATA_BYTES] = value;
    }
    for (const change of vector.after.changes) {
      this.#expected[change & 0xffff] = change >>> 16;
    }
  }

  /** Executes. @returns the exception, its error code and its address, or −1 */
  #step(steps: number): [number, number, number] {
    const { cpu, fault } = this.#core;
    try {
      for (let i = 0; i < steps; i++) {
        this.#engine.run(1);
        if (cpu.rip !== CODE) break;
      }
    } catch (thrown) {
      if (thrown !== fault) throw thrown;
      const { vector } = fault;
      return [
        vector,
        hasErrorCode(vector) ? fault.errorCode : -1,
        vector === 14 ? fault.cr2 : 0,
      ];
    }
    if (cpu.cpl === 3) return [-1, -1, 0];
    return this.#delivered();
  }

  /** INT n and its kind deliver by themselves: puts back what the frame holds. */
  #delivered(): [number, number, number] {
    const { cpu } = this.#core;
    const { phys } = this.#board;
    const vector = cpu.rip - HANDLERS;
    const coded = hasErrorCode(vector);
    const frame = SYSTEM + 0x4000 - 40;
    const at = (i: number): number => phys.read(frame + 4 * i, 4);
    cpu.rip = at(0);
    cpu.rflags = at(4) & ~RF;
    cpu.registers[8] = at(6);
    cpu.registers[9] = at(7);
    this.#setSegments(cpu);
    return [vector, coded ? at(-2) : -1, 0];
  }

  #compare(
    vector: Vector,
    [code, error, cr2]: [number, number, number],
  ): string[] {
    const { cpu } = this.#core;
    const { after } = vector;
    const list: string[] = [];
    const expect = (what: string, got: number, want: number): void => {
      if (got !== want) {
        list.push(`${what} ${hex(got)} instead of ${hex(want)}`);
      }
    };
    expect("vector", code, after.vector);
    if (list.length > 0) return list;
    expect("error code", error, after.error);
    expect("CR2", cr2, after.cr2);
    expect("RIP", cpu.rip, after.rip);
    const mask = after.vector < 0 ? maskOf(vector) : null;
    for (let i = 0; i < 32; i++) {
      const [got, want] = [cpu.registers[i]!, after.registers[i]!];
      if (got === want) continue;
      if (i >> 1 === mask?.register) {
        const ignored = i & 1 && mask.bits !== -1 ? 0 : mask.bits;
        if (((got ^ want) & ~ignored) === 0) continue;
      }
      expect(REGISTER_NAMES[i >> 1] + (i & 1 ? ".high" : ""), got, want);
    }
    const flags = mask ? ~mask.flags : -1;
    expect("flags", cpu.rflags & flags, after.flags & flags);
    const segments = [cpu.es, cpu.cs, cpu.ss, cpu.ds, cpu.fs, cpu.gs];
    segments.forEach(({ selector }, i) => {
      // The host's IRETQ to ring 3 has cleared the RPL of null selectors.
      const seen = selector < 4 ? 0 : selector;
      expect(SEGMENT_NAMES[i]!, seen, after.selectors[i]!);
    });
    this.#compareMemory(list, mask?.memory ?? false);
    return list;
  }

  #compareMemory(list: string[], ignored: boolean): void {
    const { words, bytes } = this.#board.phys.ram;
    const first = DATA_FRAME >> 2;
    const expected = this.#expectedWords;
    for (let i = 0; i < DATA_BYTES >> 2; i++) {
      if (words[first + i] === expected[i] || ignored) continue;
      for (let j = 4 * i; j < 4 * i + 4; j++) {
        const [got, want] = [bytes[DATA_FRAME + j]!, this.#expected[j]!];
        if (got !== want) {
          list.push(
            `memory ${hex(DATA + j)} ${hex(got)} instead of ${hex(want)}`,
          );
        }
      }
    }
    const { fpu } = this.#core.cpu;
    for (let i = 0; i < FPU_BYTES; i++) {
      const want = this.#expected[DATA_BYTES + i]!;
      if (fpu[i] !== want) {
        list.push(`FXSAVE area ${i} ${hex(fpu[i]!)} instead of ${hex(want)}`);
      }
    }
  }

  /** Puts the patterns back. */
  #clean(vector: Vector, everything: boolean): void {
    const { phys } = this.#board;
    for (let i = 0; i < 15; i++) {
      phys.write(CODE_FRAME + CODE - CODE_PAGE + i, INT3, 1);
    }
    if (everything) return this.#resetData();
    const { fpu } = this.#core.cpu;
    for (const list of [vector.patches, vector.after.changes]) {
      for (const entry of list) {
        const offset = entry & 0xffff;
        const value = this.#pattern[offset]!;
        this.#expected[offset] = value;
        if (offset < DATA_BYTES) phys.write(DATA_FRAME + offset, value, 1);
        else fpu[offset - DATA_BYTES] = value;
      }
    }
  }
}

const hex = (n: number): string => n < 0 ? String(n) : n.toString(16);
