/* Something to do: many kinds of instructions once, then many of a few kinds. */
#include "kernel.h"

static u64 seed = 0x853c49e6748fea9b;

static u64 next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  return seed ^= seed << 17;
}

static u32 crc32(const u8 *bytes, u64 count) {
  u32 crc = ~0u;
  while (count--) {
    crc ^= *bytes++;
    for (u32 bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc;
}

static void sort(u32 *words, long low, long high) {
  while (low < high) {
    u32 pivot = words[(low + high) / 2];
    long i = low, j = high;
    while (i <= j) {
      while (words[i] < pivot) i++;
      while (words[j] > pivot) j--;
      if (i > j) break;
      u32 swap = words[i];
      words[i++] = words[j], words[j--] = swap;
    }
    if (j - low < high - i) sort(words, low, j), low = i;
    else sort(words, i, high), high = j;
  }
}

static u32 primes(u8 *sieve, u32 end) {
  u32 count = 0;
  for (u32 i = 0; i < end; i++) sieve[i] = 1;
  for (u32 i = 2; i < end; i++) {
    if (!sieve[i]) continue;
    count++;
    for (u32 j = 2 * i; j < end; j += i) sieve[j] = 0;
  }
  return count;
}

__attribute__((noinline)) static u64 fibonacci(u32 n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

/* Instructions that compilers seldom choose. Each result goes into the sum; flags
   that SDM 2 leaves undefined go nowhere. */
static u64 kinds(u64 a, u64 b) {
  u64 sum = 0, x = a, y = b, z;
  u8 c;
  __asm__ volatile("add %2, %0; adc $0, %1; sbb %2, %0" : "+r"(x), "+r"(y) : "r"(b) : "cc");
  sum ^= x + y;
  __asm__ volatile("mul %2" : "=a"(x), "=d"(y) : "r"(b), "0"(a) : "cc");
  sum ^= x ^ y;
  __asm__ volatile("imul %2" : "=a"(x), "=d"(y) : "r"(b), "0"(a) : "cc");
  sum += x ^ y;
  __asm__ volatile("div %4" : "=a"(x), "=d"(y) : "0"(a), "1"(b % 977), "r"(977 + (b & 255)) : "cc");
  sum ^= x * 3 + y;
  __asm__ volatile("cqo; idiv %2" : "+a"(x), "=&d"(y) : "r"((long)(b | 1)) : "cc");
  sum += x ^ y;
  __asm__ volatile("cdq; cdqe; cwde; cbw; cwd" : "+a"(x), "=d"(y));
  sum ^= x;
  x = a;
  __asm__ volatile("rol $7, %0; ror %%cl, %0; shl $3, %0; sar $2, %0; shr %%cl, %0" : "+r"(x) : "c"(b) : "cc");
  sum ^= x;
  x = a;
  __asm__ volatile("stc; rcl $1, %0; cmc; rcr $1, %0; clc" : "+r"(x) : : "cc");
  sum += x;
  __asm__ volatile("shld $5, %1, %0; shrd %%cl, %1, %0" : "+r"(x) : "r"(b), "c"((b & 31) | 1) : "cc");
  sum ^= x;
  __asm__ volatile("bsf %1, %0; bsr %2, %1" : "=&r"(x), "+r"(y) : "r"(a | 1) : "cc");
  sum += x * 64 + y;
  __asm__ volatile("bt %2, %0; bts %2, %0; setc %1; btr $3, %0; btc $9, %0" : "+r"(x), "=q"(c) : "r"(b & 63) : "cc");
  sum ^= x + c;
  __asm__ volatile("bswap %0; xchg %1, %0; not %0; neg %1" : "+r"(x), "+r"(y) : : "cc");
  sum += x ^ y;
  z = a;
  __asm__ volatile("lock cmpxchg %2, %0; xadd %1, %0" : "+m"(z), "+r"(y) : "r"(b), "a"(a) : "cc");
  sum ^= z + y;
  __asm__ volatile("lock incq %0; lock decq %0; lock addq $5, %0; lock orq $3, %0" : "+m"(z) : : "cc");
  sum += z;
  __asm__ volatile("cmp %2, %1; cmovb %2, %0; cmovg %1, %0; seta %b0" : "+r"(x) : "r"(a), "r"(b) : "cc");
  sum ^= x;
  __asm__ volatile("movsbl %b1, %k0; movslq %k0, %0; movzwl %w1, %k1; lea 3(%0,%1,4), %0" : "=&r"(x), "+r"(y));
  sum += x;
  __asm__ volatile("test %0, %0; lahf; sahf; pushfq; popfq" : : "r"(a) : "rax", "cc", "memory");
  u8 table[256];
  for (u32 i = 0; i < 256; i++) table[i] = i * 7;
  __asm__ volatile("xlatb" : "=a"(x) : "b"(table), "0"(b & 255) : "memory");
  sum ^= x;
  u64 count = 5;
  x = 0;
  __asm__ volatile("1: inc %0; loop 1b; jrcxz 2f; dec %0; 2:" : "+r"(x), "+c"(count) : : "cc");
  sum += x;
  __asm__ volatile("enter $16, $0; movq $1, -8(%%rbp); leave" : : : "memory");
  __asm__ volatile("int $0x80" : "+a"(a) : "b"(b) : "memory");
  return sum ^ a;
}

/* String instructions, forwards and backwards. */
static u64 strings(u8 *one, u8 *two, u64 bytes) {
  u64 sum = 0;
  void *to = two, *from = one;
  u64 count = bytes;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x5a) : "memory");
  to = two, count = bytes / 8;
  __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  to = two + bytes - 1, from = one + bytes - 2, count = bytes - 1;
  __asm__ volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  to = two, from = one, count = bytes;
  __asm__ volatile("repe cmpsb" : "+D"(to), "+S"(from), "+c"(count) : : "cc", "memory");
  sum += count;
  to = two, count = bytes;
  __asm__ volatile("repne scasb" : "+D"(to), "+c"(count) : "a"(one[bytes / 2]) : "cc", "memory");
  sum = sum << 16 ^ count;
  from = one;
  u64 word;
  __asm__ volatile("lodsq; lodsl; lodsb" : "+S"(from), "=a"(word) : : "memory");
  return sum ^ word;
}

u64 exercise(void) {
  u64 sum = 0;
  for (u32 i = 0; i < 40; i++) sum = sum * 31 + kinds(next(), next());
  u8 *one = heap_alloc(4096), *two = heap_alloc(4096);
  for (u32 i = 0; i < 512; i++) ((u64 *)one)[i] = next();
  sum ^= strings(one, two, 4096);
  sum ^= crc32(two, 1024);
  heap_free(one);
  heap_free(two);
  return sum;
}

u64 work(void) {
  u64 sum = fibonacci(24);
  u8 *sieve = heap_alloc(100000);
  sum = sum * 31 + primes(sieve, 100000);
  sum = sum * 31 + crc32(sieve, 100000);
  heap_free(sieve);
  u32 *words = heap_alloc(4 * 20000);
  for (u32 i = 0; i < 20000; i++) words[i] = next();
  sort(words, 0, 19999);
  for (u32 i = 1; i < 20000; i++) sum += words[i - 1] <= words[i];
  sum = sum * 31 + words[10000];
  heap_free(words);
  void *blocks[64] = {0};
  for (u32 i = 0; i < 10000; i++) {
    u32 which = next() % 64;
    if (blocks[which]) heap_free(blocks[which]);
    blocks[which] = next() % 3 ? heap_alloc(next() % 900) : 0;
    sum = sum * 31 + heap_used();
  }
  for (u32 i = 0; i < 64; i++) if (blocks[i]) heap_free(blocks[i]);
  return sum * 31 + heap_used();
}
