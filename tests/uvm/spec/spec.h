/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file of the specification's tests, made into C by tests/uvm/spec/spec.py, needs: traps,
 * counts, and the module "spectest". The same on Linux (wabt's own runtime) and in a micro-VM.
 */
#ifndef TESTS_UVM_SPEC_SPEC_H
#define TESTS_UVM_SPEC_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef SPEC_NATIVE
#include <wasm-rt-impl.h>
#else
#include "vitrine-wasm.h"
#endif

/* Runs the statements; the trap that ended them, or WASM_RT_TRAP_NONE, in *trap. */
#ifdef SPEC_NATIVE
#define SPEC_TRY(trap, ...)                                                                        \
    do {                                                                                           \
        *(trap) = (wasm_rt_trap_t)wasm_rt_impl_try();                                              \
        if (*(trap) == WASM_RT_TRAP_NONE) {                                                        \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
    } while (0)
#else
#define SPEC_TRY(trap, ...)                                                                        \
    do {                                                                                           \
        struct vg_wasm_try scope_;                                                                 \
                                                                                                   \
        vg_wasm_enter(&scope_);                                                                    \
        if (setjmp(scope_.at) == 0) {                                                              \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
        *(trap) = vg_wasm_end(&scope_);                                                            \
    } while (0)
#endif

/* Whether each assertion, or what must be done before one, held. */
extern bool (*const spec_rows[])(void);
extern const unsigned spec_count;

float spec_f32(uint32_t bits);
double spec_f64(uint64_t bits);
bool spec_is_f32(float value, uint32_t bits);
bool spec_is_f64(double value, uint64_t bits);
/* NaN: the canonical one, or any that is quiet. */
bool spec_nan32(float value, bool canonical);
bool spec_nan64(double value, bool canonical);

/* The instance of module "spectest". */
struct Z_spectest_instance_t;
struct Z_spectest_instance_t *spec_test(void);

#endif
