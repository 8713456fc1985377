# From where a loader leaves the CPU to kernel_main.
#
# start64, 64-bit, the ELF file's entry point:
#   bootloader 0.9       RDI = BootInfo, physical memory at an offset
#   Linux, 64-bit        RDI = 0, memory mapped to itself
# start32, 32-bit, named by a note (PVH, which QEMU's -kernel takes):
#   paging off
#
# The last two become the same at `common`: own page tables, all registers 0.

        .intel_syntax noprefix
        .set CR0_VALUE, 0x80010011      # PG, WP, ET, PE
        .set CR4_VALUE, 0x20            # PAE

        .section .note.pvh, "a", @note
        .align 4
        .long 4, 8, 18                  # XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .quad start32

        .section .text.boot, "ax"
        .code32
start32:
        cli
        cld
        mov eax, CR4_VALUE
        mov cr4, eax
        mov eax, offset level4
        mov cr3, eax
        mov ecx, 0xc0000080             # EFER
        mov eax, 0x100                  # LME
        xor edx, edx
        wrmsr
        mov eax, CR0_VALUE
        mov cr0, eax
        lgdt [gdt_pointer]
        .byte 0xea                      # JMP 0x08:enter64
        .long enter64
        .word 0x08

        .code64
        .globl start64
start64:
        cli
        cld
        test rdi, rdi
        jnz from_bootloader
        lgdt [gdt_pointer]
        push 0x08
        lea rax, [rip + enter64]
        push rax
        retfq
enter64:
        mov eax, 0x10
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov eax, offset level4
        mov cr3, rax
        mov eax, CR0_VALUE
        mov cr0, rax
        mov esp, offset stack_end
        xor ebx, ebx
        xor ecx, ecx
        xor edx, edx
        xor esi, esi
        xor edi, edi
        xor ebp, ebp
        xor r8d, r8d
        xor r9d, r9d
        xor r10d, r10d
        xor r11d, r11d
        xor r12d, r12d
        xor r13d, r13d
        xor r14d, r14d
        xor r15d, r15d
        xor eax, eax
        push 2
        popfq
        .globl common
common:
        call kernel_main
        ud2

from_bootloader:
        # A pointer of 64 bits: the kernel lies where it was linked.
        lgdt [gdt_pointer]
        mov rbx, rdi
        push 0x08
        lea rax, [rip + 1f]
        push rax
        retfq
1:      mov eax, 0x10
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov rdi, rbx
        call kernel_main
        ud2

# Interrupts. The stubs push what the CPU did not, so that all frames are alike.
        .text
        .macro STUB vector, code
stub_\vector:
        .if \code == 0
        push 0
        .endif
        push \vector
        jmp save
        .endm
        .altmacro
        .set v, 0
        .rept 48
        .if (v == 8) || ((v >= 10) && (v <= 14)) || (v == 17)
        STUB %v, 1
        .else
        STUB %v, 0
        .endif
        .set v, v + 1
        .endr
        STUB 128, 0

save:
        push rax
        push rcx
        push rdx
        push rbx
        push rbp
        push rsi
        push rdi
        push r8
        push r9
        push r10
        push r11
        push r12
        push r13
        push r14
        push r15
        mov rdi, rsp
        cld
        call interrupt
        pop r15
        pop r14
        pop r13
        pop r12
        pop r11
        pop r10
        pop r9
        pop r8
        pop rdi
        pop rsi
        pop rbp
        pop rbx
        pop rdx
        pop rcx
        pop rax
        add rsp, 16
        iretq

        .section .rodata
        .globl stubs
        .align 8
        .macro ADDRESS vector
        .quad stub_\vector
        .endm
stubs:
        .set v, 0
        .rept 48
        ADDRESS %v
        .set v, v + 1
        .endr
        ADDRESS 128

gdt_pointer:
        .word 23
        .quad gdt

        .data
        .align 4096
# The first GiB mapped to itself, in pages of 2 MiB.
level4: .quad level3 + 3
        .fill 511, 8, 0
level3: .quad level2 + 3
        .fill 511, 8, 0
level2: .set at, 0
        .rept 512
        .quad at + 0x83
        .set at, at + 0x200000
        .endr
        .align 8
gdt:    .quad 0
        .quad 0x00af9b000000ffff        # Code, 64-bit.
        .quad 0x00cf93000000ffff        # Data.

        .bss
        .align 16
        .skip 0x4000
stack_end:
        .section .note.GNU-stack, "", @progbits
