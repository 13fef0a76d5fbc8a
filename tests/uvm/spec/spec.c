/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the assertions of a file and counts them; the module "spectest" of the specification. */
#include "tests/uvm/spec/spec.h"
#include "tests/uvm/spec/spectest.h"

#ifdef SPEC_NATIVE
#include <stdio.h>
#endif

/* ---- Values ---- */

float spec_f32(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

double spec_f64(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

bool spec_is_f32(float value, uint32_t bits)
{
    return memcmp(&value, &bits, sizeof(value)) == 0;
}

bool spec_is_f64(double value, uint64_t bits)
{
    return memcmp(&value, &bits, sizeof(value)) == 0;
}

bool spec_nan32(float value, bool canonical)
{
    const uint32_t quiet = UINT32_C(0x7fc00000);
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return canonical ? (bits & UINT32_C(0x7fffffff)) == quiet : (bits & quiet) == quiet;
}

bool spec_nan64(double value, bool canonical)
{
    const uint64_t quiet = UINT64_C(0x7ff8000000000000);
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return canonical ? (bits & UINT64_C(0x7fffffffffffffff)) == quiet : (bits & quiet) == quiet;
}

/* ---- The module "spectest" ---- */

struct Z_spectest_instance_t {
    wasm_rt_funcref_table_t table;
    wasm_rt_memory_t memory;
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
};

static struct Z_spectest_instance_t spectest = { .i32 = 666, .i64 = 666, .f32 = 666, .f64 = 666 };

struct Z_spectest_instance_t *spec_test(void)
{
    return &spectest;
}

#define IMPORTED(type_, name_, place_)                                                             \
    type_ *Z_spectestZ_##name_(struct Z_spectest_instance_t *instance)                             \
    {                                                                                              \
        return &instance->place_;                                                                  \
    }                                                                                              \
    _Static_assert(1, "")

#define PRINT(name_, ...)                                                                          \
    void Z_spectestZ_##name_(struct Z_spectest_instance_t *instance, ##__VA_ARGS__)                \
    {                                                                                              \
        (void)instance;                                                                            \
    }                                                                                              \
    _Static_assert(1, "")

IMPORTED(wasm_rt_funcref_table_t, table, table);
IMPORTED(wasm_rt_memory_t, memory, memory);
IMPORTED(uint32_t, global_i32, i32);
IMPORTED(uint64_t, global_i64, i64);
IMPORTED(float, global_f32, f32);
IMPORTED(double, global_f64, f64);
PRINT(print);
PRINT(print_i32, uint32_t a);
PRINT(print_i64, uint64_t a);
PRINT(print_f32, float a);
PRINT(print_f64, double a);
PRINT(print_i32_f32, uint32_t a, float b);
PRINT(print_f64_f64, double a, double b);

/* ---- Running ---- */

static void begin(void)
{
    wasm_rt_init();
    wasm_rt_allocate_funcref_table(&spectest.table, 10, 20);
    wasm_rt_allocate_memory(&spectest.memory, 1, 2);
}

#ifdef SPEC_NATIVE
int main(void)
{
    begin();
    for (unsigned i = 0; i < spec_count; i++) {
        puts(spec_rows[i]() ? "pass" : "fail");
    }
    return 0;
}
#else
/* Row number n; the host asks for one after another. -1: there is none; 0: failed; 1: passed. */
static int32_t step(uint32_t n)
{
    if (n == 0) {
        begin();
    }
    return n >= spec_count ? -1 : spec_rows[n]() ? 1 : 0;
}
VG_EXPORT(step, int32_t, uint32_t);
#endif
