/* IDT, both 8259A at 0x20 and 0x28, the 8254 at 1,000 Hz, the keyboard. */
#include "kernel.h"

struct gate {
  u16 offset_low, selector;
  u8 stack, type;
  u16 offset_middle;
  u32 offset_high, reserved;
};

extern const u64 stubs[49];
static struct gate idt[256];

volatile u64 ticks, exceptions, last_cr2, skip_bytes;
char line[64];
volatile u32 line_length, line_done;

static void set_gate(u32 vector, u64 address, u8 type) {
  idt[vector] = (struct gate){.offset_low = address,
                              .selector = 0x08,
                              .type = type,
                              .offset_middle = address >> 16,
                              .offset_high = address >> 32};
}

void interrupts_init(void) {
  for (u32 vector = 0; vector < 48; vector++)
    set_gate(vector, stubs[vector], 0x8e);
  set_gate(128, stubs[48], 0xee);
  struct __attribute__((packed)) {
    u16 limit;
    u64 base;
  } pointer = {sizeof idt - 1, (u64)idt};
  __asm__ volatile("lidt %0" : : "m"(pointer));

  out8(0x20, 0x11), out8(0xa0, 0x11); /* ICW1. */
  out8(0x21, 0x20), out8(0xa1, 0x28); /* Vectors. */
  out8(0x21, 4), out8(0xa1, 2);       /* Cascade. */
  out8(0x21, 1), out8(0xa1, 1);       /* 8086 mode. */
  out8(0x21, 0xfc), out8(0xa1, 0xff); /* IRQ 0 and 1 alone. */
  out8(0x43, 0x34);                   /* Counter 0, rate generator. */
  out8(0x40, 1193 & 0xff), out8(0x40, 1193 >> 8);
}

/* Scan code set 1, what a line of lower case needs. */
static const char keys[] =
    "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";

static void keyboard(void) {
  u8 code = in8(0x60);
  char c = code < sizeof keys - 1 ? keys[code] : 0;
  if (c == '\n') line_done = 1;
  else if (c && !line_done && line_length < sizeof line - 1)
    line[line_length++] = c;
}

/* Called by the stubs, interrupts off. */
void interrupt(struct frame *frame) {
  switch (frame->vector) {
  case 0x20:
    ticks++;
    out8(0x20, 0x20);
    return;
  case 0x21:
    keyboard();
    out8(0x20, 0x20);
    return;
  case 128: /* A system call: RAX and RBX multiplied, in RAX. */
    frame->rax *= frame->rbx;
    return;
  }
  exceptions++;
  if (frame->vector == 14) {
    u64 address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    last_cr2 = address;
  }
  print("  exception ");
  print_number(frame->vector);
  print(", error code ");
  print_hex(frame->code);
  print("\n");
  /* A trap has passed its instruction; of a fault the caller says how long it is. */
  if (frame->vector != 3) frame->rip += skip_bytes;
}
