import { assertEquals } from "@std/assert";
import { FakeCpu } from "../../tests/support/fake_cpu.ts";
import type { BootInfo } from "../hw/boot_info.ts";
import { coreState } from "./core.ts";
import { defineKernel } from "./define_kernel.ts";

Deno.test("defineKernel() halts in each turn where there is no loop, and refuses no save", () => {
  const cpu = new FakeCpu();
  const done: string[] = [];
  const define = (loop?: () => void, refuseSave?: () => string) =>
    defineKernel({
      id: "k",
      state: coreState,
      build: () => ({
        boot: () => void done.push("boot"),
        ...(loop ? { loop } : {}),
        ...(refuseSave ? { refuseSave } : {}),
      }),
    })(cpu);
  const plain = define();
  plain.boot({} as BootInfo);
  plain.loop();
  assertEquals([cpu.counts.get("hlt"), done], [1, ["boot"]]);
  assertEquals(plain.refuseSave?.(), null);
  const own = define(() => void done.push("turn"), () => "a task");
  own.loop();
  assertEquals([cpu.counts.get("hlt"), done], [1, ["boot", "turn"]]);
  assertEquals([own.id, own.refuseSave?.()], ["k", "a task"]);
});

Deno.test("defineKernel() goes on with the state that it is given, and else makes one", () => {
  const program = defineKernel({
    id: "k",
    state: () => ({ ...coreState(), count: 0 }),
    build: (_core, state) => ({
      boot: () => void (state.count += 1),
    }),
  });
  const cpu = new FakeCpu();
  const first = program(cpu);
  first.boot({} as BootInfo);
  const given = { ...coreState(), count: 7 };
  const second = program(cpu, given);
  second.boot({} as BootInfo);
  assertEquals(first.state, { ...coreState(), count: 1 });
  assertEquals(given.count, 8);
  assertEquals(second.state === given, true);
});
