/* SPDX-License-Identifier: Apache-2.0 */
/* From entry to guest_main(): what the zone was given, order of initialization, end of the zone. */
#include "guest/internal.h"

#include "guest/aarch64/gic.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/mmu.h"
#include "guest/aarch64/psci.h"

void guest_early(uint64_t dtb, uint64_t info);
void guest_start(void);

static struct boot_info boot;

#define VIRT_GICC 0x08010000u /* with gic-version=2 */

/* Entered without a hypervisor that knows us: QEMU's virt machine, 128 MiB. */
static const struct boot_info qemu_virt = {
    .magic = BOOT_INFO_MAGIC,
    .version = BOOT_INFO_VERSION,
    .size = sizeof(struct boot_info),
    .zone_name = "native",
    .conduit = 1,
    .ram_gpa = 0x40000000,
    .ram_size = 0x08000000,
    .gicd_gpa = 0x08000000,
    .gicr_gpa = 0x080a0000,
    .uart_gpa = 0x09000000,
    .uart_intid = 33,
    .virt_timer_intid = 27,
    .phys_timer_intid = 30,
};

void boot_take(const struct boot_info *info)
{
    if (info != NULL && info->magic == BOOT_INFO_MAGIC && info->version == BOOT_INFO_VERSION) {
        __builtin_memcpy(&boot, info, info->size < sizeof(boot) ? info->size : sizeof(boot));
        return;
    }
    boot = qemu_virt;
    boot.gicc_gpa = gicv2_is_native() ? VIRT_GICC : 0;
    boot.vcpu_count = gic_count_cpus(&boot);
}

/* First C code, caches off. */
void guest_early(uint64_t dtb, uint64_t info)
{
    (void)dtb;
    boot_take((const struct boot_info *)info);
    vcpu_init();
    mmu_build(&boot);
}

void guest_start(void)
{
    hw_serror_unmask();
    console_init();
    gic_init(vg_boot());
    gic_init_cpu();
    timer_init_cpu();
    hw_irq_unmask();
    guest_main();
    vg_power_off();
}

const struct boot_info *vg_boot(void)
{
    return &boot;
}

_Noreturn void zone_off(void)
{
    struct vg_call call = { .x = { PSCI_SYSTEM_OFF } };

    vg_call(&call);
    for (;;) {
        hw_wfi();
    }
}

_Noreturn void vg_power_off(void)
{
    vg_irq_mask();
    zone_off();
}

_Noreturn void vg_reset(void)
{
    struct vg_call call = { .x = { PSCI_SYSTEM_RESET } };

    vg_irq_mask();
    vg_call(&call);
    zone_off();
}
