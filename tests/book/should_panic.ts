/** A kernel that must panic (blog_os, `tests/should_panic.rs`). */

import { coreState } from "@lockstep/kernel/kernel";
import {
  assertEq,
  type KernelTest,
  shouldPanicKernel,
} from "@lockstep/kernel/testing";

const kernels: readonly KernelTest[] = [{
  name: "should_panic",
  program: shouldPanicKernel({
    name: "should_panic",
    state: coreState,
    build: (core) => ({
      tests: { should_fail: () => assertEq(core, 0, 1) },
    }),
  }),
}];
export default kernels;

/** The same where the function returns: it fails. */
export const returning: KernelTest = {
  name: "should_panic when the function returns",
  program: shouldPanicKernel({
    name: "should_panic",
    state: coreState,
    build: (core) => ({
      tests: { should_fail: () => assertEq(core, 1, 1) },
    }),
  }),
};
