/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of zones to the hypervisor itself (abi/hypcall.h), by a table. */
#ifndef HYP_CORE_HYPCALL_H
#define HYP_CORE_HYPCALL_H

#include <stddef.h>
#include <stdint.h>

struct vcpu;

enum { HYPCALL_ARGS = 3 };

struct hypcall_row {
    uint32_t number;
    uint32_t who; /* roles that may: bits by enum plan_role */
    int64_t (*fn)(struct vcpu *vcpu, const uint64_t arg[HYPCALL_ARGS]);
};

extern const struct hypcall_row hypcall_rows[];
extern const size_t hypcall_row_count;

/* Serves a call of the running vCPU; the answer is the guest's x0. */
int64_t hypcall_run(struct vcpu *vcpu, uint32_t number, const uint64_t arg[HYPCALL_ARGS]);

#endif
