/**
 * A kernel in TypeScript runs two programs of machine code in ring 3, which count
 * to 3,000 in a page that they share, preempted by the timer. Watch: forked in the
 * middle, other keys make other counts.
 */
import { Machine, RAX, RDI, RSI, virtAddr } from "@lockstep/kernel/hw";
import type { Program } from "@lockstep/kernel/hw";
import * as isa from "@lockstep/kernel/isa";
import { COUNTER } from "./guest/binaries.ts";

const program: Program = (cpu, saved) => {
  const fresh = { ring3: isa.ring3State(), key: 0 };
  const state = (saved ?? fresh) as typeof fresh;
  const ring3 = new isa.Ring3(cpu, state.ring3, {
    syscall(running) {
      const argument = (n: number) => isa.processRegister(running, n);
      const [call, who, count] = [RAX, RDI, RSI].map(argument);
      if (call === 0) ring3.kill(running, "exit");
      if (call === 1) console.log(`program ${who} counted ${count} times`);
      if (call === 2) isa.setProcessRegister(running, RAX, state.key);
    },
    key: (byte) => void (state.key = byte & 7),
  });
  const boot = (info: Parameters<typeof ring3.boot>[0]) => {
    ring3.boot(info, 300);
    const elf = isa.parseElf64(COUNTER);
    const both = [0, 1].map((number) => ring3.spawn(elf, [number, 3_000]));
    ring3.share(both, virtAddr(0x5500_1000_0000), ring3.frames.take()!);
  };
  return { state, entries: ring3.entries, boot, loop: () => ring3.loop() };
};

const machine = new Machine({ program, engine: isa.isaEngine });
machine.run({ pauseClk: 700_000 });
for (const data of [0x16, 0x1c]) { // The keys 1 and A.
  const fork = machine.fork([{ clk: 800_000, source: "key", data }]);
  fork.run({ clkMax: 2_000_000 });
  console.log(`clk ${fork.clk} digest ${fork.digest()}`);
}
