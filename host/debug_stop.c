/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopping and going on: all vCPUs together, one at a time over a breakpoint. The thread whose turn
 * it is serves the client while the others are kept out of the guest. A step is the trap flag in
 * what goes on: the processor, or what emulates it, then comes to the vector of #DB.
 */
#include "host/debug.h"

#include <string.h>

#include "host/mem.h"
#include "host/sys.h"
#include "lib/field.h"

#define FLAG_TRAP  UINT64_C(0x100)
#define INSN_INT3  0xccu
#define INSN_PUSHF 0x9cu
#define PREFIX_16  0x66u

static struct debug *debug_of(const struct vcpu *vcpu)
{
    return vcpu->vm->debug;
}

/* ---- All out, all in ---- */

/*
 * An exit of #BP or #DB that another vCPU has not answered yet never happened: it goes back to its
 * int3, or has done its step. When it runs again it comes there again, if the breakpoint is left.
 */
static void forget_event(struct debug *d, struct vcpu *vcpu)
{
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);
    bool is_break = vcpu->event.exit == BE_EXIT_PORT && vcpu->event.port == UVM_PORT_BREAK;
    bool is_step = vcpu->event.exit == BE_EXIT_PORT && vcpu->event.port == UVM_PORT_STEP;

    if (!vcpu->has_event || !(is_break || (is_step && v->trap)) || !debug_load(d, vcpu)) {
        return;
    }
    if (is_break) {
        if (debug_soft_at(d, v->regs.pc - 1) == NULL) {
            return;
        }
        v->regs.pc--;
        v->dirty = true;
    }
    vcpu->has_event = false;
    vcpu->event.exit = BE_EXIT_KICK; /* its thread may be on the way to its turn already */
}

static void pause_all(struct debug *d, struct vcpu *self)
{
    if (d->vm->vcpu_count == 1) {
        return;
    }
    gang_let(d->vm, NULL);
    gang_pause(d->vm);
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(d->vm, i);

        if (vcpu != self && vcpu->on) {
            forget_event(d, vcpu);
        }
    }
}

/* The bytes of an instruction that saves the flags where the guest sees them. */
static bool is_pushf(const struct vt_vm *vm, uint64_t pc)
{
    uint8_t bytes[2] = { 0 };

    if (!mem_read(vm, pc, &bytes[0], 1)) {
        return false;
    }
    if (bytes[0] == PREFIX_16 && mem_read(vm, pc + 1, &bytes[1], 1)) {
        return bytes[1] == INSN_PUSHF;
    }
    return bytes[0] == INSN_PUSHF;
}

static void set_trap(struct debug *d, struct vcpu *vcpu, bool on)
{
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);

    if ((!on && !v->trap) || !debug_load(d, vcpu)) {
        return;
    }
    v->trap = on;
    v->regs.flags = on ? v->regs.flags | FLAG_TRAP : v->regs.flags & ~FLAG_TRAP;
    v->pushf = on && is_pushf(vcpu->vm, v->regs.pc) ? v->regs.pc : 0;
    v->dirty = true;
}

static bool wants_trap(struct debug *d, const struct debug_vcpu *v)
{
    return v->over || v->how.action == DBG_STEP || v->how.action == DBG_RANGE ||
           debug_has_watches(d);
}

/* The next one that would run into the breakpoint it stands at; NULL: none. */
static struct vcpu *next_over(struct debug *d)
{
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(d->vm, i);
        struct debug_vcpu *v = debug_vcpu_of(d, vcpu);

        if (vcpu_is_live(vcpu) && v->how.action != DBG_KEEP && v->over) {
            return vcpu;
        }
    }
    return NULL;
}

/* Who is to run, and over what. One that has come to a breakpoint and was not told of hits it. */
static void find_over(struct debug *d)
{
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(d->vm, i);
        struct debug_vcpu *v = debug_vcpu_of(d, vcpu);

        v->over = false;
        if (vcpu_is_live(vcpu) && v->how.action != DBG_KEEP && debug_load(d, vcpu)) {
            v->over = v->regs.pc == v->told && debug_soft_at(d, v->regs.pc) != NULL;
            v->told = 0;
        }
    }
}

static struct vcpu *first_runner(struct debug *d)
{
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(d->vm, i);

        if (vcpu_is_live(vcpu) && d->vcpu[i].how.action != DBG_KEEP) {
            return vcpu;
        }
    }
    return &d->vm->first;
}

/* Lets the guest in: one vCPU over its breakpoint, or all that are to run. */
static int let_go(struct debug *d)
{
    int err = VT_OK;

    d->over = next_over(d);
    debug_points_in(d);
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(d->vm, i);
        struct debug_vcpu *v = debug_vcpu_of(d, vcpu);
        int flushed;

        if (!vcpu_is_live(vcpu)) {
            continue;
        }
        set_trap(d, vcpu, v->how.action != DBG_KEEP && wants_trap(d, v));
        flushed = debug_flush(d, vcpu);
        err = err == VT_OK ? flushed : err;
        vcpu->held = v->how.action == DBG_KEEP;
    }
    debug_notify(d, (d->over != NULL ? d->over : first_runner(d))->tid);
    if (d->vm->vcpu_count > 1) {
        gang_let(d->vm, d->over);
        if (d->over == NULL) {
            gang_go_on(d->vm);
        }
    }
    return err == VT_OK ? RUN_AGAIN : err;
}

/* ---- Stops ---- */

/*
 * Time of the call's budget stands still, and a cancel ends it. Signals that have told of bytes
 * meanwhile are taken at the end, and then bytes once more, so that none that comes later is lost.
 */
static int serve(struct debug *d)
{
    struct budget *b = &d->vm->budget;
    uint64_t since = sys_now(CLOCK_MONOTONIC);
    bool cancelled = budget_is_cancelled(b);

    debug_pump(d, false);
    while (d->engine.state == DBG_HALTED && !d->killed && !cancelled) {
        cancelled = debug_wait(d) && budget_is_cancelled(b);
        debug_pump(d, false);
    }
    cancelled = budget_is_cancelled(b) || cancelled;
    debug_pump(d, false);
    budget_shift(b, sys_now(CLOCK_MONOTONIC) - since);
    return cancelled || d->killed ? VT_ERR_CANCELLED : VT_OK;
}

/* Until the client says otherwise; one that the guest starts later is not known to it, and runs. */
static void keep_all(struct debug *d)
{
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        bool is_live = vcpu_is_live(vm_vcpu(d->vm, i));

        d->vcpu[i].how = (struct dbg_resume){ .action = is_live ? DBG_KEEP : DBG_CONTINUE };
    }
}

static int halt(struct vcpu *vcpu, const struct dbg_stop *stop)
{
    struct debug *d = debug_of(vcpu);
    struct dbg_stop told = *stop;
    int err;

    pause_all(d, vcpu);
    debug_points_out(d);
    d->over = NULL;
    d->stopped = vcpu;
    for (unsigned i = 0; i < d->vm->vcpu_count; i++) {
        set_trap(d, vm_vcpu(d->vm, i), false);
    }
    if (debug_load(d, vcpu)) {
        debug_vcpu_of(d, vcpu)->told = debug_vcpu_of(d, vcpu)->regs.pc;
    }
    do {
        keep_all(d);
        d->want_stop = false;
        d->fresh = false;
        d->stops++;
        dbg_stopped(&d->engine, &told);
        err = serve(d);
        told = (struct dbg_stop){ .thread = vcpu->id + 1, .signal = DBG_SIGINT };
    } while (err == VT_OK && d->want_stop && d->engine.state == DBG_RUNNING);
    d->stopped = NULL;
    if (err != VT_OK) {
        if (d->vm->vcpu_count > 1) {
            gang_go_on(d->vm);
        }
        return err;
    }
    find_over(d);
    return let_go(d);
}

static int halt_by(struct vcpu *vcpu, unsigned signal)
{
    const struct dbg_stop stop = { .thread = vcpu->id + 1, .signal = signal };

    return halt(vcpu, &stop);
}

/* ---- Hooks ---- */

int debug_begin(struct vt_vm *vm)
{
    struct debug *d = vm->debug;
    const struct dbg_stop stop = { .thread = 1, .signal = DBG_SIGTRAP };

    if (d == NULL) {
        return RUN_AGAIN;
    }
    d->in_call = true;
    d->killed = false;
    d->want_stop = false;
    vm->first.tid = sys_tid();
    sys_event_clear(d->wake);
    debug_pump(d, false);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        debug_tell(vm_vcpu(vm, i));
        d->vcpu[i].loaded = false;
        d->vcpu[i].how = (struct dbg_resume){ .action = DBG_CONTINUE };
    }
    if (d->engine.state == DBG_HALTED || d->want_stop) {
        return halt(&vm->first, &stop);
    }
    find_over(d);
    return let_go(d);
}

void debug_tell(struct vcpu *vcpu)
{
    const struct debug *d = debug_of(vcpu);

    if (vcpu->low != NULL) {
        vcpu->low[UVM_DEBUG_GVA] = d != NULL && d->in_call;
    }
}

void debug_end(struct vt_vm *vm)
{
    struct debug *d = vm->debug;

    if (d == NULL) {
        return;
    }
    d->in_call = false;
    d->over = NULL;
    debug_points_out(d);
    debug_notify(d, 0);
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        struct vcpu *vcpu = vm_vcpu(vm, i);

        if (vcpu_is_live(vcpu)) {
            set_trap(d, vcpu, false);
            if (debug_flush(d, vcpu) != VT_OK) {
                log_print(&vm->log, VT_LOG_ERROR, "a debugger's registers are lost");
            }
            debug_tell(vcpu);
        }
        vcpu->held = false;
        d->vcpu[i].loaded = false;
        d->vcpu[i].over = false;
    }
    debug_pump(d, false);
}

/* Nobody else may come to the place while its breakpoint is out. */
static int step_over(struct debug *d, struct vcpu *vcpu)
{
    pause_all(d, vcpu);
    debug_points_out(d);
    debug_vcpu_of(d, vcpu)->over = true;
    return let_go(d);
}

static int hit(struct debug *d, struct vcpu *vcpu, struct debug_soft *soft)
{
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);
    struct point_key key = { .address = soft->address };
    struct dbg_stop stop = { .thread = vcpu->id + 1, .signal = DBG_SIGTRAP };

    v->regs.pc = soft->address;
    v->dirty = true;
    d->hits++;
    key.kind = soft->hardware ? DBG_HARDWARE : DBG_SOFTWARE;
    stop.reason = soft->hardware ? DBG_STOP_HWBREAK : DBG_STOP_SWBREAK;
    d->stopped = vcpu;
    if (dbg_hit(&d->engine, stop.thread, &key)) {
        return halt(vcpu, &stop);
    }
    d->stopped = NULL;
    return step_over(d, vcpu);
}

int debug_break(struct vcpu *vcpu)
{
    struct debug *d = debug_of(vcpu);
    struct debug_vcpu *v = d == NULL ? NULL : debug_vcpu_of(d, vcpu);
    struct debug_soft *soft;
    uint8_t byte = 0;

    if (d == NULL || !debug_load(d, vcpu) || v->place != DEBUG_FRAME) {
        return VT_ERR_GUEST; /* it was told that there is a debugger, or has made this up */
    }
    soft = debug_soft_at(d, v->regs.pc - 1);
    if (soft != NULL) {
        return hit(d, vcpu, soft);
    }
    if (mem_read(vcpu->vm, v->regs.pc - 1, &byte, 1) && byte != INSN_INT3) {
        v->regs.pc--; /* it was taken out while this one was on its way */
        v->dirty = true;
        return debug_flush(d, vcpu) == VT_OK ? RUN_AGAIN : VT_ERR_SYSTEM;
    }
    return debug_decline(d, vcpu);
}

bool debug_owns_break(const struct vcpu *vcpu, uint64_t pc)
{
    struct debug *d = debug_of(vcpu);

    return d != NULL && debug_soft_at(d, pc) != NULL;
}

int debug_raw_break(struct vcpu *vcpu)
{
    struct debug *d = debug_of(vcpu);
    struct debug_vcpu *v = debug_vcpu_of(d, vcpu);

    v->loaded = false;
    if (!debug_load(d, vcpu)) {
        return VT_ERR_SYSTEM;
    }
    return hit(d, vcpu, debug_soft_at(d, v->regs.pc));
}

/* The flags that a pushf has just saved. */
static void hide_trap(const struct debug_vcpu *v, struct vt_vm *vm)
{
    uint64_t at = v->regs.gpr[FAULT_RSP];
    uint16_t flags;

    if (v->pushf == 0 || !mem_read(vm, at, &flags, sizeof(flags))) {
        return;
    }
    flags = (uint16_t)(flags & ~FLAG_TRAP);
    if (!mem_write(vm, at, &flags, sizeof(flags))) {
        log_print(&vm->log, VT_LOG_DEBUG, "the trap flag stays in saved flags");
    }
}

/* A step is done: is it what was asked for? */
static int stepped(struct debug *d, struct vcpu *vcpu, bool was_over)
{
    const struct debug_vcpu *v = debug_vcpu_of(d, vcpu);
    struct dbg_stop stop = { .thread = vcpu->id + 1, .signal = DBG_SIGTRAP };

    if (debug_watch_changed(d, &stop.address)) {
        const struct point_key key = { .kind = DBG_WRITE, .address = stop.address };

        stop.reason = DBG_STOP_WATCH;
        if (dbg_hit(&d->engine, stop.thread, &key)) {
            return halt(vcpu, &stop);
        }
        stop.reason = DBG_STOP_SIGNAL;
    }
    if (v->how.action == DBG_STEP ||
        (v->how.action == DBG_RANGE && v->regs.pc - v->how.start >= v->how.end - v->how.start)) {
        return halt(vcpu, &stop);
    }
    if (was_over) {
        return let_go(d);
    }
    set_trap(d, vcpu, wants_trap(d, v));
    return debug_flush(d, vcpu) == VT_OK ? RUN_AGAIN : VT_ERR_SYSTEM;
}

int debug_step(struct vcpu *vcpu)
{
    struct debug *d = debug_of(vcpu);
    struct debug_vcpu *v = d == NULL ? NULL : debug_vcpu_of(d, vcpu);
    bool was_over;

    if (d == NULL || !debug_load(d, vcpu) || v->place != DEBUG_FRAME) {
        return VT_ERR_GUEST;
    }
    if (!v->trap) {
        return debug_decline(d, vcpu);
    }
    hide_trap(v, vcpu->vm);
    set_trap(d, vcpu, false);
    was_over = v->over;
    v->over = false;
    if (d->over == vcpu) {
        d->over = NULL;
    }
    return stepped(d, vcpu, was_over);
}

int debug_kicked(struct vcpu *vcpu)
{
    struct debug *d = debug_of(vcpu);
    unsigned signal;

    if (d == NULL) {
        return RUN_AGAIN;
    }
    debug_pump(d, false);
    if (d->killed) {
        return VT_ERR_CANCELLED;
    }
    debug_notify(d, d->notify_tid); /* of a client that has just come, and may have asked by now */
    debug_pump(d, false);
    if (!d->want_stop) {
        return RUN_AGAIN;
    }
    signal = d->fresh ? DBG_SIGTRAP : DBG_SIGINT;
    return halt_by(vcpu, signal);
}

bool debug_steps(const struct vcpu *vcpu)
{
    const struct debug *d = debug_of(vcpu);

    return d != NULL && d->vcpu[vcpu->id].trap;
}

/* ---- Faults ---- */

static unsigned signal_of(const struct fault_record *r)
{
    static const uint8_t signals[FAULT_CLASS_COUNT] = {
        [FAULT_CLASS_NONE] = DBG_SIGSEGV,      [FAULT_CLASS_MEMORY] = DBG_SIGSEGV,
        [FAULT_CLASS_ARITHMETIC] = DBG_SIGFPE, [FAULT_CLASS_FLOAT] = DBG_SIGFPE,
        [FAULT_CLASS_ILLEGAL] = DBG_SIGILL,    [FAULT_CLASS_DEBUG] = DBG_SIGTRAP,
        [FAULT_CLASS_SYSTEM] = DBG_SIGSEGV,
    };

    if (r->reason == FAULT_REASON_ABORT) {
        return DBG_SIGABRT;
    }
    if (r->reason == FAULT_REASON_ALIGNMENT || r->reason == FAULT_REASON_NO_MEMORY) {
        return DBG_SIGBUS;
    }
    return r->class < FAULT_CLASS_COUNT ? signals[r->class] : DBG_SIGSEGV;
}

int debug_fault(struct vcpu *vcpu, bool hold, bool *deliver)
{
    struct debug *d = debug_of(vcpu);
    const struct fault_record *r = &vcpu->vm->record[0];
    struct debug_vcpu *v;
    int err;

    *deliver = true;
    if (d == NULL || (!hold && (!debug_has_client(d) || !dbg_wants(&d->engine, signal_of(r))))) {
        return RUN_AGAIN;
    }
    v = debug_vcpu_of(d, vcpu);
    v->trap = false;
    debug_load_record(d, vcpu);
    err = halt_by(vcpu, signal_of(r));
    *deliver = v->how.signal != DBG_SIG_NONE;
    return err;
}

int debug_crash(struct vcpu *vcpu)
{
    struct debug *d = debug_of(vcpu);

    if (d == NULL || !debug_has_client(d)) {
        return RUN_AGAIN;
    }
    debug_load_record(d, vcpu);
    return halt_by(vcpu, signal_of(&vcpu->vm->record[0]));
}
