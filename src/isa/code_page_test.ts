/**
 * Code whose own page is mapped elsewhere while it runs.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { RAX, RDI } from "../hw/general_registers.ts";
import { CODE, CodeBench, FRAME } from "./support_test.ts";

Deno.test("INVLPG of the page that is being executed: the next instruction is the new frame's", () => {
  // invlpg [rdi]; inc eax. The other frame has: invlpg [rdi]; dec eax.
  const bench = new CodeBench("0f 01 3f ff c0");
  bench.write(0x2000, "0f 01 3f ff c8");
  bench.set(RDI, CODE);
  bench.run(2);
  assertEquals(bench.get(RAX), 1);
  bench.core.cpu.rip = CODE;
  bench.map(0, FRAME + 0x2000);
  bench.run(2); // In one go, with the page decoded.
  assertEquals(bench.get(RAX), 0);
});
