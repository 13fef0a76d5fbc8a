/* SPDX-License-Identifier: Apache-2.0 */
/* System registers of a guest: reset, and the slots of vcpu->arch.shadow that emulation uses. */
#ifndef HYP_ARCH_AARCH64_SYSREG_H
#define HYP_ARCH_AARCH64_SYSREG_H

#include <stdint.h>

/* Rows with HOME_VCPU name one of these; all are 0 at reset. */
enum sysreg_slot {
    SLOT_OS_LOCK,     /* OSLAR_EL1.OSLK, read in OSLSR_EL1 */
    SLOT_DOUBLE_LOCK, /* OSDLR_EL1.DLK */
    SLOT_COUNT,
};

/* Sets the machine's EL1 and EL0 registers of this CPU to reset values (rows with `reset`). */
void sysreg_reset(void);

#endif
