/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions of a micro-VM, in ring 0: takes what vectors.S saved, finds class and reason, and
 * forwards to the host what nothing here resolves. Never touches floating point, FS or GS, and
 * believes nothing that ring 3 can write.
 */
#include <stddef.h>

#include "abi/uvm.h"
#include "guest/x86_64/classify.h"
#include "guest/x86_64/frame.h"
#include "guest/x86_64/hw.h"
#include "vitrine-fault.h"

_Static_assert(offsetof(struct vg_context, gpr[FAULT_RAX]) == CONTEXT_RAX, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_RBX]) == CONTEXT_RBX, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_RCX]) == CONTEXT_RCX, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_RDX]) == CONTEXT_RDX, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_RSI]) == CONTEXT_RSI, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_RDI]) == CONTEXT_RDI, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_RBP]) == CONTEXT_RBP, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_R8]) == CONTEXT_R8, "vectors.S");
_Static_assert(sizeof(struct vg_context) == CONTEXT_SIZE, "vectors.S");
_Static_assert(UVM_GATE_GVA == GATE_GVA && UVM_INFO_GVA == INFO_GVA, "frame.h");
_Static_assert(offsetof(struct uvm_info, stack_top) == INFO_STACK_TOP, "frame.h");
_Static_assert(offsetof(struct uvm_info, stack_limit) == INFO_STACK_LOW, "frame.h");
_Static_assert(offsetof(struct uvm_info, stack_pte) == INFO_STACK_PTE, "frame.h");
_Static_assert((int)UVM_PORT_GATE == PORT_GATE, "frame.h");
_Static_assert((int)UVM_SEL_USER_DS == SEL_USER_DS, "frame.h");
_Static_assert((int)UVM_SEL_USER_CS == SEL_USER_CS, "frame.h");
_Static_assert(sizeof(struct fault_area) <= UVM_FAULT_SIZE, "abi/uvm.h");

/* On the stack above the context: the stub's part, then the processor's. */
struct x86_frame {
    struct vg_context context;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* An exception that is being answered, on its own stack frame; `outer` is what it interrupted. */
struct active {
    struct vg_context *context;
    struct active *outer;
};

static struct active *innermost;

void vg_exception(struct x86_frame *frame);

FIELD(SELECTOR_RPL, 0, 2);

/* What is restored of edited flags: CF PF AF ZF SF TF DF OF. */
#define RFLAGS_EDITABLE UINT64_C(0xdd5)

static const struct uvm_info *info(void)
{
    return (const struct uvm_info *)UVM_INFO_GVA;
}

static struct fault_area *area(void)
{
    return (struct fault_area *)UVM_FAULT_GVA;
}

/* ---- Taking the exception ---- */

static void context_take(struct x86_frame *frame)
{
    struct vg_context *context = &frame->context;

    context->gpr[FAULT_RSP] = frame->rsp;
    context->pc = frame->rip;
    context->flags = frame->rflags;
    context->error_code = frame->error_code;
    context->vector = (uint32_t)frame->vector;
    context->fs_base = rd_msr(MSR_FS_BASE);
    context->gs_base = rd_msr(MSR_GS_BASE);
    context->level = get(SELECTOR_RPL, frame->cs) == 0 ? FAULT_LEVEL_SUPERVISOR : FAULT_LEVEL_USER;
    context->selectors = (uint16_t)frame->cs;
    context->address = 0;
}

static void classify(struct vg_context *context)
{
    enum { VECTOR_PF = 14 };
    struct x86_trap trap = {
        .vector = context->vector,
        .user = context->level == FAULT_LEVEL_USER,
        .error_code = context->error_code,
        .address = context->address,
        .guard_start = info()->stack_limit - info()->stack_guard,
        .guard_end = info()->stack_limit,
    };
    struct x86_kind kind;

    if (context->vector == VECTOR_PF) {
        context->address = rd_cr2();
        trap.address = context->address;
    }
    kind = x86_classify(&trap);
    context->class = kind.class;
    context->reason = kind.reason;
    context->access = kind.access;
}

/* ---- Forwarding ---- */

static void record_fill(struct fault_record *record, const struct vg_context *context)
{
    record->magic = FAULT_MAGIC;
    record->version = FAULT_VERSION;
    record->size = sizeof(*record);
    record->arch = FAULT_ARCH_X86_64;
    record->level = context->level;
    record->class = context->class;
    record->reason = context->reason;
    record->vector = context->vector;
    record->access = context->access;
    record->error_code = context->error_code;
    record->pc = context->pc;
    record->flags = context->flags;
    record->address = context->address;
    for (unsigned i = 0; i < FAULT_X86_GPRS; i++) {
        record->gpr[i] = context->gpr[i];
    }
    record->sys[FAULT_FS_BASE] = context->fs_base;
    record->sys[FAULT_GS_BASE] = context->gs_base;
    record->sys[FAULT_SELECTORS] = context->selectors;
}

static void answer_take(const struct fault_answer *answer, struct vg_context *context)
{
    context->pc = answer->pc;
    context->flags = answer->flags;
    for (unsigned i = 0; i < FAULT_X86_GPRS; i++) {
        context->gpr[i] = answer->gpr[i];
    }
    context->fs_base = answer->fs_base;
    context->gs_base = answer->gs_base;
}

/* Reports the innermost fault and those around it; returns when the host says resume. */
static void forward(void)
{
    struct fault_area *out = area();
    uint32_t total = 0;

    for (const struct active *at = innermost; at != NULL; at = at->outer) {
        if (total < FAULT_DEPTH) {
            record_fill(&out->record[total], at->context);
        }
        total++;
    }
    out->version = FAULT_VERSION;
    out->count = total < FAULT_DEPTH ? total : FAULT_DEPTH;
    out->total = total;
    do {
        out->answer.action = FAULT_ACTION_TERMINATE;
        hw_exit(UVM_PORT_FAULT);
    } while (out->answer.action != FAULT_ACTION_RESUME);
    answer_take(&out->answer, innermost->context);
}

/* ---- Going on ---- */

static void context_restore(struct x86_frame *frame, uint64_t fs_base, uint64_t gs_base)
{
    struct vg_context *context = &frame->context;

    frame->rip = context->pc;
    frame->rsp = context->gpr[FAULT_RSP];
    frame->rflags = (frame->rflags & ~RFLAGS_EDITABLE) | (context->flags & RFLAGS_EDITABLE);
    if (context->fs_base != fs_base) {
        wr_msr(MSR_FS_BASE, context->fs_base);
    }
    if (context->gs_base != gs_base) {
        wr_msr(MSR_GS_BASE, context->gs_base);
    }
}

void vg_exception(struct x86_frame *frame)
{
    struct vg_context *context = &frame->context;
    struct active self = { context, innermost };
    uint64_t fs_base, gs_base;

    context_take(frame);
    fs_base = context->fs_base;
    gs_base = context->gs_base;
    classify(context);
    innermost = &self;
    forward();
    innermost = self.outer;
    context_restore(frame, fs_base, gs_base);
}
