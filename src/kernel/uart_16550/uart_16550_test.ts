import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { UartError } from "./errors.ts";
import type { UartPorts } from "./ports.ts";
import { fromUtf8Debug } from "./from_utf8.ts";
import { SerialPort } from "./v0_2.ts";
import {
  calcBaudRate,
  calcDivisor,
  calcFrequency,
  CLK_FREQUENCY_HZ,
  FCR,
  fifoTriggerLevel,
  hasLineError,
  hasPendingInterrupt,
  IER,
  interruptPriority,
  type InterruptType,
  interruptType,
  ISR,
  LCR,
  lineControl,
  LSR,
  MCR,
  MSR,
  OFFSETS,
  type Parity,
  parity,
  prescalerDivisionFactor,
  setFifoTriggerLevel,
  setParity,
  setPrescalerDivisionFactor,
  setWordLength,
  Uart16550,
  Uart16550Tty,
  uartDriverConfig,
  wordLength,
} from "./v0_6.ts";

/** A device whose registers are bytes that keep what is written. */
function byteMemory(stride: number, base = 0x1000) {
  const bytes = new Uint8Array(8 * stride);
  bytes[5 * stride] = LSR.TRANSMITTER_EMPTY; // Lets init() end.
  return {
    load8: (address: number) => bytes[address - base]!,
    store8: (address: number, value: number) => {
      bytes[address - base] = value;
    },
  };
}

const emptyBus: UartPorts = { in8: () => 0xff, out8() {} };

// The crate's own tests, by their names.

Deno.test("test_calc_baud_rate, _divisor, _frequency", () => {
  const rows = [
    [115_200, 1],
    [57_600, 2],
    [38_400, 3],
    [19_200, 6],
    [12_800, 9],
    [9_600, 12],
    [7_680, 15],
    [7_200, 16],
  ] as const;
  for (const [rate, divisor] of rows) {
    assertEquals(calcBaudRate(CLK_FREQUENCY_HZ, divisor), rate);
    assertEquals(calcDivisor(CLK_FREQUENCY_HZ, rate), divisor);
    assertEquals(calcFrequency(rate, divisor), CLK_FREQUENCY_HZ);
  }
  assertEquals(calcDivisor(16 * 0xffff, 1), 0xffff);
  assertEquals(calcBaudRate(CLK_FREQUENCY_HZ, 1, 15), 7_200);
  assertEquals(calcBaudRate(CLK_FREQUENCY_HZ, 1, 2), 38_400);
  assertEquals(calcDivisor(CLK_FREQUENCY_HZ, 38_400, 2), 1);
  assertEquals(calcFrequency(38_400, 1, 2), CLK_FREQUENCY_HZ);
});

Deno.test("calcBaudRate() and calcDivisor() refuse what is no whole number", () => {
  const rate = calcBaudRate(CLK_FREQUENCY_HZ, 73);
  assertInstanceOf(rate, UartError);
  assertEquals(
    rate.debug(),
    "NonIntegerBaudRateError { frequency: 1843200, divisor: 73, prescaler_division_factor: None }",
  );
  assertEquals(
    rate.display(),
    "Input values do not result in even (integer representable) baud rate! frequency=1843200, divisor=73, prescaler_division_factor=None",
  );
  const divisor = calcDivisor(CLK_FREQUENCY_HZ, 7_211, 1);
  assertInstanceOf(divisor, UartError);
  assertEquals(
    divisor.display(),
    "input values do not result in even (integer representable) baud rate! frequency=1843200, baud_rate=7211, prescaler_division_factor=Some(1)",
  );
});

Deno.test("calcBaudRate(), calcDivisor(), calcFrequency() throw where the crate panics", () => {
  const calls: [() => unknown, string][] = [
    [() => calcBaudRate(0, 1), "frequency must be non-zero"],
    [() => calcBaudRate(1, 0), "divisor must be non-zero"],
    [() => calcDivisor(1, 0), "baud_rate must be non-zero"],
    [() => calcFrequency(0, 1), "baud_rate must be non-zero"],
    [() => calcFrequency(1, 0), "divisor must be non-zero"],
    [
      () => calcBaudRate(16, 1, 16),
      "must fit in a nibble (0..=15), got Some(16)",
    ],
    [() => calcDivisor(16 * 0x1_0000, 1), "TryFromIntError(())"],
    // 16 × 2^28 is 2^32, which no u32 holds.
    [() => calcBaudRate(1, 2 ** 28), "attempt to multiply with overflow"],
    [() => calcDivisor(1, 2 ** 28), "attempt to multiply with overflow"],
    [() => calcFrequency(2 ** 28, 1), "attempt to multiply with overflow"],
    [
      () => setPrescalerDivisionFactor(0, 16),
      "pdf must fit in a nibble (0..=15)",
    ],
  ];
  for (const [call, message] of calls) {
    assertThrows(call, RangeError, message);
  }
});

Deno.test("register bits stand in the order of the data sheet", () => {
  const bits = (register: Record<string, number>) => Object.values(register);
  const all = [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80];
  assertEquals(bits(LSR), all);
  assertEquals(bits(MSR), all);
  assertEquals(bits(LCR), all);
  assertEquals(bits(ISR), all);
  assertEquals(bits(MCR), [1, 2, 4, 8, 0x10]);
  assertEquals(bits(IER), [1, 2, 4, 8, 0x40, 0x80]);
  assertEquals(bits(FCR), [1, 2, 4, 8, 0x10, 0x40, 0x80]);
  assertEquals(bits(OFFSETS), [0, 1, 2, 2, 3, 4, 5, 6, 7, 0, 1, 6]);
});

Deno.test("registers round-trip: FCR, LCR word length and parity", () => {
  for (const level of [1, 4, 8, 14] as const) {
    const fcr = setFifoTriggerLevel(FCR.FIFO_ENABLE | FCR.DMA_MODE, level);
    assertEquals(fifoTriggerLevel(fcr), level);
    assertEquals(fcr & 0x3f, FCR.FIFO_ENABLE | FCR.DMA_MODE);
  }
  for (const length of [5, 6, 7, 8] as const) {
    assertEquals(wordLength(setWordLength(0xff, length)), length);
    assertEquals(setWordLength(LCR.DLAB, length) & LCR.DLAB, LCR.DLAB);
  }
  const rows: [Parity, number][] = [
    ["Disabled", 0b000],
    ["Odd", 0b001],
    ["Even", 0b011],
    ["Forced1", 0b101],
    ["Forced0", 0b111],
  ];
  for (const [value, bits] of rows) {
    const lcr = setParity(0xff, value);
    assertEquals([(lcr >> 3) & 7, parity(lcr), lcr & 0xc7], [
      bits,
      value,
      0xc7,
    ]);
  }
});

Deno.test("registers round-trip: PSD keeps its reserved bits", () => {
  for (const factor of [0, 5, 15]) {
    const psd = setPrescalerDivisionFactor(0x1f, factor);
    assertEquals([prescalerDivisionFactor(psd), psd & 0xf0], [factor, 0x10]);
  }
});

Deno.test("hasLineError() looks at the five error bits of LSR", () => {
  const errors = [0x02, 0x04, 0x08, 0x10, 0x80];
  for (const bit of [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80]) {
    assertEquals(hasLineError(bit), errors.includes(bit), `LSR ${bit}`);
  }
});

Deno.test("interruptType() and interruptPriority() rank all seven interrupts", () => {
  const rows: [isr: number, InterruptType | null, priority: number][] = [
    [0b0110, "ReceiverLineStatus", 1],
    [0b0100, "ReceivedDataReady", 2],
    [0b1100, "ReceptionTimeout", 2],
    [0b0010, "TransmitterHoldingRegisterEmpty", 3],
    [0b0000, "ModemStatus", 4],
    [0b1110, "DmaReceptionEndOfTransfer", 5],
    [0b1010, "DmaTransmissionEndOfTransfer", 6],
    [0b1000, null, 0],
    [0b0001, null, 0],
  ];
  for (const [bits, type, priority] of rows) {
    assertEquals(interruptType(bits | ISR.FIFOS_ENABLED0), type);
    assertEquals(hasPendingInterrupt(bits), (bits & 1) === 0);
    if (type) assertEquals(interruptPriority(type), priority);
  }
});

Deno.test("constructors", () => {
  for (const base of [0x3f8, 0xffff - 8, 0xffff - 7]) {
    assertInstanceOf(Uart16550.newPort(emptyBus, base), Uart16550);
  }
  for (const base of [0xffff - 6, 0xffff]) {
    const refusal = Uart16550.newPort(emptyBus, base);
    assertInstanceOf(refusal, UartError);
    assertEquals(
      refusal.debug(),
      `InvalidBaseAddress(PortIoAddress(${base}))`,
    );
  }
  const memory = byteMemory(1);
  for (const stride of [1, 2, 4, 8]) {
    assertInstanceOf(Uart16550.newMmio(memory, 0x1000, stride), Uart16550);
  }
  for (const stride of [0, 3, 5, 6, 7, 9]) {
    const refusal = Uart16550.newMmio(memory, 0x1000, stride);
    assertInstanceOf(refusal, UartError);
    assertEquals(refusal.debug(), `InvalidStride(${stride})`);
  }
  const top = Uart16550.newMmio(memory, -7, 1); // 0xffff_ffff_ffff_fff9.
  assertInstanceOf(top, UartError);
  assertEquals(
    top.debug(),
    "InvalidBaseAddress(MmioAddress(0xfffffffffffffff9))",
  );
  assertInstanceOf(Uart16550.newMmio(memory, -8, 1), Uart16550);
  assertInstanceOf(Uart16550.newMmio(memory, 0, 1), Uart16550);
  assertThrows(() => Uart16550.newPort(emptyBus, 0x1_0000), RangeError);
  assertThrows(() => new SerialPort(emptyBus, 0xfffb), RangeError);
});

Deno.test("mmio_dummy", () => {
  for (const stride of [1, 4]) {
    const uart = Uart16550.newMmio(byteMemory(stride), 0x1000, stride);
    assertInstanceOf(uart, Uart16550);
    const config = { ...uartDriverConfig(), baudRate: 38_400 };
    assertEquals(uart.init(config), null);
    // DLM is IER, which was written last.
    assertEquals(uart.configRegisterDump().divisor & 0xff, 3);
  }
});

Deno.test("init() throws where a register's offset × stride is no byte, as the crate panics", () => {
  const overflow = "offset * stride overflows u8; reduce stride";
  const cases: [stride: number, overflows: boolean][] = [
    [32, false], // The scratch register is at 7 × 32 = 224.
    [64, true],
    [128, true],
  ];
  for (const [stride, overflows] of cases) {
    const uart = Uart16550.newMmio(byteMemory(stride), 0x1000, stride);
    assertInstanceOf(uart, Uart16550);
    const init = () => uart.init(uartDriverConfig());
    if (overflows) assertThrows(init, RangeError, overflow);
    else assertEquals(init(), null);
  }
  for (const stride of [256, -1, 1.5, NaN]) {
    assertThrows(
      () => Uart16550.newMmio(byteMemory(1), 0x1000, stride),
      RangeError,
      `Cannot use stride ${stride}: `,
    );
  }
});

Deno.test("init() refuses a baud rate that no divisor gives", () => {
  const scratch: UartPorts & { last: number } = {
    last: 0,
    in8: () => scratch.last,
    out8: (_port, value) => {
      scratch.last = value;
    },
  };
  const config = { ...uartDriverConfig(), baudRate: 7_211 };
  const refusal = Uart16550Tty.newPort(scratch, 0x3f8, config);
  assertInstanceOf(refusal, UartError);
  assertEquals(
    refusal.debug(),
    "InitError(InvalidBaudRate(NonIntegerDivisorError { frequency: 1843200, baud_rate: 7211, prescaler_division_factor: None }))",
  );
  assertEquals(refusal.source?.source?.reason, "non-integer-divisor");
});

Deno.test("newPort() of a bad address says so in the crate's words", () => {
  const refusal = Uart16550Tty.newPort(emptyBus, 0xfff9);
  assertInstanceOf(refusal, UartError);
  assertEquals(
    refusal.debug(),
    "AddressError(InvalidBaseAddress(PortIoAddress(65529)))",
  );
  assertEquals(
    refusal.display(),
    "invalid register address: PortIoAddress(fff9)",
  );
});

/** A device that answers the loopback test's message with `answer`, and all else well. */
function liar(answer: number[]): UartPorts {
  const queue: number[] = [];
  let sent = 0;
  let scratch = 0;
  return {
    in8(port) {
      if (port === 0x3f8) return queue.shift()!;
      if (port === 0x3fd) return queue.length > 0 ? 0x61 : 0x60;
      return port === 0x3ff ? scratch : port === 0x3fc ? 0x10 : 0xb0;
    },
    out8(port, value) {
      if (port === 0x3ff) scratch = value;
      if (port === 0x3fc) sent = 0;
      if (port !== 0x3f8) return;
      queue.push(sent === 0 ? value : answer[sent - 1] ?? value);
      sent += 1;
    },
  };
}

Deno.test("testLoopback() shows what it read instead of the message", () => {
  const expected =
    "[104, 101, 108, 108, 111, 32, 119, 111, 114, 108, 100, 33, 49, 51, 51, 55]";
  const rows: [answer: number[], actual: string, text: string][] = [
    [[0x48], expected.replace("104", "72"), 'Ok("Hello world!1337")'],
    [
      [0x68, 0xff],
      expected.replace("101", "255"),
      "Err(Utf8Error { valid_up_to: 1, error_len: Some(1) })",
    ],
  ];
  for (const [answer, actual, text] of rows) {
    const refusal = Uart16550Tty.newPort(liar(answer), 0x3f8);
    assertInstanceOf(refusal, UartError);
    assertEquals(
      refusal.debug(),
      `TestError(UnexpectedLoopbackMsg { expected: ${expected}, actual: ${actual} })`,
    );
    assertEquals(
      refusal.display(),
      "error testing the device: loopback test failed: read unexpected string! " +
        `expected (str)=Ok("hello world!1337"), actual (str)=${text}, actual (bytes)=${actual}`,
    );
  }
});

Deno.test("testLoopback() refuses a device that cannot send", () => {
  const full: UartPorts = { in8: () => 0x00, out8() {} };
  const refusal = new Uart16550(full, {
    base: 0x3f8,
    stride: 1,
    config: uartDriverConfig(),
  }).testLoopback();
  assertEquals(refusal?.debug(), "SendError(NoCapacity)");
  assertEquals(
    refusal?.display(),
    "loopback test failed: couldn't send data: device has no capacity to send another byte (the FIFO might be full)",
  );
});

Deno.test("receiveBytes() reads until the buffer is full or nothing is left", () => {
  const queue = [1, 2, 3];
  const ports: UartPorts = {
    in8: (port) => port === 0x3fd ? (queue.length > 0 ? 1 : 0) : queue.shift()!,
    out8() {},
  };
  const uart = new Uart16550(ports, {
    base: 0x3f8,
    stride: 1,
    config: uartDriverConfig(),
  });
  const buffer = new Uint8Array(2);
  assertEquals([uart.receiveBytes(buffer), ...buffer], [2, 1, 2]);
  assertEquals([uart.receiveBytes(buffer), ...buffer], [1, 3, 2]);
});

Deno.test("sendBytes() sends one byte without FIFO and none from an empty buffer", () => {
  const sent: number[] = [];
  const ports: UartPorts = {
    in8: (port) => port === 0x3fd ? 0x60 : 0xb0,
    out8: (_port, value) => void sent.push(value),
  };
  const config = { ...uartDriverConfig(), fifoTriggerLevel: null };
  const uart = new Uart16550(ports, { base: 0x3f8, stride: 1, config });
  assertEquals([uart.sendBytes([]), uart.sendBytes([1, 2, 3])], [0, 1]);
  uart.sendBytesExact([4, 5]);
  assertEquals(sent, [1, 4, 5]);
});

Deno.test("sendBytesExact() and receiveBytesExact() pause until the device is ready", () => {
  let pauses = 0;
  const ports: UartPorts = {
    in8: (port) =>
      port === 0x3fd ? (pauses < 3 ? 0x00 : 0x61) : port === 0x3f8 ? 7 : 0xb0,
    out8() {},
    pause: () => void (pauses += 1),
  };
  const state = { base: 0x3f8, stride: 1, config: uartDriverConfig() };
  new Uart16550(ports, state).sendBytesExact([1]);
  assertEquals(pauses, 3);
  pauses = 0;
  const buffer = new Uint8Array(2);
  new Uart16550(ports, state).receiveBytesExact(buffer);
  assertEquals([pauses, ...buffer], [3, 7, 7]);
  pauses = 0;
  new SerialPort(ports, 0x3f8).send(1);
  assertEquals(pauses, 3);
});

Deno.test("lineControl() puts word length, stop bits and parity together", () => {
  const config = uartDriverConfig();
  assertEquals(lineControl(config), 0x03);
  assertEquals(
    lineControl({
      ...config,
      dataBits: 7,
      extraStopBits: true,
      parity: "Even",
    }),
    0x1e,
  );
});

Deno.test("fromUtf8Debug() shows text and the first error as Rust does", () => {
  // Rust's `Utf8Error`, "valid_up_to" and "error_len".
  const rows: [bytes: number[], shown: string][] = [
    [[], 'Ok("")'],
    [[0x61, 0x22, 0x5c, 0x0a, 0x00, 0x7f], 'Ok("a\\"\\\\\\n\\0\\u{7f}")'],
    [[0xc3, 0xa4], 'Ok("ä")'],
    [[0xf0, 0x9f, 0x98, 0x80], 'Ok("😀")'],
    [[0x61, 0x80], "Err(Utf8Error { valid_up_to: 1, error_len: Some(1) })"],
    [[0xc0, 0x80], "Err(Utf8Error { valid_up_to: 0, error_len: Some(1) })"],
    [[0xe2, 0x82], "Err(Utf8Error { valid_up_to: 0, error_len: None })"],
    [
      [0xe2, 0x82, 0x41],
      "Err(Utf8Error { valid_up_to: 0, error_len: Some(2) })",
    ],
    [
      [0xf0, 0x9f, 0x98, 0x41],
      "Err(Utf8Error { valid_up_to: 0, error_len: Some(3) })",
    ],
    [
      [0xed, 0xa0, 0x80],
      "Err(Utf8Error { valid_up_to: 0, error_len: Some(1) })",
    ],
  ];
  for (const [bytes, shown] of rows) assertEquals(fromUtf8Debug(bytes), shown);
  assertEquals(fromUtf8Debug([0x09, 0x08]), 'Ok("\\t\\u{8}")');
});

Deno.test("fromUtf8Debug() shows beyond ASCII what all hosts call a visible character", () => {
  // Rust, `char::escape_debug`: not printable, or a grapheme extender.
  const isHidden = /[\p{C}\p{Z}\p{Grapheme_Extend}]/u;
  let shown = 0;
  for (let code = 0x80; code <= 0x10_ffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    const text = fromUtf8Debug(new TextEncoder().encode(character));
    if (text === `Ok("\\u{${code.toString(16)}}")`) continue;
    assertEquals(text, `Ok("${character}")`);
    assertEquals(isHidden.test(character), false, code.toString(16));
    shown += 1;
  }
  assert(shown > 30_000, `${shown}`);
  // Hidden ones, and one whose place Unicode filled late.
  for (const code of [0x85, 0xa0, 0xad, 0x300, 0x2028, 0xfeff, 0x1_fae8]) {
    const bytes = new TextEncoder().encode(String.fromCodePoint(code));
    assertEquals(fromUtf8Debug(bytes), `Ok("\\u{${code.toString(16)}}")`);
  }
});

Deno.test("fromUtf8Debug() accepts what the host accepts: each lead, each edge of the second byte", () => {
  const host = new TextDecoder("utf-8", { fatal: true });
  const hostAccepts = (bytes: number[]) => {
    try {
      return host.decode(Uint8Array.from(bytes)) !== null;
    } catch {
      return false;
    }
  };
  const seconds = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (let lead = 0; lead < 256; lead++) {
    for (const second of seconds) {
      for (const rest of [[], [0x80], [0xbf, 0x80], [0x80, 0xc0]]) {
        const bytes = [lead, second, ...rest];
        const accepted = fromUtf8Debug(bytes).startsWith("Ok");
        assertEquals(accepted, hostAccepts(bytes), `${bytes}`);
      }
    }
  }
});

Deno.test("dllDlm() and the dump read both bytes of the divisor latch", () => {
  // A device that has nothing but LCR and the latch behind DLAB.
  let lcr = 3;
  const latch = [0x80, 0x01];
  const ports: UartPorts = {
    in8: (port) =>
      port - 0x3f8 === 3 ? lcr : lcr & 0x80 ? latch[port - 0x3f8] ?? 0 : 0x55,
    out8(port, value) {
      if (port - 0x3f8 === 3) lcr = value;
    },
  };
  const config = uartDriverConfig();
  const uart = new Uart16550(ports, { base: 0x3f8, stride: 1, config });
  assertEquals(uart.dllDlm(), [0x80, 0x01]);
  assertEquals(uart.configRegisterDump().divisor, 384); // 300 baud.
  assertEquals(lcr, 3);
});
