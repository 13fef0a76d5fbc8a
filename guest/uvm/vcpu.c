/* SPDX-License-Identifier: Apache-2.0 */
/* vCPUs of a micro-VM, in user mode: the host starts and stops them. */
#include "vitrine-vcpu.h"

#include "abi/call.h"
#include "guest/uvm/user.h"

/* Turns of a waiting loop between two exits: about as long as an exit takes. */
enum { SPINS = 256 };

void vg_vcpu_main(void (*fn)(void *arg), void *arg);

static uint64_t ask(enum call_request request)
{
    struct call_area *area = vg_area();

    area->request = request;
    vg_gate();
    return area->out.ret.bits;
}

uint32_t vg_vcpu_id(void)
{
    return vg_info()->vcpu_id;
}

uint32_t vg_vcpu_count(void)
{
    return vg_info()->vcpu_count;
}

/* First code of a vCPU that was started, on an empty stack. */
void vg_vcpu_main(void (*fn)(void *arg), void *arg)
{
    fn(arg);
    vg_vcpu_off();
}

int vg_vcpu_start(uint32_t vcpu, void (*fn)(void *arg), void *arg)
{
    struct call_value *args = vg_area()->out.arg;

    args[0].bits = vcpu;
    args[1].bits = (uint64_t)vg_vcpu_entry;
    args[2].bits = (uint64_t)fn;
    args[3].bits = (uint64_t)arg;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return (int)(int64_t)ask(CALL_REQUEST_VCPU_START);
}

_Noreturn void vg_vcpu_off(void)
{
    for (;;) {
        ask(CALL_REQUEST_VCPU_OFF);
    }
}

bool vg_vcpu_is_on(uint32_t vcpu)
{
    vg_area()->out.arg[0].bits = vcpu;
    return ask(CALL_REQUEST_VCPU_ON) != 0;
}

void vg_relax(uint32_t turn)
{
    if (turn % SPINS == SPINS - 1) {
        ask(CALL_REQUEST_YIELD);
    } else {
        vg_pause();
    }
}
