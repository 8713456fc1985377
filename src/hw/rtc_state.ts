/**
 * The state of the real-time clock, and its time bytes as a whole.
 *
 * @module
 */

import {
  calendarSeconds,
  calendarTime,
  calendarWeekday,
  parseCalendar,
} from "./rtc_calendar.ts";
import { CMOS_BYTES, fillCmos } from "./rtc_cmos.ts";
import { dividerRuns } from "./rtc_divider.ts";
import {
  decodeByte,
  decodeHour,
  encodeByte,
  encodeHour,
  RTC_A,
  RTC_B,
  RTC_B_24H,
  RTC_B_SET,
  RTC_CENTURY,
  RTC_D,
  RTC_D_VRT,
  RTC_DAY,
  RTC_HOURS,
  RTC_MINUTES,
  RTC_MONTH,
  RTC_SECONDS,
  RTC_WEEKDAY,
  RTC_YEAR,
} from "./rtc_registers.ts";

/** The first second of year 0, and the last one of year 9999: the century has two digits. */
const SECONDS_MIN: number = parseCalendar("0000-01-01T00:00:00");
const SECONDS_MAX: number = parseCalendar("9999-12-31T23:59:59");

/** What a clock is set to before it starts. */
export interface RtcConfig {
  /** The time at clk 0: `2020-01-02T03:04:05`, or seconds since 2000-01-01T00:00:00. That moment by default. */
  readonly rtc?: string | number;
  /** Bytes of RAM, which the CMOS RAM tells; 128 MiB by default. */
  readonly ramBytes?: number;
  /** Whether the CMOS RAM tells of a PS/2 mouse. */
  readonly mouse?: boolean;
}

/** State of the real-time clock. */
export interface RtcState {
  /** The byte that the data port reaches, 0 to 127. */
  index: number;
  /** Whether port 0x70 masks NMI. */
  nmiMasked: boolean;
  /**
   * All bytes. The time bytes hold the time only while the clock stands still; register A is without UIP; the flags in
   * C are right up to `flagsClk`.
   */
  readonly ram: Uint8Array;
  /** The time when the update at `updateClk` had ended, in seconds since 2000. */
  seconds: number;
  /** Days, 0 to 6, by which the weekday's counter is ahead of the calendar. */
  weekdayAhead: number;
  /** The end of an update: all others lie whole seconds away. May be to come, or lie before power-on. */
  updateClk: number;
  /** Up to when the flags in register C are set. */
  flagsClk: number;
}

/**
 * Makes the power-on state: the clock runs, no interrupt is enabled, BCD, 24 hours, periodic rate 1,024 Hz.
 *
 * @param config time and machine
 * @returns a fresh state
 * @throws {RangeError} if the time is no date or no integer, or its year has more than four digits
 */
export function rtcState(config: RtcConfig = {}): RtcState {
  const { rtc = 0 } = config;
  const seconds = typeof rtc === "string" ? parseCalendar(rtc) : rtc;
  if (
    !(Number.isInteger(seconds) && seconds >= SECONDS_MIN &&
      seconds <= SECONDS_MAX)
  ) {
    throw new RangeError(
      `Cannot set the clock to ${rtc} seconds: give an integer, for a year from 0 to 9999`,
    );
  }
  const ram = new Uint8Array(CMOS_BYTES);
  fillCmos(ram, {
    ramBytes: config.ramBytes ?? 128 * 1024 * 1024,
    mouse: config.mouse ?? false,
  });
  ram[RTC_A] = 0x26;
  ram[RTC_B] = RTC_B_24H;
  ram[RTC_D] = RTC_D_VRT;
  const s = {
    index: 0,
    nmiMasked: false,
    ram,
    seconds,
    weekdayAhead: 0,
    updateClk: 0,
    flagsClk: 0,
  };
  storeTime(s, seconds);
  return s;
}

/**
 * Whether updates happen.
 *
 * @param s the clock
 * @returns `false` while SET is 1 or the divider stands still
 */
export function rtcRuns(s: RtcState): boolean {
  return dividerRuns(s.ram[RTC_A]!) && !(s.ram[RTC_B]! & RTC_B_SET);
}

/**
 * Whether updates change a byte.
 *
 * @param index 0 to 127
 * @returns `true` for the seven bytes of time and calendar, and the century
 */
export function isTimeByte(index: number): boolean {
  return index === RTC_CENTURY ||
    index <= RTC_YEAR && (index >= RTC_WEEKDAY || (index & 1) === 0);
}

/**
 * Writes a time into the bytes, in the modes that register B chooses.
 *
 * @param s the clock; its `ram` is written
 * @param seconds since 2000
 */
export function storeTime(
  s: Pick<RtcState, "ram" | "weekdayAhead">,
  seconds: number,
): void {
  const { ram } = s;
  const b = ram[RTC_B]!;
  const t = calendarTime(seconds);
  const century = Math.floor(t.year / 100);
  ram[RTC_SECONDS] = encodeByte(t.second, b);
  ram[RTC_MINUTES] = encodeByte(t.minute, b);
  ram[RTC_HOURS] = encodeHour(t.hour, b);
  const weekday = (calendarWeekday(seconds) + s.weekdayAhead) % 7;
  ram[RTC_WEEKDAY] = encodeByte(weekday + 1, b);
  ram[RTC_DAY] = encodeByte(t.day, b);
  ram[RTC_MONTH] = encodeByte(t.month, b);
  ram[RTC_YEAR] = encodeByte(t.year - 100 * century, b);
  ram[RTC_CENTURY] = encodeByte(century, b);
}

/**
 * Reads the time out of the bytes, in the modes that register B chooses.
 *
 * @param s the clock
 * @returns seconds since 2000
 */
export function timeInBytes(s: RtcState): number {
  const { ram } = s;
  const b = ram[RTC_B]!;
  const field = (index: number): number => decodeByte(ram[index]!, b);
  return calendarSeconds({
    year: field(RTC_YEAR) + 100 * field(RTC_CENTURY),
    month: field(RTC_MONTH),
    day: field(RTC_DAY),
    hour: decodeHour(ram[RTC_HOURS]!, b),
    minute: field(RTC_MINUTES),
    second: field(RTC_SECONDS),
  });
}
