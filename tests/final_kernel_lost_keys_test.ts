/**
 * More keys than the kernel can read: which bytes are lost, and what is said of it. A model of two buffers, the keyboard's
 * of 16 bytes behind the controller and the queue of 100, is told when bytes come, when port 0x60 is read and when the task
 * takes a byte: clks, and no byte but those of the input log.
 */
import { assert, assertEquals } from "@std/assert";
import { Prng } from "../src/base/prng.ts";
import { type Input, Machine } from "../src/hw/mod.ts";
import { Keyboard, printedKey } from "../src/kernel/keyboard/mod.ts";
import { cpuClock, type KernelState, makeKernel } from "../src/kernel/mod.ts";
import { set1FromSet2 } from "../src/hw/scancode_translation.ts";
import {
  type Context,
  type Future,
  PENDING,
  type Poll,
  printKeypresses,
  QUEUE_FULL,
} from "../src/kernel/task/mod.ts";

const RAM = { ramBytes: 16 * 2 ** 20 };
const SCREEN = 0xb8000;
const LAST_ROW = SCREEN + 24 * 160;
const COLUMNS = 80;
const KEYBOARD_VECTOR = 33;
const BREAK = 0xf0;
const KEYS = 10_000;
/** The task reads once in so many clks; meanwhile another one computes. */
const PERIOD_CLK = 400_000;
/** Makes of set 2: letters, digits, Enter, both Shift keys, arrows. */
const MAKES = [
  ..."\x1c\x32\x21\x23\x24\x2b\x34\x33\x43\x3b\x42\x4b\x3a\x31\x44\x16\x1e\x26",
].map((char) => [char.charCodeAt(0)]).concat(
  [[0x5a], [0x12], [0x59], [0xe0, 0x75], [0xe0, 0x72]],
);

/** The wire's bytes of a key, pressed and released. */
function randomKey(random: Prng): number[] {
  const make = MAKES[random.below(MAKES.length)]!;
  return [...make, ...make.slice(0, -1), BREAK, make.at(-1)!];
}

/**
 * Bursts of key presses. In two periods of three the burst overflows the queue while nobody reads; in the third it is short,
 * and falls anywhere, into the reading too.
 *
 * None that overflows falls into the reading: a byte that comes while the task is taking one out of a full queue finds the
 * place taken and not free yet, and waits for it for ever. See the last test.
 */
function storm(random: Prng): Input[] {
  const inputs: Input[] = [];
  for (let keys = 0, period = 1; keys < KEYS; period++) {
    const long = period % 3 !== 0;
    let clk = PERIOD_CLK * period +
      (long ? 130_000 + random.below(100_000) : 2_000 + random.below(300_000));
    const length = long ? 60 + random.below(140) : 1 + random.below(20);
    const gap = 5 + random.below(random.below(2) === 0 ? 60 : 300);
    for (let i = 0; i < length && keys < KEYS; i++, keys++) {
      for (const data of randomKey(random)) {
        clk += 1 + random.below(gap);
        inputs.push({ clk, source: "key", data });
      }
    }
  }
  return inputs;
}

interface Busy extends Future {
  /** Until which clk it computes. */
  until: number;
}

/** The kernel, and a task that leaves the other one little time. */
const program = makeKernel({
  onTick() {},
  kinds: ({ core }) => {
    const clock = cpuClock(core.cpu);
    return {
      busy(task: Busy, context: Context): Poll {
        while (clock.clk < task.until) core.cpu.pause();
        task.until += PERIOD_CLK;
        context.wakeSelf();
        return PENDING;
      },
    };
  },
  main: () => [printKeypresses(), { kind: "busy", until: PERIOD_CLK } as Busy],
});

/** The two buffers, as slow and plain as can be. */
class Model {
  readonly lostByKeyboard: number[] = [];
  readonly lostByQueue: number[] = [];
  readonly #inputs: readonly Input[];
  #next = 0;
  /** What the keyboard holds; 0 stands for what it had no room for. */
  #keyboard: number[] = [];
  #overrun = false;
  /** The controller's output, in set 1. */
  #output: number[] = [];
  #breaking = false;
  #queue: number[] = [];

  constructor(inputs: readonly Input[]) {
    this.#inputs = inputs;
  }

  /** Bytes come until `clk`. */
  arrive(clk: number): void {
    for (; this.#next < this.#inputs.length; this.#next++) {
      const input = this.#inputs[this.#next]!;
      if (input.clk > clk) break;
      if (input.source === "key") this.#key(input.data);
    }
  }

  #key(byte: number): void {
    if (this.#keyboard.length < 16) {
      this.#keyboard.push(byte);
      this.#overrun = false;
    } else {
      this.lostByKeyboard.push(byte);
      if (!this.#overrun) this.#keyboard.push(0);
      this.#overrun = true;
    }
    this.#fill();
  }

  #fill(): void {
    while (this.#output.length === 0 && this.#keyboard.length > 0) {
      const byte = this.#keyboard.shift()!;
      if (byte === BREAK) this.#breaking = true;
      else {
        this.#output = set1FromSet2(this.#breaking ? [BREAK, byte] : [byte]);
        this.#breaking = false;
      }
    }
  }

  /** The handler reads port 0x60 and hands the byte on. Returns it, and whether the queue had room. */
  read(clk: number): { byte: number; kept: boolean } {
    this.arrive(clk);
    const byte = this.#output.pop()!;
    this.#fill();
    const kept = this.#queue.length < 100;
    (kept ? this.#queue : this.lostByQueue).push(byte);
    return { byte, kept };
  }

  /** The task takes a byte. */
  take(): number {
    return this.#queue.shift()!;
  }
}

/** Who prints what, character by character; a line that is full is wrapped. */
class ExpectedText {
  readonly handler: string[] = [];
  readonly task: string[] = [];
  #column = 0;

  check(char: string, who: "handler" | "task"): void {
    const [next] = this[who];
    if (next !== "\n" && this.#column === COLUMNS) {
      assertEquals(char, "\n", "a full line is wrapped");
      this.#column = 0;
      return;
    }
    assertEquals(char, next, `the ${who} prints`);
    this[who].shift();
    this.#column = char === "\n" ? 0 : this.#column + 1;
  }
}

/** Cells of the screen as characters; the scroll is a new line. */
function textOfCells(onChar: (char: string) => void) {
  let clearing = 0;
  return (address: number, value: number): void => {
    if (address === SCREEN) {
      clearing = COLUMNS;
      onChar("\n");
    } else if (address < LAST_ROW) return;
    else if (clearing > 0) clearing -= 1;
    else onChar(String.fromCharCode(value & 0xff));
  };
}

Deno.test("10,000 keys faster than the task reads: what is lost is what two buffers of 16 and 100 bytes lose, each with its word", () => {
  const inputs = storm(new Prng(6));
  const machine = new Machine({
    program,
    inputs,
    ...RAM,
  });
  const statics = () =>
    (machine.kernelState as unknown as KernelState).tasks.scancodes;
  machine.run({ until: () => statics().queue.value !== null });
  const model = new Model(inputs);
  const text = new ExpectedText();
  const keyboard = new Keyboard();
  const seen = { reads: 0, takes: 0, keyLost: [] as number[] };
  let handler = 0;
  const cell = textOfCells((char) =>
    text.check(char, handler === KEYBOARD_VECTOR ? "handler" : "task")
  );

  // The clks at which the task takes bytes: the head of the queue moves.
  const queue = statics().queue.value!;
  let { head } = queue;
  Object.defineProperty(queue, "head", {
    get: () => head,
    set(value: number) {
      head = value;
      seen.takes += 1;
      const key = keyboard.typed(model.take());
      if (key !== null) text.task.push(...printedKey(key));
    },
  });
  // Everything else is an event of the machine.
  machine.events.on = true;
  machine.events.emit = (kind, a = 0, b = 0) => {
    if (kind === "mmio-write") cell(a, b);
    else if (kind === "irq-delivered") handler = a;
    else if (kind === "iret") handler = 0;
    else if (kind === "key-lost") seen.keyLost.push(a);
    else if (kind === "port-read" && a === 0x60) {
      seen.reads += 1;
      const { byte, kept } = model.read(machine.clk);
      assertEquals(b, byte, `read ${seen.reads} at clk ${machine.clk}`);
      if (!kept) text.handler.push(...QUEUE_FULL, "\n");
    }
  };
  const stop = machine.run({ clkMax: inputs.at(-1)!.clk + 1_000_000 });
  assertEquals(stop.reason, "limit");
  assertEquals(machine.inputsPending, 0);
  model.arrive(machine.clk);
  assertEquals(seen.keyLost, model.lostByKeyboard);
  assertEquals(machine.keysLost, model.lostByKeyboard.length);
  assertEquals(seen.takes, seen.reads - model.lostByQueue.length);
  assertEquals([text.handler, text.task], [[], []]);
  // All sorts of losses are among them.
  const lost = [model.lostByKeyboard.length, model.lostByQueue.length];
  assert(lost[0]! > 10_000 && lost[1]! > 1_000, lost.join());
});

Deno.test("a key while the task takes a byte out of a full queue: lost with its word, kept, or a deadlock for three clks, as in the crate", () => {
  // 50 keys are 100 bytes of set 1.
  const inputs = Array.from({ length: 50 }, () => [0x1c, BREAK, 0x1c]).flat()
    .map((data, i): Input => ({ clk: 20_000 + 500 * i, source: "key", data }));
  const machine = new Machine({ program, inputs, ...RAM });
  machine.run({ until: ({ clk }) => clk >= PERIOD_CLK });
  const { values } = (machine.kernelState as unknown as KernelState).tasks
    .scancodes.queue.value!;
  assert(values.every((value) => value !== null), "the queue is full");
  const ends: string[] = [];
  for (let i = 1; i <= 60; i++) {
    const clk = machine.clk + i;
    const fork = machine.fork([{ clk, source: "key", data: 0x24 }]);
    const stop = fork.run({ clkMax: clk + 20_000 });
    const screen = fork.vga.screenText().join("\n");
    if (stop.reason === "deadlock") {
      assertEquals([stop.lock, stop.holder, stop.waiter], [
        "SCANCODE_QUEUE",
        "loop",
        "loop > keyboard_interrupt_handler",
      ]);
      ends.push("deadlock");
    } else if (screen.includes(QUEUE_FULL)) ends.push("lost");
    else ends.push(screen.includes("e") ? "kept" : "gone");
    fork.release();
  }
  const runs = ends.filter((end, i) => end !== ends[i - 1]);
  assertEquals(runs, ["lost", "deadlock", "kept"]);
  assertEquals(ends.filter((end) => end === "deadlock").length, 3);
});
