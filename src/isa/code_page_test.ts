/**
 * Code whose own page is mapped elsewhere while it runs.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { writeEntry } from "../../tests/support/page_tables.ts";
import { RAX, RDI } from "../hw/general_registers.ts";
import { TLB_ENTRIES } from "../hw/tlb.ts";
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

Deno.test("a load that takes the TLB entry of the page that is being executed: the next fetch walks again", () => {
  // mov eax, [rdi]; inc eax
  const [whole, cut] = [0, 1].map(() => {
    const bench = new CodeBench("8b 07 ff c0");
    // 2 MiB at the address that has the code page's place in the TLB.
    writeEntry(bench.board.phys, 0x3000, 4, 0x87n);
    bench.set(RDI, CODE + 4096 * TLB_ENTRIES);
    bench.run(2);
    bench.core.cpu.rip = CODE;
    return bench;
  }) as [CodeBench, CodeBench];
  whole.run(2);
  cut.run(1);
  cut.engine.dropCaches();
  cut.run(1);
  assertEquals(whole.core.mmu.tlb.state, cut.core.mmu.tlb.state);
});
