/** The unit test of the binary: all is set up before it (blog_os, `main.rs`). */

import * as kernel from "@lockstep/kernel/kernel";
import {
  assertEq,
  type KernelTest,
  testKernel,
} from "@lockstep/kernel/testing";
import { blogOs, blogOsState } from "./blog_os.ts";

const main: KernelTest = {
  name: "main",
  program: testKernel({
    name: "blog_os",
    state: () => ({
      ...blogOsState(),
      memory: kernel.kernelMemoryState(),
    }),
    build(core, state) {
      const init = blogOs(core, state);
      const memory = new kernel.KernelMemory(core, state.memory);
      return {
        init(info) {
          core.println("Hello World!");
          init();
          memory.init(info);
        },
        tests: {
          trivial_assertion: () => assertEq(core, 1, 1),
        },
      };
    },
  }),
};

const kernels: readonly KernelTest[] = [main];
export default kernels;
