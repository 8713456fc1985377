import { assert, assertEquals, assertThrows } from "@std/assert";
import v from "../../vectors/x86_64-structures.json" with { type: "json" };
import { physAddr, virtAddr } from "./addr.ts";
import * as exception from "./exception.ts";
import {
  decodeSelectorError,
  decodeSelectorErrorTruncate,
  exceptionVectorDebug,
  pageFaultErrorDebug,
  selectorErrorDebug,
} from "./exception.ts";
import { frameContaining } from "./page.ts";
import { crateHex } from "./format_hex.ts";
import {
  DESC_A,
  DESC_AVL,
  DESC_C,
  DESC_D,
  DESC_DPL,
  DESC_G,
  DESC_L,
  DESC_LIMIT_HIGH,
  DESC_P,
  DESC_RW,
  DESC_S,
  DESC_X,
  GlobalDescriptorTable,
  KERNEL_CODE32_SEGMENT,
  KERNEL_CODE_SEGMENT,
  KERNEL_DATA_SEGMENT,
  type PrivilegeLevel,
  privilegeLevel,
  segmentSelector,
  selectorDebug,
  selectorIndex,
  selectorRpl,
  tssDescriptor,
  USER_CODE32_SEGMENT,
  USER_CODE_SEGMENT,
  USER_DATA_SEGMENT,
} from "./gdt.ts";
import * as idt from "./idt.ts";
import {
  decodeGate,
  type Gate,
  GATE_MISSING,
  type GateChanges,
  gateDebug,
  gateFor,
  gateOptions,
  gateWith,
  InterruptDescriptorTable,
  plainVector,
  stackFrameDebug,
} from "./idt.ts";
import * as pt from "./page_table.ts";
import {
  frameErrorDebug,
  pteAddr,
  pteDebug,
  pteFlags,
  pteFlagsDebug,
  pteFrame,
  pteIsUnused,
  pteNew,
  pteOfFrame,
} from "./page_table.ts";
import { registerDebug } from "./registers.ts";
import * as registers from "./registers.ts";
import {
  taskStateSegment,
  TSS_BYTES,
  TSS_IOMAP_BASE,
  TSS_IST1,
  TSS_RSP0,
} from "./tss.ts";
import { type Word64, word64FromBigInt, word64ToBigInt } from "./word64.ts";

const hexOf = (word: Word64) => crateHex(word64ToBigInt(word));
const at = (hex: string | number) => virtAddr(BigInt(hex));

function assertPanics(call: () => void, row: { panic: string }): void {
  const error = assertThrows(call, RangeError);
  assertEquals(error.message.slice(-row.panic.length), row.panic);
}

const rows: Record<string, number> = {};
/** Registers a test of one key and counts its rows. */
function key(name: keyof typeof v, count: number, body: () => void): void {
  rows[name] = count;
  Deno.test(`x86_64-structures.json: ${name}`, body);
}
const size = (value: object): number => Object.keys(value).length;

key("descriptors", size(v.descriptors), () => {
  // The crate's test linux_kernel_defaults has the same six values.
  assertEquals({
    kernel_code_segment: hexOf(KERNEL_CODE_SEGMENT),
    kernel_data_segment: hexOf(KERNEL_DATA_SEGMENT),
    user_code_segment: hexOf(USER_CODE_SEGMENT),
    user_data_segment: hexOf(USER_DATA_SEGMENT),
    KERNEL_CODE32: hexOf(KERNEL_CODE32_SEGMENT),
    USER_CODE32: hexOf(USER_CODE32_SEGMENT),
  }, v.descriptors);
});

key("descriptor_flag_bits", size(v.descriptor_flag_bits), () => {
  const high = (bits: number) => crateHex(BigInt(bits >>> 0) << 32n);
  assertEquals({
    ACCESSED: high(DESC_A),
    WRITABLE: high(DESC_RW),
    CONFORMING: high(DESC_C),
    EXECUTABLE: high(DESC_X),
    USER_SEGMENT: high(DESC_S),
    DPL_RING_3: high(DESC_DPL),
    PRESENT: high(DESC_P),
    AVAILABLE: high(DESC_AVL),
    LONG_MODE: high(DESC_L),
    DEFAULT_SIZE: high(DESC_D),
    GRANULARITY: high(DESC_G),
    LIMIT_0_15: crateHex(0xffff),
    LIMIT_16_19: high(DESC_LIMIT_HIGH),
    // The base has no constants: tss_descriptors places it.
    BASE_0_23: crateHex(0xff_ffff * 2 ** 16),
    BASE_24_31: high(0xff00_0000),
  }, v.descriptor_flag_bits);
});

key("tss_descriptors", v.tss_descriptors.length, () => {
  for (const { tss_addr, low, high } of v.tss_descriptors) {
    const { first, second } = tssDescriptor(at(tss_addr));
    assertEquals([hexOf(first), hexOf(second)], [low, high]);
  }
});

key("tss", 5, () => {
  assertEquals({
    size: TSS_BYTES,
    default_iomap_base: taskStateSegment().iomapBase,
    field_offsets: {
      privilege_stack_table: TSS_RSP0,
      interrupt_stack_table: TSS_IST1,
      iomap_base: TSS_IOMAP_BASE,
    },
  }, v.tss);
});

key("blog_os_gdt", 6, () => {
  const row = v.blog_os_gdt;
  const table = new GlobalDescriptorTable();
  const code = table.append(KERNEL_CODE_SEGMENT);
  const tss = table.append(tssDescriptor(at(row.tss_addr)));
  assertEquals(table.entries().map(hexOf), row.entries);
  assertEquals(table.limit(), row.limit);
  assertEquals([code, tss], [row.code_selector, row.tss_selector]);
  assertEquals(selectorDebug(code), row.code_debug);
  assertEquals(selectorDebug(tss), row.tss_debug);
});

key("six_entry_gdt_selectors", v.six_entry_gdt_selectors.length, () => {
  const table = new GlobalDescriptorTable();
  assertEquals(
    [
      KERNEL_CODE_SEGMENT,
      KERNEL_DATA_SEGMENT,
      USER_CODE_SEGMENT,
      USER_DATA_SEGMENT,
      USER_CODE_SEGMENT,
    ].map((descriptor) => table.append(descriptor)),
    v.six_entry_gdt_selectors,
  );
});

key("gdt_panics", size(v.gdt_panics), () => {
  const nulls = (count: number) => Array(count).fill({ low: 0, high: 0 });
  const raw = (entries: Word64[]) =>
    GlobalDescriptorTable.fromRawEntries(entries);
  const panics = v.gdt_panics;
  assertPanics(
    () => raw(nulls(8)).append(KERNEL_CODE_SEGMENT),
    panics.full_then_user,
  );
  assertPanics(
    () => raw(nulls(7)).append(tssDescriptor(virtAddr(0))),
    panics.one_free_then_system,
  );
  assertPanics(() => raw([]), panics.raw_empty);
  assertPanics(() => raw([KERNEL_CODE_SEGMENT]), panics.raw_first_nonzero);
  assertPanics(() => raw(nulls(9)), panics.raw_too_long_9_of_8);
});

key("selectors", v.selectors.length, () => {
  for (const { index, rpl, value, debug } of v.selectors) {
    assertEquals(segmentSelector(index, rpl), value);
    assertEquals([selectorIndex(value), selectorRpl(value)], [index, rpl]);
    assertEquals(selectorDebug(value), debug);
  }
});

key("privilege_level_from_4", 1, () => {
  assertPanics(() => privilegeLevel(4), v.privilege_level_from_4);
});

/** Makes the gate that a row's name describes. */
function gateNamed(name: string): Gate {
  if (name === "missing") return GATE_MISSING;
  const [, handler, cs, change = ""] = name.match(
    /^handler (0x[0-9a-f]+) cs (\d+) ?(.*)$/,
  )!;
  const argument = change.match(/[(\s](\w+)\)?$/)?.[1];
  const changes: Record<string, GateChanges> = {
    set_stack_index: { stackIndex: Number(argument) },
    disable_interrupts: { disableInterrupts: argument === "true" },
    set_present: { present: argument === "true" },
    dpl: { privilegeLevel: (Number(argument) & 3) as PrivilegeLevel },
    "": {},
  };
  const made = changes[change.match(/^\w*/)![0]];
  assert(made !== undefined, name);
  return gateWith(gateFor(at(handler!), Number(cs)), made);
}

key("idt_entries", v.idt_entries.length, () => {
  for (const { name, words } of v.idt_entries) {
    const gate = gateNamed(name);
    assertEquals(
      {
        low: crateHex(gate[0] & 0xffff),
        selector: gate[0] >>> 16,
        options: crateHex(gateOptions(gate[1])),
        middle: crateHex(gate[1] >>> 16),
        high: crateHex(gate[2]),
        reserved: crateHex(gate[3]),
      },
      words,
      name,
    );
    const handler = BigInt(words.high) << 32n | BigInt(words.middle) << 16n |
      BigInt(words.low);
    assertEquals(decodeGate(gate).handler, virtAddr(handler));
  }
});

key("idt_missing_debug", 1, () => {
  assertEquals(gateDebug(GATE_MISSING), v.idt_missing_debug);
});

key("idt_index_panics", v.idt_index_panics.length, () => {
  for (let vector = 0; vector < 256; vector++) {
    const row = v.idt_index_panics.find(([number]) => number === vector);
    if (row === undefined) assertEquals(plainVector(vector), vector);
    else assertPanics(() => plainVector(vector), { panic: row[1] as string });
  }
});

key("idt_slice", size(v.idt_slice), () => {
  const table = new InterruptDescriptorTable();
  assertPanics(() => table.slice(31, 40), v.idt_slice["31..40"]);
  assertEquals(table.slice(32, 64).length, v.idt_slice["32..64_len"]);
  assertEquals(table.slice(32).length, v.idt_slice["32.._len"]);
});

key("sizes", size(v.sizes), () => {
  assertEquals({
    entry: idt.GATE_BYTES,
    idt: idt.IDT_BYTES,
    interrupt_stack_frame: idt.STACK_FRAME_BYTES,
    descriptor_table_pointer: registers.TABLE_POINTER_BYTES,
  }, v.sizes);
  assertEquals(idt.IDT_GATES * idt.GATE_BYTES, idt.IDT_BYTES);
});

key("exception_vectors", size(v.exception_vectors), () => {
  const named: Record<string, string> = {};
  for (let vector = 0; vector < 256; vector++) {
    const name = exceptionVectorDebug(vector);
    if (name !== null) named[vector] = name;
  }
  assertEquals(named, v.exception_vectors);
});

key("selector_error_codes", v.selector_error_codes.length, () => {
  for (const row of v.selector_error_codes) {
    const error = decodeSelectorError(row.value);
    if (row.debug === undefined) {
      assertEquals(error, null);
      const truncated = decodeSelectorErrorTruncate(row.value);
      assertEquals(truncated.index, row.truncated_index);
      continue;
    }
    const { external, table, index } = row;
    assertEquals<unknown>(error, { external, table, index });
    assertEquals(row.value === 0, row.null);
    assertEquals(selectorErrorDebug(error!), row.debug);
  }
});

key("page_fault_error_bits", size(v.page_fault_error_bits), () => {
  assertEquals({
    PROTECTION_VIOLATION: exception.PF_P,
    CAUSED_BY_WRITE: exception.PF_W,
    USER_MODE: exception.PF_U,
    MALFORMED_TABLE: exception.PF_RSVD,
    INSTRUCTION_FETCH: exception.PF_I,
    PROTECTION_KEY: exception.PF_PK,
    SHADOW_STACK: exception.PF_SS,
    HLAT: exception.PF_HLAT,
    SGX: exception.PF_SGX,
    RMP: exception.PF_RMP,
  }, v.page_fault_error_bits);
});

key("page_fault_error_debug", v.page_fault_error_debug.length, () => {
  for (const [code, text] of v.page_fault_error_debug) {
    assertEquals(pageFaultErrorDebug(code as number), text);
  }
});

key("rflags_bits", size(v.rflags_bits), () => {
  const r = registers;
  const bits = {
    ID: r.RFLAGS_ID,
    VIRTUAL_INTERRUPT_PENDING: r.RFLAGS_VIP,
    VIRTUAL_INTERRUPT: r.RFLAGS_VIF,
    ALIGNMENT_CHECK: r.RFLAGS_AC,
    VIRTUAL_8086_MODE: r.RFLAGS_VM,
    RESUME_FLAG: r.RFLAGS_RF,
    NESTED_TASK: r.RFLAGS_NT,
    IOPL_HIGH: 2 << r.RFLAGS_IOPL_SHIFT,
    IOPL_LOW: 1 << r.RFLAGS_IOPL_SHIFT,
    OVERFLOW_FLAG: r.RFLAGS_OF,
    DIRECTION_FLAG: r.RFLAGS_DF,
    INTERRUPT_FLAG: r.RFLAGS_IF,
    TRAP_FLAG: r.RFLAGS_TF,
    SIGN_FLAG: r.RFLAGS_SF,
    ZERO_FLAG: r.RFLAGS_ZF,
    AUXILIARY_CARRY_FLAG: r.RFLAGS_AF,
    PARITY_FLAG: r.RFLAGS_PF,
    CARRY_FLAG: r.RFLAGS_CF,
  };
  assertEquals(
    Object.fromEntries(
      Object.entries(bits).map(([name, bit]) => [name, crateHex(bit)]),
    ),
    v.rflags_bits,
  );
  for (const [name, bit] of Object.entries(bits)) {
    assertEquals(registerDebug("rflags", bit), `RFlags(${name})`);
  }
});

key("page_table_flag_bits", size(v.page_table_flag_bits), () => {
  const named = {
    PRESENT: pt.PTE_P,
    WRITABLE: pt.PTE_RW,
    USER_ACCESSIBLE: pt.PTE_US,
    WRITE_THROUGH: pt.PTE_PWT,
    NO_CACHE: pt.PTE_PCD,
    ACCESSED: pt.PTE_A,
    DIRTY: pt.PTE_D,
    HUGE_PAGE: pt.PTE_PS,
    GLOBAL: pt.PTE_G,
  };
  let all = 0n;
  for (const [name, hex] of Object.entries(v.page_table_flag_bits)) {
    const { low, high } = word64FromBigInt(BigInt(hex));
    assertEquals(pteFlagsDebug(low, high), `PageTableFlags(${name})`);
    const constant = named[name as keyof typeof named];
    if (constant !== undefined) assertEquals([low, high], [constant, 0]);
    all |= BigInt(hex);
  }
  assertEquals(hexOf({ low: 0, high: pt.PTE_XD_HIGH }), "0x8000000000000000");
  assertEquals(
    word64FromBigInt(all),
    { low: pt.PTE_FLAGS_LOW, high: pt.PTE_FLAGS_HIGH },
  );
  assertEquals(
    [pt.PTE_AVL, pt.PTE_AVL_HIGH],
    [0xe00, pt.PTE_FLAGS_HIGH - pt.PTE_XD_HIGH],
  );
});

key("stack_frame_debug", 7, () => {
  const { values, plain, pretty } = v.stack_frame_debug;
  const frame = {
    instructionPointer: at(values.ip),
    codeSegment: values.cs,
    cpuFlags: Number(values.rflags),
    stackPointer: at(values.sp),
    stackSegment: values.ss,
  };
  assertEquals(stackFrameDebug(frame), plain);
  assertEquals(stackFrameDebug(frame, { pretty: true }), pretty);
});

key("page_table_entry_debug", size(v.page_table_entry_debug), () => {
  assertEquals(pteDebug(0x2023, 0), v.page_table_entry_debug.plain);
  assertEquals(pteDebug(0, 0), v.page_table_entry_debug.unused);
});

key("page_table_entries", v.page_table_entries.length, () => {
  for (const row of v.page_table_entries) {
    const { low, high } = word64FromBigInt(BigInt(row.raw));
    const frame = pteFrame(low, high);
    assertEquals({
      raw: row.raw,
      unused: pteIsUnused(low, high),
      addr: crateHex(pteAddr(low, high)),
      flags: hexOf(pteFlags(low, high)),
      frame: typeof frame === "number"
        ? crateHex(frame)
        : frameErrorDebug(frame),
    }, row);
  }
});

key("entry_panics", size(v.entry_panics), () => {
  assertPanics(
    () => pteNew(physAddr(0x1001), pt.PTE_P),
    v.entry_panics.set_addr_unaligned,
  );
  assertPanics(
    () => pteOfFrame(frameContaining(physAddr(0)), pt.PTE_P | pt.PTE_PS),
    v.entry_panics.set_frame_huge,
  );
});

Deno.test("x86_64-structures.json: every key is run or left out by name", () => {
  assertEquals(rows, {
    descriptors: 6,
    descriptor_flag_bits: 15,
    tss_descriptors: 6,
    tss: 5,
    blog_os_gdt: 6,
    six_entry_gdt_selectors: 5,
    gdt_panics: 5,
    selectors: 8,
    privilege_level_from_4: 1,
    idt_entries: 17,
    idt_missing_debug: 1,
    idt_index_panics: 19,
    idt_slice: 3,
    sizes: 4,
    exception_vectors: 23,
    selector_error_codes: 20,
    page_fault_error_bits: 10,
    page_fault_error_debug: 22,
    rflags_bits: 18,
    page_table_flag_bits: 24,
    stack_frame_debug: 7,
    page_table_entry_debug: 2,
    page_table_entries: 9,
    entry_panics: 2,
  });
  const leftOut: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    version_notes: "prose; the 0.14 forms are tested with their functions",
  };
  for (const name of Object.keys(v)) {
    assert(name in rows !== name in leftOut, `key ${name}`);
  }
});
