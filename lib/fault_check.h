/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a fault record acceptable to whoever gets it: hypervisor or supervising zone. Pure. */
#ifndef LIB_FAULT_CHECK_H
#define LIB_FAULT_CHECK_H

#include <stdbool.h>

#include "abi/fault.h"

/* Magic, version, size and all numbers that name something are in range; the rest is any value. */
bool fault_record_is_good(const struct fault_record *record);

#endif
