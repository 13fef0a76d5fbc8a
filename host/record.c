/* SPDX-License-Identifier: Apache-2.0 */
/* Checks fault records that guests wrote; touches nothing else. */
#include "host/record.h"

#include "host/arch.h"

bool record_is_valid(const struct fault_record *r, const struct arch *arch)
{
    return r->magic == FAULT_MAGIC && r->version == FAULT_VERSION && r->size == sizeof(*r) &&
           r->arch == arch->machine && r->level <= FAULT_LEVEL_SUPERVISOR &&
           r->class > FAULT_CLASS_NONE && r->class < FAULT_CLASS_COUNT &&
           r->reason > FAULT_REASON_NONE && r->reason < FAULT_REASON_COUNT &&
           r->access <= FAULT_ACCESS_EXEC && r->vector < arch->vector_limit;
}
