/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own address space after the MMU is on. Guests' memory is never mapped here but
 * through one 2 MiB window per CPU, and only while it is loaded, scrubbed or decoded.
 */
#include "mmu.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/assert.h"
#include "hyp/core/pool.h"
#include "hyp/core/zone.h"
#include "layout.h"
#include "mmu_boot.h"
#include "pt.h"

/*
 * Before there is a pool: levels 2 and 3 for the boot image, level 3 for the UART and the pool,
 * which is below 4 MiB for the largest plan and so touches 3 blocks of 2 MiB.
 */
#define EARLY_TABLES 6u

static uint64_t early_tables[EARLY_TABLES][512]
    __attribute__((section(".page_tables"), aligned(4096)));
static unsigned early_used;
static bool pool_ready;
static uintptr_t next_device = VA_DEVICES;

extern char image_start[], image_end[];

hpa_t mmu_image_pa(const void *p)
{
    uint64_t base = rd_ttbr0_el2() - ((uintptr_t)own_root - (uintptr_t)image_start);

    return hpa(base + ((uintptr_t)p - (uintptr_t)image_start));
}

void mmu_use_pool(void)
{
    pool_ready = true;
}

static uint64_t *table_of(uint64_t entry)
{
    uint64_t pa = entry & field_mask(PTE_ADDR);
    uint64_t image = mmu_image_pa(image_start).v;

    /* A small boot image leaves room for the pool in the image's own 2 MiB. */
    if (pa >= image && pa < image + (uint64_t)(image_end - image_start)) {
        return (uint64_t *)(VA_IMAGE + (pa - image));
    }
    return pool_va(hpa(pa));
}

/* The table below `entry`, made if it does not exist. */
static uint64_t *table_below(uint64_t *entry)
{
    uint64_t *table;

    if (get(PTE_TYPE, *entry) == PTE_PAGE_OR_TABLE) {
        return table_of(*entry);
    }
    if (pool_ready) {
        table = pool_take(SIZE_4K, SIZE_4K);
        dsb_ishst(); /* a walk must not see what was in it before */
        *entry = pool_pa(table).v | OWN_TABLE;
    } else {
        ASSERT(early_used < EARLY_TABLES);
        table = early_tables[early_used++];
        *entry = mmu_image_pa(table).v | OWN_TABLE;
    }
    return table;
}

static uint64_t own_attributes(enum own_kind kind)
{
    switch (kind) {
    case OWN_RO: return OWN_NORMAL | OWN_AP_RO | OWN_XN;
    case OWN_RW: return OWN_NORMAL | OWN_XN;
    case OWN_DEVICE:
    default: return OWN_DEV | OWN_XN;
    }
}

/* One leaf; returns how much it covers. */
static uint64_t map_leaf(const struct own_map *map, uint64_t done)
{
    uint64_t va = map->va + done, pa = map->pa.v + done, left = map->size - done;
    uint64_t attributes = own_attributes(map->kind);
    uint64_t *l2 = table_below(&own_root[get(VA_L1, va)]);
    uint64_t *entry = &l2[get(VA_L2, va)];

    if (is_aligned(va | pa, SIZE_2M) && left >= SIZE_2M) {
        ASSERT(*entry == 0);
        *entry = pa | OWN_BLOCK | attributes;
        return SIZE_2M;
    }
    entry = &table_below(entry)[get(VA_L3, va)];
    ASSERT(*entry == 0);
    *entry = pa | OWN_PAGE | attributes;
    return SIZE_4K;
}

void mmu_map(const struct own_map *map)
{
    for (uint64_t done = 0; done < map->size;) {
        done += map_leaf(map, done);
    }
    dsb_ishst();
    isb();
}

uintptr_t mmu_map_device(hpa_t pa, uint64_t size)
{
    uint64_t inside = pa.v & (SIZE_4K - 1);
    uint64_t from = align_down(pa.v, SIZE_4K);
    uint64_t whole = align_up(inside + size, SIZE_4K);
    uintptr_t va = align_up(next_device, SIZE_2M) + (from & (SIZE_2M - 1));

    ASSERT(va + whole <= VA_WINDOWS);
    next_device = va + whole;
    mmu_map(&(struct own_map){ .va = va, .pa = hpa(from), .size = whole, .kind = OWN_DEVICE });
    return va + inside;
}

void mmu_prepare_cpu(struct pcpu *cpu)
{
    uintptr_t slot = VA_STACKS + (uintptr_t)cpu->id * STACK_SLOT;
    void *stack = pool_take(STACK_SIZE, SIZE_4K);
    void *emergency = pool_take(EMERGENCY_SIZE, SIZE_4K);

    mmu_map(&(struct own_map){ slot + STACK_OFFSET, pool_pa(stack), STACK_SIZE, OWN_RW });
    mmu_map(
        &(struct own_map){ slot + EMERGENCY_OFFSET, pool_pa(emergency), EMERGENCY_SIZE, OWN_RW });
    cpu->arch.stack_top = slot + STACK_OFFSET + STACK_SIZE;
    cpu->arch.emergency_top = slot + EMERGENCY_OFFSET + EMERGENCY_SIZE;
    cpu->arch.window = VA_WINDOWS + (uintptr_t)cpu->id * SIZE_2M;
}

/* Only this CPU uses the window's address; the broadcast drops what others may have prefetched. */
static void window_set(const struct pcpu *cpu, uint64_t entry)
{
    own_l2[get(VA_L2, cpu->arch.window)] = entry;
    dsb_ishst();
    if (entry == 0) {
        tlbi_vae2is(cpu->arch.window >> 12);
        dsb_ish();
    }
    isb();
}

void *arch_window_map(hpa_t pa)
{
    const struct pcpu *cpu = arch_cpu_this();
    uint64_t block = align_down(pa.v, SIZE_2M);

    window_set(cpu, 0);
    window_set(cpu, block | OWN_BLOCK | own_attributes(OWN_RW));
    return (void *)(cpu->arch.window + (pa.v - block));
}

void arch_window_unmap(void)
{
    window_set(arch_cpu_this(), 0);
}

void arch_cache_clean(void *va, size_t size)
{
    uint64_t line = UINT64_C(4) << get(CTR_DMINLINE, rd_ctr_el0());
    uintptr_t end = (uintptr_t)va + size;

    for (uintptr_t at = align_down((uintptr_t)va, line); at < end; at += line) {
        dc_civac(at);
    }
    dsb_sy();
}

void arch_insn_sync(void)
{
    ic_ialluis();
    dsb_ish();
    isb();
}
