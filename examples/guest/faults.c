/* Grows its stack page by page, which its kernel allows, and then reads where it has
   no business, which ends it. */
#include "program.h"

__attribute__((noinline)) static u64 deep(u64 n) {
  volatile char frame[3000];
  frame[0] = n;
  u64 below = n == 0 ? 0 : deep(n - 1);
  return below + frame[0]; /* Read after the call: the frame has to stay. */
}

void _start(u64 number) {
  call(CALL_PRINT, number, deep(20));
  call(CALL_PRINT, number, *(volatile u64 *)0x1234);
  call(CALL_EXIT, 0, 0);
}
