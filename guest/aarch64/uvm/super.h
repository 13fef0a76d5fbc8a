/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the runtime's EL1 half tell each other. */
#ifndef GUEST_AARCH64_UVM_SUPER_H
#define GUEST_AARCH64_UVM_SUPER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/uvm.h"
#include "guest/uvm/service.h"
#include "vitrine-fault.h"

enum { A64_INSN_SIZE = 4 };

/* Of user.S: the svc by which user code asks. */
extern const uint8_t vg_service_insn[];

/* From the linker script: where the program's text, constants and data lie; declared handlers. */
extern const uint8_t __vg_text_start[], __vg_text_end[], __vg_data_start[], __vg_data_end[];
extern enum vg_verdict (*const __vg_handlers_start[])(struct vg_context *, void *);
extern enum vg_verdict (*const __vg_handlers_end[])(struct vg_context *, void *);

/* Serves what user code asks; false: the context is a fault with class and reason, to be raised. */
bool vg_serve(struct vg_context *context);

static inline const struct uvm_info *vg_info(void)
{
    return (const struct uvm_info *)UVM_INFO_GVA;
}

/* Whether EL1 plays the host. */
static inline bool is_zone(void)
{
    return (vg_info()->flags & UVM_FLAG_ZONE) != 0;
}

/* ---- In a zone, what a host does: zone.c ---- */

/* UVM_PORT_GATE: answers call_area.request. Ends the zone when the program's main is done. */
void zone_gate(void);

/* UVM_PORT_FAULT: tells the hypervisor and the supervising zone; comes back with an answer. */
void zone_fault(void);

#endif
