/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.bin: the static partition table that the plan compiler writes and the hypervisor obeys.
 * Fixed little-endian layout without pointers; every count is bounded by a PLAN_MAX_ constant.
 * lib/plan_check.h holds the rules that make a plan acceptable, on both sides.
 */
#ifndef ABI_PLAN_H
#define ABI_PLAN_H

#include <stdint.h>

#define PLAN_MAGIC   UINT64_C(0x314e414c50525456) /* "VTRPLAN1" */
#define PLAN_VERSION UINT32_C(7)

#define PLAN_MAX_CPUS      16u
#define PLAN_MAX_ZONES     8u
#define PLAN_MAX_REGIONS   96u
#define PLAN_MAX_IRQS      256u
#define PLAN_MAX_IMAGES    48u
#define PLAN_MAX_RAM       8u
#define PLAN_MAX_CHANNELS  16u
#define PLAN_MAX_FUNCTIONS 16u
#define PLAN_MAX_VIRTIO    32u
#define PLAN_PCI_BUSES     4u /* of the PCI host: bus 0, and those behind bridges there */
#define PLAN_MAX_STREAMS   (PLAN_PCI_BUSES * 256u)
#define PLAN_MAX_EVENTS    32u /* messages of one function */
#define PLAN_MAX_POOLS     8u
#define PLAN_NAME_SIZE     24u /* with the terminating 0 */

#define PLAN_NONE UINT32_MAX /* "no zone" in plan_cpu.zone */

enum plan_role { PLAN_ROLE_ZONE0 = 0, PLAN_ROLE_USER = 1, PLAN_ROLE_REALTIME = 2 };

enum plan_region_kind {
    PLAN_REGION_RAM = 0,    /* 2 MiB aligned gpa, hpa and size; loaded, scrubbed, cacheable */
    PLAN_REGION_DEVICE = 1, /* 4 KiB aligned; mapped as Device memory, never touched by us */
    /* Both 2 MiB aligned, cacheable, and of the zone in plan.control; it finds device-DAX there. */
    PLAN_REGION_POOL = 2,    /* RAM of other zones lies in it, not over its first 2 MiB */
    PLAN_REGION_CONTROL = 3, /* shared with the hypervisor: abi/ctl.h */
};

enum plan_console_kind {
    PLAN_CONSOLE_NONE = 0,
    PLAN_CONSOLE_EMULATED = 1,    /* PL011 emulated by the hypervisor at vuart_gpa */
    PLAN_CONSOLE_PASSTHROUGH = 2, /* the machine's UART is one of the zone's device regions */
};

enum plan_conduit { PLAN_CONDUIT_SMC = 0, PLAN_CONDUIT_HVC = 1 };

/* plan_zone.flags */
#define PLAN_ZONE_DMA_TRUSTED  UINT32_C(1) /* owns a DMA master that no IOMMU contains */
#define PLAN_ZONE_DEBUG_DENIED UINT32_C(2)
#define PLAN_ZONE_IRQ_DIRECT   UINT32_C(4) /* interrupts: direct */
#define PLAN_ZONE_MANUAL       UINT32_C(8) /* does not start with the machine */

/* plan_irq.flags */
#define PLAN_IRQ_EDGE UINT32_C(1) /* edge triggered; else level */

struct plan_cpu {
    uint64_t hw_id; /* aarch64: MPIDR_EL1 affinity fields, all other bits 0 */
    uint32_t zone;  /* index of the owner, or PLAN_NONE: parked */
    uint32_t vcpu;  /* index within the zone, 0 boots; 0 when zone is PLAN_NONE */
};

struct plan_ram {
    uint64_t hpa, size; /* of the board; zones and the hypervisor lie inside */
};

struct plan_region {
    uint64_t gpa, hpa, size;
    uint32_t zone;
    uint32_t kind;     /* enum plan_region_kind */
    uint32_t pool;     /* RAM: 1 + index in region[] of the pool that it lies in; 0: in none */
    uint32_t reserved; /* 0 */
};

/* A shared peripheral interrupt owned by a zone; guest and machine number are the same. */
struct plan_irq {
    uint32_t zone;
    uint32_t intid; /* GIC INTID, 32..1019 */
    uint32_t flags;
    uint32_t reserved; /* 0 */
};

/* Bytes of the boot image that are copied into the zone's RAM at each start of the zone. */
struct plan_image {
    uint64_t offset; /* from the boot image's first byte, 8-byte aligned */
    uint64_t size;   /* bytes, not 0 */
    uint64_t gpa;    /* inside one RAM region of the zone */
    uint32_t zone;
    uint32_t reserved; /* 0 */
};

struct plan_zone {
    char name[PLAN_NAME_SIZE]; /* [a-z0-9_-], 0-terminated, padded with 0 */
    uint32_t role;             /* enum plan_role */
    uint32_t flags;            /* PLAN_ZONE_* */
    uint32_t vcpu_count;
    uint32_t console;     /* enum plan_console_kind */
    uint64_t entry;       /* gpa of vCPU 0's first instruction */
    uint64_t dtb;         /* gpa handed over in x0 */
    uint64_t boot_info;   /* gpa of struct boot_info handed over in x1, or 0 */
    uint64_t gicd_gpa;    /* emulated distributor, 64 KiB; GICv2: 4 KiB */
    uint64_t gicr_gpa;    /* GICv3: emulated redistributors, vcpu_count * 128 KiB */
    uint64_t gicc_gpa;    /* GICv2: where the machine's virtual CPU interface is seen, 8 KiB */
    uint64_t vuart_gpa;   /* emulated PL011, 4 KiB; 0 when console is not EMULATED */
    uint32_t vuart_intid; /* its level interrupt; belongs to no plan_irq of this zone */
    uint32_t reserved;    /* 0 */
    /* The zone's virtual PCI bus, see abi/channel.h; all 0: it has none. */
    uint64_t ecam_gpa;          /* configuration space of one bus, 1 MiB */
    uint64_t pci_gpa, pci_size; /* memory window: registers by slot, then shared memory */
    /* Memory window of the machine's PCI functions that the zone owns, same addresses; 0: none. */
    uint64_t host_hpa, host_size;
    uint64_t its_gpa; /* emulated ITS, 128 KiB, for messages of these functions; 0: none */
};

#define PLAN_PCI_SLOTS     32u
#define PLAN_PCI_ECAM_SIZE UINT64_C(0x100000) /* of a bus */
#define PLAN_PCI_ECAM_ALL  (PLAN_PCI_BUSES * PLAN_PCI_ECAM_SIZE)
/* Zone n's functions have I/O ports n * PLAN_PCI_PORTS and up: as many as 16 bits have for all. */
#define PLAN_PCI_PORTS     UINT64_C(0x2000)
/* The function in slot n has its registers (BAR 0) at pci_gpa + n * PLAN_PCI_REGS_SIZE. */
#define PLAN_PCI_REGS_SIZE UINT64_C(0x1000)
#define PLAN_PCI_REGS_ALL  (PLAN_PCI_SLOTS * PLAN_PCI_REGS_SIZE)

/* plan_channel.flags */
#define PLAN_CHANNEL_NOTIFY UINT32_C(1) /* peers may ring each other's doorbell */

#define PLAN_CHANNEL_LIMIT UINT64_C(0x10000000) /* bytes of shared memory, at most */

/* How one of the two zones sees a channel: as a function on its virtual PCI bus. */
struct plan_channel_side {
    uint32_t zone;
    uint32_t slot;     /* device number on the zone's bus, its own */
    uint64_t mem_gpa;  /* shared memory (BAR 2), aligned to its size, in the zone's window */
    uint32_t intid;    /* its level interrupt; nobody else's in this zone */
    uint32_t reserved; /* 0 */
};

/* Memory that two zones share, the only one, with a doorbell for each. Declared on both sides. */
struct plan_channel {
    char name[PLAN_NAME_SIZE];        /* as plan_zone.name */
    uint64_t hpa;                     /* aligned to size, or to 2 MiB if that is less */
    uint64_t size;                    /* a power of two, 4 KiB to PLAN_CHANNEL_LIMIT */
    uint32_t flags;                   /* PLAN_CHANNEL_* */
    uint32_t reserved;                /* 0 */
    struct plan_channel_side side[2]; /* of two different zones */
};

/*
 * A function of the machine's PCI host that belongs to a zone: on bus 0, or on one that the
 * hypervisor makes behind a bridge there. A zone's functions share its PCI window, those of a bus a
 * part of it: plan_function_window() of lib/plan_check.h. Its INTA is a plan_irq. Its message n is
 * the machine's LPI 8192 + index in plan.function[] * PLAN_MAX_EVENTS + n.
 */
struct plan_function {
    uint32_t zone;
    uint32_t bdf;    /* bus, device, function as in a requester id */
    uint32_t stream; /* by which the SMMU knows it; 0 when there is no SMMU */
    uint32_t device; /* by which the ITS knows it; 0 without messages */
    uint32_t events; /* messages it may send, a power of two; 0: none, MSI and MSI-X are hidden */
    uint32_t port;   /* the bridge on bus 0 in front of its bus; 0: it is on bus 0 itself */
};

/* The control device of zone0, a function on its virtual PCI bus: abi/ctl.h. */
struct plan_control {
    uint32_t region; /* 1 + index in region[] of the control region; 0: there is no such device */
    uint32_t zone;
    uint32_t slot;  /* device number on the zone's bus, its own */
    uint32_t intid; /* its level interrupt; nobody else's in this zone */
};

#define PLAN_POOL_HEADER   UINT64_C(0x200000)  /* bytes at a pool's beginning: device-DAX's */
#define PLAN_CONTROL_LIMIT UINT64_C(0x1000000) /* bytes of a control region, at most */

/* plan_virtio.type: VIRTIO's numbers of devices. */
#define PLAN_VIRTIO_NET     1u
#define PLAN_VIRTIO_BLK     2u
#define PLAN_VIRTIO_CONSOLE 3u
#define PLAN_VIRTIO_RNG     4u

#define PLAN_VIRTIO_SIZE   UINT64_C(0x1000) /* of a device's registers */
#define PLAN_VIRTIO_QUEUES 16u
#define PLAN_LET_GO_MAX    10000u /* ms */
#define PLAN_VIRTIO_MAX    1024u  /* descriptors of a queue, at most */

/*
 * A virtio-mmio device of a zone, served by a program in zone0: abi/bridge.h. Those of a zone
 * follow each other, here and in its address space. Its RAM lies in pools of zone0, and it starts
 * when zone0 says so.
 */
struct plan_virtio {
    char name[PLAN_NAME_SIZE]; /* as plan_zone.name; no two of a zone */
    uint32_t zone;
    uint32_t type;  /* PLAN_VIRTIO_* */
    uint64_t gpa;   /* of its registers, aligned to their size */
    uint32_t intid; /* its level interrupt; nobody else's in this zone */
    uint32_t queue_count;
    uint32_t queue_max; /* descriptors of a queue that a server may offer, a power of two */
    uint32_t reserved;  /* 0 */
};

/* What the hypervisor itself must know of the machine. */
struct plan_board {
    uint32_t gic_version; /* 2 or 3 */
    uint32_t conduit;     /* enum plan_conduit: how EL3 firmware is called */
    uint64_t gicd_hpa, gicd_size;
    uint64_t gicr_hpa, gicr_size; /* GICv3: redistributors */
    /* GICv2: interfaces of CPU, hypervisor and guest. Each CPU finds its own at the address. */
    uint64_t gicc_hpa, gicc_size;
    uint64_t gich_hpa, gich_size;
    uint64_t gicv_hpa, gicv_size;
    uint64_t uart_hpa;          /* PL011 used as the hypervisor's console; 0: none */
    uint32_t uart_intid;        /* 32..1019 when uart_hpa is not 0 */
    uint32_t maintenance_intid; /* PPIs, 16..31 */
    uint32_t hyp_timer_intid;
    uint32_t virt_timer_intid;
    uint32_t phys_timer_intid;
    uint32_t ram_count;
    struct plan_ram ram[PLAN_MAX_RAM];
    uint64_t smmu_hpa, smmu_size; /* SMMUv3 that contains all functions; 0: none is used */
    uint32_t smmu_event_intid;    /* edge triggered; 32..1019 when smmu_hpa is not 0 */
    uint32_t reserved;            /* 0 */
    uint64_t pci_ecam_hpa;        /* configuration space; 0: no function is given */
    uint64_t its_hpa, its_size;   /* GICv3 ITS that routes messages; 0: none is used */
    uint64_t pci_io_hpa;          /* I/O port 0 of the PCI host; 0: no function has ports */
};

struct plan {
    uint64_t magic;
    uint32_t version;
    uint32_t size;                  /* sizeof(struct plan) */
    uint64_t hyp_hpa, hyp_size;     /* everything that is the hypervisor's: image, blobs, pool */
    uint64_t image_hpa, image_size; /* where the boot image must be loaded, its length in bytes */
    uint32_t cpu_count, zone_count, region_count, irq_count, image_count;
    uint32_t log_level; /* 0 error, 1 warning, 2 info, 3 debug */
    uint32_t channel_count;
    uint32_t function_count;
    struct plan_board board;
    struct plan_cpu cpu[PLAN_MAX_CPUS];
    struct plan_zone zone[PLAN_MAX_ZONES];
    struct plan_region region[PLAN_MAX_REGIONS];
    struct plan_irq irq[PLAN_MAX_IRQS];
    struct plan_image image[PLAN_MAX_IMAGES];
    struct plan_channel channel[PLAN_MAX_CHANNELS];
    struct plan_function function[PLAN_MAX_FUNCTIONS];
    struct plan_control control;
    uint32_t virtio_count;
    uint32_t let_go_ms; /* that a server of devices has, see abi/bridge.h; 0: BRIDGE_LET_GO_MS */
    struct plan_virtio virtio[PLAN_MAX_VIRTIO];
};

/*
 * Parts of the hypervisor that a build may leave out; BIT64() of them in plan_hyp_header.drivers.
 * lib/plan_driver.c says which of them a plan needs.
 */
enum plan_driver {
    PLAN_DRIVER_GICV3,
    PLAN_DRIVER_SMMUV3,
    PLAN_DRIVER_PCI,      /* functions of the machine's PCI host */
    PLAN_DRIVER_CHANNELS, /* and the virtual PCI bus on which zones find them */
    PLAN_DRIVER_GICV2,
    PLAN_DRIVER_ITS,      /* and LPIs of zones */
    PLAN_DRIVER_HYPCALLS, /* abi/hypcall.h; no plan needs it */
    PLAN_DRIVER_CONTROL,  /* zone0's control device */
    PLAN_DRIVER_VIRTIO,   /* devices of zones that a program in zone0 serves */
    PLAN_DRIVER_COUNT,
};

/*
 * Boot image: hyp.bin (starts with an arm64 Image header) padded to 4 KiB, struct plan padded to
 * 4 KiB, then the blobs that plan.image[] names. The first words of hyp.bin after the 64-byte
 * header are a struct plan_hyp_header, by which the compiler knows what it was given.
 */
#define PLAN_HYP_HEADER_OFFSET 64u
#define PLAN_HYP_MAGIC         UINT64_C(0x3450594852545f56) /* "V_TRHYP4" */

struct plan_hyp_header {
    uint64_t magic;
    uint32_t plan_version;
    uint32_t plan_size;  /* sizeof(struct plan) this hypervisor was built with */
    uint64_t image_size; /* bytes of hyp.bin, multiple of 4 KiB: the plan follows at this offset */
    uint64_t drivers;    /* bits by enum plan_driver: what this build has */
    /* Bytes of pool it needs: plan_pool_need() of lib/plan_check.h. */
    uint64_t pool_fixed; /* whatever the plan says */
    uint64_t pool_per_cpu, pool_per_zone, pool_per_channel, pool_per_region;
    uint64_t pool_dma;                   /* for PCI functions */
    uint64_t pool_its, pool_its_per_cpu; /* for an ITS */
    uint64_t pool_control;               /* for the control device */
    uint64_t pool_per_virtio;
};

#endif
