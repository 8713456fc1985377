/**
 * A bench for one device: a clock with alarms, wires that remember their edges, and the test that a device is its state.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Alarm, Now } from "../../src/base/alarm.ts";
import { type EventKind, EventLog } from "../../src/base/events.ts";
import type { Line } from "../../src/base/line.ts";
import { Prng } from "../../src/base/prng.ts";
import {
  cloneState,
  copyStateInto,
  diffState,
  type StateTree,
} from "../../src/base/state_tree.ts";
import { NEVER } from "../../src/base/time.ts";

/** What a {@linkcode BenchClock} saves. */
export interface BenchClockState {
  /** Cycles since power-on. */
  clk: number;
  /** Deadline of each alarm by name, or `NEVER`. */
  deadlines: { [name: string]: number };
}

/** A clock that keeps the machine's rules: earliest deadline first, ties in the order in which alarms were made. */
export class BenchClock implements Now {
  /** All there is to save. */
  readonly state: BenchClockState = { clk: 0, deadlines: {} };
  /** Alarms that were called so far. */
  fired = 0;
  readonly #handlers: { [name: string]: () => void } = {};

  /** The current time. */
  get clk(): number {
    return this.state.clk;
  }

  /**
   * Makes an alarm. Its handler can be given later by {@linkcode BenchClock.on}.
   *
   * @param name unique on this clock
   * @param handler called when the alarm is due, its deadline already cleared
   */
  alarm(name: string, handler: () => void = () => {}): Alarm {
    const { deadlines } = this.state;
    deadlines[name] = NEVER;
    this.#handlers[name] = handler;
    return {
      get deadline(): number {
        return deadlines[name]!;
      },
      arm(clk: number): void {
        assertEquals(Number.isSafeInteger(clk), true, `arm(${clk}) of ${name}`);
        deadlines[name] = clk;
      },
      disarm(): void {
        deadlines[name] = NEVER;
      },
    };
  }

  /** Says what an alarm does. */
  on(name: string, handler: () => void): void {
    this.#handlers[name] = handler;
  }

  /** Goes to `clk`, calling each alarm exactly at its deadline on the way. */
  runTo(clk: number): void {
    for (;;) {
      const next = this.#earliest();
      if (next === null || this.state.deadlines[next]! > clk) break;
      this.state.clk = Math.max(this.state.clk, this.state.deadlines[next]!);
      this.#fire(next);
    }
    this.state.clk = clk;
  }

  /** Lets `clks` cycles pass. */
  pass(clks: number): void {
    this.runTo(this.state.clk + clks);
  }

  /**
   * Goes to `clk` in one leap and only there calls what has become due, as an instruction that costs many cycles does.
   */
  leapTo(clk: number): void {
    this.state.clk = clk;
    this.runTo(clk);
  }

  #earliest(): string | null {
    let best: string | null = null;
    for (const [name, deadline] of Object.entries(this.state.deadlines)) {
      if (deadline === NEVER) continue;
      if (best === null || deadline < this.state.deadlines[best]!) best = name;
    }
    return best;
  }

  #fire(name: string): void {
    this.state.deadlines[name] = NEVER;
    this.fired += 1;
    this.#handlers[name]!();
  }
}

/** A wire that remembers when it changed. */
export class RecordingLine implements Line {
  /** The level. */
  level: boolean;
  /** Each change: clk and level. */
  readonly edges: [clk: number, level: boolean][] = [];
  readonly #now: Now;
  readonly #onChange: (level: boolean) => void;

  /**
   * @param now stamps the changes
   * @param level at first
   * @param onChange called on each change, after it is recorded
   */
  constructor(
    now: Now,
    level = false,
    onChange: (level: boolean) => void = () => {},
  ) {
    this.#now = now;
    this.level = level;
    this.#onChange = onChange;
  }

  /** Drives it. */
  set(level: boolean): void {
    if (level === this.level) return;
    this.level = level;
    this.edges.push([this.#now.clk, level]);
    this.#onChange(level);
  }
}

/** An event log that is on, over a clock. */
export function benchEvents(now: Now): EventLog {
  const log = new EventLog(now);
  log.on = true;
  return log;
}

/** The events as rows, for `assertEquals`. */
export function eventRows(
  log: EventLog,
): [clk: number, kind: EventKind, a: number, b: number, c: number][] {
  return [...log].map((e) => [e.clk, e.kind, e.a, e.b, e.c]);
}

/** A device on a bench, for {@linkcode assertRestores}. */
export interface BenchBoard {
  /** The clock with the device's alarms. */
  readonly clock: BenchClock;
  /** The device. */
  readonly device: { readonly state: StateTree; refreshLines(): void };
  /** Its output wires. */
  readonly lines: readonly RecordingLine[];
  /** Does one random thing (port access, input change, passing time) and returns what can be seen of it. */
  operate(random: Prng): unknown;
}

/**
 * Checks that a device is its state: saved at a random point and loaded into another device that has lived another
 * life, it does in 1,000 random operations what the first one does.
 *
 * @param makeBoard makes a device at power-on
 * @param seed decides the operations and the point; named in the failure
 */
export function assertRestores(
  makeBoard: () => BenchBoard,
  seed: number,
): void {
  const random = new Prng(seed);
  const first = makeBoard();
  const before = 1 + random.below(500);
  for (let i = 0; i < before; i++) first.operate(random);

  const second = makeBoard();
  const other = new Prng(seed + 1);
  for (let i = 0; i < 100; i++) second.operate(other);
  copyStateInto(second.device.state, cloneState(first.device.state));
  copyStateInto(second.clock.state, cloneState(first.clock.state));
  second.device.refreshLines();

  const start = [first, second].map((b) => b.lines.map((l) => l.edges.length));
  const levels = (b: BenchBoard) => b.lines.map((l) => l.level);
  assertEquals(
    levels(second),
    levels(first),
    `levels after load, seed ${seed}`,
  );
  const twin = new Prng(cloneState(random.state));
  for (let i = 0; i < 1_000; i++) {
    const expected = first.operate(random);
    const actual = second.operate(twin);
    if (!Object.is(expected, actual)) {
      assertEquals(actual, expected, `operation ${i} after load, seed ${seed}`);
    }
  }
  assertEquals(
    diffState(first.device.state, second.device.state),
    [],
    `state at the end, seed ${seed}`,
  );
  assertEquals(first.clock.state, second.clock.state, `clock, seed ${seed}`);
  first.lines.forEach((line, i) =>
    assertEquals(
      second.lines[i]!.edges.slice(start[1]![i]),
      line.edges.slice(start[0]![i]),
      `edges of line ${i}, seed ${seed}`,
    )
  );
}
