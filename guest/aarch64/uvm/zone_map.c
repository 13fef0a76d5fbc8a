/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables of a bare zone that runs a micro-VM's image: the same map as a host builds, and the
 * zone's devices for EL1. Runs once, with caches off; never maps what user code must not have.
 */
#include "guest/aarch64/uvm/zone.h"

#include "abi/irq.h"
#include "guest/aarch64/uvm/frame.h"
#include "guest/aarch64/vmsa.h"

FIELD(GVA_PAGE, 12, 9);
FIELD(GVA_2M, 21, 9);
FIELD(GVA_1G, 30, 9);

enum { STACK_GUARD = 0x10000 };
enum { GICD_SIZE = 0x10000, GICR_SIZE = 0x20000, GICC_SIZE = 0x2000 };

/* From the linker script. */
extern const uint8_t __vg_image_start[], __vg_super_rodata_start[], __vg_super_data_start[];
extern const uint8_t __vg_text_start[], __vg_rodata_start[], __vg_data_start[], __vg_data_end[];

struct range {
    uint64_t start, end, bits;
};

static uint64_t next_table;

/* ---- Kinds of memory ---- */

static uint64_t memory(void)
{
    return put(PTE_ACCESSED, 1) | put(PTE_ATTR, ATTR_NORMAL) | put(PTE_SHARE, SHARE_INNER);
}

static uint64_t text(bool user)
{
    return memory() | put(PTE_READ_ONLY, 1) | put(PTE_USER, user) | put(PTE_PXN, user) |
           put(PTE_UXN, !user);
}

static uint64_t rodata(bool user)
{
    return text(user) | put(PTE_PXN, 1) | put(PTE_UXN, 1);
}

static uint64_t data(bool user)
{
    return memory() | put(PTE_USER, user) | put(PTE_PXN, 1) | put(PTE_UXN, 1);
}

static uint64_t device(void)
{
    return put(PTE_ACCESSED, 1) | put(PTE_ATTR, ATTR_DEVICE) | put(PTE_PXN, 1) | put(PTE_UXN, 1);
}

/* ---- Tables ---- */

/* The table that an entry leads to; a new one when there is none. Memory for them is ample. */
static uint64_t *descend(uint64_t *entry)
{
    if (*entry == 0) {
        *entry = next_table | put(PTE_TYPE, TYPE_TABLE);
        next_table += SIZE_4K;
    }
    return (uint64_t *)(*entry & field_mask(PTE_ADDRESS));
}

static uint64_t *entry_2m(uint64_t gva)
{
    uint64_t *root = (uint64_t *)ZONE_TABLES;

    return &descend(&root[get(GVA_1G, gva)])[get(GVA_2M, gva)];
}

static uint64_t *entry_page(uint64_t gva)
{
    return &descend(entry_2m(gva))[get(GVA_PAGE, gva)];
}

static void map(struct range r)
{
    uint64_t at = align_down(r.start, SIZE_4K);

    while (at < r.end && next_table < UVM_CALL_GVA - 2 * SIZE_4K) {
        bool is_large = is_aligned(at, SIZE_2M) && r.end - at >= SIZE_2M && *entry_2m(at) == 0;

        if (is_large) {
            *entry_2m(at) = at | r.bits | put(PTE_TYPE, TYPE_BLOCK);
        } else {
            *entry_page(at) = at | r.bits | put(PTE_TYPE, TYPE_PAGE);
        }
        at += is_large ? SIZE_2M : SIZE_4K;
    }
}

/* ---- What there is ---- */

static void map_low(void)
{
    map((struct range){ UVM_GATE_GVA, UVM_GATE_GVA + SIZE_4K, text(true) });
    map((struct range){ UVM_INFO_GVA, UVM_INFO_GVA + SIZE_4K, rodata(true) });
    map((struct range){ UVM_FAULT_GVA, UVM_FAULT_GVA + UVM_FAULT_SIZE, data(false) });
    map((struct range){ UVM_CPU_GVA, UVM_CPU_GVA + UVM_CPU_SIZE, data(false) });
    map((struct range){ IRQ_GVA, IRQ_GVA + SIZE_4K, data(true) });
    map((struct range){ UVM_STACK_DF_TOP - SIZE_4K, UVM_STACK_DF_TOP, data(false) });
    map((struct range){ UVM_STACK0_TOP - UVM_STACK0_SIZE, UVM_STACK0_TOP, data(false) });
    map((struct range){ ZONE_TABLES, UVM_CALL_GVA, data(false) });
    map((struct range){ UVM_CALL_GVA, UVM_CALL_GVA + ZONE_CALL_SIZE, data(true) });
}

static void map_image(void)
{
    const uint64_t at[] = { (uint64_t)__vg_image_start,      (uint64_t)__vg_super_rodata_start,
                            (uint64_t)__vg_super_data_start, (uint64_t)__vg_text_start,
                            (uint64_t)__vg_rodata_start,     (uint64_t)__vg_data_start,
                            (uint64_t)__vg_data_end };
    const uint64_t bits[] = { text(false), rodata(false), data(false),
                              text(true),  rodata(true),  data(true) };

    for (unsigned i = 0; i < ARRAY_COUNT(bits); i++) {
        map((struct range){ at[i], at[i + 1], bits[i] });
    }
}

/* Entries of the stack's pages are there, but not valid where only this vCPU would make them so;
 * its tables must follow each other. */
static void map_stack(struct uvm_info *info)
{
    uint64_t type = info->vcpu_count == 1 ? TYPE_PAGE - 1 : TYPE_PAGE;

    for (uint64_t at = info->stack_limit; at < info->stack_top; at += SIZE_4K) {
        uint64_t *entry = entry_page(at);

        *entry = with(PTE_TYPE, at | data(true), type);
        if (at == info->stack_limit) {
            info->stack_pte = (uint64_t)entry;
        }
    }
}

static void map_others(const struct uvm_info *info)
{
    *entry_page(ZONE_FIRST_GVA) = UVM_CPU_GVA | data(false) | put(PTE_TYPE, TYPE_PAGE);
    for (uint32_t i = 1; i < info->vcpu_count; i++) {
        uint64_t end = info->stack_top - i * ZONE_BLOCK;
        uint64_t start = end - ZONE_BLOCK;

        map((struct range){ start, start + ZONE_OWN_SIZE, data(false) });
        map((struct range){ end - ZONE_STACK_SIZE, end, data(true) });
    }
}

/* A GICv3's redistributors lie side by side. */
static void map_gic(const struct boot_info *boot)
{
    map((struct range){ boot->gicd_gpa, boot->gicd_gpa + GICD_SIZE, device() });
    if (boot->gicc_gpa != 0) {
        map((struct range){ boot->gicc_gpa, boot->gicc_gpa + GICC_SIZE, device() });
    } else {
        map((struct range){ boot->gicr_gpa, boot->gicr_gpa + boot->vcpu_count * GICR_SIZE,
                            device() });
    }
}

static void map_devices(const struct boot_info *boot)
{
    if (boot->uart_gpa != 0) {
        map((struct range){ boot->uart_gpa, boot->uart_gpa + SIZE_4K, device() });
    }
    map_gic(boot);
    for (uint32_t i = 0; i < boot->channel_count && i < BOOT_MAX_CHANNELS; i++) {
        const struct boot_channel *c = &boot->channel[i];

        map((struct range){ c->regs_gpa, c->regs_gpa + SIZE_4K, device() });
        map((struct range){ c->mem_gpa, c->mem_gpa + c->mem_size, data(false) });
    }
}

/* RAM from the image's end: the heap, the guard, the stack, and what the plan put at the top. */
static void lay_out(const struct boot_info *boot, struct uvm_info *info)
{
    uint64_t top = align_down((uint64_t)boot, SIZE_2M);
    uint64_t heap_end = top - ZONE_STACK_SIZE - STACK_GUARD;

    info->ram_size = boot->ram_size;
    info->image_gva = (uint64_t)__vg_image_start;
    info->image_size = (uint64_t)__vg_data_end - info->image_gva;
    info->stack_top = top;
    info->stack_limit = top - ZONE_STACK_SIZE;
    info->stack_guard = STACK_GUARD;
    info->heap_gva = (uint64_t)__vg_data_end;
    if (info->vcpu_count > 1) {
        heap_end = top - info->vcpu_count * ZONE_BLOCK;
    }
    info->heap_size = heap_end - info->heap_gva;
    info->call_size = ZONE_CALL_SIZE;
}

bool zone_map(const struct boot_info *boot, struct uvm_info *info)
{
    next_table = ZONE_TABLES + SIZE_4K;
    if ((uint64_t)boot < (uint64_t)__vg_data_end + ZONE_STACK_SIZE + STACK_GUARD + SIZE_2M +
                             (info->vcpu_count - 1) * ZONE_BLOCK) {
        return false;
    }
    lay_out(boot, info);
    map_low();
    map_image();
    map_stack(info);
    map((struct range){ info->heap_gva, info->heap_gva + info->heap_size, data(true) });
    map_others(info);
    map_devices(zone_boot());
    return true;
}
