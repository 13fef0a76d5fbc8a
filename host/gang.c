/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of a call with several vCPUs, and whose turn it is; knows nothing of what they ask. */
#include "host/gang.h"

#include "host/sys.h"
#include "host/vm.h"

void gang_init(struct gang *g)
{
    (void)pthread_mutex_init(&g->lock, NULL);
    (void)pthread_cond_init(&g->turn, NULL);
    (void)pthread_cond_init(&g->changed, NULL);
}

void gang_destroy(struct gang *g)
{
    (void)pthread_cond_destroy(&g->changed);
    (void)pthread_cond_destroy(&g->turn);
    (void)pthread_mutex_destroy(&g->lock);
}

/* ---- Out of the guest ---- */

/* The lock is held. The signal waits when the guest is not entered yet: then it is left at once. */
static void kick(struct vcpu *vcpu)
{
    if (!vcpu->inside) {
        return;
    }
    if (vcpu->id == 0) {
        budget_kick(&vcpu->vm->budget);
    } else {
        (void)pthread_kill(vcpu->thread, vcpu->vm->budget.signal);
    }
}

static void kick_all(struct vt_vm *vm)
{
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        kick(vm_vcpu(vm, i));
    }
}

void gang_poke(struct vcpu *vcpu)
{
    struct gang *g = &vcpu->vm->gang;

    (void)pthread_mutex_lock(&g->lock);
    if (vcpu->id == 0) {
        budget_kick(&vcpu->vm->budget);
    } else if (vcpu->has_thread && !g->stopping) {
        (void)pthread_kill(vcpu->thread, vcpu->vm->budget.signal);
    }
    (void)pthread_mutex_unlock(&g->lock);
}

void gang_pause(struct vt_vm *vm)
{
    struct gang *g = &vm->gang;

    (void)pthread_mutex_lock(&g->lock);
    g->pausing = true;
    kick_all(vm);
    while (g->inside > 0) {
        (void)pthread_cond_wait(&g->changed, &g->lock);
    }
    (void)pthread_mutex_unlock(&g->lock);
}

void gang_go_on(struct vt_vm *vm)
{
    struct gang *g = &vm->gang;

    (void)pthread_mutex_lock(&g->lock);
    g->pausing = false;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

void gang_let(struct vt_vm *vm, struct vcpu *vcpu)
{
    struct gang *g = &vm->gang;

    (void)pthread_mutex_lock(&g->lock);
    g->only = vcpu;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

/* The lock is held. The first to end the call says how. */
static void stop(struct vt_vm *vm, int result)
{
    struct gang *g = &vm->gang;

    if (g->stopping) {
        return;
    }
    g->stopping = true;
    g->result = result;
    kick_all(vm);
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_cond_broadcast(&g->turn);
}

/* ---- One vCPU ---- */

/* False: the vCPU is not to run now. */
static bool enter(struct vcpu *vcpu)
{
    struct gang *g = &vcpu->vm->gang;
    bool may;

    (void)pthread_mutex_lock(&g->lock);
    while (((g->pausing && g->only != vcpu) || vcpu->held) && !g->stopping) {
        (void)pthread_cond_wait(&g->changed, &g->lock);
    }
    may = !g->stopping && vcpu->on;
    if (may && !vcpu->has_event) {
        vcpu->inside = true;
        g->inside++;
    }
    (void)pthread_mutex_unlock(&g->lock);
    return may;
}

/* False: the call ends, and the exit waits for the next one. */
static bool take_turn(struct vcpu *vcpu)
{
    struct gang *g = &vcpu->vm->gang;
    bool may;

    (void)pthread_mutex_lock(&g->lock);
    if (vcpu->inside) {
        vcpu->inside = false;
        g->inside--;
        if (g->pausing) {
            (void)pthread_cond_broadcast(&g->changed);
        }
    }
    while (g->owner != NULL && !g->stopping) {
        (void)pthread_cond_wait(&g->turn, &g->lock);
    }
    may = !g->stopping;
    if (may) {
        g->owner = vcpu;
        vcpu->vm->serving = vcpu;
    }
    (void)pthread_mutex_unlock(&g->lock);
    return may;
}

static void end_turn(struct vcpu *vcpu, int result)
{
    struct vt_vm *vm = vcpu->vm;
    struct gang *g = &vm->gang;

    (void)pthread_mutex_lock(&g->lock);
    g->owner = NULL;
    vm->serving = &vm->first;
    if (result != RUN_AGAIN) {
        stop(vm, result);
    }
    (void)pthread_cond_signal(&g->turn);
    (void)pthread_mutex_unlock(&g->lock);
}

static int enter_guest(struct vcpu *vcpu)
{
    uint64_t begin = sys_now(CLOCK_MONOTONIC);
    int err = run_enter(vcpu, &vcpu->event);

    vcpu->run_ns = sys_now(CLOCK_MONOTONIC) - begin;
    vcpu->has_event = err == VT_OK && vcpu->event.exit != BE_EXIT_KICK;
    return err;
}

static int answer(struct vcpu *vcpu)
{
    struct vt_metrics *metrics = &vcpu->vm->metrics;

    metrics->run_ns += vcpu->run_ns;
    metrics->exits += vcpu->run_ns != 0;
    vcpu->run_ns = 0;
    vcpu->has_event = false;
    return run_answer(vcpu, &vcpu->event);
}

/* Until the vCPU is off or the call ends. */
static void run(struct vcpu *vcpu)
{
    bool go = enter(vcpu);

    while (go) {
        int err = vcpu->has_event ? VT_OK : enter_guest(vcpu);

        go = take_turn(vcpu);
        if (go) {
            end_turn(vcpu, err == VT_OK ? answer(vcpu) : err);
            if (vcpu->wants_yield) {
                vcpu->wants_yield = false;
                sys_yield();
            }
            go = enter(vcpu);
        }
    }
}

/* ---- Threads ---- */

static bool wait_on(struct vcpu *vcpu)
{
    struct gang *g = &vcpu->vm->gang;
    bool go;

    (void)pthread_mutex_lock(&g->lock);
    while (!vcpu->on && !g->stopping) {
        (void)pthread_cond_wait(&g->changed, &g->lock);
    }
    go = !g->stopping;
    (void)pthread_mutex_unlock(&g->lock);
    return go;
}

static void *thread_main(void *arg)
{
    struct vcpu *vcpu = arg;
    struct vt_vm *vm = vcpu->vm;
    int err = budget_join(&vm->budget, &vcpu->alarm, &vm->log);

    vcpu->tid = sys_tid();
    err = err == VT_OK ? irq_begin(vcpu) : err;
    while (err == VT_OK && wait_on(vcpu)) {
        run(vcpu);
    }
    if (err != VT_OK) {
        (void)pthread_mutex_lock(&vm->gang.lock);
        stop(vm, err);
        (void)pthread_mutex_unlock(&vm->gang.lock);
    }
    irq_end(vcpu);
    alarm_drop(&vcpu->alarm);
    return NULL;
}

/* The lock is held. */
static int wake(struct vcpu *vcpu)
{
    if (vcpu->has_thread) {
        (void)pthread_cond_broadcast(&vcpu->vm->gang.changed);
    } else if (sys_thread(&vcpu->thread, thread_main, vcpu) != 0) {
        return log_errno(&vcpu->vm->log, "pthread_create");
    }
    vcpu->has_thread = true;
    return VT_OK;
}

int gang_start(struct vcpu *vcpu)
{
    struct gang *g = &vcpu->vm->gang;
    int err;

    (void)pthread_mutex_lock(&g->lock);
    vcpu->on = true;
    err = wake(vcpu);
    if (err != VT_OK) {
        vcpu->on = false;
    }
    (void)pthread_mutex_unlock(&g->lock);
    return err;
}

/* Some may run, and be off again, before the last is awake. */
static int start_threads(struct vt_vm *vm)
{
    int err = VT_OK;

    (void)pthread_mutex_lock(&vm->gang.lock);
    for (unsigned i = 1; i < vm->vcpu_count && err == VT_OK; i++) {
        struct vcpu *vcpu = vm_vcpu(vm, i);

        err = vcpu->on ? wake(vcpu) : VT_OK;
    }
    (void)pthread_mutex_unlock(&vm->gang.lock);
    return err;
}

static void join_threads(struct vt_vm *vm)
{
    for (unsigned i = 1; i < vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(vm, i);

        if (vcpu->has_thread) {
            (void)pthread_join(vcpu->thread, NULL);
            vcpu->has_thread = false;
        }
    }
}

int gang_call(struct vt_vm *vm)
{
    struct gang *g = &vm->gang;
    int err;

    g->stopping = false;
    g->pausing = false;
    g->owner = NULL;
    vm->first.on = true;
    err = start_threads(vm);
    if (err == VT_OK) {
        run(&vm->first);
    } else {
        (void)pthread_mutex_lock(&g->lock);
        stop(vm, err);
        (void)pthread_mutex_unlock(&g->lock);
    }
    join_threads(vm);
    return g->result;
}
