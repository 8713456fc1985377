import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  emptyPageMap,
  forEachDifference,
  PAGE_WORDS,
  PageCopies,
  type PageMap,
  pageOf,
  type PageRecord,
  withPages,
} from "./page_map.ts";

const record = (n: number): PageRecord => ({
  words: new Int32Array(PAGE_WORDS).fill(n),
  hashed: false,
  low: 0,
  high: 0,
});

const differences = (a: PageMap, b: PageMap) => {
  const seen: [number, PageRecord | null][] = [];
  forEachDifference(a, b, (page, contents) => seen.push([page, contents]));
  return seen;
};

Deno.test("emptyPageMap() has zeros everywhere", () => {
  const map = emptyPageMap(1_000);
  assertEquals(map.groups.length, 4);
  for (const page of [0, 255, 256, 999]) assertEquals(pageOf(map, page), null);
  assertEquals(differences(map, emptyPageMap(1_000)), []);
});

Deno.test("withPages() shares every group that it does not change", () => {
  const base = withPages(emptyPageMap(1_024), [1, 300, 1_000], record);
  const next = withPages(base, [301], record);
  for (const group of [0, 2, 3]) {
    assertStrictEquals(next.groups[group], base.groups[group]);
  }
  assertStrictEquals(pageOf(next, 300), pageOf(base, 300));
  assertEquals(pageOf(base, 301), null);
  assertEquals(differences(base, next).map(([page]) => page), [301]);
  assertEquals(differences(next, base), [[301, null]]);
});

Deno.test("a tree of page maps equals a tree of plain maps", () => {
  const PAGES = 600;
  const change = fc.tuple(
    fc.nat(50),
    fc.array(fc.nat(PAGES - 1)),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (script) => {
      const maps: PageMap[] = [emptyPageMap(PAGES)];
      const models: Map<number, PageRecord>[] = [new Map()];
      for (const [from, pages, zero] of script) {
        const parent = from % maps.length;
        const model = new Map(models[parent]);
        const map = withPages(maps[parent]!, pages, (page) => {
          const contents = zero ? null : record(page);
          if (contents) model.set(page, contents);
          else model.delete(page);
          return contents;
        });
        maps.push(map);
        models.push(model);
      }
      for (const [i, map] of maps.entries()) {
        for (let page = 0; page < PAGES; page += 7) {
          assertStrictEquals(pageOf(map, page), models[i]!.get(page) ?? null);
        }
        const j = (i * 5 + 1) % maps.length;
        const seen = new Map(differences(map, maps[j]!));
        for (let page = 0; page < PAGES; page++) {
          const [a, b] = [i, j].map((k) => models[k]!.get(page) ?? null);
          assertEquals(seen.has(page), a !== b, `page ${page}`);
          if (a !== b) assertStrictEquals(seen.get(page), b);
        }
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("PageCopies.copy() copies, each page to a place of its own", () => {
  const words = new Int32Array(3 * PAGE_WORDS).map((_, i) => i);
  const copies = new PageCopies(40);
  const made = Array.from(
    { length: 40 },
    (_, i) => copies.copy(words, (i % 3) * PAGE_WORDS),
  );
  words.fill(-1);
  for (const [i, copy] of made.entries()) {
    assertEquals(copy.length, PAGE_WORDS);
    assertEquals(copy[5], (i % 3) * PAGE_WORDS + 5);
    copy[5] = -i;
  }
  assert(made.every((copy, i) => copy[5] === -i));
});
