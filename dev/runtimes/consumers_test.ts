import { assertEquals } from "@std/assert";
import { ROOT } from "../files.ts";
import { permitted } from "../permission.ts";
import { has, installTarball, output } from "./tarball.ts";

/** What a user writes: a kernel, a heap, a task, machine code; types and all. */
const PROGRAM = `
import { kernel, Machine, type Stop } from "@lockstep/kernel";
import { Executor, READY } from "@lockstep/kernel/executor";
import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";
import { disassemble } from "@lockstep/kernel/isa";
import { keyInputs } from "@lockstep/kernel/keyboard";

const machine = new Machine({ program: kernel });
machine.addInputs(keyInputs("hello", { clk: 20_000_000 }));
const stop: Stop = machine.run({ clkMax: 60_000_000 });
const heap = new TlsfHeap(new FlatMemory(new ArrayBuffer(4096)));
const block: number | null = heap.alloc(24, 8);
const executor = new Executor({ once: () => READY });
executor.spawn({ kind: "once" });
const polls: number = executor.runUntilIdle();
const { text } = disassemble(new Uint8Array([0xf4]))!;
console.log([machine.digest(), stop.reason, block, polls, text].join(" "));
`;

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, PROGRAM);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What the program prints in this checkout. */
async function expected(): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, PROGRAM);
  const args = ["run", "--config", "deno.json", "--quiet", file];
  const text = await output(ROOT, Deno.execPath(), ...args);
  await Deno.remove(file);
  return text;
}

Deno.test({
  name:
    "a project that imports the package from JSR checks and runs (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  fn: () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(
        `${folder}/deno.json`,
        JSON.stringify({
          imports: { "@lockstep/kernel": "jsr:@lockstep/kernel@^0.1.0" },
          links: [decodeURI(ROOT.pathname)],
        }),
      );
      const args = ["run", "--quiet", "--check", "main.ts"];
      const text = await output(folder, Deno.execPath(), ...args);
      assertEquals(text, await expected());
    }),
});

Deno.test({
  name:
    "a project that installs the npm tarball checks and runs (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  fn: () =>
    inFolder(async (folder) => {
      if (!await has("npm", "--version")) {
        return console.log("SKIPPED: no npm, so the tarball was not installed");
      }
      const options = {
        target: "esnext",
        lib: ["esnext"],
        module: "nodenext",
        types: ["node"],
        strict: true,
        exactOptionalPropertyTypes: true,
        rootDir: ".",
      };
      for (
        const [file, content] of [
          ["package.json", { name: "consumer", type: "module" }],
          ["tsconfig.json", { compilerOptions: options, files: ["main.ts"] }],
        ] as const
      ) {
        await Deno.writeTextFile(`${folder}/${file}`, JSON.stringify(content));
      }
      const packages = ["typescript@6.0.3", "@types/node@20"];
      await installTarball(folder, ...packages);
      await output(folder, "npx", "tsc");
      const text = await output(folder, "node", "main.js");
      assertEquals(text, await expected());
    }),
});
