import { assertEquals, assertThrows } from "@std/assert";
import {
  CODE_PAGE_437,
  codePage437Char,
  codePage437Code,
} from "./code_page_437.ts";

Deno.test("CODE_PAGE_437 holds 256 characters of one UTF-16 unit, each once but for the space", () => {
  assertEquals(CODE_PAGE_437.length, 256);
  assertEquals([...CODE_PAGE_437].length, 256);
  assertEquals(new Set(CODE_PAGE_437).size, 255);
});

Deno.test("codePage437Char() is ASCII from 0x20 to 0x7e", () => {
  for (let code = 0x20; code < 0x7f; code++) {
    assertEquals(codePage437Char(code), String.fromCharCode(code));
  }
});

Deno.test("codePage437Char() follows CP437.TXT and IBMGRAPH.TXT at the landmarks", () => {
  const rows: [number, number][] = [
    [0x01, 0x263a],
    [0x0e, 0x266b],
    [0x10, 0x25ba],
    [0x1f, 0x25bc],
    [0x7f, 0x2302],
    [0x80, 0x00c7],
    [0x9e, 0x20a7],
    [0x9f, 0x0192],
    [0xa0, 0x00e1],
    [0xb0, 0x2591],
    [0xb3, 0x2502],
    [0xbf, 0x2510],
    [0xc0, 0x2514],
    [0xc4, 0x2500],
    [0xcd, 0x2550],
    [0xdb, 0x2588],
    [0xdf, 0x2580],
    [0xe0, 0x03b1],
    [0xe1, 0x00df],
    [0xe6, 0x00b5],
    [0xf0, 0x2261],
    [0xfe, 0x25a0],
    [0xff, 0x00a0],
  ];
  for (const [code, point] of rows) {
    assertEquals(codePage437Char(code).codePointAt(0), point, `code ${code}`);
  }
});

Deno.test("codePage437Code() inverts codePage437Char() but for 0x00", () => {
  for (let code = 1; code < 256; code++) {
    assertEquals(codePage437Code(codePage437Char(code)), code);
  }
  assertEquals(codePage437Code(codePage437Char(0)), 0x20);
});

Deno.test("codePage437Code() refuses when the code page lacks the character", () => {
  for (const char of ["€", "", "ab", "😀"]) {
    assertEquals(codePage437Code(char), null);
  }
});

Deno.test("codePage437Char() throws when the code is no byte", () => {
  for (const code of [-1, 256, 1.5, NaN]) {
    assertThrows(() => codePage437Char(code), RangeError, "Cannot show code");
  }
});
