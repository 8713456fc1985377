/** All test kernels of the book, and those that must fail. */

import type { KernelTest } from "@lockstep/kernel/testing";
import basicBoot from "./basic_boot.ts";
import executor from "./executor.ts";
import heapAllocation, { bump } from "./heap_allocation.ts";
import lib from "./lib.ts";
import main from "./main.ts";
import shouldPanic, { returning } from "./should_panic.ts";
import stackOverflow, { withoutStack } from "./stack_overflow.ts";

/** Those that succeed. */
export const kernels: readonly KernelTest[] = [
  ...lib,
  ...main,
  ...basicBoot,
  ...shouldPanic,
  ...stackOverflow,
  ...heapAllocation,
  ...executor,
];

/** Those that fail, as the book says they do. */
export const failing: readonly KernelTest[] = [returning, withoutStack, bump];
