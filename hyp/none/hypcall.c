/* SPDX-License-Identifier: Apache-2.0 */
/* Instead of the driver `hypcalls` in a build without it. */
#include "hyp/core/hypcall.h"

#include "abi/hypcall.h"

int64_t hypcall_run(struct vcpu *vcpu, uint32_t number, const uint64_t arg[HYPCALL_ARGS])
{
    (void)vcpu;
    (void)number;
    (void)arg;
    return HYPCALL_NOT_SUPPORTED;
}
