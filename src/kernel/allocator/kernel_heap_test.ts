import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import tests from "../../../vectors/blog_os-allocators.json" with {
  type: "json",
};
import { virtAddr } from "../../hw/addr.ts";
import { Machine } from "../../hw/machine.ts";
import { lockId, type SyncEnv } from "../sync/mod.ts";
import { allocErrorLayoutText } from "./alloc_error.ts";
import { Dummy } from "./dummy.ts";
import { bumpDesign, checkedDesign, firstFitDesign } from "./heap_designs.ts";
import {
  HEAP_SIZE,
  HEAP_START,
  KernelHeap,
  kernelHeapState,
} from "./kernel_heap.ts";
import {
  DESIGNS,
  heapKernel,
  panicOf,
  runHeapKernel,
} from "./machine_support_test.ts";

const at = (offset: number) => virtAddr(HEAP_START + offset);

Deno.test("KernelHeap gives nothing before init, and blocks from its start after it", () => {
  assertEquals(Number(tests.base), HEAP_START as number);
  const seen: unknown[] = [];
  runHeapKernel(firstFitDesign, ({ heap }) => {
    seen.push(heap.alloc(8, 8), heap.alloc(HEAP_SIZE, 8), heap.heap?.used);
  }, {
    early: ({ heap }) => {
      seen.push(heap.alloc(8, 8), heap.heap, heap.state.inner);
      assertThrows(
        () => heap.dealloc(at(0), 8, 8),
        RangeError,
        "Cannot free 8 bytes at 0x4444_4444_0000: the heap is not initialised",
      );
      heap.state.lock.locked = false; // The refusal came with the lock held.
    },
  });
  assertEquals(seen, [null, null, null, HEAP_START, null, 16]);
});

Deno.test("KernelHeap.init() finds its pages mapped when called twice", () => {
  runHeapKernel(bumpDesign, ({ heap, frames, mapper }) => {
    const block = heap.alloc(8, 8);
    assertEquals(heap.init(mapper(), frames)?.reason, "page-already-mapped");
    assertEquals([block, heap.alloc(8, 8)], [at(0), at(8)]);
  });
});

Deno.test("KernelHeap.init() leaves the heap empty when a page was not mapped", () => {
  runHeapKernel(bumpDesign, () => {}, {
    early({ heap, mapper }) {
      const none = { allocateFrame: () => null };
      const refusal = heap.init(mapper(), none);
      assertEquals(refusal?.debug(), "FrameAllocationFailed");
      assertEquals([heap.state.inner, heap.alloc(8, 8)], [null, null]);
    },
  });
});

Deno.test("KernelHeap.realloc() copies to a new block, and keeps the old one when there is none", () => {
  runHeapKernel(firstFitDesign, ({ cpu, heap }) => {
    const a = heap.allocZeroed(24, 8)!;
    assertEquals([a, cpu.load32(at(20))], [at(0), 0]);
    cpu.store32(at(20), 41);
    const b = heap.realloc(a, 24, 8, 48)!;
    assertEquals([b, cpu.load32(at(24 + 20))], [at(24), 41]);
    assertEquals(heap.realloc(b, 48, 8, HEAP_SIZE), null);
    assertEquals(heap.heap!.used, 48);
    heap.dealloc(b, 48, 8);
    assertEquals(heap.heap!.freeRegions(), [{ offset: 0, size: HEAP_SIZE }]);
  });
});

for (const [name, design] of DESIGNS) {
  Deno.test(`KernelHeap with ${name} goes on after a load as if nothing had happened`, () => {
    // 100 holes, where the design has any; each turn fills some.
    const program = heapKernel(design, ({ heap }) => {
      const blocks = Array.from({ length: 200 }, () => heap.alloc(32, 8)!);
      for (let i = 0; i < 200; i += 2) heap.dealloc(blocks[i]!, 32, 8);
      heap.dealloc(heap.alloc(3000, 8)!, 3000, 8);
    }, {
      loop({ core, heap }) {
        const [a, b] = [heap.alloc(24, 8), heap.alloc(100, 16)];
        core.println(`${a} ${b}`);
        if (b !== null) heap.dealloc(b, 100, 16);
      },
    });
    const first = new Machine({ program });
    for (let turn = 0; turn < 4; turn++) first.step();
    for (const turns of [20, 50]) {
      const second = new Machine({ program });
      second.load(first.save());
      assertEquals(second.digest(), first.digest());
      for (const machine of [first, second]) {
        for (let turn = 0; turn < turns; turn++) machine.step();
      }
      assertEquals(second.clk, first.clk);
      assertEquals(second.digest(), first.digest());
      assertEquals(second.vga.screenText(), first.vga.screenText());
    }
  });
}

Deno.test("KernelHeap.allocError() panics with the text of either handler", () => {
  const full = panicOf(firstFitDesign, ({ heap }) => heap.allocError(4096, 8));
  assertEquals(full.stop, {
    reason: "panic",
    places: ["boot"],
    message: "memory allocation of 4096 bytes failed",
  });
  assertEquals(
    full.screen,
    "panicked at boot:\nmemory allocation of 4096 bytes failed",
  );
  const early = panicOf(firstFitDesign, () => {}, {
    early: ({ heap }) => heap.allocError(8, 8),
    allocError: allocErrorLayoutText,
  });
  assertEquals(early.stop, {
    reason: "panic",
    places: ["boot"],
    message: "allocation error: Layout { size_: 8, align_: 8 }",
  });
});

Deno.test("KernelHeap with Dummy gives nothing, and its dealloc is never called", () => {
  const { stop } = panicOf(() => new Dummy(), ({ heap }) => {
    assertEquals(heap.alloc(8, 8), null);
    heap.dealloc(at(0), 8, 8);
  });
  assert(stop.reason === "panic");
  assertEquals(stop.message, "dealloc should be never called");
});

Deno.test("KernelHeap is a deadlock for code that interrupts the lock's holder", () => {
  const { stop } = panicOf(firstFitDesign, ({ cpu, heap }) => {
    heap.state.lock.locked = true;
    heap.state.lock.holder = "boot > print";
    cpu.call(function handler() {
      heap.alloc(8, 8);
    });
  });
  assertEquals(
    [stop.reason, "message" in stop && stop.message],
    [
      "deadlock",
      "Cannot lock ALLOCATOR: held by boot > print, waited for by boot > handler with interrupts off",
    ],
  );
});

Deno.test("KernelHeap panics when a handler allocates or frees, if told to", () => {
  for (const act of ["allocate", "free"]) {
    const { stop } = panicOf(firstFitDesign, ({ core, cpu, heap }) => {
      core.add({ name: "handler", run() {} });
      const block = heap.alloc(8, 8)!;
      cpu.call(function handler() {
        if (act === "free") heap.dealloc(block, 8, 8);
        else heap.alloc(8, 8);
      });
    }, { refuseInHandlers: true });
    assert(stop.reason === "panic");
    assertEquals(
      stop.message,
      `Cannot ${act} 8 bytes: handler is running, and the code that it ` +
        "interrupted may hold ALLOCATOR",
    );
  }
});

Deno.test("KernelHeap with checkedDesign panics at a double free, and knows the leaks", () => {
  const clks: number[] = [];
  const { stop } = panicOf((memory, state) => {
    const cpu = { now: () => clks.at(-1)! };
    return checkedDesign(firstFitDesign, cpu)(memory, state);
  }, ({ cpu, heap }) => {
    clks.push(cpu.rdtsc());
    const [a, b] = [heap.alloc(24, 8)!, heap.alloc(40, 8)!];
    clks.push(cpu.rdtsc());
    heap.dealloc(a, 24, 8);
    assertEquals(heap.heap!.leaks(), [{
      offset: b - HEAP_START,
      layout: { size: 40, align: 8 },
      allocatedAt: clks[0]!,
    }]);
    heap.dealloc(a, 24, 8);
  });
  assert(stop.reason === "panic");
  assertStringIncludes(
    stop.message,
    `a double free, allocated at ${clks[0]}, freed at ${clks[1]}`,
  );
});

Deno.test("KernelHeap reports blocks, and the digest does not depend on it", () => {
  const program = heapKernel(firstFitDesign, ({ heap }) => {
    heap.dealloc(heap.alloc(40, 8)!, 40, 8);
    heap.alloc(HEAP_SIZE + 1, 8);
  });
  const [silent, heard] = [1, 2].map(() => new Machine({ program })) as [
    Machine,
    Machine,
  ];
  heard.events.on = true;
  for (const machine of [silent, heard]) machine.run();
  const of = (prefix: string) =>
    [...heard.events].filter(({ kind }) => kind.startsWith(prefix))
      .map(({ kind, a, b, c }) => [kind, a, b, c]);
  assertEquals(of("heap"), [
    ["heap-alloc", HEAP_START, 40, 8],
    ["heap-free", HEAP_START, 40, 8],
  ]);
  assertEquals([of("frame-alloc").length, of("map").length], [28, 25]);
  assertEquals(of("flush-dropped"), []);
  const locks = [...of("lock"), ...of("unlock")].filter(([, id]) =>
    id === lockId("ALLOCATOR")
  );
  // init, alloc, dealloc, and the alloc that was refused.
  assertEquals(locks.map(([kind]) => kind), [
    ...Array(4).fill("lock"),
    ...Array(4).fill("unlock"),
  ]);
  assertEquals([...silent.events], []);
  assertEquals(silent.digest(), heard.digest());
});

Deno.test("KernelHeap asks its env as an object whether a handler runs", () => {
  class Env implements SyncEnv {
    readonly #handlers = ["timer"];
    boundary(): void {}
    stop(): never {
      throw new Error("stop");
    }
    holder = (): string => "";
    interruptsEnabled = (): boolean => false;
    isHandler(frame: string): boolean {
      return this.#handlers.includes(frame);
    }
  }
  const nothing = (): never => {
    throw new Error("nothing is mapped");
  };
  const cpu = {
    frames: () => ["boot", "timer"],
    load32: nothing,
    store32: nothing,
    fill: nothing,
    copy: nothing,
    invlpg: nothing,
  };
  const panic = (message: string): never => {
    throw new Error(message);
  };
  const owner = { cpu, env: new Env(), panic };
  const options = { refuseInHandlers: true };
  const state = kernelHeapState();
  const heap = new KernelHeap(owner, state, bumpDesign, options);
  assertThrows(() => heap.alloc(8, 8), Error, "timer is running");
});
