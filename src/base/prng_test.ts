import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Prng } from "./prng.ts";
import { cloneState } from "./state_tree.ts";

/** One step of sfc32 as published, over BigInt. */
function sfc32(s: readonly bigint[]): { next: bigint[]; result: number } {
  const u32 = (n: bigint) => BigInt.asUintN(32, n);
  const [a, b, c, counter] = s as [bigint, bigint, bigint, bigint];
  const result = u32(a + b + counter);
  const rotated = u32(c << 21n) | c >> 11n;
  const next = [b ^ b >> 9n, u32(c + (c << 3n)), u32(rotated + result)];
  return { next: [...next, u32(counter + 1n)], result: Number(result) };
}

Deno.test("Prng.word() is sfc32, from any state", () => {
  const state = fc.int32Array({ minLength: 4, maxLength: 4 });
  fc.assert(fc.property(state, (words) => {
    let model = Array.from(words, (w) => BigInt(w >>> 0));
    const prng = new Prng({ words });
    for (let i = 0; i < 20; i++) {
      const { next, result } = sfc32(model);
      assertEquals(prng.word(), result);
      model = next;
    }
  }));
});

Deno.test("a Prng goes on from its state, and seeds decide", () => {
  const prng = new Prng(42);
  for (let i = 0; i < 5; i++) prng.word();
  const copy = new Prng(cloneState(prng.state));
  assertEquals(prng.word(), copy.word());
  const firsts = [0, 1, 2, -1, 2 ** 32, 2 ** 33 + 1].map((seed) =>
    new Prng(seed).word()
  );
  assertEquals(new Set(firsts).size, firsts.length);
  assertEquals(new Prng(7).word(), new Prng(7).word());
});

Deno.test("below() stays below, and reaches every value about as often", () => {
  const prng = new Prng(1);
  for (const bound of [1, 2, 3, 10, 2 ** 31, 2 ** 32]) {
    for (let i = 0; i < 100; i++) {
      const n = prng.below(bound);
      assert(Number.isInteger(n) && n >= 0 && n < bound);
    }
  }
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[prng.below(10)]! += 1;
  for (const count of counts) assert(Math.abs(count - 10_000) < 500);
});
