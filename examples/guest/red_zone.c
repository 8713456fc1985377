/* A leaf function that keeps its variables below the stack pointer, in the red
   zone, as the System V ABI allows; and an interrupt, whose frame lands there.
   Built twice, with the red zone and without. Ends through isa-debug-exit with the
   sum, which is 36 if nothing came between. */
#include "kernel.h"

static struct {
  u16 offset_low, selector;
  u8 stack, type;
  u16 offset_middle;
  u32 offset_high, reserved;
} idt[3];

/* Of the NMI, vector 2. */
void handler(void);
__asm__("handler: iretq");

__attribute__((noinline)) static u64 sum_from(u64 first) {
  volatile u64 words[8];
  for (u64 i = 0; i < 8; i++) words[i] = first + i;
  u64 sum = 0;
  for (u64 i = 0; i < 8; i++) sum += words[i];
  return sum;
}

void _start(void) {
  u64 address = (u64)handler;
  idt[2].offset_low = address;
  idt[2].selector = 0x08;
  idt[2].type = 0x8e;
  idt[2].offset_middle = address >> 16;
  idt[2].offset_high = address >> 32;
  struct __attribute__((packed)) {
    u16 limit;
    u64 base;
  } pointer = {sizeof idt - 1, (u64)idt};
  __asm__ volatile("lidt %0" : : "m"(pointer));
  out32(0xf4, sum_from(1));
  for (;;) __asm__ volatile("hlt");
}
