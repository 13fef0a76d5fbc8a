/* SPDX-License-Identifier: Apache-2.0 */
/* PSCI (Arm DEN 0022) and SMCCC (DEN 0028): what guests may call, and our own calls to firmware. */
#ifndef HYP_ARCH_AARCH64_PSCI_H
#define HYP_ARCH_AARCH64_PSCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct vcpu;

struct psci_row {
    uint32_t fid; /* rows are sorted by it */
    bool quick;   /* looks at no register but x0..x3 and changes nothing but x0 */
    int64_t (*fn)(struct vcpu *vcpu); /* the answer for x0, which still holds the function id */
};

extern const struct psci_row psci_rows[];
extern const size_t psci_row_count;

/* Answers the call in x0 if its row is quick or there is none; false: nothing has been done. */
bool psci_quick(struct vcpu *vcpu);

/* SMC to the firmware below us. */
enum err psci_machine_cpu_on(uint64_t hw_id, uint64_t entry, uint64_t context) MUST_CHECK;
void psci_machine_off(void);

#endif
