import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  bareMachine,
  endOfInterrupt,
  FREE,
  KEYBOARD,
  movePics,
  runBare,
} from "../../tests/support/bare.ts";
import { type VirtAddr, virtAddr } from "./addr.ts";
import { R15, RAX, RBP, RSP } from "./general_registers.ts";
import type { Instructions } from "./instructions.ts";
import type { Machine } from "./machine.ts";
import {
  CR0_TS,
  CR0_WP,
  MSR_EFER,
  MSR_FS_BASE,
  MSR_GS_BASE,
  MSR_KERNEL_GS_BASE,
  MSR_LSTAR,
  MSR_TSC,
  RFLAGS_IF,
} from "./registers.ts";

/** Runs `body` as `boot`, and rethrows what it threw. */
function inKernel(
  body: (cpu: Instructions, machine: Machine) => void,
  handlers: Record<string, { vector: number; run(cpu: Instructions): void }> =
    {},
): Machine {
  const machine: Machine = bareMachine((cpu) => ({
    handlers,
    boot() {
      body(cpu, machine);
      cpu.out32(0xf4, 0);
    },
  }));
  const stop = machine.run({ clkMax: 10_000_000 });
  if (machine.thrown) throw machine.thrown;
  assertEquals(stop.reason, "exit", JSON.stringify(stop));
  return machine;
}

/** A vector, and the error code or −1, of the fault that `body` raises. */
function faultOf(
  body: (cpu: Instructions) => void,
): { vector: number; error: number; cr2: number } | null {
  let seen: ReturnType<typeof faultOf> = null;
  const handler = (vector: number, pushes: boolean) => ({
    vector,
    run(cpu: Instructions) {
      const error = pushes ? cpu.pop64() : -1;
      seen = { vector, error, cr2: cpu.readCr2() };
      cpu.out32(0xf4, 0);
      cpu.nop();
    },
  });
  const { stop } = runBare((cpu) => ({
    handlers: {
      ud: handler(6, false),
      ts: handler(10, true),
      np: handler(11, true),
      ss: handler(12, true),
      gp: handler(13, true),
      pf: handler(14, true),
    },
    boot() {
      body(cpu);
      cpu.out32(0xf4, 1);
    },
  }));
  assertEquals(stop.reason, "exit", JSON.stringify(stop));
  return seen;
}

const at = (offset: number): VirtAddr => virtAddr(FREE + offset);

const ONE_CLK: readonly [string, (cpu: Instructions) => void][] = [
  ["load8", (cpu) => cpu.load8(FREE)],
  ["load16", (cpu) => cpu.load16(FREE)],
  ["load32", (cpu) => cpu.load32(FREE)],
  ["load64", (cpu) => cpu.load64(FREE)],
  ["load64 across pages", (cpu) => cpu.load64(at(4092))],
  ["loadAddr", (cpu) => cpu.loadAddr(FREE)],
  ["store8", (cpu) => cpu.store8(FREE, 0)],
  ["store16", (cpu) => cpu.store16(FREE, 0)],
  ["store32", (cpu) => cpu.store32(FREE, 0)],
  ["store64", (cpu) => cpu.store64(FREE, 0, 0)],
  ["storeAddr", (cpu) => cpu.storeAddr(FREE, FREE)],
  ["xchg32", (cpu) => cpu.xchg32(FREE, 1)],
  ["cmpxchg32", (cpu) => cpu.cmpxchg32(FREE, 1, 1)],
  ["xadd32", (cpu) => cpu.xadd32(FREE, 1)],
  ["xchg64", (cpu) => cpu.xchg64(FREE, 1, 1)],
  ["cmpxchg64", (cpu) => cpu.cmpxchg64(FREE, 1, 1, 1, 1)],
  ["xadd64", (cpu) => cpu.xadd64(FREE, 1, 1)],
  ["in8", (cpu) => cpu.in8(0x80)],
  ["in16", (cpu) => cpu.in16(0x80)],
  ["in32", (cpu) => cpu.in32(0x80)],
  ["out8", (cpu) => cpu.out8(0x80, 1)],
  ["out16", (cpu) => cpu.out16(0x80, 1)],
  ["out32", (cpu) => cpu.out32(0x80, 1)],
  ["cli", (cpu) => cpu.cli()],
  ["pause", (cpu) => cpu.pause()],
  ["nop", (cpu) => cpu.nop()],
  ["interruptsEnabled", (cpu) => cpu.interruptsEnabled()],
  ["push64", (cpu) => cpu.push64(1, 2)],
  ["pop64", (cpu) => cpu.pop64()],
  ["readRegister", (cpu) => cpu.readRegister(RAX)],
  ["writeRegister", (cpu) => cpu.writeRegister(RAX, 1, 2)],
  ["readRsp", (cpu) => cpu.readRsp()],
  ["readRflags", (cpu) => cpu.readRflags()],
  ["writeRflags", (cpu) => cpu.writeRflags(2)],
  ["sgdt", (cpu) => cpu.sgdt()],
  ["sidt", (cpu) => cpu.sidt()],
  ["str", (cpu) => cpu.str()],
  ["readSegment", (cpu) => cpu.readSegment("cs")],
  ["loadSegment", (cpu) => cpu.loadSegment("fs", 0)],
  ["farReturn", (cpu) => cpu.farReturn(8)],
  ["swapgs", (cpu) => cpu.swapgs()],
  ["invlpg", (cpu) => cpu.invlpg(FREE)],
  ["readCr0", (cpu) => cpu.readCr0()],
  ["writeCr0", (cpu) => cpu.writeCr0(cr0)],
  ["readCr2", (cpu) => cpu.readCr2()],
  ["readCr3", (cpu) => cpu.readCr3()],
  ["readCr4", (cpu) => cpu.readCr4()],
  ["readMsr", (cpu) => cpu.readMsr(MSR_EFER)],
  ["writeMsr", (cpu) => cpu.writeMsr(MSR_FS_BASE, 0, 0)],
  ["rdtsc", (cpu) => cpu.rdtsc()],
];
/** PE, WP and PG, and what always reads as 1. */
const cr0 = 0x8001_0011;

Deno.test("every instruction is one boundary and one clk", () => {
  inKernel((cpu, machine) => {
    for (const [name, act] of ONE_CLK) {
      const { clk } = machine;
      act(cpu);
      assertEquals(machine.clk - clk, 1, name);
    }
  });
});

Deno.test("what is no instruction costs nothing", () => {
  inKernel((cpu, machine) => {
    const { clk } = machine;
    cpu.frames();
    cpu.peekInterruptsEnabled();
    cpu.isUnwinding(null);
    assertEquals(machine.clk, clk);
  });
});

Deno.test("peek32() reads without clk, TLB or A bit, at any alignment, and says what is not mapped", () => {
  inKernel((cpu, machine) => {
    const end = virtAddr(FREE + 0xffc);
    cpu.store64(end, 0x0403_0201, 0x0807_0605);
    const before = machine.digest();
    assertEquals(cpu.peek32(end), 0x0403_0201);
    for (const [skip, word] of [[1, 0x0504_0302], [3, 0x0706_0504]] as const) {
      assertEquals(cpu.peek32(virtAddr(end + skip)), word);
    }
    assertEquals(cpu.peek32(virtAddr(0x4444_4444_0000)), null);
    assertEquals(cpu.peek32(virtAddr(-4096)), null);
    assertEquals(machine.digest(), before);
  });
});

Deno.test("call() is a push, a store in each page, and a pop", () => {
  inKernel((cpu, machine) => {
    const cost = (bytes: number) => {
      const { clk } = machine;
      cpu.call(() => {}, bytes);
      return machine.clk - clk;
    };
    assertEquals(cost(4096), 3);
    assertEquals(cost(2 * 4096), 4);
    assertEquals(cost(2 * 4096 + 16), 5);
  });
});

Deno.test("loads and stores of each width are little-endian and unsigned", () => {
  inKernel((cpu) => {
    cpu.store64(FREE, 0xf4f3_f2f1, 0xf8f7_f6f5);
    const bytes = Array.from({ length: 8 }, (_, i) => cpu.load8(at(i)));
    assertEquals(bytes, [0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8]);
    assertEquals(cpu.load16(at(3)), 0xf5f4);
    assertEquals(cpu.load32(at(1)), 0xf5f4_f3f2);
    assertEquals([cpu.load64(FREE), cpu.high], [0xf4f3_f2f1, 0xf8f7_f6f5]);
    cpu.store8(FREE, 0x1_02);
    cpu.store16(at(2), -1);
    cpu.store32(at(4), -2);
    assertEquals([cpu.load64(FREE), cpu.high], [0xffff_f202, 0xffff_fffe]);
  });
});

Deno.test("addresses go to memory and back, of both halves", () => {
  inKernel((cpu) => {
    const addresses = [0, 1, 0x7fff_ffff_ffff, -1, -(2 ** 47), 0x1_0000_0000];
    for (const address of addresses) {
      cpu.storeAddr(FREE, virtAddr(address));
      assertEquals(cpu.loadAddr(FREE), address);
    }
    cpu.store64(FREE, 0xdead_beef, 0x1234_5678);
    assertThrows(
      () => cpu.loadAddr(FREE),
      RangeError,
      "Cannot load 0x12345678deadbeef as an address: it is not canonical",
    );
  });
});

const word = fc.integer({ min: 0, max: 0xffff_ffff });

Deno.test("atomics equal BigInt arithmetic at any offset, across pages", () => {
  inKernel((cpu) => {
    const pair = fc.tuple(word, word);
    const near = fc.integer({ min: 4080, max: 4104 });
    const big = ([low, high]: readonly [number, number]) =>
      BigInt(high) << 32n | BigInt(low);
    const load = (address: VirtAddr) => {
      const low = cpu.load64(address);
      return big([low, cpu.high]);
    };
    const u64 = (value: bigint) => BigInt.asUintN(64, value);
    fc.assert(
      fc.property(pair, pair, pair, near, (m, x, y, offset) => {
        const address = at(offset);
        const got = (low: number) => big([low, cpu.high]);
        const set = () => cpu.store64(address, ...m);
        set();
        assertEquals(got(cpu.xadd64(address, ...x)), big(m));
        assertEquals(load(address), u64(big(m) + big(x)));
        set();
        assertEquals(got(cpu.xchg64(address, ...x)), big(m));
        assertEquals(load(address), big(x));
        set();
        assertEquals(got(cpu.cmpxchg64(address, ...x, ...y)), big(m));
        assertEquals(load(address), big(m) === big(x) ? big(y) : big(m));
        set();
        assertEquals(got(cpu.cmpxchg64(address, ...m, ...y)), big(m));
        assertEquals(load(address), big(y));
        const [m0, high] = m, [x0] = x, [y0] = y;
        set();
        assertEquals(cpu.xadd32(address, x0), m0);
        assertEquals(load(address), big([(m0 + x0) % 2 ** 32, high]));
        set();
        assertEquals(cpu.xchg32(address, x0), m0);
        assertEquals(load(address), big([x0, high]));
        set();
        assertEquals(cpu.cmpxchg32(address, x0, y0), m0);
        assertEquals(
          cpu.cmpxchg32(address, m0 === x0 ? y0 : m0, x0),
          m0 === x0 ? y0 : m0,
        );
        assertEquals(load(address), big([x0, high]));
      }),
      { numRuns: 50 },
    );
  });
});

Deno.test("an atomic on a read-only page faults as a write, even if it would store nothing", () => {
  const image = virtAddr(0x20_0000);
  const acts: ((cpu: Instructions) => void)[] = [
    (cpu) => cpu.cmpxchg32(image, 1, 2),
    (cpu) => cpu.xadd64(image, 0, 0),
  ];
  for (const act of acts) {
    assertEquals(faultOf(act), { vector: 14, error: 3, cr2: image });
  }
});

Deno.test("push64() and pop64() move RSP by 8", () => {
  inKernel((cpu) => {
    const rsp = cpu.readRsp();
    cpu.push64(0x1111_2222, 0x3333_4444);
    assertEquals(cpu.readRsp(), rsp - 8);
    assertEquals(cpu.load32(virtAddr(rsp - 8)), 0x1111_2222);
    assertEquals([cpu.pop64(), cpu.high], [0x1111_2222, 0x3333_4444]);
    assertEquals(cpu.readRsp(), rsp);
  });
});

// SDM 2, PUSH and POP, "64-Bit Mode Exceptions": a stack address that is not canonical is #SS(0).
Deno.test("push64() and pop64() on a stack that is not canonical are #SS(0)", () => {
  const rows: [string, number, (cpu: Instructions) => void][] = [
    ["push64", 2 ** 47 + 16, (cpu) => cpu.push64(0, 0)],
    ["push64, half of it", 2 ** 47 + 4, (cpu) => cpu.push64(0, 0)],
    ["push64, below the upper half", -(2 ** 47), (cpu) => cpu.push64(0, 0)],
    ["pop64", 2 ** 47, (cpu) => cpu.pop64()],
    ["pop64, half of it", 2 ** 47 - 4, (cpu) => cpu.pop64()],
  ];
  for (const [name, rsp, act] of rows) {
    const { stop } = runBare((cpu) => ({
      boot() {
        cpu.writeRsp(rsp as VirtAddr);
        act(cpu);
      },
    }));
    assert(stop.reason === "shutdown", name); // The frame finds no stack either.
    const { vector, errorCode } = stop.exceptions[0]!;
    assertEquals([vector, errorCode], [12, 0], name);
  }
});

Deno.test("registers hold 64 bits; RSP is one of them", () => {
  inKernel((cpu) => {
    for (const register of [RAX, RBP, R15]) {
      cpu.writeRegister(register, 0xffff_fff0 + register, 0x8000_0001);
      assertEquals(cpu.readRegister(register), 0xffff_fff0 + register);
      assertEquals(cpu.high, 0x8000_0001);
    }
    const rsp = cpu.readRsp();
    assertEquals(cpu.readRegister(RSP) + cpu.high * 2 ** 32, rsp);
    cpu.writeRsp(virtAddr(rsp - 64));
    assertEquals(cpu.readRsp(), rsp - 64);
    cpu.writeRsp(rsp);
  });
});

Deno.test("rdtsc() and MSR 0x10 read the clk of their own boundary", () => {
  inKernel((cpu, machine) => {
    const { clk } = machine;
    assertEquals(cpu.rdtsc(), clk + 1);
    assertEquals(cpu.high, 0);
    assertEquals(cpu.readMsr(MSR_TSC), clk + 2);
  });
});

Deno.test("SWAPGS exchanges GS.base and KERNEL_GS_BASE", () => {
  inKernel((cpu) => {
    cpu.writeMsr(MSR_GS_BASE, 0x1000, 0);
    cpu.writeMsr(MSR_KERNEL_GS_BASE, 0x2000, 0xffff_8000);
    cpu.swapgs();
    assertEquals([cpu.readMsr(MSR_GS_BASE), cpu.high], [0x2000, 0xffff_8000]);
    assertEquals([cpu.readMsr(MSR_KERNEL_GS_BASE), cpu.high], [0x1000, 0]);
  });
});

Deno.test("table registers, segments and flags read back", () => {
  inKernel((cpu) => {
    const gdt = cpu.sgdt();
    cpu.lgdt(gdt.base, gdt.limit);
    assertEquals(cpu.sgdt(), gdt);
    assertEquals(cpu.sidt().limit, 4095);
    cpu.loadSegment("fs", 0);
    assertEquals(cpu.readSegment("fs"), 0);
    assertEquals(cpu.str(), 0);
    cpu.out8(0x21, 0xff);
    cpu.out8(0xa1, 0xff);
    cpu.writeRflags(RFLAGS_IF | 0x8d5);
    assertEquals(cpu.interruptsEnabled(), true);
    cpu.cli();
    assertEquals(cpu.peekInterruptsEnabled(), false);
    assertEquals(cpu.readRflags(), 0x8d7);
  });
});

const FAULTS: readonly [string, (cpu: Instructions) => void, number, number][] =
  [
    ["load of nothing", (cpu) => cpu.load8(virtAddr(0x7777_0000)), 14, 0],
    ["store to nothing", (cpu) => cpu.store8(virtAddr(0x7777_0000), 1), 14, 2],
    ["store to the image", (cpu) => cpu.store32(virtAddr(0x20_0000), 1), 14, 3],
    ["CR0 without PG", (cpu) => cpu.writeCr0(0x11), 13, 0],
    ["CR0 with NW but not CD", (cpu) => cpu.writeCr0(0xa001_0011), 13, 0],
    ["CR4 without PAE", (cpu) => cpu.writeCr4(0), 13, 0],
    ["CR4 with a reserved bit", (cpu) => cpu.writeCr4(0x8000_0020), 13, 0],
    ["CR3 beyond 40 bits", (cpu) => cpu.writeCr3(0x1000, 0x100), 13, 0],
    ["an unknown MSR", (cpu) => cpu.readMsr(0x1234_5678), 13, 0],
    [
      "LSTAR not canonical",
      (cpu) => cpu.writeMsr(MSR_LSTAR, 0, 1 << 16),
      13,
      0,
    ],
    ["EFER without LME", (cpu) => cpu.writeMsr(MSR_EFER, 0, 0), 13, 0],
    ["DS beyond the table", (cpu) => cpu.loadSegment("ds", 0xfff8), 13, 0xfff8],
    ["LGDT not canonical", (cpu) => cpu.lgdt(2 ** 47 as VirtAddr, 7), 13, 0],
    ["LIDT not canonical", (cpu) => cpu.lidt(-(2 ** 48) as VirtAddr, 7), 13, 0],
    ["far return to null", (cpu) => cpu.farReturn(0), 13, 0],
    ["far return to data", (cpu) => cpu.farReturn(0x10), 13, 0x10],
    ["SS null at RPL 3", (cpu) => cpu.loadSegment("ss", 3), 13, 0],
    ["LTR of null", (cpu) => cpu.ltr(0), 13, 0],
    ["LTR of code", (cpu) => cpu.ltr(8), 13, 8],
    ["INT of a missing gate", (cpu) => cpu.int(77), 11, 77 << 3 | 2],
  ];
for (const [name, act, vector, error] of FAULTS) {
  Deno.test(`a fault is delivered: ${name}`, () => {
    const fault = faultOf(act);
    assertEquals([fault?.vector, fault?.error], [vector, error]);
  });
}

Deno.test("CR0.WP decides whether the kernel's stores respect R/W", () => {
  inKernel((cpu) => {
    const image = virtAddr(0x20_0000);
    const old = cpu.load32(image);
    cpu.writeCr0((cpu.readCr0() & ~CR0_WP) >>> 0);
    cpu.store32(image, 42);
    assertEquals(cpu.load32(image), 42);
    cpu.store32(image, old);
    cpu.writeCr0(cr0 | CR0_TS);
    assertEquals(cpu.readCr0() >>> 0, (cr0 | CR0_TS) >>> 0);
  });
});

Deno.test("int() takes vectors 0 to 255 only", () => {
  inKernel((cpu, machine) => {
    const { clk } = machine;
    for (const vector of [-1, 256, 1.5, NaN]) {
      assertThrows(
        () => cpu.int(vector),
        RangeError,
        `Cannot execute INT ${vector}: vectors are 0–255`,
      );
    }
    assertEquals(machine.clk, clk);
  });
});

Deno.test("lgdt(), lidt() and writeRsp() take whole numbers only, and change nothing otherwise", () => {
  inKernel((cpu) => {
    const rows: readonly (readonly [string, (value: VirtAddr) => void])[] = [
      ["GDTR's base", (value) => cpu.lgdt(value, 0)],
      ["IDTR's base", (value) => cpu.lidt(value, 0)],
      ["RSP", (value) => cpu.writeRsp(value)],
    ];
    for (const [what, write] of rows) {
      for (const value of [NaN, 0.5, Infinity, -4096.25]) {
        const before = [cpu.sgdt(), cpu.sidt(), cpu.readRsp()];
        assertThrows(
          () => write(value as VirtAddr),
          RangeError,
          `Cannot load ${value} into ${what}: give a whole number`,
        );
        assertEquals([cpu.sgdt(), cpu.sidt(), cpu.readRsp()], before);
      }
    }
  });
});

Deno.test("a faulting instruction costs its clk, and the retry again", () => {
  let rip = 0, retried = 0;
  inKernel((cpu, machine) => {
    const { clk } = machine;
    const before = cpu.readRsp();
    assertEquals(cpu.load32(virtAddr(0x7777_0000)), 0);
    retried = machine.clk - clk - 1;
    assertEquals(cpu.readRsp(), before);
  }, {
    page_fault: {
      vector: 14,
      run(cpu) {
        cpu.pop64();
        rip = cpu.loadAddr(cpu.readRsp());
        // Maps the page: the handler borrows the tables that the image's page hangs on.
        mapLikeFree(cpu, virtAddr(0x7777_0000));
        cpu.iretq();
      },
    },
  });
  assert(rip !== 0 && retried > 2);
});

/** Maps a page of zeros below 2^39 by writing tables, found through the mapping of physical memory. */
function mapLikeFree(cpu: Instructions, page: VirtAddr): void {
  const offset = physicalOffset;
  const tables = 0x80_0000;
  let table = cpu.readCr3() & ~0xfff;
  let next = tables;
  for (const shift of [39, 30, 21, 12]) {
    const index = Math.floor(page / 2 ** shift) % 512;
    const entry = virtAddr(offset + table + 8 * index);
    if (shift === 12) {
      cpu.store64(entry, 0x90_0000 | 3, 0);
      return;
    }
    const low = cpu.load32(entry);
    if ((low & 1) === 0) {
      cpu.store64(entry, next | 3, 0);
      table = next;
      next += 4096;
    } else table = low & ~0xfff;
  }
}
const physicalOffset = Number(
  bareMachine(() => ({})).bootInfo.physicalMemoryOffset,
);

// ——— Bulk instructions ———

for (
  const [offset, bytes] of [[0, 8], [0, 9], [3, 8], [4093, 8], [1, 8192], [
    4095,
    12_289,
  ]]
) {
  Deno.test(`fill() of ${bytes} bytes from offset ${offset} costs a clk for each 8 bytes begun`, () => {
    inKernel((cpu, machine) => {
      const { clk } = machine;
      cpu.fill(at(offset!), 0xab, bytes!);
      assertEquals(machine.clk - clk, Math.ceil(bytes! / 8));
      assertEquals(cpu.load8(at(offset!)), 0xab);
      assertEquals(cpu.load8(at(offset! + bytes! - 1)), 0xab);
      assertEquals(cpu.load8(at(offset! + bytes!)), 0);
      if (offset! > 0) assertEquals(cpu.load8(at(offset! - 1)), 0);
    });
  });
}

Deno.test("fill() and copy() of nothing cost one clk; of no whole number they are bugs", () => {
  inKernel((cpu, machine) => {
    const { clk } = machine;
    cpu.fill(virtAddr(0x7777_0000), 1, 0);
    cpu.copy(virtAddr(0x7777_0000), virtAddr(0x7777_0000), 0);
    assertEquals(machine.clk - clk, 2);
    for (const bytes of [-1, 1.5, NaN]) {
      assertThrows(
        () => cpu.fill(FREE, 0, bytes),
        RangeError,
        `Cannot move ${bytes} bytes: give a whole number from 0 on`,
      );
    }
  });
});

Deno.test("copy() equals memmove for any overlap, and costs a clk for each 8 bytes begun", () => {
  inKernel((cpu, machine) => {
    const SIZE = 3 * 4096;
    const place = fc.integer({ min: 0, max: SIZE / 2 });
    fc.assert(
      fc.property(place, place, place, (to, from, bytes) => {
        const model = new Uint8Array(SIZE);
        for (let i = 0; i < SIZE; i += 4) {
          const word = Math.imul(i + 1, 0x9e37_79b1);
          cpu.store32(at(i), word);
          new DataView(model.buffer).setInt32(i, word, true);
        }
        const { clk } = machine;
        cpu.copy(at(to), at(from), bytes);
        assertEquals(machine.clk - clk, Math.max(1, Math.ceil(bytes / 8)));
        model.copyWithin(to, from, from + bytes);
        const words = new Int32Array(model.buffer);
        for (let i = 0; i < words.length; i++) {
          if (cpu.load32(at(4 * i)) >>> 0 !== words[i]! >>> 0) {
            throw new Error(`differs at ${4 * i}`);
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

/** Where a keyboard interrupt falls into a copy: its clk, and how many bytes were there by then. */
function interruptedCopy(keyClk: number | null) {
  const BYTES = 8_000;
  let start = 0, arrived = 0, done = 0, end = 0;
  const machine: Machine = bareMachine((cpu) => ({
    handlers: {
      keyboard: {
        vector: KEYBOARD,
        run() {
          arrived = machine.clk;
          for (let i = 0; i < BYTES; i++) {
            if (machine.peek(at(0x1000 + i), 1) !== 0) done += 1;
          }
          cpu.in8(0x60);
          endOfInterrupt(cpu);
          cpu.iretq();
        },
      },
    },
    boot() {
      movePics(cpu, [0xfd, 0xff]);
      cpu.fill(at(0x8000), 0xee, BYTES);
      cpu.sti();
      cpu.nop();
      start = machine.clk;
      cpu.copy(at(0x1000), at(0x8000), BYTES);
      end = machine.clk;
      cpu.out32(0xf4, 0);
    },
  }), {
    inputs: keyClk === null ? [] : [{ clk: keyClk, source: "key", data: 0x1c }],
  });
  assertEquals(machine.run().reason, "exit");
  return { start, arrived, done, end };
}

Deno.test("copy(): an input in the middle arrives at exactly its clk, with 8 bytes copied for each clk before", () => {
  const { start, end } = interruptedCopy(null);
  assertEquals(end - start, 1_000);
  for (const after of [1, 2, 3, 100, 511, 512, 513, 999, 1_000]) {
    const seen = interruptedCopy(start + after);
    assertEquals(seen.arrived, start + after);
    assertEquals(seen.done, 8 * (after - 1), `after ${after}`);
    // The handler takes four instructions; the copy itself costs what it cost before.
    assertEquals(seen.end - seen.start, 1_000 + 3);
  }
});

Deno.test("fill(): a limit in the middle cuts at exactly that clk", () => {
  const run = (clkMax?: number) => {
    let start = 0;
    const machine: Machine = bareMachine((cpu) => ({
      boot() {
        start = machine.clk;
        cpu.fill(at(5), 0x77, 20_000);
        cpu.out32(0xf4, 0);
      },
    }));
    const stop = machine.run(clkMax === undefined ? {} : { clkMax });
    let filled = 0;
    while (machine.peek(at(5 + filled), 1) === 0x77) filled += 1;
    return { start, stop, filled, clk: machine.clk };
  };
  const { start, filled } = run();
  assertEquals(filled, 20_000);
  for (const after of [1, 2, 500, 512, 1_000, 2_499]) {
    const cut = run(start + after);
    assertEquals(cut.stop, { reason: "limit", insideTurn: true });
    assertEquals([cut.clk, cut.filled], [start + after, 8 * after]);
  }
});

Deno.test("fill() and copy() that fault in the middle go on where they were when the handler has mended it", () => {
  const faults: number[] = [];
  inKernel((cpu, machine) => {
    // The second page of the range is not there at first.
    const first = virtAddr(0x7777_0000);
    mapLikeFree(cpu, first);
    const { clk } = machine;
    cpu.fill(virtAddr(first + 4000), 0x5a, 200);
    assertEquals(cpu.load8(virtAddr(first + 4199)), 0x5a);
    assertEquals(cpu.load8(virtAddr(first + 4200)), 0);
    assert(machine.clk > clk + 25);
    assertEquals(faults, [first + 4096]);
  }, {
    page_fault: {
      vector: 14,
      run(cpu) {
        const error = cpu.pop64();
        assertEquals(error, 2);
        faults.push(cpu.readCr2());
        mapSecond(cpu);
        cpu.iretq();
      },
    },
  });
});

/** Maps 0x7777_1000 beside 0x7777_0000. */
function mapSecond(cpu: Instructions): void {
  let table = cpu.readCr3() & ~0xfff;
  const page = 0x7777_1000;
  for (const shift of [39, 30, 21]) {
    const index = Math.floor(page / 2 ** shift) % 512;
    table = cpu.load32(virtAddr(physicalOffset + table + 8 * index)) & ~0xfff;
  }
  const index = (page >>> 12) & 511;
  cpu.store64(virtAddr(physicalOffset + table + 8 * index), 0x90_1000 | 3, 0);
}

Deno.test("fill() of device memory reaches the device byte by byte", () => {
  const machine = inKernel((cpu) => cpu.fill(virtAddr(0xb_8000), 0x41, 4_000));
  assertEquals(machine.vga.screenText()[0], "A".repeat(80));
  assertEquals(machine.vga.screenText()[24], "A".repeat(80));
});

Deno.test("copy() of the screen to itself scrolls it", () => {
  const machine = inKernel((cpu) => {
    for (let i = 0; i < 25; i++) {
      cpu.store16(virtAddr(0xb_8000 + 160 * i), 0x0f00 | 0x41 + i);
    }
    cpu.copy(virtAddr(0xb_8000), virtAddr(0xb_80a0), 24 * 160);
  });
  assertEquals(
    machine.vga.screenText().map((line) => line[0]).join(""),
    "BCDEFGHIJKLMNOPQRSTUVWXYY",
  );
});

Deno.test("IN and OUT reach ports modulo 2^16; nobody's port reads as ones", () => {
  inKernel((cpu) => {
    assertEquals(cpu.in8(0x1234), 0xff);
    assertEquals(cpu.in16(0x1234), 0xffff);
    assertEquals(cpu.in32(0x1234), 0xffff_ffff);
    assertEquals(cpu.in8(0x1_0064), cpu.in8(0x64));
  });
});

Deno.test("a load whose page the handler maps gives what lies there, in each width", () => {
  const page = virtAddr(0x7777_0000);
  const rows: [string, (cpu: Instructions) => unknown, unknown][] = [
    ["load8", (cpu) => cpu.load8(page), 0x88],
    ["load16", (cpu) => cpu.load16(page), 0x7788],
    ["load32", (cpu) => cpu.load32(page), 0x5566_7788],
    ["load64", (cpu) => [cpu.load64(page), cpu.high], [
      0x5566_7788,
      0x1122_3344,
    ]],
  ];
  for (const [name, load, want] of rows) {
    inKernel((cpu) => assertEquals(load(cpu), want, name), {
      page_fault: {
        vector: 14,
        run(cpu) {
          cpu.pop64();
          mapLikeFree(cpu, page);
          cpu.store64(page, 0x5566_7788, 0x1122_3344);
          cpu.iretq();
        },
      },
    });
  }
});

Deno.test("xadd64() carries from the low word into the high one, at 2^32 exactly, too", () => {
  const rows: [number, number, [number, number]][] = [
    [0xffff_ffff, 1, [0, 6]],
    [0xffff_ffff, 2, [1, 6]],
    [0xffff_fffe, 1, [0xffff_ffff, 5]],
    [0x8000_0000, 0x8000_0000, [0, 6]],
  ];
  inKernel((cpu) => {
    for (const [low, add, want] of rows) {
      cpu.store64(FREE, low, 5);
      assertEquals([cpu.xadd64(FREE, add, 0), cpu.high], [low, 5]);
      assertEquals([cpu.load64(FREE), cpu.high], want);
    }
  });
});
