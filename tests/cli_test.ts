/**
 * The command line as a person or a script calls it: processes, pipes, files.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { permitted } from "../dev/permission.ts";

const MAIN = new URL("../src/cli/main.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;
const ignore = !permitted("run", "read", "write");

/** The permissions that `deno task run` asks for. */
const FLAGS = [
  "run",
  "--quiet",
  "--no-prompt",
  `--config=${CONFIG}`,
  "--allow-read",
  "--allow-write",
  "--allow-env=NO_COLOR,COLORTERM,TERM,INIT_CWD",
  MAIN,
  "run",
];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in a folder of its own. */
async function run(
  args: readonly string[],
  stdin: string,
  folder: string,
): Promise<Ran> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...FLAGS, ...args],
    cwd: folder,
    env: { INIT_CWD: folder },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A child that refuses its arguments doesn't read.
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "run prints the same bytes twice (needs run, read, write)",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const [first, second] = await Promise.all([
        run(["--headless"], "hello", folder),
        run(["--headless"], "hello", folder),
      ]);
      assertEquals([first.code, first.err], [0, ""]);
      assertEquals(first, second);
      const lines = first.out.split("\n");
      assertEquals(lines[22], "Hello World!");
      assertEquals(lines[24]!.replaceAll(".", ""), "hello");
      assertMatch(lines[25]!, /^clk \d+ digest [0-9a-f]{16} stop idle$/);
    }),
});

Deno.test({
  name:
    "run takes a kernel and files from the folder of the command (needs run, read, write)",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(
        `${folder}/own.ts`,
        `import { coreState, defineKernel } from "@lockstep/kernel/kernel";
         export default defineKernel({
           id: "own",
           state: coreState,
           build: (core) => ({
             boot() {
               core.serialPrint("to the port");
               core.println("my own kernel" as string);
               core.cpu.out32(0xf4, 0x10);
             },
           }),
         });`,
      );
      Deno.writeTextFileSync(`${folder}/s`, "what was there before: longer");
      const args = ["--kernel", "own.ts", "--serial", "s", "--out", "o"];
      const { code, out, err } = await run(args, "", folder);
      assertEquals([code, err], [33, ""]);
      assertMatch(out, /^clk \d+ digest [0-9a-f]{16} stop exit\n$/);
      assertEquals(Deno.readTextFileSync(`${folder}/s`), "to the port");
      const screen = Deno.readTextFileSync(`${folder}/o`);
      assert(screen.includes("my own kernel\n"), screen);
      assertEquals(screen.split("\n").length, 26);
    }),
});

Deno.test({
  name: "run refuses what is no kernel in one line (needs run, read, write)",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const files: [string, string | null, RegExp][] = [
        [
          "gone.ts",
          null,
          /^Cannot read kernel gone.ts: there is no such file$/,
        ],
        ["empty.ts", "", /its default export is missing/],
        ["wrong.ts", "let x = ;", /^Cannot load kernel wrong.ts:1:9: Synt/],
        [
          "throws.ts",
          "throw new Error('no\\nway')",
          /^Cannot load .*:1:7: no$/,
        ],
        [
          "part.ts",
          "import './gone.ts'",
          /^Cannot load kernel part.ts:1:8: Module/,
        ],
        ["class.ts", "export default class {}", /making it threw TypeError/],
        [".", null, /^Cannot read kernel \.: it is a folder$/],
      ];
      for (const [name, text] of files) {
        if (text !== null) Deno.writeTextFileSync(`${folder}/${name}`, text);
      }
      const before = [...Deno.readDirSync(folder)].length;
      const ran = await Promise.all(
        files.map(([name]) =>
          run(["--kernel", name, "--out", "o", "--serial", "s"], "", folder)
        ),
      );
      for (const [i, { code, out, err }] of ran.entries()) {
        assertEquals([code, out], [2, ""]);
        assertMatch(err.slice(0, -1), files[i]![2]);
        assertEquals(err.split("\n").length, 2, err);
      }
      assertEquals([...Deno.readDirSync(folder)].length, before);
    }),
});

Deno.test({
  name:
    "run leaves files alone when one cannot be written (needs run, read, write)",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/o`, "kept");
      const rows: [string[], RegExp][] = [
        [["--out", "o", "--serial", "no/s"], /^Cannot write no\/s: its folder/],
        [
          ["--out", "new", "--serial", "no/s"],
          /^Cannot write no\/s: its folder/,
        ],
        [["--out", "."], /^Cannot write \.: /],
        [["--keys", "é", "--out", "o"], /^Cannot type/],
      ];
      for (const [args, message] of rows) {
        const { code, out, err } = await run(args, "", folder);
        assertEquals([code, out], [2, ""]);
        assertMatch(err, message);
      }
      assertEquals([...Deno.readDirSync(folder)].map((f) => f.name), ["o"]);
      assertEquals(Deno.readTextFileSync(`${folder}/o`), "kept");
    }),
});

Deno.test({
  name:
    "run ends quietly and with its status when nobody reads (needs run, read, write)",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(
        `${folder}/exit.ts`,
        `export default (cpu) => ({ state: {}, entries: [],
           boot() { cpu.out32(0xf4, 3); }, loop() {} });`,
      );
      const child = new Deno.Command(Deno.execPath(), {
        args: [...FLAGS, "--kernel", "exit.ts"],
        cwd: folder,
        env: { INIT_CWD: folder },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      await child.stdout.cancel();
      const { code } = await child.status;
      const err = await new Response(child.stderr).text();
      assertEquals([code, err], [7, ""]);
    }),
});

Deno.test({
  name:
    "run dies of SIGINT and SIGTERM at once when it is headless (needs run, read, write)",
  ignore: ignore || Deno.build.os === "windows",
  fn: () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(
        `${folder}/busy.ts`,
        `export default (cpu) => ({ state: {}, entries: [],
           boot() { console.error("up"); }, loop() { cpu.pause(); } });`,
      );
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const child = new Deno.Command(Deno.execPath(), {
          args: [...FLAGS, "--kernel", "busy.ts", "--clk", "90_000_000_000"],
          cwd: folder,
          env: { INIT_CWD: folder },
          stdin: "null",
          stdout: "null",
          stderr: "piped",
        }).spawn();
        const reader = child.stderr.getReader();
        await reader.read();
        child.kill(signal);
        assertEquals((await child.status).signal, signal);
        await reader.cancel();
      }
    }),
});

Deno.test({
  name:
    "run says in one line that a disk is full (needs run, read, write; Linux)",
  ignore: ignore || Deno.build.os !== "linux",
  fn: () =>
    inFolder(async (folder) => {
      const full = "no space left on device\n";
      const command = [Deno.execPath(), ...FLAGS].join(" ");
      for (const redirect of [">/dev/full", ">/dev/full 2>/dev/full"]) {
        const { code, stderr } = await new Deno.Command("sh", {
          args: ["-c", `${command} ${redirect} </dev/null`],
          cwd: folder,
        }).output();
        const err = new TextDecoder().decode(stderr);
        const said = redirect.includes("2>")
          ? ""
          : `Cannot write standard output: ${full}`;
        assertEquals([code, err], [74, said]);
      }
    }),
});
