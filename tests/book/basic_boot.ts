/** Printing works with nothing set up (blog_os, `tests/basic_boot.rs`). */

import { coreState } from "@lockstep/kernel/kernel";
import { type KernelTest, testKernel } from "@lockstep/kernel/testing";

const kernels: readonly KernelTest[] = [{
  name: "basic_boot",
  program: testKernel({
    name: "basic_boot",
    state: coreState,
    build: (core) => ({
      tests: { test_println: () => core.println("test_println output") },
    }),
  }),
}];
export default kernels;
