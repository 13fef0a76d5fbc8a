/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the runtime's supervisor half tell each other, on all architectures. */
#ifndef GUEST_SUPER_SUPER_H
#define GUEST_SUPER_SUPER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/uvm.h"
#include "guest/uvm/service.h"
#include "vitrine-fault.h"

/* Of user.S: the instruction by which user code asks. */
extern const uint8_t vg_service_insn[];

/* From the linker script: where the program's text, constants and data lie; declared handlers. */
extern const uint8_t __vg_text_start[], __vg_text_end[], __vg_data_start[], __vg_data_end[];
extern enum vg_verdict (*const __vg_handlers_start[])(struct vg_context *, void *);
extern enum vg_verdict (*const __vg_handlers_end[])(struct vg_context *, void *);

/* Serves what user code asks; false: the context is a fault with class and reason, to be raised. */
bool vg_serve(struct vg_context *context);

/* A fault with class and reason: to the handlers, unless it is no use to ask them; then, with those
 * it is nested in, to the host, and returns with the host's registers when it resumes. */
void super_handle(struct vg_context *context, bool ask_handlers);

static inline const struct uvm_info *vg_info(void)
{
    return (const struct uvm_info *)UVM_INFO_GVA;
}

/* ---- The architecture's ---- */

struct super_arch {
    uint16_t machine; /* enum fault_arch */
    uint8_t gpr_count;
    uint8_t service, result, arg[VG_SERVICE_ARGS]; /* registers of what user code asks, in gpr[] */
};

extern const struct super_arch super_arch;

/* sys[] of a record, as far as the runtime knows it. */
void super_record_sys(struct fault_record *record, const struct vg_context *context);

/* By UVM_PORT_FAULT; comes back when fault_area.answer is there. */
void super_ask_host(void);

#endif
