/**
 * Prints name, clk and digest of each of the book's kernels as it ended: the
 * same lines under Deno, Node and Bun.
 */

import { runKernelTest } from "@lockstep/kernel/testing";
import { examples } from "./bootimage.ts";
import { failing, kernels } from "./kernels.ts";

for (const kernel of [...kernels, ...failing, ...examples.map((e) => e.test)]) {
  const { name, clk, digest } = runKernelTest(kernel);
  console.log(`${digest} ${clk} ${name}`);
}
