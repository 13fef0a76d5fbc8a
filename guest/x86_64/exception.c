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
#include "guest/x86_64/super.h"

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
_Static_assert((int)UVM_PORT_BREAK == PORT_BREAK, "frame.h");
_Static_assert((int)UVM_PORT_STEP == PORT_STEP && UVM_DEBUG_GVA == DEBUG_GVA, "frame.h");
_Static_assert((int)UVM_SEL_USER_DS == SEL_USER_DS, "frame.h");
_Static_assert((int)UVM_SEL_USER_CS == SEL_USER_CS, "frame.h");
_Static_assert(sizeof(struct fault_area) <= UVM_FAULT_SIZE, "abi/uvm.h");

/* On the stack above the context: the stub's part, then the processor's. */
struct x86_frame {
    struct vg_context context;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* What each vCPU has for itself in ring 0; zeros at first. */
struct words {
    struct vg_context *innermost; /* of the exception that is being answered */
};

_Static_assert(sizeof(struct words) < UVM_WORDS_SIZE, "abi/uvm.h");

static struct words *const words = (struct words *)UVM_WORDS_GVA;

void vg_exception(struct x86_frame *frame);

typedef bool fast_fn(struct vg_fast *fault);

_Static_assert(UVM_RUNTIME_GVA == FAST_TABLE_GVA, "frame.h");
_Static_assert(VECTOR_COUNT * sizeof(fast_fn *) <= UVM_RUNTIME_SIZE, "abi/uvm.h");
_Static_assert(offsetof(struct vg_fast, vector) == 9 * sizeof(uint64_t), "vectors.S");
_Static_assert(sizeof(struct vg_fast) == 16 * sizeof(uint64_t), "vectors.S");

int vg_fast_set(uint32_t vector, fast_fn *fn)
{
    if (vector >= VECTOR_COUNT) {
        return VG_ERR_INVALID;
    }
    ((fast_fn **)UVM_RUNTIME_GVA)[vector] = fn;
    return 0;
}

FIELD(SELECTOR_RPL, 0, 2);

/* What is restored of edited flags: CF PF AF ZF SF TF DF OF AC. */
#define RFLAGS_EDITABLE UINT64_C(0x40dd5)

/* ---- Taking the exception ---- */

enum { VECTOR_DB = 1, VECTOR_DF = 8, VECTOR_GP = 13, VECTOR_PF = 14 };
enum { VECTOR_MF = 16, VECTOR_XM = 19 };

FIELD(CS, 0, 16);
FIELD(SS, 16, 16);
FIELD(DS, 32, 16);
FIELD(ES, 48, 16);

/* Of the first exception it is found out how; uvm_info lies in a page that no other needs. */
static void take_bases(struct vg_context *context)
{
    static enum { UNKNOWN, MSR, INSTRUCTION } way;

    if (way == UNKNOWN) {
        way = (vg_info()->flags & UVM_FLAG_FSGSBASE) != 0 ? INSTRUCTION : MSR;
    }
    context->fs_base = way == INSTRUCTION ? rd_fsbase() : rd_msr(MSR_FS_BASE);
    context->gs_base = way == INSTRUCTION ? rd_gsbase() : rd_msr(MSR_GS_BASE);
}

static void context_take(struct x86_frame *frame)
{
    struct vg_context *context = &frame->context;

    context->vector = (uint32_t)frame->vector;
    context->address = context->vector == VECTOR_PF || context->vector == VECTOR_DF ? rd_cr2() : 0;
    context->gpr[FAULT_RSP] = frame->rsp;
    context->pc = frame->rip;
    context->flags = frame->rflags;
    context->error_code = frame->error_code;
    take_bases(context);
    context->level = get(SELECTOR_RPL, frame->cs) == 0 ? FAULT_LEVEL_SUPERVISOR : FAULT_LEVEL_USER;
    context->outer = words->innermost;
    context->depth = words->innermost == NULL ? 1 : words->innermost->depth + 1;
}

/* Bytes of the instruction, where user code stood; all of its text is readable. */
static void take_insn(struct x86_trap *trap, uint64_t pc)
{
    uint64_t end = (uint64_t)__vg_text_end;

    if (pc < (uint64_t)__vg_text_start || pc >= end) {
        return;
    }
    while (trap->insn_len < X86_INSN_MAX && pc + trap->insn_len < end) {
        trap->insn[trap->insn_len] = ((const uint8_t *)pc)[trap->insn_len];
        trap->insn_len++;
    }
}

static void take_debug(struct x86_trap *trap)
{
    enum { DR6_INITIAL = 0xffff0ff0 };

    trap->dr6 = rd_dr6();
    trap->dr7 = rd_dr7();
    wr_dr6(DR6_INITIAL);
}

static void take_float(struct x86_trap *trap)
{
    struct vg_fp fp;

    vg_fp_get(&fp, NULL);
    trap->fcw = (uint16_t)fp.control;
    trap->fsw = (uint16_t)fp.status;
    trap->mxcsr = fp.simd;
}

static struct x86_kind refine(const struct vg_context *context)
{
    struct x86_trap trap;

    trap.vector = context->vector;
    trap.user = context->level == FAULT_LEVEL_USER;
    trap.error_code = context->error_code;
    trap.address = context->address;
    trap.guard_end = vg_info()->stack_limit;
    trap.guard_start = trap.guard_end - vg_info()->stack_guard;
    trap.insn_len = 0;
    if (context->vector == VECTOR_GP && trap.user) {
        take_insn(&trap, context->pc);
    } else if (context->vector == VECTOR_DB) {
        take_debug(&trap);
    } else if (context->vector == VECTOR_MF || context->vector == VECTOR_XM) {
        take_float(&trap);
    }
    return x86_classify(&trap);
}

static void classify(struct vg_context *context)
{
    const struct x86_kind *plain = x86_plain_kind(context->vector);
    struct x86_kind refined;

    if (plain == NULL) {
        refined = refine(context);
        plain = &refined;
    }
    context->class = plain->class;
    context->reason = plain->reason;
    context->access = plain->access;
}

/* ---- What is the same on all architectures asks for ---- */

const struct super_arch super_arch = {
    .machine = FAULT_ARCH_X86_64,
    .gpr_count = FAULT_X86_GPRS,
    .service = FAULT_RDI,
    .result = FAULT_RAX,
    .arg = { FAULT_RSI, FAULT_RDX, FAULT_RCX, FAULT_R8 },
};

void super_record_sys(struct fault_record *record, const struct vg_context *context)
{
    const struct x86_frame *frame = (const struct x86_frame *)context;

    record->sys[FAULT_FS_BASE] = context->fs_base;
    record->sys[FAULT_GS_BASE] = context->gs_base;
    record->sys[FAULT_SELECTORS] = put(CS, frame->cs) | put(SS, frame->ss) | put(DS, rd_ds()) |
                                   put(ES, rd_es());
}

void super_ask_host(void)
{
    hw_exit(UVM_PORT_FAULT);
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

/* ---- All ---- */

/* Whether user code stands at the runtime's own ud2, and has what it asked for in its registers. */
static bool serve(struct vg_context *context)
{
    if (context->vector != VECTOR_UD || context->level != FAULT_LEVEL_USER ||
        context->pc != (uint64_t)vg_service_insn) {
        return false;
    }
    context->pc += VG_UD2_SIZE;
    return vg_serve(context);
}

static void resolve(struct vg_context *context)
{
    if (serve(context)) {
        return;
    }
    if (context->class == FAULT_CLASS_NONE) {
        classify(context);
    }
    super_handle(context, context->vector != VECTOR_DF);
}

void vg_exception(struct x86_frame *frame)
{
    struct vg_context *context = &frame->context;
    struct vg_context *outer = words->innermost;
    uint64_t fs_base, gs_base;

    context_take(frame);
    context->class = FAULT_CLASS_NONE;
    fs_base = context->fs_base;
    gs_base = context->gs_base;
    words->innermost = context;
    resolve(context);
    words->innermost = outer;
    context_restore(frame, fs_base, gs_base);
}
