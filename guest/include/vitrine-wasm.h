/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebAssembly in a micro-VM: calls of a module that wasm2c has made into C (docs/wasm.md).
 *
 *     static Z_math_instance_t math;
 *     static int32_t add(int32_t a, int32_t b)
 *     {
 *         return VG_WASM(int32_t, Z_mathZ_add(&math, (uint32_t)a, (uint32_t)b));
 *     }
 *     VG_EXPORT(add, int32_t, int32_t, int32_t);
 *
 * A trap ends the VG_WASM() that it comes in: its value is then 0, vg_fail() has been called, and
 * the log has a line. So the host's vt_call() gets VT_ERR_GUEST, and may ask the guest's function
 * wasm_trap() (const char *) for the name of the last trap: the text of the WebAssembly
 * specification, "" when the last VG_WASM() was good. The micro-VM goes on serving; instances are
 * as the trap left them.
 *
 * Linear memories and tables take all of vg_heap(): the program must not use it.
 * User mode only. Nothing here may be called from fault handlers.
 */
#ifndef VITRINE_WASM_H
#define VITRINE_WASM_H

#include <stdbool.h>
#include <wasm-rt.h>

#include "vitrine-call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What the macros use: not for programs ---- */

/* A place to which a trap comes back, on the stack of the function that calls a module. */
struct vg_wasm_try {
    jmp_buf at;
    struct vg_wasm_try *outer;
    WASM_RT_UNWIND_TARGET *unwind;
};

/* Leave says whether there was no trap. */
void vg_wasm_enter(struct vg_wasm_try *scope);
bool vg_wasm_leave(struct vg_wasm_try *scope);

/* In place of leave: the trap, or WASM_RT_TRAP_NONE; fails no call, logs nothing. */
wasm_rt_trap_t vg_wasm_end(struct vg_wasm_try *scope);

/* ---- Calls of a module ---- */

/* The value, of type T, of an expression that calls a module; 0 when it trapped. May be nested. */
#define VG_WASM(T, call)                                                                           \
    __extension__({                                                                                \
        struct vg_wasm_try vg_scope_;                                                              \
        volatile T vg_value_ = (T)0;                                                               \
                                                                                                   \
        vg_wasm_enter(&vg_scope_);                                                                 \
        if (setjmp(vg_scope_.at) == 0) {                                                           \
            vg_value_ = (T)(call);                                                                 \
        }                                                                                          \
        vg_wasm_leave(&vg_scope_) ? vg_value_ : (T)0;                                              \
    })

/* The same for a call without a value; true: no trap. */
#define VG_WASM_VOID(call) (VG_WASM(int, ((call), 1)) != 0)

#ifdef __cplusplus
}
#endif

#endif
