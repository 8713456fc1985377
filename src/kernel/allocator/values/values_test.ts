import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import book from "../../../../vectors/blog_os-allocators.json" with {
  type: "json",
};
import { FlatMemory } from "../../../base/word_memory.ts";
import { allocErrorLayoutText } from "../alloc_error.ts";
import { FirstFitHeap } from "../first_fit.ts";
import { firstFitDesign } from "../heap_designs.ts";
import { HEAP_SIZE } from "../init_heap.ts";
import { DESIGNS, panicOf, runHeapKernel } from "../machine_support_test.ts";
import { Box } from "./box.ts";
import { BufferHeap } from "./buffer_heap.ts";
import { HeapString } from "./heap_string.ts";
import {
  type HeapType,
  I32,
  U32,
  U64,
  U8,
  USIZE,
  type ValueHeap,
} from "./heap_type.ts";
import { Rc } from "./rc.ts";
import { Vec, vecOf } from "./vec.ts";

/** What the vectors say of each design that they know. */
const VECTORS: Readonly<
  Record<string, typeof book.heap_tests["bump"] | undefined>
> = book.heap_tests;

/** A heap on the host, with the crate's first fit. */
const host = (size = 1 << 16): BufferHeap =>
  new BufferHeap(new FirstFitHeap(new FlatMemory(new ArrayBuffer(size))));

const isWhole = ({ heap }: BufferHeap): void =>
  assertEquals(heap.freeRegions(), [{ offset: 0, size: heap.size }]);

Deno.test("the book's demonstration prints what the book prints", () => {
  const machine = runHeapKernel(firstFitDesign, ({ core, heap }) => {
    const heapValue = Box.of(heap, I32, 41);
    core.println(`heap_value at ${heapValue.pointer()}`);
    const vec = Vec.empty(heap, I32);
    for (let i = 0; i < 500; i++) vec.push(i);
    core.println(`vec at ${vec.pointer()}`);
    const first = Rc.of(heap, vecOf(I32), Vec.of(heap, I32, [1, 2, 3]));
    const second = first.clone();
    core.println(`current reference count is ${second.strongCount()}`);
    first.drop();
    core.println(`reference count is ${second.strongCount()} now`);
    assertEquals([...second.get()], [1, 2, 3]);
    second.drop();
    vec.drop();
    heapValue.drop();
    assertEquals(heap.heap!.used, 0);
    core.println("It did not crash!");
  });
  assertEquals(machine.vga.screenText().slice(19, 24).map((s) => s.trim()), [
    "heap_value at 0x444444440000",
    "vec at 0x444444440800",
    "current reference count is 2",
    "reference count is 1 now",
    "It did not crash!",
  ]);
});

/** `many_boxes`: how many of them came. */
function manyBoxes(heap: ValueHeap): number {
  for (let i = 0; i < HEAP_SIZE; i++) {
    const address = heap.alloc(USIZE.size, USIZE.align);
    if (address === null) return i;
    USIZE.store(heap, address, i);
    const box = new Box(heap, USIZE, { address });
    if (box.get() !== i) throw new Error(`${box.get()} at ${i}`);
    box.drop();
  }
  return HEAP_SIZE;
}

for (const [name, design] of DESIGNS) {
  Deno.test(`the book's heap_allocation tests end as known with ${name}`, () => {
    const known = VECTORS[name];
    if (known) {
      assertEquals([known.many_boxes.of, known.many_boxes.iterations_ok], [
        HEAP_SIZE,
        HEAP_SIZE,
      ]);
    }
    runHeapKernel(design, ({ heap }) => {
      const [a, b] = [Box.of(heap, I32, 41), Box.of(heap, I32, 13)];
      assertEquals([a.get(), b.get()], [41, 13]); // simple_allocation
      b.drop();
      a.drop();

      const vec = Vec.empty(heap, U64); // large_vec
      for (let i = 0n; i < 1000n; i++) vec.push(i);
      let sum = 0n;
      for (const value of vec) sum += value;
      assertEquals(sum, 499_500n);
      vec.drop();

      assertEquals(manyBoxes(heap), HEAP_SIZE); // many_boxes
      const longLived = Box.of(heap, I32, 1); // many_boxes_long_lived
      const came = known?.many_boxes_long_lived.iterations_ok ?? HEAP_SIZE;
      assertEquals(manyBoxes(heap), came);
      assertEquals(longLived.get(), 1);
    });
  });
}

Deno.test("Box.of() panics when there is no room, and before there is a heap", () => {
  const { stop } = panicOf(firstFitDesign, ({ heap }) => {
    Vec.withCapacity(heap, U64, HEAP_SIZE);
  });
  assertEquals(stop, {
    reason: "panic",
    places: ["boot"],
    message: `memory allocation of ${8 * HEAP_SIZE} bytes failed`,
  });
  const early = panicOf(firstFitDesign, () => {}, {
    allocError: allocErrorLayoutText,
    early: ({ heap }) => void Box.of(heap, I32, 41),
  });
  assertEquals(early.stop, {
    reason: "panic",
    places: ["boot"],
    message: "allocation error: Layout { size_: 4, align_: 4 }",
  });
});

Deno.test("a type stores its values and refuses others", () => {
  const heap = host();
  const keeps = <T>(type: HeapType<T>, values: T[], not: T[]): void => {
    const box = Box.of(heap, type, values[0]!);
    for (const value of values) {
      box.set(value);
      assertEquals(box.get(), value, type.name);
    }
    for (const value of not) {
      assertThrows(() => box.set(value), RangeError, `as ${type.name}`);
    }
    assertEquals(box.get(), values.at(-1));
    box.drop();
  };
  keeps(U8, [0, 0xff], [-1, 0x100, 0.5, NaN]);
  keeps(U32, [0, 0xffff_ffff], [-1, 2 ** 32]);
  keeps(I32, [0, -(2 ** 31), 2 ** 31 - 1], [2 ** 31]);
  keeps(USIZE, [0, 2 ** 32, 2 ** 53 - 1], [-1, 2 ** 53]);
  keeps(U64, [0n, 2n ** 53n + 1n, 2n ** 64n - 1n], [-1n, 2n ** 64n]);
  isWhole(heap);
});

Deno.test("Box, Vec and Rc refuse to be used after they were dropped", () => {
  const heap = host();
  const [box, vec] = [Box.of(heap, I32, 1), Vec.of(heap, I32, [1])];
  const rc = Rc.of(heap, I32, 1);
  for (const owned of [box, vec, rc]) owned.drop();
  assert(box.isDropped && vec.isDropped && rc.isDropped);
  const uses: [string, () => unknown][] = [
    ["Box<i32>", () => box.get()],
    ["Box<i32>", () => box.set(2)],
    ["Box<i32>", () => box.drop()],
    ["Vec<i32>", () => vec.push(2)],
    ["Vec<i32>", () => vec.length],
    ["Vec<i32>", () => vec.drop()],
    ["Rc<i32>", () => rc.clone()],
    ["Rc<i32>", () => rc.drop()],
  ];
  for (const [name, use] of uses) {
    assertThrows(use, TypeError, `Cannot use a ${name}: it was dropped`);
  }
  isWhole(heap);
});

Deno.test("Vec panics with Rust's text past its end", () => {
  const vec = Vec.of(host(), I32, [1, 2, 3]);
  const text = "index out of bounds: the len is 3 but the index is 3";
  assertThrows(() => vec.at(3), RangeError, text);
  assertThrows(() => vec.set(3, 0), RangeError, text);
  assertEquals([vec.get(3), vec.get(-1), vec.get(0.5), vec.get(2)], [
    null,
    null,
    null,
    3,
  ]);
});

Deno.test("Vec grows to 4, 8, 16 … values, or 8, 16 … bytes", () => {
  const capacities = (type: HeapType<number>): number[] => {
    const vec = Vec.empty(host(), type);
    const seen = new Set([vec.capacity]);
    for (let i = 0; i < 20; i++) {
      vec.push(i);
      seen.add(vec.capacity);
    }
    return [...seen];
  };
  assertEquals(capacities(I32), [0, 4, 8, 16, 32]);
  assertEquals(capacities(U8), [0, 8, 16, 32]);
  assertEquals(Vec.of(host(), I32, [1, 2, 3]).capacity, 3); // vec![1, 2, 3]
});

Deno.test("Rc drops its value, and what that owns, with the last reference", () => {
  const heap = host();
  const first = Rc.of(heap, vecOf(I32), Vec.of(heap, I32, [1, 2, 3]));
  const inner = heap.heap as FirstFitHeap;
  assertEquals(inner.used, 16 + 40); // 12 bytes, and counts with three words.
  const second = first.clone();
  assert(first.ptrEq(second) && second.strongCount() === 2);
  second.drop();
  assertEquals([first.strongCount(), inner.used], [1, 56]);
  first.drop();
  isWhole(heap);
});

Deno.test("a vector in a vector is moved there, and dropped with it", () => {
  const heap = host();
  const inner = Vec.of(heap, I32, [7]);
  const outer = Vec.of(heap, vecOf(I32), [inner]);
  assertThrows(() => inner.length, TypeError, "it was dropped");
  outer.set(0, Vec.of(heap, I32, [8, 9]));
  assertEquals([...outer.at(0)], [8, 9]);
  const out = outer.pop()!;
  outer.drop();
  assertEquals([...out], [8, 9]);
  out.drop();
  isWhole(heap);
});

Deno.test("Vec.clear() and drop() drop each value, once", () => {
  const heap = host();
  const outer = Vec.empty(heap, vecOf(I32));
  for (let i = 1; i <= 3; i++) outer.push(Vec.of(heap, I32, [i, i, i]));
  outer.clear();
  assertEquals(outer.length, 0);
  for (let i = 1; i <= 2; i++) outer.push(Vec.of(heap, I32, [i]));
  outer.drop();
  isWhole(heap);
});

Deno.test("a vector goes on over its saved data", () => {
  const heap = host();
  const vec = Vec.of(heap, I32, [1, 2]);
  const again = new Vec(heap, I32, structuredClone(vec.state));
  again.push(3);
  assertEquals([...again], [1, 2, 3]);
});

Deno.test("Vec behaves as an array does, whatever is done with it", () => {
  const value = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const step = fc.oneof(
    fc.record({ op: fc.constant("push" as const), value }),
    fc.record({ op: fc.constant("pop" as const) }),
    fc.record({ op: fc.constant("set" as const), at: fc.nat(20), value }),
    fc.record({ op: fc.constant("reserve" as const), at: fc.nat(20) }),
    fc.record({ op: fc.constant("clear" as const) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const heap = host();
    const [vec, model] = [Vec.empty(heap, I32), [] as number[]];
    for (const s of steps) {
      if (s.op === "push") {
        vec.push(s.value);
        model.push(s.value);
      } else if (s.op === "pop") {
        assertEquals(vec.pop(), model.pop() ?? null);
      } else if (s.op === "set") {
        if (s.at >= model.length) continue;
        vec.set(s.at, s.value);
        model[s.at] = s.value;
      } else if (s.op === "clear") {
        vec.clear();
        model.length = 0;
      } else vec.reserve(s.at);
      assertEquals([...vec], model);
      assert(vec.capacity >= vec.length);
    }
    vec.drop();
    isWhole(heap);
  }));
});

Deno.test("HeapString holds UTF-8 and appends", () => {
  const heap = host();
  const text = HeapString.from(heap, "some");
  assertEquals([text.length, text.capacity], [4, 4]);
  text.pushStr("_string ✓ 🦀");
  assertEquals(text.toString(), "some_string ✓ 🦀");
  assertEquals([text.length, text.capacity], [20, 20]);
  assertEquals(HeapString.empty(heap).toString(), "");
  text.clear();
  assertEquals([text.length, text.capacity], [0, 20]);
  text.drop();
  isWhole(heap);
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme" })), (parts) => {
    const text = HeapString.empty(heap);
    for (const part of parts) text.pushStr(part);
    assertEquals(text.toString(), parts.join(""));
    assertEquals(text.length, new TextEncoder().encode(parts.join("")).length);
    text.drop();
  }));
});

Deno.test("BufferHeap passes on that there is no room", () => {
  const heap = host();
  assertEquals(heap.alloc(2 ** 20, 8), null);
  const block = heap.alloc(16, 8)!;
  assertEquals(heap.realloc(block, 16, 8, 2 ** 20), null);
  heap.dealloc(block, 16, 8);
  isWhole(heap);
});

Deno.test("Vec.withCapacity() refuses what is no number of values", () => {
  const heap = host();
  for (const capacity of [-1, 0.5, NaN]) {
    assertThrows(
      () => Vec.withCapacity(heap, I32, capacity),
      RangeError,
      `Cannot make a Vec<i32> of ${capacity} values`,
    );
  }
  isWhole(heap);
});
