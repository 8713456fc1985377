/**
 * The calendar of the real-time clock: dates of the Gregorian calendar as seconds since 2000-01-01T00:00:00, in no time
 * zone and without leap seconds.
 *
 * @module
 */

/** A date and a time of day. Fields outside of their ranges carry into the next one. */
export interface CalendarTime {
  /** Year, from 0. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** Day of the month, 1 to 31. */
  readonly day: number;
  /** 0 to 23. */
  readonly hour: number;
  /** 0 to 59. */
  readonly minute: number;
  /** 0 to 59. */
  readonly second: number;
}

const SECONDS_PER_DAY = 86_400;

/** Days before 2000-01-01, counted from 0000-01-01. */
const DAYS_BEFORE_2000 = 730_485;

const DAYS_BEFORE_MONTH = [
  0,
  31,
  59,
  90,
  120,
  151,
  181,
  212,
  243,
  273,
  304,
  334,
] as const;

const isLeap = (year: number): boolean =>
  year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days from 0000-01-01, itself in a leap year, to the first day of `year`. */
const daysBeforeYear = (year: number): number =>
  365 * year + Math.ceil(year / 4) - Math.ceil(year / 100) +
  Math.ceil(year / 400);

const daysBeforeMonth = (year: number, month: number): number =>
  DAYS_BEFORE_MONTH[month - 1]! + (month > 2 && isLeap(year) ? 1 : 0);

/**
 * Seconds since 2000.
 *
 * @param t a date; its fields may lie outside of their ranges
 * @returns an integer, negative before 2000
 */
export function calendarSeconds(t: CalendarTime): number {
  const year = t.year + Math.floor((t.month - 1) / 12);
  const month = t.month - 12 * (year - t.year);
  const days = daysBeforeYear(year) + daysBeforeMonth(year, month) + t.day - 1 -
    DAYS_BEFORE_2000;
  return days * SECONDS_PER_DAY + t.hour * 3600 + t.minute * 60 + t.second;
}

/**
 * The date of a number of seconds.
 *
 * @param seconds since 2000
 * @returns the date, each field in its range
 */
export function calendarTime(seconds: number): CalendarTime {
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const rest = seconds - days * SECONDS_PER_DAY;
  const absolute = days + DAYS_BEFORE_2000;
  let year = Math.floor(absolute / 365.2425);
  while (daysBeforeYear(year) > absolute) year--;
  while (daysBeforeYear(year + 1) <= absolute) year++;
  const dayOfYear = absolute - daysBeforeYear(year);
  let month = 12;
  while (daysBeforeMonth(year, month) > dayOfYear) month--;
  return {
    year,
    month,
    day: dayOfYear - daysBeforeMonth(year, month) + 1,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

/**
 * The day of the week.
 *
 * @param seconds since 2000
 * @returns 0 for Sunday to 6 for Saturday
 */
export function calendarWeekday(seconds: number): number {
  const days = Math.floor(seconds / SECONDS_PER_DAY) + 6; // 2000 began on a Saturday.
  return days - 7 * Math.floor(days / 7);
}

/**
 * Reads a date as text.
 *
 * @param text such as `2020-01-02T03:04:05`
 * @returns seconds since 2000
 * @throws {RangeError} if it is no date, or no date of that form
 */
export function parseCalendar(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(text);
  if (match) {
    const [year, month, day, hour, minute, second] = match.slice(1).map(
      Number,
    ) as [number, number, number, number, number, number];
    if (month >= 1 && month <= 12) {
      const t = { year, month, day, hour, minute, second };
      const seconds = calendarSeconds(t);
      if (formatCalendar(seconds) === text) return seconds;
    }
  }
  throw new RangeError(
    `Cannot set the clock to "${text}": give a date such as 2020-01-02T03:04:05`,
  );
}

/**
 * Writes a date as text.
 *
 * @param seconds since 2000
 * @returns such as `2020-01-02T03:04:05`
 */
export function formatCalendar(seconds: number): string {
  const t = calendarTime(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${String(t.year).padStart(4, "0")}-${two(t.month)}-${two(t.day)}` +
    `T${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}
