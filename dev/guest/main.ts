/**
 * `deno task guest`: builds the guests of `examples/guest`, and compares the kernel among them with itself under QEMU.
 *
 * `deno task guest build` writes the binaries anew; without a word they are built into a folder of their own and compared,
 * and then run: text, status and registers here and under QEMU.
 *
 * @module
 */

import { ROOT } from "../files.ts";
import { compareRegisters } from "./compare.ts";
import { BIN, writeModule } from "./embed.ts";
import { countHere, guestMachine, runHere } from "./here.ts";
import { hasQemu, runInQemu } from "./qemu.ts";
import { compareBuild } from "./rebuild.ts";

const LINE = "hello world";
const KERNEL = new URL("kernel.elf", BIN);
/** The kernel's code: where it is linked, and room for it. */
const CODE_START = 0x20_0000;
const CODE_BYTES = 0x2000;

let failed = 0;
function note(good: boolean, line: string): void {
  if (!good) failed += 1;
  console.log(`${good ? "ok    " : "FAILED"} ${line}`);
}

const [verb] = Deno.args;
if (verb === "build") {
  const { success, stderr } = await new Deno.Command(
    "examples/guest/build.sh",
    { cwd: ROOT },
  ).output();
  await Deno.stderr.write(stderr);
  if (!success) Deno.exit(1);
  writeModule();
} else if (verb !== undefined) {
  console.error(`Cannot do "${verb}": build, or nothing`);
  Deno.exit(2);
}

const rebuilt = await compareBuild();
if (rebuilt === null) console.error("GUESTS NOT REBUILT: there is no gcc here");
else note(rebuilt.good, rebuilt.text);

const file = Deno.readFileSync(KERNEL);
const machine = guestMachine(file);
const ours = runHere(machine, LINE);
const boot = runHere(guestMachine(file, "bootloader"), LINE);
note(
  boot.serial === ours.serial && boot.status === ours.status,
  "kernel: the same by bootloader 0.9 and by Linux's protocol",
);
const counts = countHere(guestMachine(file), LINE);
console.log(`  ${counts.mnemonics.join(" ")}`);
const enough = counts.instructions >= 10_000_000 &&
  counts.mnemonics.length >= 50 && counts.timer >= 100;
note(
  enough,
  `kernel: ${counts.instructions} instructions, ${counts.mnemonics.length} mnemonics, ${counts.timer} timer interrupts`,
);

if (!await hasQemu()) {
  console.error(
    "NOT COMPARED WITH QEMU: there is no qemu-system-x86_64 here (Debian: apt-get install qemu-system-x86)",
  );
} else {
  const path = decodeURIComponent(KERNEL.pathname);
  const theirs = await runInQemu(path, LINE);
  console.log(ours.serial.trimEnd().replaceAll(/^/gm, "  | "));
  note(
    theirs.serial === ours.serial,
    `kernel: ${ours.serial.length} bytes of serial text equal under QEMU`,
  );
  note(
    theirs.status === ours.status,
    `kernel: status ${ours.status} here, ${theirs.status} under QEMU`,
  );
  const { instructions, difference, interrupted } = await compareRegisters(
    path,
    file,
    CODE_START,
    CODE_BYTES,
  );
  note(
    difference === null && interrupted,
    `kernel: registers equal before each of ${instructions} instructions up to the first interrupt${
      difference === null ? "" : `; ${difference}`
    }`,
  );
}
Deno.exit(failed === 0 ? 0 : 1);
