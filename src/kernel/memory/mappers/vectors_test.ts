import { assert, assertEquals } from "@std/assert";
import { virtAddr } from "../../../hw/addr.ts";
import { type Frame, type Page, pageContaining } from "../../../hw/page.ts";
import { pageRangeInclusive } from "../../../hw/page_range.ts";
import { word64FromBigInt } from "../../../hw/word64.ts";
import v from "../../../../vectors/x86_64-mapper.json" with { type: "json" };
import { MappedPageTable, mappedPageTableState } from "./mapped_page_table.ts";
import type { Mapper, MapperAllSizes } from "./mapper.ts";
import {
  FRAME_ALLOCATION_FAILED,
  InvalidFrameAddress,
  PAGE_NOT_MAPPED,
  PageAlreadyMapped,
  PARENT_ENTRY_HUGE_PAGE,
} from "./mapper_errors.ts";
import { OffsetPageTable, offsetPageTableState } from "./offset_page_table.ts";
import {
  RecursivePageTable,
  recursivePageTableState,
} from "./recursive_page_table.ts";
import {
  CountingFrames,
  hex,
  reachable,
  SparseMemory,
  VirtualMemory,
} from "./support_test.ts";

const ROOT = 0x1000 as Frame;
const RECURSIVE = 510;
const OFFSET = virtAddr(0x180_0000_0000);

type Op = (string | number)[];
type Make = (memory: SparseMemory) => MapperAllSizes;

const MAPPERS: Record<string, Make> = {
  "MappedPageTable": (memory) =>
    new MappedPageTable(memory, (frame) => frame, mappedPageTableState(ROOT)),
  "OffsetPageTable, physical": (memory) =>
    new OffsetPageTable(memory, offsetPageTableState(ROOT)),
  "OffsetPageTable at an offset": (memory) =>
    new OffsetPageTable({
      load32: (address) => memory.load32(address - OFFSET),
      store32: (address, word) => memory.store32(address - OFFSET, word),
    }, offsetPageTableState(ROOT, OFFSET)),
  "RecursivePageTable": (memory) => {
    memory.setEntry(ROOT, RECURSIVE, BigInt(ROOT) | 3n);
    return new RecursivePageTable(
      new VirtualMemory(memory, ROOT),
      recursivePageTableState(RECURSIVE, ROOT),
    );
  },
};

/**
 * Where RecursivePageTable differs: it sets PRESENT in new parents, and takes
 * the memory of a large page for a table (which is zero here).
 */
const RECURSIVE_ROWS: Record<string, Record<number, unknown>> = {
  "flags without PRESENT: creating a parent panics": { 0: "ok" },
  "2 MiB page": { 5: "PageNotMapped" },
  "update_flags": { 9: "PageNotMapped" },
};

const SIZES: Record<string, (mapper: MapperAllSizes) => Mapper<never>> = {
  "4k": (mapper) => mapper as unknown as Mapper<never>,
  "2m": (mapper) => mapper.size2MiB as unknown as Mapper<never>,
  "1g": (mapper) => mapper.size1GiB as unknown as Mapper<never>,
};

/** Any result of a change, seen loosely. */
interface Loose {
  readonly reason: string | null;
  readonly frame?: number;
  readonly flush?: unknown;
  debug?(): string;
  ignore?(): void;
}

/** A change's result in the vectors' words. */
function said(result: unknown): unknown {
  if (typeof result === "number") return hex(result);
  const loose = result as Loose;
  if (loose.reason !== null) return loose.debug!();
  if (loose.frame === undefined) {
    loose.ignore!();
    return "ok";
  }
  (loose.flush as Loose).ignore!();
  return hex(loose.frame);
}

function run(
  mapper: MapperAllSizes,
  memory: SparseMemory,
  frames: CountingFrames,
  op: Op,
): unknown {
  const name = String(op[0]);
  const [a, b, c, d] = op.slice(1).map((arg) => BigInt(arg));
  const page = virtAddr(a!) as never;
  const flags = (value: bigint | undefined) => word64FromBigInt(value!);
  const sized = SIZES[name.slice(-2)]?.(mapper) ?? SIZES["4k"]!(mapper);
  switch (name.replace(/_(4k|2m|1g)$/, "")) {
    case "map_to": {
      const frame = Number(b) as never;
      return said(
        d === undefined
          ? sized.mapTo(page, frame, flags(c), frames)
          : sized.mapToWithTableFlags(page, frame, flags(c), flags(d), frames),
      );
    }
    case "identity_map":
      return said(sized.identityMap(Number(a) as never, flags(b), frames));
    case "unmap":
      return said(sized.unmap(page));
    case "update_flags":
      return said(sized.updateFlags(page, flags(b)));
    case "set_flags_p4_entry":
      return said(sized.setFlagsP4Entry(page, flags(b)));
    case "set_flags_p3_entry":
      return said(sized.setFlagsP3Entry(page, flags(b)));
    case "set_flags_p2_entry":
      return said(sized.setFlagsP2Entry(page, flags(b)));
    case "translate_page":
      return said(sized.translatePage(page));
    case "translate_addr":
      return translated(mapper, Number(a));
    case "raw_write":
      memory.setEntry(Number(a), Number(b), c!);
      return "ok";
    case "clean_up_addr_range": {
      const pages = [a, b].map((at) => pageContaining(virtAddr(at!)));
      const range = pageRangeInclusive(pages[0]!, pages[1]! as Page);
      const before = frames.freed.length;
      const { tables, refusals } = mapper.cleanUpAddrRange(range, frames);
      const deallocated = frames.freed.slice(before).map(hex);
      assertEquals([tables, refusals.length], [deallocated.length, 0]);
      return { deallocated };
    }
  }
  throw new Error(`operation ${name} is not known`);
}

function translated(mapper: MapperAllSizes, at: number): unknown {
  const address = virtAddr(at);
  const result = mapper.translate(address);
  const phys = mapper.translateAddr(address);
  if (result.kind !== "mapped") {
    assertEquals(phys, null);
    return "NotMapped";
  }
  return {
    phys: hex(phys!),
    frame_start: hex(result.frame),
    frame_size: hex(result.size),
    offset: hex(result.offset),
    flags: hex(BigInt(result.flags.high) << 32n | BigInt(result.flags.low)),
  };
}

for (const [title, make] of Object.entries(MAPPERS)) {
  const recursive = title === "RecursivePageTable";
  Deno.test(`vectors: scenarios of x86_64 0.15.4, ${title}`, () => {
    let steps = 0, tables = 0;
    for (const scenario of v.scenarios) {
      const changed = recursive ? RECURSIVE_ROWS[scenario.name] ?? {} : {};
      const memory = new SparseMemory((page) =>
        page >= 0x100 && page < 0x164 ? 0xcc : 0
      );
      const frames = new CountingFrames(scenario.frames_available);
      const mapper = make(memory);
      scenario.steps.forEach((step, i) => {
        const where = `${scenario.name}, step ${i}: ${step.op}`;
        const before = frames.taken;
        let result: unknown;
        try {
          result = run(mapper, memory, frames, step.op);
        } catch (error) {
          const { panic } = step.result as { panic?: string };
          const { message } = error as Error;
          assert(panic && message.endsWith(panic), `${where}: ${message}`);
          result = { panic };
        }
        assertEquals(result, changed[i] ?? step.result, where);
        if (!(i in changed)) {
          assertEquals(frames.taken - before, step.frames_taken, where);
        }
        steps += 1;
      });
      const left = reachable(memory, ROOT, recursive ? RECURSIVE : -1)
        .filter(({ table }) => !frames.freed.includes(table))
        .map(({ table, index, value }) => [hex(table), index, hex(value)]);
      const unlike = recursive && scenario.name.startsWith("flags without");
      if (!unlike) {
        assertEquals(left as unknown, scenario.tables, scenario.name);
      }
      tables += 1;
    }
    const counted = v.scenarios.reduce((n, s) => n + s.steps.length, 0);
    assertEquals([steps, tables], [counted, v.scenarios.length]);
    assertEquals([steps, tables], [83, 15]);
  });
}

Deno.test("vectors: every key of x86_64-mapper.json is run or named", () => {
  const named: Record<string, string> = {
    source: "prose",
    format: "prose",
    provenance: "prose",
    scenarios: "run above",
    errors: "run below",
    recursive_page_table_difference: "run below",
  };
  assertEquals(Object.keys(v).filter((key) => !(key in named)), []);
});

Deno.test("vectors: names of errors", () => {
  const frame = new PageAlreadyMapped(0x9000 as Frame, 4096);
  const address = new InvalidFrameAddress(0x20_1000 as Frame);
  const texts = [
    FRAME_ALLOCATION_FAILED,
    PARENT_ENTRY_HUGE_PAGE,
    PAGE_NOT_MAPPED,
    frame,
    address,
  ].map((error) => error.debug().replace(/\(.*/, ""));
  const { FrameError: _, ...errors } = v.errors; // Run with the entries.
  const names = new Set(Object.values(errors).flat());
  const plain = [...names].map((name) => name.replace(/\(.*/, ""));
  assertEquals(plain.sort(), texts.sort());
});

Deno.test("vectors: RecursivePageTable adds PRESENT and WRITABLE to parents", () => {
  for (
    const [title, parent] of [["RecursivePageTable", 3], [
      "MappedPageTable",
      1,
    ]] as const
  ) {
    const memory = new SparseMemory();
    const mapper = MAPPERS[title]!(memory);
    const page = 0x1000 as Page;
    said(mapper.mapTo(page, 0x5000 as Frame, 1, new CountingFrames(3)));
    const rows = reachable(memory, ROOT, RECURSIVE);
    assertEquals(rows.map(({ value }) => Number(value & 0xfffn)), [
      parent,
      parent,
      parent,
      1,
    ]);
  }
});
