/**
 * One mapper and one script: each operation beside the model, the walk and the
 * TLB.
 *
 * @module
 */

import { type VirtAddr, virtAddr } from "../../hw/addr.ts";
import { formatHex } from "../../hw/format_hex.ts";
import type { Frame } from "../../hw/page.ts";
import { pageRangeInclusive } from "../../hw/page_range.ts";
import { PTE_P, PTE_RW, PTE_US } from "../../hw/page_table.ts";
import type { Mapper } from "../../kernel/memory/mappers/mapper.ts";
import {
  entryFlagsOf,
  entryFlagsText,
  scriptFlagsOf,
} from "../arbitraries/address.ts";
import {
  levelOf,
  type MapperOperation,
  mapperOperationText,
  type MapperScript,
  pageAt,
  pageOf,
} from "../arbitraries/mapper_script.ts";
import { MapperModel, type ModelReason } from "../models/mapper_model.ts";
import {
  ModelTlb,
  type TableMemory,
  walkTables,
} from "../models/paging_model.ts";
import { expectLaw, LawBroken, type Transcript } from "./report.ts";
import { compareTables } from "./mapper_compare.ts";
import type { CheckedMapper, MapperCheckOptions } from "./mapper_laws.ts";

/** Entry of the level 4 table that points to itself, where a mapper wants one. */
export const RECURSIVE_INDEX = 300;

/** What operations return, as far as it is looked at. */
interface Result {
  readonly reason: string | null;
  readonly frame?: number;
  readonly flush?: ((tlb: ModelTlb) => void) | {
    flush(tlb: ModelTlb): void;
  };
  readonly flushAll?: (tlb: ModelTlb) => void;
}

/** One mapper, one script. */
export class MapperRun {
  readonly #mapper: CheckedMapper;
  readonly #memory: TableMemory;
  readonly #recursive: boolean;
  readonly #options: MapperCheckOptions;
  readonly #transcript: Transcript;
  readonly #model: MapperModel;
  readonly #tlb: ModelTlb;

  constructor(
    mapper: CheckedMapper,
    memory: TableMemory,
    recursive: boolean,
    options: MapperCheckOptions,
    transcript: Transcript,
  ) {
    this.#mapper = mapper;
    this.#memory = memory;
    this.#recursive = recursive;
    this.#options = options;
    this.#transcript = transcript;
    this.#model = new MapperModel(options.alwaysParentFlags ?? 0);
    this.#tlb = new ModelTlb(memory);
  }

  run(script: MapperScript): void {
    for (const operation of script.operations) {
      if (!this.#isAsked(operation)) continue;
      this.#touchAll();
      this.#memory.accesses = 0;
      this.#memory.left = operation.op === "map" ? operation.frames : 4;
      this.#memory.freed.length = 0;
      this.#transcript.call(mapperOperationText(operation));
      this.#operation(operation);
      this.#afterwards();
    }
    compareTables({
      memory: this.#memory,
      model: this.#model,
      skipped: this.#recursive ? RECURSIVE_INDEX : -1,
      exactParents: this.#options.exactParents ?? true,
    });
  }

  /** Whether the model can tell what should happen. */
  #isAsked(operation: MapperOperation): boolean {
    const { op } = operation;
    if (op === "map") {
      return operation.parents === null ||
        this.#mapper.mapToWithTableFlags !== undefined;
    }
    const model = this.#model;
    const beyond = (found: ReturnType<MapperModel["find"]>): boolean =>
      found === "parent-entry-huge-page" &&
      (this.#options.trustsParents ?? false);
    if (op === "update-flags" || op === "translate-page") {
      const found = model.find(operation.path);
      // A large page's entry that points to a table is another matter.
      return !beyond(found) &&
        (typeof found === "string" || found.frame !== null);
    }
    if (op === "parent-flags") {
      const { path, level } = operation;
      if (level <= levelOf(path)) return true;
      const found = model.find(path.slice(0, 5 - level));
      return !beyond(found) &&
        (typeof found === "string" || found.frame === null);
    }
    return true;
  }

  /** Uses every mapped page, so that the TLB has it. */
  #touchAll(): void {
    for (const [key, { frame }] of this.#model.entries) {
      if (frame !== null) this.#tlb.touch(pageAt(key.split("/").map(Number)));
    }
  }

  #operation(operation: MapperOperation): void {
    switch (operation.op) {
      case "map":
        return this.#map(operation);
      case "identity-map":
        return this.#identityMap(operation);
      case "unmap":
        return this.#unmap(operation);
      case "update-flags":
        return this.#updateFlags(operation);
      case "parent-flags":
        return this.#parentFlags(operation);
      case "translate-page":
        return this.#translatePage(operation);
      case "translate":
        return this.#translate(operation);
      default:
        return this.#cleanUp(operation);
    }
  }

  /** The view for a page's size; its methods were looked for on the first. */
  #sized(path: readonly number[]): Mapper<never> {
    const mapper = this.#mapper;
    const views = [mapper, mapper.size2MiB, mapper.size1GiB];
    return views[levelOf(path) - 1] as unknown as Mapper<never>;
  }

  #map(operation: MapperOperation & { op: "map" }): void {
    const { path, frame, flags, parents, frames } = operation;
    const mapper = this.#sized(path);
    const page = pageOf(path);
    const result = parents === null
      ? mapper.mapTo(page, frame as never, entryFlagsOf(flags), this.#memory)
      : mapper.mapToWithTableFlags(
        page,
        frame as never,
        entryFlagsOf(flags),
        parents,
        this.#memory,
      );
    this.#mapped(result, path, frame, flags, parents, frames);
  }

  #identityMap(operation: MapperOperation & { op: "identity-map" }): void {
    const { path, flags } = operation;
    const frame = pageAt(path) as number;
    const result = this.#mapper.identityMap!(
      frame as Frame,
      entryFlagsOf(flags),
      this.#memory,
    );
    this.#mapped(result, path, frame, flags, null, 4);
  }

  #mapped(
    result: unknown,
    path: readonly number[],
    frame: number,
    flags: number,
    parents: number | null,
    frames: number,
  ): void {
    const own = flags & (PTE_P | PTE_RW | PTE_US);
    const expected = this.#model.map(
      path,
      frame,
      flags,
      parents ?? own,
      frames,
    );
    const got = this.#settle(result, expected);
    if (expected === "page-already-mapped") {
      expectLaw(
        got.frame === frame,
        "a refusal names the frame that was passed in",
        () => `it names ${text(got.frame)}, not ${formatHex(frame)}`,
      );
    }
    if (expected !== null) return;
    const found = walkTables(this.#memory, pageAt(path));
    expectLaw(
      found?.frame === frame,
      "a page that was mapped is translated to its frame",
      () => `the processor finds ${text(found?.frame)}`,
    );
  }

  #unmap({ path }: MapperOperation & { op: "unmap" }): void {
    const result = this.#sized(path).unmap(pageOf(path));
    const expected = this.#model.unmap(path);
    const isFrame = typeof expected === "number";
    const got = this.#settle(result, isFrame ? null : expected);
    if (!isFrame) return;
    expectLaw(
      got.frame === expected,
      "unmap returns the frame",
      () => `it returns ${text(got.frame)}, not ${formatHex(expected)}`,
    );
    expectLaw(
      walkTables(this.#memory, pageAt(path)) === null,
      "a page that was unmapped is not translated",
      () => "the processor finds it",
    );
  }

  #updateFlags(operation: MapperOperation & { op: "update-flags" }): void {
    const { path, flags } = operation;
    const found = this.#model.find(path);
    if (typeof found === "object") {
      found.flags = flags | (path.length < 4 ? 0x80 : 0);
    }
    const result = this.#sized(path).updateFlags(
      pageOf(path),
      entryFlagsOf(flags),
    );
    this.#settle(result, typeof found === "string" ? found : null);
  }

  #parentFlags(operation: MapperOperation & { op: "parent-flags" }): void {
    const { path, level } = operation;
    const flags = operation.flags | (this.#options.alwaysParentFlags ?? 0);
    const mapper = this.#sized(path);
    const page = pageOf(path);
    const result = level === 4
      ? mapper.setFlagsP4Entry(page, flags)
      : level === 3
      ? mapper.setFlagsP3Entry(page, flags)
      : mapper.setFlagsP2Entry(page, flags);
    if (level <= levelOf(path)) {
      this.#settle(result, "parent-entry-huge-page");
      return;
    }
    const found = this.#model.find(path.slice(0, 5 - level));
    if (typeof found === "object") found.flags = flags;
    this.#settle(result, typeof found === "string" ? found : null);
  }

  #translatePage({ path }: MapperOperation & { op: "translate-page" }): void {
    const result = this.#sized(path).translatePage(pageOf(path));
    const found = this.#model.find(path);
    const expected = typeof found === "string" ? found : found.frame;
    const got = typeof result === "number" ? result : result.reason;
    this.#transcript.result(text(got));
    expectLaw(
      got === expected,
      "translatePage returns the page's frame, or why there is none",
      () => `it returns ${text(got)}, not ${text(expected)}`,
    );
  }

  #translate(operation: MapperOperation & { op: "translate" }): void {
    const { path, offset } = operation;
    const address = virtAddr(pageAt(path) + offset);
    const covering = this.#model.covering(path);
    let expected: number | null = null;
    if (covering !== null) {
      const start = pageAt(path.slice(0, covering.depth));
      expected = covering.entry.frame! + (address - start);
    }
    const got = this.#mapper.translateAddr!(address) as number | null;
    this.#transcript.result(text(got));
    expectLaw(
      got === expected,
      "translateAddr says what the processor would find",
      () => `it returns ${text(got)}, not ${text(expected)}`,
    );
    this.#translateWhole(address, expected, covering?.entry.flags ?? 0);
  }

  #translateWhole(
    address: VirtAddr,
    expected: number | null,
    flags: number,
  ): void {
    const result = this.#mapper.translate?.(address);
    if (result === undefined) return;
    const isMapped = result.kind === "mapped";
    const sum = isMapped ? result.frame + result.offset : null;
    const got = isMapped
      ? scriptFlagsOf(result.flags.low, result.flags.high)
      : 0;
    expectLaw(
      sum === expected && (!isMapped || got === flags),
      "translate says what the processor would find",
      () =>
        `it returns ${result.kind}, ${text(sum)}, flags ` +
        `${entryFlagsText(got)}; ` +
        `right is ${text(expected)}, flags ${entryFlagsText(flags)}`,
    );
  }

  #cleanUp(
    operation: MapperOperation & { op: "clean-up" | "clean-up-range" },
  ): void {
    const range = operation.op === "clean-up-range";
    const first = range ? operation.path : [0, 0, 0, 0];
    const last = range ? operation.last : [511, 511, 511, 511];
    const expected = isAfter(first, last)
      ? 0
      : this.#model.cleanUp(first, last);
    const { tables } = range
      ? this.#mapper.cleanUpAddrRange!(
        pageRangeInclusive(pageOf(first), pageOf(last)),
        this.#memory,
      )
      : this.#mapper.cleanUp!(this.#memory);
    this.#transcript.result(`${tables} tables`);
    const freed = this.#memory.freed.length;
    expectLaw(
      tables === expected && freed === expected,
      "cleaning up frees the empty tables, and no others",
      () => `it says ${tables}, frees ${freed}; ${expected} are empty`,
    );
  }

  /** Compares a refusal, and uses the flush. */
  #settle(result: unknown, expected: ModelReason | null): Result {
    const got = result as Result;
    this.#transcript.result(got.reason ?? "ok");
    expectLaw(
      got.reason === expected,
      "an operation is refused for the right reason, or done",
      () => `it says ${got.reason ?? "ok"}, right is ${expected ?? "ok"}`,
    );
    if (got.reason !== null) return got;
    if (typeof got.flush === "function") got.flush(this.#tlb);
    else if (typeof got.flush === "object") got.flush.flush(this.#tlb);
    else if (got.flushAll !== undefined) got.flushAll(this.#tlb);
    return got;
  }

  #afterwards(): void {
    const stale = this.#tlb.stale();
    if (stale !== null) {
      throw new LawBroken("the flush that is returned suffices", stale);
    }
    const tables = this.#memory.tables.size - 1;
    expectLaw(
      tables === this.#model.tables,
      "a frame is taken for each table, and no other",
      () => `${tables} frames are taken, ${this.#model.tables} tables needed`,
    );
  }
}

const text = (value: number | string | null | undefined): string =>
  typeof value === "number" ? formatHex(value) : value ?? "nothing";

/** Whether a path comes after another one of the same length. */
function isAfter(a: readonly number[], b: readonly number[]): boolean {
  const i = a.findIndex((index, k) => index !== b[k]);
  return i >= 0 && a[i]! > b[i]!;
}
