/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the KVM back end share; nobody else includes this. */
#ifndef HOST_KVM_H
#define HOST_KVM_H

#include <linux/kvm.h>

#include "host/backend.h"
#include "kvm_arch.h"

struct be_vm {
    const struct be_host *host;
    const struct log *log;
    int fd;
    void *ram;
    uint64_t ram_size;
};

struct be_vcpu {
    const struct be_host *host;
    const struct log *log;
    int fd, vm_fd;
    unsigned id;
    struct kvm_run *run;
    bool pristine;  /* it is as KVM made it */
    bool unsettled; /* an access to no memory is not complete yet */
    bool at_rest;   /* stopped by a signal or a window; no registers were set since */
    bool line_up;   /* aarch64: the interrupt is asserted */
};

/* An ioctl that must not fail; `what` names it in the log. */
int kvm_call(const struct log *log, int fd, unsigned long request, const char *what, void *arg);
#define KVM_CALL(log, fd, request, arg) kvm_call(log, fd, request, #request, arg)

/* kvm_open.c */
int kvm_open(const struct log *log, struct be_host **out);
void kvm_close(struct be_host *host);
/* KVM_CHECK_EXTENSION */
int kvm_extension(const struct be_host *host, int cap);

/* kvm.c */
int kvm_create(const struct be_cfg *cfg, struct be_vm **out);
void kvm_destroy(struct be_vm *vm);
int kvm_vcpu_create(struct be_vm *vm, unsigned id, struct be_vcpu **out);
void kvm_vcpu_destroy(struct be_vcpu *vcpu);
int kvm_run(struct be_vcpu *vcpu, struct be_event *event);
int kvm_settle(struct be_vcpu *vcpu);
int kvm_set_mask(struct be_vcpu *vcpu, const sigset_t *mask);
int kvm_flush(struct be_vm *vm);
int kvm_map(struct be_vm *vm, const struct be_mapping *mapping);
int kvm_unmap(struct be_vm *vm, const struct be_mapping *mapping);
const struct be_caps *kvm_caps(const struct be_host *host);

/* ---- An architecture's own, in its directory ---- */

/* kvm_vcpu.c */
/* The argument of KVM_CREATE_VM. */
uintptr_t kvm_arch_vm_type(const struct be_host *host);
int kvm_arch_vm_init(struct be_vm *vm);
int kvm_arch_vcpu_init(struct be_vm *vm, struct be_vcpu *vcpu);
/* Translates run->exit_reason; *event says BE_EXIT_OTHER before. */
void kvm_arch_exit(struct be_vcpu *vcpu, struct be_event *event);

/* A capability without which nothing works. */
struct kvm_need {
    int cap;
    const char *name;
};

/* kvm_host.c */
extern const struct kvm_need kvm_arch_needs[]; /* the last has no name */
/* Completes the host; kvm_arch_close() follows also when it fails. */
int kvm_arch_open(struct be_host *host, const struct log *log);
void kvm_arch_close(struct be_host *host);

/* kvm_state.c */
int kvm_start(const struct be_host *host, const struct elf_image *image, struct be_state **out);
int kvm_start_other(const struct be_host *host, const struct elf_image *image,
                    const struct be_entry *entry, struct be_state **out);
void kvm_state_free(struct be_state *state);
int kvm_finish(struct be_vcpu *vcpu);
int kvm_get_regs(struct be_vcpu *vcpu, struct be_regs *out);
int kvm_set_regs(struct be_vcpu *vcpu, const struct be_regs *regs);
int kvm_get_sys(struct be_vcpu *vcpu, uint64_t sys[FAULT_SYS]);
int kvm_inject(struct be_vcpu *vcpu, uint8_t vector);
int kvm_save(struct be_vcpu *vcpu, struct be_state **out);
int kvm_load(struct be_vcpu *vcpu, const struct be_state *state);
int kvm_get_fp(struct be_vcpu *vcpu, void *buf, size_t size);
int kvm_set_fp(struct be_vcpu *vcpu, const void *buf, size_t size);

/* kvm_irq.c */
int kvm_interrupt(struct be_vcpu *vcpu, uint64_t entry, struct be_interrupted *was, bool *taken);
int kvm_interrupt_line(struct be_vcpu *vcpu, bool up);
uint64_t kvm_ticks(void);
int kvm_tick_offset(struct be_vcpu *vcpu, uint64_t *offset);

#endif
