/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers across faults: each function of state_ARCH.c fills a set of them, raises a fault that
 * the host answers by going on after it, and says which have changed (0: none).
 */
#include "vitrine-call.h"

static uint64_t ok(void)
{
    return 42;
}
VG_EXPORT(ok, uint64_t);
