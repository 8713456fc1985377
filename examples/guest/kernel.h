/* What the parts of the guest kernel share. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

/* The stack as the stubs in boot.S leave it. */
struct frame {
  u64 r15, r14, r13, r12, r11, r10, r9, r8;
  u64 rdi, rsi, rbp, rbx, rdx, rcx, rax;
  u64 vector, code;
  u64 rip, cs, rflags, rsp, ss;
};

static inline void out8(u16 port, u8 value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline u8 in8(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline void out32(u16 port, u32 value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* console.c: serial port and screen */
void console_init(void);
void put(char c);
void print(const char *text);
void print_number(u64 value);
void print_hex(u64 value);

/* memory.c: page tables and the heap */
void memory_init(u64 offset, u64 first_frame, u64 end_frame);
void map(u64 page, u64 frame, u64 flags);
void unmap(u64 page);
u64 take_frame(void);
u64 *at_frame(u64 frame);
void heap_init(u64 start, u64 bytes);
void *heap_alloc(u64 bytes);
void heap_free(void *block);
u64 heap_used(void);

/* work.c: something to do */
u64 exercise(void);
u64 work(void);

/* interrupts.c */
extern volatile u64 ticks;
extern char line[];
extern volatile u32 line_length, line_done;
extern volatile u64 exceptions, last_cr2, skip_bytes;
void interrupts_init(void);
void interrupt(struct frame *frame);
