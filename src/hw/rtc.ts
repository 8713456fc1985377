/**
 * MC146818 real-time clock with its 128 bytes of CMOS RAM, as a PC wires it.
 *
 * Source: MC146818 data sheet, "Functional Description", "Registers", "Interrupts", "Update Cycle"; IBM PC AT Technical
 * Reference for port 0x70's bit 7; QEMU for the bytes that PCs added (century, 64 more bytes of RAM).
 *
 * Ports: 0x70 (index, and in bit 7 the NMI mask), 0x71 (data). Output: IRQ 8.
 *
 * The time is a configured one and goes on with clk; nothing here looks at a host. An update ends each second: then the
 * time bytes change, UIP falls and the flags UF and, on a match, AF are set. Flags are derived when somebody looks; an
 * alarm is armed only while an enabled interrupt is to come, so an idle clock costs nothing.
 *
 * Reads with side effects: register C clears its flags and lowers IRQ 8.
 *
 * *Not modelled*: daylight saving (bit DSE is kept), the square wave pin (SQWE is kept), the test modes of the divider
 * (it stands still), crystals: each of the three time bases counts seconds, as if the crystal were the right one.
 * Where the data sheet leaves things undefined: during an update the time bytes show the old time; values outside of
 * their ranges carry into the next field; changing the data mode or 12/24 of a running clock converts the time. The
 * calendar is Gregorian with a century (0x32, also at 0x37), where the chip counts two digits.
 *
 * @module
 */

import type { Alarm, Now } from "../base/alarm.ts";
import type { Line } from "../base/line.ts";
import { CLK_HZ, NEVER } from "../base/time.ts";
import type { PortDevice } from "./io_bus.ts";
import { secondsToAlarm } from "./rtc_alarm.ts";
import { calendarWeekday, formatCalendar } from "./rtc_calendar.ts";
import {
  dividerRuns,
  FIRST_UPDATE_CLK,
  nextPeriodClk,
  nextUpdateClk,
  periodicHz,
  periodsUntil,
  UIP_CLK,
  UPDATE_CLK,
  updatesUntil,
} from "./rtc_divider.ts";
import {
  decodeByte,
  RTC_A,
  RTC_A_UIP,
  RTC_B,
  RTC_B_AIE,
  RTC_B_PIE,
  RTC_B_SET,
  RTC_B_SQWE,
  RTC_B_UIE,
  RTC_C,
  RTC_C_AF,
  RTC_C_IRQF,
  RTC_C_PF,
  RTC_C_UF,
  RTC_CENTURY,
  RTC_CENTURY_PS2,
  RTC_D,
  RTC_HOURS_ALARM,
  RTC_WEEKDAY,
} from "./rtc_registers.ts";
import {
  isTimeByte,
  type RtcConfig,
  rtcRuns,
  type RtcState,
  rtcState,
  storeTime,
  timeInBytes,
} from "./rtc_state.ts";

export { rtcState };
export type { RtcConfig, RtcState };

/** Index port: bits 0–6 choose a byte, bit 7 masks NMI. Write only. */
export const RTC_INDEX_PORT = 0x70;

/** Data port: the chosen byte. */
export const RTC_DATA_PORT = 0x71;

/** Wires of the clock chip. */
export interface RtcWires {
  /** The time. */
  readonly clock: Now;
  /** Armed while an enabled interrupt is to come; the machine calls {@linkcode Rtc.onAlarm}. */
  readonly alarm: Alarm;
  /** IRQ 8: high while register C's IRQF is set. */
  readonly irq: Line;
  /** High while port 0x70 masks NMI. */
  readonly nmiMask: Line;
}

/**
 * The chip.
 *
 * @example
 * ```ts
 * import { CLK_HZ, Rtc, rtcState } from "@lockstep/kernel/hw";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = { clk: 0 };
 * const alarm = { deadline: Number.MAX_SAFE_INTEGER, arm() {}, disarm() {} };
 * const open = { set() {} };
 * const rtc = new Rtc(
 *   { clock, alarm, irq: open, nmiMask: open },
 *   rtcState({ rtc: "2020-01-02T03:04:05" }),
 * );
 * clock.clk = 55 * CLK_HZ; // 55 seconds later
 * rtc.writePort(0x70, 0x02);
 * assertEquals(rtc.readPort(0x71), 0x05); // minutes, in BCD
 * ```
 */
export class Rtc implements PortDevice {
  /** All there is to save. */
  readonly state: RtcState;
  readonly #wires: RtcWires;

  /**
   * Solders the chip in.
   *
   * @param wires clock, alarm and output lines
   * @param state power-on by default, or restored
   */
  constructor(wires: RtcWires, state: RtcState = rtcState()) {
    this.#wires = wires;
    this.state = state;
  }

  /**
   * The RESET pin. Time, calendar and RAM live on a battery and stay; interrupts are disabled and their flags cleared
   * (MC146818, "RESET").
   */
  reset(): void {
    const s = this.state;
    this.#catchUp();
    s.ram[RTC_B]! &= ~(RTC_B_PIE | RTC_B_AIE | RTC_B_UIE | RTC_B_SQWE);
    s.ram[RTC_C] = 0;
    s.index = 0;
    s.nmiMasked = false;
    this.#rearm();
    this.refreshLines();
  }

  /** Drives the output lines as the state says. */
  refreshLines(): void {
    this.#wires.irq.set((this.state.ram[RTC_C]! & RTC_C_IRQF) !== 0);
    this.#wires.nmiMask.set(this.state.nmiMasked);
  }

  /** Called when the alarm was due: sets the flags that have come due, and IRQ 8. */
  onAlarm(): void {
    this.#catchUp();
    this.#rearm();
  }

  /**
   * A byte as the data port would give it, without a side effect.
   *
   * @param index 0 to 127
   * @returns the byte; for register C the flags that a read would give
   */
  peek(index: number): number {
    const s = this.state;
    const i = index === RTC_CENTURY_PS2 ? RTC_CENTURY : index;
    if (i === RTC_A) return s.ram[RTC_A]! | (this.#updating() ? RTC_A_UIP : 0);
    if (i === RTC_C) return this.#flags();
    return isTimeByte(i) && rtcRuns(s) ? this.#timeByte(i) : s.ram[i]!;
  }

  /** The clock's time, as text such as `2020-01-02T03:04:05`; while it stands still, the one in its bytes. */
  peekTime(): string {
    const s = this.state;
    return formatCalendar(rtcRuns(s) ? this.#now() : timeInBytes(s));
  }

  /** Reads the byte chosen; the index port is write only. */
  readPort(port: number): number {
    if (port !== RTC_DATA_PORT) return 0xff;
    const s = this.state;
    if (s.index !== RTC_C) return this.peek(s.index);
    this.#catchUp();
    const flags = s.ram[RTC_C]!;
    s.ram[RTC_C] = 0;
    this.#wires.irq.set(false);
    this.#rearm();
    return flags;
  }

  /** Chooses a byte, or writes the one chosen. */
  writePort(port: number, value: number): void {
    const s = this.state;
    if (port !== RTC_DATA_PORT) {
      s.index = value & 0x7f;
      s.nmiMasked = (value & 0x80) !== 0;
      this.#wires.nmiMask.set(s.nmiMasked);
      return;
    }
    const i = s.index === RTC_CENTURY_PS2 ? RTC_CENTURY : s.index;
    if (isTimeByte(i)) this.#writeTime(i, value);
    else if (i <= RTC_HOURS_ALARM) {
      this.#catchUp();
      s.ram[i] = value;
      this.#rearm();
    } else if (i === RTC_A) this.#writeModes(value & ~RTC_A_UIP, s.ram[RTC_B]!);
    else if (i === RTC_B) {
      // "SET": going high clears UIE.
      const uie = value & RTC_B_SET ? RTC_B_UIE : 0;
      this.#writeModes(s.ram[RTC_A]!, value & ~uie);
    } else if (i !== RTC_C && i !== RTC_D) s.ram[i] = value;
  }

  /** Writes registers A and B: either may start or stop the clock, and each changes what interrupts. */
  #writeModes(a: number, b: number): void {
    const s = this.state;
    this.#catchUp();
    const ran = rtcRuns(s);
    if (ran) storeTime(s, this.#now());
    if (dividerRuns(a) && !dividerRuns(s.ram[RTC_A]!)) {
      s.updateClk = this.#wires.clock.clk + FIRST_UPDATE_CLK + UPDATE_CLK;
    }
    s.ram[RTC_A] = a;
    s.ram[RTC_B] = b;
    if (rtcRuns(s)) {
      if (ran) storeTime(s, this.#now());
      else this.#setTime();
    }
    this.#driveIrq();
    this.#rearm();
  }

  #writeTime(index: number, value: number): void {
    const s = this.state;
    this.#catchUp();
    if (rtcRuns(s)) storeTime(s, this.#now());
    s.ram[index] = value;
    if (rtcRuns(s)) this.#setTime();
    this.#rearm();
  }

  /** Takes the time from the bytes. The divider goes on undisturbed. */
  #setTime(): void {
    const s = this.state;
    const { clk } = this.#wires.clock;
    s.seconds = timeInBytes(s);
    s.updateClk += updatesUntil(s.updateClk, clk) * CLK_HZ;
    const weekday = decodeByte(s.ram[RTC_WEEKDAY]!, s.ram[RTC_B]!) - 1;
    s.weekdayAhead = (weekday - calendarWeekday(s.seconds) + 14) % 7;
    storeTime(s, s.seconds);
  }

  /** Seconds since 2000 that a running clock shows. */
  #now(): number {
    const s = this.state;
    return s.seconds + updatesUntil(s.updateClk, this.#wires.clock.clk);
  }

  #timeByte(index: number): number {
    const { ram, weekdayAhead } = this.state;
    const copy = { ram: ram.slice(), weekdayAhead };
    storeTime(copy, this.#now());
    return copy.ram[index]!;
  }

  #updating(): boolean {
    const s = this.state;
    const { clk } = this.#wires.clock;
    return rtcRuns(s) && nextUpdateClk(s.updateClk, clk) - clk <= UIP_CLK;
  }

  /** Register C with all that has happened up to now. */
  #flags(): number {
    const s = this.state;
    const { clk } = this.#wires.clock;
    let flags = s.ram[RTC_C]!;
    if (dividerRuns(s.ram[RTC_A]!)) {
      const hz = periodicHz(s.ram[RTC_A]!);
      const periods = (until: number) => periodsUntil(s.updateClk, hz, until);
      if (hz > 0 && periods(clk) > periods(s.flagsClk)) flags |= RTC_C_PF;
    }
    if (rtcRuns(s)) {
      const then = s.seconds + updatesUntil(s.updateClk, s.flagsClk);
      const passed = this.#now() - then;
      if (passed > 0) {
        flags |= RTC_C_UF;
        const wait = secondsToAlarm(s.ram, then);
        if (wait !== null && wait <= passed) flags |= RTC_C_AF;
      }
    }
    // "IRQF = PF·PIE + AF·AIE + UF·UIE": flags and enables share their places.
    const enabled = flags & s.ram[RTC_B]! & 0x70;
    return flags & 0x70 | (enabled ? RTC_C_IRQF : 0);
  }

  /** Sets the flags of what has happened, and IRQ 8: before anything changes that decides them. */
  #catchUp(): void {
    const flags = this.#flags();
    this.state.flagsClk = this.#wires.clock.clk;
    this.state.ram[RTC_C] = flags;
    this.#driveIrq();
  }

  /** Sets IRQF and IRQ 8 as flags and enables say. */
  #driveIrq(): void {
    const { ram } = this.state;
    const raised = (ram[RTC_C]! & ram[RTC_B]! & 0x70) !== 0;
    ram[RTC_C] = ram[RTC_C]! & 0x70 | (raised ? RTC_C_IRQF : 0);
    this.#wires.irq.set(raised);
  }

  /** Arms the alarm for the next enabled interrupt; none can be seen while IRQ 8 is already high. */
  #rearm(): void {
    const s = this.state;
    const { alarm, clock: { clk } } = this.#wires;
    const [a, b, c] = [s.ram[RTC_A]!, s.ram[RTC_B]!, s.ram[RTC_C]!];
    let next = NEVER;
    if (!(c & RTC_C_IRQF)) {
      const hz = dividerRuns(a) ? periodicHz(a) : 0;
      if (b & RTC_B_PIE && hz > 0) next = nextPeriodClk(s.updateClk, hz, clk);
      if (b & RTC_B_UIE && rtcRuns(s)) {
        next = Math.min(next, nextUpdateClk(s.updateClk, clk));
      }
      if (b & RTC_B_AIE && rtcRuns(s)) {
        const wait = secondsToAlarm(s.ram, this.#now());
        if (wait !== null) {
          const first = nextUpdateClk(s.updateClk, clk);
          next = Math.min(next, first + (wait - 1) * CLK_HZ);
        }
      }
    }
    if (next === NEVER) alarm.disarm();
    else alarm.arm(next);
  }
}
