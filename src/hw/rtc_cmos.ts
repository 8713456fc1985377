/**
 * What a PC's firmware and emulator leave in the RAM of the real-time clock.
 *
 * Source: IBM PC AT Technical Reference, "CMOS RAM" (configuration, its checksum); QEMU for the registers above 0x33.
 *
 * @module
 */

/** First RAM address: below lie the clock's registers. */
const CMOS_RAM_FIRST = 0x0e;

/** Bytes of the device, the clock's registers included. */
export const CMOS_BYTES = 128;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** What the RAM tells of the machine. */
export interface CmosConfig {
  /** Bytes of RAM; above 3 GiB it continues at 4 GiB. */
  readonly ramBytes: number;
  /** Whether there is a PS/2 mouse. */
  readonly mouse?: boolean;
}

/**
 * Fills in the configuration: equipment, memory sizes, checksum.
 *
 * @param ram 128 bytes; those from 0x0e on are set
 * @param config the machine
 */
export function fillCmos(ram: Uint8Array, config: CmosConfig): void {
  ram.fill(0, CMOS_RAM_FIRST);
  const word = (index: number, value: number): void => {
    const capped = Math.min(Math.max(Math.floor(value), 0), 0xffff);
    ram[index] = capped & 0xff;
    ram[index + 1] = capped >> 8;
  };
  const low = Math.min(config.ramBytes, 3 * GIB);
  const high = Math.floor((config.ramBytes - low) / (64 * KIB));
  ram[0x14] = 0x02 | (config.mouse ? 0x04 : 0); // Equipment: a coprocessor, a mouse.
  word(0x15, Math.min(low / KIB, 640)); // Base memory, KiB.
  word(0x17, (low - MIB) / KIB); // Extended memory from 1 MiB, KiB.
  word(0x30, (low - MIB) / KIB); // The same, as found by the self-test.
  word(0x34, (low - 16 * MIB) / (64 * KIB)); // From 16 MiB, in 64 KiB.
  ram[0x5b] = high & 0xff; // From 4 GiB, in 64 KiB, three bytes.
  ram[0x5c] = (high >> 8) & 0xff;
  ram[0x5d] = (high >> 16) & 0xff;
  const sum = cmosChecksum(ram);
  ram[0x2e] = sum >> 8;
  ram[0x2f] = sum & 0xff;
}

/**
 * The checksum that 0x2e (high byte) and 0x2f (low byte) hold.
 *
 * @param ram 128 bytes
 * @returns the sum of the bytes 0x10–0x2d, 16 bits
 */
export function cmosChecksum(ram: Uint8Array): number {
  let sum = 0;
  for (let i = 0x10; i <= 0x2d; i++) sum += ram[i]!;
  return sum & 0xffff;
}
