import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { PitCounter, pitCounterState } from "./pit_counter.ts";

/** What happens after a pulse: the count register written, GATE driven. */
type Action = ["lsb", number] | ["gate", 0 | 1] | ["control", number];

function act(counter: PitCounter | NaiveCounter, a: Action, tick: number) {
  if (a[0] === "gate") counter.setGate(a[1] === 1, tick);
  else if (a[0] === "lsb") counter.writeCount(a[1], tick);
  else counter.writeControl(a[1], tick);
}

/** OUT (H or L) and count after each pulse, the first place being before any pulse. */
function wave(
  control: number,
  script: { [tick: number]: Action[] },
  ticks: number,
): { out: string; counts: string } {
  const counter = new PitCounter(pitCounterState(true));
  counter.writeControl(control, 0);
  let out = "", counts = "";
  for (let tick = 0; tick <= ticks; tick++) {
    for (const action of script[tick] ?? []) act(counter, action, tick);
    out += counter.out(tick) ? "H" : "L";
    const count = counter.count(tick).toString(16);
    // Before the first load the data sheet's figures have N, an undefined count.
    counts +=
      counter.state.element.loaded || counter.state.element.loadTick <= tick
        ? ` ${count}`
        : " N";
  }
  return { out, counts: counts.trim() };
}

// 8254, figures 15 to 20: control word, then the count in the same tick, GATE high unless it changes.
const WAVES: [
  name: string,
  control: number,
  script: { [tick: number]: Action[] },
  out: string,
  counts: string,
][] = [
  // "OUT is initially low, and will remain low until the Counter reaches zero."
  [
    "mode 0, count 4",
    0x10,
    { 0: [["lsb", 4]] },
    "LLLLLHHH",
    "N 4 3 2 1 0 ffff fffe",
  ],
  // "GATE = 0 disables counting."
  [
    "mode 0, GATE low for two pulses",
    0x10,
    { 0: [["lsb", 3]], 2: [["gate", 0]], 4: [["gate", 1]] },
    "LLLLLLHH",
    "N 3 2 2 2 1 0 ffff",
  ],
  // "If a new count is written to the Counter, it will be loaded on the next CLK pulse."
  [
    "mode 0, count 2 written while counting",
    0x10,
    { 0: [["lsb", 3]], 3: [["lsb", 2]] },
    "LLLLLLHH",
    "N 3 2 1 2 1 0 ffff",
  ],
  // "Remains high until a new count … is written into the Counter."
  [
    "mode 0, count 1 written after the end",
    0x10,
    { 0: [["lsb", 1]], 4: [["lsb", 1]] },
    "LLHHLLHH",
    "N 1 0 ffff fffe 1 0 ffff",
  ],
  // "If an initial count is written while GATE = 0, it will still be loaded … OUT will go high N CLK pulses later."
  [
    "mode 0, count written while GATE is low",
    0x10,
    { 0: [["gate", 0], ["lsb", 2]], 3: [["gate", 1]] },
    "LLLLLHH",
    "N 2 2 2 1 0 ffff",
  ],
  // "OUT will go low on the CLK pulse following a trigger … and will remain low until the Counter reaches zero."
  [
    "mode 1, two shots",
    0x12,
    {
      0: [["lsb", 3]],
      2: [["gate", 0], ["gate", 1]],
      7: [["gate", 0], ["gate", 1]],
    },
    "HHHLLLHHLL",
    "N N N 3 2 1 0 ffff 3 2",
  ],
  // "The one-shot is retriggerable, hence OUT will remain low for N CLK pulses after any trigger."
  [
    "mode 1, retriggered",
    0x12,
    {
      0: [["lsb", 3]],
      1: [["gate", 0], ["gate", 1]],
      4: [["gate", 0], ["gate", 1]],
    },
    "HHLLLLLLHH",
    "N N 3 2 1 3 2 1 0 ffff",
  ],
  // "If a new count is written … the current one-shot is not affected unless the Counter is retriggered."
  [
    "mode 1, count 4 written during the shot",
    0x12,
    {
      0: [["lsb", 2]],
      1: [["gate", 0], ["gate", 1]],
      3: [["lsb", 4]],
      6: [["gate", 0], ["gate", 1]],
    },
    "HHLLHHHLL",
    "N N 2 1 0 ffff fffe 4 3",
  ],
  // "OUT goes low N CLK pulses after the initial count is written … for one CLK pulse."
  [
    "mode 2, count 3",
    0x14,
    { 0: [["lsb", 3]] },
    "HHHLHHLHHL",
    "N 3 2 1 3 2 1 3 2 1",
  ],
  // "A trigger reloads the Counter with the initial count on the next CLK pulse."
  [
    "mode 2, GATE low for two pulses",
    0x14,
    { 0: [["lsb", 3]], 2: [["gate", 0]], 4: [["gate", 1]] },
    "HHHHHHHLH",
    "N 3 2 2 2 3 2 1 3",
  ],
  // "If GATE goes low during an output pulse, OUT is set high immediately."
  [
    "mode 2, GATE low during the pulse",
    0x14,
    { 0: [["lsb", 3]], 3: [["gate", 0]], 4: [["gate", 1]] },
    "HHHHHHHLH",
    "N 3 2 1 1 3 2 1 3",
  ],
  // "The new count will be loaded at the end of the current counting cycle."
  [
    "mode 2, count 5 written while counting",
    0x14,
    { 0: [["lsb", 4]], 2: [["lsb", 5]] },
    "HHHHLHHHHLH",
    "N 4 3 2 1 5 4 3 2 1 5",
  ],
  // "If a trigger is received after writing a new count but before the end of the current period …"
  [
    "mode 2, count 5 and a trigger",
    0x14,
    { 0: [["lsb", 4]], 2: [["lsb", 5], ["gate", 0], ["gate", 1]] },
    "HHHHHHHLH",
    "N 4 3 5 4 3 2 1 5",
  ],
  // "A COUNT of 1 is illegal": OUT stays high, until another count is loaded.
  [
    "mode 2, count 1, then 2",
    0x14,
    { 0: [["lsb", 1]], 3: [["lsb", 2]] },
    "HHHHHLHL",
    "N 1 1 1 2 1 2 1",
  ],
  // "OUT will be high for N/2 counts and low for N/2 counts."
  [
    "mode 3, count 4",
    0x16,
    { 0: [["lsb", 4]] },
    "HHHLLHHLLH",
    "N 4 2 4 2 4 2 4 2 4",
  ],
  // "OUT will be high for (N + 1)/2 counts and low for (N − 1)/2 counts."
  [
    "mode 3, count 5",
    0x16,
    { 0: [["lsb", 5]] },
    "HHHHLLHHHLLH",
    "N 4 2 0 4 2 4 2 0 4 2 4",
  ],
  // "If GATE goes low while OUT is low, OUT is set high immediately; no CLK pulse is required."
  [
    "mode 3, GATE low while OUT is low",
    0x16,
    { 0: [["lsb", 4]], 4: [["gate", 0]], 6: [["gate", 1]] },
    "HHHLHHHHHLLH",
    "N 4 2 4 2 2 2 4 2 4 2 4",
  ],
  // "Otherwise, the new count will be loaded at the end of the current half-cycle."
  [
    "mode 3, count 6 written in the high half",
    0x16,
    { 0: [["lsb", 4]], 1: [["lsb", 6]] },
    "HHHLLLHHHL",
    "N 4 2 6 4 2 6 4 2 6",
  ],
  // "… the Counter will be loaded with the new count on the next CLK pulse."
  [
    "mode 3, count 6 and a trigger in the low half",
    0x16,
    { 0: [["lsb", 4]], 3: [["lsb", 6], ["gate", 0], ["gate", 1]] },
    "HHHHHHHLLL",
    "N 4 2 4 6 4 2 6 4 2",
  ],
  // The smallest counts, and the illegal one.
  ["mode 3, count 3", 0x16, { 0: [["lsb", 3]] }, "HHHLHHLH", "N 2 0 2 2 0 2 2"],
  ["mode 3, count 2", 0x16, { 0: [["lsb", 2]] }, "HHLHLH", "N 2 2 2 2 2"],
  ["mode 3, count 1", 0x16, { 0: [["lsb", 1]] }, "HHHHH", "N 0 0 0 0"],
  // "OUT will go low for one CLK pulse and then go high again" N + 1 pulses after the write.
  [
    "mode 4, count 3",
    0x18,
    { 0: [["lsb", 3]] },
    "HHHHLHHH",
    "N 3 2 1 0 ffff fffe fffd",
  ],
  // "GATE = 0 disables counting. GATE has no effect on OUT."
  [
    "mode 4, GATE low at first and at the strobe",
    0x18,
    {
      0: [["gate", 0], ["lsb", 3]],
      3: [["gate", 1]],
      6: [["gate", 0]],
    },
    "HHHHHHLHH",
    "N 3 3 3 2 1 0 0 0",
  ],
  // "If a new count is written during counting, it will be loaded on the next CLK pulse."
  [
    "mode 4, count 2 written while counting",
    0x18,
    { 0: [["lsb", 3]], 3: [["lsb", 2]] },
    "HHHHHHLH",
    "N 3 2 1 2 1 0 ffff",
  ],
  // "OUT will not strobe low until N + 1 CLK pulses after a trigger."
  [
    "mode 5, two strobes",
    0x1a,
    {
      0: [["lsb", 3]],
      1: [["gate", 0], ["gate", 1]],
      7: [["gate", 0], ["gate", 1]],
    },
    "HHHHHLHHHHHLH",
    "N N 3 2 1 0 ffff fffe 3 2 1 0 ffff",
  ],
  // "The counting sequence is retriggerable."
  [
    "mode 5, retriggered",
    0x1a,
    {
      0: [["lsb", 3]],
      1: [["gate", 0], ["gate", 1]],
      3: [["gate", 0], ["gate", 1]],
    },
    "HHHHHHHLHH",
    "N N 3 2 3 2 1 0 ffff fffe",
  ],
  // "The current counting sequence will not be affected" by a new count without a trigger.
  [
    "mode 5, count 5 written while counting",
    0x1a,
    {
      0: [["lsb", 3]],
      1: [["gate", 0], ["gate", 1]],
      3: [["lsb", 5]],
      7: [["gate", 0], ["gate", 1]],
    },
    "HHHHHLHHHH",
    "N N 3 2 1 0 ffff fffe 5 4",
  ],
  // Triggers before there is a count are lost.
  [
    "mode 1, trigger before the count",
    0x12,
    { 0: [["gate", 0], ["gate", 1]], 1: [["lsb", 2]] },
    "HHHH",
    "N N N N",
  ],
  // Modes X10 and X11 are 2 and 3.
  ["mode 6 is 2", 0x1c, { 0: [["lsb", 2]] }, "HHLHL", "N 2 1 2 1"],
  ["mode 7 is 3", 0x1e, { 0: [["lsb", 2]] }, "HHLHL", "N 2 2 2 2"],
  // "To … 9999 for BCD counting, and continues counting."
  ["mode 0, BCD", 0x11, { 0: [["lsb", 2]] }, "LLLHHH", "N 2 1 0 9999 9998"],
];

for (const [name, control, script, out, counts] of WAVES) {
  Deno.test(`PitCounter has the data sheet's waveform in ${name}`, () => {
    assertEquals(wave(control, script, out.length - 1), { out, counts });
  });
}

const programmed = (control: number, ...bytes: number[]): PitCounter => {
  const counter = new PitCounter(pitCounterState(true));
  counter.writeControl(control, 0);
  for (const byte of bytes) counter.writeCount(byte, 0);
  return counter;
};

Deno.test("PitCounter.writeCount() takes its bytes as the control word says", () => {
  // 8254, "Write Operations". Read one tick later: the count register loaded, nothing counted.
  assertEquals(programmed(0x14, 0x12).count(1), 0x0012);
  assertEquals(programmed(0x24, 0x12).count(1), 0x1200);
  assertEquals(programmed(0x34, 0x34, 0x12).count(1), 0x1234);
  // 0 is the largest count: 2^16, or 10^4 in BCD.
  assertEquals(programmed(0x34, 0, 0).count(2), 0xffff);
  assertEquals(programmed(0x35, 0, 0).count(2), 0x9999);
  assertEquals(programmed(0x35, 0x34, 0x12).count(6), 0x1229);
});

Deno.test("PitCounter.writeCount() stops mode 0 with the first of two bytes", () => {
  // "Writing the first byte disables counting. OUT is set low immediately … Writing the second byte allows the new
  // count to be loaded on the next CLK pulse."
  const counter = programmed(0x30, 3, 0);
  assertEquals([counter.count(5), counter.out(5)], [0xffff, true]);
  counter.writeCount(2, 5);
  assertEquals([counter.count(9), counter.out(9)], [0xffff, false]);
  counter.writeCount(0, 9);
  assertEquals([counter.count(10), counter.count(11)], [2, 1]);
  assertEquals([counter.out(11), counter.out(12)], [false, true]);
});

Deno.test("PitCounter.writeCount() leaves mode 4 counting after the first of two bytes", () => {
  // "Writing the first byte has no effect on counting."
  const counter = programmed(0x38, 9, 0);
  counter.writeCount(4, 3);
  assertEquals(counter.count(5), 5);
  counter.writeCount(0, 5);
  assertEquals(counter.count(6), 4);
});

Deno.test("PitCounter.status() follows null count as the data sheet's table", () => {
  // 8254, "Null Count Operation": control word: 1; count written: 1; loaded into the counting element: 0.
  const counter = programmed(0x34);
  assertEquals(counter.status(0), 0x80 | 0x40 | 0x34);
  counter.writeCount(3, 0);
  counter.writeCount(0, 0);
  assertEquals(counter.status(0), 0x80 | 0x40 | 0x34);
  assertEquals(counter.status(1), 0x80 | 0x34);
  // "Null count goes to 1 when the second byte is written."
  counter.writeCount(5, 1);
  assertEquals(counter.status(1), 0x80 | 0x34);
  counter.writeCount(0, 1);
  assertEquals(counter.status(2), 0x80 | 0x40 | 0x34);
  assertEquals(counter.status(3), 0x40 | 0x34); // OUT is low in the last tick of the period.
  assertEquals(counter.status(4), 0x80 | 0x34);
});

Deno.test("PitCounter.read() gives the bytes that the read/write mode names", () => {
  // 0x1234 counted twice: 0x1232.
  const reads = (control: number, ...bytes: number[]) => {
    const counter = programmed(control, ...bytes);
    return [counter.read(3), counter.read(3), counter.read(3)];
  };
  assertEquals(reads(0x34, 0x34, 0x12), [0x32, 0x12, 0x32]);
  assertEquals(reads(0x14, 0x34), [0x32, 0x32, 0x32]);
  assertEquals(reads(0x24, 0x12), [0x11, 0x11, 0x11]);
});

Deno.test("PitCounter.read() and writeCount() interleave", () => {
  // "1. Read least significant byte. 2. Write new least significant byte. 3. Read … 4. Write new most significant byte."
  const counter = programmed(0x34, 0x34, 0x12);
  assertEquals(counter.read(3), 0x32);
  counter.writeCount(0x78, 3);
  assertEquals(counter.read(3), 0x12);
  counter.writeCount(0x56, 3);
  assertEquals(counter.count(1 + 0x1234), 0x5678);
});

Deno.test("PitCounter.latchCount() holds the count until it is read whole", () => {
  const counter = programmed(0x34, 0x34, 0x12);
  counter.latchCount(3);
  counter.latchCount(9); // "Ignored."
  assertEquals([counter.read(20), counter.read(20)], [0x32, 0x12]);
  assertEquals(counter.read(20), 0x34 - 19); // Unlatched: the count itself.
});

Deno.test("PitCounter.latchCount() begins with the low byte whatever was read before", () => {
  const counter = programmed(0x34, 0x34, 0x12);
  assertEquals(counter.read(1), 0x34);
  counter.latchCount(3);
  assertEquals([counter.read(3), counter.read(3)], [0x32, 0x12]);
  assertEquals(counter.read(3), 0x12); // The second byte that was still due.
});

Deno.test("PitCounter.writeControl() drops a latched count and half a count", () => {
  const counter = programmed(0x34, 0x34, 0x12);
  counter.latchCount(3);
  counter.writeCount(0xff, 3);
  counter.writeControl(0x34, 3);
  counter.writeCount(0x10, 3);
  counter.writeCount(0x00, 3);
  assertEquals([counter.read(4), counter.read(4)], [0x10, 0x00]);
});

Deno.test("PitCounter.read() gives a latched status first, then the latched count", () => {
  // "The first read operation of that Counter will return latched status, regardless of which was latched first."
  const counter = programmed(0x34, 0x34, 0x12);
  counter.latchCount(3);
  counter.latchStatus(3);
  counter.latchStatus(0x1234); // OUT is low there; ignored.
  assertEquals(counter.read(9), 0x80 | 0x34);
  assertEquals([counter.read(9), counter.read(9)], [0x32, 0x12]);
});

/** An 8254 counter that is stepped pulse by pulse, read from the data sheet another time. */
class NaiveCounter {
  mode = 3;
  modulus = 65_536;
  ce = 0;
  n = 65_536;
  cr = 65_536;
  toLoad = false;
  loaded = true;
  hasCount = true;
  gate = true;
  held = false;
  armed = false;
  nullCount = false;
  out = true;
  rises = 0;
  control = 6;
  first = -1;
  now = 0;

  set(level: boolean) {
    if (level && !this.out) this.rises ^= 1;
    this.out = level;
  }
  run(tick: number) {
    while (this.now < tick) {
      this.now++;
      this.pulse();
    }
  }
  reload() {
    this.n = this.cr;
    this.nullCount = false;
    this.ce = this.n % this.modulus;
    if (this.mode === 3 && this.n % 2 === 1) this.ce -= 1;
  }
  down(by = 1) {
    this.ce = (this.ce + this.modulus - by) % this.modulus;
  }
  pulse() {
    if (this.toLoad) {
      this.toLoad = false;
      this.loaded = true;
      this.armed = true;
      this.reload();
      if (this.mode === 1) this.set(false);
      else if (this.mode !== 0) this.set(true);
      return;
    }
    if (this.mode >= 4) this.set(true);
    if (!this.loaded) return;
    const gated = this.mode !== 1 && this.mode !== 5;
    if (gated && !this.gate) return;
    if (this.mode === 2) {
      if (this.ce === 1) {
        this.reload();
      } else this.down();
      this.set(!(this.ce === 1 && this.n > 1));
    } else if (this.mode === 3) {
      const last = this.out && this.n % 2 === 1 ? 0 : 2;
      if (this.ce === last) {
        this.reload();
        if (!(this.out && this.n === 1)) this.set(!this.out);
      } else this.down(2);
    } else if (!this.held) {
      this.down();
      if (this.ce === 0 && this.armed) {
        this.armed = false;
        this.set(this.mode < 4);
      }
    }
  }
  writeControl(control: number, tick: number) {
    this.run(tick);
    this.control = control;
    this.mode = [0, 1, 2, 3, 4, 5, 2, 3][control >> 1 & 7]!;
    this.modulus = control & 1 ? 10_000 : 65_536;
    this.ce %= this.modulus;
    this.cr = this.modulus;
    this.n = this.modulus;
    this.toLoad =
      this.loaded =
      this.hasCount =
      this.held =
      this.armed =
        false;
    this.nullCount = true;
    this.first = -1;
    this.set(this.mode !== 0);
  }
  writeCount(byte: number, tick: number) {
    this.run(tick);
    if (this.mode === 0) this.set(false);
    let raw = byte;
    if (this.control >> 4 === 2) raw = byte << 8;
    if (this.control >> 4 === 3) {
      if (this.first < 0) {
        this.first = byte;
        this.held = this.mode === 0;
        return;
      }
      raw = byte << 8 | this.first;
      this.first = -1;
    }
    const count = this.modulus === 10_000
      ? Number(`0x${raw.toString(16)}`.replace("0x", ""))
      : raw;
    this.cr = count === 0 ? this.modulus : count;
    this.nullCount = this.hasCount = true;
    this.held = false;
    if (
      this.mode === 0 || this.mode === 4 ||
      (!this.loaded && (this.mode === 2 || this.mode === 3))
    ) this.toLoad = true;
  }
  setGate(level: boolean, tick: number) {
    if (level === this.gate) return;
    this.run(tick);
    this.gate = level;
    if (!level && (this.mode === 2 || this.mode === 3)) this.set(true);
    if (level && this.hasCount && [1, 2, 3, 5].includes(this.mode)) {
      this.toLoad = true;
    }
  }
  see() {
    const text = String(this.ce);
    return [
      this.out,
      this.modulus === 10_000 ? parseInt(text, 16) : this.ce,
      this.nullCount,
      this.rises,
    ];
  }
}

const see = (counter: PitCounter, tick: number) => [
  counter.out(tick),
  counter.count(tick),
  (counter.status(tick) & 0x40) !== 0,
  counter.rises(tick),
];

// Two decimal digits, so that BCD counts are valid; small ones are frequent.
const countByte = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 9 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
    ).map(([tens, ones]) => tens << 4 | ones),
  },
);
/** Mostly one-byte counts, which are short enough to end. */
const controlWord = fc.tuple(
  fc.constantFrom(1, 1, 1, 2, 3),
  fc.integer({ min: 0, max: 15 }),
).map(([rw, mode]) => rw << 4 | mode);
const step = (kind: string, value: fc.Arbitrary<number>) =>
  fc.tuple(fc.constant(kind), value);
const operation = fc.oneof(
  { weight: 1, arbitrary: step("control", controlWord) },
  { weight: 4, arbitrary: step("lsb", countByte) },
  { weight: 2, arbitrary: step("gate", fc.constantFrom(0, 1, 1)) },
  { weight: 6, arbitrary: step("pass", fc.integer({ min: 1, max: 12 })) },
  { weight: 1, arbitrary: step("pass", fc.integer({ min: 13, max: 700 })) },
);
const script = fc.tuple(
  step("control", controlWord),
  step("lsb", countByte),
  fc.array(operation, { minLength: 10, maxLength: 30, size: "max" }),
).map(([control, count, rest]) => [control, count, ...rest]);

Deno.test("PitCounter in closed form equals a counter stepped pulse by pulse", () => {
  fc.assert(
    fc.property(script, (operations) => {
      const closed = new PitCounter(pitCounterState(true));
      const naive = new NaiveCounter();
      let tick = 0;
      for (const [kind, value] of operations) {
        if (kind === "pass") tick += value as number;
        else {
          act(closed, [kind, value] as Action, tick);
          act(naive, [kind, value] as Action, tick);
        }
        naive.run(tick);
        assertEquals(see(closed, tick), naive.see());
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("PitCounter.nextChange names each tick at which OUT changes, and none is missed", () => {
  fc.assert(
    fc.property(script, (operations) => {
      const counter = new PitCounter(pitCounterState(true));
      const naive = new NaiveCounter();
      let tick = 0;
      for (const [kind, value] of operations) {
        if (kind !== "pass") {
          act(counter, [kind, value] as Action, tick);
          act(naive, [kind, value] as Action, tick);
          continue;
        }
        for (let i = 0; i < Math.min(value as number, 60); i++) {
          const due = counter.nextChange;
          const before = naive.out;
          tick++;
          naive.run(tick);
          if (naive.out !== before) assertEquals(due, tick);
          if (due === tick) counter.settle(tick);
          assertEquals(counter.state.element.out, naive.out);
        }
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("PitCounter goes a long way in one step as in many", () => {
  for (const mode of [0, 1, 2, 3, 4, 5]) {
    for (const count of [2, 3, 7, 1_000, 0]) {
      const counters = [0, 1].map(() =>
        programmed(0x30 | mode << 1, count & 0xff, count >> 8)
      );
      for (const c of counters) {
        c.setGate(false, 1);
        c.setGate(true, 1);
      }
      const [far, near] = counters;
      for (let tick = 1; tick <= 400_000; tick += 977) near!.settle(tick);
      assertEquals(see(far!, 400_000), see(near!, 400_000), `${mode} ${count}`);
    }
  }
});

Deno.test("PitCounter.latchCount() latches the byte alone that is read and written", () => {
  // 8254, "Control Word Format", RW1 and RW0: 01 least, 10 most significant byte.
  const rows: [number, number, number[]][] = [[0x14, 0x34, [0x32, 0x1f]], [
    0x24,
    0x12,
    [
      0x11,
      0x11,
    ],
  ]];
  for (const [control, count, want] of rows) {
    const counter = programmed(control, count);
    counter.latchCount(3);
    assertEquals([counter.read(22), counter.read(22)], want);
  }
});
