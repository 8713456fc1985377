/*
 * The native side of the heap comparison: glibc's malloc, and the same algorithms as ours in C, each replaying a whole trace in one
 * call. Traces as in src/kernel/allocator/workloads.ts: slot, bytes or 0 to free, alignment, bytes of the slot's block.
 *
 * Like ours the two heaps keep offsets and store links of two words in the memory that they manage; unlike ours they trust their
 * callers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t i32;

#define REPLAY(ALLOC, FREE)                                        \
  i32 sum = 0;                                                     \
  for (i32 i = 0; i < count; i++, ops += 4) {                      \
    i32 slot = ops[0], size = ops[1], align = ops[2];              \
    if (size != 0) {                                               \
      i32 offset = ALLOC;                                          \
      offsets[slot] = offset;                                      \
      sum = (i32)((uint32_t)sum * 31u + (uint32_t)offset);         \
    } else if (offsets[slot] >= 0) {                               \
      FREE;                                                        \
    }                                                              \
  }                                                                \
  return sum;

/* glibc: pointers need a table of their own; the checksum counts failures only, as addresses differ. */
i32 replay_glibc(const i32 *ops, i32 count, void **blocks) {
  i32 failed = 0;
  for (i32 i = 0; i < count; i++, ops += 4) {
    if (ops[1] != 0) {
      void *block = malloc((size_t)ops[1]);
      blocks[ops[0]] = block;
      failed += block == NULL;
    } else {
      free(blocks[ops[0]]);
    }
  }
  return failed;
}

/* The address-ordered hole list, first fit. */
struct holes {
  unsigned char *memory;
  i32 first;
  i32 size;
};

static i32 word(const struct holes *h, i32 at) {
  i32 w;
  memcpy(&w, h->memory + at, 4);
  return w;
}

static void write_hole(struct holes *h, i32 at, i32 size, i32 next) {
  i32 w[4] = {size, 0, next, next >> 31};
  memcpy(h->memory + at, w, 16);
}

static void link_after(struct holes *h, i32 before, i32 next) {
  i32 w[2] = {next, next >> 31};
  if (before < 0) h->first = next;
  else memcpy(h->memory + before + 8, w, 8);
}

static i32 align_up(i32 at, i32 align) { return (at + align - 1) & -align; }

static i32 need_of(i32 size) { return size < 16 ? 16 : (size + 7) & -8; }

static i32 place(i32 hole, i32 size, i32 need, i32 align) {
  i32 start = align_up(hole, align);
  if (start != hole) start = align_up(hole + 16, align);
  i32 rest = hole + size - start - need;
  return rest == 0 || rest >= 16 ? start : -1;
}

static i32 holes_alloc(struct holes *h, i32 size, i32 align) {
  i32 need = need_of(size), before = -1;
  for (i32 hole = h->first; hole >= 0; before = hole, hole = word(h, hole + 8)) {
    i32 bytes = word(h, hole);
    if (bytes < need) continue;
    i32 start = place(hole, bytes, need, align);
    if (start < 0) continue;
    i32 end = start + need, rest = hole + bytes - end, after = word(h, hole + 8);
    if (rest > 0) {
      write_hole(h, end, rest, after);
      after = end;
    }
    if (start > hole) write_hole(h, hole, start - hole, after);
    else link_after(h, before, after);
    return start;
  }
  return -1;
}

static void holes_free(struct holes *h, i32 at, i32 size) {
  i32 bytes = need_of(size), before = -1, next = h->first;
  while (next >= 0 && next <= at) {
    before = next;
    next = word(h, next + 8);
  }
  if (next == at + bytes) {
    bytes += word(h, next);
    next = word(h, next + 8);
  }
  if (before >= 0 && before + word(h, before) == at) {
    write_hole(h, before, word(h, before) + bytes, next);
  } else {
    write_hole(h, at, bytes, next);
    link_after(h, before, at);
  }
}

void holes_init(struct holes *h, unsigned char *memory, i32 size) {
  h->memory = memory;
  h->size = size;
  h->first = 0;
  write_hole(h, 0, size, -1);
}

i32 replay_holes(struct holes *h, const i32 *ops, i32 count, i32 *offsets) {
  REPLAY(holes_alloc(h, size, align), holes_free(h, offsets[slot], ops[3]))
}

/* Fixed-size blocks over the hole list. */
struct blocks {
  struct holes holes;
  i32 heads[9];
};

static i32 class_of(i32 bytes) { return 29 - __builtin_clz((unsigned)(bytes - 1) | 7u); }

static i32 blocks_alloc(struct blocks *b, i32 size, i32 align) {
  i32 bytes = size > align ? size : align;
  if (bytes > 2048) return holes_alloc(&b->holes, size, align);
  i32 c = class_of(bytes), block = b->heads[c];
  if (block < 0) return holes_alloc(&b->holes, 8 << c, 8 << c);
  b->heads[c] = word(&b->holes, block);
  return block;
}

static void blocks_free(struct blocks *b, i32 at, i32 size, i32 align) {
  i32 bytes = size > align ? size : align;
  if (bytes > 2048) {
    holes_free(&b->holes, at, size);
    return;
  }
  i32 c = class_of(bytes);
  i32 w[2] = {b->heads[c], b->heads[c] >> 31};
  memcpy(b->holes.memory + at, w, 8);
  b->heads[c] = at;
}

void blocks_init(struct blocks *b, unsigned char *memory, i32 size) {
  holes_init(&b->holes, memory, size);
  for (i32 c = 0; c < 9; c++) b->heads[c] = -1;
}

i32 replay_blocks(struct blocks *b, const i32 *ops, i32 count, i32 *offsets) {
  REPLAY(blocks_alloc(b, size, align), blocks_free(b, offsets[slot], ops[3], align))
}
