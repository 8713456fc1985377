/*
 * Executes single instructions of user mode on the CPU that this runs on.
 *
 * usage: harness INPUT OUTPUT; without arguments it prints the CPU's name
 *
 * INPUT is an array of struct request. For each, memory and the FXSAVE area get their patterns and the request's
 * patches, registers and flags are loaded, and one instruction, or some iterations of REP, executes under TF. What came
 * of it goes to OUTPUT: a struct answer, followed by its list of changed bytes.
 *
 * It is a loop made of signals: the handler takes the state from the interrupted context and writes the next request
 * into it, and its return executes that. Between the first signal and the last one FS is the tests', so nothing there
 * may use thread-local storage: build with -static -fno-stack-protector. layout.ts has the same numbers as this file.
 *
 * Source: System V ABI, AMD64; Linux, arch/x86/include/uapi/asm/sigcontext.h (the frame and its FXSAVE area).
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
  PAGE = 4096,
  WRITABLE_BYTES = 2 * PAGE,
  DATA_BYTES = 3 * PAGE, /* the last page is read-only */
  FPU_BYTES = 416,
  MXCSR_MASK = 28,
  IMAGE_BYTES = DATA_BYTES + FPU_BYTES,
  PATCHES_MAX = 64,
  CODE_OFFSET = 0x100,
  DEBUG = 1,
  BREAKPOINT = 3,
  INT3 = 0xcc,
};

static const uint64_t FS_BASE = 0x20000100, GS_BASE = 0x1fffff00;
static const uint64_t OUTPUT_MAX = 1ul << 30;
/* Status flags and DF: what a request sets. */
static const uint64_t FLAGS_SET = 0xcd5;
static const uint64_t TF = 0x100, NT = 0x4000, RF = 0x10000, AC = 0x40000, ID = 0x200000;

struct request {
  uint8_t bytes[15], length;
  uint16_t steps;
  uint16_t untraced; /* without TF, which it would store; INT3 behind it ends it */
  uint32_t flags, patches;
  uint64_t registers[16];
  uint32_t patch[PATCHES_MAX]; /* byte << 16 | offset; the FXSAVE area is behind the data */
};

struct answer {
  uint64_t registers[16];
  uint64_t flags, rip, vector, error, cr2;
  uint16_t selectors[6]; /* ES, CS, SS, DS, FS, GS */
  uint16_t steps, changes;
};

static uint8_t *const code = (uint8_t *)0x10000000;
static uint8_t *const data = (uint8_t *)0x20000000;
static uint8_t *const again = (uint8_t *)0xfffff000; /* the same memory, across 4 GiB */
static uint8_t *writable; /* the same memory, nothing of it read-only */

static const int REGISTERS[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static struct request *requests;
static long count, current = -1;
static unsigned steps;
static uint8_t *output;
static size_t used;
static void *finished[5];
static uint8_t pattern[IMAGE_BYTES], before[IMAGE_BYTES];

static long arch_prctl(long what, uint64_t value) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_arch_prctl), "D"(what), "S"(value) : "rcx", "r11", "memory");
  return result;
}

/* Loads of segments don't outlive their request. */
static void reset_segments(void) {
  __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" : : "r"(0));
  arch_prctl(ARCH_SET_FS, FS_BASE);
  arch_prctl(ARCH_SET_GS, GS_BASE);
}

static void note_changes(struct answer *a, const uint8_t *after, int from, int bytes) {
  if (memcmp(before + from, after, bytes) == 0) return;
  uint32_t *list = (uint32_t *)(output + used + sizeof *a);
  for (int i = 0; i < bytes; i++)
    if (before[from + i] != after[i]) list[a->changes++] = (uint32_t)after[i] << 16 | (from + i);
}

static void take(const ucontext_t *u, const uint16_t *data_segments) {
  const greg_t *g = u->uc_mcontext.gregs;
  struct answer *a = (struct answer *)(output + used);
  for (int i = 0; i < 16; i++) a->registers[i] = g[REGISTERS[i]];
  a->flags = g[REG_EFL] & ~RF;
  a->rip = g[REG_RIP];
  a->vector = g[REG_TRAPNO];
  a->error = g[REG_ERR];
  a->cr2 = g[REG_CR2];
  uint64_t packed = g[REG_CSGSFS];
  const uint16_t *d = data_segments;
  uint16_t selectors[6] = {d[0], packed & 0xffff, packed >> 48, d[1], d[2], d[3]};
  memcpy(a->selectors, selectors, sizeof selectors);
  a->steps = steps;
  a->changes = 0;
  note_changes(a, writable, 0, DATA_BYTES);
  uint8_t *fpu = (uint8_t *)u->uc_mcontext.fpregs;
  memcpy(fpu + MXCSR_MASK, before + DATA_BYTES + MXCSR_MASK, 4); /* no state: which bits this CPU has */
  note_changes(a, fpu, DATA_BYTES, FPU_BYTES);
  used += sizeof *a + 4 * a->changes;
}

static void give(ucontext_t *u, const struct request *r) {
  greg_t *g = u->uc_mcontext.gregs;
  memset(code, INT3, PAGE);
  memcpy(code + CODE_OFFSET, r->bytes, r->length);
  memcpy(before, pattern, IMAGE_BYTES);
  for (unsigned i = 0; i < r->patches; i++) before[r->patch[i] & 0xffff] = r->patch[i] >> 16;
  memcpy(writable, before, DATA_BYTES);
  uint8_t *fpu = (uint8_t *)u->uc_mcontext.fpregs;
  memcpy(fpu, before + DATA_BYTES, FPU_BYTES);
  *(uint64_t *)(fpu + 512) |= 3; /* XSAVE header: x87 and SSE are not in their initial state */
  for (int i = 0; i < 16; i++) g[REGISTERS[i]] = r->registers[i];
  g[REG_RIP] = (uint64_t)code + CODE_OFFSET;
  g[REG_EFL] = (g[REG_EFL] & ~(FLAGS_SET | TF | RF | NT | AC | ID)) | (r->flags & FLAGS_SET) | (r->untraced ? 0 : TF);
  steps = 0;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  ucontext_t *u = context;
  uint16_t segments[4];
  __asm__ volatile("mov %%es, %0; mov %%ds, %1; mov %%fs, %2; mov %%gs, %3"
                   : "=m"(segments[0]), "=m"(segments[1]), "=m"(segments[2]), "=m"(segments[3]));
  /* What POPF may have set, and a return from signals does not take from the frame. */
  __asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "r"(~(NT | AC | ID)) : "cc", "memory");
  (void)signal, (void)info;
  if (current >= 0) {
    const greg_t *g = u->uc_mcontext.gregs;
    const struct request *r = &requests[current];
    steps++;
    int unfinished = g[REG_TRAPNO] == DEBUG && g[REG_RIP] == (greg_t)code + CODE_OFFSET && steps < r->steps;
    if (unfinished) return;
    take(u, segments);
  }
  if (++current == count || used > OUTPUT_MAX - PAGE) __builtin_longjmp(finished, 1);
  reset_segments();
  give(u, &requests[current]);
}

/* Memory, and behind it the FXSAVE area: control words of power-on, every other byte by a formula. */
static void make_pattern(void) {
  for (int i = 0; i < DATA_BYTES; i++) pattern[i] = i * 37 + (i >> 6) * 11;
  uint8_t *fpu = pattern + DATA_BYTES;
  fpu[0] = 0x7f, fpu[1] = 0x03, fpu[4] = 0xff;
  fpu[24] = 0x80, fpu[25] = 0x1f;
  fpu[28] = fpu[29] = 0xff, fpu[30] = 0x02; /* MXCSR_MASK of AMD's CPUs */
  for (int i = 32; i < FPU_BYTES; i++) {
    int reserved = i < 160 && i % 16 >= 10;
    fpu[i] = reserved ? 0 : i * 29 + 7;
  }
}

static void *map(void *at, size_t bytes, int protection, int flags, int file) {
  void *p = mmap(at, bytes, protection, flags, file, 0);
  if (p == MAP_FAILED) perror("mmap"), exit(2);
  return p;
}

static int print_name(void) {
  unsigned name[13] = {0};
  for (unsigned i = 0; i < 3; i++) __get_cpuid(0x80000002 + i, name + 4 * i, name + 4 * i + 1, name + 4 * i + 2, name + 4 * i + 3);
  return puts((char *)name) < 0;
}

/* Maps the data; all pages are present from then on. */
static void map_data(uint8_t *at, int file) {
  map(at, DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file);
  memset(at, 0, DATA_BYTES);
  mprotect(at + WRITABLE_BYTES, PAGE, PROT_READ);
  for (int i = 0; i < DATA_BYTES; i += PAGE) (void)*(volatile uint8_t *)(at + i);
}

int main(int argc, char **argv) {
  if (argc == 1) return print_name();
  if (argc != 3) return 2;
  /* Nothing of this process may lie where the tests expect that there is nothing. */
  if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
    personality(ADDR_NO_RANDOMIZE);
    execv("/proc/self/exe", argv);
    return perror("execv"), 2;
  }
  FILE *in = fopen(argv[1], "rb");
  if (!in) return perror(argv[1]), 2;
  fseek(in, 0, SEEK_END);
  long size = ftell(in);
  rewind(in);
  count = size / sizeof *requests;
  requests = malloc(size);
  if (fread(requests, 1, size, in) != (size_t)size) return 2;

  const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  map(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, anonymous | MAP_FIXED, -1);
  int file = memfd_create("data", 0);
  if (ftruncate(file, DATA_BYTES)) return 2;
  map_data(data, file);
  map_data(again, file);
  writable = map(NULL, DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file);
  output = map(NULL, OUTPUT_MAX, PROT_READ | PROT_WRITE, anonymous | MAP_NORESERVE, -1);
  make_pattern();

  stack_t stack = {.ss_sp = malloc(1 << 18), .ss_size = 1 << 18};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);

  /* The handler leaves FS and GS as the tests have them. */
  static uint64_t own_fs; /* static: no register survives the jump back */
  arch_prctl(ARCH_GET_FS, (uint64_t)&own_fs);
  if (!__builtin_setjmp(finished)) raise(SIGTRAP);
  arch_prctl(ARCH_SET_FS, own_fs);

  FILE *out = fopen(argv[2], "wb");
  if (!out || fwrite(output, 1, used, out) != used) return perror(argv[2]), 2;
  fclose(out);
  return current == count ? 0 : 3;
}
