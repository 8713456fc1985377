/**
 * A heap in a `WebAssembly.Memory`. Watch: wasm sums the words of each block
 * at the address that the heap gave, also after the memory has grown.
 */
import { FlatMemory, TlsfHeap } from "@lockstep/kernel/heap/tlsf";

/** A module that imports the memory as `j.m`: `sum(address, words)`. */
const MODULE = Uint8Array.from(
  ("0061736d0100000001070160027f7f017f020801016a016d02000103020100" +
    "070701037375" + "6d00000a2d012b01017f024003402001450d012002" +
    "20002802006a2102200041046a2100200141016b21010c000b0b20020b")
    .match(/../g)!,
  (byte) => parseInt(byte, 16),
);

const m = new WebAssembly.Memory({ initial: 1 });
const { exports } = new WebAssembly.Instance(
  new WebAssembly.Module(MODULE),
  { j: { m } },
);
const sum = exports["sum"] as (address: number, words: number) => number;
const memory = new FlatMemory(m, 1024); // What wasm keeps below is left alone.
const heap = new TlsfHeap(memory);

for (let words = 1_000; words <= 32_000; words *= 2) {
  let block = heap.alloc(4 * words, 4);
  if (block === null) {
    m.grow(2);
    heap.extend(2 * 65_536);
    console.log(`grown to ${m.buffer.byteLength} bytes`);
    block = heap.alloc(4 * words, 4)!;
  }
  for (let i = 0; i < words; i++) memory.store32(block + 4 * i, i);
  const address = memory.base + block; // As wasm sees it.
  const known = words * (words - 1) / 2;
  console.log(`${address}: wasm sums ${sum(address, words)}, it is ${known}`);
}
