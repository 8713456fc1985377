import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { VirtAddr } from "./addr.ts";
import {
  Tlb,
  TLB_1G,
  TLB_2M,
  TLB_EMPTY,
  TLB_ENTRIES,
  TLB_G,
  TLB_RW,
  tlbIndex,
  tlbState,
} from "./tlb.ts";

const at = (address: number) => address as VirtAddr;

/** Puts a page where it belongs. */
function put(tlb: Tlb, page: number, flags: number): void {
  tlb.fill(tlbIndex(at(page)), page, page + 2 ** 30, flags);
}
const held = (tlb: Tlb): number[] =>
  Array.from(tlb.state.pages).filter((page) => page !== TLB_EMPTY)
    .sort((a, b) => a - b);

Deno.test("tlbIndex() is bits 12 to 21, of both halves", () => {
  const rows = [
    [0, 0],
    [0xfff, 0],
    [0x1000, 1],
    [0x3f_f000, 1023],
    [0x40_0000, 0],
    [0x1_0000_0000, 0],
    [-4096, 1023],
    [-(2 ** 47), 0],
  ];
  for (const [address, index] of rows) {
    assertEquals(tlbIndex(at(address!)), index);
  }
});

Deno.test("fill() replaces the entry of the same index", () => {
  const tlb = new Tlb();
  put(tlb, 0x5000, TLB_RW);
  put(tlb, 0x5000 + 0x40_0000, TLB_RW);
  assertEquals(held(tlb), [0x40_5000]);
});

Deno.test("flushPage() drops one 4 KiB page and no neighbour", () => {
  const tlb = new Tlb();
  for (const page of [0x4000, 0x5000, 0x6000]) put(tlb, page, TLB_RW);
  tlb.flushPage(at(0x5abc));
  assertEquals(held(tlb), [0x4000, 0x6000]);
  tlb.flushPage(at(0x40_4000)); // Same index, another page.
  assertEquals(held(tlb), [0x4000, 0x6000]);
});

Deno.test("flushPage() drops a global page, and all parts of a bigger one", () => {
  const tlb = new Tlb();
  put(tlb, 0x5000, TLB_G);
  for (const part of [0, 0x1000, 0x1f_f000]) {
    put(tlb, 0x20_0000 + part, TLB_2M);
  }
  put(tlb, 0x40_2000, TLB_2M);
  put(tlb, -(2 ** 30) + 0x3000, TLB_1G);
  put(tlb, -(2 ** 30) + 0x30_9000, TLB_1G);
  assertEquals(tlb.state.bigEntries, 6);
  tlb.flushPage(at(0x5000));
  tlb.flushPage(at(0x30_0000)); // In the 2 MiB page, at an index where nothing of it is.
  assertEquals(held(tlb), [
    -(2 ** 30) + 0x3000,
    -(2 ** 30) + 0x30_9000,
    0x40_2000,
  ]);
  tlb.flushPage(at(-1));
  assertEquals(held(tlb), [0x40_2000]);
  assertEquals(tlb.state.bigEntries, 1);
});

Deno.test("flush(false) keeps global pages, flush(true) none", () => {
  const tlb = new Tlb();
  put(tlb, 0x1000, TLB_RW);
  put(tlb, 0x2000, TLB_G);
  put(tlb, 0x20_3000, TLB_G | TLB_2M);
  tlb.flush(false);
  assertEquals([held(tlb), tlb.state.bigEntries], [[0x2000, 0x20_3000], 1]);
  tlb.flush(true);
  assertEquals(tlb.state, tlbState());
});

Deno.test("the TLB equals a map from index to page; emptied it is fresh data", () => {
  const page = fc.tuple(
    fc.integer({ min: -2048, max: 2047 }),
    fc.constantFrom(0, TLB_G, TLB_2M, TLB_2M | TLB_G, TLB_1G),
  );
  const command = fc.oneof(
    page,
    page.map(([n]) => n),
    fc.boolean(),
  );
  fc.assert(fc.property(fc.array(command, { maxLength: 40 }), (script) => {
    const tlb = new Tlb();
    let model = new Map<number, { page: number; flags: number }>();
    const keep = (f: (e: { page: number; flags: number }) => boolean) => {
      model = new Map([...model].filter(([, entry]) => f(entry)));
    };
    for (const step of script) {
      if (typeof step === "boolean") {
        tlb.flush(step);
        keep(({ flags }) => !step && (flags & TLB_G) !== 0);
      } else if (typeof step === "number") {
        const address = step * 4096;
        tlb.flushPage(at(address + 77));
        keep(({ page, flags }) => {
          const size = flags & TLB_1G
            ? 2 ** 30
            : flags & TLB_2M
            ? 2 ** 21
            : 4096;
          return Math.floor(page / size) !== Math.floor(address / size);
        });
      } else {
        const [n, flags] = step;
        put(tlb, n * 4096, flags);
        model.set((n + 4096) % TLB_ENTRIES, { page: n * 4096, flags });
      }
      const pages = [...model.values()].map(({ page }) => page);
      assertEquals(held(tlb), pages.sort((a, b) => a - b));
      const big = [...model.values()]
        .filter(({ flags }) => flags & (TLB_2M | TLB_1G));
      assertEquals(tlb.state.bigEntries, big.length);
    }
    tlb.flush(true);
    assertEquals(tlb.state, tlbState());
  }));
});
