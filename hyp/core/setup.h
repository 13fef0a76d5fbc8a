/* SPDX-License-Identifier: Apache-2.0 */
/* Boot-time construction, called by the architecture's boot code in this order. */
#ifndef HYP_CORE_SETUP_H
#define HYP_CORE_SETUP_H

#include "abi/plan.h"

struct pcpu;

/*
 * Takes over a plan that plan_check accepts and what is mapped: the boot image, and zone0's control
 * region or NULL. Makes pcpus[].
 */
void setup_cpus(const struct plan *plan, const void *boot_image, void *region);

/* The rest of booting, on the boot CPU and its own stack; `uart`: mapped console, or 0. */
_Noreturn void setup_main(struct pcpu *cpu, uintptr_t uart);

#endif
