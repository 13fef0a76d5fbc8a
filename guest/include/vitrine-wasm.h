/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebAssembly in a micro-VM: calls of a module that wasm2c has made into C (docs/wasm.md).
 *
 *     VG_WASM_MODULE(math);                                an instance, before the first call
 *     VG_WASM_EXPORT(math, add, int32_t, int32_t, int32_t);    the host can call math's add
 *
 * or, where the program has something to do around a call,
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

/* ---- A module's functions, as they are ---- */

/* An instance of a module that imports nothing, named wasm_MODULE, made before the first call.
 * Its header, "MODULE.h", must have been included. */
#define VG_WASM_MODULE(module_)                                                                    \
    static Z_##module_##_instance_t wasm_##module_;                                                \
    __attribute__((constructor)) static void vg_wasm_init_##module_(void)                          \
    {                                                                                              \
        Z_##module_##_init_module();                                                               \
        Z_##module_##_instantiate(&wasm_##module_);                                                \
    }                                                                                              \
    _Static_assert(1, "")

/*
 * VG_WASM_EXPORT(module, function, result, arguments...): the host can call the module's exported
 * function by that name. Types: void (result only), int32_t, uint32_t, int64_t, uint64_t, float,
 * double.
 */
#define VG_WASM_EXPORT(module_, ...) VG_WASM_EXPORT1_(module_, __VA_ARGS__)

/* ---- What the macros use: not for programs ---- */

/* clang-format off */

/* An argument out of the frame, as wasm2c's functions take it: numbers have no sign. */
#define VG_WASM_A_(T, n) , _Generic((T *)0, \
    int32_t *: (uint32_t)VG_A(T, n), int64_t *: (uint64_t)VG_A(T, n), default: VG_A(T, n))
#define VG_WASM_A0(x)
#define VG_WASM_A1(x, a)                   VG_WASM_A_(a, 0)
#define VG_WASM_A2(x, a, b)                VG_WASM_A1(x, a) VG_WASM_A_(b, 1)
#define VG_WASM_A3(x, a, b, c)             VG_WASM_A2(x, a, b) VG_WASM_A_(c, 2)
#define VG_WASM_A4(x, a, b, c, d)          VG_WASM_A3(x, a, b, c) VG_WASM_A_(d, 3)
#define VG_WASM_A5(x, a, b, c, d, e)       VG_WASM_A4(x, a, b, c, d) VG_WASM_A_(e, 4)
#define VG_WASM_A6(x, a, b, c, d, e, f)    VG_WASM_A5(x, a, b, c, d, e) VG_WASM_A_(f, 5)
#define VG_WASM_A7(x, a, b, c, d, e, f, g) VG_WASM_A6(x, a, b, c, d, e, f) VG_WASM_A_(g, 6)
#define VG_WASM_A8(x, a, b, c, d, e, f, g, h) VG_WASM_A7(x, a, b, c, d, e, f, g) VG_WASM_A_(h, 7)

/* What a call gives: of functions without result, a number that nobody looks at. */
#define VG_WASM_T_(r) __typeof__(*_Generic((r *)0, void *: (int *)0, default: (r *)0))

#define VG_WASM_EXPORT1_(module_, fn_, ...) \
    VG_WASM_EXPORT2_(fn_, VG_FIRST(__VA_ARGS__, 0), \
        Z_##module_##Z_##fn_(&wasm_##module_ VG_FOR(VG_WASM_A, __VA_ARGS__)), __VA_ARGS__)
#define VG_WASM_EXPORT2_(fn_, r, call, ...) \
    VG_NAME_CHECK(fn_); \
    static void vg_export_##fn_(struct call_frame *frame) \
    { \
        (void)frame; \
        VG_BY_RESULT(r, vg_ret_)(frame, VG_WASM(VG_WASM_T_(r), VG_VALUE(r, call))); \
    } \
    VG_EXPORT_ROW_(fn_, __VA_ARGS__)

/* clang-format on */

#ifdef __cplusplus
}
#endif

#endif
