/** What the tests of hosted code share. */

import { type VirtAddr, virtAddr } from "./addr.ts";
import { HOST_RESUME, HOST_STRIDE } from "./host_range.ts";
import type { Instructions } from "./instructions.ts";

/** Ends the run with a number that the test looks at. */
export const exit = (cpu: Instructions, value = 0x10) => cpu.out32(0xf4, value);

/** Ends the run with a text that the test looks at. */
export const say = (cpu: Instructions, message: string): never =>
  cpu.stop({ reason: "panic", message });

/** An address `words` eight-byte words above RSP. */
export const above = (cpu: Instructions, words: number): VirtAddr =>
  virtAddr(cpu.readRsp() + 8 * words);

/** What a host RIP counts. */
export const live = (rip: number): number => (rip - HOST_RESUME) / HOST_STRIDE;
