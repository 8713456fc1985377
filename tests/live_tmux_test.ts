/**
 * The live screen in a real terminal: tmux plays the terminal, presses keys, and
 * says what it sees.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { permitted } from "../dev/permission.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const COMMAND = [
  Deno.execPath(),
  "run --quiet --no-prompt --allow-read --allow-write",
  "--allow-env=NO_COLOR,COLORTERM,TERM,INIT_CWD src/cli/main.ts run",
].join(" ");

/** Whether there is a tmux; if it is missing, that is said aloud. */
function hasTmux(): boolean {
  if (!permitted("run", "read")) return false;
  try {
    return new Deno.Command("tmux", { args: ["-V"] }).outputSync().success;
  } catch {
    console.error("SKIPPED: the live screen's tests need tmux (Debian: tmux)");
    return false;
  }
}

const ignore = !hasTmux();

/** A terminal of its own, with a shell that calls the command and tells its status. */
class Tmux {
  readonly #socket = `lockstep-${crypto.randomUUID()}`;

  async start(
    args = "",
    columns = 100,
    rows = 30,
    env = "NO_COLOR= COLORTERM=",
  ): Promise<void> {
    const script =
      `cd '${ROOT}'; echo before; env ${env} ${COMMAND} ${args}; ` +
      `echo "status $?"; stty -a; exec sleep 60`;
    const size = ["-x", String(columns), "-y", String(rows)];
    await this.call("new-session", "-d", ...size, "sh", "-c", script);
  }

  async call(...args: string[]): Promise<string> {
    const { stdout, stderr, success } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, "-f", "/dev/null", ...args],
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assert(success, `tmux ${args[0]}: ${decoder.decode(stderr)}`);
    return decoder.decode(stdout).replace(/\n$/, "");
  }

  keys(...keys: string[]): Promise<string> {
    return this.call("send-keys", ...keys);
  }

  tell(format: string): Promise<string> {
    return this.call("display-message", "-p", format);
  }

  screen(...args: string[]): Promise<string> {
    return this.call("capture-pane", "-p", ...args);
  }

  /** The screen, as soon as it looks as it should. */
  async until(pattern: RegExp, ...args: string[]): Promise<string> {
    let screen = "";
    for (let i = 0; i < 200; i++) {
      screen = await this.screen(...args);
      if (pattern.test(screen)) return screen;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`The terminal never showed ${pattern}:\n${screen}`);
  }

  /** Sends a signal to the command: the child of the terminal's shell. */
  async signal(name: string): Promise<void> {
    const shell = await this.tell("#{pane_pid}");
    const list = new TextDecoder().decode(
      new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid="] })
        .outputSync().stdout,
    );
    const child = list.split("\n").map((line) => line.trim().split(/\s+/))
      .find(([, parent]) => parent === shell)?.[0];
    assert(child !== undefined, "no child of the shell");
    new Deno.Command("kill", { args: ["-s", name, child] }).outputSync();
  }

  async close(): Promise<void> {
    await this.call("kill-server");
  }
}

/** Runs the body with a terminal, and ends that whatever happens. */
async function withTmux(body: (tmux: Tmux) => Promise<void>): Promise<void> {
  const tmux = new Tmux();
  try {
    await body(tmux);
  } finally {
    await tmux.close();
  }
}

/** The terminal is as it was: old screen, cursor, wrapping, line editing. */
async function assertRestored(tmux: Tmux, status: number): Promise<void> {
  const screen = await tmux.until(/status \d+[\s\S]*icanon/);
  assertMatch(screen, /^before\n/m);
  assertMatch(screen, new RegExp(`^status ${status}$`, "m"));
  assertMatch(screen, /[^-]icanon/);
  assertMatch(screen, /[^-]isig/);
  assertMatch(screen, /[^-]echo /);
  assertEquals(
    await tmux.tell("#{alternate_on} #{cursor_flag} #{wrap_flag}"),
    "0 1 1",
  );
}

const UP = /Hello World!\nasync number: 42\n\.+/;

Deno.test({
  name:
    "run live shows the screen and takes keys; Ctrl-Q restores the terminal (needs run, read, tmux)",
  ignore,
  fn: () =>
    withTmux(async (tmux) => {
      await tmux.start();
      await tmux.until(UP);
      await tmux.keys("h", "i", "F1", "Up", "C-c");
      await tmux.until(/\.h\.*i\.*F1\.*ArrowUp\.*LControl\.*c\.+/);
      const screen = await tmux.until(/\d+ % \|/);
      const lines = screen.split("\n");
      assertEquals(lines[22], "Hello World!");
      assertMatch(
        lines[25]!,
        /^ 0:00:\d\d\.\d \| clk [\d,]+ \| IF 1 \| \d+ % \| Ctrl-Q quits/,
      );
      const colors = await tmux.screen("-e");
      assert(colors.includes("\x1b[38;5;11mHello World!"), colors);
      assertEquals(await tmux.tell("#{alternate_on}"), "1");
      await tmux.keys("C-q");
      await assertRestored(tmux, 0);
      assertMatch(
        await tmux.screen(),
        /^clk \d+ digest [0-9a-f]{16} stop until$/m,
      );
    }),
});

for (
  const [name, status] of [["TERM", 143], ["HUP", 129], ["INT", 130]] as const
) {
  Deno.test({
    name:
      `run live restores the terminal at SIG${name} (needs run, read, tmux)`,
    ignore,
    fn: () =>
      withTmux(async (tmux) => {
        await tmux.start();
        await tmux.until(UP);
        await tmux.signal(name);
        await assertRestored(tmux, status);
      }),
  });
}

Deno.test({
  name:
    "run live restores the terminal at an error of the host (needs run, read, write, tmux)",
  ignore: ignore || !permitted("write"),
  fn: () =>
    withTmux(async (tmux) => {
      const file = Deno.makeTempFileSync({ suffix: ".ts" });
      Deno.writeTextFileSync(
        file,
        `setTimeout(() => { throw new Error("on the loose"); }, 1500);
         export default (cpu) => ({ state: {}, entries: [],
           boot() {}, loop() { cpu.pause(); } });`,
      );
      await tmux.start(`--kernel ${file}`);
      await tmux.until(/Ctrl-Q quits/);
      await assertRestored(tmux, 1);
      assertMatch(await tmux.screen(), /on the loose/);
      Deno.removeSync(file);
    }),
});

Deno.test({
  name:
    "run live tells why the machine has ended (needs run, read, write, tmux)",
  ignore: ignore || !permitted("write"),
  fn: () =>
    withTmux(async (tmux) => {
      const file = Deno.makeTempFileSync({ suffix: ".ts" });
      Deno.writeTextFileSync(
        file,
        `export default (cpu) => ({ state: {}, entries: [],
           boot() {}, loop() { cpu.cli(); cpu.hlt(); } });`,
      );
      await tmux.start(`--kernel ${file}`, 100, 50);
      await assertRestored(tmux, 70);
      assertMatch(await tmux.screen(), /stop hung\nhung: HLT with interrupts/);
      Deno.removeSync(file);
    }),
});

Deno.test({
  name:
    "run live clips to a small window, and draws anew when it grows (needs run, read, tmux)",
  ignore,
  fn: () =>
    withTmux(async (tmux) => {
      await tmux.start("", 40, 10);
      const small = await tmux.until(/async number: 42\n\.+\n Ctrl-Q quits/);
      assertMatch(small, /clipped to 40x10/);
      await tmux.call("resize-window", "-x", "90", "-y", "28");
      const lines = (await tmux.until(/\| Ctrl-Q quits/)).split("\n");
      assertEquals(lines[22], "Hello World!");
      assertMatch(lines[25]!, /Ctrl-Q quits/);
      await tmux.keys("C-q");
      await assertRestored(tmux, 0);
    }),
});

Deno.test({
  name:
    "run live sends no colours where NO_COLOR is set (needs run, read, tmux)",
  ignore,
  fn: () =>
    withTmux(async (tmux) => {
      await tmux.start("", 100, 30, "NO_COLOR=1");
      await tmux.until(UP);
      const screen = await tmux.screen("-e");
      assert(!screen.includes("\x1b[38;5;11m"), screen);
      assert(screen.includes("\nHello World!\n"), screen);
      await tmux.keys("C-q");
      await assertRestored(tmux, 0);
    }),
});
