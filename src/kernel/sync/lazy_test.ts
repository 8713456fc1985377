/**
 * The crate lazy_static's own tests by name, as far as they make sense with
 * one CPU: a second thread is here an interrupt at some boundary, or a nested
 * call. Left out: `test_meta`, `test_visibility`, `item_name_shadowing` and
 * `lifetime_name` are about types only.
 */
import { HOST_ENV, Lazy, onceState } from "./mod.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("lazy: test_basic, test_repeat, s3 (chained), pre_init", () => {
  let built = 0;
  const s1 = new Lazy(HOST_ENV, "S1", () => (built += 1, "a"));
  const s2 = new Lazy(HOST_ENV, "S2", () => [s1.get(), s1.get()]);
  const s3 = new Lazy(HOST_ENV, "S3", () => [...s2.get(), ...s2.get()]);
  assertEquals(built, 0);
  s3.initialize();
  assertEquals([s3.isInitialized, s3.get().join("")], [true, "aaaa"]);
  assertEquals(built, 1);
});

Deno.test("lazy: a cycle is a deadlock", () => {
  const a: Lazy<number> = new Lazy(HOST_ENV, "A", () => b.get());
  const b: Lazy<number> = new Lazy(HOST_ENV, "B", () => a.get());
  assertThrows(() => a.get(), Error, "Cannot wait for A: ");
});

Deno.test("lazy: goes on from a copied state, and with one put in its place", () => {
  const build = () => ({ n: 0 });
  const over = (data: { n: number }) => ({ next: () => ++data.n });
  const a = new Lazy(HOST_ENV, "A", build, onceState(), over);
  a.get().next();
  const b = new Lazy(
    HOST_ENV,
    "A",
    build,
    { ...a.state, value: { n: 7 } },
    over,
  );
  assertEquals([b.get().next(), b.get().next()], [8, 9]);
  b.state.value = { n: 20 };
  assertEquals(b.get().next(), 21);
});
