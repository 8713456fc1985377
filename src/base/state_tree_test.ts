import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Hasher } from "./hash.ts";
import {
  cloneState,
  copyStateInto,
  diffState,
  hashState,
  type StateTree,
} from "./state_tree.ts";

const hash = (tree: StateTree): string => {
  const hasher = new Hasher();
  hashState(tree, hasher);
  return hasher.digest();
};

const leaf = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.string(),
  fc.constant(null),
);
const typed = fc.oneof(
  fc.uint8Array({ maxLength: 9 }),
  fc.int32Array({ maxLength: 5 }),
  fc.float64Array({ maxLength: 3, noNaN: true, noDefaultInfinity: true }),
);
const { tree } = fc.letrec<{ node: unknown; tree: Record<string, unknown> }>(
  (tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      leaf,
      typed,
      fc.array(tie("node"), { maxLength: 4 }),
      tie("tree"),
    ),
    tree: fc.dictionary(
      fc.string({ maxLength: 4 }).filter((key) => key !== "__proto__"),
      tie("node"),
      { maxKeys: 5, noNullPrototype: true },
    ),
  }),
);

Deno.test("cloneState() is equal, hashes alike and shares nothing", () => {
  fc.assert(fc.property(tree, (state) => {
    const copy = cloneState(state);
    assertEquals(diffState(state, copy), []);
    assertEquals(hash(copy), hash(state));
    const seen = new Set(objectsOf(state));
    for (const object of objectsOf(copy)) assert(!seen.has(object));
  }));
});

function* objectsOf(node: unknown): Iterable<object> {
  if (typeof node !== "object" || node === null) return;
  yield node;
  for (const child of Object.values(node)) yield* objectsOf(child);
}

Deno.test("copyStateInto() makes any tree equal to any other, and leaves the source alone", () => {
  fc.assert(fc.property(tree, tree, (target, source) => {
    const before = cloneState(source);
    copyStateInto(target, source);
    assertEquals(diffState(target, source), []);
    assertEquals(diffState(source, before), []);
    const seen = new Set(objectsOf(source));
    for (const object of objectsOf(target)) assert(!seen.has(object));
  }));
});

Deno.test("copyStateInto() keeps the identity of all that fits", () => {
  const bytes = new Uint8Array(4), inner = { n: 1 }, list = [{ a: 1 }];
  const [first] = list;
  const target = { bytes, inner, list, gone: 1 };
  copyStateInto(target, {
    bytes: new Uint8Array([1, 2, 3, 4]),
    inner: { n: 2 },
    list: [{ a: 3 }, { a: 4 }],
  });
  assert(target.bytes === bytes && bytes[3] === 4);
  assert(target.inner === inner && inner.n === 2);
  assert(target.list === list && list[0] === first && list.length === 2);
  assert(!("gone" in target));
});

Deno.test("copyStateInto() replaces typed arrays of another length or kind", () => {
  const target = { a: new Uint8Array(2), b: new Uint8Array(4) };
  copyStateInto(target, { a: new Uint8Array(3), b: new Int32Array(1) });
  assertEquals(target.a.length, 3);
  assert((target.b as unknown) instanceof Int32Array);
});

Deno.test("hashState() does not depend on the order of keys", () => {
  assertEquals(hash({ a: 1, b: [2] }), hash({ b: [2], a: 1 }));
});

Deno.test("hashState() tells trees apart that look alike", () => {
  const trees: StateTree[] = [
    {},
    { a: 0 },
    { a: -0 },
    { a: false },
    { a: null },
    { a: "" },
    { a: "0" },
    { a: [] },
    { a: {} },
    { a: [0] },
    { a: [[], 0] },
    { a: [[0]] },
    { a: { b: 0 } },
    { a: 0, b: 0 },
    { ab: 0 },
    { a: 2 ** 32 },
    { a: 2 ** 53 - 1 },
    { a: 0.5 },
    { a: new Uint8Array(1) },
    { a: new Uint8Array(4) },
    { a: new Int32Array(1) },
    { a: new Float64Array(1) },
    { a: new Float64Array([-0]) },
    { a: "a", b: "b" },
    { a: "ab", b: "" },
    { a: "a\u0000", b: "b" },
  ];
  assertEquals(new Set(trees.map(hash)).size, trees.length);
});

Deno.test("hashState() of equal trees is equal, of others it differs", () => {
  fc.assert(fc.property(tree, tree, (a, b) => {
    assertEquals(hash(a) === hash(b), diffState(a, b).length === 0);
  }));
});

Deno.test("hashState() sees each bit of a typed array", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
  fc.assert(fc.property(bytes, fc.nat(), (a, at) => {
    const before = hash({ a });
    a[(at >>> 3) % a.length]! ^= 1 << (at & 7);
    assert(hash({ a }) !== before);
  }));
});

Deno.test("diffState() names the places", () => {
  const a = { x: [1, { y: 2 }], z: new Uint8Array([1, 2]), same: "s", k: 1 };
  const b = { x: [1, { y: 3 }], z: new Uint8Array([1, 5]), same: "s", l: 1 };
  assertEquals(diffState(a, b), ["k", "l", "x[1].y", "z[1]"]);
});

class Thing {}
const shared = { n: 1 };
const buffer = new ArrayBuffer(8);
const REFUSED: readonly [string, StateTree, string][] = [
  ["NaN", { a: { b: NaN } }, "Cannot treat a.b as state: it is NaN"],
  ["a function", { f: () => {} }, "Cannot treat f as state: it is a function"],
  ["undefined", { u: undefined }, "Cannot treat u as state: it is undefined"],
  ["a bigint", { u: [1n] }, "Cannot treat u[0] as state: it is a bigint"],
  ["a symbol", { u: Symbol() }, "Cannot treat u as state: it is a symbol"],
  ["an instance", { t: new Thing() }, "Cannot treat t as state: it is an inst"],
  ["a Map", { t: new Map() }, "Cannot treat t as state: it is an instance of"],
  ["a DataView", { t: new DataView(buffer) }, "instance of DataView"],
  ["64-bit elements", { t: new BigInt64Array(1) }, "of BigInt64Array"],
  // deno-lint-ignore no-sparse-arrays
  ["a hole", { t: [1, , 2] }, "Cannot treat t[1] as state: it is undefined"],
  [
    "an alias",
    { a: shared, b: [shared] },
    "Cannot treat b[0] as state: it is reached twice",
  ],
  [
    "two views of one memory",
    { a: new Uint8Array(buffer), b: new Int32Array(buffer) },
    "Cannot treat b as state: it is reached twice",
  ],
  ["an instance as root", new Thing(), "Cannot treat the root as state"],
];
for (const [name, state, message] of REFUSED) {
  Deno.test(`cloneState() refuses ${name}, naming the place`, () => {
    assertThrows(() => cloneState(state), TypeError, message);
  });
}

Deno.test("cloneState() refuses a cycle", () => {
  const state: Record<string, unknown> = {};
  state["self"] = { state };
  assertThrows(
    () => cloneState(state),
    TypeError,
    "Cannot treat self.state as state: it is reached twice",
  );
});
