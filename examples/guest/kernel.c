/* A small kernel: everything that it says goes to serial port and screen, and is
   the same whatever the time. It ends through isa-debug-exit with 0x10. */
#include "kernel.h"

#define HEAP 0x444444440000UL
#define PAGE 0x200000000000UL

/* BootInfo of bootloader 0.9.33. */
struct region {
  u64 first, end;
  u32 type, padding;
};
struct boot_info {
  struct region regions[64];
  u64 count, physical_offset;
};

static void frames_from(const struct boot_info *info) {
  for (u64 i = 0; i < info->count; i++) {
    const struct region *region = &info->regions[i];
    if (region->type || region->end - region->first < 1024) continue;
    memory_init(info->physical_offset, region->first << 12, region->end << 12);
    return;
  }
}

static void exceptions_too(void) {
  print("exceptions\n");
  __asm__ volatile("int3");
  skip_bytes = 2;
  __asm__ volatile("ud2");
  __asm__ volatile("xor %%edx, %%edx; xor %%eax, %%eax; xor %%ecx, %%ecx; div %%ecx" : : : "rax", "rcx", "rdx", "cc");
  skip_bytes = 3;
  __asm__ volatile("mov (%0), %%rax" : : "b"(PAGE + 8) : "rax", "memory");
  skip_bytes = 2;
  __asm__ volatile("mov %0, %%ds" : : "c"(0x50));
  print("  caught ");
  print_number(exceptions);
  print(", the page fault's address ");
  print_hex(last_cr2);
  print("\n");
}

static void paging(void) {
  print("paging\n");
  u64 frame = take_frame();
  volatile u64 *word = (u64 *)PAGE;
  map(PAGE, frame, 2);
  *word = 42;
  print("  written through one address, read through another: ");
  print_number(*at_frame(frame));
  print("\n");
  map(PAGE, frame, 0);
  __asm__ volatile("invlpg (%0)" : : "r"(PAGE) : "memory");
  skip_bytes = 3;
  __asm__ volatile("mov %0, (%1)" : : "a"(43UL), "b"(PAGE) : "memory");
  unmap(PAGE);
  __asm__ volatile("mov %0, (%1)" : : "a"(44UL), "b"(PAGE) : "memory");
  print("  still ");
  print_number(*at_frame(frame));
  print("\n");
}

void kernel_main(const struct boot_info *info) {
  if (info) frames_from(info);
  else memory_init(0, 0x400000, 0x800000);
  console_init();
  print("guest kernel\n");
  interrupts_init();
  exceptions_too();
  paging();
  heap_init(HEAP, 256 * 1024);
  print("exercise ");
  print_hex(exercise());
  print("\n");
  __asm__ volatile("sti");
  print("work ");
  print_hex(work());
  print("\n");
  while (ticks < 100) __asm__ volatile("hlt");
  print("100 ticks of the timer\ntype a line: ");
  while (!line_done) __asm__ volatile("hlt");
  __asm__ volatile("cli");
  print(line);
  print("\nbye\n");
  out32(0xf4, 0x10);
  for (;;) __asm__ volatile("hlt");
}
