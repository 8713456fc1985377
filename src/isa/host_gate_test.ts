import { assertEquals, assertThrows } from "@std/assert";
import { guestMachine, serialOf } from "../../dev/guest/here.ts";
import { KERNEL } from "../../examples/guest/binaries.ts";
import { RAX, RBX } from "../hw/general_registers.ts";
import type { Program } from "../hw/hosted.ts";
import { Machine } from "../hw/machine.ts";
import { isaEngine } from "./engine.ts";
import { setHostGate } from "./host_gate.ts";

/** Vector of the guest kernel's system call, which multiplies RAX by RBX. */
const SYSCALL = 128;
/** It has made all its calls by then. */
const CALLED_CLK = 600_000;

/** The guest's system call, in TypeScript. */
const program: Program = (_, saved) => {
  const state = (saved ?? { calls: 0 }) as { calls: number };
  return {
    state,
    entries: [{
      name: "multiply",
      run(cpu) {
        const word = (register: number) => {
          const low = BigInt(cpu.readRegister(register));
          return low | BigInt(cpu.high) << 32n;
        };
        const product = BigInt.asUintN(64, word(RAX) * word(RBX));
        const low = Number(product & 0xffff_ffffn);
        cpu.writeRegister(RAX, low, Number(product >> 32n));
        state.calls += 1;
        cpu.iretq();
      },
    }],
    boot() {},
    loop() {},
  };
};

/** A guest kernel about to use its gates, whose system call is in TypeScript. */
function takenOver(loader: "linux" | "bootloader"): Machine {
  const { config } = guestMachine(KERNEL, loader);
  const machine = new Machine({ ...config, program, engine: isaEngine });
  machine.run({ until: (m) => serialOf(m).includes("exceptions") });
  setHostGate(machine, SYSCALL, 0);
  return machine;
}

Deno.test("setHostGate() gives a machine-code kernel a handler in TypeScript", () => {
  const said = (machine: Machine) => {
    machine.run({ pauseClk: CALLED_CLK });
    return serialOf(machine);
  };
  const plain = said(guestMachine(KERNEL));
  assertEquals(plain.endsWith("\nexercise 50c37b40b35e553a\nwork "), true);
  for (const loader of ["linux", "bootloader"] as const) {
    const machine = takenOver(loader);
    const fork = machine.fork();
    assertEquals(said(machine), plain, loader);
    assertEquals(machine.kernelState, { calls: 40 });
    said(fork);
    assertEquals(fork.digest(), machine.digest());
  }
});

Deno.test("setHostGate() returns where the gate pointed to", () => {
  const machine = takenOver("linux");
  const HOST_ENTRY_0 = -0x8000_0000_0000 + 0x20_0000;
  assertEquals(setHostGate(machine, SYSCALL, 1), HOST_ENTRY_0);
  assertEquals(setHostGate(machine, SYSCALL, 0), HOST_ENTRY_0 + 16);
});

Deno.test("setHostGate() refuses gates and entries that are not there", () => {
  const machine = new Machine({ engine: isaEngine, ramBytes: 16 * 2 ** 20 });
  assertThrows(() => setHostGate(machine, 0, 0), RangeError, "ends at 0x0");
  Object.assign(machine.cpu.idtr, { base: 0x4444_4444_0000, limit: 4095 });
  assertThrows(
    () => setHostGate(machine, 255, 0),
    RangeError,
    "Cannot set gate 255: 0x4444_4444_0ff0 is not mapped",
  );
  Object.assign(machine.cpu.idtr, { base: 0x4444_4444_0008 });
  assertThrows(
    () => setHostGate(machine, 255, 0),
    RangeError,
    "Cannot set gate 255: at 0x4444_4444_0ff8 it crosses a page",
  );
  for (const vector of [256, -1, 0.5]) {
    assertThrows(() => setHostGate(machine, vector, 0), RangeError, "ends at");
  }
  for (const entry of [-1, 0.5, 131_072]) {
    assertThrows(() => setHostGate(machine, 0, entry), RangeError, "entry");
  }
});
