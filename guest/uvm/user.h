/* SPDX-License-Identifier: Apache-2.0 */
/* What the user-mode half of a micro-VM's runtime tells itself; programs include vitrine-*.h. */
#ifndef GUEST_UVM_USER_H
#define GUEST_UVM_USER_H

#include <stddef.h>
#include <stdint.h>

#include "abi/uvm.h"

void *memmove(void *to, const void *from, size_t size);

/* Runs the program's constructors; then takes one call out of the call area at each call. */
void vg_user_init(void);
void vg_user_call(void);

/* Exits to the host, which reads call_area.request; memory may have changed afterwards. */
static inline void vg_gate(void)
{
    ((void (*)(void))UVM_GATE_GVA)();
}

static inline const struct uvm_info *vg_info(void)
{
    return (const struct uvm_info *)UVM_INFO_GVA;
}

#endif
