import { assertEquals } from "@std/assert";
import { ROOT } from "./files.ts";
import { permitted } from "./permission.ts";

/** A block of code and the output that stands behind it. */
const BLOCK = /```ts\n([\s\S]*?)```\n+```\n([\s\S]*?)```/g;

Deno.test({
  name: "README: each block prints what stands behind it (needs run, read)",
  ignore: !permitted("run", "read"),
  async fn() {
    const text = await Deno.readTextFile(new URL("README.md", ROOT));
    const blocks = [...text.matchAll(BLOCK)];
    assertEquals(blocks.length > 0, true, "there is a block with output");
    for (const [, code, output] of blocks) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "-"],
        cwd: ROOT,
        stdin: "piped",
        stdout: "piped",
        env: { NO_COLOR: "1" },
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(code));
      await writer.close();
      const { stdout } = await child.output();
      assertEquals(new TextDecoder().decode(stdout), output);
    }
  },
});
