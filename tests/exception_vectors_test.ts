/**
 * `cpu-exceptions.json` on a whole machine: what its rows say of delivery. The rows about numbers and names alone run in
 * `src/hw/exception_test.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import v from "../vectors/cpu-exceptions.json" with { type: "json" };
import { NO_EVENTS } from "../src/base/events.ts";
import { type VirtAddr, virtAddr } from "../src/hw/addr.ts";
import { RCX, RSP } from "../src/hw/general_registers.ts";
import type { Program } from "../src/hw/hosted.ts";
import { GATE_MISSING, writeGate } from "../src/hw/idt.ts";
import type { Input } from "../src/hw/input_log.ts";
import type { Instructions } from "../src/hw/instructions.ts";
import { Machine, type MachineOptions } from "../src/hw/machine.ts";
import { Pic } from "../src/hw/pic.ts";
import { CR0_WP } from "../src/hw/registers.ts";
import { isaEngine } from "../src/isa/mod.ts";
import {
  DOUBLE_FAULT_STACK_END,
  DOUBLE_FAULT_STACK_START,
  KERNEL_DATA_BYTES,
  KERNEL_DATA_START,
} from "../src/kernel/layout.ts";
import {
  coreState,
  defineKernel,
  doubleFaultHandler,
  Gdt,
  gdtState,
  Idt,
  idtState,
} from "../src/kernel/mod.ts";
import {
  type BareHandler,
  endOfInterrupt,
  IDT_ADDR,
  movePics,
  runBare,
  TICK_CLK,
} from "./support/bare.ts";

/** A word of the stack that a handler begins with. */
const words = (cpu: Instructions, count: number): number[] =>
  Array.from(
    { length: count },
    (_, i) => cpu.load64(virtAddr(cpu.readRsp() + 8 * i)),
  );

/** Boots with handlers, does `act`, and gives what the handlers said. */
function said(
  act: (cpu: Instructions) => void,
  handlers: (say: (...what: unknown[]) => void) => Record<string, BareHandler>,
  inputs: readonly Input[] = [],
  options: MachineOptions = {},
): unknown[] {
  const heard: unknown[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: handlers((...what) => {
      heard.push(...what);
      cpu.out32(0xf4, 0);
      cpu.nop();
    }),
    boot() {
      act(cpu);
      cpu.out32(0xf4, 1);
    },
  }), { ...options, inputs });
  return stop.reason === "exit" ? heard : [...heard, stop.reason];
}

/** Handlers of #NP and #GP, which say vector and error code. */
const gateFaults = (say: (...what: unknown[]) => void) => ({
  not_present: { vector: 11, run: (cpu: Instructions) => say(11, cpu.pop64()) },
  protection: { vector: 13, run: (cpu: Instructions) => say(13, cpu.pop64()) },
});

/** A tick of the timer, whose gate is not set. */
const tick = (cpu: Instructions) => {
  movePics(cpu, [0xfe, 0xff]);
  cpu.enableAndHlt();
};

/** What each rule says, by INT 77 and by the timer; `raised` is the vector in the rule's text. */
const RULES: Record<keyof typeof v.gate_rules, (raised: number) => void> = {
  entry_with_type_bits_but_not_present(raised) {
    assertEquals(said((cpu) => cpu.int(77), gateFaults), [raised, 77 << 3 | 2]);
    assertEquals(said(tick, gateFaults), [raised, 32 << 3 | 3]);
    assertEquals(GATE_MISSING[1], 0x0e00);
  },
  all_zero_entry(raised) {
    const zero = (vector: number) => (cpu: Instructions) =>
      writeGate(cpu, IDT_ADDR, vector, [0, 0, 0, 0]);
    assertEquals(
      said((cpu) => (zero(77)(cpu), cpu.int(77)), gateFaults),
      [raised, 77 << 3 | 2],
    );
    assertEquals(
      said((cpu) => (zero(32)(cpu), tick(cpu)), gateFaults),
      [raised, 32 << 3 | 3],
    );
  },
  vector_beyond_the_idt_limit(raised) {
    const cut = (cpu: Instructions) => cpu.lidt(IDT_ADDR, 16 * 32 - 1);
    assertEquals(
      said((cpu) => (cut(cpu), cpu.int(77)), gateFaults),
      [raised, 77 << 3 | 2],
    );
    assertEquals(
      said((cpu) => (cut(cpu), tick(cpu)), gateFaults),
      [raised, 32 << 3 | 3],
    );
  },
};

Deno.test("cpu-exceptions.json: what it says of delivery runs on a machine", () => {
  const rows: Record<string, number> = {};

  for (const [rule, text] of Object.entries(v.gate_rules)) {
    const raised = Number(/^vector (\d+)/.exec(text)![1]);
    RULES[rule as keyof typeof RULES](raised);
    rows["gate_rules"] = (rows["gate_rules"] ?? 0) + 1;
  }
  assertEquals(Object.keys(RULES), Object.keys(v.gate_rules));

  // From the address below which RSP was rounded down, word by word.
  const order = v.stack_frame_push_order;
  for (const off of [0, 8]) {
    const seen: Record<string, number> = {};
    const stack = said((cpu) => {
      const rsp = cpu.readRsp() - 128 - off;
      cpu.writeRsp(virtAddr(rsp));
      seen["rsp"] = rsp;
      cpu.store8(virtAddr(0x7777_0000), 0);
    }, (say) => ({
      page_fault: {
        vector: 14,
        run(cpu) {
          seen["top"] = cpu.readRsp();
          say(...words(cpu, 6));
        },
      },
    })) as number[];
    const aligned = seen["rsp"]! - seen["rsp"]! % 16;
    assertEquals(seen["top"], aligned - 48, order[0]);
    const low = (n: number) => n % 2 ** 32;
    const pushed: Record<string, number> = {
      ss: 0,
      rsp: low(seen["rsp"]!),
      rflags: 0x1_0002, // RF is pushed as 1 for faults; IF was clear.
      cs: 8,
      rip: 16,
      "error code if the exception has one": 2,
    };
    assertEquals(
      stack,
      order.slice(1).map((name) => pushed[name]!).reverse(),
    );
    rows["stack_frame_push_order"] = order.length;
  }

  // One frame without an error code: its size.
  let before = 0, inside = 0;
  said((cpu) => {
    before = cpu.readRsp();
    before -= before % 16;
    cpu.int3();
  }, (say) => ({
    breakpoint: {
      vector: 3,
      run(cpu) {
        inside = cpu.readRsp();
        say();
      },
    },
  }));
  assertEquals(before - inside, v.stack_frame_bytes);
  rows["stack_frame_bytes"] = 1;

  for (const row of v.page_fault_error_codes_of_post_08) {
    const address = Number(row.cr2 ?? "0x2031b2");
    const heard = said((cpu) => {
      if (row.error_code === null) cpu.load8(virtAddr(address));
      else cpu.store8(virtAddr(address), 1);
    }, (say) => ({
      page_fault: {
        vector: 14,
        run: (cpu) => say(cpu.pop64(), cpu.readCr2()),
      },
    }));
    const want = row.error_code === null ? [] : [row.error_code, address];
    assertEquals(heard, want, row.access);
  }
  rows["page_fault_error_codes_of_post_08"] =
    v.page_fault_error_codes_of_post_08.length;

  rows["irq_vectors"] = irqVectors();
  rows["pair_examples"] = pairExamples();

  assertEquals(rows, {
    gate_rules: 3,
    stack_frame_push_order: 7,
    stack_frame_bytes: 1,
    page_fault_error_codes_of_post_08: 3,
    irq_vectors: 15,
    pair_examples: 8,
  });
  const elsewhere: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    exceptions: "src/hw/exception_test.ts",
    reserved_vectors: "src/hw/exception_test.ts",
    interrupt_vectors: "src/hw/exception_test.ts",
    double_fault_error_code: "src/hw/exception_test.ts",
    pairs_that_double_fault: "src/hw/exception_test.ts",
    any_contributory_or_page_fault_while_delivering_a_double_fault:
      "src/hw/exception_test.ts",
  };
  for (const key of Object.keys(v)) {
    assert(key in rows !== key in elsewhere, `key ${key}`);
  }
});

/** The line of each named interrupt: those of the PC, as the board wires or leaves them. */
const LINES: Record<string, number> = {
  timer: 0,
  keyboard: 1,
  cascade: 2,
  serial_2: 3,
  serial_1: 4,
  parallel_2_or_3: 5,
  floppy: 6,
  parallel_1: 7,
  rtc: 8,
  acpi: 9,
  mouse: 12,
  fpu: 13,
  primary_ata: 14,
  secondary_ata: 15,
};

function irqVectors(): number {
  const { offsets, ...named } = v.irq_vectors;
  const [first, second] = offsets as [number, number];
  for (const [name, vector] of Object.entries(named)) {
    const line = LINES[name]!;
    const pic = new Pic({ intr: { set() {} }, events: NO_EVENTS });
    const outs = [
      [0x20, 0x11],
      [0xa0, 0x11],
      [0x21, first],
      [0xa1, second],
      [0x21, 4],
      [0xa1, 2],
      [0x21, 1],
      [0xa1, 1],
      [0x21, 0],
      [0xa1, 0],
    ];
    for (const [port, value] of outs) pic.writePort(port!, value!);
    if (line === 2) {
      // The cascade is no line of its own: its vector would be the primary's third.
      assertEquals(vector, first + 2);
      continue;
    }
    pic.setIrq(line, true);
    assertEquals(pic.peekPending(), vector, name);
    assertEquals(pic.acknowledge(), vector, name);
  }
  // Those that this board has, from the chip to the handler.
  const seen = new Set<number>();
  const handler = (vector: number, run: (cpu: Instructions) => void) => ({
    vector,
    run(cpu: Instructions) {
      seen.add(vector);
      run(cpu);
      if (vector >= second) cpu.out8(0xa0, 0x20);
      endOfInterrupt(cpu);
      cpu.iretq();
    },
  });
  runBare((cpu) => ({
    handlers: {
      timer: handler(named.timer, () => {}),
      keyboard: handler(named.keyboard, () => cpu.in8(0x60)),
      serial: handler(named.serial_1, () => cpu.in8(0x3f8)),
      rtc: handler(named.rtc, () => {
        cpu.out8(0x70, 0x0c);
        cpu.in8(0x71);
      }),
      mouse: handler(named.mouse, () => cpu.in8(0x60)),
    },
    boot() {
      movePics(cpu, [0, 0]);
      cpu.out8(0x3f9, 1); // Received data available.
      cpu.out8(0x3fc, 8); // OUT2 lets IRQ 4 through.
      cpu.out8(0x70, 0x0b);
      const b = cpu.in8(0x71);
      cpu.out8(0x70, 0x0b);
      cpu.out8(0x71, b | 0x10); // An interrupt each second.
      cpu.out8(0x70, 0x0c);
      cpu.in8(0x71);
      cpu.out8(0x64, 0x20);
      const config = cpu.in8(0x60);
      cpu.out8(0x64, 0x60);
      cpu.out8(0x60, config & ~0x20 | 2);
      cpu.out8(0x64, 0xd4);
      cpu.out8(0x60, 0xf4); // Its acknowledgement is a byte of the mouse.
      cpu.sti();
    },
  }), {
    mouse: true,
    clkMax: 40 * TICK_CLK,
    inputs: [
      { clk: 1_000_000, source: "key", data: 0x1c },
      { clk: 2_000_000, source: "serial", data: 65 },
    ],
  });
  assertEquals([...seen].sort(), [
    named.timer,
    named.keyboard,
    named.serial_1,
    named.rtc,
    named.mouse,
  ]);
  return Object.keys(v.irq_vectors).length;
}

/** A table that begins in nothing: gates 0 to 3 are not mapped, the others are. */
const GATES_FROM_4 = virtAddr(KERNEL_DATA_START - 16 * 4);
/** A table that ends in nothing: gates from 14 on are not mapped. */
const GATES_TO_13 = virtAddr(KERNEL_DATA_START + KERNEL_DATA_BYTES - 16 * 14);
const NOTHING = virtAddr(0x7777_0000);

/** Handlers that say how a pair came out. */
const outcomes = (say: (...what: unknown[]) => void) => ({
  page_fault: { vector: 14, run: () => say("page fault handler runs") },
  double_fault: { vector: 8, run: () => say("double fault") },
  jump: { // To machine code that divides by zero.
    vector: 60,
    run(cpu: Instructions) {
      cpu.storeAddr(cpu.readRsp(), DIVIDE);
      cpu.iretq();
    },
  },
});

/** Copies the IDT to where parts of it lie in nothing. */
function moveIdt(cpu: Instructions, to: VirtAddr): void {
  for (let vector = 0; vector < 64; vector++) {
    const at = to + 16 * vector;
    const mapped = at >= KERNEL_DATA_START &&
      at < KERNEL_DATA_START + KERNEL_DATA_BYTES;
    if (mapped) cpu.copy(virtAddr(at), virtAddr(IDT_ADDR + 16 * vector), 16);
  }
  cpu.lidt(to, 4095);
}

/** #DE, by DIV ECX with 0 in it, as machine code. */
const DIVIDE = virtAddr(0x20_0100);
function divideByZero(cpu: Instructions): void {
  cpu.writeRegister(RCX, 0, 0);
  cpu.int(60);
}
function writeDivision(cpu: Instructions): void {
  cpu.writeCr0((cpu.readCr0() & ~CR0_WP) >>> 0);
  cpu.store16(DIVIDE, 0xf1f7);
}

const overflow = (stackIndex: number | null): Program =>
  defineKernel({
    id: "overflow",
    state: () => ({ ...coreState(), gdt: gdtState(), idt: idtState() }),
    build(core, state) {
      const gdt = new Gdt(core.cpu, core.env, state.gdt);
      const handler = doubleFaultHandler(core, stackIndex);
      const idt = new Idt(core, state.idt, [handler]);
      const recurse = (): void => core.cpu.call(recurse);
      return { boot: () => (gdt.init(), idt.init(), recurse()) };
    },
  });

/** The rows about pairs, each made on a machine: what the last column says has to come out. */
function pairExamples(): number {
  const options = { engine: isaEngine };
  const ends: unknown[] = [
    said(
      (cpu) => (moveIdt(cpu, GATES_FROM_4), cpu.int3()),
      outcomes,
    )[0],
    said(
      (cpu) => (moveIdt(cpu, GATES_TO_13), cpu.store8(NOTHING, 1)),
      outcomes,
    )[0],
    said(
      (cpu) => {
        writeDivision(cpu);
        // The jump first: its gate has to be found before the table moves.
        moveIdt(cpu, GATES_FROM_4);
        divideByZero(cpu);
      },
      outcomes,
      [],
      options,
    )[0],
    said(
      (cpu) => {
        writeDivision(cpu);
        writeGate(cpu, IDT_ADDR, 0, [0, 0, 0, 0]);
        divideByZero(cpu);
      },
      outcomes,
      [],
      options,
    )[0],
    said(
      (cpu) => cpu.store8(NOTHING, 1),
      (say) => ({ double_fault: outcomes(say).double_fault }),
    )[0],
    said(tick, (say) => ({ double_fault: outcomes(say).double_fault }))[0],
  ];
  for (const stackIndex of [null, 0]) {
    const machine = new Machine({
      program: overflow(stackIndex),
      ramBytes: 16 * 2 ** 20,
    });
    const stop = machine.run();
    if (stop.reason === "shutdown") {
      assertEquals(stop.exceptions.map(({ vector }) => vector), [14, 8, 14]);
      ends.push("triple fault");
    } else if (stop.reason === "panic") {
      assert(stop.message.startsWith("EXCEPTION: DOUBLE FAULT"));
      const rsp = machine.cpu.registers[2 * RSP]!;
      assert(rsp > DOUBLE_FAULT_STACK_START && rsp < DOUBLE_FAULT_STACK_END);
      ends.push("double fault handler runs on the IST stack");
    }
  }
  assertEquals(ends, v.pair_examples.map(({ outcome }) => outcome));
  return ends.length;
}
