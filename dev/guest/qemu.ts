/**
 * A guest under QEMU: what it says and how it ends, and the registers before each of its first instructions.
 *
 * @module
 */

/** RAM on both sides, MiB. */
export const RAM_MIB = 32;
/** Lets the guest type a line. */
export const PROMPT = "type a line: ";

const PROGRAM = "qemu-system-x86_64";
const MACHINE = [
  "-m",
  String(RAM_MIB),
  "-nodefaults",
  "-display",
  "none",
  "-no-reboot",
];
const EXIT_DEVICE = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"];
/** A guest that has not ended by then never will. */
const DEADLINE_MS = 120_000;

/** How a guest ended. */
export interface GuestEnd {
  /** What its serial port sent, without carriage returns. */
  readonly serial: string;
  /** QEMU's exit status. */
  readonly status: number;
}

/** Whether QEMU is here. */
export async function hasQemu(): Promise<boolean> {
  try {
    return (await new Deno.Command(PROGRAM, { args: ["--version"] }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs a guest to its end.
 *
 * @param path its ELF file, with a PVH entry point
 * @param line is typed when it asks for a line
 * @returns how it ended
 */
export async function runInQemu(path: string, line: string): Promise<GuestEnd> {
  const child = new Deno.Command(PROGRAM, {
    args: [
      ...MACHINE,
      ...EXIT_DEVICE,
      "-serial",
      "file:/dev/stderr",
      "-qmp",
      "stdio",
      "-kernel",
      path,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const drained = child.stdout.pipeTo(new WritableStream());
  const monitor = child.stdin.getWriter();
  const say = (command: object) =>
    monitor.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
  await say({ execute: "qmp_capabilities" });
  let serial = "";
  let typed = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    serial += text.replaceAll("\r", "");
    if (typed || !serial.includes(PROMPT)) continue;
    typed = true;
    for (const char of `${line}\n`) await say(keyCommand(char));
  }
  const { code } = await child.status;
  clearTimeout(deadline);
  await monitor.close().catch(() => {});
  await drained;
  return { serial, status: code };
}

function keyCommand(char: string): object {
  const data = { " ": "spc", "\n": "ret" }[char] ?? char;
  return {
    execute: "send-key",
    arguments: { keys: [{ type: "qcode", data }], "hold-time": 20 },
  };
}

/** Registers before an instruction, as 64-bit numbers: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15. */
export interface Registers {
  /** RIP. */
  readonly rip: bigint;
  /** RFLAGS. */
  readonly rflags: number;
  /** In the order of their numbers. */
  readonly general: readonly bigint[];
}

const NAMES = [
  "RAX",
  "RCX",
  "RDX",
  "RBX",
  "RSP",
  "RBP",
  "RSI",
  "RDI",
  "R8 ",
  "R9 ",
  "R10",
  "R11",
  "R12",
  "R13",
  "R14",
  "R15",
];

/**
 * Single-steps a guest.
 *
 * @param path its ELF file
 * @param start its first address
 * @param bytes of its code
 * @returns the registers before each instruction in 64-bit mode; ending the iteration ends QEMU
 */
export async function* traceInQemu(
  path: string,
  start: number,
  bytes: number,
): AsyncGenerator<Registers> {
  const child = new Deno.Command(PROGRAM, {
    args: [
      ...MACHINE,
      ...EXIT_DEVICE,
      ...["-serial", "null", "-monitor", "none", "-kernel", path],
      ...[
        "-singlestep",
        "-d",
        "cpu,nochain",
        "-dfilter",
        `0x${start.toString(16)}+0x${bytes.toString(16)}`,
      ],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const known = new Map<string, string>();
  let rest = "";
  try {
    for await (
      const text of child.stderr.pipeThrough(new TextDecoderStream())
    ) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (!/^R[A-Z0-9][A-Z0-9 ]?/.test(line)) continue;
        for (
          const [, name, digits] of line.matchAll(
            /\b(R[A-Z0-9][A-Z0-9 ]?)=([0-9a-f]+)/g,
          )
        ) {
          known.set(name!, digits!);
        }
        if (!line.startsWith("RIP=")) continue;
        yield {
          rip: BigInt(`0x${known.get("RIP")}`),
          rflags: parseInt(known.get("RFL")!, 16),
          general: NAMES.map((name) => BigInt(`0x${known.get(name)}`)),
        };
      }
    }
  } finally {
    clearTimeout(deadline);
    try {
      child.kill("SIGKILL");
    } catch { /* It has ended by itself. */ }
    await child.status;
  }
}
