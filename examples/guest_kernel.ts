/**
 * A kernel in C runs on the machine, and one of its handlers is in TypeScript.
 * Watch: its system call, which multiplies, is ours; its sums are as ever.
 */
import { Machine, type Program, RAX, RBX } from "@lockstep/kernel/hw";
import { bootloaderImage, isaEngine, setHostGate } from "@lockstep/kernel/isa";
import { KERNEL } from "./guest/binaries.ts";

const program: Program = (cpu, saved) => {
  const state = (saved ?? { calls: 0 }) as { calls: number };
  const word = (register: number) =>
    BigInt(cpu.readRegister(register)) | BigInt(cpu.high) << 32n;
  const run = () => {
    const product = BigInt.asUintN(64, word(RAX) * word(RBX));
    const low = Number(product % 2n ** 32n);
    cpu.writeRegister(RAX, low, Number(product >> 32n));
    state.calls += 1;
    cpu.iretq();
  };
  const entries = [{ name: "multiply", run }];
  return { state, entries, boot() {}, loop() {} };
};

const image = bootloaderImage(KERNEL);
const machine = new Machine({ image, program, engine: isaEngine });
machine.run({ pauseClk: 50_000 }); // Its IDT is there.
const old = setHostGate(machine, 0x80, 0);
console.log(`gate 0x80 pointed to 0x${old.toString(16)}`);
machine.run({ pauseClk: 1_000_000 });
console.log(new TextDecoder().decode(machine.serial.bytes()));
console.log("calls in TypeScript:", machine.kernelState);
console.log(`clk ${machine.clk} digest ${machine.digest()}`);
