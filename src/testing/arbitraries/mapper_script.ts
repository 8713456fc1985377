/**
 * Scripts of operations on a page mapper, on few pages that share tables.
 *
 * @module
 */

import fc from "fast-check";
import type { Arbitrary } from "./arbitrary.ts";
import type { VirtAddr } from "../../hw/addr.ts";
import { formatHex } from "../../hw/format_hex.ts";
import {
  type Frame,
  type Page,
  SIZE_1_GIB,
  SIZE_2_MIB,
  SIZE_4_KIB,
} from "../../hw/page.ts";
import { PTE_P, PTE_RW, PTE_US } from "../../hw/page_table.ts";
import { anyEntryFlags, entryFlagsText, SCRIPT_NO_EXECUTE } from "./address.ts";
import { anySteps } from "./steps.ts";

/** Which size of page: that of level 1, 2 or 3. */
export type PageLevel = 1 | 2 | 3;

/** Indices into the tables, the level 4 one first: of a page, as many as levels. */
export type PagePath = readonly number[];

/** One operation on a mapper. */
export type MapperOperation =
  | {
    /** `mapTo`, or with `parents` `mapToWithTableFlags`. */
    readonly op: "map";
    /** The page. */
    readonly path: PagePath;
    /** The frame. */
    readonly frame: Frame;
    /** Flags of the page. */
    readonly flags: number;
    /** Flags of its parents. */
    readonly parents: number | null;
    /** Frames that there are for tables. */
    readonly frames: number;
  }
  | {
    /** `identityMap` of a 4 KiB frame. */
    readonly op: "identity-map";
    /** The page. */
    readonly path: PagePath;
    /** Flags of the page. */
    readonly flags: number;
  }
  | {
    /** `unmap`. */
    readonly op: "unmap";
    /** The page. */
    readonly path: PagePath;
  }
  | {
    /** `updateFlags`. */
    readonly op: "update-flags";
    /** The page. */
    readonly path: PagePath;
    /** All its flags. */
    readonly flags: number;
  }
  | {
    /** `setFlagsP4Entry`, `setFlagsP3Entry` or `setFlagsP2Entry`. */
    readonly op: "parent-flags";
    /** A page under the entry. */
    readonly path: PagePath;
    /** Level of the entry. */
    readonly level: 2 | 3 | 4;
    /** All its flags. */
    readonly flags: number;
  }
  | {
    /** `translatePage`. */
    readonly op: "translate-page";
    /** The page. */
    readonly path: PagePath;
  }
  | {
    /** `translate` and `translateAddr`. */
    readonly op: "translate";
    /** A 4 KiB page. */
    readonly path: PagePath;
    /** Offset in it. */
    readonly offset: number;
  }
  | {
    /** `cleanUp`. */
    readonly op: "clean-up";
  }
  | {
    /** `cleanUpAddrRange`. */
    readonly op: "clean-up-range";
    /** The first page of 4 KiB. */
    readonly path: PagePath;
    /** The last one. */
    readonly last: PagePath;
  };

/** A script that a mapper runs. */
export class MapperScript {
  /** The operations in order. */
  readonly operations: readonly MapperOperation[];

  /**
   * Makes a script.
   *
   * @param operations The operations in order.
   */
  constructor(operations: readonly MapperOperation[]) {
    this.operations = operations;
  }

  /** The script as code, for a `mapper`, with `frames` for its tables. */
  toString(): string {
    return this.operations.map(mapperOperationText).join("\n");
  }
}

/**
 * The size of a page.
 *
 * @param path Its indices: 4, 3 or 2.
 * @returns Level of the table that has its entry.
 */
export function levelOf(path: PagePath): PageLevel {
  return 5 - path.length as PageLevel;
}

/**
 * The address of a page.
 *
 * @param path Its indices.
 * @returns Where it starts.
 */
export function pageAt(path: PagePath): VirtAddr {
  const [p4 = 0, p3 = 0, p2 = 0, p1 = 0] = path;
  const ordinal = ((p4 * 512 + p3) * 512 + p2) * 2 ** 21 + p1 * 4096;
  return (p4 < 256 ? ordinal : ordinal - 2 ** 48) as VirtAddr;
}

/** Sizes by level. */
const SIZES = [0, SIZE_4_KIB, SIZE_2_MIB, SIZE_1_GIB] as const;

/**
 * Bytes of a page.
 *
 * @param level Level of the table that has its entry.
 * @returns 4 KiB, 2 MiB or 1 GiB.
 */
export function bytesOf(level: PageLevel): number {
  return SIZES[level];
}

const VIEWS = ["", "mapper", "mapper.size2MiB", "mapper.size1GiB"] as const;

/**
 * An operation as code.
 *
 * @param operation The operation.
 * @returns A line.
 */
export function mapperOperationText(operation: MapperOperation): string {
  if (operation.op === "clean-up") return "mapper.cleanUp(frames);";
  const { path } = operation;
  const view = VIEWS[levelOf(path)];
  const page = `page(${formatHex(pageAt(path))})`;
  switch (operation.op) {
    case "map": {
      const { frame, flags, parents } = operation;
      const more = parents === null ? "" : `, ${entryFlagsText(parents)}`;
      const name = parents === null ? "mapTo" : "mapToWithTableFlags";
      const left = operation.frames < 4 ? ` // ${operation.frames} left` : "";
      return `${view}.${name}(${page}, frame(${formatHex(frame)}), ${
        entryFlagsText(flags)
      }${more}, frames);${left}`;
    }
    case "identity-map":
      return `${view}.identityMap(frame(${formatHex(pageAt(path))}), ${
        entryFlagsText(operation.flags)
      }, frames);`;
    case "unmap":
      return `${view}.unmap(${page});`;
    case "update-flags":
      return `${view}.updateFlags(${page}, ${
        entryFlagsText(operation.flags)
      });`;
    case "parent-flags":
      return `${view}.setFlagsP${operation.level}Entry(${page}, ${
        entryFlagsText(operation.flags)
      });`;
    case "translate-page":
      return `${view}.translatePage(${page});`;
    case "translate":
      return `mapper.translateAddr(virtAddr(${
        formatHex(pageAt(path) + operation.offset)
      }));`;
    case "clean-up-range":
      return `mapper.cleanUpAddrRange(pageRangeInclusive(${page}, page(${
        formatHex(pageAt(operation.last))
      })), frames);`;
  }
}

/** Indices on each level: few, so that pages meet; both halves are in. */
const INDICES: readonly (readonly number[])[] = [
  [0, 255, 256, 511],
  [0, 3, 511],
  [0, 1, 511],
  [0, 7, 511],
];

/** What scripts are drawn. */
export interface MapperScriptOptions {
  /** Operations at most; 40 by default. */
  readonly lengthMax?: number;
  /** Whether pages of 2 MiB and 1 GiB are mapped; by default they are. */
  readonly large?: boolean;
  /** Which operations; by default all. */
  readonly operations?: readonly MapperOperation["op"][];
}

/** How often each operation is drawn. */
const WEIGHTS: Readonly<Record<MapperOperation["op"], number>> = {
  "map": 8,
  "identity-map": 1,
  "unmap": 4,
  "update-flags": 2,
  "parent-flags": 1,
  "translate-page": 1,
  "translate": 2,
  "clean-up": 1,
  "clean-up-range": 1,
};

/** Pages that are drawn often, so that operations meet. */
const HOT: readonly PagePath[] = [
  [0, 0, 0, 0],
  [255, 3, 1, 7],
  [256, 0, 511, 511],
  [511, 511, 511, 511],
];

function anyPath(indices: number): Arbitrary<PagePath> {
  const lists = INDICES.slice(0, indices).map((list) =>
    fc.constantFrom(...list)
  );
  return fc.oneof(
    fc.constantFrom(...HOT.map((path) => path.slice(0, indices))),
    fc.tuple(...lists),
  );
}

/**
 * Pages by their indices: few of them, in both halves.
 *
 * @param large Whether pages of 2 MiB and 1 GiB are drawn; by default they are.
 * @returns 4, 3 or 2 indices.
 */
export function anyPagePath(large: boolean = true): Arbitrary<PagePath> {
  if (!large) return anyPath(4);
  return fc.oneof(
    { weight: 4, arbitrary: anyPath(4) },
    { weight: 2, arbitrary: anyPath(3) },
    { weight: 1, arbitrary: anyPath(2) },
  );
}

/**
 * Scripts for mappers.
 *
 * @param options What is drawn.
 * @returns Scripts.
 */
export function anyMapperScript(
  options: MapperScriptOptions = {},
): Arbitrary<MapperScript> {
  const { lengthMax = 40, large = true } = options;
  const op = <T extends MapperOperation["op"]>(name: T) => fc.constant(name);
  const path = anyPagePath(large);
  const flags = fc.tuple(
    anyEntryFlags(),
    fc.constantFrom(0, 0, SCRIPT_NO_EXECUTE),
  ).map(([low, noExecute]) => low | noExecute);
  const drawn: Record<MapperOperation["op"], Arbitrary<MapperOperation>> = {
    "map": fc.record({
      op: op("map"),
      path,
      frame: fc.integer({ min: 1, max: 200 }),
      flags,
      parents: fc.option(
        fc.constantFrom(PTE_P, PTE_P | PTE_RW, PTE_P | PTE_RW | PTE_US),
        { freq: 3 },
      ),
      frames: fc.oneof(
        { weight: 4, arbitrary: fc.constant(4) },
        { weight: 1, arbitrary: fc.nat(3) },
      ),
    }).map((map) => ({ ...map, frame: frameOf(map.frame, map.path) })),
    "identity-map": fc.record({
      op: op("identity-map"),
      path: anyPath(4).filter(([p4]) => p4! < 256),
      flags,
    }),
    "unmap": fc.record({ op: op("unmap"), path }),
    "update-flags": fc.record({ op: op("update-flags"), path, flags }),
    "parent-flags": fc.record({
      op: op("parent-flags"),
      path,
      level: fc.constantFrom(2 as const, 3 as const, 4 as const),
      flags: fc.constantFrom(PTE_P, PTE_P | PTE_RW, PTE_P | PTE_RW | PTE_US),
    }),
    "translate-page": fc.record({ op: op("translate-page"), path }),
    "translate": fc.record({
      op: op("translate"),
      path: anyPath(4),
      offset: fc.nat(4095),
    }),
    "clean-up": fc.record({ op: op("clean-up") }),
    "clean-up-range": fc.record({
      op: op("clean-up-range"),
      path: anyPath(4),
      last: anyPath(4),
    }),
  };
  const names = options.operations ??
    Object.keys(WEIGHTS) as MapperOperation["op"][];
  const steps = names.map((name) => ({
    weight: WEIGHTS[name],
    arbitrary: drawn[name],
  }));
  return anySteps(fc.oneof(...steps), lengthMax)
    .map((operations) => new MapperScript(operations));
}

/**
 * A frame of a page's size; one in four lies above 4 GiB, some far above.
 *
 * @param n Which one.
 * @param path Indices of the page.
 * @returns Where it starts.
 */
export function frameOf(n: number, path: PagePath): Frame {
  const bytes = bytesOf(levelOf(path));
  const far = n % 4 > 0 ? 0 : n % 8 === 0 ? 2 ** 32 : 2 ** 51;
  return far + n * bytes as Frame;
}

/**
 * The page of a path, for calls of a mapper of any size.
 *
 * @param path Its indices.
 * @returns The page, branded for whoever asks.
 */
export function pageOf(path: PagePath): Page<never> {
  return pageAt(path) as VirtAddr as Page<never>;
}

/**
 * An entry by its indices, for a message.
 *
 * @param key Indices joined with `/`, the level 4 one first.
 * @returns For example `of level 2 for 0x4000_0000`.
 */
export function entriesText(key: string): string {
  const path = key.split("/").map(Number);
  return `of level ${5 - path.length} for ${formatHex(pageAt(path))}`;
}
