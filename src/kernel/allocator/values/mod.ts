/**
 * Values on the kernel's heap: what of crate alloc the book's demonstrations
 * and tests use.
 *
 * @module
 */

export { Box } from "./box.ts";
export { BufferHeap } from "./buffer_heap.ts";
export { HeapString } from "./heap_string.ts";
export {
  type HeapType,
  I32,
  pointerText,
  U32,
  U64,
  U8,
  USIZE,
  type ValueCpu,
  type ValueHeap,
} from "./heap_type.ts";
export { Owned, type PointerState } from "./owned.ts";
export { Rc } from "./rc.ts";
export { Vec, vecOf, type VecState } from "./vec.ts";
