import { assertEquals } from "@std/assert";
import { ByteLog, OUTPUT_BYTES_MAX } from "./byte_log.ts";

Deno.test("ByteLog keeps bytes in order, and gives copies", () => {
  const log = new ByteLog();
  for (let i = 0; i < 1_000; i++) log.byte(i);
  assertEquals(log.length, 1_000);
  assertEquals(log.bytes(997), new Uint8Array([229, 230, 231]));
  log.bytes()[0] = 99;
  assertEquals(log.bytes(0)[0], 0);
  assertEquals(log.bytes(2_000).length, 0);
});

Deno.test("ByteLog.text() is Latin-1", () => {
  const log = new ByteLog();
  for (const byte of [0x48, 0x69, 0x0a, 0xe9, 0x00]) log.byte(byte);
  assertEquals(log.text(), "Hi\né\0");
});

Deno.test("ByteLog counts what comes when it is full", () => {
  const log = new ByteLog();
  log.restore(new Uint8Array(OUTPUT_BYTES_MAX - 1));
  log.byte(1);
  log.byte(2);
  log.byte(3);
  assertEquals([log.length, log.dropped], [OUTPUT_BYTES_MAX, 2]);
  assertEquals(log.bytes(OUTPUT_BYTES_MAX - 1)[0], 1);
});

Deno.test("ByteLog: restore(), copyFrom() and clear() share nothing, and it goes on behind them", () => {
  const log = new ByteLog(), other = new ByteLog();
  const bytes = new Uint8Array([1, 2, 3]);
  log.restore(bytes);
  bytes[0] = 9;
  other.copyFrom(log);
  log.byte(4);
  other.byte(5);
  assertEquals([...log.bytes()], [1, 2, 3, 4]);
  assertEquals([...other.bytes()], [1, 2, 3, 5]);
  log.clear();
  log.byte(6);
  assertEquals([...log.bytes()], [6]);
  log.restore(new Uint8Array(0));
  assertEquals(log.length, 0);
  for (let i = 0; i < 300; i++) log.byte(7);
  assertEquals(log.length, 300);
});
