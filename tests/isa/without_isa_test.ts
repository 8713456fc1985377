/**
 * The machine needs no instruction engine: nothing below it knows src/isa, and without the folder it builds and boots.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { filesUnder, ROOT } from "../../dev/files.ts";
import { onImports, resolveImport } from "../../dev/lint/imports.ts";
import { permitted } from "../../dev/permission.ts";

/** Layers that must not know it, and the package's root. */
const BELOW = ["src/base", "src/hw", "src/kernel"];
const ENTRIES = ["mod.ts", "src/hw/mod.ts", "src/kernel/mod.ts"];

/** Project paths that a module imports, types included. */
function importsOf(path: string): string[] {
  const found: string[] = [];
  const plugin: Deno.lint.Plugin = {
    name: "imports",
    rules: {
      all: {
        create: () =>
          onImports((_node, specifier) => {
            const to = resolveImport(path, specifier);
            if (to !== null) found.push(to);
          }),
      },
    },
  };
  Deno.lint.runPlugin(
    plugin,
    path,
    Deno.readTextFileSync(new URL(path, ROOT)),
  );
  return found;
}

const isProduct = (path: string): boolean =>
  path.endsWith(".ts") && !path.endsWith("_test.ts");

/** Modules that an entry point loads. */
function reachable(entries: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    importsOf(path).forEach(visit);
  };
  entries.forEach(visit);
  return seen;
}

Deno.test({
  name:
    "src/isa is imported by nothing in base, hw and kernel, and by no entry point of theirs (needs read)",
  ignore: !permitted("read"),
  fn() {
    const modules = BELOW.flatMap(filesUnder).filter(isProduct);
    assertNotEquals(modules.length, 0);
    const direct = modules.filter((path) =>
      importsOf(path).some((to) => to.startsWith("src/isa/"))
    );
    assertEquals(direct, []);
    const loaded = reachable(ENTRIES);
    const above = [...loaded].filter((path) =>
      path !== "mod.ts" && !BELOW.some((folder) => path.startsWith(folder))
    );
    assertEquals(above, []);
  },
});

/** Boots the default kernel, and says what machine code comes to. */
const BOOT = `
import { kernel, Machine } from "./mod.ts";
const machine = new Machine({ program: kernel });
machine.run({ clkMax: 10_000_000 });
console.log(machine.vga.screenText().find((line) => line.trim() !== ""));
const bare = new Machine({ ramBytes: 16 * 2 ** 20 });
bare.cpu.rip = 0x1000;
console.log(bare.run().reason);
`;

Deno.test({
  name:
    "without the folder src/isa the rest type-checks, and a machine boots (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "without-isa-" });
    try {
      for (const path of ["mod.ts", ...BELOW.flatMap(filesUnder)]) {
        if (!isProduct(path)) continue;
        const to = `${folder}/${path}`;
        await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
        await Deno.copyFile(new URL(path, ROOT), to);
      }
      await Deno.writeTextFile(`${folder}/boot.ts`, BOOT);
      const { success, stdout, stderr } = await new Deno.Command(
        Deno.execPath(),
        {
          args: ["run", "--check", "--quiet", "--no-config", "boot.ts"],
          cwd: folder,
        },
      ).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assertEquals(success, true, text(stderr));
      assertEquals(text(stdout), "Hello World!\nno-engine\n");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
