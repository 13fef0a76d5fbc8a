/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the runtime's ring-0 half tell each other. */
#ifndef GUEST_X86_64_SUPER_H
#define GUEST_X86_64_SUPER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/uvm.h"
#include "guest/uvm/service.h"
#include "vitrine-fault.h"

enum { VG_UD2_SIZE = 2 };

/* Of user.S: the ud2 by which user code asks. */
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

#endif
