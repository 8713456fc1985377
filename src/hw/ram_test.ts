import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Prng } from "../base/prng.ts";
import { PAGE_BYTES, type PageMap } from "./page_map.ts";
import { Ram } from "./ram.ts";

const PAGES = 600; // More than two groups of the page map.

/** A store as the machine makes it. */
function store(ram: Ram, page: number, offset: number, byte: number): void {
  ram.touch(page);
  ram.bytes[page * PAGE_BYTES + offset] = byte;
}

const hashOf = (ram: Ram): string => {
  const { low, high } = ram.hash();
  return `${low} ${high}`;
};

Deno.test("Ram() refuses a size that is no multiple of a page", () => {
  for (const size of [0, -4096, 4095, 4097, Number.NaN]) {
    assertThrows(() => new Ram(size), RangeError, "multiple of 4,096");
  }
});

Deno.test("Ram.hash() changes with every bit of a page, and with the place of a page", () => {
  const ram = new Ram(4 * PAGE_BYTES);
  const seen = new Set([hashOf(ram)]);
  for (let bit = 0; bit < 8 * PAGE_BYTES; bit += 37) {
    store(ram, 1, bit >> 3, 1 << (bit & 7));
    const hash = hashOf(ram);
    assert(!seen.has(hash), `bit ${bit}`);
    seen.add(hash);
    store(ram, 1, bit >> 3, 0);
  }
  store(ram, 2, 0, 1);
  assert(!seen.has(hashOf(ram)));
  store(ram, 2, 0, 0);
  assertEquals(hashOf(ram), "0 0", "all zeros again");
});

Deno.test("Ram.onWatched() comes once, before the page changes", () => {
  const ram = new Ram(2 * PAGE_BYTES);
  const calls: number[] = [];
  ram.onWatched = (page) => calls.push(page * 256 + ram.bytes[PAGE_BYTES]!);
  store(ram, 1, 0, 7);
  ram.watch(1);
  assert(!ram.isOpen(1));
  store(ram, 1, 0, 8);
  store(ram, 1, 0, 9);
  assertEquals(calls, [256 + 7]);
});

Deno.test("Ram.save() shares what has not changed", () => {
  const ram = new Ram(PAGES * PAGE_BYTES);
  store(ram, 3, 0, 1);
  store(ram, 300, 0, 1);
  const first = ram.save();
  store(ram, 300, 1, 2);
  assertEquals(ram.changedPages, 1);
  const second = ram.save();
  assertEquals(first.groups[0] === second.groups[0], true);
  assertEquals(first.groups[1] === second.groups[1], false);
  assertEquals(first.groups[2] === second.groups[2], true);
  assertEquals(second.groups[1]?.[300 - 256]?.words[0], 0x201);
  assertEquals(first.groups[1]?.[300 - 256]?.words[0], 1);
});

Deno.test("Ram.load() refuses a map of another size", () => {
  const map = new Ram(PAGES * PAGE_BYTES).save();
  assertThrows(() => new Ram(PAGE_BYTES).load(map), RangeError, "another size");
});

Deno.test("Ram: any tree of saves and loads equals whole copies", () => {
  const page = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 254, max: 257 }),
    fc.constant(PAGES - 1),
  );
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant("store"), page, fc.nat(255)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("save"), page, page) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("load"), fc.nat(9), page) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("hash"), page, page) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("watch"), page, page) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (script) => {
      const ram = new Ram(PAGES * PAGE_BYTES);
      const other = new Ram(PAGES * PAGE_BYTES);
      const saved: { map: PageMap; bytes: Uint8Array; hash: string }[] = [];
      const open = new Set<number>();
      ram.onClosed = () => open.clear();
      for (const [what, a, b] of script) {
        if (what === "store") {
          // As the MMU does: a page that was open is stored to without asking.
          if (!open.has(a)) ram.touch(a);
          ram.bytes[a * PAGE_BYTES + b] = b + 1;
          if (ram.isOpen(a)) open.add(a);
        } else if (what === "save") {
          const bytes = ram.bytes.slice();
          saved.push({ map: ram.save(), bytes, hash: hashOf(ram) });
        } else if (what === "load" && saved.length > 0) {
          const s = saved[a % saved.length]!;
          ram.load(s.map);
          assertEquals(hashOf(ram), s.hash);
          assert(ram.bytes.every((byte, i) => byte === s.bytes[i]));
        } else if (what === "hash") hashOf(ram);
        else if (what === "watch") {
          ram.watch(a);
          assert(!open.has(a) || !ram.isOpen(a));
        }
      }
      const last = hashOf(ram);
      other.load(ram.save());
      assertEquals(hashOf(other), last);
      assert(other.bytes.every((byte, i) => byte === ram.bytes[i]));
      for (const s of saved) {
        other.load(s.map);
        assertEquals(hashOf(other), s.hash);
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("Ram.hash() is that of the contents, whatever was hashed, saved and loaded before", () => {
  const pages = 300;
  const random = new Prng(5);
  const ram = new Ram(pages * PAGE_BYTES);
  const maps = [ram.save()];
  const hashOf = (words: Int32Array) => {
    const fresh = new Ram(pages * PAGE_BYTES);
    for (let page = 0; page < pages; page++) fresh.touch(page);
    fresh.words.set(words);
    return { ...fresh.hash() };
  };
  for (let i = 0; i < 600; i++) {
    const choice = random.below(10);
    if (choice < 6) {
      const page = random.below(pages);
      ram.touch(page);
      ram.words[page * 1024 + random.below(3)] = random.below(2);
    } else if (choice < 8) maps.push(ram.save());
    else ram.load(maps[random.below(maps.length)]!);
    if (i % 7 === 0) assertEquals({ ...ram.hash() }, hashOf(ram.words));
  }
});
