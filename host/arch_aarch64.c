/* SPDX-License-Identifier: Apache-2.0 */
/* aarch64 as the library's shared files need it (Arm ARM, DDI0487). Pure. */
#include "host/arch.h"

#include <elf.h>
#include <string.h>

#include "abi/irq.h"
#include "host/backend.h"
#include "lib/field.h"

#define KERNEL_RW (ELF_READ | ELF_WRITE)
#define DEVICE    (LAYOUT_DEVICE | ELF_WRITE)

#define INSN_SIZE 4u
#define NUMBERS   256u /* those of ESR_EL1.EC, and the runtime's own above */

/* ESR_EL1.EC of exceptions whose return address is behind the instruction (D1.3.1). */
#define EC_SVC        0x15u
#define EC_STEP_LOWER 0x32u
#define EC_STEP_SAME  0x33u
#define EC_DABT_LOWER 0x24u

#define FRAME_POINTER 29u
#define PSTATE_NZCV   UINT64_C(0xf0000000)
FIELD(PSTATE_EL, 2, 2);

/* ---- Memory ---- */

static const struct region low[] = {
    { UVM_GATE_GVA, SIZE_4K, ELF_READ | ELF_EXEC | ELF_USER, "gate" },
    { UVM_INFO_GVA, SIZE_4K, ELF_READ | ELF_USER, "info" },
    { UVM_EXIT_USER_GVA, SIZE_4K, DEVICE | ELF_USER, "exit" },
    { UVM_FAULT_GVA, UVM_FAULT_SIZE, KERNEL_RW, "fault area" },
    { UVM_CPU_GVA, UVM_CPU_SIZE, KERNEL_RW, "sys data" },
    { UVM_EXIT_GVA, SIZE_4K, DEVICE, "sys exit" },
    { IRQ_GVA, SIZE_4K, KERNEL_RW | ELF_USER, "interrupts" },
    { UVM_STACK_DF_TOP - SIZE_4K, SIZE_4K, KERNEL_RW, "stack #DF" },
    { UVM_STACK_NM_TOP - SIZE_4K, SIZE_4K, KERNEL_RW, "stack NMI" },
    { UVM_STACK_MC_TOP - SIZE_4K, SIZE_4K, KERNEL_RW, "stack #MC" },
    { UVM_STACK0_TOP - UVM_STACK0_SIZE - SIZE_4K, SIZE_4K, 0, "kernel guard" },
    { UVM_STACK0_TOP - UVM_STACK0_SIZE, UVM_STACK0_SIZE, KERNEL_RW, "kernel stack" },
    { LAYOUT_TABLES_GVA, LAYOUT_TABLES_END - LAYOUT_TABLES_GVA, KERNEL_RW, "page tables" },
};

/* adr x16, UVM_EXIT_USER_GVA; str xzr, [x16, #8 * UVM_PORT_GATE]; ret (abi/uvm.h). Then the same
 * for UVM_PORT_IRQ. */
static const uint8_t gate[] = {
    0x10, 0x00, 0x01, 0x10, /* */
    0x1f, 0x82, 0x03, 0xf9, /* */
    0xc0, 0x03, 0x5f, 0xd6, /* */
    0x00, 0x00, 0x00, 0x00, /* */
    0x90, 0xff, 0x00, 0x10, /* */
    0x1f, 0x92, 0x03, 0xf9, /* */
    0xc0, 0x03, 0x5f, 0xd6,
};
_Static_assert(UVM_EXIT_USER_GVA - UVM_GATE_GVA == 0x2000 && UVM_PORT_GATE == 0xe0, "gate");
_Static_assert(UVM_EXIT_USER_GVA - IRQ_GATE_GVA == 0x1ff0 && UVM_PORT_IRQ == 0xe4, "gate");
_Static_assert(IRQ_GATE_GVA - UVM_GATE_GVA == 16, "gate");

/* D8.3. The access flag is set: the processor never writes to a table. */
FIELD(DESC_VALID, 0, 1);
FIELD(DESC_TABLE, 1, 1); /* or a page, in the last table; 0: a block */
FIELD(DESC_ATTR, 2, 3);
FIELD(DESC_USER, 6, 1);
FIELD(DESC_READ_ONLY, 7, 1);
FIELD(DESC_SHARED, 8, 2);
FIELD(DESC_ACCESSED, 10, 1);
FIELD(DESC_ADDRESS, 12, 36);
FIELD(DESC_PXN, 53, 1);
FIELD(DESC_UXN, 54, 1);

/* Attributes of UVM_A64_MAIR. */
#define ATTR_MEMORY  0u
#define ATTR_DEVICE  3u
#define SHARED_INNER 3u

static uint64_t desc_table(uint64_t gpa)
{
    return put(DESC_ADDRESS, gpa / SIZE_4K) | put(DESC_TABLE, 1) | put(DESC_VALID, 1);
}

/* What one level may execute the other may not. */
static uint64_t desc_leaf(uint64_t gpa, uint32_t perm, bool is_large)
{
    bool exec = (perm & ELF_EXEC) != 0;
    bool user = (perm & ELF_USER) != 0;

    return put(DESC_ADDRESS, gpa / SIZE_4K) | put(DESC_VALID, (perm & LAYOUT_ON_TOUCH) == 0) |
           put(DESC_TABLE, !is_large) | put(DESC_USER, user) |
           put(DESC_READ_ONLY, (perm & ELF_WRITE) == 0) | put(DESC_SHARED, SHARED_INNER) |
           put(DESC_ATTR, (perm & LAYOUT_DEVICE) != 0 ? ATTR_DEVICE : ATTR_MEMORY) |
           put(DESC_ACCESSED, 1) | put(DESC_UXN, !(exec && user)) | put(DESC_PXN, !exec || user);
}

static const struct paging_format paging = { .table = desc_table, .leaf = desc_leaf };

/* ---- Faults ---- */

static const char *const gpr_names[FAULT_GPRS] = {
    "x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
    "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
    "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",
};

static unsigned insn_length(const uint8_t *bytes, size_t count)
{
    (void)bytes;
    return count >= INSN_SIZE ? INSN_SIZE : 0;
}

static bool is_trap(const struct fault_record *r)
{
    return r->vector == EC_SVC || r->vector == EC_STEP_LOWER || r->vector == EC_STEP_SAME;
}

static bool is_supervisor(const struct be_regs *regs, const uint64_t sys[FAULT_SYS])
{
    (void)sys;
    return get(PSTATE_EL, regs->flags) != 0;
}

/* struct user_fpsimd_state: 32 vectors, FPSR, FPCR. */
#define FP_FPSR 512u
#define FP_FPCR 516u
#define FP_SIZE 528u

static void fill_fp(const uint8_t *fp, struct fault_record *r)
{
    memcpy(&r->fp_status, fp + FP_FPSR, sizeof(r->fp_status));
    memcpy(&r->fp_control, fp + FP_FPCR, sizeof(r->fp_control));
    r->fp_simd = 0;
}

/* The order of struct user_pt_regs. */
static unsigned core_regs(const struct be_regs *regs, const uint64_t sys[FAULT_SYS],
                          uint64_t out[ARCH_CORE_REGS])
{
    (void)sys;
    memcpy(out, regs->gpr, FAULT_GPRS * sizeof(out[0]));
    out[FAULT_GPRS] = regs->pc;
    out[FAULT_GPRS + 1] = regs->flags;
    return FAULT_GPRS + 2;
}

const struct arch arch_aarch64 = {
    .machine = EM_AARCH64,
    .rel_none = R_AARCH64_NONE,
    .rel_relative = R_AARCH64_RELATIVE,
    .vector_count = 16,
    .vector_align = 2048,
    .vector_stride = 128,
    .low = low,
    .low_count = ARRAY_COUNT(low),
    .paging = &paging,
    .gate = gate,
    .gate_size = sizeof(gate),
    .gpr_count = FAULT_GPRS,
    .frame_gpr = FRAME_POINTER,
    .gpr_names = gpr_names,
    .vector_limit = NUMBERS,
    .vector_memory = EC_DABT_LOWER,
    .flags_user = PSTATE_NZCV,
    .insn_length = insn_length,
    .is_trap = is_trap,
    .is_supervisor = is_supervisor,
    .fill_fp = fill_fp,
    .fp_size = FP_SIZE,
    .core_regs = core_regs,
};
