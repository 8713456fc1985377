#!/bin/sh
# Builds mixed_benchmark.bin, or the file that is named. The committed one is
# that of the compiler in gcc.txt; another one's gives the same answers.
set -eu
cd "$(dirname "$0")"
out=$(realpath "${1:-mixed_benchmark.bin}")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
gcc -O2 -std=gnu11 -Wall -ffreestanding -fno-pic -no-pie -fno-stack-protector \
  -fcf-protection=none -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fno-jump-tables \
  -march=x86-64 -mgeneral-regs-only -static -nostdlib -Wl,--build-id=none \
  -Wl,-Ttext=0x400000 -Wl,-e,start -o "$work/guest.elf" guest.c mixed_benchmark.c
objcopy -O binary -j .text "$work/guest.elf" "$out"
