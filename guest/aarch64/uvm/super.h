/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the runtime's EL1 half tell each other. */
#ifndef GUEST_AARCH64_UVM_SUPER_H
#define GUEST_AARCH64_UVM_SUPER_H

#include "guest/super/super.h"

enum { A64_INSN_SIZE = 4 };

/* Whether EL1 plays the host. */
static inline bool is_zone(void)
{
    return (vg_info()->flags & UVM_FLAG_ZONE) != 0;
}

/* Of user.S: the instruction that ends an upcall. */
extern const uint8_t vg_return_insn[];

/* An interrupt while user code ran, and the end of its upcall: the context is where it goes on. */
void super_irq(struct vg_context *context);
void super_irq_return(struct vg_context *context);

/* ---- In a zone, what a host does: zone.c ---- */

/* UVM_PORT_GATE: answers call_area.request. Ends the zone when the program's main is done. */
void zone_gate(void);

/* UVM_PORT_TAKE, UVM_PORT_IRQ. */
void zone_irq(void);
void zone_irq_request(void);

/* UVM_PORT_FAULT: tells the hypervisor and the supervising zone; comes back with an answer. */
void zone_fault(void);

#endif
