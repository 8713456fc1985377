/* What the guest and the native program have in common. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

struct node {
  struct node *next;
  u64 key, pad[6];
};

enum { WORKLOADS = 6, MEMORY_BYTES = 1 << 24 };

u64 loads_and_stores(u64 *, u64, u64);
u64 fibonacci(u64);
u64 crc32(u8 *, u64, u64);
u64 quicksort(int *, u64, u64);
u64 sieve(u8 *, u64, u64);
u64 chase_list(struct node *, u64, u64);

/* Runs workload `which` in cleared memory. */
static inline u64 workload(u64 which, void *memory) {
  switch (which) {
    case 0: return loads_and_stores(memory, 4096, 2000);
    case 1: return fibonacci(27);
    case 2: return crc32(memory, 65536, 12);
    case 3: return quicksort(memory, 20000, 20);
    case 4: return sieve(memory, 1000000, 4);
    default: return chase_list(memory, 4096, 3000000);
  }
}
