import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  assertRestores,
  BenchClock,
  benchEvents,
  eventRows,
  RecordingLine,
} from "../../tests/support/device_bench.ts";
import { Pic } from "./pic.ts";

function board() {
  const clock = new BenchClock();
  const intr = new RecordingLine(clock);
  const events = benchEvents(clock);
  return { clock, intr, events, pic: new Pic({ intr, events }) };
}

interface Setup {
  icw1?: number;
  icw4?: number;
  icw4Secondary?: number;
  elcr?: [number, number];
}

/** Initialised as a PC has it: 0x20 and 0x28, cascade on IR2, nothing masked. */
function initialised(setup: Setup = {}) {
  const b = board();
  const icw1 = setup.icw1 ?? 0x11;
  const icw4 = setup.icw4 ?? 0x01;
  write(b.pic, [[0x20, icw1], [0x21, 0x20], [0x21, 0x04], [0x21, icw4]]);
  write(b.pic, [[0xa0, icw1], [0xa1, 0x28], [0xa1, 0x02], [
    0xa1,
    setup.icw4Secondary ?? icw4,
  ]]);
  if (setup.elcr) {
    write(b.pic, [[0x4d0, setup.elcr[0]], [0x4d1, setup.elcr[1]]]);
  }
  return b;
}

function write(pic: Pic, writes: [port: number, value: number][]) {
  for (const [port, value] of writes) pic.writePort(port, value);
}

/** IRR, ISR and IMR of a chip, by OCW3. */
function registers(
  pic: Pic,
  command = 0x20,
): [irr: number, isr: number, imr: number] {
  pic.writePort(command, 0x0a);
  const irr = pic.readPort(command);
  pic.writePort(command, 0x0b);
  const isr = pic.readPort(command);
  return [irr, isr, pic.readPort(command + 1)];
}

function pulse(pic: Pic, ...lines: number[]) {
  for (const line of lines) {
    pic.setIrq(line, false);
    pic.setIrq(line, true);
  }
}

// 8259A, "Interrupt Sequence".
Deno.test("Pic.acknowledge() moves the request into service and gives its vector", () => {
  const { pic, intr } = initialised();
  // "One or more of the INTERRUPT REQUEST lines are raised high, setting the corresponding IRR bit(s)."
  pic.setIrq(3, true);
  assertEquals(registers(pic), [0x08, 0, 0]);
  assertEquals([intr.level, pic.peekPending()], [true, 0x23]);
  // "The highest priority ISR bit is set and the corresponding IRR bit is reset."
  assertEquals(pic.acknowledge(), 0x23);
  assertEquals(registers(pic), [0, 0x08, 0]);
  assertEquals([intr.level, pic.peekPending()], [false, null]);
});

// "If no interrupt request is present … the 8259A will issue an interrupt level 7."
Deno.test("Pic.acknowledge() gives a spurious IRQ 7 when the request did not last", () => {
  const { pic, intr } = initialised();
  pic.setIrq(3, true);
  pic.setIrq(3, false);
  assertEquals([intr.level, pic.acknowledge()], [false, 0x27]);
  assertEquals(registers(pic)[1], 0); // Nothing is in service: a handler can tell.
  pulse(pic, 7);
  assertEquals(pic.acknowledge(), 0x27);
  assertEquals(registers(pic)[1], 0x80); // The real one.
});

Deno.test("Pic.glitch() makes a spurious IRQ 7 or 15 unless the line is masked", () => {
  const { pic, intr } = initialised();
  pic.glitch(5);
  assertEquals([intr.level, pic.peekPending()], [true, 0x27]);
  assertEquals(registers(pic), [0, 0, 0]);
  assertEquals([pic.acknowledge(), intr.level], [0x27, false]);
  pic.glitch(12);
  assertEquals([intr.level, pic.peekPending()], [true, 0x2f]);
  assertEquals(pic.acknowledge(), 0x2f);
  // The primary has taken its IR2 for real and wants an EOI; the secondary has nothing in service.
  assertEquals([registers(pic)[1], registers(pic, 0xa0)[1]], [0x04, 0]);
  pic.writePort(0x20, 0x20);
  write(pic, [[0x21, 0x20], [0xa1, 0x10]]);
  pic.glitch(5);
  pic.glitch(12);
  assertEquals(intr.level, false);
  // A request that comes while INT is high because of noise is taken instead.
  pic.glitch(3);
  pic.setIrq(4, true);
  assertEquals([pic.acknowledge(), intr.level], [0x24, false]);
});

// "Fully Nested Mode": "Interrupt requests are ordered in priority from 0 through 7."
Deno.test("Pic takes requests by priority, and only higher ones while one is in service", () => {
  const { pic, intr } = initialised();
  pulse(pic, 6, 4, 1);
  assertEquals(pic.acknowledge(), 0x21);
  assertEquals(intr.level, false);
  pulse(pic, 0);
  assertEquals(pic.acknowledge(), 0x20); // Nested.
  pic.writePort(0x20, 0x20); // Ends 0.
  assertEquals(intr.level, false);
  pic.writePort(0x20, 0x20); // Ends 1.
  assertEquals(pic.acknowledge(), 0x24);
  pic.writePort(0x20, 0x20);
  assertEquals(pic.acknowledge(), 0x26);
});

// Cascade: IRQ 8 to 15 lie between 1 and 3.
Deno.test("Pic orders all lines by priority: 0, 1, 8 to 15, 3 to 7", () => {
  const { pic } = initialised();
  const lines = [7, 6, 5, 4, 3, 15, 14, 13, 12, 11, 10, 9, 8, 1, 0];
  pulse(pic, ...lines);
  const order: number[] = [];
  for (let i = 0; i < 15; i++) {
    const vector = pic.acknowledge();
    order.push(vector - 0x20);
    if (vector >= 0x28) pic.writePort(0xa0, 0x20);
    pic.writePort(0x20, 0x20);
  }
  assertEquals(order, lines.toReversed());
  assertEquals(pic.peekPending(), null);
});

// "Operation Command Word 1": "M = 1 indicates the channel is masked (inhibited), M = 0 … enabled."
Deno.test("Pic keeps a masked request until it is unmasked", () => {
  const { pic, intr } = initialised();
  pic.writePort(0x21, 0x02);
  pic.setIrq(1, true);
  assertEquals([intr.level, ...registers(pic)], [false, 0x02, 0, 0x02]);
  pic.writePort(0x21, 0x00);
  assertEquals(pic.acknowledge(), 0x21);
});

Deno.test("Pic holds all of the secondary back while IR2 is masked", () => {
  const { pic, intr } = initialised();
  pic.writePort(0x21, 0x04);
  pic.setIrq(8, true);
  assertEquals(intr.level, false);
  pic.writePort(0x21, 0);
  assertEquals(pic.acknowledge(), 0x28);
  assertEquals([registers(pic)[1], registers(pic, 0xa0)[1]], [0x04, 0x01]);
});

// "Edge and level triggered modes": an edge interrupts once, "without generating another interrupt" while the input stays high.
Deno.test("Pic takes an edge once", () => {
  const { pic, intr } = initialised();
  pic.setIrq(1, true);
  pic.acknowledge();
  pic.setIrq(1, true); // No change of level, no edge.
  pic.writePort(0x20, 0x20);
  assertEquals(intr.level, false);
  pulse(pic, 1);
  assertEquals(intr.level, true);
});

// "The interrupt request must be removed before the EOI command is issued … to prevent a second interrupt."
Deno.test("Pic takes a level again as long as it lasts", () => {
  const { pic, intr } = initialised({ elcr: [0x20, 0x02] });
  for (const [line, vector] of [[5, 0x25], [9, 0x29]] as const) {
    pic.setIrq(line, true);
    for (let i = 0; i < 2; i++) {
      assertEquals(pic.acknowledge(), vector);
      assertEquals(intr.level, false);
      if (line > 7) pic.writePort(0xa0, 0x20);
      pic.writePort(0x20, 0x20);
      assertEquals(intr.level, true);
    }
    pic.setIrq(line, false);
    assertEquals([intr.level, pic.acknowledge()], [false, 0x27]);
  }
});

Deno.test("Pic takes all lines as levels when ICW1 says LTIM", () => {
  const { pic, intr } = initialised({ icw1: 0x19 });
  pic.setIrq(0, true);
  pic.acknowledge();
  pic.writePort(0x20, 0x20);
  assertEquals([intr.level, registers(pic)[0]], [true, 0x01]);
});

// PIIX4, "ELCR1": IRQ 0, 1, 2 "must be 0"; "ELCR2": IRQ 8, 13.
Deno.test("Pic ELCR keeps the lines that are always edges", () => {
  const { pic } = initialised({ elcr: [0xff, 0xff] });
  assertEquals([pic.readPort(0x4d0), pic.readPort(0x4d1)], [0xf8, 0xde]);
});

Deno.test("Pic ELCR requests what is high when a line becomes level triggered", () => {
  const { pic, intr } = initialised();
  pic.setIrq(5, true);
  pic.acknowledge();
  pic.writePort(0x20, 0x20);
  assertEquals(intr.level, false);
  pic.writePort(0x4d0, 0x20);
  assertEquals(intr.level, true);
});

// "Initialization Command Words 1 and 2", what ICW1 does: a to f.
Deno.test("Pic ICW1 resets what the data sheet lists", () => {
  const { pic, intr } = initialised({ elcr: [0x20, 0] });
  write(pic, [[0x21, 0x55], [0x20, 0xc3], [0x20, 0x68], [0x20, 0x0b], [
    0x20,
    0x80,
  ]]);
  pulse(pic, 1, 3);
  pic.setIrq(5, true);
  pic.writePort(0x20, 0x11);
  // a: only edges that come from here on; a level lasts. b: the mask is cleared. e: status read gives IRR.
  assertEquals([pic.readPort(0x20), pic.readPort(0x21)], [0x20, 0]);
  const { primary } = pic.state;
  assertEquals([primary.lowest, primary.specialMask, primary.isr], [
    7,
    false,
    0,
  ]); // c, e
  assertEquals([primary.icw4, primary.icw3], [0, 7]); // f, d
  write(pic, [[0x21, 0x20], [0x21, 0x04], [0x21, 0x01]]);
  assertEquals([intr.level, pic.acknowledge()], [true, 0x25]);
});

// "Initialization Sequence", figure 6: ICW3 if SNGL = 0, ICW4 if IC4 = 1; then OCW1.
for (
  const [icw1, icws] of [[0x11, 3], [0x13, 2], [0x10, 2], [0x12, 1]] as const
) {
  Deno.test(`Pic expects ${icws} more words after ICW1 = ${icw1.toString(16)}`, () => {
    const { pic } = board();
    pic.writePort(0x20, icw1);
    for (let i = 0; i < icws; i++) {
      pic.writePort(0x21, 0x01);
      assertEquals(pic.readPort(0x21), 0);
    }
    pic.writePort(0x21, 0xa5);
    assertEquals(pic.readPort(0x21), 0xa5);
  });
}

Deno.test("Pic.acknowledge() takes bits 7 to 3 of the vector from ICW2", () => {
  const { pic } = board();
  write(pic, [[0x20, 0x13], [0x21, 0xff], [0x21, 0x01]]);
  pic.setIrq(3, true);
  assertEquals(pic.acknowledge(), 0xfb);
});

// "MCS-80/85": the second byte of CALL is A7–A5 and 4 × level, or A7–A6 and 8 × level, by ADI.
Deno.test("Pic.acknowledge() gives the low byte of CALL's address without 8086 mode", () => {
  for (const [icw1, vector] of [[0xf6, 0xec], [0xf2, 0xd8]] as const) {
    const { pic } = board();
    write(pic, [[0x20, icw1], [0x21, 0xff]]);
    pic.setIrq(3, true);
    assertEquals(pic.acknowledge(), vector);
  }
});

// "Cascade Mode": the primary "will enable the corresponding slave to release the device routine address".
Deno.test("Pic.acknowledge() asks the secondary only where both ICW3 say so", () => {
  const rows: [icw3: number, id: number, vector: number][] = [
    [0x04, 2, 0x28],
    [0x04, 3, 0xff], // Nobody has that identity: the bus floats.
    [0x00, 2, 0x22], // IR2 is no secondary's: the primary answers itself.
  ];
  for (const [icw3, id, vector] of rows) {
    const { pic } = board();
    write(pic, [[0x20, 0x11], [0x21, 0x20], [0x21, icw3], [0x21, 0x01]]);
    write(pic, [[0xa0, 0x11], [0xa1, 0x28], [0xa1, id], [0xa1, 0x01]]);
    pic.setIrq(8, true);
    assertEquals([pic.peekPending(), pic.acknowledge()], [vector, vector]);
  }
});

Deno.test("Pic.acknowledge() knows no cascade in single mode", () => {
  const rows: [icw1: number, icw1Secondary: number, vector: number][] = [
    [0x13, 0x11, 0x22], // The primary answers itself.
    [0x11, 0x13, 0xff], // The secondary does not listen.
  ];
  for (const [icw1, icw1Secondary, vector] of rows) {
    const { pic } = board();
    write(pic, [[0x20, icw1], [0x21, 0x20]]);
    if (icw1 === 0x11) pic.writePort(0x21, 0x04);
    write(pic, [[0x21, 0x01], [0xa0, icw1Secondary], [0xa1, 0x28]]);
    if (icw1Secondary === 0x11) pic.writePort(0xa1, 0x02);
    pic.writePort(0xa1, 0x01);
    pic.state.secondary.icw3 = 2; // Left over; counts in cascade mode only.
    pic.setIrq(8, true);
    assertEquals(pic.acknowledge(), vector);
  }
});

// "End of Interrupt (EOI)": "A non-specific EOI … will automatically reset the highest IS bit of those that are set."
Deno.test("Pic OCW2 ends interrupts as its table says", () => {
  const inService = (...ocw2: number[]) => {
    const { pic } = initialised();
    pulse(pic, 5);
    pic.acknowledge();
    pulse(pic, 3);
    pic.acknowledge();
    for (const value of ocw2) pic.writePort(0x20, value);
    return [registers(pic)[1], pic.state.primary.lowest];
  };
  assertEquals(inService(), [0x28, 7]);
  assertEquals(inService(0x20), [0x20, 7]); // 001 non-specific EOI
  assertEquals(inService(0x65), [0x08, 7]); // 011 specific EOI of 5
  assertEquals(inService(0x61), [0x28, 7]); // of what is not in service
  assertEquals(inService(0xa0), [0x20, 3]); // 101 rotate on non-specific EOI
  assertEquals(inService(0xe5), [0x08, 5]); // 111 rotate on specific EOI
  assertEquals(inService(0xc2), [0x28, 2]); // 110 set priority
  assertEquals(inService(0x40), [0x28, 7]); // 010 no operation
  assertEquals(inService(0xc4, 0x20), [0x08, 4]); // priorities 5 … 4: 5 is ended
});

// "Automatic Rotation": "a device, after being serviced, receives the lowest priority".
Deno.test("Pic serves devices of equal priority in turn by rotation", () => {
  const { pic } = initialised();
  pulse(pic, 4, 6);
  const order: number[] = [];
  for (let i = 0; i < 6; i++) {
    const vector = pic.acknowledge();
    order.push(vector - 0x20);
    pulse(pic, vector - 0x20);
    pic.writePort(0x20, 0xa0);
  }
  assertEquals(order, [4, 6, 4, 6, 4, 6]);
});

// "Specific Rotation": "If IR5 is programmed as the bottom priority device, then IR6 will have the highest one."
Deno.test("Pic set priority makes the next line the highest", () => {
  const { pic } = initialised();
  pic.writePort(0x20, 0xc5);
  pulse(pic, 0, 5, 7, 6);
  const order = [0, 1, 2, 3].map(() => {
    const vector = pic.acknowledge();
    pic.writePort(0x20, 0x20);
    return vector - 0x20;
  });
  assertEquals(order, [6, 7, 0, 5]);
});

// "Automatic End of Interrupt (AEOI) Mode": "the 8259A will automatically perform a non-specific EOI operation at the
// trailing edge of the last interrupt acknowledge pulse".
Deno.test("Pic has nothing in service with automatic EOI", () => {
  const { pic } = initialised({ icw4: 0x03 });
  pulse(pic, 3, 5);
  assertEquals([pic.acknowledge(), pic.acknowledge()], [0x23, 0x25]);
  assertEquals(registers(pic), [0, 0, 0]);
});

Deno.test("Pic loses no request of the secondary with automatic EOI", () => {
  const { pic, intr } = initialised({ icw4: 0x03 });
  pulse(pic, 9, 10);
  assertEquals([pic.acknowledge(), intr.level], [0x29, true]);
  assertEquals([pic.acknowledge(), intr.level], [0x2a, false]);
});

// OCW2 100 "rotate in automatic EOI mode (set)", 000 "(clear)".
Deno.test("Pic rotates on automatic EOI while that is set", () => {
  const { pic } = initialised({ icw4: 0x03 });
  const lowest: number[] = [];
  for (const [ocw2, line] of [[0x80, 3], [0x80, 5], [0x00, 1]] as const) {
    pic.writePort(0x20, ocw2);
    pulse(pic, line);
    pic.acknowledge();
    lowest.push(pic.state.primary.lowest);
  }
  assertEquals(lowest, [3, 5, 5]);
});

// "Special Mask Mode": "when a mask bit is set in OCW1, it inhibits further interrupts at that level and enables
// interrupts from all other levels (lower as well as higher) that are not masked".
Deno.test("Pic lets lower levels in by special mask mode", () => {
  const { pic, intr } = initialised();
  pulse(pic, 3);
  pic.acknowledge();
  pulse(pic, 3, 6);
  assertEquals(intr.level, false);
  pic.writePort(0x21, 0x08);
  assertEquals(intr.level, false);
  pic.writePort(0x20, 0x68); // ESMM = 1, SMM = 1
  assertEquals(pic.acknowledge(), 0x26);
  // "An IS bit that is masked by an IMR bit will not be cleared by a non-specific EOI if the 8259A is in the Special
  // Mask Mode."
  pic.writePort(0x20, 0x20);
  assertEquals(registers(pic)[1], 0x08);
  pic.writePort(0x20, 0x20);
  assertEquals(registers(pic)[1], 0x08);
  pic.writePort(0x20, 0x28); // ESMM = 0: SMM becomes a "don't care".
  assertEquals(pic.state.primary.specialMask, true);
  pic.writePort(0x20, 0x48); // ESMM = 1, SMM = 0: "reverts to normal mask mode".
  pic.writePort(0x20, 0x20);
  assertEquals(registers(pic)[1], 0);
});

// "Special Fully Nested Mode": "further interrupt requests from higher priority IRs within the slave will be recognized
// by the master and will initiate interrupts to the processor".
Deno.test("Pic nests within the secondary in special fully nested mode only", () => {
  for (const [icw4, level] of [[0x01, false], [0x11, true]] as const) {
    const { pic, intr } = initialised({ icw4, icw4Secondary: 0x01 });
    pulse(pic, 12);
    assertEquals(pic.acknowledge(), 0x2c);
    pulse(pic, 9);
    assertEquals(intr.level, level);
    if (level) {
      assertEquals(pic.acknowledge(), 0x29);
      assertEquals(registers(pic, 0xa0)[1], 0x12);
    }
    // Lower lines of the primary stay out, and the secondary while a higher one is in service.
    pulse(pic, 3);
    assertEquals(intr.level, false);
    pulse(pic, 1);
    assertEquals(pic.acknowledge(), 0x21);
    pulse(pic, 8);
    assertEquals(intr.level, false);
  }
});

// "Poll Command": "the 8259A treats the next RD pulse … as an interrupt acknowledge, sets the appropriate IS bit if
// there is a request, and reads the priority level". The byte: I, then W2 to W0.
Deno.test("Pic poll acknowledges by a read, at either port", () => {
  for (const port of [0x20, 0x21]) {
    const { pic, intr } = initialised();
    pulse(pic, 6, 3);
    pic.writePort(0x20, 0x0c);
    assertEquals(pic.readPort(port), 0x83);
    assertEquals([intr.level, ...registers(pic)], [false, 0x40, 0x08, 0]);
    // The next read is a status read again; a poll with no request gives I = 0.
    pic.writePort(0x20, 0x0c);
    assertEquals([pic.readPort(port), pic.readPort(port)], [
      0,
      port === 0x20 ? 0x08 : 0,
    ]);
  }
});

// "Polling overrides status read when P = 1, RR = 1 in OCW3."
Deno.test("Pic poll goes before status read", () => {
  const { pic } = initialised();
  pulse(pic, 3);
  pic.writePort(0x20, 0x0f);
  assertEquals([pic.readPort(0x20), pic.readPort(0x20)], [0x83, 0x08]);
});

// "Interrupt is frozen from WR to RD."
Deno.test("Pic poll answers with the requests of the time of its command", () => {
  const { pic } = initialised();
  pulse(pic, 6);
  pic.writePort(0x20, 0x0c);
  pulse(pic, 3);
  pic.setIrq(6, false);
  assertEquals(pic.readPort(0x20), 0x86);
  assertEquals(registers(pic), [0x08, 0x40, 0]);
});

Deno.test("Pic poll of the secondary with automatic EOI gives an edge for the next request", () => {
  const { pic, intr } = initialised({ icw4Secondary: 0x03 });
  pulse(pic, 10, 9);
  pic.writePort(0x20, 0x0c);
  assertEquals(pic.readPort(0x20), 0x82);
  pic.writePort(0xa0, 0x0c);
  assertEquals(pic.readPort(0xa0), 0x81);
  pic.writePort(0x20, 0x20);
  assertEquals([intr.level, pic.acknowledge()], [true, 0x2a]);
});

Deno.test("Pic.acknowledge() takes what a pending poll has frozen, once", () => {
  const { pic } = initialised({ icw4: 0x03 });
  pulse(pic, 6);
  pic.writePort(0x20, 0x0c);
  assertEquals(pic.acknowledge(), 0x26);
  assertEquals([pic.readPort(0x20), ...registers(pic)], [0, 0, 0, 0]);
});

Deno.test("Pic poll of the secondary gives the primary its next edge", () => {
  const { pic, intr } = initialised();
  pulse(pic, 12, 9);
  pic.writePort(0xa0, 0x0c);
  assertEquals([pic.readPort(0xa0), intr.level], [0x81, false]);
  pic.writePort(0xa0, 0x20);
  assertEquals([intr.level, pic.acknowledge()], [true, 0x2c]);
});

// "Reading the 8259A Status": "The 8259A 'remembers' whether IRR or ISR has been previously selected."
Deno.test("Pic remembers which register is read", () => {
  const { pic } = initialised();
  pulse(pic, 6);
  pic.acknowledge();
  pulse(pic, 3);
  assertEquals(pic.readPort(0x20), 0x08); // "After initialization the 8259A is set to IRR."
  pic.writePort(0x20, 0x0b);
  assertEquals([pic.readPort(0x20), pic.readPort(0x20)], [0x40, 0x40]);
  pic.writePort(0x20, 0x09); // RR = 0: RIS counts nothing.
  assertEquals(pic.readPort(0x20), 0x40);
  pic.writePort(0x20, 0x0a);
  assertEquals(pic.readPort(0x20), 0x08);
});

Deno.test("Pic initialises the secondary anew while it requests", () => {
  // A level that lasts over both initialisations reaches the primary as a fresh edge.
  const { pic, intr } = initialised({ elcr: [0, 0x02] });
  pic.setIrq(9, true);
  write(pic, [[0x20, 0x11], [0x21, 0x20], [0x21, 0x04], [0x21, 0x01]]);
  write(pic, [[0xa0, 0x11], [0xa1, 0x28], [0xa1, 0x02], [0xa1, 0x01]]);
  assertEquals([intr.level, pic.acknowledge()], [true, 0x29]);
});

Deno.test("Pic reports lines and EOI", () => {
  const { pic, events } = initialised();
  pic.setIrq(12, true);
  pic.setIrq(12, true);
  pic.acknowledge();
  pic.setIrq(12, false);
  write(pic, [[0xa0, 0x20], [0x20, 0x62], [0x20, 0x20]]);
  assertEquals(eventRows(events), [
    [0, "irq-raised", 12, 1, 0],
    [0, "irq-raised", 12, 0, 0],
    [0, "eoi", 1, 0x10, 0],
    [0, "eoi", 0, 0x04, 0],
    [0, "eoi", 0, 0, 0], // An EOI for nothing shows as such.
  ]);
});

Deno.test("Pic.setIrq() refuses the cascade and what is no line", () => {
  for (const line of [2, -1, 16]) {
    assertThrows(() => board().pic.setIrq(line, true), RangeError, "IRQ");
  }
});

Deno.test("Pic.peekPort() and peekPending() change nothing", () => {
  const { pic } = initialised();
  pulse(pic, 9, 3);
  write(pic, [[0x20, 0x0c], [0xa0, 0x0c]]);
  const before = JSON.stringify(pic.state);
  for (const port of [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1]) pic.peekPort(port);
  pic.peekPending();
  assertEquals(JSON.stringify(pic.state), before);
});

Deno.test("Pic.reset() goes back to power-on", () => {
  const { pic, intr } = initialised();
  pic.setIrq(1, true);
  pic.reset();
  assertEquals(intr.level, false);
  assertEquals(JSON.stringify(pic.state), JSON.stringify(board().pic.state));
});

const PORTS = [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1];

function operate(pic: Pic, kind: number, x: number, y: number): unknown {
  const line = x % 16 === 2 ? 9 : x % 16;
  switch (kind) {
    case 0:
      return pic.readPort(PORTS[x % 6]!);
    case 1:
    case 2:
      return pic.writePort(PORTS[x % 4]!, y);
    case 3:
      return pic.writePort(PORTS[x % 6]!, y);
    case 4:
      return pic.acknowledge();
    case 5:
      return pic.glitch(line);
    default:
      return pic.setIrq(line, (y & 1) === 1);
  }
}

Deno.test("Pic INTR, peekPending() and acknowledge() agree whatever was programmed", () => {
  const step = fc.tuple(fc.nat(9), fc.nat(255), fc.nat(255));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (script) => {
      const { pic, intr } = initialised();
      for (const [kind, x, y] of script) {
        operate(pic, kind, x, y);
        const pending = pic.peekPending();
        assertEquals(intr.level, pending !== null);
        if (kind === 9 && pending !== null) {
          assertEquals(pic.acknowledge(), pending);
        }
        for (const s of [pic.state.primary, pic.state.secondary]) {
          assertEquals(
            [s.irr, s.isr, s.imr, s.lines].every((b) => b >= 0 && b < 256),
            true,
          );
          assertEquals(s.irr & ~s.lines, 0); // A request lasts only as long as its input.
        }
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("Pic is its state when saved and loaded at a random point", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) =>
      assertRestores(() => {
        const { clock, intr, pic } = initialised();
        return {
          clock,
          device: pic,
          lines: [intr],
          operate(random) {
            clock.pass(1);
            return operate(
              pic,
              random.below(10),
              random.below(256),
              random.below(256),
            );
          },
        };
      }, seed)),
    { numRuns: 30 },
  );
});
