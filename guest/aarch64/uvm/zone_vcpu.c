/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other vCPUs than the first of a bare zone that runs a micro-VM's image: EL1 makes what each has
 * to itself and starts it by PSCI. Believes no argument of user code, which may lead anywhere at
 * EL0 and nowhere else.
 */
#include "guest/aarch64/uvm/zone.h"

#include "abi/call.h"
#include "abi/irq.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/psci.h"
#include "guest/aarch64/uvm/frame.h"
#include "guest/aarch64/uvm/super.h"
#include "guest/aarch64/vmsa.h"
#include "lib/addr.h"

FIELD(GVA_PAGE, 12, 9);

/* What a vCPU begins with, at the top of its EL1 stack: start.S takes it from there. */
struct entry {
    uint64_t pc, sp, arg[2];
};

_Static_assert(sizeof(struct entry) == ENTRY_SIZE, "frame.h");

/* In what is a vCPU's own: tables where the first has them, the last for the lowest 2 MiB. */
enum { OWN_2M = ZONE_TABLES + SIZE_4K, OWN_PAGES = OWN_2M + SIZE_4K, OWN_CALL = 0x30000 };

_Static_assert(OWN_PAGES + SIZE_4K <= OWN_CALL, "the tables");
_Static_assert(OWN_CALL + ZONE_CALL_SIZE <= ZONE_OWN_SIZE, "zone.h");

extern const uint8_t zone_vcpu_entry[];

static uint32_t lock_word;

void zone_lock(void)
{
    hw_lock(&lock_word);
}

void zone_unlock(void)
{
    hw_unlock(&lock_word);
}

/* ---- What is a vCPU's own ---- */

uint64_t zone_gpa(uint64_t gva)
{
    return vg_info()->vcpu_id == 0 ? gva : gva + vg_info()->stack_top - ZONE_BLOCK;
}

/* Blocks lie side by side, the stack at the end of each. */
static uint64_t block_of(uint64_t vcpu)
{
    uint64_t first_top = vg_info()->stack_top + vg_info()->vcpu_id * ZONE_BLOCK;

    return first_top - (vcpu + 1) * ZONE_BLOCK;
}

static uint64_t *table_of(uint64_t entry)
{
    return (uint64_t *)(entry & field_mask(PTE_ADDRESS));
}

/* The pages from gva on, if they are mapped, lead to those at gpa. */
static void redirect(uint64_t *pages, uint64_t gva, uint64_t size, uint64_t gpa)
{
    for (uint64_t at = 0; at < size; at += SIZE_4K) {
        uint64_t *entry = &pages[get(GVA_PAGE, gva + at)];

        *entry = *entry == 0 ? 0 : (*entry & ~field_mask(PTE_ADDRESS)) | (gpa + at);
    }
}

/* The first vCPU's tables, which all can read, but for the lowest 2 MiB. */
static void build_tables(uint64_t block)
{
    const uint64_t *first_root = (const uint64_t *)ZONE_TABLES;
    const uint64_t *first_2m = table_of(first_root[0]);
    uint64_t *root = (uint64_t *)(block + ZONE_TABLES);
    uint64_t *dir = (uint64_t *)(block + OWN_2M);
    uint64_t *pages = (uint64_t *)(block + OWN_PAGES);
    static const struct {
        uint64_t gva, size, place;
    } own[] = {
        { UVM_INFO_GVA, SIZE_4K, UVM_INFO_GVA },
        { UVM_FAULT_GVA, UVM_FAULT_SIZE, UVM_FAULT_GVA },
        { UVM_CPU_GVA, UVM_CPU_SIZE, UVM_CPU_GVA },
        { IRQ_GVA, SIZE_4K, IRQ_GVA },
        { UVM_STACK_DF_TOP - SIZE_4K, SIZE_4K, UVM_STACK_DF_TOP - SIZE_4K },
        { UVM_STACK0_TOP - UVM_STACK0_SIZE, UVM_STACK0_SIZE, UVM_STACK0_TOP - UVM_STACK0_SIZE },
        { UVM_CALL_GVA, ZONE_CALL_SIZE, OWN_CALL },
    };

    __builtin_memcpy(root, first_root, SIZE_4K);
    __builtin_memcpy(dir, first_2m, SIZE_4K);
    __builtin_memcpy(pages, table_of(first_2m[0]), SIZE_4K);
    root[0] = (block + OWN_2M) | put(PTE_TYPE, TYPE_TABLE);
    dir[0] = (block + OWN_PAGES) | put(PTE_TYPE, TYPE_TABLE);
    for (unsigned i = 0; i < ARRAY_COUNT(own); i++) {
        redirect(pages, own[i].gva, own[i].size, block + own[i].place);
    }
}

/* As at its first start, whatever an earlier run has left. */
static void prepare(uint32_t vcpu, const struct call_value *arg)
{
    uint64_t block = block_of(vcpu);
    struct uvm_info *info = (struct uvm_info *)(block + UVM_INFO_GVA);
    struct entry *entry = (struct entry *)(block + UVM_STACK0_TOP - sizeof(*entry));
    struct call_area *area = (struct call_area *)(block + OWN_CALL);

    build_tables(block);
    *info = *vg_info();
    info->vcpu_id = vcpu;
    info->stack_top = block + ZONE_BLOCK;
    info->stack_limit = info->stack_top - ZONE_STACK_SIZE;
    info->stack_pte = 0; /* all pages are valid */
    __builtin_memset((void *)(block + UVM_WORDS_GVA), 0, UVM_WORDS_SIZE);
    __builtin_memcpy((void *)(block + UVM_RUNTIME_GVA),
                     (const void *)(ZONE_FIRST_GVA + UVM_RUNTIME_GVA - UVM_CPU_GVA),
                     UVM_RUNTIME_SIZE);
    __builtin_memset((void *)(block + IRQ_GVA), 0, SIZE_4K);
    __builtin_memset(area, 0, sizeof(*area));
    area->size = (uint32_t)info->call_size;
    entry->pc = arg[1].bits;
    entry->sp = info->stack_top;
    entry->arg[0] = arg[2].bits;
    entry->arg[1] = arg[3].bits;
}

/* ---- Requests ---- */

/* Vcpus are numbered as the hypervisor and boards do: 16 to a cluster. */
static int64_t psci(uint64_t function, uint64_t vcpu, uint64_t entry, uint64_t context)
{
    struct vg_call call = { .x = { function, vcpu, entry, context } };

    _Static_assert(UVM_VCPUS_MAX <= 16, "one cluster");
    zone_call(&call);
    return (int32_t)call.x[0];
}

bool zone_vcpu_is_on(uint64_t vcpu)
{
    return vcpu == 0 || (vcpu < vg_info()->vcpu_count &&
                         psci(PSCI_AFFINITY_INFO_64, vcpu, 0, 0) != PSCI_AFFINITY_OFF);
}

int64_t zone_vcpu_start(const struct call_value *arg)
{
    uint64_t vcpu = arg[0].bits;
    int64_t result = CALL_VCPU_ALREADY_ON;

    if (vcpu >= vg_info()->vcpu_count) {
        return CALL_VCPU_INVALID;
    }
    zone_lock();
    if (!zone_vcpu_is_on(vcpu)) {
        prepare((uint32_t)vcpu, arg);
        hw_dsb();
        result = psci(PSCI_CPU_ON_64, vcpu, (uint64_t)zone_vcpu_entry, block_of(vcpu));
    }
    zone_unlock();
    return result == 0 || result == CALL_VCPU_ALREADY_ON ? result : CALL_VCPU_FAILED;
}

_Noreturn void zone_vcpu_off(void)
{
    for (;;) {
        (void)psci(PSCI_CPU_OFF, 0, 0, 0);
    }
}
