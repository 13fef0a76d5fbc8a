/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware calls of guests by HVC and SMC, and those of abi/hypcall.h: one table, and -1 for all
 * that is not in it. Nothing of a guest's is ever forwarded to EL3.
 */
#include "psci.h"

#include "abi/hypcall.h"
#include "el2.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/hypcall.h"
#include "hyp/core/zone.h"

/* Function ids; bit 30 selects the 64-bit calling convention. */
enum {
    FID_SMC64 = 0x40000000,
};
#define FID_SMCCC_VERSION     0x80000000u
#define FID_SMCCC_FEATURES    0x80000001u
#define FID_PSCI_VERSION      0x84000000u
#define FID_CPU_SUSPEND       0x84000001u
#define FID_CPU_OFF           0x84000002u
#define FID_CPU_ON            0x84000003u
#define FID_AFFINITY_INFO     0x84000004u
#define FID_MIGRATE_INFO_TYPE 0x84000006u
#define FID_SYSTEM_OFF        0x84000008u
#define FID_SYSTEM_RESET      0x84000009u
#define FID_PSCI_FEATURES     0x8400000au
#define FID_SYSTEM_RESET2     0x84000012u

/* Return values (DEN 0022, 5.2.2) */
enum {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_DENIED = -3,
    PSCI_ALREADY_ON = -4,
    PSCI_ON_PENDING = -5,
    PSCI_INVALID_ADDRESS = -9,
};

enum { VERSION_1_1 = 0x10001, AFFINITY_ON = 0, AFFINITY_OFF = 1, AFFINITY_PENDING = 2 };
enum { MIGRATE_NOT_NEEDED = 2 };
enum { RESET2_WARM = 0 };

FIELD(FID_FAST, 31, 1);
FIELD(FID_64, 30, 1);
FIELD(FID_OWNER, 24, 6); /* 0: Arm architecture, 4: standard secure services, PSCI */

enum { OWNER_STANDARD = 4 };

/* x1 to x3 as the calling convention truncates them. */
static uint64_t arg(const struct vcpu *vcpu, unsigned n)
{
    const uint64_t *x = vcpu->arch.x;

    return get(FID_64, x[0]) != 0 ? x[n] : (uint32_t)x[n];
}

static int64_t smccc_version(struct vcpu *vcpu)
{
    (void)vcpu;
    return VERSION_1_1;
}

static int64_t hypcall(struct vcpu *vcpu)
{
    return hypcall_run(vcpu, (uint32_t)vcpu->arch.x[0], &vcpu->arch.x[1]);
}

/* Rows are few and the quick ones come first; those of abi/hypcall.h have a table of their own. */
static const struct psci_row *row_of(uint32_t fid)
{
    static const struct psci_row hypcalls = { HYPCALL_VERSION, false, hypcall };

    if (get(FID_FAST, fid) == 0 || get(FID_OWNER, fid) > OWNER_STANDARD) {
        return fid - HYPCALL_VERSION <= HYPCALL_FAULT - HYPCALL_VERSION ? &hypcalls : NULL;
    }
    for (const struct psci_row *row = psci_rows; row < psci_rows + psci_row_count; row++) {
        if (row->fid == fid) {
            return row;
        }
    }
    return NULL;
}

/* SMCCC_ARCH_FEATURES: of the architecture calls only these two exist here. */
static int64_t smccc_features(struct vcpu *vcpu)
{
    uint32_t asked = (uint32_t)arg(vcpu, 1);

    (void)vcpu;
    return asked == FID_SMCCC_VERSION || asked == FID_SMCCC_FEATURES ? PSCI_SUCCESS
                                                                     : PSCI_NOT_SUPPORTED;
}

static int64_t psci_version(struct vcpu *vcpu)
{
    (void)vcpu;
    return VERSION_1_1;
}

static int64_t psci_features(struct vcpu *vcpu)
{
    uint32_t asked = (uint32_t)arg(vcpu, 1);

    (void)vcpu;
    /* SMCCC_ARCH_FEATURES is asked through itself; PSCI only vouches for SMCCC_VERSION. */
    return asked != FID_SMCCC_FEATURES && row_of(asked) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

/* All suspend states are standby, which DEN 0022 5.1.2 allows: a wait for an interrupt. */
static int64_t cpu_suspend(struct vcpu *vcpu)
{
    if (!arch_virq_pending(vcpu)) {
        arch_cpu_wait();
    }
    return PSCI_SUCCESS;
}

static int64_t cpu_off(struct vcpu *vcpu)
{
    vcpu_off(vcpu);
    return PSCI_SUCCESS;
}

/* The zone's vCPU with this virtual MPIDR, or NULL. */
static struct vcpu *vcpu_of(const struct zone *zone, uint64_t mpidr)
{
    uint64_t affinity = mpidr & (field_mask(MPIDR_AFF012) | field_mask(MPIDR_AFF3));

    if (affinity != mpidr || affinity >= zone->vcpu_count) {
        return NULL;
    }
    return &zone->vcpus[affinity];
}

static int64_t cpu_on(struct vcpu *vcpu)
{
    struct vcpu *target = vcpu_of(vcpu->zone, arg(vcpu, 1));
    struct vcpu_start start = { .pc = arg(vcpu, 2), .arg0 = arg(vcpu, 3) };
    hpa_t unused;

    if (!target) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (!is_aligned(start.pc, 4) || !zone_ram_find(vcpu->zone, gpa(start.pc), 4, &unused)) {
        return PSCI_INVALID_ADDRESS;
    }
    switch (vcpu_on(target, &start)) {
    case OK: return PSCI_SUCCESS;
    case ERR_BUSY:
        return atomic_load(&target->state) >= VCPU_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
    case ERR_INVALID:
    case ERR_RANGE:
    case ERR_FULL:
    case ERR_NONE:
    case ERR_DENIED:
    default: return PSCI_DENIED;
    }
}

static int64_t affinity_info(struct vcpu *vcpu)
{
    const struct vcpu *target = vcpu_of(vcpu->zone, arg(vcpu, 1));

    if (!target || arg(vcpu, 2) != 0) {
        return PSCI_INVALID_PARAMETERS;
    }
    switch ((enum vcpu_state)atomic_load(&target->state)) {
    case VCPU_ON:
    case VCPU_HELD: return AFFINITY_ON;
    case VCPU_ON_PENDING:
    case VCPU_READY: return AFFINITY_PENDING;
    case VCPU_OFF:
    default: return AFFINITY_OFF;
    }
}

static int64_t migrate_info_type(struct vcpu *vcpu)
{
    (void)vcpu;
    return MIGRATE_NOT_NEEDED;
}

static int64_t system_off(struct vcpu *vcpu)
{
    zone_stop(vcpu->zone, STOP_POWER_OFF);
    return PSCI_SUCCESS;
}

static int64_t system_reset(struct vcpu *vcpu)
{
    zone_stop(vcpu->zone, STOP_RESET);
    return PSCI_SUCCESS;
}

/* Of the architectural reset types only the warm one; vendor types (bit 31) are unknown to us. */
static int64_t system_reset2(struct vcpu *vcpu)
{
    if ((uint32_t)arg(vcpu, 1) != RESET2_WARM) {
        return PSCI_INVALID_PARAMETERS;
    }
    return system_reset(vcpu);
}

/* clang-format off */
const struct psci_row psci_rows[] = {
    { FID_SMCCC_VERSION,             true,  smccc_version },
    { FID_SMCCC_FEATURES,            true,  smccc_features },
    { FID_PSCI_VERSION,              true,  psci_version },
    { FID_CPU_SUSPEND,               false, cpu_suspend },
    { FID_CPU_OFF,                   false, cpu_off },
    { FID_CPU_ON,                    false, cpu_on },
    { FID_AFFINITY_INFO,             true,  affinity_info },
    { FID_MIGRATE_INFO_TYPE,         true,  migrate_info_type },
    { FID_SYSTEM_OFF,                false, system_off },
    { FID_SYSTEM_RESET,              false, system_reset },
    { FID_PSCI_FEATURES,             true,  psci_features },
    { FID_SYSTEM_RESET2,             false, system_reset2 },
    { FID_CPU_SUSPEND | FID_SMC64,   false, cpu_suspend },
    { FID_CPU_ON | FID_SMC64,        false, cpu_on },
    { FID_AFFINITY_INFO | FID_SMC64, true,  affinity_info },
    { FID_SYSTEM_RESET2 | FID_SMC64, false, system_reset2 },
};
/* clang-format on */
const size_t psci_row_count = ARRAY_COUNT(psci_rows);

/* An answer of the 32-bit convention is sign-extended, which both conventions accept. */
static inline void answer(struct vcpu *vcpu, const struct psci_row *row)
{
    vcpu->arch.x[0] = (uint64_t)(row ? row->fn(vcpu) : PSCI_NOT_SUPPORTED);
}

void arch_firmware_call(struct vcpu *vcpu, const struct trap *trap)
{
    answer(vcpu, trap->call.imm == 0 ? row_of((uint32_t)vcpu->arch.x[0]) : NULL);
}

bool psci_quick(struct vcpu *vcpu)
{
    const struct psci_row *row = row_of((uint32_t)vcpu->arch.x[0]);

    if (row && !row->quick) {
        return false;
    }
    answer(vcpu, row);
    return true;
}

enum err psci_machine_cpu_on(uint64_t hw_id, uint64_t entry, uint64_t context)
{
    uint64_t answer = hw_smc(FID_CPU_ON | FID_SMC64, hw_id, entry, context);

    return answer == PSCI_SUCCESS ? OK : ERR_NONE;
}

void psci_machine_off(void)
{
    (void)hw_smc(FID_SYSTEM_OFF, 0, 0, 0);
}
