/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: the guest's records checked and completed, the user's answer; trusts no field. */
#include "host/fault.h"

#include <string.h>

#include "host/arch.h"
#include "host/debug.h"
#include "host/mem.h"
#include "host/record.h"
#include "lib/field.h"

#define VECTOR_BP 3u
#define VECTOR_UD 6u

#define INSN_INT3 0xccu
#define INSN_MAX  15u

#define FP_MAX 576u

static const struct arch *arch_of(const struct vt_vm *vm)
{
    return vm->program->elf.arch;
}

/* ---- Taking ---- */

/* Copies the guest's records once; everything after is about the copy. */
static bool take(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    const volatile struct fault_area *area =
        (const volatile struct fault_area *)(const void *)(vcpu->low + UVM_FAULT_GVA);
    uint32_t version = area->version;
    uint32_t count = area->count;

    if (version != FAULT_VERSION || count == 0 || count > FAULT_DEPTH) {
        return false;
    }
    memcpy(vm->record, vcpu->low + UVM_FAULT_GVA + offsetof(struct fault_area, record),
           count * sizeof(vm->record[0]));
    for (uint32_t i = 0; i < count; i++) {
        if (!record_is_valid(&vm->record[i], arch_of(vm))) {
            return false;
        }
    }
    vm->record_count = count;
    return true;
}

/* ---- Completing ---- */

static void fill_map(const struct vt_vm *vm, struct fault_record *r)
{
    uint64_t at = r->address != 0 || r->class == FAULT_CLASS_MEMORY ? r->address : r->pc;
    struct region region = { 0 };

    if (!mem_region(vm, at, &region)) {
        region.size = 0;
    }
    memcpy(r->map_name, region.name, sizeof(r->map_name));
    r->map_start = region.start;
    r->map_size = region.size;
    r->map_perm = region.perm;
}

/* Frames are pairs of (caller's frame, return address), each above the one before. */
static void fill_backtrace(const struct vt_vm *vm, struct fault_record *r)
{
    uint64_t frame = r->gpr[arch_of(vm)->frame_gpr];

    r->backtrace_count = 0;
    memset(r->backtrace, 0, sizeof(r->backtrace));
    while (r->backtrace_count < FAULT_BACKTRACE && is_aligned(frame, sizeof(frame))) {
        uint64_t pair[2];

        if (!mem_read(vm, frame, pair, sizeof(pair)) || pair[1] == 0) {
            return;
        }
        r->backtrace[r->backtrace_count++] = pair[1];
        if (pair[0] <= frame) {
            return;
        }
        frame = pair[0];
    }
}

static void fill_instructions(const struct vt_vm *vm, struct fault_record *r)
{
    uint8_t bytes[sizeof(r->instructions)] = { 0 };

    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (!mem_read(vm, r->pc + i, &bytes[i], 1)) {
            break;
        }
    }
    memcpy(&r->instructions, bytes, sizeof(bytes));
}

static void fill_float(const struct vcpu *vcpu, struct fault_record *r)
{
    const struct arch *arch = arch_of(vcpu->vm);
    uint8_t fp[FP_MAX];

    r->fp_valid = 0;
    if (r->class != FAULT_CLASS_FLOAT || arch->fp_size > sizeof(fp) ||
        vcpu->vm->ops->get_fp(vcpu->be, fp, arch->fp_size) != VT_OK) {
        return;
    }
    arch->fill_fp(fp, r);
    r->fp_valid = 1;
}

static void fill(const struct vcpu *vcpu, struct fault_record *r, const uint64_t sys[FAULT_SYS])
{
    for (unsigned i = 0; i < FAULT_SYS; i++) {
        r->sys[i] = r->sys[i] != 0 ? r->sys[i] : sys[i];
    }
    if (r->vector == VECTOR_UD && r->pc == vcpu->not_emulated_pc && r->pc != 0) {
        r->reason = FAULT_REASON_NOT_EMULATED;
    }
    r->vcpu = vcpu->id;
    fill_instructions(vcpu->vm, r);
    fill_map(vcpu->vm, r);
    fill_backtrace(vcpu->vm, r);
    fill_float(vcpu, r);
}

static int fill_all(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    uint64_t sys[FAULT_SYS] = { 0 };
    int err = vm->ops->get_sys(vcpu->be, sys);

    for (unsigned i = 0; i < vm->record_count; i++) {
        fill(vcpu, &vm->record[i], sys);
    }
    return err;
}

/* ---- The answer ---- */

static enum vt_action ask(struct vt_vm *vm)
{
    enum vt_action action;

    if (vm->fault == NULL) {
        return VT_TERMINATE;
    }
    vm_callback_begin(vm);
    action = vm->fault(vm->fault_ctx, vm, vm->record, vm->record_count);
    vm_callback_end(vm);
    return action;
}

static bool skip(struct vt_vm *vm, struct fault_record *r)
{
    uint8_t bytes[INSN_MAX];
    size_t count = 0;
    unsigned length;

    if (arch_of(vm)->is_trap(r)) {
        return true;
    }
    while (count < sizeof(bytes) && mem_read(vm, r->pc + count, &bytes[count], 1)) {
        count++;
    }
    length = arch_of(vm)->insn_length(bytes, count);
    r->pc += length;
    return length != 0;
}

static int resume(struct vcpu *vcpu, uint64_t flags_before)
{
    const struct fault_record *r = &vcpu->vm->record[0];
    uint64_t editable = arch_of(vcpu->vm)->flags_user;
    struct fault_answer answer = {
        .action = FAULT_ACTION_RESUME,
        .pc = r->pc,
        .flags = (flags_before & ~editable) | (r->flags & editable),
        .fs_base = r->sys[FAULT_FS_BASE],
        .gs_base = r->sys[FAULT_GS_BASE],
    };

    memcpy(answer.gpr, r->gpr, sizeof(answer.gpr));
    memcpy(vcpu->low + UVM_FAULT_GVA + offsetof(struct fault_area, answer), &answer,
           sizeof(answer));
    vcpu->vm->metrics.faults_resumed++;
    return RUN_AGAIN;
}

static bool can_resume(const struct fault_record *r)
{
    return r->reason != FAULT_REASON_DOUBLE_FAULT && r->reason != FAULT_REASON_SHUTDOWN &&
           r->reason != FAULT_REASON_DEPTH && r->reason != FAULT_REASON_ABORT;
}

/* For the debugger, if there can be one: it may let the guest go on. */
static int stop(struct vcpu *vcpu, uint64_t flags)
{
    bool deliver;
    int err = debug_fault(vcpu, true, &deliver);

    if (err != RUN_AGAIN || vcpu->vm->debug == NULL) {
        return err != RUN_AGAIN ? err : VT_ERR_STOPPED;
    }
    return !deliver && can_resume(&vcpu->vm->record[0]) ? resume(vcpu, flags) : VT_ERR_FAULT;
}

int fault_forwarded(struct vcpu *vcpu)
{
    struct vt_vm *vm = vcpu->vm;
    struct fault_record *r = &vm->record[0];
    uint64_t flags;
    bool deliver;
    int err;

    vm->metrics.faults++;
    if (!take(vcpu)) {
        vm->record_count = 0;
        log_print(&vm->log, VT_LOG_ERROR, "fault: the guest's record is not valid");
        return VT_ERR_GUEST;
    }
    err = fill_all(vcpu);
    if (err != VT_OK) {
        return err;
    }
    err = debug_fault(vcpu, false, &deliver);
    if (err != RUN_AGAIN) {
        return err;
    }
    if (!deliver && can_resume(r)) {
        return resume(vcpu, r->flags);
    }
    flags = r->flags;
    switch (ask(vm)) {
    case VT_RESUME: return can_resume(r) ? resume(vcpu, flags) : VT_ERR_FAULT;
    case VT_SKIP: return can_resume(r) && skip(vm, r) ? resume(vcpu, flags) : VT_ERR_FAULT;
    case VT_STOP: return stop(vcpu, flags);
    case VT_TERMINATE:
    default: return VT_ERR_FAULT;
    }
}

/* ---- What the host sees itself ---- */

int fault_made(struct vcpu *vcpu, enum fault_reason reason, uint64_t address, bool write)
{
    struct vt_vm *vm = vcpu->vm;
    bool memory = reason == FAULT_REASON_NO_MEMORY;
    const struct arch *arch = arch_of(vm);
    struct fault_record *r = &vm->record[0];
    uint64_t sys[FAULT_SYS] = { 0 };
    struct be_regs regs;
    int err = vm->ops->get_regs(vcpu->be, &regs);

    err = err == VT_OK ? vm->ops->get_sys(vcpu->be, sys) : err;
    if (err != VT_OK) {
        return err;
    }
    memset(r, 0, sizeof(*r));
    r->magic = FAULT_MAGIC;
    r->version = FAULT_VERSION;
    r->size = sizeof(*r);
    r->arch = arch->machine;
    r->class = memory ? FAULT_CLASS_MEMORY : FAULT_CLASS_SYSTEM;
    r->reason = (uint16_t)reason;
    r->vector = memory ? arch->vector_memory : 0;
    r->address = address;
    r->access = !memory ? FAULT_ACCESS_NONE : write ? FAULT_ACCESS_WRITE : FAULT_ACCESS_READ;
    r->level = arch->is_supervisor(&regs, sys) ? FAULT_LEVEL_SUPERVISOR : FAULT_LEVEL_USER;
    r->pc = regs.pc;
    r->flags = regs.flags;
    memcpy(r->gpr, regs.gpr, sizeof(regs.gpr));
    vm->record_count = 1;
    vm->metrics.faults++;
    fill(vcpu, r, sys);
    err = debug_crash(vcpu);
    if (err != RUN_AGAIN) {
        return err;
    }
    return ask(vm) == VT_STOP ? VT_ERR_STOPPED : VT_ERR_FAULT;
}

/* The guest gets the exception that the processor would have raised. */
int fault_not_emulated(struct vcpu *vcpu, const struct be_event *event)
{
    const struct be_ops *ops = vcpu->vm->ops;
    bool breakpoint = event->insn_len > 0 && event->insn[0] == INSN_INT3;
    struct be_regs regs;
    int err = ops->get_regs(vcpu->be, &regs);

    if (err == VT_OK && breakpoint && debug_owns_break(vcpu, regs.pc)) {
        return debug_raw_break(vcpu);
    }
    if (err == VT_OK && breakpoint) {
        regs.pc++;
        err = ops->set_regs(vcpu->be, &regs);
    } else if (err == VT_OK) {
        vcpu->not_emulated_pc = regs.pc;
    }
    err = err == VT_OK ? ops->inject(vcpu->be, breakpoint ? VECTOR_BP : VECTOR_UD) : err;
    return err == VT_OK ? RUN_AGAIN : err;
}
