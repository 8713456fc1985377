/**
 * Chapter 9, paging implementation. Watch: what is stored to a page that is
 * mapped to the screen's frame shows as `New!`; then addresses translated.
 */
import { Machine, physAddrDebug, virtAddrDebug } from "@lockstep/kernel/hw";
import { coreState, defineKernel } from "@lockstep/kernel/kernel";
import * as frames from "@lockstep/kernel/frames";
import * as mappers from "@lockstep/kernel/mappers";

const { pageContaining, virtAddr } = mappers;
const program = defineKernel({
  id: "chapter-9",
  state: () => ({ ...coreState(), frames: frames.bootInfoFramesState([]) }),
  build: (core, state) => ({
    boot({ memoryMap, physicalMemoryOffset }) {
      const mapper = mappers.initMapper(core.cpu, physicalMemoryOffset);
      const allocator = new frames.BootInfoFrameAllocator(state.frames);
      allocator.init(memoryMap);
      const page = pageContaining(virtAddr(0xdead_beaf_000));
      mappers.createExampleMapping(page, mapper, allocator, core.cpu);
      core.cpu.store64(virtAddr(page + 8 * 400), 0xf065_f04e, 0xf021_f077);
      const some = [0xb8000, 0x20_1008, 0x100_0020_1a10].map(virtAddr);
      for (const address of [...some, physicalMemoryOffset, page]) {
        const to = mapper.translateAddr(address);
        const phys = to === null ? "None" : `Some(${physAddrDebug(to)})`;
        core.println(`${virtAddrDebug(address)} -> ${phys}`);
      }
    },
  }),
});
export default program;

if (import.meta.main) {
  const machine = new Machine({ program });
  const { reason } = machine.run();
  console.log(machine.vga.screenText().join("\n").trim());
  console.log(`clk ${machine.clk} digest ${machine.digest()} stop ${reason}`);
}
