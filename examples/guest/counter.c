/* Counts in a page that it shares with others of its kind, and reports how many of
   the counts were its own. A key makes it count in other steps. */
#include "program.h"

void _start(u64 number, u64 end) {
  u64 own = 0, step = 1;
  for (;;) {
    u64 before = step;
    __asm__ volatile("lock xaddq %0, %1" : "+r"(before), "+m"(SHARED[0]));
    if (before >= end) break;
    own++;
    u64 key = call(CALL_KEY, 0, 0);
    if (key) step = key;
    for (volatile int i = 0; i < 50; i++) {}
  }
  SHARED[1 + number] = own;
  call(CALL_PRINT, number, own);
  call(CALL_EXIT, 0, 0);
}
