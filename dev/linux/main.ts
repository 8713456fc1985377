/**
 * `deno task linux`: kernels that nobody here wrote. Fetches Debian's cloud kernel and memtest86+ with `apt-get download` into
 * an ignored folder, and runs them.
 *
 * Options: names of what to run (`boot`, `bzimage`, `memtest`, `forks`; all by default), `--seed S` (1) and `--count N` (20) for `forks`,
 * `--record` to write what ran and how it ended into `dev/linux/record.json`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { ROOT } from "../files.ts";
import { wholeNumber } from "../options.ts";
import {
  bootPacked,
  bootThrice,
  type LinuxFiles,
  linuxMachine,
} from "./boot.ts";
import { forkAtRandom, FURTHER_CLK } from "./forks.ts";
import { initrdOf } from "./initrd.ts";
import { runMemtest } from "./memtest.ts";
import {
  dependencyOf,
  fetchPackage,
  FOLDER,
  type Provenance,
  sha256,
  Unavailable,
} from "./packages.ts";
import { unpackVmlinux } from "./vmlinux.ts";

const RECORD = new URL("record.json", import.meta.url);
const NAMES = ["boot", "bzimage", "memtest", "forks"];
/** About where a boot ends. */
const FORKS_CLK_MAX = 520_000_000;

const options = parseArgs(Deno.args, {
  string: ["seed", "count", "_"],
  boolean: ["record"],
  default: { seed: "1", count: "20" },
});
const chosen = options._.length > 0 ? options._.map(String) : NAMES;
const unknown = chosen.find((name) => !NAMES.includes(name));
if (unknown !== undefined) {
  console.error(`Cannot run "${unknown}": choose of ${NAMES.join(", ")}`);
  Deno.exit(2);
}

const say = (line: string) => console.log(line);
const ran: Provenance[] = [];
const results: Record<string, unknown> = {};
let failed = 0;

function note(good: boolean, line: string): void {
  if (!good) failed += 1;
  say(`${good ? "ok    " : "FAILED"} ${line}`);
}

async function provenance(
  name: string,
  version: string,
  file: string,
  bytes: Uint8Array,
): Promise<void> {
  const row = { package: name, version, file, sha256: await sha256(bytes) };
  ran.push(row);
  say(`  ${row.package} ${row.version}, ${row.file}: SHA-256 ${row.sha256}`);
}

interface Files extends LinuxFiles {
  /** The file from which the vmlinux was unpacked. */
  readonly bzimage: Uint8Array;
}

/** The kernel of Debian's cloud images, unpacked, and our own `/init`. */
async function linuxFiles(): Promise<Files> {
  const { name, version, folder } = await fetchPackage(
    await dependencyOf("linux-image-cloud-amd64"),
  );
  const boot = [...Deno.readDirSync(`${folder}/boot`)];
  const file = boot.find((entry) => entry.name.startsWith("vmlinuz-"))!.name;
  const packed = Deno.readFileSync(`${folder}/boot/${file}`);
  await provenance(name, version, file, packed);
  const vmlinux = await unpackVmlinux(packed);
  await provenance(name, version, "vmlinux", vmlinux);
  const init = Deno.readFileSync(new URL("examples/guest/bin/init.elf", ROOT));
  await provenance("ours", "-", "examples/guest/bin/init.elf", init);
  return { vmlinux, bzimage: packed, initrd: initrdOf(init) };
}

async function boot(files: LinuxFiles): Promise<void> {
  say("boot: Debian's vmlinux to /init and the reset");
  const ends = await bootThrice(files, say);
  const [one] = ends;
  say(`  RAM SHA-256 ${one.ram}, digest ${one.digest}`);
  const same = ends.every((end) => JSON.stringify(end) === JSON.stringify(one));
  note(
    same,
    "boot: RAM, digest, clk and serial output equal in two runs and after save and load in the middle",
  );
  // The digest covers the machine's own tables, too, so it is of this version.
  const { clk, ram, serial } = one;
  results["boot"] = { clk, ram, serial };
}

async function bzimage({ bzimage, initrd }: Files): Promise<void> {
  say(
    "bzimage: Debian's vmlinuz, which unpacks itself, to /init and the reset",
  );
  const { clk } = await bootPacked(bzimage, initrd, say);
  note(true, `bzimage: it ended at clk ${clk}`);
  results["bzimage"] = { clk };
}

async function memtest(): Promise<void> {
  say("memtest: Debian's memtest86+ (x64)");
  const { name, version, folder } = await fetchPackage("memtest86+");
  const file = "memtest86+x64.bin";
  const bytes = Deno.readFileSync(`${folder}/boot/${file}`);
  await provenance(name, version, file, bytes);
  const { bannerClk, testClk, screen } = runMemtest(bytes);
  for (const line of screen.slice(0, 10)) say(`  ${line}`);
  note(
    true,
    `memtest: banner by clk ${bannerClk}, one whole test without an error by clk ${testClk}`,
  );
  results["memtest"] = { bannerClk, testClk };
}

function forks(files: LinuxFiles): void {
  const count = wholeNumber("count", options.count, 1);
  const seed = wholeNumber("seed", options.seed);
  say(
    `forks: Linux saved, loaded and forked at ${count} random clks, ${FURTHER_CLK} further`,
  );
  const machine = linuxMachine(files);
  const moments = forkAtRandom(machine, count, seed, FORKS_CLK_MAX, say);
  const equal =
    moments.filter(({ digests }) => new Set(digests).size === 1).length;
  note(equal === count, `forks: ${equal} of ${count} equal (seed ${seed})`);
  results["forks"] = { count, seed, equal };
}

/** Another process, perhaps another day: the same files came to the same ends. */
function compareWithRecord(): void {
  const record = JSON.parse(Deno.readTextFileSync(RECORD));
  for (const [name, result] of Object.entries(results)) {
    const same =
      JSON.stringify(result) === JSON.stringify(record.results[name]);
    const how = same ? "as recorded" : "otherwise than recorded";
    say(`  ${name}: ended ${how} (dev/linux/record.json)`);
  }
}

try {
  const needsLinux = chosen.some((name) => name !== "memtest");
  const files = needsLinux ? await linuxFiles() : null;
  if (files && chosen.includes("boot")) await boot(files);
  if (files && chosen.includes("bzimage")) await bzimage(files);
  if (chosen.includes("memtest")) await memtest();
  if (files && chosen.includes("forks")) forks(files);
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.error(`LINUX SKIPPED from here on: ${error.message}`);
  Deno.exit(failed === 0 ? 0 : 1);
}
compareWithRecord();
if (options.record) {
  const record = { ran, results };
  Deno.writeTextFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
  say(
    `recorded; files are in ${FOLDER}`,
  );
}
Deno.exit(failed === 0 ? 0 : 1);
