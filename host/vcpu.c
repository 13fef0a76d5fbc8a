/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the guest about its vCPUs. */
#include "host/vm.h"

#include <sched.h>

/* An argument of the request, and its result; the guest may change either at any time. */
static uint64_t argument(const struct vcpu *vcpu, unsigned n)
{
    return ((const volatile struct call_area *)vcpu_call_area(vcpu))->out.arg[n].bits;
}

static int answer(struct vcpu *vcpu, int64_t result)
{
    vcpu_call_area(vcpu)->out.ret.bits = (uint64_t)result;
    return RUN_AGAIN;
}

int vcpu_request_start(struct vcpu *vcpu)
{
    return answer(vcpu, argument(vcpu, 0) == 0 ? CALL_VCPU_ALREADY_ON : CALL_VCPU_INVALID);
}

int vcpu_request_off(struct vcpu *vcpu)
{
    log_print(&vcpu->vm->log, VT_LOG_ERROR, "vCPU 0 turned itself off within a call");
    return VT_ERR_GUEST;
}

int vcpu_request_on(struct vcpu *vcpu)
{
    return answer(vcpu, argument(vcpu, 0) == 0);
}

int vcpu_request_yield(struct vcpu *vcpu)
{
    (void)vcpu;
    (void)sched_yield();
    return RUN_AGAIN;
}
