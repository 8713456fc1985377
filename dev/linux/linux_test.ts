import { assertEquals, assertThrows } from "@std/assert";
import { initrdOf } from "./initrd.ts";
import { Unavailable } from "./packages.ts";
import { expandLz4, unpackVmlinux } from "./vmlinux.ts";

/** A legacy frame around one block. */
function frame(block: readonly number[]): Uint8Array {
  const bytes = [0x02, 0x21, 0x4c, 0x18, block.length, 0, 0, 0, ...block];
  return new Uint8Array(bytes);
}

const ascii = (text: string) => [...text].map((char) => char.charCodeAt(0));

Deno.test("expandLz4() expands literals, matches that overlap, and long lengths", () => {
  const rows: [number[], string][] = [
    // Five literals.
    [[0x50, ...ascii("hello")], "hello"],
    // "ab", a match of 4 + 4 two back, then five literals.
    [
      [0x24, ...ascii("ab"), 2, 0, 0x50, ...ascii("cdefg")],
      "ababababab" + "cdefg",
    ],
    // 15 + 3 literals; a match of 4 + 15 + 255 + 1 one back.
    [
      [0xff, 3, ...ascii("abcdefghijklmnopqr"), 1, 0, 255, 1, 0x10, 0x21],
      `abcdefghijklmnopq${"r".repeat(276)}!`,
    ],
  ];
  for (const [block, text] of rows) {
    const bytes = expandLz4(frame(block), text.length);
    assertEquals(new TextDecoder().decode(bytes), text);
  }
});

Deno.test("expandLz4() refuses a match that points before the beginning, and what goes past an end", () => {
  for (
    const block of [
      [0x10, 0x61, 2, 0, 0x10, 0x61],
      [0x1f, 0x61, 1, 0, 200],
      // Literals past the end of the block, and of what it expands to.
      [0x50, 0x61],
      [0xf0, 10, ...ascii("a".repeat(25))],
    ]
  ) {
    assertThrows(() => expandLz4(frame(block), 20), Unavailable, "damaged");
  }
});

Deno.test("unpackVmlinux() finds the packed kernel behind the setup sectors, 0 being 4", async () => {
  const packed = frame([0x50, ...ascii("hello")]);
  for (const [field, sectors] of [[1, 1], [0, 4]] as const) {
    const start = 512 * (sectors + 1) + 16;
    const file = new Uint8Array(start + packed.length + 4);
    const view = new DataView(file.buffer);
    view.setUint8(0x1f1, field);
    view.setUint32(0x248, 16, true);
    view.setUint32(0x24c, packed.length + 4, true);
    file.set(packed, start);
    view.setUint32(start + packed.length, 5, true);
    assertEquals(new TextDecoder().decode(await unpackVmlinux(file)), "hello");
  }
});

Deno.test("initrdOf() is an archive of the console and /init", () => {
  const archive = initrdOf(new Uint8Array([1, 2, 3]));
  const text = new TextDecoder("latin1").decode(archive);
  // Magic, 13 fields of 8 hex digits, name with its zero, padded to 4.
  const found: [string, number, number][] = [];
  for (let at = 0; at < archive.length;) {
    assertEquals(text.slice(at, at + 6), "070701");
    const field = (n: number) =>
      parseInt(text.slice(at + 6 + 8 * n, at + 14 + 8 * n), 16);
    const name = text.slice(at + 110, at + 110 + field(11) - 1);
    found.push([name, field(1), field(6)]);
    const header = Math.ceil((110 + field(11)) / 4) * 4;
    at += header + Math.ceil(field(6) / 4) * 4;
  }
  assertEquals(found, [
    ["dev", 0o40755, 0],
    ["dev/console", 0o20600, 0],
    ["init", 0o100755, 3],
    ["TRAILER!!!", 0, 0],
  ]);
});
