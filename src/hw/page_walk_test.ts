/**
 * Walks over tables in which every entry is there and no two are alike, so
 * that a wrong index, bit or table cannot go unseen, against the manual's walk
 * on 64-bit integers.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { NO_EVENTS } from "../base/events.ts";
import { BIT, writeEntry } from "../../tests/support/page_tables.ts";
import type { VirtAddr } from "./addr.ts";
import {
  ACCESS_FETCH,
  ACCESS_USER,
  ACCESS_WRITE,
  PageWalker,
  type PagingControls,
} from "./page_walk.ts";
import { PhysMemory } from "./phys_memory.ts";
import { TLB_1G, TLB_2M, TLB_D, TLB_G, TLB_RW, TLB_US, TLB_XD } from "./tlb.ts";

const { P, RW, US, PWT, PCD, A, D, PS, G, XD } = BIT;

/** Tables by their address; one lies where a 2 MiB page could begin. */
const PML4 = 0x1000n;
const PDPTS = [0x2000n, 0x3000n];
const PDS = [0x4000n, 0x5000n, 0x6000n, 0x7000n];
const PTS = [0x8000n, 0x9000n, 0x20_0000n, 0x40_0000n];

/** A small generator, so that a test is told by its seed. */
function random(seed: number): (below: number) => number {
  let x = seed >>> 0 || 1;
  return (below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** Fills all tables; returns their entries by address. */
function fill(phys: PhysMemory, seed: number): Map<bigint, bigint> {
  const next = random(seed);
  const entries = new Map<bigint, bigint>();
  const some = (flags: bigint): bigint => next(2) ? flags : 0n;
  const usually = (flags: bigint): bigint => next(16) ? flags : 0n;
  const seldom = (flags: bigint): bigint => next(32) ? 0n : flags;
  /** A number of frames: mostly below 4 GiB, some up to 2^40. */
  const below = (bits: number, allBits: number): bigint =>
    BigInt(next(2 ** (next(4) ? bits : allBits)));
  // Bits 11:9 and 62:52 are software's.
  const flags = (): bigint =>
    usually(P) | usually(A) | usually(RW) | usually(US) | some(PWT) |
    some(PCD) | some(BigInt(next(8)) << 9n) | (next(8) ? 0n : XD) |
    seldom(BigInt(next(2 ** 11)) << 52n) | seldom(seldom(1n << 40n));
  const pick = (tables: readonly bigint[]): bigint =>
    tables[next(tables.length)]!;
  const put = (table: bigint, index: number, entry: bigint): void => {
    entries.set(table + 8n * BigInt(index), entry);
    writeEntry(phys, Number(table), index, entry);
  };
  for (let i = 0; i < 512; i++) {
    put(PML4, i, pick(PDPTS) | flags() | seldom(PS));
    for (const table of PDPTS) {
      const big = below(2, 10) << 30n | PS | usually(D) | some(G) |
        seldom(1n << 12n) | seldom(1n << 29n);
      put(table, i, (next(8) ? pick(PDS) : big) | flags());
    }
    for (const table of PDS) {
      const big = below(11, 19) << 21n | PS | usually(D) | some(G) |
        seldom(1n << 12n) | seldom(1n << 20n); // PAT; a reserved bit.
      put(table, i, (next(3) ? pick(PTS) : big) | flags());
    }
    for (const table of PTS) {
      const frame = below(20, 28) << 12n;
      // Bit 7 is PAT there, and no size.
      put(table, i, frame | usually(D) | some(G) | some(PS) | flags());
    }
  }
  return entries;
}

/** The manual's walk: an error code, or frame and flags of the TLB entry. */
function walked(
  entries: ReadonlyMap<bigint, bigint>,
  address: bigint,
  access: number,
  controls: PagingControls,
): string {
  const { noExecute, writeProtect } = controls;
  const [write, user, fetch] = [ACCESS_WRITE, ACCESS_USER, ACCESS_FETCH]
    .map((bit) => (access & bit) !== 0) as [boolean, boolean, boolean];
  const error = (present: number): string =>
    `error ${
      present | (write ? 2 : 0) | (user ? 4 : 0) | (fetch && noExecute ? 16 : 0)
    }`;
  let table = PML4;
  let [all, any] = [RW | US, 0n];
  for (let level = 4;; level--) {
    const index = address >> BigInt(12 + 9 * (level - 1)) & 511n;
    const entry = entries.get(table + 8n * index)!;
    if (!(entry & P)) return error(0);
    const big = level > 1 && (entry & PS) !== 0n;
    // "Page-Fault Exceptions", bit 3: what is reserved in an entry of this kind.
    const inAddress = (1n << BigInt(12 + 9 * (level - 1))) - (1n << 13n);
    const reserved = 0xf_ff00_0000_0000n | (noExecute ? 0n : XD) |
      (level === 4 ? PS : big ? inAddress : 0n);
    if (entry & reserved) return error(9);
    all &= entry;
    any |= entry & XD;
    table = entry & 0xf_ffff_ffff_f000n;
    if (level > 1 && !big) continue;
    const readOnly = !(all & RW) && (user || writeProtect);
    if (write && readOnly || user && !(all & US) || fetch && any) {
      return error(1);
    }
    // Of a bigger page bit 12 is PAT, and the address gives the low bits.
    const inside = (1n << BigInt(12 + 9 * (level - 1))) - 4096n;
    const frame = table & ~inside & ~0xfffn | address & inside;
    const flags = [
      all & RW ? TLB_RW : 0,
      all & US ? TLB_US : 0,
      any ? TLB_XD : 0,
      entry & D || write ? TLB_D : 0,
      entry & G ? TLB_G : 0,
      level === 3 ? TLB_1G : level === 2 ? TLB_2M : 0,
    ];
    return `frame ${frame} flags ${flags.reduce((a, b) => a | b)}`;
  }
}

Deno.test("PageWalker.walk() agrees with the manual's walk over full tables", () => {
  const phys = new PhysMemory(16 * 2 ** 20, NO_EVENTS);
  const walker = new PageWalker(phys);
  let allowed = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1 }),
      fc.integer({ min: 1 }),
      (seed, seed2) => {
        const entries = fill(phys, seed);
        const next = random(seed2);
        for (let i = 0; i < 400; i++) {
          const page = BigInt(next(2 ** 18)) << 30n |
            BigInt(next(2 ** 18)) << 12n;
          const address = BigInt.asIntN(48, page);
          const access = (next(2) ? ACCESS_WRITE : 0) |
            (next(2) ? ACCESS_USER : 0) | (next(2) ? ACCESS_FETCH : 0);
          const controls = {
            cr3: Number(PML4) + next(2) * 0x18, // PWT and PCD.
            writeProtect: next(2) > 0,
            noExecute: next(4) > 0,
          };
          const got = walker.walk(
            controls,
            Number(address) as VirtAddr,
            access,
            false, // Without a trace: the next walk sees the same tables.
          );
          const expected = walked(
            entries,
            BigInt.asUintN(48, address),
            access,
            controls,
          );
          if (got >= 0) allowed += 1;
          assertEquals(
            got < 0
              ? `error ${~got}`
              : `frame ${got * 4096} flags ${walker.flags}`,
            expected,
            `address 0x${page.toString(16)} access ${access}`,
          );
        }
      },
    ),
    { numRuns: 20 },
  );
  assert(allowed > 1_000, `${allowed} walks were allowed`);
});
