import { assertEquals } from "@std/assert";
import { KEY_CODES, keyForBrowser } from "./mod.ts";

Deno.test("keyForBrowser() knows the code of every place", () => {
  const rows: [string, string | null][] = [
    ["KeyQ", "Q"],
    ["Digit0", "Key0"],
    ["Numpad0", "Numpad0"],
    ["F1", "F1"],
    ["F12", "F12"],
    ["Backquote", "Oem8"],
    ["Backslash", "Oem7"],
    ["IntlBackslash", "Oem5"],
    ["AltRight", "RAltGr"],
    ["Enter", "Return"],
    ["NumpadDecimal", "NumpadPeriod"],
    ["Pause", "PauseBreak"],
    ["MediaPlayPause", "Play"],
    ["F0", null],
    ["F13", null],
    ["Digit12", null],
    ["Numpad12", null],
    ["KeyÄ", null],
    ["Key1", null],
    ["DigitA", null],
    ["A", null],
    ["Unidentified", null],
    ["", null],
    ["constructor", null],
  ];
  for (const [code, key] of rows) assertEquals(keyForBrowser(code), key, code);
});

Deno.test("keyForBrowser() reaches every key that a person can press", () => {
  const codes = [
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("").map((letter) => `Key${letter}`),
    ..."0123456789".split("").flatMap((d) => [`Digit${d}`, `Numpad${d}`]),
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `F${n}`),
    ...("Backquote Backslash BracketLeft BracketRight Comma Equal " +
      "IntlBackslash IntlRo IntlYen Minus Period Quote Semicolon Slash " +
      "AltLeft AltRight Backspace CapsLock ContextMenu ControlLeft " +
      "ControlRight Enter MetaLeft MetaRight ShiftLeft ShiftRight Space Tab " +
      "Convert KanaMode NonConvert Delete End Home Insert PageDown PageUp " +
      "ArrowDown ArrowLeft ArrowRight ArrowUp NumLock NumpadAdd " +
      "NumpadDecimal NumpadDivide NumpadEnter NumpadMultiply " +
      "NumpadSubtract Escape Pause PrintScreen ScrollLock AudioVolumeDown " +
      "AudioVolumeMute AudioVolumeUp BrowserHome LaunchApp2 " +
      "MediaPlayPause MediaStop MediaTrackNext MediaTrackPrevious")
      .split(" "),
  ];
  const reached = new Set(codes.map(keyForBrowser));
  assertEquals(reached.size, codes.length); // No two places share a key.
  const missing = KEY_CODES.filter((code) => !reached.has(code));
  assertEquals(missing, [
    "SysRq", // Alt with Print Screen.
    "PowerOnTestOk",
    "TooManyKeys",
    "RControl2",
    "RAlt2",
  ]);
});
