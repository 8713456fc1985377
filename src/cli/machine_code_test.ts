import { assertEquals, assertMatch } from "@std/assert";
import { FakeHost } from "../../tests/support/cli_host.ts";
import {
  bzImageFile,
  elfFile,
  EXIT_CODE,
  patched,
} from "../isa/loaders/support_test.ts";
import type { Program } from "../hw/hosted.ts";
import { main } from "./main.ts";

/** mov al, 0xff; out 0x21, al; sti; hlt; jmp to the hlt */
const HALTS = [0xb0, 0xff, 0xe6, 0x21, 0xfb, 0xf4, 0xeb, 0xfd];

const CONTENTS = {
  "/home/me/kernel.elf": elfFile(),
  "/home/me/halts.elf": elfFile(HALTS),
  "/home/me/bzImage": bzImageFile(),
  // mov eax, [rsi + 0x21c]; out 0xf4, eax: the size of the RAM disk.
  "/home/me/sizes": bzImageFile([0x8b, 0x86, 0x1c, 2, 0, 0, 0xe7, 0xf4]),
  // mov rax, 0xffff_8000_0020_0010; jmp rax
  "/home/me/jumps.elf": elfFile(
    [0x48, 0xb8, 0x10, 0, 0x20, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xe0],
  ),
  "/home/me/disk": new Uint8Array(7),
  "/home/me/text": new TextEncoder().encode("no kernel"),
  "/home/me/arm.elf": patched(elfFile(), [[18, 2, 183]]),
  // At the address of the firmware's own tables.
  "/home/me/low.elf": patched(elfFile(), [[24, 4, 0x5000], [80, 4, 0x5000]]),
  "/home/me/32.bin": patched(bzImageFile(), [[0x236, 2, 0]]),
};

/** A program whose second entry ends the run. */
const HANDLERS: Program = () => ({
  state: {},
  entries: [
    { name: "first", run: (cpu) => cpu.out32(0xf4, 1) },
    { name: "second", run: (cpu) => cpu.out32(0xf4, 2) },
  ],
  boot() {},
  loop() {},
});

async function run(...args: string[]) {
  const host = new FakeHost({
    stdin: "",
    contents: CONTENTS,
    modules: { "/home/me/handlers.ts": { default: HANDLERS } },
  });
  const status = await main(["run", ...args], host);
  const { stdout, stderr } = host;
  return { status, out: stdout.text, err: stderr.text };
}

Deno.test("run --elf and --bzimage boot kernels in machine code", async () => {
  for (
    const args of [["--elf", "kernel.elf"], ["--bzimage", "bzImage"], [
      "--bzimage",
      "kernel.elf",
    ]]
  ) {
    const { status, out, err } = await run(...args, "--ram", "16");
    assertEquals([status, err], [33, ""]);
    assertMatch(out, /\nclk 2 digest [0-9a-f]{16} stop exit\n$/);
  }
});

Deno.test("run --elf with --kernel lends a guest the entries of a program", async () => {
  const { status } = await run("--elf", "jumps.elf", "--kernel", "handlers.ts");
  assertEquals(status, 2 * 2 + 1);
});

Deno.test("run --initrd hands over a RAM disk", async () => {
  const { status } = await run("--bzimage", "sizes", "--initrd", "disk");
  assertEquals(status, 15);
});

Deno.test("run --elf ends when the machine is idle, with --clk it goes on, as --bzimage does", async () => {
  const elf = await run("--elf", "halts.elf");
  assertMatch(elf.out, / stop idle\n$/);
  const waits = await run("--elf", "halts.elf", "--clk", "30_000_000");
  assertMatch(waits.out, /clk 30000000 digest \w+ stop limit\n$/);
  const linux = await run("--bzimage", "halts.elf", "--clk", "1000");
  assertMatch(linux.out, /clk 1000 digest \w+ stop limit\n$/);
});

Deno.test("run --trace-instructions writes a line for each instruction", async () => {
  const { status, err } = await run(
    "--elf",
    "kernel.elf",
    "--trace-instructions",
  );
  assertEquals(status, 33);
  assertEquals(
    err,
    "clk 1 cpl 0 rip 0x20_00b0 b8 10 00 00 00  MOV Zv,Iv\n" +
      "clk 2 cpl 0 rip 0x20_00b5 e7 f4  OUT Ib,rAX\n",
  );
  assertEquals(EXIT_CODE.length, 7);
});

Deno.test("run ends with one line and status 2 for a kernel that it cannot boot", async () => {
  const rows: [string[], RegExp][] = [
    [["--elf", "none"], /^Cannot read none: there is no such file$/],
    [["--bzimage", "bzImage", "--initrd", "none"], /^Cannot read none: /],
    [["--elf", "text"], /^Cannot boot text: it does not begin with 7f 45 4c/],
    [["--elf", "arm.elf"], /^Cannot boot arm.elf: it is for machine 183;/],
    [
      ["--elf", "low.elf"],
      /^Cannot boot low.elf in 128 MiB of RAM: Cannot map page 0x\w+: already/,
    ],
    [["--bzimage", "text"], /^Cannot boot text: it is neither a bzImage nor/],
    [["--bzimage", "32.bin"], /^Cannot boot 32.bin: it has no 64-bit entry/],
    [
      ["--bzimage", "bzImage", "--append", "x".repeat(256)],
      /^Cannot boot bzImage: its command line has 256 bytes, 255 at most$/,
    ],
    [
      ["--elf", "kernel.elf", "--bzimage", "bzImage"],
      /^Cannot use --elf with --bzimage: one kernel boots$/,
    ],
    [["--append", "x"], /^Cannot use --append without --bzimage$/],
    [["--initrd", "disk"], /^Cannot use --initrd without --bzimage$/],
    [["--elf", "kernel.elf", "--initrd", "disk"], /^Cannot use --initrd with/],
  ];
  for (const [args, message] of rows) {
    const { status, out, err } = await run(...args);
    assertEquals([status, out], [2, ""], err);
    assertMatch(err.slice(0, -1), message);
  }
});
