/**
 * The alarm of the MC146818: after each update the three alarm bytes are compared with the time.
 *
 * Source: MC146818 data sheet, "Time, Calendar, and Alarm Locations": an alarm byte with both top bits set, 0xc0–0xff,
 * is a "don't care" code.
 *
 * @module
 */

import {
  encodeByte,
  encodeHour,
  RTC_B,
  RTC_HOURS_ALARM,
  RTC_MINUTES_ALARM,
  RTC_SECONDS_ALARM,
} from "./rtc_registers.ts";

const SECONDS_PER_DAY = 86_400;

/**
 * The next time at which the alarm bytes match.
 *
 * @param ram the clock's bytes
 * @param seconds a time, in seconds since some midnight
 * @returns seconds from there to the first match after it, 1 to 86,400; `null` if no time of day matches
 */
export function secondsToAlarm(
  ram: Uint8Array,
  seconds: number,
): number | null {
  const b = ram[RTC_B]!;
  const matching = (
    index: number,
    count: number,
    encode: (n: number, registerB: number) => number,
  ): boolean[] => {
    const alarm = ram[index]!;
    const any = (alarm & 0xc0) === 0xc0;
    const list = new Array<boolean>(count);
    for (let n = 0; n < count; n++) list[n] = any || alarm === encode(n, b);
    return list;
  };
  const second = matching(RTC_SECONDS_ALARM, 60, encodeByte);
  const minute = matching(RTC_MINUTES_ALARM, 60, encodeByte);
  const hour = matching(RTC_HOURS_ALARM, 24, encodeHour);
  if (![second, minute, hour].every((list) => list.includes(true))) return null;

  const start = seconds -
    SECONDS_PER_DAY * Math.floor(seconds / SECONDS_PER_DAY);
  let t = start + 1;
  for (;;) { // A match exists: at most 24 + 60 + 60 steps, and the rest of this minute and hour.
    const [h, m] = [Math.floor(t / 3600), Math.floor(t / 60)];
    if (!hour[h % 24]) t = 3600 * (h + 1);
    else if (!minute[m % 60]) t = 60 * (m + 1);
    else if (!second[t % 60]) t += 1;
    else return t - start;
  }
}
