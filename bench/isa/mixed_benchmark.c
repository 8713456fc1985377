/*
 * Six functions that between them do what machine code does: loads and stores, calls, bit arithmetic, unpredictable
 * branches, byte stores, chased pointers. Freestanding; what they return is the answer.
 */
#include "mixed_benchmark.h"

u64 loads_and_stores(u64 *a, u64 n, u64 rounds) {
  u64 sum = 1;
  for (u64 k = 0; k < rounds; k++)
    for (u64 i = 0; i < n; i++) {
      sum += a[i];
      a[i] = sum ^ k;
    }
  return sum;
}

u64 fibonacci(u64 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

u64 crc32(u8 *p, u64 n, u64 rounds) {
  u32 crc = 0;
  for (u64 k = 0; k < rounds; k++) {
    crc = ~crc;
    for (u64 i = 0; i < n; i++) {
      crc ^= p[i];
      for (int j = 0; j < 8; j++) crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
    }
  }
  return crc;
}

static void sort(int *a, long left, long right) {
  long i = left, j = right;
  int pivot = a[(left + right) / 2];
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) {
      int t = a[i];
      a[i++] = a[j];
      a[j--] = t;
    }
  }
  if (left < j) sort(a, left, j);
  if (i < right) sort(a, i, right);
}

u64 quicksort(int *a, u64 n, u64 rounds) {
  u64 sum = 0;
  for (u64 k = 0; k < rounds; k++) {
    u32 x = 12345 + k;
    for (u64 i = 0; i < n; i++) {
      x = x * 1103515245 + 12345;
      a[i] = x >> 8;
    }
    sort(a, 0, n - 1);
    sum = sum * 31 + a[n / 3];
  }
  return sum;
}

u64 sieve(u8 *is_prime, u64 n, u64 rounds) {
  u64 count = 0;
  for (u64 k = 0; k < rounds; k++) {
    count = 0;
    for (u64 i = 0; i < n; i++) is_prime[i] = 1;
    for (u64 i = 2; i < n; i++)
      if (is_prime[i]) {
        count++;
        for (u64 j = i + i; j < n; j += i) is_prime[j] = 0;
      }
  }
  return count;
}

u64 chase_list(struct node *nodes, u64 n, u64 steps) {
  for (u64 i = 0; i < n; i++) {
    nodes[i].next = &nodes[(i * 7919 + 1) % n];
    nodes[i].key = i;
  }
  u64 sum = 0;
  struct node *at = nodes;
  for (u64 k = 0; k < steps; k++) {
    sum += at->key ^ k;
    at->key += sum;
    at = at->next;
  }
  return sum;
}
