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

static struct irq_timer *timers_of(const struct vcpu *vcpu)
{
    return vcpu->vm->irq.state.timer[vcpu->id];
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

static uint64_t serve_clock(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    struct vt_vm *vm = vcpu->vm;
    uint64_t offset;

    (void)arg;
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

/* ---- Timers ---- */

/* When it is to fire: not before the floor allows. */
static uint64_t due(const struct irq_timer *t)
{
    return t->has_fired && t->earliest > t->deadline ? t->earliest : t->deadline;
}

static int set_alarm(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    const struct alarm_cfg cfg = { .clock = CLOCK_MONOTONIC, .signal = vm->budget.signal };
    uint64_t at = UINT64_MAX;
    uint64_t time = now(vm);
    uint64_t ns = 0;

    for (unsigned i = 0; i < IRQ_TIMERS; i++) {
        const struct irq_timer *t = &timers_of(vcpu)[i];

        at = t->is_armed && due(t) < at ? due(t) : at;
    }
    if (at == UINT64_MAX) {
        alarm_stop(&vm->irq.alarm[vcpu->id]);
        return VT_OK;
    }
    ns = at <= time ? 0 : to_ns(vm, at - time);
    return alarm_set(&vm->irq.alarm[vcpu->id], &cfg, ns < ALARM_MIN_NS ? ALARM_MIN_NS : ns,
                     &vm->log);
}

/* A periodic one goes on at its first deadline that is still ahead: user code counts those that
 * are over by itself. */
static void fire(struct vcpu *vcpu, unsigned timer, uint64_t time)
{
    static const uint32_t lines[IRQ_TIMERS] = { IRQ_TIMER_VIRT, IRQ_TIMER_PHYS };
    struct irq_timer *t = &timers_of(vcpu)[timer];
    struct irq *irq = &vcpu->vm->irq;
    uint64_t over = time - t->deadline;

    t->has_fired = true;
    t->earliest = time + to_ticks(vcpu->vm, irq->floor_ns);
    if (t->period == 0 || t->period > UINT64_MAX - time) {
        t->is_armed = false;
    } else {
        t->deadline = time - over % t->period + t->period;
    }
    (void)pthread_mutex_lock(&irq->lock);
    (void)intc_pend(&irq->state.intc, vcpu->id, lines[timer]);
    (void)pthread_mutex_unlock(&irq->lock);
}

/* What is due becomes pending. The alarm is set again if it is spent, perhaps a little early. */
static int expire(struct vcpu *vcpu, bool is_spent)
{
    bool any = false;
    uint64_t time = 0;

    for (unsigned i = 0; i < IRQ_TIMERS; i++) {
        const struct irq_timer *t = &timers_of(vcpu)[i];

        if (!t->is_armed) {
            continue;
        }
        time = time == 0 ? now(vcpu->vm) : time;
        any = any || is_spent;
        if (due(t) <= time) {
            fire(vcpu, i, time);
            any = true;
        }
    }
    return any ? set_alarm(vcpu) : VT_OK;
}

static uint64_t serve_timer(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    struct irq_timer *t = timers_of(vcpu);

    if (arg[0] >= IRQ_TIMERS) {
        return IRQ_BAD;
    }
    t[arg[0]].is_armed = true;
    t[arg[0]].deadline = arg[1];
    t[arg[0]].period = arg[2];
    return 0;
}

static uint64_t serve_stop(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    if (arg[0] >= IRQ_TIMERS) {
        return IRQ_BAD;
    }
    timers_of(vcpu)[arg[0]].is_armed = false;
    return 0;
}

/* ---- Lines ---- */

static uint64_t serve_enable(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    return intc_enable(&vcpu->vm->irq.state.intc, vcpu->id, arg[0]) ? 0 : IRQ_BAD;
}

static uint64_t serve_disable(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    return intc_disable(&vcpu->vm->irq.state.intc, vcpu->id, arg[0]) ? 0 : IRQ_BAD;
}

static uint64_t serve_urgency(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    return intc_set_urgency(&vcpu->vm->irq.state.intc, vcpu->id, arg[0], arg[1]) ? 0 : IRQ_BAD;
}

static uint64_t serve_pend(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    return intc_pend(&vcpu->vm->irq.state.intc, vcpu->id, arg[0]) ? 0 : IRQ_BAD;
}

static uint64_t serve_state(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    return intc_state(&vcpu->vm->irq.state.intc, vcpu->id, arg[0]);
}

static uint64_t serve_send(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    struct vt_vm *vm = vcpu->vm;

    return arg[0] < vm->vcpu_count && intc_send(&vm->irq.state.intc, arg[0], arg[1]) ? 0 : IRQ_BAD;
}

/* Into the shared page: the next line that is more urgent than `blocked`. */
static void take(struct vcpu *vcpu, uint64_t blocked)
{
    struct intc *intc = &vcpu->vm->irq.state.intc;
    volatile struct irq_area *area = area_of(vcpu);
    uint32_t line = intc_next(intc, vcpu->id);

    if (line != IRQ_NONE && intc_urgency(intc, vcpu->id, line) <= blocked) {
        line = IRQ_NONE;
    }
    if (line != IRQ_NONE) {
        area->urgency = intc_urgency(intc, vcpu->id, line);
        intc_take(intc, vcpu->id, line);
    }
    area->line = line;
}

static uint64_t serve_next(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    take(vcpu, arg[0]);
    return 0;
}

/* The vCPU sleeps before it goes on; irq_deliver() wakes it. */
static uint64_t serve_wait(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS])
{
    (void)arg;
    vcpu->asleep = true;
    return 0;
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

typedef uint64_t serve_fn(struct vcpu *vcpu, const uint64_t arg[IRQ_ARGS]);

/* Called with the lock. */
static const struct {
    serve_fn *fn;
    bool of_timers;
} requests[] = {
    [IRQ_REQUEST_NONE] = { NULL, false },
    [IRQ_REQUEST_CLOCK] = { serve_clock, false },
    [IRQ_REQUEST_ENABLE] = { serve_enable, false },
    [IRQ_REQUEST_DISABLE] = { serve_disable, false },
    [IRQ_REQUEST_URGENCY] = { serve_urgency, false },
    [IRQ_REQUEST_PEND] = { serve_pend, false },
    [IRQ_REQUEST_STATE] = { serve_state, false },
    [IRQ_REQUEST_SEND] = { serve_send, false },
    [IRQ_REQUEST_TIMER] = { serve_timer, true },
    [IRQ_REQUEST_STOP] = { serve_stop, true },
    [IRQ_REQUEST_NEXT] = { serve_next, false },
    [IRQ_REQUEST_WAIT] = { serve_wait, false },
};
_Static_assert(ARRAY_COUNT(requests) == IRQ_REQUEST_COUNT, "a request has no function");

int irq_request(struct vcpu *vcpu)
{
    volatile struct irq_area *area = area_of(vcpu);
    const uint64_t arg[IRQ_ARGS] = { area->arg[0], area->arg[1], area->arg[2] };
    uint32_t request = area->request;
    struct irq *irq = &vcpu->vm->irq;
    uint64_t result;
    int err = VT_OK;

    if (request >= ARRAY_COUNT(requests) || requests[request].fn == NULL ||
        caps_of(vcpu->vm)->tick_rate == 0) {
        log_print(&vcpu->vm->log, VT_LOG_ERROR, "interrupts: request %u has no meaning", request);
        return VT_ERR_GUEST;
    }
    (void)pthread_mutex_lock(&irq->lock);
    if (!irq->state.used && request != IRQ_REQUEST_CLOCK) {
        irq->state.used = true;
        budget_kick(&vcpu->vm->budget);
    }
    result = requests[request].fn(vcpu, arg);
    (void)pthread_mutex_unlock(&irq->lock);
    area->result = result;
    if (requests[request].of_timers) {
        err = set_alarm(vcpu);
    }
    if (request == IRQ_REQUEST_SEND && result == 0) {
        wake(vcpu->vm, (unsigned)arg[0]);
    }
    return err == VT_OK ? RUN_AGAIN : err;
}

/* ---- Delivery ---- */

/* For an upcall. */
static void take_now(struct vcpu *vcpu)
{
    area_of(vcpu)->blocked = IRQ_URGENCY_ALL;
    (void)pthread_mutex_lock(&vcpu->vm->irq.lock);
    take(vcpu, 0);
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
    struct irq *irq = &vcpu->vm->irq;
    uint32_t urgency = 0;
    uint32_t line;

    (void)pthread_mutex_lock(&irq->lock);
    line = intc_next(&irq->state.intc, vcpu->id);
    if (line != IRQ_NONE) {
        urgency = intc_urgency(&irq->state.intc, vcpu->id, line);
    }
    (void)pthread_mutex_unlock(&irq->lock);
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
    take(vcpu, area->arg[0]);
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
    good = intc_raise(&vm->irq.state.intc, line);
    target = intc_target(&vm->irq.state.intc, line);
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
    good = intc_lower(&vm->irq.state.intc, line);
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
    memset(timers_of(vcpu), 0, sizeof(irq->state.timer[0]));
    vcpu->asleep = false;
    (void)pthread_mutex_lock(&irq->lock);
    intc_reset_vcpu(&irq->state.intc, vcpu->id);
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
    intc_reset(&vm->irq.state.intc);
    (void)pthread_mutex_unlock(&vm->irq.lock);
    begin_at(vm, 0);
}
