/**
 * The instruction engine: the loop.
 *
 * 64-bit mode at CPL 0 to 3. An instruction is a call of its handler, which returns where execution goes on; between two
 * instructions there is a subtraction and a comparison.
 *
 * *Not modelled*: compatibility mode, 32-bit and 16-bit modes; alignment checks (#AC); breakpoints in debug registers;
 * and the instructions in `UNMODELLED`.
 *
 * @module
 */

import type { Core } from "../hw/core.ts";
import { SHADOW_SS } from "../hw/cpu_state.ts";
import { VECTOR_DB } from "../hw/exception.ts";
import type { EngineFactory, InstructionEngine } from "../hw/executor.ts";
import { RFLAGS_TF } from "../hw/registers.ts";
import { CodeCache } from "./code_cache.ts";
import { NOWHERE, Processor } from "./processor.ts";

/** Instructions in one go at most: the budget is a small integer. */
const BUDGET_MAX = 1 << 30;
/** DR6: the exception comes from single-stepping. */
const DR6_BS = 1 << 14;
const DR6_LOW = 12;

/** Executes machine code on one core. */
class IsaEngine implements InstructionEngine {
  readonly #core: Core;
  readonly #cache: CodeCache;
  readonly #x: Processor;

  constructor(core: Core) {
    this.#core = core;
    this.#cache = new CodeCache(core);
    const x = new Processor(core, this.#cache);
    this.#x = x;
    core.mmu.onFetchDropped = () => x.operations = NOWHERE;
  }

  run(instructionsMax: number): void {
    const { clock, cpu, events } = this.#core;
    const trap = (cpu.rflags & RFLAGS_TF) !== 0;
    // Events carry the clk, which is written back between instructions only.
    const alone = trap || events.on;
    const budget = alone ? 1 : Math.min(
      instructionsMax,
      Math.max(1, clock.attention - clock.state.clk),
      BUDGET_MAX,
    );
    const x = this.#x;
    x.trap = trap;
    x.enter(budget);
    try {
      execute(x);
    } finally {
      x.leave();
    }
    if (x.trap) this.#singleStep();
  }

  dropCaches(): void {
    this.#cache.clear();
  }

  /** #DB behind an instruction that began with TF set, but not behind INT n and MOV to SS; see SYSCALL and SYSRET. */
  #singleStep(): void {
    const { stop, cpu } = this.#core;
    if (stop || cpu.shadow === SHADOW_SS) return;
    cpu.debug[DR6_LOW]! |= DR6_BS;
    this.#core.deliver(VECTOR_DB, "exception");
  }
}

/** The loop. While an instruction executes, `offset` is where it begins. */
function execute(x: Processor): void {
  do {
    x.left -= 1;
    const operation = x.operations[x.offset]!;
    x.offset = operation.execute(x, operation);
  } while (x.left > 0);
}

/**
 * The instruction engine, to be given to a machine.
 *
 * @param core the machine's
 * @returns the engine
 * @example
 * ```ts
 * import { Machine } from "@lockstep/kernel/hw";
 * import { isaEngine } from "@lockstep/kernel/isa";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = new Machine({ engine: isaEngine, ramBytes: 16 * 2 ** 20 });
 * // mov eax, 0x10; mov dx, 0xf4; out dx, eax
 * const code = [0xb8, 0x10, 0, 0, 0, 0x66, 0xba, 0xf4, 0, 0xef];
 * const start = 0x60_0000;
 * code.forEach((byte, i) => machine.memory.write(start + i, byte, 1));
 * machine.cpu.rip = Number(machine.bootInfo.physicalMemoryOffset) + start;
 * assertEquals(machine.run(), { reason: "exit", value: 0x10, status: 33 });
 * ```
 */
export const isaEngine: EngineFactory = (core: Core): InstructionEngine =>
  new IsaEngine(core);
