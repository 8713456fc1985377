import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { FakeTime } from "@std/testing/time";
import { assertSnapshot } from "@std/testing/snapshot";
import { describe, it } from "@std/testing/bdd";

Deno.test("@std/assert passes what holds", async () => {
  assert(true);
  assertFalse(0);
  assertEquals({ a: [1n] }, { a: [1n] });
  assertNotEquals([1], [2]);
  assertStrictEquals(1, 1);
  assertNotStrictEquals({}, {});
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertGreater(2, 1);
  assertGreaterOrEqual(2, 2);
  assertLess(1, 2);
  assertLessOrEqual(2, 2);
  assertExists("");
  assertInstanceOf(new TypeError(), Error);
  assertIsError(new TypeError("no page"), TypeError, "page");
  assertMatch("clk 12", /\d+/);
  assertNotMatch("clk", /\d/);
  assertStringIncludes("lockstep", "step");
  assertArrayIncludes(Uint8Array.of(1, 2), Uint8Array.of(2));
  assertObjectMatch({ a: 1, b: 2 }, { a: 1 });
  const error: RangeError = assertThrows(
    () => {
      throw new RangeError("out of memory");
    },
    RangeError,
    "memory",
  );
  assertEquals(error.message, "out of memory");
  const late: TypeError = await assertRejects(
    () => Promise.reject(new TypeError("late")),
    TypeError,
  );
  assertEquals(late.message, "late");
});

Deno.test("@std/assert throws AssertionError for what doesn't hold", () => {
  for (
    const breach of [
      () => assert(false),
      () => assertFalse(1),
      () => assertEquals(1, 2),
      () => assertNotEquals([1], [1]),
      () => assertStrictEquals({}, {}),
      () => assertAlmostEquals(1, 2),
      () => assertGreater(1, 1),
      () => assertLess(1, 1),
      () => assertExists(null),
      () => assertInstanceOf(1, Error),
      () => assertMatch("a", /b/),
      () => assertStringIncludes("a", "b"),
      () => assertArrayIncludes([1], [2]),
      () => assertObjectMatch({ a: 1 }, { a: 2 }),
      () => assertThrows(() => {}),
      () => assertThrows(() => fail("other"), RangeError),
      () => fail("said so"),
      () => unimplemented(),
      () => unreachable(),
    ]
  ) {
    assertThrows(breach, AssertionError);
  }
});

Deno.test("parseArgs() gives each option its declared type", () => {
  const args = parseArgs(
    ["run", "--clk", "12", "--json", "--ram=64", "--f", "a", "--f", "b", "x"],
    {
      boolean: ["json", "help"],
      string: ["clk", "ram", "f"],
      collect: ["f"],
      default: { ram: "32" },
    },
  );
  const clk: string | undefined = args.clk;
  const ram: string = args.ram;
  const json: boolean = args.json;
  const f: string[] = args.f;
  assertEquals([clk, ram, json, args.help], ["12", "64", true, false]);
  assertEquals(f, ["a", "b"]);
  assertEquals(args._, ["run", "x"]);
});

Deno.test("FakeTime lets timers fire when told to", () => {
  using time = new FakeTime(1_000);
  let fired = 0;
  setTimeout(() => fired++, 25);
  time.tick(24);
  assertEquals([fired, Date.now()], [0, 1_024]);
  time.tick(1);
  assertEquals(fired, 1);
});

Deno.test("assertSnapshot() compares with the file beside the test", async (t) => {
  await assertSnapshot(t, { clk: 1, words: new Uint32Array([7]) });
});

describe("describe()", () => {
  it("runs its steps", () => assertEquals(1 + 1, 2));
});
