/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a guest's fault record acceptable. Pure. */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include <stdbool.h>

#include "abi/fault.h"

struct arch;

/* Fields that the host relies on are in range; the others may hold anything, and the host fills
 * names, backtrace and floating point anew. */
bool record_is_valid(const struct fault_record *record, const struct arch *arch);

#endif
