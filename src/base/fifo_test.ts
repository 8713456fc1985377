import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteFifo, byteFifoState } from "./fifo.ts";
import { cloneState, copyStateInto } from "./state_tree.ts";

Deno.test("ByteFifo equals an array with a limit, saved and loaded at any moment", () => {
  const command = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom("pop" as const, "clear" as const, "reload" as const),
  );
  const script = fc.array(command, { maxLength: 60 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), script, (size, s) => {
    const fifo = new ByteFifo(byteFifoState(size));
    let model: number[] = [];
    for (const step of s) {
      if (step === "pop") assertEquals(fifo.pop(), model.shift() ?? null);
      else if (step === "clear") {
        fifo.clear();
        model = [];
      } else if (step === "reload") {
        const saved = cloneState(fifo.state);
        fifo.push(1);
        copyStateInto(fifo.state, saved);
      } else {
        const room = model.length < size;
        assertEquals(fifo.push(step), room);
        if (room) model.push(step);
      }
      assertEquals(fifo.length, model.length);
      assertEquals(fifo.full, model.length === size);
      assertEquals(fifo.peek(), model[0] ?? null);
    }
  }));
});

Deno.test("an emptied ByteFifo is the same data whatever passed through", () => {
  const fifo = new ByteFifo(byteFifoState(3));
  for (let i = 1; i <= 8; i++) {
    fifo.push(i);
    fifo.pop();
  }
  assertEquals(fifo.state, byteFifoState(3));
});
