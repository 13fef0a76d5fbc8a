/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI (Arm DEN 0022) and SMCCC (DEN 0028): what guests may call, and our own calls to firmware. */
#ifndef HYP_ARCH_AARCH64_PSCI_H
#define HYP_ARCH_AARCH64_PSCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct vcpu;

/* Arguments x1..x3 as the calling convention truncates them; the answer for x0. */
struct psci_call {
    uint32_t fid;
    uint64_t arg[3];
};

struct psci_row {
    uint32_t fid; /* rows are sorted by it */
    const char *name;
    int64_t (*fn)(struct vcpu *vcpu, const struct psci_call *call);
};

extern const struct psci_row psci_rows[];
extern const size_t psci_row_count;

/* SMC to the firmware below us. */
enum err psci_machine_cpu_on(uint64_t hw_id, uint64_t entry, uint64_t context) MUST_CHECK;
void psci_machine_off(void);

#endif
