/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86_64 vCPU at first entry: descriptor tables in the guest's memory and the registers to
 * start with (abi/uvm.h). Pure; back ends turn struct x86_start into their own form.
 */
#ifndef HOST_X86_CPU_H
#define HOST_X86_CPU_H

#include <stdint.h>

#include "host/elf.h"

struct x86_start {
    uint64_t rip, rsp, rdi;
    uint64_t cr0, cr3, cr4, efer;
    uint64_t gdt, idt, tss;
    uint16_t gdt_limit, idt_limit, tss_limit;
    uint64_t xcr0;
};

/* What the machine has, from CPUID. */
struct x86_features {
    uint64_t xcr0; /* 0: no XSAVE */
    bool fsgsbase, smep;
};

/* Writes GDT, TSS and IDT to ram. */
void x86_cpu_build(const struct elf_image *image, uint8_t *ram);

/* The registers that go with them on this machine. */
void x86_cpu_start(const struct elf_image *image, const struct x86_features *features,
                   struct x86_start *out);

#endif
