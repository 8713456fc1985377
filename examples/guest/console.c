/* Serial port 0x3f8 (16550) and text screen at 0xb8000. */
#include "kernel.h"

static volatile u16 *const screen = (u16 *)0xb8000;
static u32 column;

void console_init(void) {
  out8(0x3f9, 0);    /* No interrupts. */
  out8(0x3fb, 0x80); /* Divisor latch: */
  out8(0x3f8, 1);    /* 115,200 baud. */
  out8(0x3f9, 0);
  out8(0x3fb, 3);    /* 8 data bits. */
  out8(0x3fa, 7);    /* FIFOs, empty. */
  for (u32 i = 0; i < 80 * 25; i++) screen[i] = 0x0720;
}

static void scroll(void) {
  for (u32 i = 0; i < 80 * 24; i++) screen[i] = screen[i + 80];
  for (u32 i = 80 * 24; i < 80 * 25; i++) screen[i] = 0x0720;
  column = 0;
}

void put(char c) {
  while (!(in8(0x3fd) & 0x20)) {}
  out8(0x3f8, c);
  if (c == '\n' || column == 80) scroll();
  if (c != '\n') screen[80 * 24 + column++] = 0x0f00 | (u8)c;
}

void print(const char *text) {
  while (*text) put(*text++);
}

void print_number(u64 value) {
  if (value >= 10) print_number(value / 10);
  put('0' + value % 10);
}

void print_hex(u64 value) {
  if (value >= 16) print_hex(value / 16);
  put("0123456789abcdef"[value % 16]);
}
