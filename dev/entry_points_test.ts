// What a user of one module loads: `deno info --json` of its entry point, types included.

import { assert, assertEquals } from "@std/assert";
import * as allFrames from "../src/kernel/memory/frames.ts";
import * as allHeaps from "../src/kernel/allocator/mod.ts";
import * as allMappers from "../src/kernel/memory/mappers.ts";
import { ROOT } from "./files.ts";
import { breach } from "./lint/imports.ts";
import { permitted } from "./permission.ts";

const HEAPS = "src/kernel/allocator/";

/**
 * Heaps by entry point, and the files that make one. Fixed-size blocks and the
 * checked wrapper load no heap to stand on: their user hands one in.
 */
const HEAP_FILES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  BuddyHeap: ["buddy.ts"],
  BumpHeap: ["bump.ts"],
  CheckedHeap: ["checked.ts"],
  FirstFitHeap: ["first_fit.ts", "hole_list.ts"],
  FixedSizeBlockHeap: ["fixed_size_block.ts"],
  IndexedFirstFitHeap: ["indexed_first_fit.ts", "hole_list.ts"],
  LinkedListHeap: ["linked_list.ts"],
  TlsfHeap: ["tlsf.ts"],
};

interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
}

/** Project paths of all modules that an entry point leads to. */
async function loadedBy(path: string): Promise<string[]> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", path],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  assert(success, `deno info ${path} failed`);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: readonly ModuleInfo[];
  };
  return modules.map(({ specifier, error }) => {
    assertEquals(error, undefined, specifier);
    assert(specifier.startsWith(ROOT.href), `${path} loads ${specifier}`);
    return specifier.slice(ROOT.href.length);
  });
}

function exportsOf(): Record<string, string> {
  return JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).exports;
}

/** Whether a module is of the machine: all of src/hw that is no format. */
const isMachine = (path: string): boolean =>
  path.startsWith("src/hw/") &&
  breach("src/kernel/any.ts", path.replace(/^src/, ".."), false) !== null;

const heapClasses = Object.keys(allHeaps).filter((name) =>
  /Heap$/.test(name) && !["BaseHeap", "HoleListHeap"].includes(name)
);

Deno.test("HEAP_FILES names every heap that is exported", () => {
  assertEquals(heapClasses.sort(), Object.keys(HEAP_FILES).sort());
});

Deno.test("isMachine() tells the machine from formats", () => {
  assertEquals(
    ["machine", "mmu", "core", "hosted_cpu", "addr", "page_table", "page"]
      .filter((name) => isMachine(`src/hw/${name}.ts`)),
    ["machine", "mmu", "core", "hosted_cpu"],
  );
});

for (const [name, files] of Object.entries(HEAP_FILES)) {
  Deno.test({
    name: `${name}'s entry point loads neither the machine nor another heap ` +
      "(needs read, run)",
    ignore: !permitted("read", "run"),
    async fn() {
      const own = `./${HEAPS}${files[0]}`;
      const [entry] = Object.entries(exportsOf())
        .find(([, path]) => path === own) ?? [""];
      assert(entry.startsWith("./heap/"), `${own} is not exported`);
      const loaded = await loadedBy(own);
      assert(loaded.length > 3, loaded.join());
      const others = Object.values(HEAP_FILES).flat().filter((file) =>
        !files.includes(file)
      );
      assertEquals(
        loaded.filter((path) =>
          path.startsWith("src/hw/") ||
          others.some((file) => path === HEAPS + file)
        ),
        [],
      );
    },
  });
}

/** The other entry points of kernel memory: classes, and what they do without. */
const MEMORY = [
  {
    entry: "./frames",
    classes: Object.keys(allFrames).filter((name) =>
      name.endsWith("FrameAllocator")
    ),
    known: [
      "BitmapFrameAllocator",
      "BootInfoFrameAllocator",
      "BuddyFrameAllocator",
      "EmptyFrameAllocator",
    ],
    not: [HEAPS, "src/kernel/memory/mappers"],
  },
  {
    entry: "./mappers",
    classes: Object.keys(allMappers).filter((name) =>
      name.endsWith("PageTable") && name !== "PageTable"
    ),
    known: ["MappedPageTable", "OffsetPageTable", "RecursivePageTable"],
    not: [HEAPS, "_frames.ts"],
  },
];

for (const { entry, classes, known, not } of MEMORY) {
  Deno.test(`${entry} exports what it is known for`, () => {
    assertEquals(classes.sort(), known);
  });

  Deno.test({
    name: `${entry} loads formats of the machine only, and no heap ` +
      "(needs read, run)",
    ignore: !permitted("read", "run"),
    async fn() {
      const loaded = await loadedBy(exportsOf()[entry]!);
      assertEquals(
        loaded.filter((path) =>
          isMachine(path) || not.some((part) => path.includes(part))
        ),
        [],
      );
    },
  });
}

/** The entry points that need no part of the kernel's memory: what each does without. */
const ALONE: Readonly<Record<string, readonly string[]>> = {
  "./executor": ["src/hw/", "src/kernel/keyboard/"],
  "./keyboard": ["src/kernel/sync/", "src/kernel/task/"],
  "./sync": ["src/hw/", "src/kernel/keyboard/", "src/kernel/task/"],
};

for (const [entry, not] of Object.entries(ALONE)) {
  Deno.test({
    name: `${entry} loads neither the machine nor other parts of the kernel ` +
      "(needs read, run)",
    ignore: !permitted("read", "run"),
    async fn() {
      const loaded = await loadedBy(exportsOf()[entry]!);
      assert(loaded.length > 3, loaded.join());
      const others = [HEAPS, "src/kernel/memory/", "src/isa/", ...not];
      assertEquals(
        loaded.filter((path) =>
          isMachine(path) || others.some((folder) => path.startsWith(folder))
        ),
        [],
      );
    },
  });
}
