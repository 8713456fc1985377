import { assertEquals, fail } from "@std/assert";
import fc from "fast-check";
import vectors from "../../vectors/blog_os-vga-writer.json" with {
  type: "json",
};
import {
  DeadlockStop,
  InterruptEnv,
} from "../../tests/support/interrupt_env.ts";
import { cloneState } from "../base/state_tree.ts";
import { HOST_ENV } from "./sync/mod.ts";
import {
  BUFFER_HEIGHT,
  BUFFER_WIDTH,
  Color,
  colorCode,
  VGA_BUFFER,
  VgaConsole,
  vgaState,
  Writer,
} from "./vga_buffer.ts";

/** Keys that are not run here, and why. */
const LEFT_OUT: Record<string, string> = {
  source: "prose",
  format: "prose",
  provenance: "prose",
  new_mapping_example: "needs a mapper: run by allocator/init_heap_test.ts",
};

/** The text buffer alone, with its accesses counted. */
class FakeScreen {
  readonly cells = new Uint16Array(BUFFER_HEIGHT * BUFFER_WIDTH);
  reads = 0;
  writes = 0;
  enabled = true;
  load16 = (address: number): number => {
    this.reads += 1;
    return this.cells[(address - VGA_BUFFER) / 2]!;
  };
  store16 = (address: number, value: number): void => {
    this.writes += 1;
    this.cells[(address - VGA_BUFFER) / 2] = value;
  };
  cli = (): void => void (this.enabled = false);
  sti = (): void => void (this.enabled = true);
  interruptsEnabled = (): boolean => this.enabled;
  load8 = (): never => fail("a byte access to the screen");
  load32 = this.load8;
  store8 = this.load8;
  store32 = this.load8;

  row(row: number): number[] {
    const start = row * BUFFER_WIDTH;
    return [...this.cells.slice(start, start + BUFFER_WIDTH)];
  }
  text(row: number): string {
    return String.fromCharCode(...this.row(row).map((cell) => cell & 0xff))
      .trimEnd();
  }
}

function runCase(c: typeof vectors.cases[number]): void {
  const screen = new FakeScreen();
  screen.cells.fill(c.fill_byte | c.fill_attr << 8);
  const vga = new VgaConsole(screen, HOST_ENV);
  for (const text of c.writes) vga.print(text);
  assertEquals(c.rows.length, BUFFER_HEIGHT);
  c.rows.forEach((runs, row) => {
    const expected = runs.flatMap(([byte, attribute, count]) =>
      Array(count).fill(byte! | attribute! << 8)
    );
    assertEquals(screen.row(row), expected, `${c.name}, row ${row}`);
  });
}

Deno.test("blog_os-vga-writer.json runs whole", () => {
  const counts: Record<string, number> = {};
  for (const key of Object.keys(vectors)) {
    if (key in LEFT_OUT) continue;
    switch (key) {
      case "colors":
        assertEquals(Color as Record<string, number>, vectors.colors);
        counts[key] = Object.keys(Color).length;
        break;
      case "color_code":
        assertEquals(colorCode(Color.Yellow, Color.Black), 0x0e);
        assertEquals(colorCode(Color.White, Color.Blue), 0x1f);
        counts[key] = 2;
        break;
      case "cases":
        vectors.cases.forEach(runCase);
        counts[key] = vectors.cases.length;
        break;
      default:
        fail(`no test reads the key ${key}`);
    }
  }
  assertEquals(counts, { colors: 16, color_code: 2, cases: 7 });
});

/** A screen as rows of text: the writer's rules without cells. */
class RowModel {
  rows: string[] = Array(BUFFER_HEIGHT).fill("\0".repeat(BUFFER_WIDTH));
  column = 0;

  write(text: string): void {
    for (const byte of new TextEncoder().encode(text)) {
      const char = String.fromCharCode(
        byte === 10 || (byte >= 0x20 && byte < 0x7f) ? byte : 0xfe,
      );
      if (char === "\n" || this.column === BUFFER_WIDTH) {
        this.rows = [...this.rows.slice(1), " ".repeat(BUFFER_WIDTH)];
        this.column = 0;
      }
      if (char === "\n") continue;
      const last = this.rows[24]!;
      const end = last.slice(this.column + 1);
      this.rows[24] = last.slice(0, this.column) + char + end;
      this.column += 1;
    }
  }
}

Deno.test("print() agrees with a model for any texts, copies included", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 100 }),
      fc.constantFrom("\n", "x".repeat(BUFFER_WIDTH), "ö\t\r"),
    ),
    { maxLength: 40, size: "max" },
  );
  fc.assert(fc.property(pieces, (texts) => {
    const screen = new FakeScreen();
    const model = new RowModel();
    let vga = new VgaConsole(screen, HOST_ENV);
    for (const text of texts) {
      vga.print(text);
      model.write(text);
      vga = new VgaConsole(screen, HOST_ENV, cloneState(vga.state));
    }
    const chars = [...screen.cells].map((cell) =>
      String.fromCharCode(cell & 0xff)
    );
    assertEquals(chars.join(""), model.rows.join(""));
  }));
});

Deno.test("writeByte() scrolls by 1,920 reads and 2,000 writes", () => {
  const screen = new FakeScreen();
  new Writer(screen).writeByte(0x0a);
  assertEquals([screen.reads, screen.writes], [1920, 2000]);
});

Deno.test("writeByte() stores raw bytes as they are", () => {
  const screen = new FakeScreen();
  const writer = new Writer(screen);
  for (const byte of [0x00, 0x07, 0xff]) writer.writeByte(byte);
  assertEquals(screen.row(24).slice(0, 4), [0x0e00, 0x0e07, 0x0eff, 0]);
});

Deno.test("writeString() writes 0x20 to 0x7e as they are, and squares for others", () => {
  const screen = new FakeScreen();
  new Writer(screen).writeString(" ~\x1f\x7f\x00\t");
  const cells = [0x20, 0x7e, 0xfe, 0xfe, 0xfe, 0xfe].map((byte) =>
    0x0e00 | byte
  );
  assertEquals(screen.row(24).slice(0, 6), cells);
});

Deno.test("test_println_simple, test_println_many", () => {
  const screen = new FakeScreen();
  const vga = new VgaConsole(screen, HOST_ENV);
  vga.println("test_println_simple output");
  for (let i = 0; i < 200; i++) vga.println("test_println_many output");
  assertEquals(screen.text(23), "test_println_many output");
});

Deno.test("test_println_output", () => {
  const screen = new FakeScreen();
  const vga = new VgaConsole(screen, HOST_ENV);
  const s = "Some test string that fits on a single line";
  vga.println("\n" + s);
  assertEquals(screen.text(BUFFER_HEIGHT - 2), s);
});

Deno.test("println() masks interrupts and restores IF as it was", () => {
  const screen = new FakeScreen();
  const vga = new VgaConsole(screen, HOST_ENV);
  for (const enabled of [true, false]) {
    screen.enabled = enabled;
    let during = true;
    vga.println((write) => {
      during = screen.enabled;
      write("x");
    });
    assertEquals([during, screen.enabled], [false, enabled]);
  }
  assertEquals(screen.text(23), "x");
});

Deno.test("println() deadlocks when a handler prints and nothing masks", () => {
  const state = vgaState();
  const screen = new FakeScreen();
  const outcomes: string[] = [];
  for (let at = 1; at <= 4; at++) {
    const env = new InterruptEnv(at, () => {
      new VgaConsole(screen, env, state, { maskInterrupts: false }).print(".");
    });
    const vga = new VgaConsole(screen, env, state, { maskInterrupts: false });
    try {
      vga.println("hello");
      outcomes.push("ok");
    } catch (thrown) {
      if (!(thrown instanceof DeadlockStop)) throw thrown;
      assertEquals(thrown.message.includes("handler interrupted"), true);
      outcomes.push(`${thrown.reason.holder} < ${thrown.reason.waiter}`);
      state.value!.lock.locked = false;
    }
  }
  // Before the first use, before the lock, before the unlock, not at all.
  assertEquals(outcomes, ["ok", "ok", "loop < loop > handler", "ok"]);
});
