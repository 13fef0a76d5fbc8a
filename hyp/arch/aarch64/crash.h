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

/* Called by entry.S on the emergency stack. Returns only for an abort of a probe below. */
void crash_report(const struct crash_frame *frame);

/* PAR_EL1 of a guest's address, by AT S12E1R and S12E0R; the guest's PAR_EL1 is changed. */
uint64_t probe_s12e1r(uint64_t va);
uint64_t probe_s12e0r(uint64_t va);

/* The guest's FP and SIMD registers at reset (entry.S). */
void vcpu_reset_fp(void);

/* The instructions that may abort. */
extern const char probe_insn1[], probe_insn0[];

#endif
