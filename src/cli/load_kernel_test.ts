import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeHost } from "../../tests/support/cli_host.ts";
import { Machine } from "../hw/machine.ts";
import { kernel } from "../kernel/kernel.ts";
import { loadKernel } from "./load_kernel.ts";
import { UsageError } from "./usage_error.ts";

/** Loads `module` as /home/me/k.ts, and makes a machine with it. */
async function load(module: unknown): Promise<Machine> {
  const host = new FakeHost({ modules: { "/home/me/k.ts": module } });
  const program = await loadKernel("k.ts", host);
  return new Machine({ program, ramBytes: 16 * 2 ** 20 });
}

Deno.test("loadKernel() takes a Program by a path or a file: URL", async () => {
  const machine = await load({ default: kernel });
  assertEquals(machine.step(), null);
  const host = new FakeHost({ modules: { "/else/k.ts": { default: kernel } } });
  for (const file of ["/else/k.ts", "../../else/k.ts", "file:///else/k.ts"]) {
    assert(await loadKernel(file, host));
  }
});

Deno.test("loadKernel() says in one line what is wrong", async () => {
  const whole = { boot() {}, loop() {}, entries: [], state: {} };
  const rows: [unknown, string][] = [
    [undefined, "Cannot read kernel k.ts: there is no such file"],
    [{}, "default export is missing; export a Program"],
    [{ default: 3 }, "default export is no function; export a Program"],
    [
      new SyntaxError("Unexpected ;\n  at k.ts"),
      "Cannot load kernel k.ts: SyntaxError: Unexpected ;",
    ],
    [
      new SyntaxError("Unexpected ;\n  at file:///home/me/k.ts:3:26"),
      "Cannot load kernel k.ts:3:26: SyntaxError: Unexpected ;",
    ],
    [
      new TypeError("\x1b[31mnot found\x1b[0m"),
      "Cannot load kernel k.ts: not found",
    ],
    [{ default: class {} }, "making it threw TypeError: Class constructor"],
    [{ default: () => null }, "has no boot(), loop(), state and entries"],
    [{ default: () => ({ ...whole, boot: 1 }) }, "has no function boot(info)"],
    [{ default: () => ({ ...whole, loop: 1 }) }, "has no function loop()"],
    [{ default: () => ({ ...whole, entries: {} }) }, "has no array entries"],
    [{ default: () => ({ ...whole, state: 1 }) }, "has no object state"],
  ];
  for (const [module, part] of rows) {
    const { message } = await assertRejects(() => load(module), UsageError);
    assert(message.includes(part), message);
    assert(!message.includes("\n"), message);
  }
});

Deno.test("loadKernel() refuses a URL that names no file", async () => {
  await assertRejects(
    () => loadKernel("file://far/%00", new FakeHost()),
    UsageError,
  );
});
