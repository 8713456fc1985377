import { assertEquals } from "@std/assert";
import { pageFaultErrorDebug } from "./exception.ts";
import { flagNames, flagsDebug, flagsParts } from "./flags_debug.ts";
import {
  CR0_PG,
  CR0_WP,
  CR3_PCD,
  CR3_PWT,
  CR4_PAE,
  CR4_PGE,
  EFER_LMA,
  EFER_LME,
  EFER_NXE,
  EFER_SCE,
  registerDebug,
  RFLAGS_DEFINED,
  RFLAGS_FIXED,
  RFLAGS_IF,
  RFLAGS_ZF,
} from "./registers.ts";

Deno.test("registerDebug() prints names in the crate's order and the rest as a number", () => {
  assertEquals(
    registerDebug("rflags", RFLAGS_IF | RFLAGS_ZF | RFLAGS_FIXED),
    "RFlags(INTERRUPT_FLAG | ZERO_FLAG | 0x2)",
  );
  assertEquals(registerDebug("rflags", 0), "RFlags(0x0)");
  assertEquals(
    registerDebug("cr0", (CR0_PG | CR0_WP | 0x11) >>> 0),
    "Cr0Flags(PROTECTED_MODE_ENABLE | EXTENSION_TYPE | WRITE_PROTECT | PAGING)",
  );
  assertEquals(
    registerDebug("cr3", CR3_PWT | CR3_PCD),
    "Cr3Flags(PAGE_LEVEL_WRITETHROUGH | PAGE_LEVEL_CACHE_DISABLE)",
  );
  assertEquals(
    registerDebug("cr4", CR4_PAE | CR4_PGE),
    "Cr4Flags(PHYSICAL_ADDRESS_EXTENSION | PAGE_GLOBAL)",
  );
  assertEquals(
    registerDebug("efer", EFER_LMA | EFER_LME | EFER_NXE | EFER_SCE),
    "EferFlags(SYSTEM_CALL_EXTENSIONS | LONG_MODE_ENABLE | " +
      "LONG_MODE_ACTIVE | NO_EXECUTE_ENABLE)",
  );
});

Deno.test("registerDebug() leaves the type's name out after 0.14", () => {
  assertEquals(
    registerDebug("rflags", RFLAGS_IF | RFLAGS_FIXED, "0.14"),
    "INTERRUPT_FLAG | 0x2",
  );
  assertEquals(pageFaultErrorDebug(2, "0.14"), "CAUSED_BY_WRITE");
  assertEquals(pageFaultErrorDebug(0, "0.14"), "(empty)");
});

Deno.test("each bit stands where its manual has it", () => {
  // SDM 3A, "Control Registers"; SDM 1, "EFLAGS Register".
  const bit = (register: Parameters<typeof registerDebug>[0], name: string) => {
    for (let n = 0; n < 32; n++) {
      if (registerDebug(register, 2 ** n).includes(`(${name})`)) return n;
    }
    return null;
  };
  const rows = [
    ["cr0", "TASK_SWITCHED", 3],
    ["cr0", "NUMERIC_ERROR", 5],
    ["cr0", "WRITE_PROTECT", 16],
    ["cr0", "ALIGNMENT_MASK", 18],
    ["cr0", "NOT_WRITE_THROUGH", 29],
    ["cr0", "CACHE_DISABLE", 30],
    ["cr0", "PAGING", 31],
    ["cr4", "OSFXSR", 9],
    ["cr4", "L5_PAGING", 12],
    ["cr4", "FSGSBASE", 16],
    ["cr4", "PCID", 17],
    ["cr4", "OSXSAVE", 18],
    ["cr4", "SUPERVISOR_MODE_EXECUTION_PROTECTION", 20],
    ["cr4", "PROTECTION_KEY_SUPERVISOR", 24],
    ["efer", "LONG_MODE_ENABLE", 8],
    ["efer", "LONG_MODE_ACTIVE", 10],
    ["efer", "TRANSLATION_CACHE_EXTENSION", 15],
    ["rflags", "INTERRUPT_FLAG", 9],
    ["rflags", "NESTED_TASK", 14],
    ["rflags", "RESUME_FLAG", 16],
    ["rflags", "ID", 21],
  ] as const;
  for (const [register, name, number] of rows) {
    assertEquals(bit(register, name), number, name);
  }
});

Deno.test("RFLAGS_DEFINED has the fixed bit and none of the reserved ones", () => {
  assertEquals(RFLAGS_DEFINED & RFLAGS_FIXED, RFLAGS_FIXED);
  assertEquals([3, 5, 15, 22].map((n) => RFLAGS_DEFINED >> n & 1), [
    0,
    0,
    0,
    0,
  ]);
  assertEquals(
    registerDebug("rflags", RFLAGS_DEFINED).endsWith("CARRY_FLAG | 0x2)"),
    true,
  );
});

Deno.test("flagsDebug() finds names in both words", () => {
  const names = [...flagNames(0, "A - C"), ...flagNames(63, "TOP")];
  assertEquals(flagsParts(names, 0b111, 0x8000_0001 | 0), [
    "A",
    "C",
    "TOP",
    "0x100000002",
  ]);
  assertEquals(flagsDebug("Flags", names, 0, 0), "Flags(0x0)");
});
