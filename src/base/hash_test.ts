import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { type Hash64, Hasher, hashWords } from "./hash.ts";

// XXH32 as its specification says it, over BigInt: nothing of ours in it.
const P = [2654435761n, 2246822519n, 3266489917n, 668265263n, 374761393n];
const u32 = (n: bigint) => BigInt.asUintN(32, n);
const rotl = (n: bigint, by: bigint) => u32(n << by) | n >> (32n - by);
const wordAt = (bytes: Uint8Array, i: number) =>
  BigInt(new DataView(bytes.buffer, bytes.byteOffset).getUint32(i, true));

function xxh32(bytes: Uint8Array, length = BigInt(bytes.length)): number {
  const [P1, P2, P3, P4, P5] = P as [bigint, bigint, bigint, bigint, bigint];
  let i = 0, h: bigint;
  if (bytes.length >= 16) {
    const lanes = [u32(P1 + P2), P2, 0n, u32(-P1)];
    for (; i + 16 <= bytes.length; i += 16) {
      for (let k = 0; k < 4; k++) {
        const word = wordAt(bytes, i + 4 * k);
        lanes[k] = u32(rotl(u32(lanes[k]! + word * P2), 13n) * P1);
      }
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    h = rotl(a, 1n) + rotl(b, 7n) + rotl(c, 12n) + rotl(d, 18n);
  } else h = P5;
  h = u32(h + length);
  for (; i + 4 <= bytes.length; i += 4) {
    h = u32(rotl(u32(h + wordAt(bytes, i) * P3), 17n) * P4);
  }
  for (; i < bytes.length; i++) {
    h = u32(rotl(u32(h + BigInt(bytes[i]!) * P5), 11n) * P1);
  }
  h = u32((h ^ h >> 15n) * P2);
  h = u32((h ^ h >> 13n) * P3);
  return Number(h ^ h >> 16n);
}

const ascii = (text: string) =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));

Deno.test("the XXH32 of this test has the published values", () => {
  assertEquals(xxh32(ascii("")), 0x02cc_5d05);
  assertEquals(xxh32(ascii("abc")), 0x32d1_53ff);
  assertEquals(
    xxh32(ascii("Nobody inspects the spammish repetition")),
    0xe229_3b2f,
  );
});

const out = (): Hash64 => ({ low: 0, high: 0 });
const words = fc.int32Array({ minLength: 4, maxLength: 64 })
  .map((w) => w.subarray(0, w.length & ~3)).filter((w) => w.some((x) => x));

Deno.test("hashWords().low is XXH32 with the length in words", () => {
  fc.assert(fc.property(words, (w) => {
    const bytes = new Uint8Array(w.buffer, w.byteOffset, w.byteLength);
    const { low } = hashWords(w, 0, w.length, out());
    assertEquals(low >>> 0, xxh32(bytes, BigInt(w.length)));
  }));
});

Deno.test("hashWords() takes a part, and says so by its result alone", () => {
  fc.assert(fc.property(words, fc.nat(9), (w, before) => {
    const padded = new Int32Array(w.length + before + 3).fill(-1);
    padded.set(w, before);
    assertEquals(
      hashWords(padded, before, w.length, out()),
      hashWords(w, 0, w.length, out()),
    );
  }));
});

Deno.test("hashWords() of zeros is zero, whatever was in `out`", () => {
  assertEquals(
    hashWords(new Int32Array(1024), 0, 1024, { low: 5, high: 6 }),
    { low: 0, high: 0 },
  );
});

Deno.test("hashWords(): each bit of a page reaches both words", () => {
  const page = new Int32Array(1024);
  const low = new Set<number>(), high = new Set<number>();
  for (let bit = 0; bit < 1024 * 32; bit++) {
    page[bit >>> 5]! ^= 1 << (bit & 31);
    const h = hashWords(page, 0, 1024, out());
    low.add(h.low);
    high.add(h.high);
    page[bit >>> 5] = 0;
  }
  // Of 32,768 values in 2^32 some 0.1 pairs collide by chance; a lane that lost bits would lose thousands.
  assert(low.size > 32_760, `${low.size}`);
  assert(high.size > 32_760, `${high.size}`);
});

Deno.test("hashWords(): the words' order counts", () => {
  const h = (...w: number[]) =>
    hashWords(Int32Array.from(w), 0, w.length, out());
  assertNotEquals(h(1, 2, 3, 4), h(2, 1, 3, 4));
  assertNotEquals(h(1, 2, 3, 4), h(4, 3, 2, 1));
  assertNotEquals(h(1, 0, 0, 0, 0, 0, 0, 0), h(0, 0, 0, 0, 1, 0, 0, 0));
});

Deno.test("Hasher tells lengths and order apart; kinds are for hashState() to tag", () => {
  const feeds: ((h: Hasher) => void)[] = [
    () => {},
    (h) => h.word(0),
    (h) => (h.word(0), h.word(0)),
    (h) => (h.word(1), h.word(2)),
    (h) => (h.word(2), h.word(1)),
    (h) => h.float64(-0),
    (h) => h.float64(0.1),
    (h) => h.text("a"),
    (h) => h.text("aa"),
    (h) => h.bytes(new Uint8Array([97, 0])),
    (h) => h.bytes(new Uint8Array([97, 0, 0, 0, 0])),
  ];
  const digests = feeds.map((feed) => {
    const hasher = new Hasher();
    feed(hasher);
    const digest = hasher.digest();
    assertEquals(hasher.digest(), digest, "a digest changes nothing");
    assert(/^[0-9a-f]{16}$/.test(digest));
    return digest;
  });
  assertEquals(new Set(digests).size, feeds.length);
});

Deno.test("Hasher: a flipped bit anywhere changes the digest", () => {
  const input = fc.array(fc.integer(), { minLength: 1, maxLength: 40 });
  fc.assert(fc.property(input, fc.nat(), (list, at) => {
    const digest = (numbers: readonly number[]) => {
      const hasher = new Hasher();
      for (const n of numbers) hasher.word(n);
      return hasher.digest();
    };
    const before = digest(list);
    list[(at >>> 5) % list.length]! ^= 1 << (at & 31);
    assertNotEquals(digest(list), before);
  }));
});
