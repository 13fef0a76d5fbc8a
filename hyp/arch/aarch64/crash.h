/* SPDX-License-Identifier: Apache-2.0 */
/* What entry.S saves of a crashed CPU. */
#ifndef HYP_ARCH_AARCH64_CRASH_H
#define HYP_ARCH_AARCH64_CRASH_H

#include <stdint.h>

struct crash_frame {
    uint64_t x[31];
    uint64_t sp;
    uint64_t elr, spsr;
    uint64_t esr, far;
    uint64_t hpfar, vector;
};

/* Called by entry.S on the emergency stack. */
_Noreturn void crash_report(const struct crash_frame *frame);

#endif
