import { assertEquals } from "@std/assert";
import { ROOT } from "../files.ts";
import { permitted } from "../permission.ts";
import { anchorsOf, blocksOf, linksOf, markdownFiles } from "./markdown.ts";
import { notModelledPage, PAGE as NOT_MODELLED } from "./not_modelled.ts";
import { printed, shownIn } from "./outputs.ts";
import { draw, PICTURES } from "./pictures.ts";

const read = (path: string): string =>
  Deno.readTextFileSync(new URL(path, ROOT));

Deno.test("blocksOf() finds fences, and which one follows another", () => {
  const text = "a\n```ts\nx\n```\n\n```\ny\n```\nb\n```sh\n```\n";
  assertEquals(blocksOf(text), [
    { info: "ts", text: "x\n", line: 2, follows: false },
    { info: "", text: "y\n", line: 6, follows: true },
    { info: "sh", text: "", line: 10, follows: false },
  ]);
});

Deno.test("linksOf() and anchorsOf() see prose alone", () => {
  const text = "# A `b`, c!\n[x](y.md#z) `[n](o)`\n```\n# no\n[p](q)\n```\n";
  assertEquals(linksOf(text), ["y.md#z"]);
  assertEquals([...anchorsOf(text)], ["a-b-c"]);
});

Deno.test({
  name: "docs: no code block is left out of the tests (needs read)",
  ignore: !permitted("read"),
  fn() {
    for (const path of markdownFiles()) {
      for (const { info, line } of blocksOf(read(path))) {
        const left = /\b(ignore|no-run|no-check)\b/.exec(info);
        assertEquals(left, null, `${path}:${line} is marked ${info}`);
      }
    }
  },
});

Deno.test({
  name: "docs: each relative link leads to a file and a heading (needs read)",
  ignore: !permitted("read"),
  fn() {
    const dead: string[] = [];
    for (const path of markdownFiles()) {
      for (const link of linksOf(read(path))) {
        if (/^[a-z]+:/.test(link)) continue;
        const [file, anchor] = link.split("#") as [string, string?];
        const target = file === ""
          ? path
          : new URL(file, new URL(path, "file:///")).pathname.slice(1);
        try {
          const { isFile } = Deno.statSync(new URL(target, ROOT));
          if (anchor === undefined) continue;
          if (!isFile || !anchorsOf(read(target)).has(anchor)) {
            dead.push(`${path}: ${link}`);
          }
        } catch {
          dead.push(`${path}: ${link}`);
        }
      }
    }
    assertEquals(dead, []);
  },
});

Deno.test({
  name: "docs: each block prints what stands behind it (needs run, read)",
  ignore: !permitted("run", "read"),
  async fn() {
    let outputs = 0;
    for (const path of markdownFiles()) {
      for (const { code, output } of shownIn(read(path))) {
        const text = await printed(code.text);
        assertEquals(text, output.text, `${path}:${code.line}: deno task docs`);
        outputs += 1;
      }
    }
    assertEquals(outputs > 0, true, "there is a block with output");
  },
});

Deno.test({
  name: "docs: what is not modelled is what the headers say (needs read)",
  ignore: !permitted("read"),
  fn() {
    const how = "deno task not-modelled";
    assertEquals(read(NOT_MODELLED), notModelledPage(), how);
  },
});

Deno.test({
  name: "docs: each picture is what its command draws (needs run, read, write)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    const folder = await Deno.makeTempDir();
    for (const picture of PICTURES) {
      const file = `${folder}/picture.svg`;
      await draw(picture, file);
      assertEquals(Deno.readTextFileSync(file), read(picture.path));
    }
    await Deno.remove(folder, { recursive: true });
  },
});
