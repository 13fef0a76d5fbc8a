/* SPDX-License-Identifier: Apache-2.0 */
/* What the user-mode half of a micro-VM's runtime tells itself; programs include vitrine-*.h. */
#ifndef GUEST_UVM_USER_H
#define GUEST_UVM_USER_H

#include <stddef.h>
#include <stdint.h>

#include "abi/call.h"
#include "abi/uvm.h"

void *memmove(void *to, const void *from, size_t size);

/* Runs the program's constructors; then takes one call out of the call area at each call. */
void vg_user_init(void);
void vg_user_call(void);

/* Where another vCPU begins: rdi, rsi as vg_vcpu_main() has them. */
void vg_vcpu_entry(void);

/* What each vCPU has for itself in user mode; zeros at first. */
struct vg_local {
    uint64_t data_used; /* of call_area.data: by the call that runs, then by its results */
    uint64_t out_used;  /* beyond that, by arguments for the host */
    uint64_t host_status;
};

_Static_assert(sizeof(struct vg_local) <= CALL_LOCAL * sizeof(uint64_t), "abi/call.h");

static inline struct call_area *vg_area(void)
{
    return (struct call_area *)UVM_CALL_GVA;
}

static inline struct vg_local *vg_local(void)
{
    return (struct vg_local *)vg_area()->local;
}

static inline void vg_pause(void)
{
#ifdef __x86_64__
    __asm__ volatile("pause");
#else
    __asm__ volatile("yield");
#endif
}

/* Exits to the host, which reads call_area.request; memory may have changed afterwards. */
static inline void vg_gate(void)
{
    ((void (*)(void))UVM_GATE_GVA)();
}

/* What a handler that interrupts a call of the host may change by calls of its own. */
struct vg_call_saved {
    uint32_t request;
    struct vg_local local;
    struct call_frame out;
};

/* Around handlers; between the two, calls of the host leave alone what others have in the data. */
void vg_call_save(struct vg_call_saved *saved);
void vg_call_restore(const struct vg_call_saved *saved);

static inline const struct uvm_info *vg_info(void)
{
    return (const struct uvm_info *)UVM_INFO_GVA;
}

#endif
