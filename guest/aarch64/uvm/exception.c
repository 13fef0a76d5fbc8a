/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exceptions of an aarch64 micro-VM or bare zone, at EL1: takes what vectors.S saved, finds class
 * and reason, and forwards what nothing here resolves. Never touches floating point, and believes
 * nothing that EL0 can write.
 */
#include <stddef.h>

#include "abi/irq.h"
#include "abi/uvm.h"
#include "guest/aarch64/classify.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/uvm/frame.h"
#include "guest/aarch64/uvm/super.h"
#include "lib/field.h"

_Static_assert(offsetof(struct vg_context, gpr) == CONTEXT_X0, "vectors.S");
_Static_assert(offsetof(struct vg_context, gpr[FAULT_GPRS - 1]) == CONTEXT_SP, "vectors.S");
_Static_assert(offsetof(struct vg_context, pc) == CONTEXT_PC, "vectors.S");
_Static_assert(offsetof(struct vg_context, flags) == CONTEXT_FLAGS, "vectors.S");
_Static_assert(sizeof(struct vg_context) == FRAME_VECTOR, "vectors.S");
_Static_assert(UVM_GATE_GVA == GATE_GVA && UVM_INFO_GVA == INFO_GVA, "frame.h");
_Static_assert(UVM_CALL_GVA == CALL_GVA && UVM_IMAGE_GVA == IMAGE_GVA, "frame.h");
_Static_assert(UVM_STACK0_TOP == STACK0_TOP && UVM_STACK_DF_TOP == STACK_DF_TOP, "frame.h");
_Static_assert(((STACK0_TOP - UVM_STACK0_SIZE) & BIT64(STACK0_BIT_LOW)) != 0 &&
                   ((STACK0_TOP - 1) & BIT64(STACK0_BIT_HIGH)) != 0,
               "frame.h");
_Static_assert(offsetof(struct uvm_info, stack_top) == INFO_STACK_TOP, "frame.h");
_Static_assert(offsetof(struct uvm_info, stack_limit) == INFO_STACK_TOP + 8, "vectors.S");
_Static_assert(offsetof(struct uvm_info, stack_pte) == INFO_STACK_PTE, "frame.h");
_Static_assert(sizeof(struct fault_area) <= UVM_FAULT_SIZE, "abi/uvm.h");

enum { SP = FAULT_GPRS - 1 };

/* Of the 16 vectors four each: current EL with SP_EL0, with SP_EL1; lower EL, in 64 and 32 bits. */
enum { KIND_SYNC, KIND_IRQ, KIND_FIQ, KIND_SERROR, KINDS, VECTORS_LOWER = 8 };

/* Numbers in vg_context.vector beyond those of ESR_EL1.EC. */
enum { NUMBER_IRQ = 0x40, NUMBER_FIQ = 0x41, NUMBER_DOUBLE = 0x42, NUMBERS = 256 };
enum { EC_UNKNOWN = 0, EC_SVC = 0x15, EC_SERROR = 0x2f };

struct a64_frame {
    struct vg_context context;
    uint64_t vector;
};

struct words {
    struct vg_context *innermost; /* of the exception that is being answered */
    uint64_t doubled;             /* the supervisor's stack was full once */
};

_Static_assert(sizeof(struct words) <= UVM_WORDS_SIZE, "abi/uvm.h");

static struct words *const words = (struct words *)UVM_WORDS_GVA;

void vg_exception(struct a64_frame *frame);

typedef bool fast_fn(struct vg_fast *fault);

_Static_assert(NUMBERS * sizeof(fast_fn *) <= UVM_RUNTIME_SIZE, "abi/uvm.h");

static fast_fn **fast_table(void)
{
    return (fast_fn **)UVM_RUNTIME_GVA;
}

int vg_fast_set(uint32_t vector, fast_fn *fn)
{
    if (vector >= NUMBERS) {
        return VG_ERR_INVALID;
    }
    fast_table()[vector] = fn;
    return 0;
}

/* What is restored of edited flags: NZCV. */
#define SPSR_EDITABLE UINT64_C(0xf0000000)

/* ---- Taking the exception ---- */

static uint32_t number_of(const struct a64_frame *frame)
{
    if (frame->vector == VECTOR_DOUBLE) {
        return NUMBER_DOUBLE;
    }
    switch (frame->vector % KINDS) {
    case KIND_IRQ: return NUMBER_IRQ;
    case KIND_FIQ: return NUMBER_FIQ;
    case KIND_SERROR: return EC_SERROR;
    default: return a64_vector(rd_esr_el1());
    }
}

static void context_take(struct a64_frame *frame)
{
    struct vg_context *context = &frame->context;

    context->pc = rd_elr_el1();
    context->flags = rd_spsr_el1();
    context->error_code = rd_esr_el1();
    context->address = rd_far_el1();
    context->fs_base = rd_tpidr_el0();
    context->gs_base = rd_tpidrro_el0();
    context->vector = number_of(frame);
    context->class = FAULT_CLASS_NONE;
    context->level = FAULT_LEVEL_SUPERVISOR;
    if (frame->vector >= VECTORS_LOWER && frame->vector < VECTOR_COUNT) {
        context->level = FAULT_LEVEL_USER;
        context->gpr[SP] = rd_sp_el0();
    }
    context->outer = words->innermost;
    context->depth = words->innermost == NULL ? 1 : words->innermost->depth + 1;
}

/* Of user code; all of its text is readable. */
static bool is_privileged(const struct vg_context *context)
{
    uint64_t pc = context->pc;

    return context->vector == EC_UNKNOWN && context->level == FAULT_LEVEL_USER &&
           pc >= (uint64_t)__vg_text_start && pc < (uint64_t)__vg_text_end &&
           a64_is_privileged(*(const uint32_t *)pc);
}

static void classify(struct vg_context *context)
{
    const struct uvm_info *info = vg_info();
    bool guard = context->address < info->stack_limit &&
                 info->stack_limit - context->address <= info->stack_guard;
    struct a64_kind kind = { .class = FAULT_CLASS_SYSTEM, .reason = FAULT_REASON_INTERRUPT };

    if (context->vector == NUMBER_DOUBLE) {
        kind.reason = FAULT_REASON_DOUBLE_FAULT;
        kind.has_address = true;
    } else if (context->vector < NUMBER_IRQ) {
        kind = a64_classify(context->error_code, guard);
    }
    context->class = kind.class;
    context->reason = is_privileged(context) ? FAULT_REASON_PRIVILEGED : kind.reason;
    context->access = kind.access;
    context->address = kind.has_address ? context->address : 0;
}

/* ---- What is the same on all architectures asks for ---- */

const struct super_arch super_arch = {
    .machine = FAULT_ARCH_AARCH64,
    .gpr_count = FAULT_GPRS,
    .service = 0,
    .result = 0,
    .arg = { 1, 2, 3, 4 },
};

void super_record_sys(struct fault_record *record, const struct vg_context *context)
{
    record->sys[FAULT_TPIDR_EL0] = context->fs_base;
    record->sys[FAULT_TPIDRRO_EL0] = context->gs_base;
    record->sys[FAULT_SCTLR_EL1] = rd_sctlr_el1();
    record->sys[FAULT_TTBR0_EL1] = rd_ttbr0_el1();
    record->sys[FAULT_TCR_EL1] = rd_tcr_el1();
    record->sys[FAULT_CPACR_EL1] = rd_cpacr_el1();
    record->sys[FAULT_MAIR_EL1] = rd_mair_el1();
    record->sys[FAULT_VBAR_EL1] = rd_vbar_el1();
}

void super_ask_host(void)
{
    if (is_zone()) {
        zone_fault();
    } else {
        hw_mmio_wr64(UVM_EXIT_GVA + UVM_PORT_FAULT * sizeof(uint64_t), 0);
    }
}

/* ---- Fast handlers ---- */

static bool ask_fast(struct vg_context *context)
{
    fast_fn *fn = fast_table()[context->vector];
    struct vg_fast fast;

    if (fn == NULL) {
        return false;
    }
    __builtin_memcpy(fast.x, context->gpr, sizeof(fast.x));
    fast.vector = context->vector;
    fast.error_code = context->error_code;
    fast.address = context->address;
    fast.pc = context->pc;
    fast.flags = context->flags;
    fast.sp = context->gpr[SP];
    if (!fn(&fast)) {
        return false;
    }
    __builtin_memcpy(context->gpr, fast.x, sizeof(fast.x));
    context->pc = fast.pc;
    context->flags = fast.flags;
    context->gpr[SP] = fast.sp;
    return true;
}

/* ---- All ---- */

/* Whether it is an interrupt, or user code stands behind the runtime's own svc or a zone's gate;
 * what it asked is done. */
static bool serve(struct vg_context *context)
{
    uint64_t svc = context->pc - A64_INSN_SIZE;

    if (context->level == FAULT_LEVEL_USER && context->vector == NUMBER_IRQ) {
        super_irq(context);
        return true;
    }
    if (context->vector != EC_SVC || context->level != FAULT_LEVEL_USER) {
        return false;
    }
    if (svc == (uint64_t)vg_return_insn) {
        super_irq_return(context);
        return true;
    }
    if (svc == UVM_GATE_GVA && is_zone()) {
        zone_gate();
        return true;
    }
    if (svc == IRQ_GATE_GVA && is_zone()) {
        zone_irq_request();
        return true;
    }
    return svc == (uint64_t)vg_service_insn && vg_serve(context);
}

static void resolve(struct vg_context *context)
{
    if (serve(context) || (context->class == FAULT_CLASS_NONE && ask_fast(context))) {
        return;
    }
    if (context->class == FAULT_CLASS_NONE) {
        classify(context);
    }
    super_handle(context, context->vector != NUMBER_DOUBLE);
}

/* The second time on the stack of double faults, whose frame is overwritten: nothing helps. */
static void check_double(const struct a64_frame *frame)
{
    while (words->doubled != 0 && frame->vector == VECTOR_DOUBLE) {
        super_ask_host();
    }
    words->doubled |= frame->vector == VECTOR_DOUBLE;
}

void vg_exception(struct a64_frame *frame)
{
    struct vg_context *context = &frame->context;
    struct vg_context *outer = words->innermost;
    uint64_t flags;

    check_double(frame);
    context_take(frame);
    flags = context->flags;
    words->innermost = context;
    resolve(context);
    words->innermost = outer;
    context->flags = (flags & ~SPSR_EDITABLE) | (context->flags & SPSR_EDITABLE);
    wr_tpidr_el0(context->fs_base);
    wr_tpidrro_el0(context->gs_base);
    if (context->level == FAULT_LEVEL_USER) {
        wr_sp_el0(context->gpr[SP]);
    }
}
