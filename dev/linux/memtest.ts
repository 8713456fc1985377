/**
 * Debian's memtest86+: its banner, and one whole test.
 *
 * @module
 */

import { Machine } from "../../src/hw/machine.ts";
import { isaEngine } from "../../src/isa/engine.ts";
import { linuxImage } from "../../src/isa/loaders/linux_boot.ts";

const RAM_BYTES = 16 * 2 ** 20;
/** Instructions within which the banner has to show. */
export const BANNER_CLK_MAX = 20_000_000;
/** The clk at which one whole test is given up. */
const TEST_CLK_MAX = 2_000_000_000;
const SLICE_CLK = 1_000_000;

/** How it went. */
export interface MemtestEnd {
  /** The clk by which the banner stood. */
  readonly bannerClk: number;
  /** The clk by which the next test had begun, the last one without an error. */
  readonly testClk: number;
  /** The screen at that moment. */
  readonly screen: readonly string[];
}

/**
 * Runs it.
 *
 * @param file the bzImage
 * @returns how it went
 * @throws {Error} if the banner does not come, or a test finds an error
 */
export function runMemtest(file: Uint8Array): MemtestEnd {
  const image = linuxImage(file, { ramBytes: RAM_BYTES });
  const machine = new Machine({
    image,
    engine: isaEngine,
    ramBytes: RAM_BYTES,
  });
  const until = (clkMax: number, isThere: (screen: string) => boolean) => {
    const screen = () => machine.vga.screenText().join("\n");
    while (!isThere(screen())) {
      const stop = machine.run({ pauseClk: machine.clk + SLICE_CLK });
      if (stop.reason === "until" && machine.clk < clkMax) continue;
      throw new Error(
        `it ended as ${stop.reason} at clk ${machine.clk}:\n${screen()}`,
      );
    }
    return machine.clk;
  };
  const bannerClk = until(
    BANNER_CLK_MAX,
    (screen) => screen.includes("Memtest86+ v6."),
  );
  until(TEST_CLK_MAX, (screen) => testOf(screen) !== null);
  const first = testOf(machine.vga.screenText().join("\n"));
  const testClk = until(TEST_CLK_MAX, (screen) => {
    const errors = /Errors: *(\d+)/.exec(screen)?.[1] ?? "0";
    if (errors !== "0") {
      throw new Error(`it found ${errors} errors:\n${screen}`);
    }
    return testOf(screen) !== first;
  });
  return { bannerClk, testClk, screen: machine.vga.screenText() };
}

/** The number of the test that runs. */
function testOf(screen: string): string | null {
  return /Test #(\d+)/.exec(screen)?.[1] ?? null;
}
