/**
 * The keyboard: from scancodes to characters and the way back, from text,
 * terminal input and browser events to scancodes. Pure: no machine needed.
 *
 * @module
 */

export * from "./browser.ts";
export * from "./char_keys.ts";
export * from "./decoded_key.ts";
export * from "./event_decoder.ts";
export * from "./key_bytes.ts";
export * from "./key_inputs.ts";
export * from "./key_code.ts";
export * from "./key_event.ts";
export * from "./key_names.ts";
export * from "./key_stroke.ts";
export {
  type KeyPart,
  readKeyPart,
  type TextRefusal,
  type TextRefusalReason,
  writeKeyPart,
} from "./key_syntax.ts";
export * from "./keyboard.ts";
export * from "./keyboard_error.ts";
export * from "./layout_table.ts";
export * from "./layouts/mod.ts";
export * from "./map_key.ts";
export * from "./modifiers.ts";
export * from "./ps2_decoder.ts";
export * from "./scancode_set.ts";
export * from "./scancode_set1.ts";
export * from "./scancode_set2.ts";
export * from "./scancodes.ts";
export * from "./text.ts";
export * from "./terminal.ts";
export * from "./terminal_state.ts";
export type { Utf8State } from "./utf8.ts";
