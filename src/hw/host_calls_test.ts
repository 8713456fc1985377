import { assertEquals } from "@std/assert";
import { runBare } from "../../tests/support/bare.ts";
import { virtAddr } from "./addr.ts";
import { HOST_RESUME, HOST_STRIDE } from "./host_range.ts";
import { above, exit } from "./host_support_test.ts";

Deno.test("call() names its frame, lowers RSP, touches each page, and undoes it", () => {
  const rsp: number[] = [];
  const names: string[] = [];
  const { machine } = runBare((cpu) => ({
    boot() {
      rsp.push(cpu.readRsp());
      cpu.fill(virtAddr(rsp[0]! - 3 * 4096), 0xff, 3 * 4096);
      const result = cpu.call(function callee() {
        rsp.push(cpu.readRsp());
        names.push(...cpu.frames());
        return 42;
      }, 2 * 4096 + 16);
      assertEquals(result, 42);
      rsp.push(cpu.readRsp());
      cpu.call(() => names.push(...cpu.frames()));
      exit(cpu);
    },
  }));
  assertEquals(names, ["boot", "callee", "boot", "call"]);
  const [before, inside, after] = rsp as [number, number, number];
  assertEquals(before - inside, 8 + 2 * 4096 + 16);
  assertEquals(after, before);
  const word = (at: number) => [
    machine.peek(virtAddr(at)),
    machine.peek(virtAddr(at + 4)),
  ];
  // From the top down: a word at each 4,096 bytes, the last at RSP.
  const slot = before - 8;
  for (const at of [slot - 4096, slot - 8192]) assertEquals(word(at), [0, 0]);
  assertEquals(word(inside), [0, 0]);
  assertEquals(word(slot - 4096 - 8), [0xffff_ffff, 0xffff_ffff]);
});

for (const bytes of [0, 4095, 4096 + 8, -4096, NaN]) {
  Deno.test(`call() with a frame of ${bytes} bytes is a bug of the kernel`, () => {
    const { stop } = runBare((cpu) => ({
      boot: () => cpu.call(() => {}, bytes),
    }));
    assertEquals(stop, {
      reason: "panic",
      message: `Cannot call with a frame of ${bytes} bytes: ` +
        "give a multiple of 16 from 4096 on",
      places: ["boot"],
    });
  });
}

Deno.test("call() through a changed return address abandons the JavaScript and goes on there", () => {
  const trace: string[] = [];
  let before = 0;
  const { stop } = runBare((cpu) => ({
    handlers: {
      elsewhere: {
        run() {
          trace.push(`elsewhere at ${cpu.readRsp() - before}`);
          trace.push(...cpu.frames());
          exit(cpu, 7);
          cpu.hltLoop();
        },
      },
    },
    boot() {
      before = cpu.readRsp();
      cpu.call(function callee() {
        // The return address lies above the frame.
        cpu.storeAddr(above(cpu, 4096 / 8), cpu.entryAddress("elsewhere"));
      });
      trace.push("never");
    },
  }));
  assertEquals(stop.reason === "exit" && stop.value, 7);
  assertEquals(trace, ["elsewhere at 0", "elsewhere"]);
});

Deno.test("call() to a return address that is not canonical is #GP(0) at the RET, and retried", () => {
  const seen: number[] = [];
  const { stop } = runBare((cpu) => ({
    handlers: {
      protection: {
        vector: 13,
        run() {
          seen.push(cpu.pop64());
          const slot = cpu.loadAddr(above(cpu, 3));
          cpu.storeAddr(slot, virtAddr(HOST_RESUME + HOST_STRIDE));
          cpu.iretq();
        },
      },
    },
    boot() {
      cpu.call(() => cpu.store64(above(cpu, 4096 / 8), 0, 0x1234_0000));
      seen.push(1);
      exit(cpu);
    },
  }));
  assertEquals(stop.reason, "exit");
  assertEquals(seen, [0, 1]);
});

Deno.test("call() more than 1,000 deep ends as host-calls, naming the innermost", () => {
  let deepest = 0;
  const { stop, machine } = runBare((cpu) => ({
    boot(info) {
      cpu.writeRsp(virtAddr(Number(info.physicalMemoryOffset) + 12 * 2 ** 20));
      const deeper = (): void => {
        deepest += 1;
        cpu.call(deeper);
      };
      deeper();
    },
  }));
  assertEquals(stop, {
    reason: "host-calls",
    places: Array(16).fill("deeper"),
  });
  // `boot` is the first of the 1,000.
  assertEquals(deepest, 1_000);
  assertEquals(machine.stopped, stop);
});
