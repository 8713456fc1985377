import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { Machine } from "../../hw/mod.ts";
import { FirstFitHeap, FlatMemory } from "../../kernel/allocator/first_fit.ts";
import { kernel } from "../../kernel/kernel.ts";
import { ScancodeSet1 } from "../../kernel/keyboard/mod.ts";
import { walkTables } from "../models/paging_model.ts";
import { TableMemory } from "../models/paging_model.ts";
import {
  anyAddressWord,
  anyEntryFlags,
  anyFrame,
  anyFrameScript,
  anyHeapScript,
  anyInputs,
  anyLayout,
  anyLockScript,
  anyMapperScript,
  anyMemoryMap,
  anyPage,
  anyPageTables,
  anyPhysAddr,
  anyPortProgram,
  anyScancodes,
  anySteps,
  anyTaskScript,
  anyVirtAddr,
  entryFlagsText,
  nameOf,
} from "./mod.ts";

const sample = <T>(arbitrary: fc.Arbitrary<T>, count = 300): T[] =>
  fc.sample(arbitrary, { numRuns: count, seed: 5 });

Deno.test("anyVirtAddr() draws both edges of the gap, and canonical addresses only", () => {
  const drawn = sample(anyVirtAddr(), 2000);
  for (const address of drawn) {
    assert(address >= -(2 ** 47) && address < 2 ** 47);
  }
  const seen = new Set<number>(drawn);
  for (const edge of [2 ** 47 - 1, -(2 ** 47), 0, -1]) {
    assert(seen.has(edge), String(edge));
  }
});

Deno.test("anyPhysAddr(), anyPage() and anyFrame() keep their ranges and sizes", () => {
  for (const address of sample(anyPhysAddr())) {
    assert(address >= 0 && address < 2 ** 52);
  }
  for (const page of sample(anyPage(0x20_0000))) {
    assertEquals(page % 0x20_0000 + 0, 0);
    assert(page >= -(2 ** 47) && page < 2 ** 47);
  }
  for (const frame of sample(anyFrame(0x4000_0000))) {
    assert(frame % 0x4000_0000 === 0 && frame < 2 ** 52);
  }
});

Deno.test("anyAddressWord() draws words on both sides of canonical", () => {
  const canonical = (word: bigint) =>
    BigInt.asUintN(64, BigInt.asIntN(48, word)) === word;
  const drawn = sample(anyAddressWord()).map(canonical);
  assert(drawn.includes(true) && drawn.includes(false));
});

Deno.test("anyLayout() draws powers of two and sizes in range", () => {
  for (const { size, align } of sample(anyLayout(500, 64))) {
    assert(size >= 1 && size <= 500 && align <= 64);
    assertEquals(align & (align - 1), 0);
  }
});

Deno.test("entryFlagsText() names every flag that anyEntryFlags() draws", () => {
  for (const flags of sample(anyEntryFlags(), 50)) {
    assertMatch(entryFlagsText(flags), /^PTE_P( \| PTE_\w+)*$/);
  }
  assertEquals(entryFlagsText(0x83), "PTE_P | PTE_RW | 0x80");
  assertEquals(entryFlagsText(0), "0x0");
});

Deno.test("anySteps() loses steps that lie far apart", () => {
  const { counterexample } = fc.check(
    fc.property(anySteps(fc.nat(99), 40), (list) => {
      const first = list.indexOf(7);
      return first < 0 || !list.slice(first + 10).includes(8);
    }),
    { seed: 1, numRuns: 5000 },
  );
  const [list] = counterexample!;
  assertEquals([list.length, list[0], list.at(-1)], [11, 7, 8]);
  assertEquals(new Set(list.slice(1, -1)), new Set([0]), `${list}`);
});

Deno.test("nameOf() never repeats", () => {
  const names = Array.from({ length: 200 }, (_, i) => nameOf(i));
  assertEquals(new Set(names).size, 200);
  assertEquals(names.slice(24, 28), ["y", "z", "a1", "b1"]);
});

Deno.test("scripts of a heap run as the code that they print", () => {
  for (const script of sample(anyHeapScript({ whole: true }), 60)) {
    const heap = new FirstFitHeap(new FlatMemory(new ArrayBuffer(4096)));
    // What is printed is code: it runs, and leaves the heap as the operations do.
    new Function("heap", `${script}`.replace(/for .*/g, ""))(heap);
    const names = new Map<number, number | null>();
    const other = new FirstFitHeap(new FlatMemory(new ArrayBuffer(4096)));
    for (const operation of script.operations) {
      if (!("name" in operation)) continue;
      const { op, name, size, align } = operation;
      const at = names.get(name) ?? null;
      if (op === "alloc") names.set(name, other.alloc(size, align));
      else if (op === "zeroed") names.set(name, other.allocZeroed(size, align));
      else if (at === null) continue;
      else if (!("newSize" in operation)) other.dealloc(at, size, align);
      else {
        const moved = other.realloc(at, size, align, operation.newSize);
        names.set(name, moved ?? at);
      }
    }
    assertEquals(heap.freeRegions(), other.freeRegions());
  }
});

Deno.test("every script prints a line of code for each operation", () => {
  const rows: [fc.Arbitrary<unknown>, RegExp][] = [
    [anyHeapScript(), /^(let|if|for|heap\.|$)/],
    [
      anyFrameScript({ runs: true, claims: true }),
      /^(const|frames\.| {2}\{|\])/,
    ],
    [anyMapperScript(), /^(mapper[.\w]*\(.*\);( \/\/ \d left)?|)$/],
    [anyTaskScript({ interrupts: true }), /^(const|executor|for|\/\/|$)/],
    [anyLockScript(), /^(lock\.\w+\(.*\);|\/\/.*|)$/],
    [anyPageTables({ wild: true }), /^(\/\/|memory\.store32\(0x)/],
    [anyScancodes(), /^\[(0x[0-9a-f]+(, )?)*\]$/],
    [anyPortProgram(), /^(machine\.ports\.(read|write)\(0x.*\);|)$/],
    [anyInputs(), /^(machine\.addInputs\(\[| {2}\{ clk: \d+, .*|\]\);)$/],
  ];
  for (const [arbitrary, line] of rows) {
    for (const script of sample(arbitrary, 40)) {
      for (const text of `${script}`.split("\n")) assertMatch(text, line);
    }
  }
});

Deno.test("anyMemoryMap() draws sorted maps, overlapping only if asked", () => {
  const overlaps = (map: ReturnType<typeof sample<never>>): boolean =>
    (map as unknown as { startFrame: number; endFrame: number }[])
      .some((region, i, all) =>
        i > 0 && region.startFrame < all[i - 1]!.endFrame
      );
  assert(!sample(anyMemoryMap()).some((map) => overlaps(map as never)));
  assert(
    sample(anyMemoryMap({ overlaps: true })).some((map) =>
      overlaps(map as never)
    ),
  );
});

Deno.test("anyPageTables() draws tables that a processor walks", () => {
  let pages = 0;
  for (const tables of sample(anyPageTables(), 50)) {
    const memory = new TableMemory(tables.root);
    for (let at = tables.root + 4096; at < tables.end; at += 4096) {
      memory.tables.set(at, new Uint32Array(1024));
    }
    tables.write(memory);
    for (const address of [0, -4096, 2 ** 39 - 4096]) {
      if (walkTables(memory, address) !== null) pages += 1;
    }
  }
  assert(pages > 0);
});

Deno.test("anyScancodes() draws whole scancodes, and broken ones if asked", () => {
  const errors = (damaged: boolean): number =>
    sample(anyScancodes({ damaged }), 200).filter(({ bytes }) => {
      const decoder = new ScancodeSet1();
      return bytes.map((byte) => decoder.advance(byte)).some((event) =>
        event !== null && !("code" in Object(event))
      );
    }).length;
  assertEquals(errors(false), 0);
  assert(errors(true) > 0);
});

Deno.test("a machine takes any inputs and port programs, twice the same", () => {
  const cases = fc.tuple(anyInputs({ near: [1_000_000] }), anyPortProgram());
  for (const [{ inputs }, program] of sample(cases, 6)) {
    const run = (): string => {
      const machine = new Machine({ program: kernel, ramBytes: 2 ** 24 });
      machine.addInputs(inputs);
      machine.run({ clkMax: 900_000 });
      program.run(machine.ports);
      return machine.digest();
    };
    assertEquals(run(), run(), `${program}`);
  }
});
