/* The guest: its first byte is the entry, RDI the workload, RSI the memory. The answer is left in RAX at HLT. */
#include "mixed_benchmark.h"

__attribute__((section(".text.start"), noreturn)) void start(u64 which, void *memory) {
  u64 answer = workload(which, memory);
  for (;;) __asm__ volatile("hlt" : : "a"(answer));
}
