/**
 * The registers of the MC146818, and how its time bytes are written: BCD or binary, 12 or 24 hours.
 *
 * Source: MC146818 data sheet, "Address Map", "Time, Calendar, and Alarm Locations", "Registers".
 *
 * @module
 */

/** Seconds. */
export const RTC_SECONDS = 0x00;
/** Seconds alarm. */
export const RTC_SECONDS_ALARM = 0x01;
/** Minutes. */
export const RTC_MINUTES = 0x02;
/** Minutes alarm. */
export const RTC_MINUTES_ALARM = 0x03;
/** Hours; bit 7 is PM in 12-hour mode. */
export const RTC_HOURS = 0x04;
/** Hours alarm. */
export const RTC_HOURS_ALARM = 0x05;
/** Day of the week, 1 for Sunday. */
export const RTC_WEEKDAY = 0x06;
/** Day of the month. */
export const RTC_DAY = 0x07;
/** Month. */
export const RTC_MONTH = 0x08;
/** Year of the century. */
export const RTC_YEAR = 0x09;
/** Register A: update in progress, divider, rate. */
export const RTC_A = 0x0a;
/** Register B: SET, interrupt enables, square wave, data mode, hours, daylight saving. */
export const RTC_B = 0x0b;
/** Register C: interrupt flags; reading it clears them. */
export const RTC_C = 0x0c;
/** Register D: valid RAM and time. */
export const RTC_D = 0x0d;
/** Century, where PCs keep it. */
export const RTC_CENTURY = 0x32;
/** Century again, where a PS/2 keeps it. */
export const RTC_CENTURY_PS2 = 0x37;

/** Register A, update in progress: read only. */
export const RTC_A_UIP = 0x80;
/** Register B: updates are inhibited, the time may be set. */
export const RTC_B_SET = 0x80;
/** Register B: periodic interrupt enable. */
export const RTC_B_PIE = 0x40;
/** Register B: alarm interrupt enable. */
export const RTC_B_AIE = 0x20;
/** Register B: update-ended interrupt enable. */
export const RTC_B_UIE = 0x10;
/** Register B: square wave enable. */
export const RTC_B_SQWE = 0x08;
/** Register B: data mode, 1 for binary, 0 for BCD. */
export const RTC_B_DM = 0x04;
/** Register B: 24-hour mode. */
export const RTC_B_24H = 0x02;
/** Register C: an enabled interrupt is flagged; IRQ is driven. */
export const RTC_C_IRQF = 0x80;
/** Register C: periodic interrupt flag. */
export const RTC_C_PF = 0x40;
/** Register C: alarm interrupt flag. */
export const RTC_C_AF = 0x20;
/** Register C: update-ended interrupt flag. */
export const RTC_C_UF = 0x10;
/** Register D: valid RAM and time. */
export const RTC_D_VRT = 0x80;

/**
 * Writes a number as the data mode says.
 *
 * @param n 0 to 99
 * @param registerB bit 2 chooses
 * @returns a byte
 */
export function encodeByte(n: number, registerB: number): number {
  if (registerB & RTC_B_DM) return n & 0xff;
  return (Math.floor(n / 10) << 4 | n % 10) & 0xff;
}

/**
 * Reads a byte as the data mode says.
 *
 * @param byte as written by a program; in BCD digits above 9 count for what they are
 * @param registerB bit 2 chooses
 * @returns 0 to 255
 */
export function decodeByte(byte: number, registerB: number): number {
  return registerB & RTC_B_DM ? byte : 10 * (byte >> 4) + (byte & 0x0f);
}

/**
 * Writes an hour as the data and hour modes say: in 12-hour mode 12, 1, … 11, with bit 7 set after noon.
 *
 * @param hour 0 to 23
 * @param registerB bits 1 and 2 choose
 * @returns a byte
 */
export function encodeHour(hour: number, registerB: number): number {
  if (registerB & RTC_B_24H) return encodeByte(hour, registerB);
  return encodeByte(hour % 12 || 12, registerB) | (hour >= 12 ? 0x80 : 0);
}

/**
 * Reads an hour as the data and hour modes say.
 *
 * @param byte as written by a program
 * @param registerB bits 1 and 2 choose
 * @returns 0 to 23 for a valid byte
 */
export function decodeHour(byte: number, registerB: number): number {
  const n = decodeByte(byte & 0x7f, registerB);
  if (registerB & RTC_B_24H) return n;
  return n % 12 + (byte & 0x80 ? 12 : 0);
}
