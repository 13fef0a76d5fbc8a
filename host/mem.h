/* SPDX-License-Identifier: Apache-2.0 */
/* Guest-virtual memory by the host's own layout; never by the guest's page tables. */
#ifndef HOST_MEM_H
#define HOST_MEM_H

#include "host/vm.h"

/* Copies len bytes at gva; false: a part is not mapped, and nothing is copied. */
VT_CHECK bool mem_read(const struct vt_vm *vm, uint64_t gva, void *out, size_t len);

/* The same the other way; what the guest may not write is written, too. */
VT_CHECK bool mem_write(struct vt_vm *vm, uint64_t gva, const void *bytes, size_t len);

/* What holds gva: a region of RAM or a mapping. false: nothing. */
VT_CHECK bool mem_region(const struct vt_vm *vm, uint64_t gva, struct region *out);

#endif
