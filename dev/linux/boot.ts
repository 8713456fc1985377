/**
 * Debian's kernel, from its first instruction to the reset that our own `/init` asks for.
 *
 * @module
 */

import { Machine } from "../../src/hw/machine.ts";
import type { Snapshot } from "../../src/hw/snapshot.ts";
import { isaEngine } from "../../src/isa/engine.ts";
import { linuxImage } from "../../src/isa/loaders/linux_boot.ts";
import { sha256 } from "./packages.ts";

/** What the kernel is told. Without `cryptomgr.notests` two thirds of the boot are self-tests of its ciphers. */
export const COMMAND_LINE =
  "console=ttyS0,115200 earlyprintk=serial,ttyS0,115200 nokaslr acpi=off " +
  "nolapic cryptomgr.notests";
/** RAM of the machine. */
export const RAM_BYTES: number = 128 * 2 ** 20;
/** RAM for one that unpacks itself, and needs room for both. */
export const PACKED_RAM_BYTES: number = 256 * 2 ** 20;
/** The clk at which a boot that has not ended is given up. */
export const CLK_MAX = 2_000_000_000;

/** What our `/init` prints. */
const HELLO = "hello from /init in ring 3\n";
const MILESTONES: readonly (readonly [string, string])[] = [
  ["the kernel's banner", "Linux version "],
  ["its own console", "printk: console [ttyS0] enabled"],
  ["ring 3", HELLO.trim()],
  ["the reset", "reboot: machine restart"],
];

/** Files of a boot. */
export interface LinuxFiles {
  /** The vmlinux. */
  readonly vmlinux: Uint8Array;
  /** The initial RAM disk. */
  readonly initrd: Uint8Array;
}

/** How a boot ended. */
export interface BootEnd {
  /** When. */
  readonly clk: number;
  /** Digest of the machine. */
  readonly digest: string;
  /** SHA-256 of RAM. */
  readonly ram: string;
  /** SHA-256 of what the serial port sent. */
  readonly serial: string;
}

/**
 * Boots a bzImage, which unpacks itself.
 *
 * @param file the bzImage
 * @param initrd the initial RAM disk
 * @param say reports
 * @returns its end
 */
export async function bootPacked(
  file: Uint8Array,
  initrd: Uint8Array,
  say: (line: string) => void,
): Promise<BootEnd> {
  const machine = linuxMachine({ vmlinux: file, initrd }, PACKED_RAM_BYTES);
  runMilestones(machine, say);
  return await ended(machine);
}

/** A machine just switched on. */
export function linuxMachine(
  { vmlinux, initrd }: LinuxFiles,
  ramBytes: number = RAM_BYTES,
): Machine {
  const options = { ramBytes, commandLine: COMMAND_LINE, initrd };
  const image = linuxImage(vmlinux, options);
  return new Machine({ image, engine: isaEngine, ramBytes });
}

/** What a machine has sent. */
export function serialText(machine: Machine): string {
  return new TextDecoder().decode(machine.serial.bytes()).replaceAll("\r", "");
}

async function ended(machine: Machine): Promise<BootEnd> {
  const stop = machine.run({ clkMax: CLK_MAX });
  if (stop.reason !== "reset") {
    throw new Error(`the boot ended as ${stop.reason} at clk ${machine.clk}`);
  }
  const { clk } = machine;
  return {
    clk,
    digest: machine.digest(),
    ram: await sha256(machine.memory.ram.bytes),
    serial: await sha256(machine.serial.bytes()),
  };
}

/** Runs to the milestones, saying when each was reached. */
function runMilestones(machine: Machine, say: (line: string) => void): void {
  for (const [what, words] of MILESTONES) {
    while (!serialText(machine).includes(words)) {
      const stop = machine.run({
        pauseClk: machine.clk + 1_000_000,
        clkMax: CLK_MAX,
      });
      if (stop.reason !== "until" && !serialText(machine).includes(words)) {
        throw new Error(
          `no "${words}" before ${stop.reason} at clk ${machine.clk}`,
        );
      }
    }
    const lines = serialText(machine).split("\n");
    const line = lines.find((line) => line.includes(words))!;
    say(
      `  ${what} by clk ${(machine.clk / 1e6).toFixed(0)} M: ${
        line.slice(0, 90)
      }`,
    );
  }
}

/**
 * Boots three times: whole, whole again, and saved in the middle and loaded into another machine.
 *
 * @param files what boots
 * @param say reports
 * @returns the ends of the three boots
 */
export async function bootThrice(
  files: LinuxFiles,
  say: (line: string) => void,
): Promise<readonly [BootEnd, BootEnd, BootEnd]> {
  const first = linuxMachine(files);
  const began = performance.now();
  runMilestones(first, say);
  const one = await ended(first);
  const seconds = (performance.now() - began) / 1_000;
  say(
    `  ${(one.clk / 1e6).toFixed(1)} M clk in ${seconds.toFixed(1)} s: ` +
      `${(one.clk / 1e6 / seconds).toFixed(1)} M clk a second`,
  );
  const second = linuxMachine(files);
  second.run({ pauseClk: Math.floor(one.clk / 2) });
  const snapshot: Snapshot = second.save();
  const two = await ended(second);
  const third = new Machine({ ...snapshot.config, engine: isaEngine });
  third.load(snapshot);
  return [one, two, await ended(third)];
}
