/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own calls: a table with the roles that may make each. What a guest names is
 * copied once, and the copy checked; nothing of it but numbers reaches the log.
 */
#include "hyp/core/hypcall.h"

#include "abi/fault.h"
#include "abi/hypcall.h"
#include "hyp/arch.h"
#include "hyp/core/log.h"
#include "hyp/core/string.h"
#include "hyp/core/zone.h"
#include "lib/fault_check.h"
#include "lib/field.h"

#define ANY_ROLE (BIT32(PLAN_ROLE_ZONE0) | BIT32(PLAN_ROLE_USER) | BIT32(PLAN_ROLE_REALTIME))

static int64_t version(struct vcpu *vcpu, const uint64_t arg[HYPCALL_ARGS])
{
    (void)vcpu;
    (void)arg;
    return HYPCALL_ABI;
}

/* ---- Faults ---- */

enum { FAULT_AT, FAULT_SIZE, FAULT_HOW }; /* arguments */

static const char *const class_names[FAULT_CLASS_COUNT] = {
    [FAULT_CLASS_MEMORY] = "memory", [FAULT_CLASS_ARITHMETIC] = "arithmetic",
    [FAULT_CLASS_FLOAT] = "float",   [FAULT_CLASS_ILLEGAL] = "illegal",
    [FAULT_CLASS_DEBUG] = "debug",   [FAULT_CLASS_SYSTEM] = "system",
};

/* Through the window: within one block of 2 MiB. */
static bool copy_in(const struct zone *zone, uint64_t at, struct fault_record *record)
{
    hpa_t from;

    if (!is_aligned(at, sizeof(uint64_t)) ||
        !zone_ram_find(zone, gpa(at), sizeof(*record), &from) ||
        align_down(from.v, SIZE_2M) != align_down(from.v + sizeof(*record) - 1, SIZE_2M)) {
        return false;
    }
    memcpy(record, arch_window_map(from), sizeof(*record));
    arch_window_unmap();
    return true;
}

static void tell(struct vcpu *vcpu, const struct fault_record *r, uint32_t count)
{
    if (log_guest(vcpu)) {
        LOG(LOG_WARN, "zone reports a fault", LOG_ZONE(vcpu->zone), LOG_DEC("vcpu", vcpu->id),
            LOG_STR("class", class_names[r->class]), LOG_DEC("reason", r->reason),
            LOG_DEC("level", r->level), LOG_HEX("pc", r->pc), LOG_HEX("address", r->address),
            LOG_HEX("code", r->error_code), LOG_DEC("count", count));
    }
}

static int64_t fault(struct vcpu *vcpu, const uint64_t arg[HYPCALL_ARGS])
{
    struct fault_record record;

    bool stop = arg[FAULT_HOW] == HYPCALL_FAULT_STOP;
    bool has_record = arg[FAULT_SIZE] != 0 || !stop;

    if (arg[FAULT_HOW] >= HYPCALL_FAULT_COUNT) {
        return HYPCALL_INVALID;
    }
    if (has_record) {
        if (arg[FAULT_SIZE] != sizeof(record) || !copy_in(vcpu->zone, arg[FAULT_AT], &record) ||
            !fault_record_is_good(&record)) {
            return HYPCALL_INVALID;
        }
        tell(vcpu, &record, atomic_fetch_add(&vcpu->zone->faults, 1) + 1);
    }
    if (stop) {
        zone_stop(vcpu->zone, STOP_FAULT);
    }
    return 0;
}

/* ---- The table ---- */

const struct hypcall_row hypcall_rows[] = {
    { HYPCALL_VERSION, ANY_ROLE, version },
    { HYPCALL_FAULT, ANY_ROLE, fault },
};
const size_t hypcall_row_count = ARRAY_COUNT(hypcall_rows);

int64_t hypcall_run(struct vcpu *vcpu, uint32_t number, const uint64_t arg[HYPCALL_ARGS])
{
    for (const struct hypcall_row *row = hypcall_rows; row < hypcall_rows + hypcall_row_count;
         row++) {
        if (row->number == number) {
            return (row->who & BIT32(vcpu->zone->plan->role)) != 0 ? row->fn(vcpu, arg)
                                                                   : HYPCALL_DENIED;
        }
    }
    return HYPCALL_NOT_SUPPORTED;
}
