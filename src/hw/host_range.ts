/**
 * The host range: virtual addresses at which the CPU, fetching below CPL 3, runs TypeScript. It wins over any mapping,
 * for fetches only; at CPL 3 a fetch there is a page fault. It lies where Linux keeps nothing.
 *
 * | address | fetching there |
 * |---|---|
 * | `HOST_RESUME` + 0 | starts the next turn of `loop` |
 * | `HOST_RESUME` + 16 × n | goes on in the n-th live host frame; #UD if no such frame is waiting |
 * | `HOST_PARKED` | halts, again and again |
 * | `HOST_BOOT` | starts `boot` |
 * | `HOST_ENTRY` + 16 × i | runs the kernel's i-th entry |
 * | the rest | #UD |
 *
 * @module
 */

/** First address of the range, 0xffff_8000_0000_0000. */
export const HOST_RANGE_START: number = -(2 ** 47);
/** First address behind the range. */
export const HOST_RANGE_END: number = HOST_RANGE_START + 0x40_0000;
/** Where interrupted host frames go on. */
export const HOST_RESUME: number = HOST_RANGE_START;
/** Where a parked CPU halts. */
export const HOST_PARKED: number = HOST_RANGE_START + 0x10_0000;
/** The kernel's entry point. */
export const HOST_BOOT: number = HOST_PARKED + 16;
/** The first of the kernel's entries. */
export const HOST_ENTRY: number = HOST_RANGE_START + 0x20_0000;
/** Bytes from one address of a kind to the next. */
export const HOST_STRIDE = 16;
/** Entries of a kernel at most. */
export const HOST_ENTRIES_MAX: number = (HOST_RANGE_END - HOST_ENTRY) /
  HOST_STRIDE;

/** Whether an address lies in the range. */
export function inHostRange(address: number): boolean {
  return address >= HOST_RANGE_START && address < HOST_RANGE_END;
}

/**
 * Which entry an address is.
 *
 * @param address any
 * @returns the entry's index, or −1 if it is no entry's address
 */
export function hostEntryIndex(address: number): number {
  const index = (address - HOST_ENTRY) / HOST_STRIDE;
  return address >= HOST_ENTRY && address < HOST_RANGE_END &&
      Number.isInteger(index)
    ? index
    : -1;
}
