/**
 * Chapter 4, testing: `deno task kernel-test examples/chapter_04_testing.ts`.
 * Watch: tests report over the serial port, the exit device ends the machine
 * (0x10 makes QEMU leave with 33), and the first panic ends the kernel.
 */
import { coreState } from "@lockstep/kernel/kernel";
import {
  assertEq,
  type KernelTest,
  runKernelTest,
  shouldPanicKernel,
  testKernel,
} from "@lockstep/kernel/testing";

const main = testKernel({
  name: "blog_os",
  state: coreState,
  build: (core) => ({
    tests: { trivial_assertion: () => assertEq(core, 1, 1) },
  }),
});
const shouldPanic = shouldPanicKernel({
  name: "should_panic",
  state: coreState,
  build: (core) => ({ tests: { should_fail: () => assertEq(core, 0, 1) } }),
});
const kernels: KernelTest[] = [
  { name: "main", program: main },
  { name: "should_panic", program: shouldPanic },
];
export default kernels;

if (import.meta.main) {
  for (const kernel of kernels) {
    const { serial, clk, digest, stop } = runKernelTest(kernel);
    console.log(serial.trimEnd());
    console.log(`clk ${clk} digest ${digest}`, stop);
  }
}
