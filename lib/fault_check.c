/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a fault record that a guest wrote; the caller has copied it out of the guest's reach. */
#include "lib/fault_check.h"

enum { VECTOR_LIMIT = 256 };

bool fault_record_is_good(const struct fault_record *r)
{
    return r->magic == FAULT_MAGIC && r->version == FAULT_VERSION && r->size == sizeof(*r) &&
           (r->arch == FAULT_ARCH_AARCH64 || r->arch == FAULT_ARCH_X86_64) &&
           r->level <= FAULT_LEVEL_SUPERVISOR && r->class > FAULT_CLASS_NONE &&
           r->class < FAULT_CLASS_COUNT && r->reason > FAULT_REASON_NONE &&
           r->reason < FAULT_REASON_COUNT && r->access <= FAULT_ACCESS_EXEC &&
           r->vector < VECTOR_LIMIT;
}
