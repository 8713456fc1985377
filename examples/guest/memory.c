/* Page tables, reached at a fixed offset from physical addresses, and a heap: a
   list of free blocks in the order of their addresses, first fit, merged. */
#include "kernel.h"

static u64 offset, next_frame, last_frame;

void memory_init(u64 physical_offset, u64 first_frame, u64 end_frame) {
  offset = physical_offset;
  next_frame = first_frame;
  last_frame = end_frame;
}

u64 *at_frame(u64 frame) { return (u64 *)(offset + frame); }

u64 take_frame(void) {
  u64 frame = next_frame;
  if (frame >= last_frame) return 0;
  next_frame += 4096;
  u64 *words = at_frame(frame);
  for (u32 i = 0; i < 512; i++) words[i] = 0;
  return frame;
}

static u64 *entry_of(u64 page) {
  u64 table;
  __asm__ volatile("mov %%cr3, %0" : "=r"(table));
  for (u32 shift = 39;; shift -= 9) {
    u64 *entry = at_frame(table & 0xffffffffff000) + (page >> shift & 511);
    if (shift == 12) return entry;
    if (!(*entry & 1)) *entry = take_frame() | 3;
    table = *entry;
  }
}

void map(u64 page, u64 frame, u64 flags) { *entry_of(page) = frame | flags | 1; }

void unmap(u64 page) {
  *entry_of(page) = 0;
  __asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
}

struct block {
  u64 bytes;
  struct block *next;
};

static struct block *free_list;
static u64 used;

void heap_init(u64 start, u64 bytes) {
  for (u64 page = start; page < start + bytes; page += 4096)
    map(page, take_frame(), 2);
  free_list = (struct block *)start;
  free_list->bytes = bytes;
  free_list->next = 0;
}

u64 heap_used(void) { return used; }

/* The block's size stands in front of what is given out. */
void *heap_alloc(u64 wanted) {
  u64 bytes = (wanted + 8 + 15) & ~15UL;
  for (struct block **link = &free_list; *link; link = &(*link)->next) {
    struct block *block = *link;
    if (block->bytes < bytes) continue;
    if (block->bytes - bytes >= sizeof *block) {
      struct block *rest = (struct block *)((u8 *)block + bytes);
      rest->bytes = block->bytes - bytes;
      rest->next = block->next;
      *link = rest;
    } else {
      bytes = block->bytes;
      *link = block->next;
    }
    block->bytes = bytes;
    used += bytes;
    return (u8 *)block + 8;
  }
  return 0;
}

void heap_free(void *address) {
  struct block *block = (struct block *)((u8 *)address - 8), *before = 0;
  struct block *after = free_list;
  used -= block->bytes;
  while (after && after < block) before = after, after = after->next;
  block->next = after;
  if (after && (u8 *)block + block->bytes == (u8 *)after) {
    block->bytes += after->bytes;
    block->next = after->next;
  }
  if (!before) {
    free_list = block;
  } else if ((u8 *)before + before->bytes == (u8 *)block) {
    before->bytes += block->bytes;
    before->next = block->next;
  } else {
    before->next = block;
  }
}
