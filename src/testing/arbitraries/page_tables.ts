/**
 * Page tables in memory: of mapped pages, and with entries that no mapper would
 * write now and then, as a processor has to take them too.
 *
 * @module
 */

import fc from "fast-check";
import { formatHex } from "../../hw/format_hex.ts";
import type { Frame } from "../../hw/page.ts";
import { PTE_P, PTE_PS, PTE_RW, PTE_US } from "../../hw/page_table.ts";
import type { PageTableMemory } from "../../kernel/memory/mappers/page_table_memory.ts";
import { anyEntryFlags } from "./address.ts";
import type { Arbitrary } from "./arbitrary.ts";
import { anyPagePath, frameOf, type PagePath } from "./mapper_script.ts";
import { anySteps } from "./steps.ts";

/** An entry in memory. */
export interface TableEntry {
  /** Physical address of the entry, a multiple of 8. */
  readonly at: number;
  /** Bits 0 to 31, unsigned. */
  readonly low: number;
  /** Bits 32 to 63, unsigned. */
  readonly high: number;
}

/** Page tables as the entries that they consist of. */
export class PageTables {
  /** The level 4 table. */
  readonly root: Frame;
  /** Entries that are not zero, each once. */
  readonly entries: readonly TableEntry[];
  /** Physical address behind the last table; they lie side by side from the root on. */
  readonly end: number;

  /**
   * Makes tables.
   *
   * @param root The level 4 table.
   * @param entries Entries that are not zero.
   * @param end Physical address behind the last table.
   */
  constructor(root: Frame, entries: readonly TableEntry[], end: number) {
    this.root = root;
    this.entries = entries;
    this.end = end;
  }

  /**
   * Writes them to memory, which holds zeros from the root to the end.
   *
   * @param memory Physical memory.
   */
  write(memory: PageTableMemory): void {
    for (const { at, low, high } of this.entries) {
      memory.store32(at, low);
      memory.store32(at + 4, high);
    }
  }

  /** The tables as code, for a `memory`. */
  toString(): string {
    return [
      `// CR3 = ${formatHex(this.root)}, tables up to ${formatHex(this.end)}`,
      ...this.entries.flatMap(({ at, low, high }) => [
        `memory.store32(${formatHex(at)}, ${formatHex(low)});`,
        `memory.store32(${formatHex(at + 4)}, ${formatHex(high)});`,
      ]),
    ].join("\n");
  }
}

/** A page that is mapped. */
interface Mapping {
  readonly path: PagePath;
  readonly frame: Frame;
  readonly flags: number;
  readonly parents: number;
}

/** An entry that replaces another one: any bits. */
interface Wild {
  /** Which of the entries, modulo their number. */
  readonly pick: number;
  readonly low: number;
  readonly high: number;
}

/** What page tables are drawn. */
export interface PageTablesOptions {
  /** The level 4 table; 0x1000 by default. */
  readonly root?: number;
  /** Mapped pages at most; 12 by default. */
  readonly pagesMax?: number;
  /** Whether some entries have any bits; by default not. */
  readonly wild?: boolean;
}

function build(
  root: number,
  mappings: readonly Mapping[],
  wilds: readonly Wild[],
): PageTables {
  const words = new Map<number, readonly [number, number]>();
  let end = root + 4096;
  for (const { path, frame, flags, parents } of mappings) {
    let table = root;
    for (const [depth, index] of path.entries()) {
      const at = table + 8 * index;
      const old = words.get(at);
      if (depth === path.length - 1) {
        if (old !== undefined) break; // Another page is there.
        const huge = path.length < 4 ? PTE_PS : 0;
        words.set(at, [
          frame % 2 ** 32 + (flags | huge),
          Math.floor(frame / 2 ** 32),
        ]);
      } else if (old === undefined) {
        words.set(at, [end + parents, 0]);
        table = end;
        end += 4096;
      } else if ((old[0] & PTE_PS) !== 0) break;
      else table = old[0] - old[0] % 4096;
    }
  }
  const places = [...words.keys()];
  for (const { pick, low, high } of wilds) {
    const at = places[pick % places.length];
    if (at !== undefined) words.set(at, [low, high]);
  }
  const entries = [...words].map(([at, [low, high]]) => ({ at, low, high }));
  return new PageTables(
    root as Frame,
    entries.sort((a, b) => a.at - b.at),
    end,
  );
}

/**
 * Page tables.
 *
 * @param options What is drawn.
 * @returns Tables that lie side by side from the root on.
 *
 * @example
 * ```ts
 * import { anyPageTables } from "@lockstep/kernel/testing";
 * import { OffsetPageTable, offsetPageTableState } from "@lockstep/kernel/mappers";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(anyPageTables(), (tables) => {
 *   const ram = new Uint32Array(tables.end / 4);
 *   const memory = {
 *     load32: (at: number) => ram[at / 4]!,
 *     store32: (at: number, word: number) => void (ram[at / 4] = word),
 *   };
 *   tables.write(memory);
 *   const mapper = new OffsetPageTable(memory, offsetPageTableState(tables.root));
 *   return mapper.cleanUp({ deallocateFrame: () => null }).tables === 0;
 * }), { numRuns: 20 });
 * ```
 */
export function anyPageTables(
  options: PageTablesOptions = {},
): Arbitrary<PageTables> {
  const { root = 0x1000, pagesMax = 12 } = options;
  const mapping = fc.record({
    path: anyPagePath(),
    frame: fc.integer({ min: 1, max: 200 }),
    flags: anyEntryFlags(),
    parents: fc.constantFrom(PTE_P, PTE_P | PTE_RW, PTE_P | PTE_RW | PTE_US),
  }).map((drawn) => ({ ...drawn, frame: frameOf(drawn.frame, drawn.path) }));
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  const wild = fc.record({ pick: fc.nat(40), low: word, high: word });
  return fc.tuple(
    anySteps(mapping, pagesMax),
    options.wild ? anySteps(wild, 4) : fc.constant([]),
  ).map(([mappings, wilds]) => build(root, mappings, wilds));
}
