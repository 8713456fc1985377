#!/bin/sh
# Builds the guests into bin/, or into the folder that is named. The committed
# files are those of the compiler in gcc.txt; another one's behave the same.
set -eu
cd "$(dirname "$0")"
out=${1:-bin}
mkdir -p "$out"
flags="-O2 -std=gnu11 -Wall -ffreestanding -fno-pic -no-pie -fno-stack-protector
  -fcf-protection=none -fno-asynchronous-unwind-tables -fno-strict-aliasing
  -fno-tree-loop-distribute-patterns -march=x86-64 -mgeneral-regs-only -static -nostdlib -s
  -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments"
# shellcheck disable=SC2086 # flags are words
link() { gcc $flags "$@"; }

link -mno-red-zone -T kernel.ld -o "$out/kernel.elf" \
  boot.S console.c memory.c interrupts.c work.c kernel.c

link -T kernel.ld -Wl,-e,_start -o "$out/red_zone.elf" -mred-zone red_zone.c
link -T kernel.ld -Wl,-e,_start -o "$out/no_red_zone.elf" -mno-red-zone red_zone.c
for program in counter faults; do
  link -T program.ld -mcmodel=large -o "$out/$program.elf" "$program.c"
done
link -Wl,-z,noseparate-code -o "$out/init.elf" init.c
