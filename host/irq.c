/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of a micro-VM: answers its requests, keeps its timers, lets lines come. The shared
 * page may change at any time and is never believed: each word is read once.
 */
#include "host/irq.h"

#include <string.h>

#include "host/sys.h"
#include "host/vm.h"
#include "lib/field.h"

#define NS_PER_SECOND    UINT64_C(1000000000)
#define FLOOR_DEFAULT_NS UINT64_C(50000)
#define ALARM_MIN_NS     UINT64_C(1000)
#define ALARM_MAX_NS     (UINT64_C(1000) * NS_PER_SECOND) /* a later deadline takes several */
#define ENTRY_END        (UINT64_C(1) << 47)              /* beyond are no user's addresses */

static volatile struct irq_area *area_of(const struct vcpu *vcpu)
{
    return (volatile struct irq_area *)(void *)(vcpu->low + IRQ_GVA);
}

/* With the lock. */
static struct irqctl *ctl_of(const struct vcpu *vcpu)
{
    return &vcpu->vm->irq.state.ctl;
}

/* ---- Time ---- */

static const struct be_caps *caps_of(const struct vt_vm *vm)
{
    return vm->ops->caps(vm->backend->host);
}

static uint64_t host_ticks(const struct vt_vm *vm)
{
    return vm->ops->ticks == NULL ? 0 : vm->ops->ticks();
}

/* Ticks of the guest. */
static uint64_t now(const struct vt_vm *vm)
{
    return host_ticks(vm) + vm->irq.shift;
}

/* Neither overflows: spans are below ALARM_MAX_NS, rates below a few GHz. */
static uint64_t to_ns(const struct vt_vm *vm, uint64_t ticks)
{
    uint64_t rate = caps_of(vm)->tick_rate;
    uint64_t most = ALARM_MAX_NS / NS_PER_SECOND * rate;

    ticks = ticks > most ? most : ticks;
    return ticks / rate * NS_PER_SECOND + ticks % rate * NS_PER_SECOND / rate;
}

static uint64_t to_ticks(const struct vt_vm *vm, uint64_t ns)
{
    uint64_t rate = caps_of(vm)->tick_rate;

    ns = ns > ALARM_MAX_NS ? ALARM_MAX_NS : ns;
    return ns / NS_PER_SECOND * rate + ns % NS_PER_SECOND * rate / NS_PER_SECOND;
}

/* With the lock: several vCPUs may show theirs. Nothing is shown before one has asked. */
static void show_clock(struct vcpu *vcpu)
{
    volatile struct uvm_info *info = (volatile struct uvm_info *)(void *)(vcpu->low + UVM_INFO_GVA);

    if (vcpu->vm->info.tick_rate != 0) {
        info->tick_offset = vcpu->vm->info.tick_offset;
        info->wall_ns = sys_now(CLOCK_REALTIME);
        info->wall_tick = now(vcpu->vm);
        info->tick_rate = vcpu->vm->info.tick_rate;
    }
}

/* Of the others nothing but this is needed. */
static uint64_t serve_clock(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    uint64_t offset;

    if (vm->info.tick_rate == 0) {
        if (vm->ops->tick_offset(vcpu->be, &offset) != VT_OK) {
            return IRQ_BAD;
        }
        vm->info.tick_offset = vm->irq.shift - offset;
        vm->info.tick_rate = caps_of(vm)->tick_rate;
    }
    show_clock(vcpu);
    return 0;
}

/* ---- Timers: those of a vCPU change on its own thread only ---- */

static int set_alarm(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    const struct alarm_cfg cfg = { .clock = CLOCK_MONOTONIC, .signal = vm->budget.signal };
    uint64_t at = irqctl_due(ctl_of(vcpu), vcpu->id);
    uint64_t time = now(vm);
    uint64_t ns = 0;

    if (at == UINT64_MAX) {
        alarm_stop(&vm->irq.alarm[vcpu->id]);
        return VT_OK;
    }
    ns = at <= time ? 0 : to_ns(vm, at - time);
    return alarm_set(&vm->irq.alarm[vcpu->id], &cfg, ns < ALARM_MIN_NS ? ALARM_MIN_NS : ns,
                     &vm->log);
}

/* What is due becomes pending. The alarm is set again if it is spent, perhaps a little early. */
static int expire(struct vcpu *vcpu, bool is_spent)
{
    struct vt_vm *vm = vcpu->vm;
    bool any;

    if (irqctl_due(ctl_of(vcpu), vcpu->id) == UINT64_MAX) {
        return VT_OK;
    }
    (void)pthread_mutex_lock(&vm->irq.lock);
    any = irqctl_expire(ctl_of(vcpu), vcpu->id, now(vm), to_ticks(vm, vm->irq.floor_ns));
    (void)pthread_mutex_unlock(&vm->irq.lock);
    return any || is_spent ? set_alarm(vcpu) : VT_OK;
}

/* ---- Requests ---- */

/* The vCPU looks for what is pending before it is in the guest again. */
static void wake(struct vt_vm *vm, unsigned id)
{
    if (vm->vcpu_count == 1) {
        budget_kick(&vm->budget);
    } else if (id < vm->vcpu_count) {
        gang_poke(vm_vcpu(vm, id));
    }
}

/* Called with the lock. */
static bool serve(struct vcpu *vcpu, const struct irqctl_ask *ask, uint64_t *result)
{
    *result = 0;
    switch (ask->request) {
    case IRQ_REQUEST_CLOCK: *result = serve_clock(vcpu); return true;
    case IRQ_REQUEST_NEXT:
        irqctl_take(ctl_of(vcpu), vcpu->id, ask->arg[0], area_of(vcpu));
        return true;
    case IRQ_REQUEST_WAIT: vcpu->asleep = true; return true; /* irq_deliver() wakes it */
    default: return irqctl_serve(ctl_of(vcpu), ask, result);
    }
}

static bool is_of_timers(uint32_t request)
{
    return request == IRQ_REQUEST_TIMER || request == IRQ_REQUEST_STOP;
}

int irq_request(struct vcpu *vcpu)
{
    volatile struct irq_area *area = area_of(vcpu);
    const struct irqctl_ask ask = { .vcpu = vcpu->id,
                                    .vcpu_count = vcpu->vm->vcpu_count,
                                    .request = area->request,
                                    .arg = { area->arg[0], area->arg[1], area->arg[2] } };
    struct irq *irq = &vcpu->vm->irq;
    uint64_t result = 0;
    int err = VT_OK;
    bool good;

    (void)pthread_mutex_lock(&irq->lock);
    good = caps_of(vcpu->vm)->tick_rate != 0 && serve(vcpu, &ask, &result);
    if (good && !irq->state.used && ask.request != IRQ_REQUEST_CLOCK) {
        irq->state.used = true;
        budget_kick(&vcpu->vm->budget);
    }
    (void)pthread_mutex_unlock(&irq->lock);
    if (!good) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "interrupts: request %u has no meaning",
                  ask.request);
        return VT_ERR_GUEST;
    }
    area->result = result;
    if (is_of_timers(ask.request)) {
        err = set_alarm(vcpu);
    }
    if (ask.request == IRQ_REQUEST_SEND && result == 0) {
        wake(vcpu->vm, (unsigned)ask.arg[0]);
    }
    return err == VT_OK ? RUN_AGAIN : err;
}

/* ---- Delivery ---- */

/* For an upcall. */
static void take_now(struct vcpu *vcpu)
{
    area_of(vcpu)->blocked = IRQ_URGENCY_ALL;
    (void)pthread_mutex_lock(&vcpu->vm->irq.lock);
    irqctl_take(ctl_of(vcpu), vcpu->id, 0, area_of(vcpu));
    (void)pthread_mutex_unlock(&vcpu->vm->irq.lock);
}

/* The vCPU goes on at the guest's entry if it can take an interrupt now; else it stops again as
 * soon as it can, or asks when it can (irq_take). */
static int upcall(struct vcpu *vcpu, uint64_t entry)
{
    const struct be_ops *ops = vcpu->vm->ops;
    volatile struct irq_area *area = area_of(vcpu);
    struct be_interrupted was = { 0 };
    bool taken = false;
    int err;

    if (ops->interrupt == NULL) {
        return ops->interrupt_line(vcpu->be, true);
    }
    err = ops->interrupt(vcpu->be, entry, &was, &taken);
    if (err == VT_OK && taken) {
        area->pc = was.pc;
        area->flags = was.flags;
        take_now(vcpu);
    }
    return err;
}

/* The most urgent line that is pending, or 0. */
static uint32_t pending_urgency(struct vcpu *vcpu)
{
    uint32_t urgency;

    (void)pthread_mutex_lock(&vcpu->vm->irq.lock);
    urgency = irqctl_urgency(ctl_of(vcpu), vcpu->id);
    (void)pthread_mutex_unlock(&vcpu->vm->irq.lock);
    return urgency;
}

static bool is_entry(uint64_t entry)
{
    return entry != 0 && entry < ENTRY_END;
}

/* The line that was to come may have gone meanwhile, or be blocked. */
int irq_take(struct vcpu *vcpu)
{
    const struct be_ops *ops = vcpu->vm->ops;
    volatile struct irq_area *area = area_of(vcpu);
    uint64_t entry = area->entry;
    int err;

    if (ops->interrupt_line == NULL) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "interrupts: none are taken by asking");
        return VT_ERR_GUEST;
    }
    err = ops->interrupt_line(vcpu->be, false);
    if (pending_urgency(vcpu) > area->blocked && is_entry(entry)) {
        take_now(vcpu);
    }
    return err == VT_OK ? RUN_AGAIN : err;
}

/* What a sleeping vCPU asked for. */
static void wake_up(struct vcpu *vcpu)
{
    volatile struct irq_area *area = area_of(vcpu);

    (void)pthread_mutex_lock(&vcpu->vm->irq.lock);
    irqctl_take(ctl_of(vcpu), vcpu->id, area->arg[0], area);
    (void)pthread_mutex_unlock(&vcpu->vm->irq.lock);
    vcpu->asleep = false;
}

int irq_deliver(struct vcpu *vcpu, bool was_kicked)
{
    volatile struct irq_area *area = area_of(vcpu);
    uint64_t entry = area->entry;
    int err = expire(vcpu, was_kicked);
    uint32_t urgency = pending_urgency(vcpu);

    if (vcpu->asleep && urgency != 0) {
        wake_up(vcpu);
        urgency = pending_urgency(vcpu);
    }
    if (err == VT_OK && urgency > area->blocked && is_entry(entry)) {
        err = upcall(vcpu, entry);
        urgency = pending_urgency(vcpu);
    }
    if (urgency <= area->blocked && urgency > area->waiting) {
        area->waiting = urgency;
    }
    return err == VT_OK ? RUN_AGAIN : err;
}

/* ---- Lines of the host ---- */

int vt_irq_raise(struct vt_vm *vm, uint32_t line)
{
    unsigned target;
    bool good;

    if (vm == NULL) {
        return VT_ERR_INVALID;
    }
    if (vm->ops->interrupt == NULL && vm->ops->interrupt_line == NULL) {
        return VT_ERR_UNSUPPORTED;
    }
    (void)pthread_mutex_lock(&vm->irq.lock);
    good = intc_raise(&vm->irq.state.ctl.intc, line);
    target = intc_target(&vm->irq.state.ctl.intc, line);
    (void)pthread_mutex_unlock(&vm->irq.lock);
    if (target < INTC_VCPUS) {
        wake(vm, target);
    }
    return good ? VT_OK : VT_ERR_INVALID;
}

int vt_irq_lower(struct vt_vm *vm, uint32_t line)
{
    bool good;

    if (vm == NULL) {
        return VT_ERR_INVALID;
    }
    (void)pthread_mutex_lock(&vm->irq.lock);
    good = intc_lower(&vm->irq.state.ctl.intc, line);
    (void)pthread_mutex_unlock(&vm->irq.lock);
    return good ? VT_OK : VT_ERR_INVALID;
}

/* ---- Life ---- */

void irq_init(struct vt_vm *vm, const struct vt_cfg *cfg)
{
    vm->irq.floor_ns = cfg->timer_floor_ns != 0 ? cfg->timer_floor_ns : FLOOR_DEFAULT_NS;
    (void)pthread_mutex_init(&vm->irq.lock, NULL);
    irq_reset(vm);
}

void irq_destroy(struct vt_vm *vm)
{
    for (unsigned i = 0; i < INTC_VCPUS; i++) {
        alarm_drop(&vm->irq.alarm[i]);
    }
    (void)pthread_mutex_destroy(&vm->irq.lock);
}

void irq_reset_vcpu(struct vcpu *vcpu)
{
    struct irq *irq = &vcpu->vm->irq;

    memset(vcpu->low + IRQ_GVA, 0, SIZE_4K);
    vcpu->asleep = false;
    (void)pthread_mutex_lock(&irq->lock);
    irqctl_reset_vcpu(ctl_of(vcpu), vcpu->id);
    show_clock(vcpu);
    (void)pthread_mutex_unlock(&irq->lock);
}

int irq_begin(struct vcpu *vcpu)
{
    struct irq *irq = &vcpu->vm->irq;
    int err = RUN_AGAIN;
    bool used;

    (void)pthread_mutex_lock(&irq->lock);
    used = irq->state.used;
    show_clock(vcpu);
    (void)pthread_mutex_unlock(&irq->lock);
    if (used) {
        budget_kick(&vcpu->vm->budget);
        err = irq_deliver(vcpu, true);
    }
    return err == RUN_AGAIN ? VT_OK : err;
}

/* The threads of other vCPUs end with the call. */
void irq_end(struct vcpu *vcpu)
{
    struct alarm *alarm = &vcpu->vm->irq.alarm[vcpu->id];

    if (vcpu->id == 0) {
        alarm_stop(alarm);
    } else {
        alarm_drop(alarm);
    }
}

/* The back end's own offset stays as it is. */
static void begin_at(struct vt_vm *vm, uint64_t time)
{
    uint64_t shift = time - host_ticks(vm);

    if (vm->info.tick_rate != 0) {
        vm->info.tick_offset += shift - vm->irq.shift;
    }
    vm->irq.shift = shift;
    vm->first.asleep = false;
}

void irq_save(struct vt_vm *vm, struct irq_state *out)
{
    (void)pthread_mutex_lock(&vm->irq.lock);
    *out = vm->irq.state;
    (void)pthread_mutex_unlock(&vm->irq.lock);
    out->now = now(vm);
}

void irq_load(struct vt_vm *vm, const struct irq_state *state)
{
    (void)pthread_mutex_lock(&vm->irq.lock);
    vm->irq.state = *state;
    (void)pthread_mutex_unlock(&vm->irq.lock);
    begin_at(vm, state->now);
}

void irq_reset(struct vt_vm *vm)
{
    (void)pthread_mutex_lock(&vm->irq.lock);
    memset(&vm->irq.state, 0, sizeof(vm->irq.state));
    irqctl_reset(&vm->irq.state.ctl);
    (void)pthread_mutex_unlock(&vm->irq.lock);
    begin_at(vm, 0);
}
