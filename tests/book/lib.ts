/** The unit tests of the library (blog_os, `interrupts.rs`, `vga_buffer.rs`). */

import * as kernel from "@lockstep/kernel/kernel";
import {
  assertEq,
  type KernelTest,
  testKernel,
} from "@lockstep/kernel/testing";
import { blogOs, blogOsState } from "./blog_os.ts";

const LINE = "Some test string that fits on a single line";

const lib: KernelTest = {
  name: "lib",
  program: testKernel({
    name: "blog_os",
    state: blogOsState,
    build(core, state) {
      const { cpu, vga } = core;
      return {
        init: blogOs(core, state),
        tests: {
          "interrupts::test_breakpoint_exception"() {
            cpu.int3(); // It goes on behind it.
          },
          "vga_buffer::test_println_simple"() {
            core.println("test_println_simple output");
          },
          "vga_buffer::test_println_many"() {
            for (let i = 0; i < 200; i++) {
              core.println("test_println_many output");
            }
          },
          "vga_buffer::test_println_output"() {
            kernel.withoutInterrupts(
              cpu,
              () =>
                vga.writer.get().withLock((writer) => {
                  writer.writeString(`\n${LINE}\n`);
                  [...LINE].forEach((character, i) => {
                    const cell = writer.readCell(kernel.BUFFER_HEIGHT - 2, i);
                    assertEq(core, String.fromCharCode(cell & 0xff), character);
                  });
                }),
            );
          },
        },
      };
    },
  }),
};

const kernels: readonly KernelTest[] = [lib];
export default kernels;
