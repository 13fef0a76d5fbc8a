/* SPDX-License-Identifier: Apache-2.0 */
/* The module "spectest" of the specification's tests, as wasm2c would declare it. */
#ifndef TESTS_UVM_SPEC_SPECTEST_H
#define TESTS_UVM_SPEC_SPECTEST_H

#include <stdint.h>
#include <wasm-rt.h>

struct Z_spectest_instance_t;

wasm_rt_funcref_table_t *Z_spectestZ_table(struct Z_spectest_instance_t *instance);
wasm_rt_memory_t *Z_spectestZ_memory(struct Z_spectest_instance_t *instance);
uint32_t *Z_spectestZ_global_i32(struct Z_spectest_instance_t *instance);
uint64_t *Z_spectestZ_global_i64(struct Z_spectest_instance_t *instance);
float *Z_spectestZ_global_f32(struct Z_spectest_instance_t *instance);
double *Z_spectestZ_global_f64(struct Z_spectest_instance_t *instance);
void Z_spectestZ_print(struct Z_spectest_instance_t *instance);
void Z_spectestZ_print_i32(struct Z_spectest_instance_t *instance, uint32_t a);
void Z_spectestZ_print_i64(struct Z_spectest_instance_t *instance, uint64_t a);
void Z_spectestZ_print_f32(struct Z_spectest_instance_t *instance, float a);
void Z_spectestZ_print_f64(struct Z_spectest_instance_t *instance, double a);
void Z_spectestZ_print_i32_f32(struct Z_spectest_instance_t *instance, uint32_t a, float b);
void Z_spectestZ_print_f64_f64(struct Z_spectest_instance_t *instance, double a, double b);

#endif
