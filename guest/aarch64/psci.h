/* SPDX-License-Identifier: Apache-2.0 */
/* Function numbers and answers of PSCI 1.1 (Arm DEN0022) and SMCCC (DEN0028) used by guests. */
#ifndef GUEST_AARCH64_PSCI_H
#define GUEST_AARCH64_PSCI_H

#include <stdint.h>

#include "lib/field.h"

#define SMCCC_VERSION       UINT64_C(0x80000000)
#define SMCCC_ARCH_FEATURES UINT64_C(0x80000001)

#define PSCI_VERSION           UINT64_C(0x84000000)
#define PSCI_CPU_OFF           UINT64_C(0x84000002)
#define PSCI_MIGRATE_INFO_TYPE UINT64_C(0x84000006)
#define PSCI_SYSTEM_OFF        UINT64_C(0x84000008)
#define PSCI_SYSTEM_RESET      UINT64_C(0x84000009)
#define PSCI_FEATURES          UINT64_C(0x8400000a)
#define PSCI_CPU_SUSPEND_64    UINT64_C(0xc4000001)
#define PSCI_CPU_ON_64         UINT64_C(0xc4000003)
#define PSCI_AFFINITY_INFO_64  UINT64_C(0xc4000004)
#define PSCI_SYSTEM_RESET2_64  UINT64_C(0xc4000012)

#define PSCI_SUCCESS         INT64_C(0)
#define PSCI_NOT_SUPPORTED   INT64_C(-1)
#define PSCI_INVALID_PARAMS  INT64_C(-2)
#define PSCI_ALREADY_ON      INT64_C(-4)
#define PSCI_INVALID_ADDRESS INT64_C(-9)

#define PSCI_AFFINITY_ON  0u
#define PSCI_AFFINITY_OFF 1u

/* Of vCPU n, as the hypervisor and QEMU number them: 16 to a cluster. */
FIELD(VCPU_AFF0, 0, 4);
FIELD(VCPU_AFF1, 4, 4);
FIELD(MPIDR_AFF0, 0, 8);
FIELD(MPIDR_AFF1, 8, 8);

static inline uint64_t psci_affinity(uint32_t vcpu)
{
    return put(MPIDR_AFF0, get(VCPU_AFF0, vcpu)) | put(MPIDR_AFF1, get(VCPU_AFF1, vcpu));
}

#endif
