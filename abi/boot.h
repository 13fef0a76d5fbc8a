/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bare guest finds at entry. aarch64: EL1h, MMU and caches off, interrupts masked, x0 = gpa
 * of the zone's device tree, x1 = gpa of struct boot_info (0 for a Linux zone, whose boot protocol
 * reserves x1), x2 = x3 = 0. A vCPU started by PSCI CPU_ON has x0 = the context id, others 0.
 * The plan compiler writes this block; it lies in the zone's RAM and is pristine at each start.
 */
#ifndef ABI_BOOT_H
#define ABI_BOOT_H

#include <stdint.h>

#define BOOT_INFO_MAGIC   UINT64_C(0x31544f4f42525456) /* "VTRBOOT1" */
#define BOOT_INFO_VERSION UINT32_C(1)
#define BOOT_NAME_SIZE    24u
#define BOOT_MAX_CHANNELS 16u
#define BOOT_MAX_VIRTIO   8u

/* Fields are only ever appended; a reader looks at none that lies beyond `size`. */

/* A channel of the zone: what its PCI function's BARs and interrupt pin say, see abi/channel.h. */
struct boot_channel {
    char name[BOOT_NAME_SIZE];
    uint64_t regs_gpa; /* 4 KiB of registers */
    uint64_t mem_gpa, mem_size;
    uint32_t intid;
    uint32_t reserved; /* 0 */
};

/* A virtio-mmio device of the zone. */
struct boot_virtio {
    char name[BOOT_NAME_SIZE];
    uint64_t regs_gpa; /* 4 KiB of registers */
    uint32_t type;     /* VIRTIO's device number */
    uint32_t intid;
};

struct boot_info {
    uint64_t magic;
    uint32_t version;
    uint32_t size; /* of this structure as written; a reader accepts any of its version */
    char zone_name[BOOT_NAME_SIZE];
    uint32_t vcpu_count;
    uint32_t conduit;           /* PSCI: 0 smc, 1 hvc */
    uint64_t ram_gpa, ram_size; /* the region that holds the boot images */
    uint64_t gicd_gpa, gicr_gpa;
    uint64_t uart_gpa; /* PL011; 0: none */
    uint32_t uart_intid;
    uint32_t virt_timer_intid;
    uint32_t phys_timer_intid;
    uint32_t channel_count; /* was 0 before there were channels */
    struct boot_channel channel[BOOT_MAX_CHANNELS];
    uint64_t gicc_gpa;    /* GICv2: its CPU interface; 0: a GICv3 */
    uint64_t control_gpa; /* registers of the control device, abi/ctl.h; 0: none */
    uint32_t control_intid;
    uint32_t virtio_count;
    struct boot_virtio virtio[BOOT_MAX_VIRTIO];
};

#endif
