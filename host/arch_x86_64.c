/* SPDX-License-Identifier: Apache-2.0 */
/* x86_64 as the library's shared files need it. Pure. */
#include "host/arch.h"

#include <elf.h>
#include <string.h>

#include "abi/irq.h"
#include "host/backend.h"
#include "lib/field.h"
#include "lib/insn_x64.h"

#define KERNEL_RW (ELF_READ | ELF_WRITE)

#define VECTORS   256u
#define VECTOR_DB 1u
#define VECTOR_BP 3u
#define VECTOR_OF 4u
#define VECTOR_PF 14u

/* CF PF AF ZF SF OF. */
#define RFLAGS_ARITHMETIC UINT64_C(0x8d5)

FIELD(SELECTOR_CPL, 0, 2);
FIELD(SELECTOR_CS, 0, 16);
FIELD(SELECTOR_SS, 16, 16);
FIELD(SELECTOR_DS, 32, 16);
FIELD(SELECTOR_ES, 48, 16);

/* ---- Memory ---- */

static const struct region low[] = {
    { UVM_GATE_GVA, SIZE_4K, ELF_READ | ELF_EXEC | ELF_USER, "gate" },
    { UVM_INFO_GVA, SIZE_4K, ELF_READ | ELF_USER, "info" },
    { UVM_FAULT_GVA, UVM_FAULT_SIZE, KERNEL_RW, "fault area" },
    { UVM_CPU_GVA, UVM_CPU_SIZE, KERNEL_RW, "cpu tables" },
    { IRQ_GVA, SIZE_4K, KERNEL_RW | ELF_USER, "interrupts" },
    { UVM_STACK_DF_TOP - SIZE_4K, SIZE_4K, KERNEL_RW, "stack #DF" },
    { UVM_STACK_NM_TOP - SIZE_4K, SIZE_4K, KERNEL_RW, "stack NMI" },
    { UVM_STACK_MC_TOP - SIZE_4K, SIZE_4K, KERNEL_RW, "stack #MC" },
    { UVM_STACK0_TOP - UVM_STACK0_SIZE - SIZE_4K, SIZE_4K, 0, "kernel guard" },
    { UVM_STACK0_TOP - UVM_STACK0_SIZE, UVM_STACK0_SIZE, KERNEL_RW, "kernel stack" },
    { LAYOUT_XSAVE_GVA, LAYOUT_XSAVE_MAX, KERNEL_RW, "xsave" },
    { LAYOUT_TABLES_GVA, LAYOUT_TABLES_END - LAYOUT_TABLES_GVA, KERNEL_RW, "page tables" },
};

/* "int3; ret", at two places. */
static const uint8_t gate[] = { 0xcc, 0xc3, [IRQ_GATE_GVA - UVM_GATE_GVA] = 0xcc, 0xc3 };

/* Intel SDM 3A 4.5. Accessed and dirty bits are set: the processor never writes to a table. */
FIELD(PTE_PRESENT, 0, 1);
FIELD(PTE_WRITE, 1, 1);
FIELD(PTE_USER, 2, 1);
FIELD(PTE_ACCESSED, 5, 1);
FIELD(PTE_DIRTY, 6, 1);
FIELD(PTE_LARGE, 7, 1);
FIELD(PTE_ADDRESS, 12, 40);
FIELD(PTE_NX, 63, 1);

static uint64_t address_of(uint64_t gpa)
{
    return put(PTE_ADDRESS, gpa / SIZE_4K);
}

/* What leads to tables allows everything; leaves decide. */
static uint64_t pte_table(uint64_t gpa)
{
    return address_of(gpa) | put(PTE_PRESENT, 1) | put(PTE_WRITE, 1) | put(PTE_USER, 1) |
           put(PTE_ACCESSED, 1);
}

static uint64_t pte_leaf(uint64_t gpa, uint32_t perm, bool is_large)
{
    return address_of(gpa) | put(PTE_PRESENT, (perm & LAYOUT_ON_TOUCH) == 0) |
           put(PTE_WRITE, (perm & ELF_WRITE) != 0) | put(PTE_USER, (perm & ELF_USER) != 0) |
           put(PTE_NX, (perm & ELF_EXEC) == 0) | put(PTE_ACCESSED, 1) | put(PTE_DIRTY, 1) |
           put(PTE_LARGE, is_large);
}

static const struct paging_format paging = { .has_root = true,
                                             .table = pte_table,
                                             .leaf = pte_leaf };

/* ---- Faults ---- */

static const char *const gpr_names[FAULT_X86_GPRS] = {
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

static bool is_trap(const struct fault_record *r)
{
    return r->vector == VECTOR_BP || r->vector == VECTOR_OF ||
           (r->vector == VECTOR_DB && r->reason == FAULT_REASON_STEP);
}

static bool is_supervisor(const struct be_regs *regs, const uint64_t sys[FAULT_SYS])
{
    (void)regs;
    return get(SELECTOR_CPL, sys[FAULT_SELECTORS]) == 0;
}

/* Places in the legacy area of XSAVE (SDM 1 table 13-1), and its size with the header. */
#define XSAVE_FCW    0u
#define XSAVE_FSW    2u
#define XSAVE_MXCSR  24u
#define XSAVE_LEGACY 576u

static void fill_fp(const uint8_t *fp, struct fault_record *r)
{
    uint16_t control, status;

    memcpy(&control, fp + XSAVE_FCW, sizeof(control));
    memcpy(&status, fp + XSAVE_FSW, sizeof(status));
    memcpy(&r->fp_simd, fp + XSAVE_MXCSR, sizeof(r->fp_simd));
    r->fp_control = control;
    r->fp_status = status;
}

/* The order of struct user_regs_struct. */
static unsigned core_regs(const struct be_regs *regs, const uint64_t sys[FAULT_SYS],
                          uint64_t out[ARCH_CORE_REGS])
{
    const uint64_t *r = regs->gpr;
    uint64_t selectors = sys[FAULT_SELECTORS];
    const uint64_t all[] = {
        r[FAULT_R15],
        r[FAULT_R14],
        r[FAULT_R13],
        r[FAULT_R12],
        r[FAULT_RBP],
        r[FAULT_RBX],
        r[FAULT_R11],
        r[FAULT_R10],
        r[FAULT_R9],
        r[FAULT_R8],
        r[FAULT_RAX],
        r[FAULT_RCX],
        r[FAULT_RDX],
        r[FAULT_RSI],
        r[FAULT_RDI],
        UINT64_MAX, /* orig_rax: in no system call */
        regs->pc,
        get(SELECTOR_CS, selectors),
        regs->flags,
        r[FAULT_RSP],
        get(SELECTOR_SS, selectors),
        sys[FAULT_FS_BASE],
        sys[FAULT_GS_BASE],
        get(SELECTOR_DS, selectors),
        get(SELECTOR_ES, selectors),
        0, /* fs, gs */
        0,
    };

    _Static_assert(ARRAY_COUNT(all) <= ARCH_CORE_REGS, "ARCH_CORE_REGS");
    memcpy(out, all, sizeof(all));
    return ARRAY_COUNT(all);
}

const struct arch arch_x86_64 = {
    .machine = EM_X86_64,
    .rel_none = R_X86_64_NONE,
    .rel_relative = R_X86_64_RELATIVE,
    .vector_count = VECTORS,
    .vector_align = 1,
    .low = low,
    .low_count = ARRAY_COUNT(low),
    .paging = &paging,
    .gate = gate,
    .gate_size = sizeof(gate),
    .build = x86_cpu_build,
    .gpr_count = FAULT_X86_GPRS,
    .frame_gpr = FAULT_RBP,
    .gpr_names = gpr_names,
    .vector_limit = VECTORS,
    .vector_memory = VECTOR_PF,
    .flags_user = RFLAGS_ARITHMETIC,
    .insn_length = insn_x64_length,
    .is_trap = is_trap,
    .is_supervisor = is_supervisor,
    .fill_fp = fill_fp,
    .fp_size = XSAVE_LEGACY,
    .core_regs = core_regs,
};
