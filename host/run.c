/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that runs a guest until its call is complete; nothing else enters a guest. */
#include "host/fault.h"

#include <string.h>

#include "host/debug.h"
#include "host/sys.h"
#include "lib/field.h"

typedef int handler_fn(struct vcpu *vcpu, const struct be_event *event);

/* FP state for a runtime that can't execute XSAVE itself, through its own buffer. */
static int port_xsave(struct vcpu *vcpu)
{
    int err;

    if (vcpu->vm->info.xsave_size == 0) { /* its architecture has no such thing */
        return VT_ERR_GUEST;
    }
    err = vcpu->vm->ops->get_fp(vcpu->be, vcpu->low + LAYOUT_XSAVE_GVA, vcpu->vm->info.xsave_size);
    return err == VT_OK ? RUN_AGAIN : err;
}

/* The kernel checks the guest's buffer, and refuses what the processor would. */
static int port_xrstor(struct vcpu *vcpu)
{
    uint8_t copy[LAYOUT_XSAVE_MAX];
    int err;

    if (vcpu->vm->info.xsave_size == 0) {
        return VT_ERR_GUEST;
    }
    memcpy(copy, vcpu->low + LAYOUT_XSAVE_GVA, sizeof(copy));
    err = vcpu->vm->ops->set_fp(vcpu->be, copy, vcpu->vm->info.xsave_size);
    return err == VT_OK ? RUN_AGAIN : VT_ERR_GUEST;
}

static const struct {
    uint16_t port;
    int (*fn)(struct vcpu *vcpu);
} ports[] = {
    { UVM_PORT_GATE, call_gate },   { UVM_PORT_FAULT, fault_forwarded },
    { UVM_PORT_XSAVE, port_xsave }, { UVM_PORT_XRSTOR, port_xrstor },
    { UVM_PORT_IRQ, irq_request },  { UVM_PORT_BREAK, debug_break },
    { UVM_PORT_STEP, debug_step },  { UVM_PORT_TAKE, irq_take },
};

static int on_port(struct vcpu *vcpu, const struct be_event *event)
{
    for (size_t i = 0; i < ARRAY_COUNT(ports); i++) {
        if (ports[i].port == event->port) {
            return ports[i].fn(vcpu);
        }
    }
    log_print(&vcpu->vm->log, VT_LOG_ERROR, "output to unknown port 0x%x", event->port);
    return fault_made(vcpu, FAULT_REASON_OTHER, 0, false);
}

static int on_mmio(struct vcpu *vcpu, const struct be_event *event)
{
    return fault_made(vcpu, FAULT_REASON_NO_MEMORY, event->address, event->write);
}

static int on_shutdown(struct vcpu *vcpu, const struct be_event *event)
{
    (void)event;
    return fault_made(vcpu, FAULT_REASON_SHUTDOWN, 0, false);
}

static int on_kick(struct vcpu *vcpu, const struct be_event *event)
{
    struct budget *b = &vcpu->vm->budget;
    int err = vcpu->id == 0 ? budget_check(b, &vcpu->vm->log)
                            : budget_join_check(b, &vcpu->alarm, &vcpu->vm->log);

    (void)event;
    return err == VT_OK ? debug_kicked(vcpu) : err;
}

static int on_window(struct vcpu *vcpu, const struct be_event *event)
{
    (void)vcpu;
    (void)event;
    return RUN_AGAIN;
}

static int on_other(struct vcpu *vcpu, const struct be_event *event)
{
    log_print(&vcpu->vm->log, VT_LOG_ERROR, "the guest stopped with exit %u", event->detail);
    return fault_made(vcpu, FAULT_REASON_OTHER, 0, false);
}

static handler_fn *const handlers[] = {
    [BE_EXIT_PORT] = on_port,
    [BE_EXIT_MMIO] = on_mmio,
    [BE_EXIT_SHUTDOWN] = on_shutdown,
    [BE_EXIT_HALT] = on_other,
    [BE_EXIT_NOT_EMULATED] = fault_not_emulated,
    [BE_EXIT_KICK] = on_kick,
    [BE_EXIT_WINDOW] = on_window,
    [BE_EXIT_OTHER] = on_other,
};
_Static_assert(ARRAY_COUNT(handlers) == BE_EXIT_COUNT, "an exit has no handler");

int run_answer(struct vcpu *vcpu, const struct be_event *event)
{
    int err = handlers[event->exit](vcpu, event);

    if (err == RUN_AGAIN && vcpu->vm->irq.state.used && (vcpu->asleep || !debug_steps(vcpu))) {
        err = irq_deliver(vcpu, event->exit == BE_EXIT_KICK);
    }
    return err;
}

/* Whatever is to wake one that sleeps is a signal, which is blocked, so that none is missed. */
int run_enter(struct vcpu *vcpu, struct be_event *event)
{
    if (vcpu->asleep) {
        sys_wait_signal(vcpu->vm->budget.signal);
        event->exit = BE_EXIT_KICK;
        return VT_OK;
    }
    return vcpu->vm->ops->run(vcpu->be, event);
}

int run_call(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    struct be_event event = { 0 };
    int err;

    do {
        uint64_t begin = sys_now(CLOCK_MONOTONIC);

        err = run_enter(vcpu, &event);
        vm->metrics.run_ns += sys_now(CLOCK_MONOTONIC) - begin;
        vm->metrics.exits++;
        if (err == VT_OK) {
            err = run_answer(vcpu, &event);
        }
    } while (err == RUN_AGAIN);
    return err;
}
