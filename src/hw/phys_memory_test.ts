import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EventLog, NO_EVENTS } from "../base/events.ts";
import type { MmioDevice } from "./mmio.ts";
import { type AccessWidth, PhysMemory } from "./phys_memory.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What answers at an address: the layout of a PC, as rows. */
const LAYOUT: readonly [string, number, "ram" | "rom" | "hole"][] = [
  ["first byte", 0, "ram"],
  ["below 640 KiB", 0x9_fffc, "ram"],
  ["VGA window without a device", 0xa_0000, "hole"],
  ["option ROM area", 0xc_0000, "hole"],
  ["below the BIOS", 0xe_fffc, "hole"],
  ["BIOS", 0xf_0000, "rom"],
  ["end of the BIOS", 0xf_fffc, "rom"],
  ["1 MiB", 0x10_0000, "ram"],
  ["last word of 16 MiB", 16 * MIB - 4, "ram"],
  ["behind 16 MiB", 16 * MIB, "hole"],
  ["3 GiB", 3 * GIB, "hole"],
  ["4 GiB", 4 * GIB, "hole"],
  ["the last address", 2 ** 40 - 4, "hole"],
];
for (const [name, address, kind] of LAYOUT) {
  Deno.test(`PhysMemory of 16 MiB, ${name}: ${kind}`, () => {
    const phys = new PhysMemory(16 * MIB, NO_EVENTS);
    const ones = kind === "hole";
    assertEquals(phys.read(address, 4), ones ? 0xffff_ffff : 0);
    phys.write(address, 0xfedc_ba98, 4);
    const value = kind === "ram" ? 0xfedc_ba98 : ones ? 0xffff_ffff : 0;
    assertEquals(phys.read(address, 4), value);
    assertEquals(phys.peek(address, 4), value);
    assertEquals(phys.word(address) >>> 0, value);
    assertEquals(phys.read(address, 2), value & 0xffff);
    assertEquals(phys.read(address, 1), value & 0xff);
    assertEquals(phys.isRom(address), kind === "rom");
    assertEquals(phys.ramOffset(address) >= 0, kind !== "hole");
  });
}

Deno.test("RAM above 3 GiB continues at 4 GiB", () => {
  const phys = new PhysMemory(3 * GIB + 16 * MIB, NO_EVENTS);
  assertEquals(phys.ramOffset(3 * GIB - 4), 3 * GIB - 4);
  assertEquals(phys.ramOffset(3 * GIB), -1);
  assertEquals(phys.ramOffset(4 * GIB - 4), -1);
  assertEquals(phys.ramOffset(4 * GIB), 3 * GIB);
  assertEquals(phys.ramOffset(4 * GIB + 16 * MIB - 4), 3 * GIB + 16 * MIB - 4);
  assertEquals(phys.ramOffset(4 * GIB + 16 * MIB), -1);
  phys.write(4 * GIB + 8, 77, 4);
  assertEquals(phys.ram.words[(3 * GIB + 8) / 4], 77);
  assertEquals(phys.read(4 * GIB + 8, 4), 77);
});

Deno.test("accesses of each width at each offset equal a DataView", () => {
  const phys = new PhysMemory(16 * MIB, NO_EVENTS);
  const model = new DataView(new ArrayBuffer(64));
  const access = fc.tuple(
    fc.nat(60),
    fc.constantFrom<AccessWidth>(1, 2, 4),
    fc.integer(),
  );
  fc.assert(
    fc.property(access, ([offset, bytes, value]) => {
      phys.write(0x5000 + offset, value, bytes);
      if (bytes === 1) model.setInt8(offset, value);
      else if (bytes === 2) model.setInt16(offset, value, true);
      else model.setInt32(offset, value, true);
      for (let i = 0; i <= 60; i++) {
        assertEquals(phys.read(0x5000 + i, 4), model.getUint32(i, true));
        assertEquals(phys.read(0x5000 + i, 2), model.getUint16(i, true));
        assertEquals(phys.read(0x5000 + i, 1), model.getUint8(i));
      }
    }),
    { numRuns: 30 },
  );
});

/** A window that notes accesses; reads are negative numbers, as careless devices give. */
function window(log: string[]): MmioDevice {
  return {
    readMmio(offset, bytes) {
      log.push(`read ${offset} ${bytes}`);
      return bytes === 4 ? -2 : 5;
    },
    writeMmio(offset, value, bytes) {
      log.push(`write ${offset} ${value} ${bytes}`);
    },
  };
}

Deno.test("a window gets offsets from its start, masked values, and gives unsigned ones", () => {
  const log: string[] = [];
  const events = new EventLog({ clk: 1 });
  events.on = true;
  const phys = new PhysMemory(16 * MIB, events);
  phys.attach(0xb_8000, 0x8000, window(log));
  assertEquals(phys.read(0xb_8004, 4), 0xffff_fffe);
  assertEquals(phys.peek(0xb_8004, 4), 0xffff_fffe);
  phys.write(0xb_ffff, -1, 1);
  phys.write(0xb_7ffc, 3, 4);
  assertEquals(log, ["read 4 4", "read 4 4", "write 32767 255 1"]);
  // A peek is nobody's business.
  assertEquals([...events].map(({ kind, a }) => [kind, a]), [
    ["mmio-read", 0xb_8004],
    ["mmio-write", 0xb_ffff],
    ["mmio-write", 0xb_7ffc],
  ]);
});

Deno.test("PhysMemory refuses sizes that are no PC's", () => {
  for (const bytes of [0, 16 * MIB - 4096, 16 * MIB + 1, 4 * GIB + 4096]) {
    assertThrows(() => new PhysMemory(bytes, NO_EVENTS), RangeError);
  }
});
