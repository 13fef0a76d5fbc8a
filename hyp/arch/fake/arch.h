/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake architecture has been asked to do: unit tests of hyp/core look here. */
#ifndef HYP_ARCH_FAKE_ARCH_H
#define HYP_ARCH_FAKE_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "hyp/arch.h"
#include "hyp/core/zone.h"

struct fake_arch {
    struct pcpu *self;     /* what arch_cpu_this() says */
    unsigned ipis;         /* arch_ipi_send() calls */
    struct pcpu *ipi_last; /* its last target */
    unsigned rests, wakes;
    unsigned resets, loads, unloads, virq_resets, s2_flushes, waits;
    unsigned machine_off; /* arch_machine_off() calls */
    uint64_t now, alarm;  /* answer of arch_now(); last argument of arch_alarm_set() */
    bool virq_pending;    /* answer of arch_virq_pending() */
    uint8_t *window;      /* 2 MiB that arch_window_map() gives out */
    uint64_t window_pa;   /* its last argument */
    unsigned cache_syncs;
    bool iommu_attached, iommu_fails; /* state of the zones' devices; answer of detach */
    unsigned iommu_detaches;
    enum fault_kind fault; /* of the last arch_fault_inject() */
    unsigned faults, skipped;
};

extern struct fake_arch fake_arch;

#endif
