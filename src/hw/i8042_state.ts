/**
 * What a keyboard controller keeps, and the bits of its registers.
 *
 * Source: as in `i8042.ts`.
 *
 * @module
 */

/** The data port. */
export const PORT_KEYBOARD_DATA = 0x60;
/** The status and command port. */
export const PORT_KEYBOARD_STATUS = 0x64;
/** The keyboard's interrupt line. */
export const KEYBOARD_IRQ = 1;
/** The mouse's interrupt line. */
export const MOUSE_IRQ = 12;

/** Status, output buffer full. */
export const STATUS_OBF = 0x01;
/** Status, system flag: the self-test has passed. */
export const STATUS_SYS = 0x04;
/** Status, A2: the last write went to port 0x64. */
export const STATUS_A2 = 0x08;
/** Status, INH: the keyboard is not inhibited. */
export const STATUS_INH = 0x10;
/** Status, the output buffer's byte is from the mouse's side. */
export const STATUS_MOBF = 0x20;

/** Command byte, IRQ 1 enabled. */
export const COMMAND_IRQ1 = 0x01;
/** Command byte, IRQ 12 enabled. */
export const COMMAND_IRQ12 = 0x02;
/** Command byte, system flag. */
export const COMMAND_SYS = 0x04;
/** Command byte, keyboard clock held: nothing comes from it. */
export const COMMAND_KEYBOARD_OFF = 0x10;
/** Command byte, mouse clock held. */
export const COMMAND_MOUSE_OFF = 0x20;
/** Command byte, translation to set 1. */
export const COMMAND_TRANSLATE = 0x40;

/** The command byte as a BIOS leaves it: IRQ 1, system flag, mouse off, translation. */
export const COMMAND_BYTE_AFTER_POST: number = COMMAND_IRQ1 | COMMAND_SYS |
  COMMAND_MOUSE_OFF | COMMAND_TRANSLATE;

/** Output port bit 0: low resets the CPU. */
export const OUTPUT_RESET = 0x01;
/** Output port bit 1: the A20 gate. */
export const OUTPUT_A20 = 0x02;
/** Output port bit 4: the output buffer is full. */
export const OUTPUT_OBF = 0x10;
/** Output port bit 5: the mouse's side has filled it. */
export const OUTPUT_MOBF = 0x20;

/**
 * Who has filled the output buffer: 0 nobody, 1 the controller, 2 the controller on the mouse's side, 3 an answer of the
 * keyboard, 4 a scan code, 5 the mouse.
 */
export type OutputSource = 0 | 1 | 2 | 3 | 4 | 5;

/** Nobody has filled the output buffer. */
export const FROM_NOBODY = 0;
/** The controller has. */
export const FROM_CONTROLLER = 1;
/** The controller has, on the mouse's side. */
export const FROM_CONTROLLER_AUX = 2;
/** An answer of the keyboard has. */
export const FROM_KEYBOARD_REPLY = 3;
/** A scan code has. */
export const FROM_SCANCODE = 4;
/** The mouse has. */
export const FROM_MOUSE = 5;

/** What may be chosen about the controller. */
export interface I8042Config {
  /** Whether there is a second port. Default: no. */
  readonly auxiliary?: boolean;
}

/** The state of an {@linkcode I8042}. */
export interface I8042State {
  /** Whether there is a second port. */
  auxiliary: boolean;
  /** Internal RAM, 32 bytes; byte 0 is the command byte. */
  readonly ram: Uint8Array;
  /** Status bit 2. */
  systemFlag: boolean;
  /** Status bit 3. */
  lastWriteCommand: boolean;
  /** The command that waits for its data byte, or 0. */
  pendingCommand: number;
  /** Who has filled the output buffer. */
  source: OutputSource;
  /** The scan code in the output buffer. */
  held: number;
  /** The last byte read from the data port. */
  lastRead: number;
  /** Whether an answer of the controller waits. */
  answerPending: boolean;
  /** That answer. */
  answer: number;
  /** Whether it goes to the mouse's side. */
  answerAux: boolean;
  /** Whether the keyboard has sent 0xf0 and translation waits for the code. */
  breakSeen: boolean;
  /** Whether translation was on when the keyboard was sent its last command: decides for the answer. */
  translateReply: boolean;
  /** The output port, 8 bits. */
  outputPort: number;
}

/**
 * The power-on state. What the references leave open is as in QEMU: both interrupts enabled, no translation.
 *
 * @param config what to choose
 * @returns a fresh state
 */
export function i8042State(config: I8042Config = {}): I8042State {
  const ram = new Uint8Array(32);
  ram[0] = COMMAND_IRQ1 | COMMAND_IRQ12;
  return {
    auxiliary: config.auxiliary ?? false,
    ram,
    systemFlag: false,
    lastWriteCommand: true,
    pendingCommand: 0,
    source: FROM_NOBODY,
    held: 0,
    lastRead: 0,
    answerPending: false,
    answer: 0,
    answerAux: false,
    breakSeen: false,
    translateReply: false,
    outputPort: 0xcf,
  };
}
