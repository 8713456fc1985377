/**
 * State as plain data: the tree that is saved, loaded, hashed and compared.
 *
 * Allowed: numbers (no NaN), booleans, strings, null, typed arrays of numbers, arrays and plain objects of these. No aliases, no
 * functions, no class instances.
 *
 * @module
 */

import type { Hasher } from "./hash.ts";

/** The root of a tree of plain data. */
export type StateTree = object;

type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

type Leaf = number | boolean | string | null;
type Branch = { [key: string]: unknown };

const isTypedArray = (value: unknown): value is TypedArray =>
  ArrayBuffer.isView(value) && "length" in value &&
  !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array);

function isBranch(value: unknown): value is Branch {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const isLeaf = (value: unknown): value is Leaf =>
  value === null || typeof value === "boolean" || typeof value === "string" ||
  (typeof value === "number" && value === value);

const describe = (value: unknown): string =>
  value === undefined
    ? "undefined"
    : typeof value === "number"
    ? "NaN"
    : typeof value === "object"
    ? `an instance of ${value?.constructor?.name ?? "no class"}`
    : `a ${typeof value}`;

function refuse(path: string, value: unknown): never {
  throw new TypeError(
    `Cannot treat ${path || "the root"} as state: it is ${describe(value)}; ` +
      "state is numbers, booleans, strings, null, typed arrays, arrays and plain objects",
  );
}

/**
 * Copies a tree.
 *
 * @param tree plain data
 * @returns a copy that shares nothing with it
 * @throws {TypeError} at the first node that is no plain data, or is reached twice, naming its path
 * @example
 * ```ts
 * import { cloneState } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const state = { count: 3, bytes: new Uint8Array([1, 2]) };
 * const copy = cloneState(state);
 * state.bytes[0] = 9;
 * assertEquals(copy, { count: 3, bytes: new Uint8Array([1, 2]) });
 * ```
 */
export function cloneState<T extends StateTree>(tree: T): T {
  return cloneNode(tree, "", new Set()) as T;
}

function cloneNode(value: unknown, path: string, seen: Set<object>): unknown {
  if (isLeaf(value)) return value;
  if (typeof value !== "object" || value === null) refuse(path, value);
  const memory = isTypedArray(value) ? value.buffer : value;
  if (seen.has(memory)) {
    throw new TypeError(
      `Cannot treat ${path} as state: it is reached twice, and a copy would be two things`,
    );
  }
  seen.add(memory);
  if (isTypedArray(value)) return value.slice();
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    for (let i = 0; i < value.length; i++) { // Holes are looked at, too.
      copy.push(cloneNode(value[i], `${path}[${i}]`, seen));
    }
    return copy;
  }
  if (!isBranch(value)) refuse(path, value);
  const copy: Branch = {};
  for (const key of Object.keys(value)) {
    copy[key] = cloneNode(value[key], path ? `${path}.${key}` : key, seen);
  }
  return copy;
}

/**
 * Makes `target` equal to `source`, keeping the identity of every object and typed array that fits, so that views over
 * them stay valid.
 *
 * @param target the tree to change
 * @param source the tree to copy; left alone
 */
export function copyStateInto(target: StateTree, source: StateTree): void {
  copyBranch(target as Branch, source as Branch);
}

function copyBranch(target: Branch, source: Branch): void {
  for (const key of Object.keys(target)) {
    if (!Object.hasOwn(source, key)) delete target[key];
  }
  for (const key of Object.keys(source)) {
    target[key] = copyNode(target[key], source[key]);
  }
}

/** Copies into the old node where that fits, and returns what shall stand in its place. */
function copyNode(old: unknown, value: unknown): unknown {
  if (isLeaf(value)) return value;
  if (isTypedArray(value)) {
    if (
      isTypedArray(old) && old.constructor === value.constructor &&
      old.length === value.length
    ) {
      old.set(value);
      return old;
    }
    return value.slice();
  }
  if (Array.isArray(value)) {
    const target = Array.isArray(old) ? old : [];
    target.length = value.length;
    for (let i = 0; i < value.length; i++) {
      target[i] = copyNode(target[i], value[i]);
    }
    return target;
  }
  const target = isBranch(old) ? old : {};
  copyBranch(target, value as Branch);
  return target;
}

/**
 * Feeds a tree into a hash: keys in code-unit order, each node under a tag of its type, so that no two different trees
 * feed the same words.
 *
 * @param tree plain data
 * @param hasher receives it
 */
export function hashState(tree: StateTree, hasher: Hasher): void {
  hashNode(tree, hasher);
}

const TAG = {
  null: 1,
  false: 2,
  true: 3,
  integer: 4,
  float: 5,
  string: 6,
  array: 7,
  object: 8,
  typed: 9,
} as const;

function hashNode(value: unknown, hasher: Hasher): void {
  if (typeof value === "number") {
    if ((value | 0) === value && !Object.is(value, -0)) {
      hasher.word(TAG.integer);
      hasher.word(value);
    } else {
      hasher.word(TAG.float);
      hasher.float64(value);
    }
  } else if (typeof value === "boolean") {
    hasher.word(value ? TAG.true : TAG.false);
  } else if (typeof value === "string") {
    hasher.word(TAG.string);
    hasher.text(value);
  } else if (value === null) {
    hasher.word(TAG.null);
  } else if (isTypedArray(value)) {
    hasher.word(TAG.typed);
    hasher.text(value.constructor.name);
    hasher.bytes(
      new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
    );
  } else if (Array.isArray(value)) {
    hasher.word(TAG.array);
    hasher.word(value.length);
    for (const item of value) hashNode(item, hasher);
  } else if (isBranch(value)) {
    const keys = Object.keys(value).sort();
    hasher.word(TAG.object);
    hasher.word(keys.length);
    for (const key of keys) {
      hasher.text(key);
      hashNode(value[key], hasher);
    }
  } else refuse("a node", value);
}

/**
 * Lists where two trees differ.
 *
 * @param a one tree
 * @param b the other
 * @returns the paths of differing leaves, in key order, such as `pit.counters[0].reload`
 */
export function diffState(a: StateTree, b: StateTree): string[] {
  const paths: string[] = [];
  diffNode(a, b, "", paths);
  return paths;
}

function diffNode(a: unknown, b: unknown, path: string, out: string[]): void {
  if (Object.is(a, b)) return;
  const bothLists = (Array.isArray(a) && Array.isArray(b)) ||
    (isTypedArray(a) && isTypedArray(b) && a.constructor === b.constructor);
  if (bothLists) {
    const [x, y] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>];
    for (let i = 0; i < Math.max(x.length, y.length); i++) {
      diffNode(x[i], y[i], `${path}[${i}]`, out);
    }
  } else if (isBranch(a) && isBranch(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    for (const key of [...keys].sort()) {
      diffNode(a[key], b[key], path ? `${path}.${key}` : key, out);
    }
  } else out.push(path);
}
