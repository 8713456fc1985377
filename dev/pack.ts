/**
 * Packs the npm tarball, `deno task pack`: what `deno.json` exports but `./cli`,
 * which alone needs JSR. Takes the arguments of `deno pack`, `--output` above all.
 *
 * @module
 */

import { ROOT } from "./files.ts";

const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
const { name, version, license, exports, imports, publish } = config;
delete exports["./cli"];

// `deno pack` takes paths from its configuration's own folder: the root.
// A name of its own: two may be packing at a time.
const configName = `.npm-${Deno.pid}.json`;
const file = new URL(configName, ROOT);
Deno.writeTextFileSync(
  file,
  JSON.stringify({
    name,
    version,
    license,
    exports,
    imports: { "fast-check": imports["fast-check"] },
    publish: {
      include: ["README.md", "LICENSE"],
      exclude: publish.exclude,
    },
    nodeModulesDir: "none",
    lock: false,
  }),
);
// Quiet: else a line for each module that no entry point's types need.
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "pack",
    "--quiet",
    "--config",
    configName,
    "--allow-dirty",
    ...Deno.args,
  ],
  cwd: ROOT,
  stdin: "null",
}).spawn().status;
Deno.removeSync(file);
if (code === 0) console.log(`Packed ${name}@${version}`);
Deno.exitCode = code;
