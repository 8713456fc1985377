import { assertEquals } from "@std/assert";
import { Machine } from "../hw/machine.ts";
import { coreState } from "./core.ts";
import { defineKernel } from "./define_kernel.ts";
import { keyboardEcho, keyboardEchoState } from "./keyboard_echo.ts";

Deno.test("keyboardEcho() prints what keys stand for; a release, half a code and an unknown one print nothing", () => {
  const program = defineKernel({
    id: "echo",
    state: () => ({ ...coreState(), keyboard: keyboardEchoState() }),
    build(core, state) {
      const echo = keyboardEcho(core, state.keyboard);
      return {
        boot() {
          // h, its release, Shift and i, Arrow Up behind its prefix, no key.
          const bytes = [0x23, 0xa3, 0x2a, 0x17, 0x97, 0xaa, 0xe0, 0x48, 0x7f];
          for (const byte of bytes) echo(byte);
        },
      };
    },
  });
  const machine = new Machine({ program, ramBytes: 16 * 2 ** 20 });
  assertEquals(machine.run().reason, "hung");
  assertEquals(machine.vga.screenText()[24], "hLShiftIArrowUp");
});

Deno.test("keyboardEchoState() is a static made before the boot: no first use makes it", () => {
  // The book: `Keyboard::new` is const, so there is no `lazy_static`.
  const { lock, keyboard } = keyboardEchoState({ layout: "De105Key" });
  assertEquals(lock, { locked: false, holder: "" });
  assertEquals(keyboard.events.layout, "De105Key");
});
