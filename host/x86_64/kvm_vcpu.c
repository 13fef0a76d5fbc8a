/* SPDX-License-Identifier: Apache-2.0 */
/* What KVM on x86_64 does its own way: set-up of vCPUs, exits. */
#include "host/kvm.h"

#include <string.h>

#include "host/sys.h"
#include "lib/field.h"

/* Without this, KVM rewrites a vmcall of the wrong vendor, in vain and without end, since text is
 * read-only; then it is #UD. Older kernels lack the switch. */
int kvm_arch_vm_init(struct be_vm *vm)
{
    struct kvm_enable_cap cap = {
        .cap = KVM_CAP_DISABLE_QUIRKS2,
        .args = { KVM_X86_QUIRK_FIX_HYPERCALL_INSN },
    };

    if (sys_ioctl(vm->fd, KVM_ENABLE_CAP, &cap) < 0) {
        log_print(vm->log, VT_LOG_DEBUG, "KVM_CAP_DISABLE_QUIRKS2 is not available");
    }
    return VT_OK;
}

uintptr_t kvm_arch_vm_type(const struct be_host *host)
{
    (void)host;
    return 0;
}

int kvm_arch_vcpu_init(struct be_vm *vm, struct be_vcpu *vcpu)
{
    return KVM_CALL(vm->log, vcpu->fd, KVM_SET_CPUID2, vm->host->cpuid);
}

/* ---- Exits ---- */

typedef void exit_fn(const struct kvm_run *run, struct be_event *event);

static void exit_io(const struct kvm_run *run, struct be_event *event)
{
    if (run->io.direction == KVM_EXIT_IO_OUT && run->io.size == 1 && run->io.count == 1) {
        event->exit = BE_EXIT_PORT;
        event->port = run->io.port;
    }
}

static void exit_mmio(const struct kvm_run *run, struct be_event *event)
{
    event->exit = BE_EXIT_MMIO;
    event->address = run->mmio.phys_addr;
    event->write = run->mmio.is_write != 0;
}

static void exit_shutdown(const struct kvm_run *run, struct be_event *event)
{
    (void)run;
    event->exit = BE_EXIT_SHUTDOWN;
}

static void exit_halt(const struct kvm_run *run, struct be_event *event)
{
    (void)run;
    event->exit = BE_EXIT_HALT;
}

static void exit_window(const struct kvm_run *run, struct be_event *event)
{
    (void)run;
    event->exit = BE_EXIT_WINDOW;
}

static void exit_internal(const struct kvm_run *run, struct be_event *event)
{
    const __typeof__(run->emulation_failure) *e = &run->emulation_failure;

    event->detail = run->internal.suberror;
    if (run->internal.suberror != KVM_INTERNAL_ERROR_EMULATION) {
        return;
    }
    event->exit = BE_EXIT_NOT_EMULATED;
    if (e->ndata >= 1 && (e->flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) != 0 &&
        e->insn_size <= BE_INSN_MAX) {
        event->insn_len = e->insn_size;
        memcpy(event->insn, e->insn_bytes, e->insn_size);
    }
}

static exit_fn *const exits[] = {
    [KVM_EXIT_IO] = exit_io,
    [KVM_EXIT_MMIO] = exit_mmio,
    [KVM_EXIT_SHUTDOWN] = exit_shutdown,
    [KVM_EXIT_HLT] = exit_halt,
    [KVM_EXIT_IRQ_WINDOW_OPEN] = exit_window,
    [KVM_EXIT_INTERNAL_ERROR] = exit_internal,
};

void kvm_arch_exit(struct be_vcpu *vcpu, struct be_event *event)
{
    const struct kvm_run *run = vcpu->run;

    if (run->exit_reason < ARRAY_COUNT(exits) && exits[run->exit_reason] != NULL) {
        exits[run->exit_reason](run, event);
    }
    /* What KVM has not completed it would complete after other registers were loaded. */
    vcpu->unsettled = event->exit == BE_EXIT_MMIO ||
                      (run->exit_reason == KVM_EXIT_IO && event->exit != BE_EXIT_PORT);
}
