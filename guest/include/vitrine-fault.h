/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of a guest program, and how the program may answer its own: handlers, chained by priority.
 * What no handler resolves goes to the host as a record (abi/fault.h), and the host decides; a bare
 * guest on aarch64 asks vg_fault_handler(), or prints the fault and powers off.
 *
 * What a handler may do. It runs in supervisor mode, interrupts masked, on the runtime's stack (a
 * few KiB are left), in place of the interrupted code. It may read and edit its context, read and
 * write the program's memory, register and unregister handlers, and call what this header marks
 * "handlers". It must return; it must not use floating point or vectors, nor call the program's
 * other functions: in a micro-VM those lie in user pages. A fault of its own is delivered like any
 * other, to itself too, until FAULT_DEPTH are nested; the host then gets all their records (in bare
 * guests it is the end). In
 * micro-VMs each instruction of a handler can cost a microsecond, as some back ends emulate
 * supervisor mode and stop at what they don't know (anything beyond plain x86-64 integer code).
 *
 * In a micro-VM handlers lie in source files named *_super.c, which the recipe uvm_guest compiles
 * for supervisor mode; their variables are theirs alone, beyond the reach of user mode. Their
 * constructors run before everything else. User code can register only handlers that their file
 * declared by VG_HANDLER(), with any `arg` it likes: a handler that follows `arg`, or a register of
 * user code, checks by vg_is_user() that this does not lead into the runtime.
 */
#ifndef VITRINE_FAULT_H
#define VITRINE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/fault.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * State of what was interrupted. A handler may edit gpr[], pc, flags, fs_base and gs_base; they are
 * in force when the program goes on. gpr[] is in abi/fault.h's order (x86_64: enum fault_x86_gpr,
 * the stack pointer is among them; aarch64: x0..x30, sp). Floating-point and vector registers still
 * hold the program's values: vg_fp_get().
 */
struct vg_context {
    uint64_t gpr[FAULT_GPRS];
    uint64_t pc, flags;  /* x86_64: of RFLAGS the arithmetic flags, DF, TF and AC can change */
    uint64_t error_code; /* x86_64: pushed by the processor, else 0; aarch64: ESR_EL1 */
    uint64_t address;    /* of the access: CR2, FAR_EL1; 0 when the fault has none */
    uint64_t fs_base, gs_base;
    uint32_t vector;          /* x86_64: vector; aarch64: ESR_EL1.EC */
    uint16_t class, reason;   /* enum fault_class, enum fault_reason */
    uint16_t access, level;   /* enum fault_access, enum fault_level */
    uint32_t depth;           /* 1; one more for each handler that is interrupted */
    struct vg_context *outer; /* of the fault whose handler this one interrupted, or NULL */
};

/* ---- Handlers ---- */

enum vg_verdict {
    VG_RESUME,  /* go on with the context as it is now; no other handler is asked */
    VG_NEXT,    /* not mine: ask the next one */
    VG_FORWARD, /* ask no other handler, but the host */
};

#define VG_HANDLERS_MAX 32u

/* What a handler is for; in struct vg_handler.on. */
#define VG_ON_VECTOR(vector) ((uint32_t)(vector))
#define VG_ON_CLASS(class_)  (UINT32_C(0x10000) + (uint32_t)(class_))
#define VG_ON_ALL            UINT32_C(0x20000)

struct vg_handler {
    enum vg_verdict (*fn)(struct vg_context *context, void *arg);
    void *arg;
    uint32_t on;
    int32_t priority; /* highest is asked first; among equals the one registered last */
};

enum vg_fault_err {
    VG_ERR_INVALID = -1, /* no function, not one that user code may register, unknown `on` */
    VG_ERR_FULL = -2,    /* VG_HANDLERS_MAX are registered */
    VG_ERR_UNKNOWN = -3, /* no handler has this number (any more) */
};

/*
 * Adds a handler to the chain; *handler is copied. Returns a number for vg_handler_unregister(), or
 * a negative enum vg_fault_err; that returns 0, or VG_ERR_UNKNOWN. Program, constructors, handlers.
 * What a handler removes is asked no more; whether what it adds is asked for the fault in hand
 * depends on the place.
 */
int vg_handler_register(const struct vg_handler *handler);
int vg_handler_unregister(int number);

/* In a *_super.c file: user code may register this function. */
#define VG_HANDLER(fn_)                                                                            \
    static enum vg_verdict (*const vg_handler_row_##fn_)(struct vg_context *, void *)              \
        __attribute__((section(".data.rel.ro.vg_handlers"), used)) = fn_

/* ---- Fast handlers: micro-VMs ---- */

/*
 * What one gets; it may edit all but vector, error_code, cs and ss. aarch64: registers above x17
 * are the program's still, and edits count only if it returns true.
 */
#ifdef __aarch64__
struct vg_fast {
    uint64_t x[18];
    uint64_t vector, error_code, address; /* ESR_EL1, FAR_EL1 */
    uint64_t pc, flags, sp;
};
#else
struct vg_fast {
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector, error_code;
    uint64_t pc, cs, flags, sp, ss;
};
#endif

/*
 * Sets the one fast handler of a vector, asked before classification and the chain; NULL removes.
 * true: the program goes on with the registers as they are now; false: the fault goes the whole
 * way. No faults of its own are counted to its account (FAULT_DEPTH does not see it), so it touches
 * only memory that is there. Constructors and handlers, not user code. Returns 0, or VG_ERR_INVALID
 * for a vector above 255.
 */
int vg_fast_set(uint32_t vector, bool (*fn)(struct vg_fast *fault));

/* ---- For handlers of micro-VMs ---- */

/*
 * Whether all of [at, at + size) is the program's own memory: its data (its text and constants too,
 * unless `write`), heap, stack limits, call area. Memory that the host mapped is not known here.
 */
bool vg_is_user(uint64_t at, size_t size, bool write);

/*
 * Floating-point control of what was interrupted. These cost an exit to the host where supervisor
 * mode can't execute XSAVE. vg_fp_get() also fetches all vector state: *image gets the place of it,
 * in XSAVE's standard format (valid and editable until the next fault), unless image is NULL.
 * vg_fp_put() writes control and image back, and must follow a vg_fp_get() of the same fault: else
 * the program gets the registers of an earlier one. aarch64: FPCR and FPSR, and no image (NULL).
 */
struct vg_fp {
    uint32_t control, status; /* x87's FCW, FSW: a handler of #MF clears status or masks */
    uint32_t simd;            /* MXCSR: a handler of #XM masks what it wants to pass */
};

void vg_fp_get(struct vg_fp *fp, void **image);
void vg_fp_put(const struct vg_fp *fp);

/* ---- For programs in micro-VMs ---- */

/* Gives up: text goes to the log, and the host gets FAULT_REASON_ABORT with error_code = code. */
_Noreturn void vg_abort(uint64_t code, const char *text);

/* Exceptions of floating point: x87 and SSE; aarch64's FPCR. */
enum vg_fp_exception {
    VG_FP_INVALID = 1,
    VG_FP_DENORMAL = 2,
    VG_FP_DIVIDE = 4,
    VG_FP_OVERFLOW = 8,
    VG_FP_UNDERFLOW = 16,
    VG_FP_INEXACT = 32,
};

/*
 * These exceptions fault from now on to the end of the call, all others don't; forgets old ones.
 * Returns those that do: all, or fewer on processors that can't (most aarch64 cores trap none).
 */
unsigned vg_fp_trap(unsigned exceptions);

#ifdef __cplusplus
}
#endif

#endif
