/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a KVM vCPU: building, reading, writing all of them. Off the path of calls. */
#include "host/kvm.h"

#include <string.h>

#include "abi/uvm.h"
#include "host/sys.h"
#include "lib/field.h"

#define FINISH_MAX 4096u /* rounds of a string instruction */

FIELD(SEL_RPL, 0, 2);
FIELD(SEL_CS, 0, 16);
FIELD(SEL_SS, 16, 16);
FIELD(SEL_DS, 32, 16);
FIELD(SEL_ES, 48, 16);

#define RFLAGS_START UINT64_C(2)
#define DR6_START    UINT64_C(0xffff0ff0)
#define DR7_START    UINT64_C(0x400)
#define PAT_START    UINT64_C(0x0007040600070406)
#define MSR_PAT      0x277u

/* The standard format of XSAVE (SDM 1 13.4): legacy area, then the header. */
#define XSAVE_FCW_START   0x37fu
#define XSAVE_MXCSR_START 0x1f80u
#define XSAVE_MXCSR_WORD  6u
#define XSAVE_BV_WORD     128u /* of 32 bits; the header's first field */
#define XSAVE_X87_SSE     3u

#define TYPE_CODE 11u /* execute, read, accessed */
#define TYPE_DATA 3u  /* read, write, accessed */
#define TYPE_TSS  11u /* busy */

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
    struct kvm_segment s = {
        .limit = UINT32_MAX,
        .selector = selector,
        .type = type,
        .present = 1,
        .dpl = get(SEL_RPL, selector) & 3u,
        .s = 1,
        .g = 1,
        .l = type == TYPE_CODE,
        .db = type != TYPE_CODE,
    };

    return s;
}

static void start_sregs(const struct x86_start *start, struct kvm_sregs *s)
{
    s->cs = flat(UVM_SEL_KERNEL_CS, TYPE_CODE);
    s->ss = flat(UVM_SEL_KERNEL_DS, TYPE_DATA);
    s->ds = flat(UVM_SEL_USER_DS, TYPE_DATA);
    s->es = s->ds;
    s->fs = s->ds;
    s->gs = s->ds;
    s->tr.base = start->tss;
    s->tr.limit = start->tss_limit;
    s->tr.selector = UVM_SEL_TSS;
    s->tr.type = TYPE_TSS;
    s->tr.present = 1;
    s->ldt.unusable = 1;
    s->gdt.base = start->gdt;
    s->gdt.limit = start->gdt_limit;
    s->idt.base = start->idt;
    s->idt.limit = start->idt_limit;
    s->cr0 = start->cr0;
    s->cr3 = start->cr3;
    s->cr4 = start->cr4;
    s->efer = start->efer;
    s->apic_base = 0xfee00900; /* the reset value: enabled, boot CPU; there is no APIC */
}

int kvm_start(const struct be_host *host, const struct elf_image *image, struct be_state **out)
{
    struct be_state *s = sys_alloc(sizeof(*s));
    struct x86_start start;

    if (s == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    x86_cpu_start(image, &host->caps.cpu, &start);
    s->initial = true;
    s->regs.rip = start.rip;
    s->regs.rsp = start.rsp;
    s->regs.rdi = start.rdi;
    s->regs.rflags = RFLAGS_START;
    start_sregs(&start, &s->sregs);
    s->debug.dr6 = DR6_START;
    s->debug.dr7 = DR7_START;
    s->xcrs.nr_xcrs = start.xcr0 != 0 ? 1 : 0;
    s->xcrs.xcrs[0].value = start.xcr0;
    kvm_msrs_of(s)->nmsrs = host->msr_count;
    for (unsigned i = 0; i < host->msr_count; i++) {
        kvm_msrs_of(s)->entries[i].index = host->msr[i];
        kvm_msrs_of(s)->entries[i].data = host->msr[i] == MSR_PAT ? PAT_START : 0;
    }
    s->xsave.region[0] = XSAVE_FCW_START;
    s->xsave.region[XSAVE_MXCSR_WORD] = XSAVE_MXCSR_START;
    s->xsave.region[XSAVE_BV_WORD] = XSAVE_X87_SSE;
    *out = s;
    return VT_OK;
}

int kvm_start_other(const struct be_host *host, const struct elf_image *image,
                    const struct be_entry *entry, struct be_state **out)
{
    struct be_state *s;
    int err = kvm_start(host, image, &s);

    if (err != VT_OK) {
        return err;
    }
    s->regs.rip = entry->pc;
    s->regs.rsp = entry->sp;
    s->regs.rdi = entry->arg[0];
    s->regs.rsi = entry->arg[1];
    s->sregs.cr3 = entry->root;
    s->sregs.cs = flat(UVM_SEL_USER_CS, TYPE_CODE);
    s->sregs.ss = flat(UVM_SEL_USER_DS, TYPE_DATA);
    *out = s;
    return VT_OK;
}

void kvm_state_free(struct be_state *state)
{
    sys_free(state);
}

/* A string instruction has several rounds; what it reads is for nobody. */
int kvm_finish(struct be_vcpu *vcpu)
{
    int err = VT_OK;

    for (unsigned n = 0; vcpu->unsettled && err == VT_OK; n++) {
        vcpu->run->exit_reason = KVM_EXIT_INTR;
        err = n < FINISH_MAX ? kvm_settle(vcpu) : VT_ERR_SYSTEM;
        vcpu->unsettled = vcpu->run->exit_reason == KVM_EXIT_IO ||
                          vcpu->run->exit_reason == KVM_EXIT_MMIO;
    }
    return err;
}

/* Registers that are to be set with the next KVM_RUN must be there before any are read. */
static int sync(struct be_vcpu *vcpu)
{
    return vcpu->run->kvm_dirty_regs != 0 ? kvm_settle(vcpu) : VT_OK;
}

static void regs_from_kvm(const struct kvm_regs *k, struct be_regs *out)
{
    const struct be_regs regs = {
        .gpr = { k->rax, k->rbx, k->rcx, k->rdx, k->rsi, k->rdi, k->rbp, k->rsp, k->r8, k->r9,
                 k->r10, k->r11, k->r12, k->r13, k->r14, k->r15 },
        .pc = k->rip,
        .flags = k->rflags,
    };

    *out = regs;
}

int kvm_get_regs(struct be_vcpu *vcpu, struct be_regs *out)
{
    struct kvm_regs k;
    int err = sync(vcpu);

    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_REGS, &k) : err;

    if (err == VT_OK) {
        regs_from_kvm(&k, out);
    }
    return err;
}

int kvm_set_regs(struct be_vcpu *vcpu, const struct be_regs *regs)
{
    const uint64_t *r = regs->gpr;
    struct kvm_regs k = {
        .rax = r[FAULT_RAX],
        .rbx = r[FAULT_RBX],
        .rcx = r[FAULT_RCX],
        .rdx = r[FAULT_RDX],
        .rsi = r[FAULT_RSI],
        .rdi = r[FAULT_RDI],
        .rbp = r[FAULT_RBP],
        .rsp = r[FAULT_RSP],
        .r8 = r[FAULT_R8],
        .r9 = r[FAULT_R9],
        .r10 = r[FAULT_R10],
        .r11 = r[FAULT_R11],
        .r12 = r[FAULT_R12],
        .r13 = r[FAULT_R13],
        .r14 = r[FAULT_R14],
        .r15 = r[FAULT_R15],
        .rip = regs->pc,
        .rflags = regs->flags,
    };

    return KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_REGS, &k);
}

int kvm_get_sys(struct be_vcpu *vcpu, uint64_t sys[FAULT_SYS])
{
    struct kvm_debugregs debug;
    struct kvm_sregs s;
    int err = sync(vcpu);

    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_SREGS, &s) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_DEBUGREGS, &debug) : err;
    if (err != VT_OK) {
        return err;
    }
    sys[FAULT_FS_BASE] = s.fs.base;
    sys[FAULT_GS_BASE] = s.gs.base;
    sys[FAULT_CR0] = s.cr0;
    sys[FAULT_CR3] = s.cr3;
    sys[FAULT_CR4] = s.cr4;
    sys[FAULT_EFER] = s.efer;
    sys[FAULT_DR6] = debug.dr6;
    sys[FAULT_SELECTORS] = put(SEL_CS, s.cs.selector) | put(SEL_SS, s.ss.selector) |
                           put(SEL_DS, s.ds.selector) | put(SEL_ES, s.es.selector);
    return VT_OK;
}

int kvm_inject(struct be_vcpu *vcpu, uint8_t vector)
{
    struct kvm_vcpu_events events;
    int err = KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_VCPU_EVENTS, &events);

    if (err != VT_OK) {
        return err;
    }
    events.exception.injected = 1;
    events.exception.nr = vector;
    events.exception.has_error_code = 0;
    events.exception.error_code = 0;
    return KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_VCPU_EVENTS, &events);
}

int kvm_save(struct be_vcpu *vcpu, struct be_state **out)
{
    struct be_state *s = sys_alloc(sizeof(*s));
    int err;

    if (s == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    err = kvm_settle(vcpu);
    kvm_msrs_of(s)->nmsrs = vcpu->host->msr_count;
    for (unsigned i = 0; i < vcpu->host->msr_count; i++) {
        kvm_msrs_of(s)->entries[i].index = vcpu->host->msr[i];
    }
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_REGS, &s->regs) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_SREGS, &s->sregs) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_VCPU_EVENTS, &s->events) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_DEBUGREGS, &s->debug) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_XCRS, &s->xcrs) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_MSRS, s->msrs) : err;
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_XSAVE, &s->xsave) : err;
    if (err != VT_OK) {
        sys_free(s);
        return err;
    }
    *out = s;
    return VT_OK;
}

/* What a new vCPU has at reset anyway is left out for one. */
static int load_rest(struct be_vcpu *vcpu, struct be_state *s)
{
    int err = KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_XSAVE, &s->xsave);

    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_DEBUGREGS, &s->debug) : err;
    if (err == VT_OK && sys_ioctl(vcpu->fd, KVM_SET_MSRS, s->msrs) != (int)kvm_msrs_of(s)->nmsrs) {
        err = log_errno(vcpu->log, "KVM_SET_MSRS"); /* it gives how many it has set */
    }
    return err;
}

static int load_regs(struct be_vcpu *vcpu, struct be_state *s)
{
    struct kvm_sync_regs *sync = &vcpu->run->s.regs;
    int err;

    if (vcpu->host->sync_regs) { /* the next KVM_RUN takes them: three system calls less */
        sync->regs = s->regs;
        sync->sregs = s->sregs;
        sync->events = s->events;
        vcpu->run->kvm_dirty_regs = KVM_SYNC_X86_VALID_FIELDS;
        return VT_OK;
    }
    err = KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_SREGS, &s->sregs);
    err = err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_REGS, &s->regs) : err;
    return err == VT_OK ? KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_VCPU_EVENTS, &s->events) : err;
}

int kvm_load(struct be_vcpu *vcpu, const struct be_state *state)
{
    struct be_state *s = (struct be_state *)(uintptr_t)state; /* ioctl() takes no const */
    int err = kvm_finish(vcpu); /* or the access would complete later */

    if (err == VT_OK && !(vcpu->pristine && s->initial)) {
        err = load_rest(vcpu, s);
    }
    if (err == VT_OK && s->xcrs.nr_xcrs != 0) {
        err = KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_XCRS, &s->xcrs);
    }
    vcpu->pristine = false;
    vcpu->at_rest = false;
    return err == VT_OK ? load_regs(vcpu, s) : err;
}

int kvm_get_fp(struct be_vcpu *vcpu, void *buf, size_t size)
{
    struct kvm_xsave xsave;
    int err = KVM_CALL(vcpu->log, vcpu->fd, KVM_GET_XSAVE, &xsave);

    if (err == VT_OK) {
        memcpy(buf, &xsave, size < sizeof(xsave) ? size : sizeof(xsave));
    }
    return err;
}

int kvm_set_fp(struct be_vcpu *vcpu, const void *buf, size_t size)
{
    struct kvm_xsave xsave = { 0 };

    memcpy(&xsave, buf, size < sizeof(xsave) ? size : sizeof(xsave));
    return KVM_CALL(vcpu->log, vcpu->fd, KVM_SET_XSAVE, &xsave);
}
