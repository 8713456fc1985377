/* What a program in ring 3 asks of its kernel: INT 80h, number in RAX, arguments in
   RDI and RSI, the answer in RAX. */
#pragma once

typedef unsigned long u64;

enum { CALL_EXIT, CALL_PRINT, CALL_KEY, CALL_YIELD };

/* A page that all programs share. */
#define SHARED ((volatile u64 *)0x550010000000)

static inline u64 call(u64 number, u64 a, u64 b) {
  u64 result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b)
                   : "memory");
  return result;
}
