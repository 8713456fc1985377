import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  assertRestores,
  BenchClock,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import type { Prng } from "../base/prng.ts";
import { CLK_HZ, NEVER } from "../base/time.ts";
import { Rtc, type RtcConfig, rtcState } from "./rtc.ts";
import { secondsToAlarm } from "./rtc_alarm.ts";
import { cmosChecksum } from "./rtc_cmos.ts";

// Restated from the data sheet.
const US_244 = Math.ceil(244 * CLK_HZ / 1e6);
const US_1984 = Math.ceil(1984 * CLK_HZ / 1e6);
const [A, B, C, D] = [0x0a, 0x0b, 0x0c, 0x0d];
const [SET, PIE, AIE, UIE, SQWE, DM, H24] = [128, 64, 32, 16, 8, 4, 2];
const [IRQF, PF, AF, UF] = [128, 64, 32, 16];
const UIP = 0x80;

function bench(config: RtcConfig = { rtc: "2020-01-02T03:04:05" }) {
  const clock = new BenchClock();
  const alarm = clock.alarm("rtc");
  const irq = new RecordingLine(clock);
  const nmiMask = new RecordingLine(clock);
  const rtc = new Rtc({ clock, alarm, irq, nmiMask }, rtcState(config));
  clock.on("rtc", () => rtc.onAlarm());
  const read = (index: number): number => {
    rtc.writePort(0x70, index);
    return rtc.readPort(0x71);
  };
  const write = (index: number, value: number): void => {
    rtc.writePort(0x70, index);
    rtc.writePort(0x71, value);
  };
  const time = (): number[] => [9, 8, 7, 4, 2, 0].map(read);
  return { clock, alarm, irq, nmiMask, rtc, read, write, time };
}

// Power-on and the ports.

Deno.test("rtcState() holds the configured time in BCD and 24 hours when powered on", () => {
  const b = bench();
  assertEquals(b.time(), [0x20, 0x01, 0x02, 0x03, 0x04, 0x05]);
  assertEquals(b.read(0x06), 5); // A Thursday; Sunday is 1.
  assertEquals([b.read(0x32), b.read(0x37)], [0x20, 0x20]);
  assertEquals([A, B, C, D].map(b.read), [0x26, 0x02, 0x00, 0x80]);
  assertEquals(b.rtc.peekTime(), "2020-01-02T03:04:05");
});

Deno.test("rtcState() takes seconds since 2000, and 2000 by default", () => {
  assertEquals(bench({ rtc: 61 }).rtc.peekTime(), "2000-01-01T00:01:01");
  assertEquals(bench({}).rtc.peekTime(), "2000-01-01T00:00:00");
  // 1 January 10000 lies 252,455,616,000 s after 2000, and year 0 begins 63,113,904,000 s before.
  for (const rtc of ["yesterday", 0.5, NaN, 252_455_616_000, -63_113_904_001]) {
    assertThrows(() => rtcState({ rtc }), RangeError, "Cannot set the clock");
  }
  for (
    const [rtc, text] of [
      [252_455_615_999, "9999-12-31T23:59:59"],
      [-63_113_904_000, "0000-01-01T00:00:00"],
    ] as const
  ) assertEquals(bench({ rtc }).rtc.peekTime(), text);
});

Deno.test("port 0x70 masks NMI by bit 7 and reads as nothing", () => {
  const b = bench();
  b.rtc.writePort(0x70, 0x8d);
  assertEquals([b.nmiMask.level, b.rtc.readPort(0x71)], [true, 0x80]);
  assertEquals(b.rtc.readPort(0x70), 0xff);
  b.rtc.writePort(0x70, 0x0d);
  assertEquals(b.nmiMask.level, false);
});

Deno.test("CMOS RAM tells the memory, and its checksum is right", () => {
  const MIB = 1024 * 1024;
  // Bytes at 0x15–0x18, 0x30–0x31, 0x34–0x35, 0x5b–0x5d; the first row but 0x5b as QEMU has it with 128 MiB.
  const rows: [number, number[]][] = [
    [128, [0x80, 2, 0xff, 0xff, 0xff, 0xff, 0x00, 0x07, 0, 0, 0]],
    [16, [0x80, 2, 0x00, 0x3c, 0x00, 0x3c, 0x00, 0x00, 0, 0, 0]],
    [32, [0x80, 2, 0x00, 0x7c, 0x00, 0x7c, 0x00, 0x01, 0, 0, 0]],
    [4096, [0x80, 2, 0xff, 0xff, 0xff, 0xff, 0x00, 0xbf, 0x00, 0x40, 0]],
  ];
  for (const [mib, expected] of rows) {
    const b = bench({ ramBytes: mib * MIB });
    assertEquals(
      [0x15, 0x16, 0x17, 0x18, 0x30, 0x31, 0x34, 0x35, 0x5b, 0x5c, 0x5d].map(
        b.read,
      ),
      expected,
      `${mib} MiB`,
    );
    const sum = b.read(0x2e) << 8 | b.read(0x2f);
    assertEquals(sum, cmosChecksum(b.rtc.state.ram));
    assert(sum > 0);
  }
});

Deno.test("CMOS RAM from 0x0e on keeps what is written", () => {
  const b = bench();
  for (let i = 0x0e; i < 0x80; i++) {
    if (i === 0x32 || i === 0x37) continue;
    b.write(i, i ^ 0xa5);
  }
  b.clock.pass(10 * CLK_HZ);
  for (let i = 0x0e; i < 0x80; i++) {
    if (i !== 0x32 && i !== 0x37) assertEquals(b.read(i), i ^ 0xa5);
  }
});

// Time.

Deno.test("the time goes on one second each second, exactly", () => {
  const b = bench();
  b.clock.runTo(CLK_HZ - 1);
  assertEquals(b.read(0), 0x05);
  b.clock.runTo(CLK_HZ);
  assertEquals(b.read(0), 0x06);
  b.clock.runTo(55 * CLK_HZ);
  assertEquals(b.time(), [0x20, 0x01, 0x02, 0x03, 0x05, 0x00]);
  assertEquals(b.clock.fired, 0);
});

Deno.test("the calendar rolls over at the ends of months, leap years and centuries", () => {
  const rows: [string, string, number][] = [
    ["2020-02-28T23:59:59", "2020-02-29T00:00:00", 7],
    ["2020-02-29T23:59:59", "2020-03-01T00:00:00", 1],
    ["2021-02-28T23:59:59", "2021-03-01T00:00:00", 2],
    ["2020-12-31T23:59:59", "2021-01-01T00:00:00", 6],
    ["1999-12-31T23:59:59", "2000-01-01T00:00:00", 7],
    ["2099-12-31T23:59:59", "2100-01-01T00:00:00", 6],
  ];
  for (const [before, after, weekday] of rows) {
    const b = bench({ rtc: before });
    b.clock.pass(CLK_HZ);
    assertEquals(b.rtc.peekTime(), after);
    assertEquals(b.read(0x06), weekday);
    const [yy, mm, dd] = b.time().map((n) => n.toString(16).padStart(2, "0"));
    const century = b.read(0x32).toString(16);
    assertEquals(`${century}${yy}-${mm}-${dd}`, after.slice(0, 10));
  }
});

// "Time, Calendar, and Alarm Locations", table of ranges and examples.
Deno.test("the hour is written as the data mode and the hour mode say", () => {
  const rows: [number, number, number][] = [
    // Register B's DM and 24/12, hour, byte.
    [H24, 0, 0x00],
    [H24, 23, 0x23],
    [H24 | DM, 23, 0x17],
    [0, 0, 0x12],
    [0, 1, 0x01],
    [0, 11, 0x11],
    [0, 12, 0x92],
    [0, 13, 0x81],
    [0, 23, 0x91],
    [DM, 0, 0x0c],
    [DM, 12, 0x8c],
    [DM, 23, 0x8b],
  ];
  for (const [mode, hour, byte] of rows) {
    const b = bench({ rtc: hour * 3600 });
    b.write(B, mode);
    assertEquals(b.read(4), byte, `mode ${mode} hour ${hour}`);
    // And back: set by a program.
    const c = bench({ rtc: "2020-01-02T05:00:00" });
    c.write(B, SET | mode);
    c.write(4, byte);
    c.write(B, mode);
    assertEquals(c.read(4), byte);
  }
});

// "Register B, SET": any update cycle in progress is aborted and the program may initialize the bytes.
Deno.test("SET lets a program set the time, and the divider goes on meanwhile", () => {
  const b = bench();
  b.clock.runTo(CLK_HZ / 2);
  b.write(B, SET | H24);
  b.clock.runTo(5 * CLK_HZ);
  assertEquals(b.time(), [0x20, 0x01, 0x02, 0x03, 0x04, 0x05]);
  const set = [0x59, 0x59, 0x23, 0x28, 0x02, 0x24, 0x20, 0x05];
  [0, 2, 4, 7, 8, 9, 0x32, 6].forEach((index, i) => b.write(index, set[i]!));
  assertEquals(b.rtc.peekTime(), "2024-02-28T23:59:59");
  b.clock.runTo(7 * CLK_HZ + CLK_HZ / 2);
  b.write(B, H24);
  assertEquals(b.read(0), 0x59);
  b.clock.runTo(8 * CLK_HZ - 1);
  assertEquals(b.rtc.peekTime(), "2024-02-28T23:59:59");
  b.clock.runTo(8 * CLK_HZ);
  assertEquals(b.rtc.peekTime(), "2024-02-29T00:00:00");
  assertEquals(b.read(6), 6);
});

Deno.test("the weekday is a counter of its own when set apart from the date", () => {
  const b = bench();
  b.write(6, 1);
  assertEquals(b.read(6), 1);
  b.clock.pass(86_400 * CLK_HZ);
  assertEquals(b.read(6), 2);
  b.write(7, 0x20);
  assertEquals([b.read(6), b.read(7)], [2, 0x20]);
});

Deno.test("time bytes written to a running clock count at once, and do not move the divider", () => {
  const b = bench();
  b.clock.runTo(CLK_HZ * 3 / 4);
  b.write(0, 0x30);
  assertEquals(b.read(0), 0x30);
  b.clock.runTo(CLK_HZ);
  assertEquals(b.read(0), 0x31);
});

// "Register A, DV": when the divider reset is removed the first update cycle begins one-half second later.
Deno.test("the divider's reset stops the clock, and the first update begins half a second after it", () => {
  for (const reset of [0x60, 0x70]) {
    const b = bench();
    b.clock.runTo(CLK_HZ / 4);
    b.write(A, reset | 6);
    b.clock.runTo(10 * CLK_HZ);
    assertEquals(b.read(0), 0x05);
    b.write(A, 0x26);
    const begins = 10 * CLK_HZ + CLK_HZ / 2;
    b.clock.runTo(begins + US_1984 - 1);
    assertEquals(b.read(0), 0x05);
    b.clock.runTo(begins + US_1984);
    assertEquals(b.read(0), 0x06);
    b.clock.pass(CLK_HZ);
    assertEquals(b.read(0), 0x07);
  }
});

// "Update Cycle": UIP goes high 244 µs before the cycle; the cycle takes 1984 µs; then UIP falls and UF is set.
Deno.test("UIP is 1 for 2228 µs until the update ends", () => {
  const b = bench();
  const rises = CLK_HZ - US_244 - US_1984;
  const rows: [number, number][] = [
    [0, 0],
    [rises - 1, 0],
    [rises, UIP],
    [CLK_HZ - 1, UIP],
    [CLK_HZ, 0],
    [CLK_HZ + rises - 1, 0],
    [CLK_HZ + rises, UIP],
    [2 * CLK_HZ, 0],
  ];
  for (const [clk, uip] of rows) {
    b.clock.runTo(clk);
    assertEquals(b.read(A) & UIP, uip, `clk ${clk}`);
    assertEquals(b.read(A) & 0x7f, 0x26);
  }
});

Deno.test("UIP is 0 and read only when SET or the divider's reset inhibits updates", () => {
  const b = bench();
  b.clock.runTo(CLK_HZ - US_1984);
  assertEquals(b.read(A), 0xa6);
  b.write(A, 0xff);
  assertEquals(b.read(A), 0x7f);
  b.write(A, 0x26);
  b.clock.runTo(100 * CLK_HZ);
  b.write(B, SET | H24);
  for (let i = 0; i < 200; i++) {
    b.clock.pass(CLK_HZ / 200);
    assertEquals(b.read(A), 0x26);
  }
});

// Interrupts.

Deno.test("UF is set by the update without UIE, and cleared by reading C", () => {
  const b = bench();
  b.write(A, 0x20); // No periodic flag.
  b.clock.runTo(CLK_HZ - 1);
  assertEquals(b.read(C), 0);
  b.clock.runTo(CLK_HZ);
  assertEquals(b.rtc.peek(C), UF);
  assertEquals([b.read(C), b.read(C)], [UF, 0]);
  assertEquals([b.clock.fired, b.irq.edges], [0, []]);
});

Deno.test("IRQ 8 rises at the end of each update when UIE is set and C is read", () => {
  const b = bench();
  b.write(A, 0x20);
  b.write(B, UIE | H24);
  for (let i = 1; i <= 3; i++) {
    b.clock.runTo(i * CLK_HZ + 1000);
    assertEquals(b.irq.edges.splice(0), [[i * CLK_HZ, true]]);
    assertEquals(b.read(C), IRQF | UF);
    assertEquals(b.irq.edges.splice(0), [[i * CLK_HZ + 1000, false]]);
  }
  b.clock.pass(10 * CLK_HZ);
  assertEquals(b.clock.fired, 4); // Unread, so no further alarm.
  assertEquals(b.read(C), IRQF | UF);
});

// "Periodic Interrupt Rate", 32.768 kHz time base.
Deno.test("PF comes at the rate that RS0–RS3 choose", () => {
  const hz = [0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32];
  hz.push(16, 8, 4, 2);
  for (const [rate, frequency] of hz.entries()) {
    const b = bench();
    b.write(A, 0x20 | rate);
    b.write(B, PIE | H24);
    let count = 0;
    b.clock.on("rtc", () => {
      b.rtc.onAlarm();
      if (b.irq.level) count += 1;
      assertEquals(b.read(C) & ~UF, IRQF | PF);
    });
    b.clock.runTo(CLK_HZ);
    assertEquals(count, frequency, `rate ${rate}`);
    const rises = b.irq.edges.filter(([, level]) => level).map(([clk]) => clk);
    const gaps = rises.slice(1).map((clk, i) => clk - rises[i]!);
    const period = CLK_HZ / frequency;
    assert(gaps.every((gap) => Math.abs(gap - period) < 1), `rate ${rate}`);
  }
});

Deno.test("PF's two fastest taps are 32,768 and 16,384 Hz when the time base is a fast one", () => {
  for (const dv of [0x00, 0x10]) {
    for (const [rate, frequency] of [[1, 32_768], [2, 16_384], [3, 8192]]) {
      const b = bench();
      b.write(A, dv | rate!);
      b.write(B, PIE | H24);
      const before = b.clock.fired;
      b.clock.on("rtc", () => {
        b.rtc.onAlarm();
        b.read(C);
      });
      b.clock.runTo(CLK_HZ / 8);
      assertEquals(b.clock.fired - before, frequency! / 8);
    }
  }
});

// "Update-Ended and Periodic Interrupt Relationships": UIP rises half a period after a periodic interrupt.
Deno.test("PF is set half a period before and after UIP rises", () => {
  const b = bench();
  b.write(A, 0x2f);
  b.write(B, PIE | H24);
  b.clock.on("rtc", () => {
    b.rtc.onAlarm();
    b.read(C);
  });
  b.clock.runTo(2 * CLK_HZ);
  const uip = CLK_HZ - US_244 - US_1984;
  const edges = b.irq.edges.filter(([, level]) => level).map(([clk]) => clk);
  const quarter = CLK_HZ / 4;
  assertEquals(edges, [
    uip - 3 * quarter,
    uip - quarter,
    uip + quarter,
    uip + 3 * quarter,
  ]);
});

Deno.test("PF is set without PIE, and no alarm is armed for it", () => {
  const b = bench();
  assertEquals(b.alarm.deadline, NEVER);
  b.clock.pass(CLK_HZ / 1024);
  assertEquals(b.read(C), PF);
  assertEquals(b.clock.fired, 0);
});

Deno.test("IRQ 8 rises at once when a flag that is already set becomes enabled", () => {
  const b = bench();
  b.clock.pass(CLK_HZ / 100);
  b.write(B, PIE | H24);
  assertEquals(b.irq.level, true);
  b.write(B, H24); // And falls when it is disabled.
  assertEquals(b.irq.level, false);
  assertEquals(b.read(C), PF);
});

Deno.test("AF is set when the three alarm bytes match", () => {
  // Alarm hours, minutes, seconds; seconds from 03:04:05 to the first and the second match.
  const rows: [string, number, number, number, number, number][] = [
    ["the full time", 0x03, 0x04, 0x06, 1, 86_401],
    ["the same second: a day later", 0x03, 0x04, 0x05, 86_400, 172_800],
    ["every second", 0xff, 0xff, 0xff, 1, 2],
    ["every minute at :00", 0xc0, 0xff, 0x00, 55, 115],
    ["every hour at xx:04:04", 0xff, 0x04, 0x04, 3599, 7199],
    ["all of hour 4", 0x04, 0xff, 0xff, 3355, 3356],
    ["minute 5, any hour", 0xfe, 0x05, 0xd5, 55, 56],
    ["earlier: tomorrow", 0x02, 0x00, 0x00, 82_555, 168_955],
  ];
  for (const [name, hour, minute, second, first, next] of rows) {
    const b = bench();
    b.write(A, 0x20);
    b.write(1, second);
    b.write(3, minute);
    b.write(5, hour);
    b.write(B, AIE | H24);
    b.clock.runTo(first * CLK_HZ - 1);
    assertEquals([b.irq.level, b.rtc.peek(C) & AF], [false, 0], name);
    b.clock.runTo(first * CLK_HZ);
    assertEquals(b.irq.edges, [[first * CLK_HZ, true]], name);
    assertEquals(b.read(C), IRQF | AF | UF, name);
    b.clock.runTo(next * CLK_HZ);
    assertEquals(b.irq.edges.at(-1), [next * CLK_HZ, true], name);
    assertEquals(b.clock.fired, 2);
  }
});

Deno.test("AF compares in 12-hour mode and in binary", () => {
  const b = bench({ rtc: "2020-01-02T11:59:58" });
  b.write(A, 0x20);
  b.write(B, SET | DM);
  for (const [i, v] of [[0, 58], [2, 59], [4, 11]]) b.write(i!, v!);
  for (const i of [6, 7, 8, 9]) b.write(i, 1);
  b.write(0x32, 20);
  b.write(1, 0);
  b.write(3, 0);
  b.write(5, 0x8c); // Noon.
  b.write(B, DM | AIE);
  b.clock.runTo(2 * CLK_HZ);
  assertEquals(b.irq.edges, [[2 * CLK_HZ, true]]);
});

Deno.test("no alarm is armed when the alarm bytes can match no time", () => {
  for (const [index, value] of [[1, 0x60], [3, 0x7a], [5, 0x24], [5, 0x93]]) {
    const b = bench();
    for (const i of [1, 3, 5]) b.write(i, 0xff);
    b.write(index!, value!);
    b.write(B, AIE | H24);
    assertEquals(b.alarm.deadline, NEVER);
  }
});

Deno.test("secondsToAlarm() finds the first match when bytes are random", () => {
  const byte = (max: number) =>
    fc.oneof(
      fc.nat(max).map((n) => Math.floor(n / 10) * 16 + n % 10),
      fc.integer({ min: 0xc0, max: 0xff }),
      fc.nat(0xff),
    );
  fc.assert(
    fc.property(
      byte(59),
      byte(59),
      byte(23),
      fc.nat(86_399),
      (second, minute, hour, start) => {
        const ram = rtcState().ram;
        [ram[1], ram[3], ram[5]] = [second, minute, hour];
        const bcd = (n: number) => Math.floor(n / 10) * 16 + n % 10;
        const fits = (alarm: number, n: number) =>
          alarm >= 0xc0 || alarm === bcd(n);
        let naive: number | null = null;
        for (let i = 1; i <= 86_400 && naive === null; i++) {
          const t = (start + i) % 86_400;
          if (
            fits(second, t % 60) && fits(minute, Math.floor(t / 60) % 60) &&
            fits(hour, Math.floor(t / 3600))
          ) naive = i;
        }
        assertEquals(secondsToAlarm(ram, start), naive);
      },
    ),
    { numRuns: 60 },
  );
});

// "Register B, SET": setting it clears UIE; no update cycle, so neither UF nor AF.
Deno.test("SET clears UIE and keeps UF and AF from coming; PF comes", () => {
  const b = bench();
  for (const i of [1, 3, 5]) b.write(i, 0xff);
  b.write(B, SET | AIE | UIE | H24);
  assertEquals(b.read(B), SET | AIE | H24);
  b.clock.pass(3 * CLK_HZ);
  assertEquals(b.irq.edges, []);
  assertEquals(b.read(C), PF);
  b.write(B, SET | PIE | H24);
  b.clock.pass(CLK_HZ / 1024);
  assertEquals(b.irq.level, true);
});

// "Divider Control": holding the dividers in reset prevents interrupts from operating.
Deno.test("no flag is set when the divider is held in reset", () => {
  const b = bench();
  b.write(A, 0x66);
  b.read(C);
  b.write(B, PIE | AIE | UIE | H24);
  b.clock.pass(5 * CLK_HZ);
  assertEquals([b.read(C), b.irq.edges, b.clock.fired], [0, [], 0]);
});

Deno.test("onAlarm() sets what came due when it is called late", () => {
  const b = bench();
  b.write(B, UIE | H24);
  b.clock.leapTo(2 * CLK_HZ + 77);
  assertEquals(b.irq.edges, [[2 * CLK_HZ + 77, true]]);
  assertEquals(b.read(C), IRQF | UF | PF);
  assertEquals(b.alarm.deadline, 3 * CLK_HZ);
});

Deno.test("registers C and D refuse writes; B keeps all bits but UIE with SET", () => {
  const b = bench();
  b.write(C, 0xff);
  b.write(D, 0x00);
  assertEquals([b.read(C), b.read(D)], [0, 0x80]);
  b.write(B, SQWE | 1 | H24);
  assertEquals(b.read(B), SQWE | 1 | H24);
});

// "RESET": does not affect clock, calendar, or RAM; clears PIE, AIE, UIE, SQWE and the flags.
Deno.test("reset() disables interrupts and leaves the time alone", () => {
  const b = bench();
  b.write(0x40, 0x77);
  b.write(B, PIE | AIE | UIE | SQWE | H24);
  b.clock.pass(2 * CLK_HZ);
  assertEquals(b.irq.level, true);
  b.rtc.writePort(0x70, 0x80);
  b.rtc.reset();
  assertEquals([b.irq.level, b.nmiMask.level], [false, false]);
  assertEquals([b.read(B), b.read(C)], [H24, 0]);
  assertEquals([b.read(0), b.read(0x40)], [0x07, 0x77]);
  assertEquals(b.alarm.deadline, NEVER);
});

// State.

Deno.test("peek() changes nothing, and says what a read says", () => {
  const b = bench();
  b.write(B, UIE | H24);
  b.clock.pass(CLK_HZ * 3 / 2);
  for (let i = 0; i < 0x80; i++) {
    const before = JSON.stringify(b.rtc.state);
    const peeked = b.rtc.peek(i);
    assertEquals(JSON.stringify(b.rtc.state), before);
    assertEquals(b.read(i), peeked, `byte ${i}`);
  }
});

Deno.test("Rtc goes on equally when saved and loaded at any point", () => {
  for (let seed = 1; seed <= 8; seed++) {
    assertRestores(() => {
      const b = bench();
      return {
        clock: b.clock,
        device: b.rtc,
        lines: [b.irq, b.nmiMask],
        operate: (random: Prng) => operate(b, random),
      };
    }, seed);
  }
});

function operate(b: ReturnType<typeof bench>, random: Prng): unknown {
  switch (random.below(4)) {
    case 0:
      b.rtc.writePort(0x70, random.below(5) ? random.below(14) : random.word());
      return null;
    case 1:
      b.rtc.writePort(0x71, random.word() & 0xff);
      return null;
    case 2:
      return b.rtc.readPort(0x70 + random.below(2));
    default:
      // Periods of 32 kHz over hours would be millions of alarms, were they not cleared by reads alone.
      b.clock.pass(
        random.below([100, CLK_HZ / 100, 2 * CLK_HZ][random.below(3)]!),
      );
      return b.rtc.peekTime();
  }
}

Deno.test("flags and time do not depend on how often somebody looks", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0x20, 0x26, 0x2f, 0x23),
      fc.constantFrom(0, PIE, AIE, UIE, PIE | AIE | UIE),
      fc.array(fc.nat(CLK_HZ), { minLength: 1, maxLength: 20 }),
      (a, enables, looks) => {
        const [often, once] = [bench(), bench()];
        for (const b of [often, once]) {
          b.write(1, 0x30);
          b.write(3, 0xff);
          b.write(5, 0xff);
          b.write(A, a);
          b.write(B, enables | H24);
        }
        for (const wait of looks) {
          often.clock.pass(wait);
          often.rtc.peekTime();
          often.read(A);
          often.read(0);
          often.write(A, a);
          once.clock.runTo(often.clock.clk);
        }
        assertEquals(often.irq.edges, once.irq.edges);
        assertEquals(often.time(), once.time());
        assertEquals(often.read(C), once.read(C));
      },
    ),
    { numRuns: 100 },
  );
});
