/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables and start state of x86_64 (Intel SDM 3A 3.4.5, 6.14.1, 7.7). */
#include "host/x86_cpu.h"

#include <string.h>

#include "abi/uvm.h"
#include "host/paging.h"
#include "lib/field.h"

#define GDT_GVA UVM_CPU_GVA
#define TSS_GVA (UVM_CPU_GVA + 0x100)
#define IDT_GVA (UVM_CPU_GVA + 0x1000)

#define VECTORS  256u
#define GDT_SIZE (7 * 8u)
#define IDT_SIZE (VECTORS * 16u)

FIELD(SEG_LIMIT_LOW, 0, 16);
FIELD(SEG_BASE_LOW, 16, 24);
FIELD(SEG_ACCESS, 40, 8);
FIELD(SEG_LIMIT_HIGH, 48, 4);
FIELD(SEG_FLAGS, 52, 4);
FIELD(SEG_BASE_HIGH, 56, 8);

FIELD(GATE_OFFSET_LOW, 0, 16);
FIELD(GATE_SELECTOR, 16, 16);
FIELD(GATE_IST, 32, 3);
FIELD(GATE_TYPE, 40, 4);
FIELD(GATE_DPL, 45, 2);
FIELD(GATE_PRESENT, 47, 1);
FIELD(GATE_OFFSET_MID, 48, 16);

FIELD(ADDR_LOW, 0, 16);
FIELD(ADDR_MID, 16, 16);
FIELD(ADDR_24, 0, 24);
FIELD(ADDR_31, 24, 8);
FIELD(ADDR_HIGH, 32, 32);

#define GATE_INTERRUPT 14u
#define LIMIT_ALL      0xfffffu

/* Access byte: present, DPL, code or data; flags: granularity, long or default size. */
#define ACCESS_KERNEL_CS 0x9bu
#define ACCESS_KERNEL_DS 0x93u
#define ACCESS_USER_DS   0xf3u
#define ACCESS_USER_CS   0xfbu
#define ACCESS_TSS       0x8bu
#define FLAGS_CODE64     0xau
#define FLAGS_DATA       0xcu

#define CR0_START  UINT64_C(0x80050033) /* PG AM WP NE ET MP PE */
#define CR4_START  UINT64_C(0x620)      /* PAE OSFXSR OSXMMEXCPT */
#define EFER_START UINT64_C(0xd00)      /* NXE LMA LME */

FIELD(CR4_FSGSBASE, 16, 1);
FIELD(CR4_OSXSAVE, 18, 1);
FIELD(CR4_SMEP, 20, 1);

/* Intel SDM 3A figure 8-11. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap;
} __attribute__((packed));

static uint64_t segment(unsigned access, unsigned flags)
{
    return put(SEG_LIMIT_LOW, LIMIT_ALL) | put(SEG_LIMIT_HIGH, LIMIT_ALL >> 16) |
           put(SEG_ACCESS, access) | put(SEG_FLAGS, flags);
}

static void build_gdt(uint8_t *ram)
{
    const uint64_t limit = sizeof(struct tss) - 1;
    const uint64_t gdt[] = {
        0,
        segment(ACCESS_KERNEL_CS, FLAGS_CODE64),
        segment(ACCESS_KERNEL_DS, FLAGS_DATA),
        segment(ACCESS_USER_DS, FLAGS_DATA),
        segment(ACCESS_USER_CS, FLAGS_CODE64),
        put(SEG_LIMIT_LOW, limit) | put(SEG_BASE_LOW, get(ADDR_24, TSS_GVA)) |
            put(SEG_BASE_HIGH, get(ADDR_31, TSS_GVA)) | put(SEG_ACCESS, ACCESS_TSS),
        get(ADDR_HIGH, TSS_GVA),
    };

    memcpy(ram + GDT_GVA, gdt, sizeof(gdt));
    _Static_assert(sizeof(gdt) == GDT_SIZE, "GDT_SIZE");
}

static void build_tss(uint8_t *ram)
{
    /* No I/O bitmap: the offset is beyond the limit. */
    const struct tss tss = {
        .rsp = { UVM_STACK0_TOP, 0, 0 },
        .ist = { UVM_STACK_DF_TOP, UVM_STACK_NM_TOP, UVM_STACK_MC_TOP, 0, 0, 0, 0 },
        .iomap = sizeof(struct tss),
    };

    _Static_assert(TSS_GVA + sizeof(tss) <= UVM_RUNTIME_GVA, "abi/uvm.h");
    memcpy(ram + TSS_GVA, &tss, sizeof(tss));
}

/* Interrupt stack of a vector; 0: that of the TSS, and frames nest. */
static unsigned ist_of(unsigned vector)
{
    switch (vector) {
    case 8: return 1;  /* #DF */
    case 2: return 2;  /* NMI */
    case 18: return 3; /* #MC */
    default: return 0;
    }
}

static void build_idt(const struct elf_image *image, uint8_t *ram)
{
    for (unsigned v = 0; v < VECTORS; v++) {
        uint64_t at = image->vectors + v * image->vector_stride;
        bool user = v == 3 || v == 4; /* int3 and into are for programs */
        uint64_t gate[2] = {
            put(GATE_OFFSET_LOW, get(ADDR_LOW, at)) | put(GATE_SELECTOR, UVM_SEL_KERNEL_CS) |
                put(GATE_IST, ist_of(v)) | put(GATE_TYPE, GATE_INTERRUPT) |
                put(GATE_DPL, user ? 3u : 0u) | put(GATE_PRESENT, 1) |
                put(GATE_OFFSET_MID, get(ADDR_MID, at)),
            get(ADDR_HIGH, at),
        };

        memcpy(ram + IDT_GVA + v * sizeof(gate), gate, sizeof(gate));
    }
}

void x86_cpu_build(const struct elf_image *image, uint8_t *ram)
{
    build_gdt(ram);
    build_tss(ram);
    build_idt(image, ram);
}

void x86_cpu_start(const struct elf_image *image, const struct x86_features *features,
                   struct x86_start *out)
{
    memset(out, 0, sizeof(*out));
    out->gdt = GDT_GVA;
    out->gdt_limit = GDT_SIZE - 1;
    out->tss = TSS_GVA;
    out->tss_limit = sizeof(struct tss) - 1;
    out->idt = IDT_GVA;
    out->idt_limit = IDT_SIZE - 1;
    out->rip = image->entry;
    out->rsp = UVM_STACK0_TOP;
    out->rdi = UVM_INFO_GVA;
    out->cr0 = CR0_START;
    out->cr3 = PAGING_ROOT;
    out->cr4 = CR4_START | put(CR4_FSGSBASE, features->fsgsbase) | put(CR4_SMEP, features->smep) |
               put(CR4_OSXSAVE, features->xcr0 != 0);
    out->efer = EFER_START;
    out->xcr0 = features->xcr0;
}
