import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventLog, NO_EVENTS } from "../base/events.ts";
import {
  BIT,
  indexAt,
  mapOne,
  readEntry,
  TABLES,
  writeEntry,
} from "../../tests/support/page_tables.ts";
import type { VirtAddr } from "./addr.ts";
import { type CpuState, cpuState } from "./cpu_state.ts";
import { Fault } from "./fault.ts";
import { Mmu } from "./mmu.ts";
import { ACCESS_FETCH, ACCESS_USER, ACCESS_WRITE } from "./page_walk.ts";
import { PhysMemory } from "./phys_memory.ts";
import { CR0_WP, EFER_NXE } from "./registers.ts";

const { P, RW, US, A, D, PS, G, XD } = BIT;
const PAGE = 0x4444_4444_0000n;
const FRAME = 0x5_5000n;

interface Bench {
  readonly phys: PhysMemory;
  readonly cpu: CpuState;
  readonly mmu: Mmu;
  readonly fault: Fault;
}

function bench(): Bench {
  const phys = new PhysMemory(16 * 2 ** 20, NO_EVENTS);
  const cpu = cpuState();
  cpu.cr3 = TABLES[4]!;
  cpu.cr0 = (cpu.cr0 | CR0_WP) >>> 0;
  cpu.efer |= EFER_NXE;
  const fault = new Fault();
  return { phys, cpu, fault, mmu: new Mmu(cpu, phys, fault, NO_EVENTS) };
}

const at = (address: bigint): VirtAddr =>
  Number(BigInt.asIntN(64, address)) as VirtAddr;

/** The error code of the page fault that an access raises, or the physical address. */
function outcome(b: Bench, address: bigint, access: number): string {
  try {
    return `at 0x${b.mmu.translate(at(address), access).toString(16)}`;
  } catch (thrown) {
    if (thrown !== b.fault) throw thrown;
    return `#${b.fault.vector} ${b.fault.errorCode.toString(2)}`;
  }
}

// SDM 3A, "Page-Fault Exceptions": P, W/R, U/S, RSVD, I/D from bit 0 up.
const FAULT_ROWS: readonly {
  readonly name: string;
  readonly entries: readonly bigint[];
  readonly access: number;
  readonly want: string;
}[] = [
  { name: "nothing there", entries: [0n], access: 0, want: "#14 0" },
  {
    name: "not present, store",
    entries: [P | RW, P | RW, P | RW, RW],
    access: ACCESS_WRITE,
    want: "#14 10",
  },
  {
    name: "not present, user fetch",
    entries: [P | US, 0n],
    access: ACCESS_USER | ACCESS_FETCH,
    want: "#14 10100",
  },
  {
    name: "supervisor page, user load",
    entries: [P | US, P | US, P | US, P],
    access: ACCESS_USER,
    want: "#14 101",
  },
  {
    name: "U/S clear at level 4 only",
    entries: [P, P | US, P | US, P | US],
    access: ACCESS_USER,
    want: "#14 101",
  },
  {
    name: "read-only page, supervisor store, WP set",
    entries: [P | RW, P | RW, P | RW, P],
    access: ACCESS_WRITE,
    want: "#14 11",
  },
  {
    name: "R/W clear at level 3 only",
    entries: [P | RW, P, P | RW, P | RW],
    access: ACCESS_WRITE,
    want: "#14 11",
  },
  {
    name: "XD at level 2",
    entries: [P, P, P | XD, P],
    access: ACCESS_FETCH,
    want: "#14 10001",
  },
  {
    name: "PS in a level 4 entry",
    entries: [P | PS],
    access: 0,
    want: "#14 1001",
  },
  {
    name: "bit 40 of an entry",
    entries: [P, P | 1n << 40n],
    access: 0,
    want: "#14 1001",
  },
  {
    name: "bit 51 of an entry, store",
    entries: [P, P, P, P | 1n << 51n],
    access: ACCESS_WRITE,
    want: "#14 1011",
  },
  {
    name: "bit 13 of a 2 MiB entry",
    entries: [P, P, P | PS | 1n << 13n],
    access: 0,
    want: "#14 1001",
  },
  {
    name: "bit 29 of a 1 GiB entry",
    entries: [P, P | PS | 1n << 29n],
    access: 0,
    want: "#14 1001",
  },
];

for (const row of FAULT_ROWS) {
  Deno.test(`Mmu.translate() faults: ${row.name}`, () => {
    const b = bench();
    const leafAddress = row.entries.length === 4 ? FRAME : 0n;
    mapOne(b.phys, PAGE, leafAddress, row.entries);
    assertEquals(outcome(b, PAGE, row.access), row.want);
    assertEquals(b.fault.cr2, at(PAGE));
    for (let level = 4; level >= 1; level--) {
      const entry = readEntry(b.phys, TABLES[level]!, indexAt(PAGE, level));
      assertEquals(entry & (A | D), 0n, "a fault sets neither A nor D");
    }
  });
}

Deno.test("Mmu.translate() raises #GP(0) for an address that is not canonical", () => {
  const b = bench();
  assertEquals(outcome(b, 0x8000_0000_0000n, 0), "#13 0");
  assertEquals(outcome(b, -0x8000_0000_0001n, 0), "#13 0");
});

Deno.test("Mmu.translate() treats XD as reserved while EFER.NXE is clear", () => {
  const b = bench();
  b.cpu.efer &= ~EFER_NXE;
  mapOne(b.phys, PAGE, FRAME, [P, P, P, P | XD]);
  assertEquals(outcome(b, PAGE, 0), "#14 1001");
  // I/D is 0 for a fetch, too: SDM 3A, "Page-Fault Exceptions", I/D flag.
  assertEquals(outcome(b, PAGE, ACCESS_FETCH), "#14 1001");
});

Deno.test("Mmu.translate() ignores R/W for the supervisor while CR0.WP is clear", () => {
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P | US, P | US, P | US, P | US]);
  assertEquals(outcome(b, PAGE, ACCESS_WRITE), "#14 11");
  b.cpu.cr0 = (b.cpu.cr0 & ~CR0_WP) >>> 0;
  assertEquals(outcome(b, PAGE, ACCESS_WRITE), "at 0x55000");
  assertEquals(outcome(b, PAGE, ACCESS_WRITE | ACCESS_USER), "#14 111");
});

// SDM 3A, "Accessed and Dirty Flags".
Deno.test("Mmu.translate() sets A at each level, and D at the last by a store", () => {
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW]);
  const flags = () =>
    [4, 3, 2, 1].map((level) =>
      readEntry(b.phys, TABLES[level]!, indexAt(PAGE, level)) & (A | D)
    );
  b.mmu.load32(at(PAGE));
  assertEquals(flags(), [A, A, A, A]);
  b.mmu.load32(at(PAGE));
  b.mmu.store32(at(PAGE), 1);
  assertEquals(flags(), [A, A, A, A | D]);
});

Deno.test("Mmu.load32() keeps the old translation until INVLPG", () => {
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW]);
  b.phys.write(0x5_5000, 0x0ddba11, 4);
  b.phys.write(0x6_6000, 0xfeed, 4);
  assertEquals(b.mmu.load32(at(PAGE)), 0x0ddba11);
  writeEntry(b.phys, TABLES[1]!, indexAt(PAGE, 1), 0x6_6000n | P | RW);
  assertEquals(b.mmu.load32(at(PAGE)), 0x0ddba11, "stale");
  b.mmu.dropFast();
  assertEquals(b.mmu.load32(at(PAGE)), 0x0ddba11, "stale without fast path");
  b.mmu.flushPage(at(PAGE));
  assertEquals(b.mmu.load32(at(PAGE)), 0xfeed);
});

Deno.test("Mmu.flush() keeps global pages on a CR3 load and drops them otherwise", () => {
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P, P, P, P | G]);
  b.phys.write(0x5_5000, 1, 4);
  b.phys.write(0x6_6000, 2, 4);
  b.mmu.load32(at(PAGE));
  writeEntry(b.phys, TABLES[1]!, indexAt(PAGE, 1), 0x6_6000n | P | G);
  b.mmu.flush(false);
  assertEquals(b.mmu.load32(at(PAGE)), 1);
  b.mmu.flush(true);
  assertEquals(b.mmu.load32(at(PAGE)), 2);
});

Deno.test("Mmu.flushPage() drops every entry of a 2 MiB page", () => {
  const b = bench();
  const big = 0x4000_0000n;
  mapOne(b.phys, big, 0x20_0000n, [P, P, P | PS]);
  b.phys.write(0x20_0000, 1, 4);
  b.phys.write(0x20_5000, 5, 4);
  b.phys.write(0x40_0000, 10, 4);
  b.phys.write(0x40_5000, 50, 4);
  assertEquals([b.mmu.load32(at(big)), b.mmu.load32(at(big + 0x5000n))], [
    1,
    5,
  ]);
  writeEntry(b.phys, TABLES[2]!, indexAt(big, 2), 0x40_0000n | P | PS);
  assertEquals([b.mmu.load32(at(big)), b.mmu.load32(at(big + 0x5000n))], [
    1,
    5,
  ]);
  b.mmu.flushPage(at(big + 0x1f_f123n));
  assertEquals([b.mmu.load32(at(big)), b.mmu.load32(at(big + 0x5000n))], [
    10,
    50,
  ]);
});

Deno.test("Mmu.translate() of a page that became allowed faults once more, then walks", () => {
  // SDM 3A, "Optional Invalidation": a page fault may come although the tables allow the access by now; it invalidates.
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P]);
  b.mmu.load32(at(PAGE));
  writeEntry(b.phys, TABLES[1]!, indexAt(PAGE, 1), FRAME | P | RW);
  assertEquals(outcome(b, PAGE, ACCESS_WRITE), "#14 11");
  assertEquals(outcome(b, PAGE, ACCESS_WRITE), "at 0x55000");
});

Deno.test("Mmu.store64() changes nothing when its second page faults", () => {
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW]);
  const last = at(PAGE + 0xffcn);
  assertThrows(() => b.mmu.store64(last, -1, -1));
  assertEquals(b.phys.read(0x5_5ffc, 4), 0);
  assertEquals(b.fault.cr2, at(PAGE + 0x1000n));
});

Deno.test("Mmu: every access width at every offset reads back, across pages, on flat bytes", () => {
  const b = bench();
  const all = P | RW;
  mapOne(b.phys, PAGE, FRAME, [all, all, all, all]);
  const next = indexAt(PAGE + 0x1000n, 1);
  writeEntry(b.phys, TABLES[1]!, next, 0x9_9000n | all); // Not adjacent in memory.
  const model = new Uint8Array(0x2000);
  const view = new DataView(model.buffer);
  fc.assert(fc.property(
    fc.array(
      fc.record({
        offset: fc.oneof(
          fc.integer({ min: 0xff0, max: 0x100f }),
          fc.integer({ min: 0, max: 0x1ff8 }),
        ),
        kind: fc.constantFrom(1, 2, 4, 8),
        value: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
        drop: fc.boolean(),
      }),
      { maxLength: 40 },
    ),
    (script) => {
      for (const { offset, kind, value, drop } of script) {
        if (drop) b.mmu.dropFast();
        const where = at(PAGE + BigInt(offset));
        const low = Number(value & 0xffff_ffffn);
        const high = Number(value >> 32n);
        if (kind === 1) {
          b.mmu.store8(where, low);
          view.setUint8(offset, low & 0xff);
          assertEquals(b.mmu.load8(where), low & 0xff);
        } else if (kind === 2) {
          b.mmu.store16(where, low);
          view.setUint16(offset, low & 0xffff, true);
          assertEquals(b.mmu.load16(where), low & 0xffff);
        } else if (kind === 4) {
          b.mmu.store32(where, low);
          view.setUint32(offset, low, true);
          assertEquals(b.mmu.load32(where), low);
        } else {
          b.mmu.store64(where, low, high);
          view.setBigUint64(offset, value, true);
          assertEquals([b.mmu.load64(where), b.mmu.high], [low, high]);
        }
      }
      const { bytes } = b.phys.ram;
      assertEquals(bytes.slice(0x5_5000, 0x5_6000), model.slice(0, 0x1000));
      assertEquals(bytes.slice(0x9_9000, 0x9_a000), model.slice(0x1000));
    },
  ));
});

/** SDM 3A, "Determination of Access Rights", written once more as the manual's table: a naive model. */
function modelAllows(
  entries: readonly bigint[],
  access: number,
  writeProtect: boolean,
): boolean {
  const every = (bit: bigint) => entries.every((entry) => (entry & bit) !== 0n);
  const userPage = every(US);
  const writable = every(RW);
  const noFetch = entries.some((entry) => (entry & XD) !== 0n);
  if ((access & ACCESS_FETCH) !== 0) {
    return !noFetch && ((access & ACCESS_USER) === 0 || userPage);
  }
  if ((access & ACCESS_USER) !== 0) {
    return userPage && ((access & ACCESS_WRITE) === 0 || writable);
  }
  return (access & ACCESS_WRITE) === 0 || writable || !writeProtect;
}

Deno.test("Mmu.translate() allows what the manual's table allows, from the tables and from the TLB", () => {
  const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()).map((
    [rw, us, xd],
  ) => P | (rw ? RW : 0n) | (us ? US : 0n) | (xd ? XD : 0n));
  fc.assert(fc.property(
    fc.array(flags, { minLength: 4, maxLength: 4 }),
    fc.constantFrom(
      0,
      ACCESS_WRITE,
      ACCESS_FETCH,
      ACCESS_USER,
      ACCESS_USER | ACCESS_WRITE,
      ACCESS_USER | ACCESS_FETCH,
    ),
    fc.boolean(),
    fc.boolean(),
    (entries, access, writeProtect, warm) => {
      const b = bench();
      if (!writeProtect) b.cpu.cr0 = (b.cpu.cr0 & ~CR0_WP) >>> 0;
      mapOne(b.phys, PAGE, FRAME, entries);
      if (warm) outcome(b, PAGE, 0); // A supervisor load is always allowed.
      const got = outcome(b, PAGE, access) === "at 0x55000";
      assertEquals(got, modelAllows(entries, access, writeProtect));
    },
  ));
});

Deno.test("Mmu.flush() tells whether global pages went, too", () => {
  const { cpu, phys, fault } = bench();
  const events = new EventLog({ clk: 0 });
  events.on = true;
  const mmu = new Mmu(cpu, phys, fault, events);
  mmu.flush(false);
  mmu.flush(true);
  const seen = [...events].map(({ kind, a, b }) => [kind, a, b]);
  assertEquals(seen, [["tlb-flush", -1, 0], ["tlb-flush", -1, 1]]);
});

Deno.test("Mmu.copyRun() copies a range that overlaps itself over a page's end, either way", () => {
  const { phys, mmu } = bench();
  mapOne(phys, 0n, 0n, [P | RW, P | RW | PS]);
  const [start, length] = [0x20_0f00, 0x400];
  for (const distance of [-0x123, -1, 1, 0x123]) {
    const bytes = Uint8Array.from({ length: 0x800 }, (_, i) => i * 7);
    bytes.forEach((byte, i) => phys.write(start - 0x200 + i, byte, 1));
    const [from, to] = [start, start + distance];
    const backwards = distance > 0;
    for (let left: number = length; left > 0;) {
      const skip = backwards ? 0 : length - left;
      left -= mmu.copyRun(
        (to + skip) as VirtAddr,
        (from + skip) as VirtAddr,
        left,
        backwards,
      );
    }
    bytes.copyWithin(0x200 + distance, 0x200, 0x200 + length);
    const got = bytes.map((_, i) => phys.read(start - 0x200 + i, 1));
    assertEquals(got, bytes, `moved by ${distance}`);
  }
});

Deno.test("an access over the end of the lower half raises #GP(0), mapped or not", () => {
  const last = at(0x7fff_ffff_f000n);
  for (const isMapped of [false, true]) {
    const b = bench();
    const page = 0x7fff_ffff_f000n;
    if (isMapped) mapOne(b.phys, page, FRAME, [P | RW, P | RW, P | RW, P | RW]);
    const accesses: [bytes: number, (address: VirtAddr) => void][] = [
      [2, (address) => b.mmu.load16(address)],
      [4, (address) => b.mmu.load32(address)],
      [8, (address) => b.mmu.load64(address)],
      [2, (address) => b.mmu.store16(address, 1)],
      [4, (address) => b.mmu.store32(address, 1)],
      [8, (address) => b.mmu.store64(address, 1, 1)],
    ];
    for (const [bytes, access] of accesses) {
      for (let inside = 1; inside < bytes; inside++) {
        assertThrows(() => access((last + 0x1000 - inside) as VirtAddr));
        assertEquals([b.fault.vector, b.fault.errorCode], [13, 0]);
      }
    }
  }
});

Deno.test("a store over a page's end that faults names the first byte of the second page", () => {
  const b = bench();
  mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW]);
  for (const bytes of [1, 2, 3]) {
    assertThrows(() => b.mmu.store32(at(PAGE + 0x1000n - BigInt(bytes)), 1));
    assertEquals(b.fault.cr2, Number(PAGE) + 0x1000);
  }
});

Deno.test("Mmu.fillRun() and copyRun() write to a device exactly what they are asked to", () => {
  const { phys, mmu } = bench();
  mapOne(phys, 0n, 0n, [P | RW, P | RW | PS]);
  const writes: number[] = [];
  phys.attach(0xb_8000, 0x1000, {
    readMmio: (offset) => offset,
    writeMmio: (offset) => writes.push(offset),
  });
  const window = 0xb_8000 as VirtAddr;
  assertEquals(mmu.fillRun(window, 7, 3), 3);
  assertEquals(mmu.copyRun((window + 8) as VirtAddr, window, 2, false), 2);
  assertEquals(mmu.copyRun((window + 8) as VirtAddr, window, 2, true), 2);
  assertEquals(writes, [0, 1, 2, 8, 9, 9, 8]);
});

Deno.test("a stale hit is an event when the tables say something else, and only then", () => {
  const { cpu, phys, fault } = bench();
  const events = new EventLog({ clk: 0 });
  events.on = true;
  const mmu = new Mmu(cpu, phys, fault, events);
  mapOne(phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW]);
  const stale = () => {
    events.clear();
    mmu.dropFast();
    mmu.load32(at(PAGE));
    return [...events].filter(({ kind }) => kind === "stale-hit")
      .map(({ a, b, c }) => [a, b, c]);
  };
  assertEquals([stale(), stale()], [[], []]);
  writeEntry(phys, TABLES[1]!, indexAt(PAGE, 1), 0x6_6000n | P | A);
  assertEquals(stale(), [[Number(PAGE), Number(FRAME), 0x6_6000]]);
  writeEntry(phys, TABLES[1]!, indexAt(PAGE, 1), 0n);
  assertEquals(stale(), [[Number(PAGE), Number(FRAME), -1]]);
});

Deno.test("a store into a second page that may not be written changes nothing", () => {
  for (const width of [4, 8]) {
    const b = bench();
    mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW]);
    writeEntry(b.phys, TABLES[1]!, indexAt(PAGE, 1) + 1, 0x6_6000n | P);
    const edge = at(PAGE + 0x0ffen);
    b.mmu.load32(edge); // Both pages are in the TLB.
    assertThrows(() =>
      width === 4 ? b.mmu.store32(edge, -1) : b.mmu.store64(edge, -1, -1)
    );
    assertEquals([b.fault.vector, b.fault.errorCode], [14, 3]);
    assertEquals(b.phys.read(Number(FRAME) + 0xffe, 2), 0);
    assertEquals(b.phys.read(0x6_6000, 4), 0);
  }
});

Deno.test("Mmu.copyRun() follows the tables from page to page, either way", () => {
  // Neighbours in the address space that are none in memory.
  for (const backwards of [false, true]) {
    const { phys, mmu } = bench();
    mapOne(phys, PAGE, 0x9_0000n, [P | RW, P | RW, P | RW, P | RW]);
    [0x9_0000n, 0x5_0000n, 0x7_0000n, 0x3_0000n].forEach((frame, i) =>
      writeEntry(phys, TABLES[1]!, indexAt(PAGE, 1) + i, frame | P | RW)
    );
    const [source, target] = [Number(PAGE) + 0xf80, Number(PAGE) + 0x2ff0];
    for (let i = 0; i < 256; i++) {
      mmu.store8((source + i) as VirtAddr, i ^ 0x55);
    }
    for (let left = 256; left > 0;) {
      const skip = backwards ? 0 : 256 - left;
      left -= mmu.copyRun(
        (target + skip) as VirtAddr,
        (source + skip) as VirtAddr,
        left,
        backwards,
      );
    }
    for (let i = 0; i < 256; i++) {
      assertEquals(mmu.load8((target + i) as VirtAddr), i ^ 0x55);
    }
  }
});

Deno.test("Mmu.translate() takes bit 12 of a big page's entry as PAT, and no part of its address", () => {
  // SDM 3A, "4-Level Paging", formats of entries that map 2 MiB and 1 GiB pages.
  const PAT = 1n << 12n;
  const rows = [
    [0x1_8000_0000n, [P | RW, P | RW | PS | PAT], 0x3fff_f123n],
    [0x8060_0000n, [P | RW, P | RW, P | RW | PS | PAT], 0x1f_f123n],
  ] as const;
  for (const [frame, entries, offset] of rows) {
    for (const flags of [0n, A, A | D]) {
      const b = bench();
      const base = 0xc000_0000n;
      mapOne(b.phys, base, frame, entries.map((entry) => entry | flags));
      for (const access of [0, ACCESS_WRITE]) {
        const want = `at 0x${(frame + offset).toString(16)}`;
        assertEquals(outcome(b, base + offset, access), want);
      }
    }
  }
});

Deno.test("a page may lie in frame 0", () => {
  const b = bench();
  mapOne(b.phys, PAGE, 0n, [P | RW, P | RW, P | RW, P | RW]);
  b.phys.write(0xabc, 0x1234, 4);
  assertEquals(b.mmu.load32(at(PAGE + 0xabcn)), 0x1234);
  assertEquals(outcome(b, PAGE + 0xabcn, ACCESS_WRITE), "at 0xabc");
});

Deno.test("Mmu.storeRun() and moveRun() open the pages that they write: a snapshot has them", () => {
  const [page, frame] = [at(PAGE), Number(FRAME)];
  const writes: ((b: Bench) => unknown)[] = [
    ({ mmu }) => mmu.storeRun(page, 4, 7, 7, 16),
    ({ mmu }) => mmu.moveRun(page, at(PAGE + 0x800n), 64),
  ];
  for (const write of writes) {
    const b = bench();
    mapOne(b.phys, PAGE, FRAME, [P | RW, P | RW, P | RW, P | RW | D]);
    for (let i = 0; i < 64; i++) b.phys.write(frame + 0x800 + i, 7 + i, 1);
    const { ram } = b.phys;
    const [before, hash] = [ram.save(), { ...ram.hash() }];
    write(b);
    const word = b.phys.read(frame, 4);
    assertNotEquals(word, 0);
    assertNotEquals({ ...ram.hash() }, hash);
    const after = ram.save();
    ram.load(before);
    assertEquals(b.phys.read(frame, 4), 0);
    ram.load(after);
    assertEquals(b.phys.read(frame, 4), word);
  }
});
