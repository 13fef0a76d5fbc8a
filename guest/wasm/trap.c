/* SPDX-License-Identifier: Apache-2.0 */
/* Traps and exceptions of modules: each ends at the VG_WASM(), or the handler, that it comes in. */
#include "guest/wasm/window.h"
#include "lib/field.h"
#include "vitrine-fault.h"
#include "vitrine-wasm.h"

struct vg_wasm_try *vg_wasm_running;
uint8_t wasm_trap_stack[WASM_TRAP_STACK] __attribute__((aligned(16)));

static wasm_rt_trap_t last = WASM_RT_TRAP_NONE;
static bool trapped;

/* The specification's words, as its tests have them. */
static const char *const names[] = {
    [WASM_RT_TRAP_NONE] = "",
    [WASM_RT_TRAP_OOB] = "out of bounds memory access",
    [WASM_RT_TRAP_INT_OVERFLOW] = "integer overflow",
    [WASM_RT_TRAP_DIV_BY_ZERO] = "integer divide by zero",
    [WASM_RT_TRAP_INVALID_CONVERSION] = "invalid conversion to integer",
    [WASM_RT_TRAP_UNREACHABLE] = "unreachable",
    [WASM_RT_TRAP_CALL_INDIRECT] = "indirect call type mismatch",
    [WASM_RT_TRAP_UNCAUGHT_EXCEPTION] = "unhandled exception",
    [WASM_RT_TRAP_EXHAUSTION] = "call stack exhausted",
};

const char *wasm_rt_strerror(wasm_rt_trap_t trap)
{
    return (unsigned)trap < ARRAY_COUNT(names) ? names[trap] : "unknown trap";
}

static const char *wasm_trap(void)
{
    return wasm_rt_strerror(last);
}
VG_EXPORT(wasm_trap, const char *);

/* ---- The exceptions proposal ---- */

enum { EXCEPTION_MAX = 1024 };

static WASM_RT_UNWIND_TARGET *unwind_target;
static uint32_t tags, active_tag, active_size;
static uint8_t active_values[EXCEPTION_MAX] __attribute__((aligned(16)));

uint32_t wasm_rt_register_tag(uint32_t size)
{
    if (size > EXCEPTION_MAX) {
        vg_abort(size, "wasm: an exception has more values than are supported");
    }
    return tags++;
}

void wasm_rt_load_exception(uint32_t tag, uint32_t size, const void *values)
{
    if (size > EXCEPTION_MAX) {
        vg_abort(size, "wasm: an exception has more values than are supported");
    }
    active_tag = tag;
    active_size = size;
    memmove(active_values, values, size);
}

WASM_RT_NO_RETURN void wasm_rt_throw(void)
{
    if (unwind_target == NULL) {
        wasm_rt_trap(WASM_RT_TRAP_UNCAUGHT_EXCEPTION);
    }
    longjmp(*unwind_target, 1);
}

WASM_RT_UNWIND_TARGET *wasm_rt_get_unwind_target(void)
{
    return unwind_target;
}

void wasm_rt_set_unwind_target(WASM_RT_UNWIND_TARGET *target)
{
    unwind_target = target;
}

uint32_t wasm_rt_exception_tag(void)
{
    return active_tag;
}

uint32_t wasm_rt_exception_size(void)
{
    return active_size;
}

void *wasm_rt_exception(void)
{
    return active_values;
}

/* ---- Traps ---- */

void vg_wasm_enter(struct vg_wasm_try *scope)
{
    scope->outer = vg_wasm_running;
    scope->unwind = unwind_target;
    unwind_target = NULL;
    trapped = false;
    last = WASM_RT_TRAP_NONE;
    vg_wasm_running = scope;
}

wasm_rt_trap_t vg_wasm_end(struct vg_wasm_try *scope)
{
    wasm_rt_trap_t trap = trapped ? last : WASM_RT_TRAP_NONE;

    vg_wasm_running = scope->outer;
    unwind_target = scope->unwind;
    trapped = false;
    return trap;
}

bool vg_wasm_leave(struct vg_wasm_try *scope)
{
    wasm_rt_trap_t trap = vg_wasm_end(scope);

    if (trap != WASM_RT_TRAP_NONE) {
        vg_log(VG_LOG_WARNING, wasm_rt_strerror(trap));
        vg_fail();
    }
    return trap == WASM_RT_TRAP_NONE;
}

WASM_RT_NO_RETURN void wasm_rt_trap(wasm_rt_trap_t trap)
{
    if (vg_wasm_running == NULL) {
        vg_abort((uint64_t)trap, wasm_rt_strerror(trap));
    }
    last = trap;
    trapped = true;
    longjmp(vg_wasm_running->at, 1);
}

_Noreturn void wasm_trap_bounds(void)
{
    wasm_rt_trap(WASM_RT_TRAP_OOB);
}

_Noreturn void wasm_trap_exhausted(void)
{
    wasm_rt_trap(WASM_RT_TRAP_EXHAUSTION);
}
