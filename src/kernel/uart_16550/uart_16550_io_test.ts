import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { UNCONNECTED } from "../../base/line.ts";
import { NEVER } from "../../base/time.ts";
import { Uart, type UartConfig, uartState } from "../../hw/uart.ts";
import vectors from "../../../vectors/uart_16550-io.json" with {
  type: "json",
};
import { UartError } from "./errors.ts";
import type { UartPorts } from "./ports.ts";
import { SerialPort } from "./v0_2.ts";
import {
  calcDivisor,
  dumpBaudRate,
  Uart16550,
  Uart16550Tty,
  uartDriverConfig,
} from "./v0_6.ts";

const BASE = 0x3f8;
/** The driver's own state after `new_port`. */
const STATE = () => ({ base: BASE, stride: 1, config: uartDriverConfig() });

type Io = [operation: string, port: string, value: number];

/** A bus that plays a recording: each access must be the next one of it. */
class ScriptedPorts implements UartPorts {
  #at = 0;
  readonly #io: Io[];
  constructor(io: unknown) {
    this.#io = io as Io[];
  }
  in8(port: number): number {
    const [operation, at, value] = this.#next();
    assertEquals(["in8", port], [operation, Number(at)], `io ${this.#at - 1}`);
    return value;
  }
  out8(port: number, value: number): void {
    const expected = this.#next();
    const actual = ["out8", `0x${port.toString(16)}`, value];
    assertEquals(actual, expected as unknown[], `io ${this.#at - 1}`);
  }
  pause(): void {
    throw new Error("The recording never waits");
  }
  end(): void {
    assertEquals(this.#at, this.#io.length, "accesses made");
  }
  #next(): Io {
    assert(this.#at < this.#io.length, "an access beyond the recording");
    return this.#io[this.#at++]!;
  }
}

/** The device model behind port instructions, with a record of the accesses. */
class DevicePorts implements UartPorts {
  readonly io: Io[] = [];
  readonly sent: number[] = [];
  readonly uart: Uart;
  readonly #change: (port: number, value: number) => number;
  constructor(
    config: UartConfig = {},
    change: (port: number, value: number) => number = (_, value) => value,
  ) {
    this.#change = change;
    const alarm = { deadline: NEVER, arm() {}, disarm() {} };
    this.uart = new Uart({
      clock: { clk: 0 },
      transmitAlarm: alarm,
      timeoutAlarm: alarm,
      irq: UNCONNECTED,
      transmit: { byte: (value) => this.sent.push(value) },
    }, uartState(config));
  }
  in8(port: number): number {
    const value = this.#change(port, this.uart.readPort(port));
    this.io.push(["in8", `0x${port.toString(16)}`, value]);
    return value;
  }
  out8(port: number, value: number): void {
    this.uart.writePort(port, value);
    this.io.push(["out8", `0x${port.toString(16)}`, value]);
  }
  pause(): void {
    throw new Error("An instant device lets nobody wait");
  }
}

function tty(ports: UartPorts): Uart16550Tty {
  const started = Uart16550Tty.newPort(ports, BASE);
  assertInstanceOf(started, Uart16550Tty);
  return started;
}

const refusalText = (refusal: UartError | null) =>
  refusal === null ? "Ok(())" : `Err(${refusal.debug()})`;

type Call = (ports: UartPorts, row: Row) => unknown;
interface Row {
  call: string;
  io?: unknown;
  io_count?: number;
  text_bytes?: number[];
  returns?: number;
  result?: string;
  display?: string;
  divisor?: number;
  baud?: number;
}

const text = (bytes: number[]) => String.fromCharCode(...bytes);

const CALLS_0_2: { [call: string]: Call } = {
  "SerialPort::new(0x3F8).init()": (p) => new SerialPort(p, BASE).init(),
  "send(65)": (p) => new SerialPort(p, BASE).send(65),
  "send(10)": (p) => new SerialPort(p, BASE).send(10),
  "send(8)": (p) => new SerialPort(p, BASE).send(8),
  "send(127)": (p) => new SerialPort(p, BASE).send(127),
  "send(255)": (p) => new SerialPort(p, BASE).send(255),
  "send_raw(8)": (p) => new SerialPort(p, BASE).sendRaw(8),
  'write_str("a\\n")': (p) => new SerialPort(p, BASE).writeStr("a\n"),
  "receive()": (p, row) =>
    assertEquals(new SerialPort(p, BASE).receive(), row.returns),
};

/** Rows of 0.6.0 with a recording. */
const CALLS_0_6: { [call: string]: Call } = {
  "Uart16550Tty::new_port(0x3F8, Config::default())": (p, row) => {
    assertInstanceOf(Uart16550Tty.newPort(p, BASE), Uart16550Tty);
    assertEquals(row.result, "ok");
  },
  "write_str": (p, row) =>
    new Uart16550Tty(new Uart16550(p, STATE())).writeStr(
      text(row.text_bytes!),
    ),
  "new_port with no device (reads 0xff)": (p, row) => {
    const refusal = Uart16550Tty.newPort(p, BASE);
    assertInstanceOf(refusal, UartError);
    assertEquals(refusal.debug(), row.result);
    assertEquals(refusal.display(), row.display);
  },
  "try_send_byte(65) with MSR=0x20 (CTS clear)": (p, row) =>
    assertEquals(
      refusalText(new Uart16550(p, STATE()).trySendByte(65)),
      row.result,
    ),
  "config_register_dump()": (p, row) => {
    const uart = new Uart16550(p, STATE());
    const dump = uart.configRegisterDump();
    assertEquals(dump.divisor, row.divisor);
    assertEquals(dumpBaudRate(dump, uart.state.config), row.baud);
  },
  "try_receive_byte() empty": (p, row) => {
    const refusal = new Uart16550(p, STATE()).tryReceiveByte();
    assertInstanceOf(refusal, UartError);
    assertEquals(`Err(${refusal.debug()})`, row.result);
  },
};

const checkConnected = (modemInputs: number) => (row: Row) =>
  assertEquals(
    refusalText(
      new Uart16550(new DevicePorts({ modemInputs }), STATE()).checkConnected(),
    ),
    row.result,
  );

/** Rows of 0.6.0 that state a result only: over the device model. */
const DEVICE_CALLS_0_6: { [call: string]: (row: Row) => void } = {
  "new_port, loopback flips bit 0": (row) => {
    const ports: DevicePorts = new DevicePorts(
      {},
      (port, value) =>
        port === BASE && ports.uart.state.mcr === 0x10 ? value ^ 1 : value,
    );
    const refusal = Uart16550Tty.newPort(ports, BASE);
    assertInstanceOf(refusal, UartError);
    assertEquals(refusal.debug(), row.result);
    assertEquals(refusal.display(), row.display);
  },
  "check_connected() with MSR=0x20": checkConnected(0x20),
  "check_connected() with MSR=0x10": checkConnected(0x10),
  "check_connected() with MSR=0xb0": checkConnected(0xb0),
  "send_bytes(40 bytes)": (row) => {
    const ports = new DevicePorts();
    const { inner } = tty(ports);
    ports.io.length = 0;
    assertEquals(inner.sendBytes(new Uint8Array(40)), row.returns);
    assertEquals(ports.io.length, row.io_count);
  },
};

/** Runs each row that `calls` knows, and returns how many. */
function play(rows: Row[], calls: { [call: string]: Call }): number {
  let ran = 0;
  for (const row of rows) {
    if (row.io === undefined) continue;
    const call = calls[row.call];
    assert(call, `no call for row "${row.call}"`);
    const ports = new ScriptedPorts(row.io);
    call(ports, row);
    ports.end();
    ran += 1;
  }
  return ran;
}

/** MSR reads compare without the deltas, which the model that was measured with did not have. */
const looseIo = (io: Io[]) =>
  io.map(([operation, port, value]) => [
    operation,
    port,
    operation === "in8" && port === "0x3fe" ? value & 0xf0 : value,
  ]);

Deno.test("uart_16550-io.json runs whole, rows counted per key", () => {
  const { version_0_2_18, version_0_6_0, registers, baud, ...rest } = vectors;
  const counts = {
    version_0_2_18: play(version_0_2_18 as Row[], CALLS_0_2),
    version_0_6_0: play(version_0_6_0 as Row[], CALLS_0_6),
    version_0_6_0_results: 0,
    registers: Object.keys(registers).length,
    baud: 0,
  };
  for (const row of version_0_6_0 as Row[]) {
    if (row.io !== undefined) continue;
    const call = DEVICE_CALLS_0_6[row.call];
    assert(call, `no call for row "${row.call}"`);
    call(row);
    counts.version_0_6_0_results += 1;
  }
  for (const [rate, divisor] of baud.divisor_of_baud as [number, number][]) {
    assertEquals(calcDivisor(baud.clock_hz, rate), divisor);
    counts.baud += 1;
  }
  const odd = calcDivisor(baud.clock_hz, baud.non_integer.baud);
  assertInstanceOf(odd, UartError);
  assertEquals(odd.reason, "non-integer-divisor");
  counts.baud += 1;
  assertEquals(counts, {
    version_0_2_18: 9,
    version_0_6_0: 10,
    version_0_6_0_results: 5,
    registers: 8,
    baud: 9,
  });
  const { newline_by_version, default_baud, ...prose } = rest;
  assertEquals(Object.keys(newline_by_version).length, 2);
  assertEquals(Object.keys(default_baud).length, 2);
  // Words about the file: where it comes from and how to read it.
  assertEquals(Object.keys(prose), ["source", "format", "provenance"]);
});

Deno.test("newline_by_version and default_baud hold over the device", () => {
  const old = new DevicePorts();
  const port = new SerialPort(old, BASE);
  port.init();
  port.writeStr("\n");
  assertEquals(old.sent, [0x0a]); // 0.2.x: as is.
  assertEquals(115_200 / old.uart.state.divisor, vectors.default_baud["0.2.x"]);

  const late = new DevicePorts();
  tty(late).writeStr("\n");
  assertEquals(late.sent, [0x0d, 0x0a]); // 0.4.0 and later.
  assertEquals(
    115_200 / late.uart.state.divisor,
    vectors.default_baud["0.6.0"],
  );
});

Deno.test("Uart16550Tty.newPort() makes the recorded accesses over the device", () => {
  const ports = new DevicePorts();
  tty(ports);
  const row = vectors.version_0_6_0[0]!;
  assertEquals(looseIo(ports.io), looseIo(row.io as Io[]));
});

Deno.test("SerialPort makes the recorded accesses over the device", () => {
  for (const row of vectors.version_0_2_18 as Row[]) {
    const ports = new DevicePorts();
    const isInit = row.call.endsWith("init()");
    if (!isInit) new SerialPort(ports, BASE).init();
    if (row.call === "receive()") ports.uart.receive(row.returns!);
    ports.io.length = 0;
    CALLS_0_2[row.call]!(ports, row);
    assertEquals(ports.io, row.io as Io[], row.call);
  }
});

Deno.test("Uart16550Tty.writeStr() makes the recorded accesses over the device", () => {
  for (const row of vectors.version_0_6_0 as Row[]) {
    if (row.call !== "write_str") continue;
    const ports = new DevicePorts();
    const terminal = tty(ports);
    ports.uart.state.modemDeltas = 0;
    ports.io.length = 0;
    terminal.writeStr(text(row.text_bytes!));
    assertEquals(ports.io, row.io as Io[]);
  }
});

Deno.test("registers of the vector file lie where the device has them", () => {
  // Row "7": scratch. Row "3": line control, DLAB = bit 7. Rows "0", "1": divisor with DLAB.
  const { uart } = new DevicePorts();
  uart.writePort(BASE + 7, 0x5a);
  assertEquals(uart.readPort(BASE + 7), 0x5a);
  uart.writePort(BASE + 3, 0x83);
  uart.writePort(BASE + 0, 0x34);
  uart.writePort(BASE + 1, 0x12);
  assertEquals(uart.state.divisor, 0x1234);
  uart.writePort(BASE + 3, 0x03);
  // Row "1": interrupt enable. Row "4": modem control, loopback = bit 4.
  uart.writePort(BASE + 1, 0x05);
  assertEquals(uart.readPort(BASE + 1), 0x05);
  uart.writePort(BASE + 4, 0x10);
  assertEquals(uart.readPort(BASE + 4), 0x10);
  // Row "2": FIFO control (write), interrupt identification (read).
  uart.writePort(BASE + 2, 0x01);
  assertEquals(uart.readPort(BASE + 2), 0xc1);
  // Row "5": data ready = bit 0, transmit holding empty = bit 5, transmitter empty = bit 6.
  assertEquals(uart.readPort(BASE + 5), 0x60);
  uart.writePort(BASE, 0x99);
  assertEquals(uart.readPort(BASE + 5), 0x61);
  // Row "6": CTS = bit 4, DSR = bit 5.
  uart.writePort(BASE + 4, 0);
  assertEquals(uart.readPort(BASE + 6) & 0xf0, 0xb0);
});
