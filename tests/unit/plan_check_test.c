/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/plan_check: a good plan passes, every rule of the table has a plan that violates it, and no
 * bytes make the check misbehave. The table below is compared with plan_rules[].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/field.h"
#include "lib/plan_check.h"
#include "plan_good.h"

#define RAM  PLAN_GOOD_RAM
#define MIB  UINT64_C(0x100000)
#define UART PLAN_GOOD_UART

static struct plan p;

/* --- one violation for each rule ------------------------------------------------------------- */

/* clang-format off */
#define BREAK(name, ...) static void break_##name(void) { __VA_ARGS__; }
BREAK(magic,           p.magic++)
BREAK(version,         p.version++)
BREAK(size,            p.size -= 8)
BREAK(zone_count,      p.zone_count = 0)
BREAK(zone_count_max,  p.zone_count = PLAN_MAX_ZONES + 1)
BREAK(cpu_count,       p.cpu_count = 0)
BREAK(cpu_count_max,   p.cpu_count = PLAN_MAX_CPUS + 1)
BREAK(ram_count,       p.board.ram_count = PLAN_MAX_RAM + 1)
BREAK(ram_none,        p.board.ram_count = 0)
BREAK(region_count,    p.region_count = PLAN_MAX_REGIONS + 1)
BREAK(irq_count,       p.irq_count = UINT32_MAX)
BREAK(image_count,     p.image_count = PLAN_MAX_IMAGES + 1)
BREAK(log_level,       p.log_level = 4)
BREAK(gic_version,     p.board.gic_version = 4)
BREAK(gic_old,         p.board.gic_version = 1)
BREAK(gic_cpus,        plan_gicv2(&p); p.cpu_count = 9)
BREAK(gicd_none,       plan_gicv2(&p); p.board.gicd_size = 0x800)
BREAK(gicc_small,      plan_gicv2(&p); p.board.gicc_size = 0x1000)
BREAK(gich_none,       plan_gicv2(&p); p.board.gich_hpa = p.board.gich_size = 0)
BREAK(gicv_none,       plan_gicv2(&p); p.board.gicv_hpa = p.board.gicv_size = 0)
BREAK(gicv_small,      plan_gicv2(&p); p.board.gicv_size = 0x1000)
BREAK(gicv_odd,        plan_gicv2(&p); p.board.gicv_hpa += 0x800)
BREAK(gicv_uart,       plan_gicv2(&p); p.board.gicv_hpa = UART)
BREAK(gicv_given,      plan_gicv2(&p); p.region[3].hpa = p.board.gicv_hpa + 0x1000)
BREAK(gich_given,      plan_gicv2(&p); p.region[3].hpa = p.board.gich_hpa)
BREAK(gicc_given,      plan_gicv2(&p); p.region[3].hpa = p.board.gicc_hpa)
BREAK(gicc_gpa_odd,    plan_gicv2(&p); p.zone[1].gicc_gpa += 0x800)
BREAK(gicc_gpa_gicd,   plan_gicv2(&p); p.zone[1].gicc_gpa = p.zone[1].gicd_gpa - 0x1000)
BREAK(gicc_gpa_ram,    plan_gicv2(&p); p.zone[1].gicc_gpa = RAM)
BREAK(conduit,         p.board.conduit = 2)
BREAK(ppi,             p.board.hyp_timer_intid = 32)
BREAK(ppi_twice,       p.board.hyp_timer_intid = p.board.virt_timer_intid)
BREAK(uart_intid,      p.board.uart_intid = 1020)
BREAK(fixed_range,     p.board.gicd_size = 0)
BREAK(fixed_wrap,      p.board.gicr_hpa = UINT64_MAX - 0xfff)
BREAK(fixed_small,     p.board.gicr_size = 0x80000)
BREAK(fixed_overlap,   p.board.uart_hpa = p.board.gicr_hpa)
BREAK(fixed_ram,       p.board.uart_hpa = RAM + 512 * MIB)
BREAK(ram_range,       p.board.ram[1].size = 0)
BREAK(ram_wrap,        p.board.ram[1].hpa = UINT64_MAX - 0xfff)
BREAK(ram_overlap,     p.board.ram[1].hpa = RAM + 1023 * MIB)
BREAK(hyp_range,       p.hyp_size = 0)
BREAK(hyp_align,       p.hyp_hpa += MIB)
BREAK(hyp_ram,         p.hyp_hpa = 0x100000000; p.image_hpa = p.hyp_hpa)
BREAK(hyp_image,       p.image_size = 31 * MIB)
BREAK(hyp_image_wrap,  p.image_size = UINT64_MAX)
BREAK(hyp_pool,        p.image_size = 30 * MIB - 4096)
BREAK(cpu_hw_id,       p.cpu[1].hw_id |= UINT64_C(0x80000000))
BREAK(cpu_unique,      p.cpu[1].hw_id = p.cpu[4].hw_id)
BREAK(cpu_owner,       p.cpu[4].zone = 2)
BREAK(cpu_owner_vcpu,  p.cpu[3].vcpu = 2)
BREAK(cpu_parked,      p.cpu[4].vcpu = 1)
BREAK(cpu_vcpu_unique, p.cpu[3].vcpu = 0)
BREAK(zone_name,       p.zone[1].name[0] = 'M')
BREAK(zone_name_end,   memset(p.zone[1].name, 'a', PLAN_NAME_SIZE))
BREAK(zone_name_pad,   p.zone[1].name[PLAN_NAME_SIZE - 1] = 'x')
BREAK(zone_name_empty, p.zone[1].name[0] = 0)
BREAK(zone_name_twice, memcpy(p.zone[1].name, p.zone[0].name, PLAN_NAME_SIZE))
BREAK(zone_role,       p.zone[1].role = 3)
BREAK(zone_zero,       p.zone[1].role = PLAN_ROLE_ZONE0)
BREAK(zone_reserved,   p.zone[1].reserved = 1)
BREAK(zone_flags,      p.zone[1].flags = 16)
BREAK(zone_console,    p.zone[1].console = 3)
BREAK(zone_vuart,      p.zone[1].vuart_intid = 31)
BREAK(zone_vuart_none, p.zone[1].console = PLAN_CONSOLE_NONE)
BREAK(zone_cpus,       p.zone[1].vcpu_count = 3)
BREAK(zone_no_cpu,     p.zone[1].vcpu_count = 0; p.cpu[2].zone = p.cpu[3].zone = PLAN_NONE)
BREAK(zone_ram,        p.region[2].zone = p.region[10].zone = 0)
BREAK(zone_entry,      p.zone[1].entry = RAM + 64 * MIB)
BREAK(zone_entry_odd,  p.zone[1].entry += 2)
BREAK(zone_dtb,        p.zone[1].dtb = 0)
BREAK(zone_boot_info,  p.zone[1].boot_info = RAM + 64 * MIB - 8)
BREAK(window_range,    p.zone[1].gicd_gpa += 0x1000)
BREAK(window_limit,    p.zone[1].gicr_gpa = PLAN_IPA_LIMIT - 0x10000)
BREAK(window_overlap,  p.zone[1].vuart_gpa = p.zone[1].gicr_gpa + 0x30000)
BREAK(window_region,   p.zone[1].vuart_gpa = RAM)
BREAK(region_kind,     p.region[3].kind = 4)
BREAK(region_reserved, p.region[3].reserved = 1)
BREAK(region_zone,     p.region[3].zone = 2)
BREAK(region_size,     p.region[3].size = 0)
BREAK(region_wrap,     p.region[2].hpa = UINT64_MAX - 2 * MIB + 1)
BREAK(region_align,    p.region[2].hpa += MIB)
BREAK(device_align,    p.region[3].size = 0x200)
BREAK(region_limit,    p.region[2].gpa = PLAN_IPA_LIMIT - 2 * MIB)
BREAK(region_hpa,      p.region[3].hpa = PLAN_HPA_LIMIT)
BREAK(region_board,    p.region[2].hpa = RAM + 1022 * MIB)
BREAK(device_ram,      p.region[3].hpa = RAM + 900 * MIB)
BREAK(device_fixed,    p.region[3].hpa = p.board.gicd_hpa)
BREAK(device_uart,     p.region[3].hpa = UART)
BREAK(region_hyp,      p.region[2].hpa = RAM + 30 * MIB)
BREAK(region_overlap,  p.region[2].hpa = p.region[0].hpa)
BREAK(region_gpa,      p.region[3].gpa = RAM)
BREAK(dma_identity,    p.zone[1].flags = PLAN_ZONE_DMA_TRUSTED)
BREAK(irq_intid,       p.irq[1].intid = 27)
BREAK(irq_high,        p.irq[1].intid = 1020)
BREAK(irq_reserved,    p.irq[1].reserved = 1)
BREAK(irq_flags,       p.irq[1].flags = 2)
BREAK(irq_zone,        p.irq[1].zone = 2)
BREAK(irq_unique,      p.irq[1].intid = p.irq[0].intid)
BREAK(irq_uart,        p.irq[1].intid = p.board.uart_intid)
BREAK(irq_vuart,       p.irq[1].intid = p.zone[1].vuart_intid = 60)
BREAK(image_reserved,  p.image[2].reserved = 1)
BREAK(image_zone,      p.image[2].zone = 2)
BREAK(image_source,    p.image[2].offset = 8 * MIB)
BREAK(image_offset,    p.image[2].offset += 4)
BREAK(image_size,      p.image[2].size = 0)
BREAK(image_wrap,      p.image[2].offset = UINT64_MAX - 7)
BREAK(image_ram,       p.image[2].gpa = RAM + 62 * MIB)
BREAK(image_overlap,   p.image[3].gpa = RAM + 4 * MIB - 8)
BREAK(channel_count, p.channel_count = PLAN_MAX_CHANNELS + 1)
BREAK(function_count, p.function_count = PLAN_MAX_FUNCTIONS + 1)
BREAK(smmu_intid, p.board.smmu_event_intid = 31)
BREAK(smmu_uart, p.board.smmu_event_intid = p.board.uart_intid)
BREAK(smmu_rest, p.board.smmu_hpa = 0) BREAK(smmu_reserved, p.board.reserved = 1)
BREAK(smmu_small, p.board.smmu_size = 0x10000)
BREAK(smmu_irq, p.irq[1].intid = p.board.smmu_event_intid)
BREAK(smmu_region, p.region[3].hpa = p.board.smmu_hpa)
BREAK(ecam_region, p.region[3].hpa = p.board.pci_ecam_hpa)
BREAK(function_zone, p.function[1].zone = 2) BREAK(function_bus, p.function[1].bdf = 0x110)
BREAK(function_first, p.function[1].bdf = 0x19) BREAK(function_host, p.function[1].bdf = 0)
BREAK(function_port, p.function[1].port = 1) BREAK(function_ecam, p.board.pci_ecam_hpa = 0)
BREAK(port_none, p.function[1].bdf = 0x100)
BREAK(port_on_bus_0, p.function[1].port = 0x28)
BREAK(port_bus, p.function[1].bdf = PLAN_PCI_BUSES << 8; p.function[1].port = 0x28)
BREAK(port_far, p.function[1].bdf = 0x100; p.function[1].port = 0x228)
BREAK(port_device, p.function[1].bdf = 0x108; p.function[1].port = 0x28)
BREAK(port_given, p.function[1].bdf = 0x100; p.function[1].port = p.function[0].bdf)
BREAK(port_window, p.function[1].bdf = 0x100; p.function[1].port = 0x28;
      p.zone[1].host_size -= 0x1000)
BREAK(device_shared, p.function[1].bdf = p.function[0].bdf + 1)
BREAK(bus_shared, p.function[0].bdf = 0x100; p.function[0].port = 0x28; p.function[1].bdf = 0x101;
      p.function[1].port = 0x28)
BREAK(bridge_shared, p.function[0].bdf = 0x100; p.function[0].port = 0x28;
      p.function[1].bdf = 0x200; p.function[1].port = 0x28)
BREAK(function_twice, p.function[1].bdf = p.function[0].bdf)
BREAK(stream_twice, p.function[1].stream = p.function[0].stream)
BREAK(function_stream, p.function[1].stream = PLAN_MAX_STREAMS)
BREAK(function_dma, p.board.smmu_hpa = p.board.smmu_size = p.board.smmu_event_intid = 0;
      p.function[0].stream = p.function[1].stream = 0)
BREAK(function_window, p.zone[1].host_size = 4 * MIB)
BREAK(function_foreign, p.zone[1].host_hpa = p.zone[0].host_hpa)
BREAK(function_moved, p.region[5].gpa += 4 * MIB)
BREAK(ports_none, p.region_count = 7) BREAK(ports_small, p.region[7].size -= 0x1000)
BREAK(ports_moved, p.region[7].gpa += 4 * MIB) BREAK(ports_foreign, p.region[7].zone = 0)
BREAK(ports_shared, p.region[6].size += 0x1000)
BREAK(zone_functions, p.function[1].zone = 0)
BREAK(its_rest, p.board.its_hpa = 0) BREAK(its_odd, p.board.its_hpa += 0x1000)
BREAK(its_region, p.region[3].hpa = p.board.its_hpa + 0x10000)
BREAK(its_window, p.region[3].gpa = p.zone[1].its_gpa + 0x10000)
BREAK(msi_its, p.zone[1].its_gpa = 0) BREAK(msi_board, p.board.its_hpa = p.board.its_size = 0)
BREAK(msi_odd, p.function[1].events = 24)
BREAK(msi_many, p.function[1].events = 2 * PLAN_MAX_EVENTS)
BREAK(msi_device, p.function[1].device = PLAN_MAX_STREAMS)
BREAK(msi_moved, p.board.smmu_hpa = 0; p.zone[1].its_gpa += 0x20000)
BREAK(device_twice, p.function[1].device = p.function[0].device)
BREAK(zone_its, p.function[1].events = p.function[1].device = 0)
BREAK(host_window, p.zone[1].gicd_gpa = p.board.pci_ecam_hpa)
BREAK(zone_pci, p.zone[1].pci_size = PLAN_PCI_REGS_ALL - 0x1000)
BREAK(zone_pci_none, p.zone[1].ecam_gpa = 0) BREAK(window_ecam, p.zone[1].ecam_gpa += 0x10000)
BREAK(window_pci, p.zone[1].pci_gpa += 0x10000)
BREAK(window_pci_limit, p.zone[1].pci_size = PLAN_IPA_LIMIT)
BREAK(window_pci_ecam, p.zone[1].pci_gpa = p.zone[1].ecam_gpa)
BREAK(window_pci_ram, p.zone[1].pci_gpa = RAM; p.zone[1].ecam_gpa = RAM - 4 * MIB)
BREAK(channel_name, p.channel[1].name[0] = 0)
BREAK(channel_twice, memcpy(p.channel[1].name, p.channel[0].name, PLAN_NAME_SIZE))
BREAK(channel_flags, p.channel[1].flags = 2) BREAK(channel_rsvd, p.channel[1].reserved = 1)
BREAK(side_reserved, p.channel[1].side[1].reserved = 1)
BREAK(channel_same, p.channel[1].side[1].zone = 0)
BREAK(channel_peer, p.channel[1].side[0].zone = PLAN_NONE)
BREAK(channel_size, p.channel[1].size = 0x18000)
BREAK(channel_none, p.channel[1].size = 0)
BREAK(channel_small, p.channel[1].size = 0x800)
BREAK(channel_large, p.channel[1].size = PLAN_CHANNEL_LIMIT * 2)
BREAK(channel_align, p.channel[1].hpa += 0x1000)
BREAK(channel_board, p.channel[1].hpa = 0x9000000)
/* A channel at the very end of RAM, whose 2 MiB block goes on behind it. */
BREAK(channel_block, p.channel[1].hpa = RAM + 1024 * MIB - 0x10000;
      p.board.ram[0].size -= MIB; p.channel[1].hpa -= MIB)
BREAK(channel_wrap, p.channel[1].hpa = UINT64_MAX - 0xffff)
BREAK(channel_hyp, p.channel[1].hpa = RAM + 31 * MIB)
BREAK(channel_region, p.channel[1].hpa = p.region[2].hpa + MIB)
BREAK(channel_overlap, p.channel[1].hpa = p.channel[0].hpa)
BREAK(side_slot, p.channel[1].side[1].slot = PLAN_PCI_SLOTS)
BREAK(side_bus, p.zone[1].ecam_gpa = p.zone[1].pci_gpa = p.zone[1].pci_size = 0)
BREAK(side_memory, p.channel[1].side[1].mem_gpa = RAM + 32 * MIB)
BREAK(side_regs, p.channel[1].side[1].mem_gpa = 0x80110000)
BREAK(side_align, p.channel[1].side[1].mem_gpa += 0x1000)
BREAK(side_intid, p.channel[1].side[1].intid = 31)
BREAK(side_vuart, p.channel[1].side[1].intid = p.zone[1].vuart_intid)
BREAK(side_twice, p.channel[1].side[1].slot = 1)
BREAK(side_int_twice, p.channel[1].side[1].intid = 60)
BREAK(side_mem_twice, p.channel[1].side[1].mem_gpa = p.channel[0].side[1].mem_gpa)
BREAK(side_irq, p.channel[1].side[1].intid = p.irq[1].intid)
BREAK(zone_manual, p.zone[0].flags = p.zone[1].flags = PLAN_ZONE_MANUAL)
BREAK(pool_alone, p.control.region = 0) BREAK(pool_foreign, p.region[9].zone = 1)
BREAK(pool_small, p.region[9].size = PLAN_POOL_HEADER) BREAK(pool_in_pool, p.region[9].pool = 10)
BREAK(pool_own, p.region[10].zone = 0) BREAK(pool_header, p.region[10].hpa -= 2 * MIB)
BREAK(pool_end, p.region[10].size = 64 * MIB) BREAK(pool_wrap, p.region[9].size = UINT64_MAX)
BREAK(pool_none, p.region[10].pool = 8) BREAK(pool_self, p.region[10].pool = 11)
BREAK(pool_far, p.region[10].pool = UINT32_MAX) BREAK(pool_device, p.region[3].pool = 10)
BREAK(pool_silent, p.region[10].pool = 0)
BREAK(pool_twice, p.region[11] = p.region[10]; p.region[11].gpa += 64 * MIB; p.region_count = 12)
BREAK(pool_hyp, p.region[9].hpa = RAM; p.region[10].hpa = RAM + 2 * MIB)
BREAK(pool_align, p.region[9].size -= 0x1000)
BREAK(pool_board, p.region[9].hpa = 0x100000000; p.region[10].hpa = p.region[9].hpa + 2 * MIB)
BREAK(pool_channel, p.channel[1].hpa = p.region[9].hpa + 32 * MIB)
BREAK(pool_many, for (uint32_t i = 11; i < 20; i++) {
    p.region[i] = (struct plan_region){ 0x200000000 + i * 4 * MIB, 0x200000000 + i * 4 * MIB,
                                        4 * MIB, 0, PLAN_REGION_POOL, 0, 0 }; }
      p.region_count = 20)
BREAK(control_kind, p.control.region = 10) BREAK(control_twice, p.region[9].kind = 3)
BREAK(control_large, p.region[8].size = PLAN_CONTROL_LIMIT + 2 * MIB)
BREAK(control_owner, p.region[8].zone = 1) BREAK(control_overlap, p.region[8].hpa = p.region[9].hpa)
BREAK(control_far, p.control.region = UINT32_MAX)
BREAK(control_role, p.zone[0].role = PLAN_ROLE_USER)
BREAK(control_zone, p.control.zone = PLAN_NONE)
BREAK(control_bus, p.zone[0].ecam_gpa = p.zone[0].pci_gpa = p.zone[0].pci_size = 0)
BREAK(control_place, p.control.slot = PLAN_PCI_SLOTS)
BREAK(control_slot, p.control.slot = 1) BREAK(control_line, p.control.intid = 60)
BREAK(control_intid, p.control.intid = 31)
BREAK(control_vuart, p.control.intid = p.zone[0].vuart_intid)
BREAK(control_irq, p.control.intid = p.irq[0].intid)

static const struct sample {
    const char *rule;
    void (*make)(void);
} samples[] = {
    { "magic",            break_magic },           { "version",        break_version },
    { "size",             break_size },            { "zone-count",     break_zone_count },
    { "zone-count",       break_zone_count_max },  { "cpu-count",      break_cpu_count },
    { "cpu-count",        break_cpu_count_max },   { "ram-count",      break_ram_count },
    { "ram-count",        break_ram_none },        { "region-count",   break_region_count },
    { "irq-count",        break_irq_count },       { "image-count",    break_image_count },
    { "log-level",        break_log_level },       { "gic-version",    break_gic_version },
    { "gic-version",      break_gic_old },         { "gic-cpus",       break_gic_cpus },
    { "fixed-range",      break_gicd_none },       { "fixed-range",    break_gicc_small },
    { "fixed-range",      break_gich_none },       { "fixed-range",    break_gicv_none },
    { "fixed-range",      break_gicv_small },      { "fixed-range",    break_gicv_odd },
    { "fixed-overlap",    break_gicv_uart },       { "device-fixed",   break_gicv_given },
    { "device-fixed",     break_gich_given },      { "device-fixed",   break_gicc_given },
    { "window-range",     break_gicc_gpa_odd },    { "window-overlap", break_gicc_gpa_gicd },
    { "window-region",    break_gicc_gpa_ram },
    { "conduit",          break_conduit },         { "ppi",            break_ppi },
    { "ppi",              break_ppi_twice },       { "uart-intid",     break_uart_intid },
    { "fixed-range",      break_fixed_range },     { "fixed-range",    break_fixed_wrap },
    { "fixed-range",      break_fixed_small },     { "fixed-overlap",  break_fixed_overlap },
    { "fixed-ram",        break_fixed_ram },       { "ram-range",      break_ram_range },
    { "ram-range",        break_ram_wrap },        { "ram-overlap",    break_ram_overlap },
    { "hyp-range",        break_hyp_range },       { "hyp-range",      break_hyp_align },
    { "hyp-ram",          break_hyp_ram },         { "hyp-image",      break_hyp_image },
    { "hyp-image",        break_hyp_image_wrap },  { "hyp-pool",       break_hyp_pool },
    { "cpu-hw-id",        break_cpu_hw_id },       { "cpu-unique",     break_cpu_unique },
    { "cpu-owner",        break_cpu_owner },       { "cpu-owner",      break_cpu_owner_vcpu },
    { "cpu-owner",        break_cpu_parked },      { "cpu-vcpu-unique", break_cpu_vcpu_unique },
    { "zone-name",        break_zone_name },       { "zone-name",      break_zone_name_end },
    { "zone-name",        break_zone_name_pad },   { "zone-name",      break_zone_name_empty },
    { "zone-name-unique", break_zone_name_twice }, { "zone-role",      break_zone_role },
    { "zone-zero-single", break_zone_zero },       { "zone-reserved",  break_zone_reserved },
    { "zone-reserved",    break_zone_flags },      { "zone-console",   break_zone_console },
    { "zone-console",     break_zone_vuart },      { "zone-console",   break_zone_vuart_none },
    { "zone-cpus",        break_zone_cpus },       { "zone-cpus",      break_zone_no_cpu },
    { "zone-ram",         break_zone_ram },        { "zone-entry",     break_zone_entry },
    { "zone-entry",       break_zone_entry_odd },  { "zone-dtb",       break_zone_dtb },
    { "zone-boot-info",   break_zone_boot_info },  { "window-range",   break_window_range },
    { "window-range",     break_window_limit },    { "window-overlap", break_window_overlap },
    { "window-region",    break_window_region },   { "region-kind",    break_region_kind },
    { "region-kind",      break_region_zone },     { "region-size",    break_region_size },
    { "region-wrap",      break_region_wrap },     { "region-align",   break_region_align },
    { "region-align",     break_device_align },    { "region-limit",   break_region_limit },
    { "region-limit",     break_region_hpa },      { "region-board",   break_region_board },
    { "device-ram",       break_device_ram },      { "device-fixed",   break_device_fixed },
    { "device-fixed",     break_device_uart },     { "region-hyp",     break_region_hyp },
    { "region-overlap",   break_region_overlap },  { "region-gpa",     break_region_gpa },
    { "dma-identity",     break_dma_identity },    { "irq-intid",      break_irq_intid },
    { "irq-intid",        break_irq_high },        { "irq-reserved",   break_irq_reserved },
    { "irq-reserved",     break_irq_flags },       { "irq-reserved",   break_irq_zone },
    { "irq-unique",       break_irq_unique },      { "irq-uart",       break_irq_uart },
    { "irq-vuart",        break_irq_vuart },       { "image-reserved", break_image_reserved },
    { "image-reserved",   break_image_zone },      { "image-source",   break_image_source },
    { "image-source",     break_image_offset },    { "image-source",   break_image_size },
    { "image-source",     break_image_wrap },      { "image-ram",      break_image_ram },
    { "image-overlap",    break_image_overlap },
    { "channel-count", break_channel_count }, { "function-count", break_function_count },
    { "smmu", break_smmu_intid }, { "smmu", break_smmu_uart }, { "smmu", break_smmu_rest },
    { "smmu", break_smmu_reserved }, { "fixed-range", break_smmu_small },
    { "irq-smmu", break_smmu_irq }, { "device-fixed", break_smmu_region },
    { "device-fixed", break_ecam_region }, { "function-place", break_function_zone },
    { "function-place", break_function_bus }, { "function-first", break_function_first },
    { "function-place", break_function_host }, { "function-place", break_function_port },
    { "function-place", break_port_none }, { "function-place", break_port_on_bus_0 },
    { "function-place", break_port_bus }, { "function-place", break_port_far },
    { "function-place", break_port_device }, { "function-device", break_port_given },
    { "function-window", break_port_window }, { "function-device", break_device_shared },
    { "function-device", break_bus_shared }, { "function-device", break_bridge_shared },
    { "function-place", break_function_ecam }, { "function-unique", break_function_twice },
    { "function-unique", break_stream_twice }, { "function-dma", break_function_stream },
    { "function-dma", break_function_dma }, { "function-window", break_function_window },
    { "function-window", break_function_foreign }, { "function-window", break_function_moved },
    { "function-window", break_ports_none }, { "function-window", break_ports_small },
    { "function-window", break_ports_moved }, { "function-window", break_ports_foreign },
    { "region-overlap", break_ports_shared },
    { "its", break_its_rest }, { "its", break_its_odd }, { "device-fixed", break_its_region },
    { "window-region", break_its_window }, { "function-msi", break_msi_its },
    { "function-msi", break_msi_board }, { "function-msi", break_msi_odd },
    { "function-msi", break_msi_many }, { "function-msi", break_msi_device },
    { "function-msi", break_msi_moved }, { "device-unique", break_device_twice },
    { "zone-its", break_zone_its }, { "zone-functions", break_zone_functions },
    { "window-overlap", break_host_window },
    { "zone-pci", break_zone_pci }, { "zone-pci", break_zone_pci_none },
    { "window-range", break_window_ecam }, { "window-range", break_window_pci },
    { "window-range", break_window_pci_limit }, { "window-overlap", break_window_pci_ecam },
    { "window-region", break_window_pci_ram }, { "channel-name", break_channel_name },
    { "channel-name-unique", break_channel_twice }, { "channel-reserved", break_channel_flags },
    { "channel-reserved", break_channel_rsvd }, { "channel-reserved", break_side_reserved },
    { "channel-peers", break_channel_same }, { "channel-peers", break_channel_peer },
    { "channel-size", break_channel_size }, { "channel-size", break_channel_none },
    { "channel-size", break_channel_small }, { "channel-size", break_channel_large },
    { "channel-align", break_channel_align }, { "channel-board", break_channel_board },
    { "channel-board", break_channel_wrap }, { "channel-board", break_channel_block },
    { "channel-hyp", break_channel_hyp }, { "channel-region", break_channel_region },
    { "channel-overlap", break_channel_overlap }, { "side-slot", break_side_slot },
    { "side-slot", break_side_bus }, { "side-memory", break_side_memory },
    { "side-memory", break_side_regs }, { "side-memory", break_side_align },
    { "side-intid", break_side_intid }, { "side-intid", break_side_vuart },
    { "side-unique", break_side_twice }, { "side-unique", break_side_int_twice },
    { "side-unique", break_side_mem_twice },
    { "side-irq", break_side_irq }, { "region-kind", break_region_reserved },
    { "zone-manual", break_zone_manual }, { "region-pool", break_pool_alone },
    { "region-pool", break_pool_foreign }, { "region-pool", break_pool_small },
    { "region-pool", break_pool_in_pool }, { "region-pool", break_pool_own },
    { "region-pool", break_pool_header }, { "region-pool", break_pool_end },
    { "region-pool", break_pool_wrap }, { "region-pool", break_pool_none },
    { "region-pool", break_pool_self }, { "region-pool", break_pool_far },
    { "region-pool", break_pool_device }, { "region-overlap", break_pool_silent },
    { "region-overlap", break_pool_twice }, { "region-hyp", break_pool_hyp },
    { "region-align", break_pool_align }, { "region-board", break_pool_board },
    { "channel-region", break_pool_channel }, { "pool-count", break_pool_many },
    { "region-control", break_control_kind }, { "region-control", break_control_twice },
    { "region-control", break_control_large }, { "region-control", break_control_owner },
    { "region-overlap", break_control_overlap }, { "control-zone", break_control_far },
    { "control-zone", break_control_role }, { "control-zone", break_control_zone },
    { "control-zone", break_control_bus }, { "control-zone", break_control_place },
    { "control-slot", break_control_slot }, { "control-slot", break_control_line },
    { "control-intid", break_control_intid }, { "control-intid", break_control_vuart },
    { "control-irq", break_control_irq },
};
/* clang-format on */

struct seen {
    struct plan_sink sink; /* first */
    const char *wanted;
    unsigned all, matching;
    struct plan_verdict verdict; /* the first that matches */
};

static void seen_found(struct plan_sink *sink, const struct plan_verdict *verdict)
{
    struct seen *seen = (struct seen *)sink;

    seen->all++;
    if (seen->wanted != NULL && strcmp(seen->wanted, verdict->rule) == 0) {
        seen->verdict = seen->matching == 0 ? *verdict : seen->verdict;
        seen->matching++;
    }
    assert_true(verdict->a.kind < PLAN_OBJECT_COUNT && verdict->b.kind < PLAN_OBJECT_COUNT);
    assert_string_not_equal(plan_object_name(verdict->a.kind), "?");
    (void)plan_owner(&p, verdict->a);
    (void)plan_owner(&p, verdict->b);
}

static void test_good(void **state)
{
    (void)state;
    plan_good(&p);
    assert_int_equal(plan_check(&p, NULL), 0);
    p.board.uart_hpa = 0; /* no console of its own is fine */
    p.zone[0].console = PLAN_CONSOLE_PASSTHROUGH;
    p.zone[0].vuart_gpa = p.zone[0].vuart_intid = 0;
    p.zone[0].boot_info = 0;
    p.region[1].hpa = p.region[1].gpa = UART;
    p.irq[0].intid = 33;
    assert_int_equal(plan_check(&p, NULL), 0);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        struct seen seen = { { seen_found }, samples[i].rule, 0, 0, { 0 } };
        uint32_t found;

        plan_good(&p);
        samples[i].make();
        found = plan_check(&p, &seen.sink);
        assert_int_equal(found, seen.all);
        if (seen.matching == 0) {
            fail_msg("sample %zu does not violate rule %s", i, samples[i].rule);
        }
    }
}

static void test_table(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < plan_rule_count; i++) {
        bool has_sample = false;

        assert_non_null(plan_rules[i].holds);
        assert_int_not_equal(plan_rules[i].a_kind, PLAN_OBJECT_NONE);
        for (uint32_t j = 0; j < i; j++) {
            assert_string_not_equal(plan_rules[i].name, plan_rules[j].name);
        }
        for (size_t j = 0; j < ARRAY_COUNT(samples); j++) {
            has_sample = has_sample || strcmp(samples[j].rule, plan_rules[i].name) == 0;
        }
        if (!has_sample && strncmp(plan_rules[i].name, "virtio-", 7) != 0) { /* plan_virtio_test */
            fail_msg("rule %s has no failing sample", plan_rules[i].name);
        }
    }
    for (size_t j = 0; j < ARRAY_COUNT(samples); j++) {
        uint32_t i = 0;

        while (i < plan_rule_count && strcmp(samples[j].rule, plan_rules[i].name) != 0) {
            i++;
        }
        assert_true(i < plan_rule_count);
    }
}

static void test_verdict_names_both(void **state)
{
    struct seen seen = { { seen_found }, "region-overlap", 0, 0, { 0 } };

    (void)state;
    plan_good(&p);
    break_region_overlap();
    (void)plan_check(&p, &seen.sink);
    assert_int_equal(seen.matching, 1);
    assert_int_equal(seen.verdict.a.index, 0);
    assert_int_equal(seen.verdict.b.index, 2);
    assert_int_equal(plan_owner(&p, seen.verdict.a), 0);
    assert_int_equal(plan_owner(&p, seen.verdict.b), 1);
    assert_int_equal(plan_owner(&p, (struct plan_ref){ PLAN_OBJECT_REGION, 11 }), PLAN_NONE);
    assert_int_equal(plan_owner(&p, (struct plan_ref){ 99, 0 }), PLAN_NONE);
    assert_string_equal(plan_object_name(99), "?");
}

static void test_gate_stops(void **state)
{
    struct seen seen = { { seen_found }, "zone-count", 0, 0, { 0 } };

    (void)state;
    plan_good(&p);
    break_zone_count();
    break_region_overlap();
    assert_int_equal(plan_check(&p, &seen.sink), 1);
    assert_int_equal(seen.matching, 1);
}

static uint64_t random_state = 1;

static uint64_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Bytes of a good plan are replaced; header and counts stay plausible so that all rules run. */
static void test_any_bytes(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct seen seen = { { seen_found }, NULL, 0, 0, { 0 } };
        uint8_t *bytes = (uint8_t *)&p;
        uint32_t found;

        plan_good(&p);
        for (uint64_t n = random_word() % 2000; n > 0; n--) {
            bytes[offsetof(struct plan, hyp_hpa) +
                  random_word() % (sizeof(p) - offsetof(struct plan, hyp_hpa))] =
                (uint8_t)random_word();
        }
        if (round % 2 == 0) {
            p.cpu_count = PLAN_MAX_CPUS;
            p.zone_count = PLAN_MAX_ZONES;
            p.region_count = PLAN_MAX_REGIONS;
            p.irq_count = PLAN_MAX_IRQS;
            p.image_count = PLAN_MAX_IMAGES;
            p.board.ram_count = PLAN_MAX_RAM;
        }
        found = plan_check(&p, &seen.sink);
        assert_int_equal(found, seen.all);
    }
    memset(&p, 0xff, sizeof(p));
    assert_true(plan_check(&p, NULL) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_samples),
        cmocka_unit_test(test_table),      cmocka_unit_test(test_verdict_names_both),
        cmocka_unit_test(test_gate_stops), cmocka_unit_test(test_any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
