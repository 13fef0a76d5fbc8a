/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's GICv2 (Arm IHI 0048): registers that a GICv3 does not have, and its driver. */
#ifndef HYP_ARCH_AARCH64_GICV2_H
#define HYP_ARCH_AARCH64_GICV2_H

#include "gic.h"

struct vgic_cpu;
struct vlr_spot;
struct zone;

/* Offsets in the distributor that GICv3 with affinity routing reserves. */
enum { GICD_CPENDSGIR = 0x0f10, GICD_SPENDSGIR = 0x0f20, GICD_ICPIDR2 = 0x0fe8 };

FIELD(GICD_TYPER_CPUS, 5, 3); /* less 1 */
FIELD(GICD2_SGIR_INTID, 0, 4);
FIELD(GICD2_SGIR_LIST, 16, 8);
FIELD(GICD2_SGIR_FILTER, 24, 2);
enum { SGIR_LISTED = 0, SGIR_OTHERS = 1, SGIR_SELF = 2 };

/*
 * GICD_IIDR of QEMU's GICv2 (of aarch64 machines, nobody else's). When a guest ends a machine
 * interrupt by its list register, QEMU up to 10.0 deactivates it but does not look whether its line
 * is still high: a timer that is late stays away until something else happens in the GIC.
 */
#define GICD_IIDR_QEMU 0x43bu

/* CPU interface */
enum {
    GICC_CTLR = 0x0000,
    GICC_PMR = 0x0004,
    GICC_BPR = 0x0008,
    GICC_IAR = 0x000c,
    GICC_EOIR = 0x0010,
    GICC_APR = 0x00d0,
    GICC_IIDR = 0x00fc,
    GICC_DIR = 0x1000,
};
FIELD(GICC_CTLR_ENABLE, 0, 1);
FIELD(GICC_CTLR_EOIMODE, 9, 1); /* EOIR drops priority, DIR deactivates */
FIELD(GICC_IAR_INTID, 0, 10);

/* Hypervisor interface; GICH_HCR and the list registers' states are those of the GICv3. */
enum {
    GICH_HCR = 0x0000,
    GICH_VTR = 0x0004,
    GICH_VMCR = 0x0008,
    GICH_EISR = 0x0020,
    GICH_ELRSR = 0x0030,
    GICH_APR = 0x00f0,
    GICH_LR = 0x0100,
};
FIELD(GICH_VTR_LIST_REGS, 0, 6);

/* What the common code asks of the driver of a machine without GICv3's system registers. */
struct gic_driver {
    void (*cpu_init)(struct pcpu *cpu);
    enum pirq_kind (*claim)(struct vcpu *vcpu);
    void (*virq_init)(struct zone *zone); /* adds the zone's distributor */

    uint32_t (*lr_mask)(void);  /* list registers, by number */
    uint32_t (*lr_ended)(void); /* ICH_EISR_EL2 for them */
    uint32_t (*hcr_read)(void);
    void (*hcr_write)(uint32_t value);
    void (*interface_reset)(void); /* active priorities, and what the guest sets for its CPU */

    /* Takes private interrupts that have ended out of list registers; false: others have, too. */
    bool (*end_private)(struct vcpu *vcpu);

    /* SGIs of which one is in a list register go there or wait for its end. Zone lock held. */
    void (*sgi_join)(struct vcpu *vcpu);

    /* Any other SGI goes to an empty list register. */
    void (*sgi_insert)(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct vlr_spot *at);
};

/* Instead of gic_init(): maps the interfaces, sets gic.v2. Once, on the boot CPU. NULL, or why this
 * machine cannot be driven. */
const char *gicv2_init(const struct plan_board *board, uintptr_t gicd);

/* ---- between the files of the GICv2 ---- */

/* vlr2.c */
uint32_t vlr2_mask(void);
uint32_t vlr2_ended(void);
uint32_t vlr2_hcr_read(void);
void vlr2_hcr_write(uint32_t value);
void vlr2_interface_reset(void);
bool vlr2_end_private(struct vcpu *vcpu);
void vlr2_sgi_join(struct vcpu *vcpu);
void vlr2_sgi_insert(struct vgic_cpu *v, uint32_t lr, uint32_t intid, const struct vlr_spot *at);

/* Sources of which the running vCPU has this SGI pending in a list register; takes some away. */
uint32_t vlr2_sgi_sources(const struct vcpu *vcpu, uint32_t intid);
void vlr2_sgi_clear(struct vcpu *vcpu, uint32_t intid, uint32_t sources);

/* vgicv2.c */
void vgicv2_init(struct zone *zone);

#endif
