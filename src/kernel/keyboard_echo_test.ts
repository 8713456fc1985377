import { assertEquals } from "@std/assert";
import { FakeCpu } from "../../tests/support/fake_cpu.ts";
import { cloneState } from "../base/state_tree.ts";
import { coreState, KernelCore } from "./core.ts";
import { keyboardEcho, keyboardEchoState } from "./keyboard_echo.ts";
import type { KeyboardOptions } from "./keyboard/mod.ts";

/** What is printed for bytes of set 1. */
function echoed(bytes: number[], options: KeyboardOptions = {}): string[] {
  const printed: string[] = [];
  const core = new KernelCore(new FakeCpu(), coreState());
  core.print = (text) => void printed.push(String(text));
  const state = keyboardEchoState();
  for (const byte of bytes) {
    // Each byte by a kernel that goes on from a copy of the state.
    const copy = cloneState(state);
    keyboardEcho(core, copy, options)(byte);
    Object.assign(state, copy);
  }
  return printed;
}

Deno.test("keyboardEcho() prints characters and names of keys, nothing for releases and what is no key", () => {
  assertEquals(echoed([0x2a, 0x23, 0xa3, 0xaa, 0x17, 0x97]), [
    "LShift",
    "H",
    "i",
  ]);
  assertEquals(echoed([0xe0, 0x48, 0xe0, 0xc8, 0x7f, 0x02]), ["ArrowUp", "1"]);
});

Deno.test("keyboardEcho() decodes as it is told", () => {
  assertEquals(echoed([0x2c], { layout: "De105Key" }), ["y"]);
  assertEquals(echoed([0x2c]), ["z"]);
});
