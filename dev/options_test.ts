import { assertEquals, assertThrows } from "@std/assert";
import { wholeNumber } from "./options.ts";

Deno.test("wholeNumber() reads digits, and refuses all else", () => {
  assertEquals(wholeNumber("seed", "0"), 0);
  assertEquals(wholeNumber("count", "20000", 1), 20_000);
  for (
    const text of ["", "x", "-1", "1.5", "1e3", "0x10", "9007199254740992"]
  ) {
    assertThrows(() => wholeNumber("seed", text), RangeError, "--seed=");
  }
  assertThrows(() => wholeNumber("count", "0", 1), RangeError, "from 1 on");
});
