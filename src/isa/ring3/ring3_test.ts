/**
 * The programs of `examples/guest` in ring 3 under a kernel in TypeScript.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { COUNTER, FAULTS } from "../../../examples/guest/binaries.ts";
import { virtAddr } from "../../hw/addr.ts";
import { RAX, RDI, RSI, RSP } from "../../hw/general_registers.ts";
import type { Program } from "../../hw/hosted.ts";
import { Machine } from "../../hw/machine.ts";
import { isaEngine } from "../engine.ts";
import { type Elf64, parseElf64 } from "../loaders/elf64.ts";
import { elfFile } from "../loaders/support_test.ts";
import { PTE_SHARED } from "./address_space.ts";
import {
  processRegister,
  type ProcessState,
  setProcessRegister,
} from "./process.ts";
import {
  PROCESSES_MAX,
  type ProgramFault,
  Ring3,
  type Ring3Handlers,
  type Ring3State,
  ring3State,
  USER_STACK_END,
} from "./ring3.ts";

/** The page that programs share (`program.h`). */
const SHARED = virtAddr(0x5500_1000_0000);
const EXIT = 0, PRINT = 1, KEY = 2;
/** 8254 ticks between two interrupts: 30,000 clk. */
const TIMER_TICKS = 300;
/** Counts to which the two counters count together. */
const END = 3_000;

interface State {
  ring3: Ring3State;
  printed: number[][];
  key: number;
  calls: number;
  switches: number;
}

type Hooks = Partial<Ring3Handlers> & {
  readonly onCall?: (caller: ProcessState, calls: number) => void;
};

/** A kernel with the system calls of `program.h`. */
function kernel(
  start: (ring3: Ring3) => void,
  hooks: (ring3: Ring3, state: State) => Hooks = () => ({}),
): Program {
  return (cpu, saved) => {
    const state = (saved ?? {
      ring3: ring3State(),
      printed: [],
      key: 0,
      calls: 0,
      switches: 0,
    }) as State;
    let last = 0;
    const ring3: Ring3 = new Ring3(cpu, state.ring3, {
      syscall(caller) {
        const argument = (register: number) =>
          processRegister(caller, register);
        state.calls += 1;
        switch (argument(RAX)) {
          case EXIT:
            return ring3.kill(caller, "exit");
          case PRINT:
            state.printed.push([argument(RDI), argument(RSI)]);
            break;
          case KEY:
            setProcessRegister(caller, RAX, state.key);
        }
        hook.onCall?.(caller, state.calls);
      },
      tick() {
        if (state.ring3.current !== last) state.switches += 1;
        last = state.ring3.current;
      },
      key: (byte) => void (state.key = byte & 7),
      fault: (caller, fault) => hook.fault?.(caller, fault) ?? false,
    });
    const hook = hooks(ring3, state);
    return {
      state,
      entries: ring3.entries,
      boot(info) {
        ring3.boot(info, TIMER_TICKS);
        start(ring3);
      },
      loop() {
        const left = state.ring3.processes.some(({ status }) =>
          status === "ready"
        );
        if (left) ring3.loop();
        else cpu.out32(0xf4, 0x10);
      },
    };
  };
}

function machineOf(program: Program): Machine {
  return new Machine({ program, engine: isaEngine, ramBytes: 16 * 2 ** 20 });
}

const stateOf = (machine: Machine) => machine.kernelState as unknown as State;

/** Two counters over one page. */
const counters = kernel((ring3) => {
  const frame = ring3.frames.take()!;
  const elf = parseElf64(COUNTER);
  const both = [0, 1].map((number) => ring3.spawn(elf, [number, END]));
  ring3.share(both, SHARED, frame);
});

Deno.test("Ring3 runs two programs that share a page, preempted by the timer", () => {
  const machine = machineOf(counters);
  assertEquals(machine.run(), { reason: "exit", value: 0x10, status: 33 });
  const { printed, ring3, switches } = stateOf(machine);
  const own = printed.toSorted((a, b) => a[0]! - b[0]!).map((row) => row[1]!);
  assertEquals(printed.length, 2);
  assertEquals(own[0]! + own[1]!, END);
  assert(own.every((count) => count > END / 4), `${own}`);
  assert(switches > 10, `${switches} switches`);
  assertEquals(ring3.processes.map(({ why }) => why), ["exit", "exit"]);
});

Deno.test("Ring3: forks in the middle go on with different keys, each like a fresh run with them", () => {
  const machine = machineOf(counters);
  machine.run({ until: ({ clk, cpu }) => clk > 700_000 && cpu.cpl === 3 });
  const key = (
    data: number,
  ) => [{ clk: 800_000, source: "key", data } as const];
  // Set 2 scan codes of A and B; the kernel takes three bits of what the 8042 makes of them.
  const ends = [0x1c, 0x32].map((data) => {
    const fork = machine.fork(key(data));
    fork.dropCaches();
    assertEquals(fork.run().reason, "exit");
    const fresh = machineOf(counters);
    fresh.addInputs(key(data));
    fresh.run();
    assertEquals([fresh.clk, fresh.digest()], [fork.clk, fork.digest()]);
    return JSON.stringify(stateOf(fork).printed);
  });
  assertNotEquals(ends[0], ends[1]);
});

Deno.test("Ring3: a machine is saved at each of many instructions of its programs", () => {
  const machine = machineOf(counters);
  machine.run({ pauseClk: 500_000 });
  const other = machineOf(counters);
  const ends = new Set<string>();
  for (let i = 0; i < 60; i++) {
    other.load(machine.save());
    other.dropCaches();
    other.run({ pauseClk: 600_000 });
    ends.add(other.digest());
    machine.run({ pauseClk: machine.clk + 1 + i * 41 });
  }
  machine.run({ pauseClk: 600_000 });
  assertEquals([...ends], [machine.digest()]);
});

Deno.test("Ring3: a kernel grows a stack, and ends what reads where it has no business", () => {
  const faults: ProgramFault[] = [];
  const program = kernel(
    (ring3) => void ring3.spawn(parseElf64(FAULTS), [7]),
    (ring3) => ({
      fault(caller, fault) {
        faults.push(fault);
        const isStack = fault.vector === 14 &&
          fault.address > USER_STACK_END - 0x10_0000 &&
          fault.address < USER_STACK_END;
        const page = virtAddr(fault.address - fault.address % 4096);
        const rights = { writable: true, executable: false };
        if (isStack) ring3.map(caller, page, rights);
        return isStack;
      },
    }),
  );
  const machine = machineOf(program);
  assertEquals(machine.run().reason, "exit");
  const { printed, ring3 } = stateOf(machine);
  assertEquals(printed, [[7, 210]]);
  // A frame of 3,000 bytes and more, 21 times: 16 pages at least, one of which was there.
  assert(faults.length > 15 && faults.length < 24, `${faults.length}`);
  // Not present, by ring 3: a write, and at last a read.
  assert(faults.slice(0, -1).every(({ errorCode }) => errorCode === 6));
  assertEquals(faults.at(-1), { vector: 14, errorCode: 4, address: 0x1234 });
  assertEquals(
    ring3.processes[0]!.why.startsWith("exception 14 at 0x5500_"),
    true,
  );
});

/** A program of one segment. */
function programOf(code: string): Elf64 {
  const file = new Uint8Array(
    code.split(" ").map((byte) => parseInt(byte, 16)),
  );
  const entry = virtAddr(0x5500_0000_0000);
  const size = { fileOffset: 0, fileBytes: file.length, memBytes: file.length };
  const segment = {
    type: 1,
    flags: 5,
    virtualAddr: entry,
    physicalAddr: null,
    ...size,
  };
  return { file, type: 2, entry, segments: [segment] };
}

Deno.test("Ring3 ends a program whatever it executes, and the next one runs", () => {
  const rows: [string, number][] = [
    ["31 c9 f7 f1", 0], // DIV by 0.
    ["9c 81 0c 24 00 01 00 00 9d 90", 1], // TF by POPFQ.
    ["cc", 3],
    ["cd 03", 3],
    ["0f 0b", 6],
    ["cd 20", 13], // The timer's gate is not for programs.
    ["fa", 13],
    ["f4", 13],
    ["0f 01 d8", 6], // VMRUN.
    ["0f 58 c1", 6], // ADDPS.
    ["e4 60", 13], // IN of a port.
    ["48 b8 00 00 00 00 00 00 00 80 ff e0", 13], // JMP to what is no address.
    ["48 bc 00 00 00 00 00 00 00 80 50", 12], // PUSH to what is none.
    ["b8 10 00 00 00 8e d8", 13], // The kernel's data segment.
    ["48 b8 00 00 00 00 00 80 ff ff ff e0", 14], // JMP into the host range.
    ["0f ae 3c 25 00 00 00 00", 14], // CLFLUSH of address 0.
  ];
  for (const [code, vector] of rows) {
    const seen: number[] = [];
    const machine = machineOf(kernel(
      (ring3) => {
        ring3.spawn(programOf(code));
        ring3.spawn(programOf("31 c0 cd 80"));
      },
      () => ({ fault: (_, fault) => (seen.push(fault.vector), false) }),
    ));
    assertEquals(machine.run({ clkMax: 1_000_000 }).reason, "exit", code);
    assertEquals(seen, [vector], code);
    const [first, second] = stateOf(machine).ring3.processes;
    assertEquals([first?.status, second?.why], ["ended", "exit"]);
  }
});

Deno.test("Ring3 takes no notice of an NMI", () => {
  const machine = machineOf(counters);
  machine.addInputs([500_000, 500_001, 600_000].map((clk) => ({
    clk,
    source: "nmi",
  })));
  assertEquals(machine.run().reason, "exit");
});

Deno.test("Ring3 takes SYSCALL as INT 80h", () => {
  // mov eax, 1; mov edi, 7; mov esi, 9; pushfq; pop rbx; syscall; cmp eax, 42; jne to itself; xor eax, eax; syscall
  const code = "b8 01 00 00 00 bf 07 00 00 00 be 09 00 00 00 9c 5b 0f 05 " +
    "83 f8 2a 75 fe 31 c0 0f 05";
  const seen: number[] = [];
  const program = kernel(
    (ring3) => void ring3.spawn(programOf(code)),
    () => ({
      onCall(caller) {
        const { rip, rflags } = caller;
        seen.push(rip[0]!, rflags & 0x200, processRegister(caller, RSP));
        setProcessRegister(caller, RAX, 42);
      },
    }),
  );
  const machine = machineOf(program);
  const stop = machine.run({ clkMax: 1_000_000 });
  assertEquals(stop.reason, "exit");
  assertEquals(stateOf(machine).printed, [[7, 9]]);
  // Behind the instruction, interrupts on, the program's stack.
  assertEquals(seen, [19, 0x200, USER_STACK_END - 8]);
});

Deno.test("Ring3: a program that sets NT before a system call does not reach the kernel's IRETQ", () => {
  // pushfq; or dword [rsp], 0x4000; popfq; xor eax, eax; then SYSCALL or INT 80h.
  for (const call of ["0f 05", "cd 80"]) {
    const code = `9c 81 0c 24 00 40 00 00 9d 31 c0 ${call}`;
    const program = kernel((ring3) => {
      ring3.spawn(programOf(code));
      ring3.spawn(programOf("31 c0 cd 80"));
    });
    const machine = machineOf(program);
    assertEquals(machine.run({ clkMax: 1_000_000 }).reason, "exit", call);
  }
});

Deno.test("Ring3: an NMI between SYSCALL and the kernel's stack does not use the program's", () => {
  // mov rsp, 0x8000_0000_0000; xor eax, eax; syscall
  const code = "48 bc 00 00 00 00 00 80 00 00 31 c0 0f 05";
  const program = kernel((ring3) => {
    ring3.spawn(programOf(code));
  });
  const machine = machineOf(program);
  machine.run({ until: ({ cpu }) => cpu.cpl === 3 });
  const { clk } = machine;
  for (let at = clk + 1; at < clk + 60; at++) {
    const fork = machine.fork([{ clk: at, source: "nmi" }]);
    assertEquals(fork.run().reason, "exit", `NMI at clk ${at}`);
    fork.release();
  }
});

Deno.test("kill() gives memory back, and the other program goes on", () => {
  const free: number[] = [];
  const program = kernel(
    (ring3) => {
      const elf = parseElf64(COUNTER);
      const frame = ring3.frames.take()!;
      const both = [0, 1].map((n) => ring3.spawn(elf, [n, END]));
      ring3.share(both, SHARED, frame);
    },
    (ring3, state) => ({
      onCall(_, calls) {
        if (calls !== 100) return;
        ring3.kill(state.ring3.processes[0]!);
        free.push(state.ring3.frames.free.length);
      },
    }),
  );
  const machine = machineOf(program);
  assertEquals(machine.run().reason, "exit");
  const { printed, ring3 } = stateOf(machine);
  assertEquals(printed.map(([number]) => number), [1]);
  assertEquals(ring3.processes.map(({ why }) => why), ["killed", "exit"]);
  // Code, stack, their tables of levels 1 to 3, level 4; not the shared page.
  assert(free[0]! >= 7, `${free}`);
});

Deno.test("fork() copies a program, and both go on from there", () => {
  const program = kernel(
    (ring3) => {
      const counter = ring3.spawn(parseElf64(COUNTER), [0, END]);
      ring3.share([counter], SHARED, ring3.frames.take()!);
    },
    (ring3) => ({
      onCall(caller, calls) {
        if (calls !== 500) return;
        const child = ring3.fork(caller);
        // Its answer differs, as that of fork in Unix does: counts in other steps.
        setProcessRegister(child, RAX, 2);
      },
    }),
  );
  const machine = machineOf(program);
  assertEquals(machine.run().reason, "exit");
  const { printed, ring3 } = stateOf(machine);
  assertEquals(ring3.processes.map(({ why }) => why), ["exit", "exit"]);
  assertEquals(printed.length, 2);
  // 500 counts were made when there was one; steps of 1 and 2 make up the rest.
  const total = printed.reduce((sum, [, own]) => sum + own!, 0);
  assert(total > END / 2 + 500 && total < END + 500, `${total}`);
});

Deno.test("rewind() takes a program back to a copy, memory and all", () => {
  const seen: number[] = [];
  const program = kernel(
    (ring3) => {
      const counter = ring3.spawn(parseElf64(COUNTER), [0, 600]);
      ring3.share([counter], SHARED, ring3.frames.take()!);
    },
    (ring3, state) => ({
      onCall(caller, calls) {
        const { processes } = state.ring3;
        if (calls === 100) ring3.fork(caller, "kept");
        if (calls === 300) ring3.rewind(caller, processes[1]!);
        if (calls === 301) seen.push(processes.length);
      },
    }),
  );
  const machine = machineOf(program);
  assertEquals(machine.run().reason, "exit");
  const { printed, calls } = stateOf(machine);
  // 600 counts in the shared page, which is not rewound; 200 of them are forgotten.
  assertEquals([printed, calls], [[[0, 400]], 602]);
  assertEquals(seen, [2]);
});

Deno.test("rewind() keeps apart what is shared and what is not", () => {
  const rights = { writable: true, executable: false };
  const program = kernel((ring3) => {
    const [one, two] = [0, 1].map(() => ring3.spawn(programOf("31 c0 cd 80")));
    const shared = ring3.frames.take()!;
    // One's own page, for which it got a shared one later.
    ring3.map(one!, SHARED, rights);
    const kept = ring3.fork(one!, "kept");
    ring3.space(one!).unmap(SHARED);
    ring3.share([one!, two!], SHARED, shared);
    ring3.rewind(one!, kept);
    const own = ring3.space(one!).find(SHARED)!;
    assertNotEquals(own.frame, shared);
    assertEquals(own.low & PTE_SHARED, 0);
    // And the other way round: its own page is given back.
    ring3.rewind(one!, two!);
    assertEquals(ring3.space(one!).find(SHARED)!.frame, shared);
    assertEquals(ring3.frames.state.free, [own.frame]);
    ring3.kill(kept);
  });
  const machine = machineOf(program);
  assertEquals(machine.run().reason, "exit");
  const { free } = stateOf(machine).ring3.frames;
  assertEquals(new Set(free).size, free.length);
});

Deno.test("a kernel with programs is loaded with all of them", () => {
  const machine = machineOf(counters);
  machine.run({ pauseClk: 700_000 });
  const other = machineOf(counters);
  other.load(machine.save());
  assertEquals(other.digest(), machine.digest());
  assertEquals([machine.run(), machine.digest()], [
    other.run(),
    other.digest(),
  ]);
});

/** What a kernel's boot throws, as the run's end. */
function panicOf(start: (ring3: Ring3) => void): string {
  const stop = machineOf(kernel(start)).run();
  return stop.reason === "panic" ? stop.message : stop.reason;
}

Deno.test("spawn() refuses what lies where the kernel does, and too many programs", () => {
  assertEquals(
    panicOf((ring3) => void ring3.spawn(parseElf64(elfFile()))),
    "Cannot map page 0x20_0000: that entry of the level 4 table is the kernel's",
  );
  // SYSCALL at the end of it would return to 0x8000_0000_0000.
  const page = virtAddr(0x7fff_ffff_f000);
  const elf = programOf("0f 05");
  const segments = elf.segments.map((segment) => ({
    ...segment,
    virtualAddr: page,
  }));
  assertEquals(
    panicOf((ring3) => void ring3.spawn({ ...elf, entry: page, segments })),
    "Cannot map page 0x7fff_ffff_f000: what follows it is no address",
  );
  assertEquals(
    panicOf((ring3) => {
      const frames = ring3.frames.state.fresh;
      for (;;) {
        if (frames.length > 0) frames.length = 0;
        else break;
      }
      ring3.spawn(parseElf64(COUNTER));
    }),
    "Cannot give a process memory: it is used up",
  );
  assertEquals(
    panicOf((ring3) => {
      const { processes } = ring3.state;
      const first = ring3.spawn(parseElf64(COUNTER));
      while (processes.length < PROCESSES_MAX) {
        processes.push({
          ...first,
          registers: new Int32Array(32),
          rip: new Int32Array(2),
        });
      }
      ring3.spawn(parseElf64(COUNTER));
    }),
    "Cannot make a process: there have been 256",
  );
});

Deno.test("rewind() refuses a program that has ended", () => {
  const program = kernel((ring3) => {
    const one = ring3.spawn(parseElf64(COUNTER), [0, END]);
    const kept = ring3.fork(one, "kept");
    ring3.kill(kept);
    assertThrows(() => ring3.rewind(one, kept), RangeError, "one has ended");
    ring3.kill(one);
    ring3.kill(one);
  });
  assertEquals(machineOf(program).run().reason, "exit");
});

Deno.test("share() over a page that a program had alone gives its frame back", () => {
  const program = kernel((ring3) => {
    const one = ring3.spawn(parseElf64(COUNTER), [0, END]);
    const frame = ring3.frames.take()!;
    const own = ring3.frames.take()!;
    const rights = { writable: true, executable: false };
    assert(ring3.space(one).map(SHARED, own, rights));
    ring3.share([one], SHARED, frame);
    assert(ring3.frames.state.free.includes(own));
    assertEquals(ring3.space(one).find(SHARED)?.frame, frame);
    ring3.kill(one);
  });
  assertEquals(machineOf(program).run().reason, "exit");
});

Deno.test("fork() without memory leaves no half copy to run", () => {
  const program = kernel((ring3) => {
    const one = ring3.spawn(parseElf64(COUNTER), [0, END]);
    const spare = ring3.frames.take()!;
    const { fresh, free } = ring3.frames.state;
    fresh.length = 0;
    free.splice(0, free.length, spare); // For the level 4 table, and no more.
    assertThrows(() => ring3.fork(one), RangeError, "it is used up");
    const { processes } = ring3.state;
    assertEquals(processes.map(({ status }) => status), ["ready", "ended"]);
    assertEquals(free, [spare]);
    ring3.kill(one);
  });
  assertEquals(machineOf(program).run().reason, "exit");
});
