/**
 * 8042, keyboard and mouse: where QEMU and IBM's references differ.
 *
 * @module
 */

import type { Difference, Watch } from "../difference.ts";
import { makeI8042 } from "../i8042_board.ts";

/** Runs our devices along, and looks before each write. */
function following(
  look: (
    ours: ReturnType<typeof makeI8042>,
    port: number,
    value: number,
  ) => void,
  mask: (port: number) => number,
): Watch {
  const ours = makeI8042();
  return (operation) => {
    if (operation.kind === "in") {
      ours.controller.readPort(operation.port);
      return mask(operation.port);
    }
    if (operation.kind === "out") {
      look(ours, operation.port, operation.value);
      ours.controller.writePort(operation.port, operation.value);
    }
    return 0;
  };
}

/** A row for everything that follows a certain write. */
function after(
  matches: (
    ours: ReturnType<typeof makeI8042>,
    port: number,
    value: number,
  ) => boolean,
): () => Watch {
  return () => {
    let happened = false;
    return following(
      (ours, port, value) => happened ||= matches(ours, port, value),
      () => happened ? 0xff : 0,
    );
  };
}

const toKeyboard = (ours: ReturnType<typeof makeI8042>, port: number) =>
  port === 0x60 && ours.controller.state.pendingCommand === 0;

const toMouse = (ours: ReturnType<typeof makeI8042>, port: number) =>
  port === 0x60 && ours.controller.state.pendingCommand === 0xd4;

/** Commands of the keyboard that take a parameter. */
const WITH_PARAMETER = [0xed, 0xf0, 0xf3];

/** The rows. */
export const I8042_DIFFERENCES: readonly Difference[] = [
  {
    register: "Status (0x64)",
    bits: "3",
    reason:
      "A2 tells whether the last write went to 0x64 or to 0x60. QEMU always sets it.",
    watch: () => {
      let data = false;
      return (operation) => {
        if (operation.kind === "out") data = operation.port === 0x60;
        const status = operation.kind === "in" && operation.port === 0x64;
        return status && data ? 0x08 : 0;
      };
    },
  },
  {
    register: "Status (0x64)",
    bits: "2",
    reason:
      'The system flag is copied from the command byte\'s bit 2 ("System Flag"). QEMU sets it by the self-test alone.',
    watch: () => {
      let copied = true;
      return following(
        (ours, port, value) => {
          const { pendingCommand } = ours.controller.state;
          if (port === 0x64 && value === 0xaa) copied = true;
          if (port === 0x60 && pendingCommand === 0x60) {
            copied = (value & 0x04) !== 0;
          }
        },
        (port) => port === 0x64 && !copied ? 0x04 : 0,
      );
    },
  },
  {
    register: "Commands 0x21–0x3f, 0x61–0x7f, 0xe0 (0x64)",
    bits: "all",
    reason:
      "They read and write the controller's RAM and its test inputs. QEMU has byte 0 of the RAM only.",
    parts: true,
    watch: after((_, port, value) =>
      port === 0x64 &&
      ((value > 0x20 && value < 0x40) || (value > 0x60 && value < 0x80) ||
        value === 0xe0)
    ),
  },
  {
    register: "Keyboard commands (0x60)",
    bits: "all",
    reason:
      "0x00 is no command (resend), 0xf7–0xfd are set 3's, 0xfe sends the last byte again. QEMU has none of them.",
    parts: true,
    watch: after((ours, port, value) =>
      toKeyboard(ours, port) && ours.keyboard.state.pendingCommand === 0 &&
      (value === 0x00 || value >= 0xf7 && value <= 0xfe && value !== 0xfa)
    ),
  },
  {
    register: "Keyboard parameters (0x60)",
    bits: "all",
    reason:
      "A byte from 0xed on in a parameter's place is a command. QEMU takes it as the parameter.",
    parts: true,
    watch: after((ours, port, value) =>
      toKeyboard(ours, port) && value >= 0xed &&
      WITH_PARAMETER.includes(ours.keyboard.state.pendingCommand)
    ),
  },
  {
    register: "Mouse commands (0x60)",
    bits: "all",
    reason:
      "What is no command is answered by 0xfe, then 0xfc; 0xec outside of wrap mode by 0xfa; 0xff leaves wrap mode. " +
      "QEMU answers nothing, and stays.",
    parts: true,
    watch: after((ours, port, value) =>
      toMouse(ours, port) && ours.mouse.state.pendingCommand === 0 &&
      !MOUSE_COMMANDS.includes(value)
    ),
  },
];

/** The mouse's commands on which both sides agree. */
// deno-fmt-ignore
const MOUSE_COMMANDS = [0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xff];
