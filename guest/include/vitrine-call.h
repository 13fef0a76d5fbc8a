/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of a micro-VM's program that its host calls, and functions of the host that the program
 * calls, each with the C types that it has: name, result, arguments.
 *
 *     static int32_t add(int32_t a, int32_t b) { return a + b; }
 *     VG_EXPORT(add, int32_t, int32_t, int32_t);     the host can call add
 *     VG_IMPORT(now, uint64_t);                      declares uint64_t now(void), the host's
 *     VG_IMPORT(send, void, struct vg_bytes, bool);  and void send(struct vg_bytes, bool)
 *
 * Types: void (result only), int32_t, uint32_t, int64_t, uint64_t, float, double, bool,
 * const char * (a string) and struct vg_bytes; up to 8 arguments. Anything else does not compile,
 * nor does a list that is not the function's own. All of this is user mode, one thread; nothing
 * here may be called from fault handlers, which run in supervisor mode.
 *
 * Each call starts on an empty stack with the floating-point environment that C promises (all
 * exceptions masked, round to nearest); variables keep their values from call to call.
 */
#ifndef VITRINE_CALL_H
#define VITRINE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of an argument lie in the call area: valid until the function returns, never written. */
struct vg_bytes {
    const void *data;
    size_t len;
};

/* ---- Asking the host ---- */

enum vg_log_level { VG_LOG_ERROR, VG_LOG_WARNING, VG_LOG_INFO, VG_LOG_DEBUG };

/*
 * A line, without newline, to the host's log callback (as VT_LOG_GUEST, whatever the level) or a
 * zone's console. At most CALL_LOG_MAX - 1 bytes; what can't be printed is replaced.
 */
void vg_log(enum vg_log_level level, const char *text);

/*
 * Outcome of the last call of a host function, or of vg_log(). When it is not CALL_OK the function
 * has returned 0, "" or no bytes. CALL_TOO_BIG: the arguments did not fit the call area, and it was
 * not called, or its result did not. CALL_NO_FUNCTION: this is a zone, without a host. A host
 * function that fails ends the call. Strings and bytes from the host are valid until the next call
 * of a host function or vg_log().
 */
enum call_status vg_host_status(void);

/*
 * The call that runs is to end as failed, once the function returns: the host gets VT_ERR_GUEST in
 * place of the result, and can call again.
 */
void vg_fail(void);

/* ---- Memory ---- */

/* The heap: untouched zeros at first, readable and writable, in whole pages; the program's own. */
struct vg_memory {
    uint8_t *base;
    size_t size;
};
struct vg_memory vg_heap(void);

/* What is left of the stack, in bytes, before a fault for stack overflow. */
size_t vg_stack_left(void);

/*
 * Two random words of this micro-VM: the same in each call, others in a clone. Zeros if the host
 * gave none, as in a zone whose processor has no random numbers.
 */
void vg_seed(uint64_t seed[2]);

/* ---- What the macros use: not for programs ---- */

int32_t vg_arg_i32(const struct call_frame *frame, unsigned n);
uint32_t vg_arg_u32(const struct call_frame *frame, unsigned n);
int64_t vg_arg_i64(const struct call_frame *frame, unsigned n);
uint64_t vg_arg_u64(const struct call_frame *frame, unsigned n);
float vg_arg_f32(const struct call_frame *frame, unsigned n);
double vg_arg_f64(const struct call_frame *frame, unsigned n);
bool vg_arg_bool(const struct call_frame *frame, unsigned n);
const char *vg_arg_str(const struct call_frame *frame, unsigned n);
struct vg_bytes vg_arg_bytes(const struct call_frame *frame, unsigned n);

void vg_ret_void(struct call_frame *frame, int nothing);
void vg_ret_i32(struct call_frame *frame, int32_t value);
void vg_ret_u32(struct call_frame *frame, uint32_t value);
void vg_ret_i64(struct call_frame *frame, int64_t value);
void vg_ret_u64(struct call_frame *frame, uint64_t value);
void vg_ret_f32(struct call_frame *frame, float value);
void vg_ret_f64(struct call_frame *frame, double value);
void vg_ret_bool(struct call_frame *frame, bool value);
void vg_ret_str(struct call_frame *frame, const char *value);
void vg_ret_bytes(struct call_frame *frame, struct vg_bytes value);

void vg_out_begin(const struct call_import *row);
void vg_out_i32(int32_t value);
void vg_out_u32(uint32_t value);
void vg_out_i64(int64_t value);
void vg_out_u64(uint64_t value);
void vg_out_f32(float value);
void vg_out_f64(double value);
void vg_out_bool(bool value);
void vg_out_str(const char *value);
void vg_out_bytes(struct vg_bytes value);

/* Runs the host function, returns its result. */
void vg_res_void(void);
int32_t vg_res_i32(void);
uint32_t vg_res_u32(void);
int64_t vg_res_i64(void);
uint64_t vg_res_u64(void);
float vg_res_f32(void);
double vg_res_f64(void);
bool vg_res_bool(void);
const char *vg_res_str(void);
struct vg_bytes vg_res_bytes(void);

/* clang-format off */

/* The member of a family of functions, or the type code, that belongs to C type T. */
#define VG_BY_TYPE(T, x) _Generic((T *)0, \
    int32_t *: x##i32, uint32_t *: x##u32, int64_t *: x##i64, uint64_t *: x##u64, \
    float *: x##f32, double *: x##f64, bool *: x##bool, const char **: x##str, \
    struct vg_bytes *: x##bytes)
#define VG_BY_RESULT(T, x) _Generic((T *)0, \
    void *: x##void, \
    int32_t *: x##i32, uint32_t *: x##u32, int64_t *: x##i64, uint64_t *: x##u64, \
    float *: x##f32, double *: x##f64, bool *: x##bool, const char **: x##str, \
    struct vg_bytes *: x##bytes)
#define VG_CODE(T) _Generic((T *)0, \
    int32_t *: CALL_I32, uint32_t *: CALL_U32, int64_t *: CALL_I64, uint64_t *: CALL_U64, \
    float *: CALL_F32, double *: CALL_F64, bool *: CALL_BOOL, const char **: CALL_STR, \
    struct vg_bytes *: CALL_BYTES, void *: CALL_VOID)

#define VG_S0(r)                      ((call_signature)VG_CODE(r))
#define VG_SN(T, n)                   ((call_signature)VG_CODE(T) << (4 * (n)))
#define VG_S1(r, a)                   (VG_S0(r) | VG_SN(a, 1))
#define VG_S2(r, a, b)                (VG_S1(r, a) | VG_SN(b, 2))
#define VG_S3(r, a, b, c)             (VG_S2(r, a, b) | VG_SN(c, 3))
#define VG_S4(r, a, b, c, d)          (VG_S3(r, a, b, c) | VG_SN(d, 4))
#define VG_S5(r, a, b, c, d, e)       (VG_S4(r, a, b, c, d) | VG_SN(e, 5))
#define VG_S6(r, a, b, c, d, e, f)    (VG_S5(r, a, b, c, d, e) | VG_SN(f, 6))
#define VG_S7(r, a, b, c, d, e, f, g) (VG_S6(r, a, b, c, d, e, f) | VG_SN(g, 7))
#define VG_S8(r, a, b, c, d, e, f, g, h) (VG_S7(r, a, b, c, d, e, f, g) | VG_SN(h, 8))

/* The parameter list of the function behind a list of types, its parameters named p0.. */
#define VG_P0(x)                      (void)
#define VG_P1(x, a)                   (a p0)
#define VG_P2(x, a, b)                (a p0, b p1)
#define VG_P3(x, a, b, c)             (a p0, b p1, c p2)
#define VG_P4(x, a, b, c, d)          (a p0, b p1, c p2, d p3)
#define VG_P5(x, a, b, c, d, e)       (a p0, b p1, c p2, d p3, e p4)
#define VG_P6(x, a, b, c, d, e, f)    (a p0, b p1, c p2, d p3, e p4, f p5)
#define VG_P7(x, a, b, c, d, e, f, g) (a p0, b p1, c p2, d p3, e p4, f p5, g p6)
#define VG_P8(x, a, b, c, d, e, f, g, h) (a p0, b p1, c p2, d p3, e p4, f p5, g p6, h p7)

/* Arguments taken from a frame. */
#define VG_A(T, n)                    VG_BY_TYPE(T, vg_arg_)(frame, n)
#define VG_A0(x)                      ()
#define VG_A1(x, a)                   (VG_A(a, 0))
#define VG_A2(x, a, b)                (VG_A(a, 0), VG_A(b, 1))
#define VG_A3(x, a, b, c)             (VG_A(a, 0), VG_A(b, 1), VG_A(c, 2))
#define VG_A4(x, a, b, c, d)          (VG_A(a, 0), VG_A(b, 1), VG_A(c, 2), VG_A(d, 3))
#define VG_A5(x, a, b, c, d, e)       (VG_A(a, 0), VG_A(b, 1), VG_A(c, 2), VG_A(d, 3), VG_A(e, 4))
#define VG_A6(x, a, b, c, d, e, f)    (VG_A(a, 0), VG_A(b, 1), VG_A(c, 2), VG_A(d, 3), VG_A(e, 4), \
                                       VG_A(f, 5))
#define VG_A7(x, a, b, c, d, e, f, g) (VG_A(a, 0), VG_A(b, 1), VG_A(c, 2), VG_A(d, 3), VG_A(e, 4), \
                                       VG_A(f, 5), VG_A(g, 6))
#define VG_A8(x, a, b, c, d, e, f, g, h) \
                                      (VG_A(a, 0), VG_A(b, 1), VG_A(c, 2), VG_A(d, 3), VG_A(e, 4), \
                                       VG_A(f, 5), VG_A(g, 6), VG_A(h, 7))

/* Parameters put into the frame for the host. */
#define VG_O(T, p)                    VG_BY_TYPE(T, vg_out_)(p);
#define VG_O0(x)
#define VG_O1(x, a)                   VG_O(a, p0)
#define VG_O2(x, a, b)                VG_O1(x, a) VG_O(b, p1)
#define VG_O3(x, a, b, c)             VG_O2(x, a, b) VG_O(c, p2)
#define VG_O4(x, a, b, c, d)          VG_O3(x, a, b, c) VG_O(d, p3)
#define VG_O5(x, a, b, c, d, e)       VG_O4(x, a, b, c, d) VG_O(e, p4)
#define VG_O6(x, a, b, c, d, e, f)    VG_O5(x, a, b, c, d, e) VG_O(f, p5)
#define VG_O7(x, a, b, c, d, e, f, g) VG_O6(x, a, b, c, d, e, f) VG_O(g, p6)
#define VG_O8(x, a, b, c, d, e, f, g, h) VG_O7(x, a, b, c, d, e, f, g) VG_O(h, p7)

/* What to append for a list of a result and n arguments. */
#define VG_PICK(r, a, b, c, d, e, f, g, h, n, ...) n
#define VG_COUNT(...) VG_PICK(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0)
#define VG_JOIN_(x, n) x##n
#define VG_JOIN(x, n) VG_JOIN_(x, n)
#define VG_FOR(x, ...) VG_JOIN(x, VG_COUNT(__VA_ARGS__))(__VA_ARGS__)

/* A void call becomes a value, so that one macro serves all results. */
#define VG_VALUE(r, call) _Generic((r *)0, void *: ((call), 0), default: (call))

#define VG_ROW(name_) __attribute__((section(name_), used, aligned(8)))
#define VG_NAME_CHECK(name_) \
    _Static_assert(sizeof(#name_) <= CALL_NAME_MAX, "the name " #name_ " is too long")

#define VG_EXPORT_(fn_, r, call, ...) \
    VG_NAME_CHECK(fn_); \
    _Static_assert(_Generic(&fn_, r (*) VG_FOR(VG_P, __VA_ARGS__): 1, default: 0), \
                   "VG_EXPORT(" #fn_ ") lists other types than the function has"); \
    static void vg_export_##fn_(struct call_frame *frame) \
    { \
        VG_BY_RESULT(r, vg_ret_)(frame, VG_VALUE(r, call)); \
    } \
    VG_EXPORT_ROW_(fn_, __VA_ARGS__)

#define VG_EXPORT_ROW_(fn_, ...) \
    static const struct call_export vg_row_##fn_ VG_ROW("vg_exports") = { \
        .name = (uint64_t)#fn_, \
        .fn = (uint64_t)vg_export_##fn_, \
        .signature = VG_FOR(VG_S, __VA_ARGS__), \
    }

#define VG_IMPORT_(fn_, r, ...) \
    VG_NAME_CHECK(fn_); \
    static const struct call_import vg_import_##fn_ VG_ROW("vg_imports") = { \
        .name = (uint64_t)#fn_, \
        .signature = VG_FOR(VG_S, __VA_ARGS__), \
    }; \
    __attribute__((unused)) static r fn_ VG_FOR(VG_P, __VA_ARGS__) \
    { \
        vg_out_begin(&vg_import_##fn_); \
        VG_FOR(VG_O, __VA_ARGS__) \
        return VG_BY_RESULT(r, vg_res_)(); \
    } \
    _Static_assert(1, "")

#define VG_FIRST(r, ...) r

/* ---- Functions in both directions ---- */

/* name, result, arguments... */
#define VG_EXPORT(fn_, ...) \
    VG_EXPORT_(fn_, VG_FIRST(__VA_ARGS__, 0), fn_ VG_FOR(VG_A, __VA_ARGS__), __VA_ARGS__)
#define VG_IMPORT(fn_, ...) VG_IMPORT_(fn_, VG_FIRST(__VA_ARGS__, 0), __VA_ARGS__)

/* clang-format on */

#ifdef __cplusplus
}
#endif

#endif
