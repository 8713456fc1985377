import { assertEquals } from "@std/assert";
import { kernel, Machine } from "@lockstep/kernel";
import { keyInputs } from "@lockstep/kernel/keyboard";
import { ROOT } from "./files.ts";
import { permitted } from "./permission.ts";

const SCRIPT = `
import { kernel, Machine } from "@lockstep/kernel";
import { keyInputs } from "@lockstep/kernel/keyboard";
const machine = new Machine({ program: kernel });
machine.addInputs(keyInputs("hello", { clk: 20_000_000 }));
machine.run({ clkMax: 60_000_000 });
console.log(machine.digest());
`;

/** Runs a program in a folder; its output, or an error with all that it said. */
async function run(
  cwd: string | URL,
  program: string,
  ...args: string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${text.decode(stderr)}`);
  }
  return text.decode(stdout);
}

async function has(program: string): Promise<boolean> {
  try {
    await run(ROOT, program, "--version");
    return true;
  } catch {
    console.log(`SKIPPED: no ${program}, so the tarball was not tried there`);
    return false;
  }
}

Deno.test({
  name: "the npm tarball under Node gives Deno's digest (needs run, write)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    if (!await has("node")) return;
    const folder = await Deno.makeTempDir();
    const tarball = `${folder}/kernel.tgz`;
    const deno = Deno.execPath();
    await run(ROOT, deno, "task", "pack", "--output", tarball);
    const home = `${folder}/node_modules/@lockstep/kernel`;
    await Deno.mkdir(home, { recursive: true });
    await run(home, "tar", "-xzf", tarball, "--strip-components=1");
    await Deno.writeTextFile(`${folder}/try.mjs`, SCRIPT);
    const digest = (await run(folder, "node", "try.mjs")).trim();
    await Deno.remove(folder, { recursive: true });

    const machine = new Machine({ program: kernel });
    machine.addInputs(keyInputs("hello", { clk: 20_000_000 }));
    machine.run({ clkMax: 60_000_000 });
    assertEquals(digest, machine.digest());
  },
});
