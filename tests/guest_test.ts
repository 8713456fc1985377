/**
 * The guests of `examples/guest` on the machine, and their kernel beside itself under QEMU.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { compareBuild } from "../dev/guest/rebuild.ts";
import { BIN, MODULE, moduleText } from "../dev/guest/embed.ts";
import { guestMachine, runHere, serialOf } from "../dev/guest/here.ts";
import { hasQemu, PROMPT, runInQemu } from "../dev/guest/qemu.ts";
import { forkAtRandom } from "../dev/linux/forks.ts";
import { permitted } from "../dev/permission.ts";
import { KERNEL, NO_RED_ZONE, RED_ZONE } from "../examples/guest/binaries.ts";
import { Machine } from "../src/hw/machine.ts";
import { bootloaderImage, isaEngine } from "../src/isa/mod.ts";

const LINE = "hello world";
/** What the kernel says whatever machine it runs on. */
const TEXT = `guest kernel
exceptions
  exception 3, error code 0
  exception 6, error code 0
  exception 0, error code 0
  exception 14, error code 0
  exception 13, error code 50
  caught 5, the page fault's address 200000000008
paging
  written through one address, read through another: 42
  exception 14, error code 3
  exception 14, error code 2
  still 42
exercise 50c37b40b35e553a
work 1f0416e69856aee4
100 ticks of the timer
type a line: ${LINE}
bye
`;

Deno.test("the guest kernel says and does the same by bootloader 0.9 and by Linux's protocol", () => {
  for (const loader of ["linux", "bootloader"] as const) {
    const machine = guestMachine(KERNEL, loader);
    const end = runHere(machine, LINE);
    assertEquals(end, { serial: TEXT, status: 33 }, loader);
    const screen = machine.vga.screenText().map((line) => line.trimEnd());
    assertEquals(`${screen.join("\n").trim()}\n`, TEXT);
  }
});

Deno.test("the guest kernel, saved, loaded and forked at random instructions, goes on the same", () => {
  const machine = guestMachine(KERNEL);
  const moments = forkAtRandom(machine, 12, 7, 13_000_000, () => {}, 200_000);
  for (const { clk, digests } of moments) {
    assertEquals(new Set(digests).size, 1, `at clk ${clk}: ${digests}`);
  }
  assertEquals(moments.length, 12);
  assert(serialOf(machine).includes("exercise"));
});

Deno.test({
  name:
    "the guest kernel says and does the same under QEMU (needs run, read, qemu-system-x86_64)",
  ignore: !permitted("run", "read") || !await hasQemu(),
  async fn() {
    const path = decodeURIComponent(new URL("kernel.elf", BIN).pathname);
    assert(TEXT.includes(PROMPT));
    assertEquals(await runInQemu(path, LINE), { serial: TEXT, status: 33 });
  },
});

Deno.test({
  name: "examples/guest/binaries.ts holds the files of bin (needs read)",
  ignore: !permitted("read"),
  fn() {
    const text = moduleText((name) =>
      Deno.readFileSync(new URL(`${name}.elf`, BIN))
    );
    assertEquals(Deno.readTextFileSync(MODULE), text);
  },
});

Deno.test({
  name:
    "the guests, built again, have the same bytes or behave the same (needs run, read, write, gcc)",
  ignore: !permitted("run", "read", "write"),
  async fn() {
    const rebuilt = await compareBuild();
    if (rebuilt === null) return;
    assert(rebuilt.good, rebuilt.text);
    if (rebuilt.recorded) return;
    const end = runHere(guestMachine(rebuilt.files.get("kernel.elf")!), LINE);
    assertEquals(end, { serial: TEXT, status: 33 });
  },
});

Deno.test("an interrupt's frame overwrites the red zone of a leaf function, and nothing where there is none", () => {
  const sums = (file: Uint8Array) => {
    const machine = new Machine({
      image: bootloaderImage(file),
      engine: isaEngine,
      ramBytes: 16 * 2 ** 20,
    });
    const found = [];
    // Behind the LIDT, until the sum is out.
    for (let clk = 20; clk < 80; clk++) {
      const fork = machine.fork([{ clk, source: "nmi" }]);
      const stop = fork.run();
      found.push(stop.reason === "exit" ? stop.value : NaN);
      fork.release();
    }
    return found;
  };
  const wrong = sums(RED_ZONE).filter((sum) => sum !== 36);
  assertEquals(sums(NO_RED_ZONE), Array(60).fill(36));
  assert(wrong.length > 25, `${wrong}`);
});
