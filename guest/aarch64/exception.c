/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions of a bare guest: interrupts, registered handlers, or a report and the zone's end. */
#include <stddef.h>

#include "guest/aarch64/classify.h"
#include "guest/aarch64/frame.h"
#include "guest/aarch64/hw.h"
#include "guest/aarch64/vcpu.h"
#include "guest/handler.h"
#include "guest/internal.h"
#include "lib/field.h"

void guest_exception(uint64_t vector, struct vg_frame *frame);

_Static_assert(offsetof(struct vg_frame, sp) == FRAME_SP, "vectors.S");
_Static_assert(offsetof(struct vg_frame, pc) == FRAME_PC, "vectors.S");
_Static_assert(offsetof(struct vg_frame, pstate) == FRAME_PSTATE, "vectors.S");
_Static_assert(offsetof(struct vg_frame, syndrome) == FRAME_SYNDROME, "vectors.S");
_Static_assert(offsetof(struct vg_frame, address) == FRAME_ADDRESS, "vectors.S");
_Static_assert(sizeof(struct vg_frame) == FRAME_SIZE, "vectors.S");

/* Vectors of exceptions taken while the program's stack was in use. */
enum { VECTOR_SYNC = 0, VECTOR_IRQ = 1 };

FIELD(ESR_EC, 26, 6);

static bool (*handler)(struct vg_frame *frame, void *arg);
static void *handler_arg;

/* ESR_EL1.EC (DDI0487 D17.2.37); what is not here is printed by its number. */
static const struct {
    uint32_t class;
    const char *name;
} classes[] = {
    { 0x00, "unknown instruction" }, { 0x07, "floating point" },
    { 0x0e, "illegal state" },       { 0x15, "system call" },
    { 0x18, "system register" },     { 0x20, "instruction abort" },
    { 0x21, "instruction abort" },   { 0x22, "pc alignment" },
    { 0x24, "data abort" },          { 0x25, "data abort" },
    { 0x26, "stack alignment" },     { 0x2f, "SError" },
    { 0x30, "breakpoint" },          { 0x32, "single step" },
    { 0x34, "watchpoint" },          { 0x3c, "breakpoint instruction" },
};

static const char *class_name(uint64_t class)
{
    for (size_t i = 0; i < ARRAY_COUNT(classes); i++) {
        if (classes[i].class == class) {
            return classes[i].name;
        }
    }
    return "other";
}

/* Prints the fault and ends the zone; the first vCPU that comes here prints. */
static _Noreturn void die(uint64_t vector, const struct vg_frame *frame)
{
    static uint32_t dying;

    if (__atomic_exchange_n(&dying, 1, __ATOMIC_RELAXED) != 0) {
        zone_off();
    }
    console_break_lock();
    vg_puts("\nfault: ");
    vg_puts(class_name(get(ESR_EC, frame->syndrome)));
    vg_put_named(", vector ", vector);
    vg_put_named(", vcpu ", vg_vcpu_id());
    vg_put_named_hex("\nfault: esr ", frame->syndrome);
    vg_put_named_hex(" far ", frame->address);
    vg_put_named_hex(" elr ", frame->pc);
    vg_put_named_hex(" spsr ", frame->pstate);
    vg_put_named_hex(" sp ", frame->sp);
    for (unsigned i = 0; i < ARRAY_COUNT(frame->x); i++) {
        vg_put_named(i % 4 == 0 ? "\nfault: x" : " x", i);
        vg_put_named_hex(" ", frame->x[i]);
    }
    vg_puts("\nfault: the zone powers off\n");
    zone_off();
}

/* What a handler sees begins like the frame; only that part is copied back. */
static bool ask_handlers(struct vg_frame *frame)
{
    enum { PAGE_MASK = PAGE_SIZE - 1 };
    struct vg_context context = { .pc = frame->pc, .flags = frame->pstate, .depth = 1 };
    struct a64_kind kind = a64_classify(frame->syndrome,
                                        vcpu_is_guard_page(frame->address & ~(uint64_t)PAGE_MASK));

    __builtin_memcpy(context.gpr, frame->x, sizeof(frame->x));
    context.gpr[ARRAY_COUNT(frame->x)] = frame->sp;
    context.error_code = frame->syndrome;
    context.address = kind.has_address ? frame->address : 0;
    context.vector = a64_vector(frame->syndrome);
    context.class = kind.class;
    context.reason = kind.reason;
    context.access = kind.access;
    context.level = FAULT_LEVEL_SUPERVISOR;
    if (handler_run(&context) != VG_RESUME) {
        return false;
    }
    __builtin_memcpy(frame->x, context.gpr, sizeof(frame->x));
    frame->sp = context.gpr[ARRAY_COUNT(frame->x)];
    frame->pc = context.pc;
    frame->pstate = context.flags;
    return true;
}

void guest_exception(uint64_t vector, struct vg_frame *frame)
{
    bool (*fn)(struct vg_frame *, void *) = handler;

    if (vector == VECTOR_IRQ) {
        gic_dispatch();
        return;
    }
    if (vector == VECTOR_SYNC && ask_handlers(frame)) {
        return;
    }
    if (vector == VECTOR_SYNC && fn != NULL && fn(frame, handler_arg)) {
        return;
    }
    die(vector, frame);
}

void vg_fault_handler(bool (*fn)(struct vg_frame *frame, void *arg), void *arg)
{
    handler_arg = arg;
    __atomic_store_n(&handler, fn, __ATOMIC_RELEASE);
}

bool vg_irq_mask(void)
{
    enum { DAIF_I_BIT = 7 };
    bool unmasked = (rd_daif() & BIT64(DAIF_I_BIT)) == 0;

    hw_irq_mask();
    return unmasked;
}

void vg_irq_restore(bool unmasked)
{
    if (unmasked) {
        hw_irq_unmask();
    }
}

void vg_wait(void)
{
    hw_dsb();
    hw_wfi();
}
