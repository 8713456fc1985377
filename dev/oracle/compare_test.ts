import { assertEquals, assertStringIncludes } from "@std/assert";
import { Board } from "./board.ts";
import { compare } from "./compare.ts";
import { always, type Difference } from "./difference.ts";
import { DIFFERENCES } from "./differences.ts";
import { GENERATORS } from "./generators.ts";
import {
  DEVICES,
  formatOperation,
  makeProgram,
  type Program,
  read,
  write,
} from "./program.ts";

const program: Program = {
  device: "crtc",
  seed: 7,
  setup: [read(0x3d4)],
  operations: [write(0x3d4, 0x0a), read(0x3d5), read(0x3da), read(0x3d4)],
};

const row = (mask: number, parts: boolean): Difference => ({
  register: "Input Status 1",
  bits: "0",
  reason: "for this test",
  watch: always(0x3da, mask),
  parts,
});

Deno.test("compare() is content when both sides are equal", () => {
  const result = compare(program, [0, 1, 2, 3], [0, 1, 2, 3], []);
  assertEquals(result, {
    reads: 3,
    met: 0,
    rows: new Map(),
    unexplained: null,
  });
});

Deno.test("compare() names seed, read and script when a read differs, in the set-up too", () => {
  const late = compare(program, [0, 1, 2, 3], [0, 1, 0x82, 3], []).unexplained!;
  assertStringIncludes(late, "crtc seed 7: in 0x3da = 0x2, QEMU has 0x82");
  assertStringIncludes(
    late,
    "after in 0x3d4 = 0x0; out 0x3d4 0xa; in 0x3d5 = 0x1",
  );
  const early = compare(program, [0, 1, 2, 3], [9, 1, 2, 3], []).unexplained!;
  assertStringIncludes(early, "in 0x3d4 = 0x0, QEMU has 0x9");
});

Deno.test("compare() lets a row explain its own bits only, and counts it", () => {
  const one = row(0x01, false);
  const fine = compare(program, [0, 1, 2, 3], [0, 1, 3, 3], [one]);
  assertEquals([fine.unexplained, fine.met, fine.rows.get(one)], [null, 1, 1]);
  const equal = compare(program, [0, 1, 2, 3], [0, 1, 2, 3], [one]);
  assertEquals(equal.met, 1);
  const other = compare(program, [0, 1, 2, 3], [0, 1, 0, 3], [one]);
  assertStringIncludes(other.unexplained!, "in 0x3da");
});

Deno.test("compare() stops when the sides have parted, and counts the rest as met", () => {
  const parting = row(0x01, true);
  const parted = compare(program, [0, 1, 2, 3], [0, 1, 3, 9], [parting]);
  assertEquals([parted.unexplained, parted.reads, parted.met], [null, 3, 2]);
  const together = compare(program, [0, 1, 2, 3], [0, 1, 2, 9], [parting]);
  assertStringIncludes(together.unexplained!, "QEMU has 0x9");
});

Deno.test("makeProgram() gives the same program from the same seed, of the length asked for", () => {
  for (const device of DEVICES) {
    const make = (seed: number) =>
      makeProgram(device, GENERATORS[device](), seed, 100);
    const [first, again, other] = [make(5), make(5), make(6)];
    const text = (p: Program) => p.operations.map(formatOperation).join("; ");
    assertEquals(text(again), text(first));
    assertEquals(text(other) === text(first), false);
    assertEquals(first.operations.length, 100);
  }
});

Deno.test("Board agrees with itself, and meets rows in its own answers", () => {
  for (const device of DEVICES) {
    for (let seed = 1; seed <= 10; seed++) {
      const p = makeProgram(device, GENERATORS[device](), seed, 100);
      const answers = new Board().run(p);
      assertEquals(new Board().run(p), answers);
      const result = compare(p, answers, answers, DIFFERENCES[device]);
      assertEquals(result.unexplained, null);
      assertEquals(result.reads > 5, true);
    }
  }
});

Deno.test("every bit of a read outside of the rows counts when QEMU would flip it", () => {
  for (const device of DEVICES) {
    if (device === "pit") continue; // Its counts may differ by pulses.
    const p = makeProgram(device, GENERATORS[device](), 3, 100);
    const answers = new Board().run(p);
    const rows = DIFFERENCES[device];
    let caught = 0;
    answers.forEach((answer, i) => {
      const other = answers.slice();
      other[i] = answer ^ 0x40;
      if (compare(p, answers, other, rows).unexplained !== null) caught += 1;
    });
    assertEquals(caught > 0.9 * answers.length, true, `${device} ${caught}`);
  }
});
