/* SPDX-License-Identifier: Apache-2.0 */
/* WebAssembly in a micro-VM: all traps, loads and stores at both ends of memory, growth. */
#include "tests/uvm/support.h"

#include <string.h>

#define PAGE     UINT32_C(0x10000)
#define NO_VALUE UINT64_C(0xffffffffffffffff)

/* Functions of tests/uvm/wasm/traps.wat, in its order. */
enum { LOADS = 14, STORES = 9, ACCESSES = LOADS + STORES };
enum { TEXT_SIZE = 4 }; /* of the data that INIT copies */
enum { I32_LOAD = 0, I64_STORE = LOADS + 1 };
enum {
    DIV_S = 3 * ACCESSES, /* i32, then i64: div_s div_u rem_s rem_u */
    TRUNC = DIV_S + 8,    /* of f32: i32_s i32_u i64_s i64_u, of f64 */
    UNREACHABLE = TRUNC + 8,
    RECURSE,
    TAIL,
    FILL,
    COPY,
    INIT,
    COPY_FROM,
    COPY_SIZE,
    FILL_SIZE,
    INIT_SIZE,
    NOTHING,
    TABLE_GET,
    GROW,
    SIZE,
    TABLE_GROW,
    ROUND,
    BITS,
    OTHER_TYPE,
    NULL_ENTRY,
    BEYOND_TABLE
};

static const uint32_t widths[ACCESSES] = { 4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2,
                                           4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4 };

static struct vt_vm *vm;

static int run_on(uint32_t instance, uint32_t which, uint32_t arg, uint64_t *result)
{
    const struct vt_value args[] = { { .type = CALL_U32, .u = instance },
                                     { .type = CALL_U32, .u = which },
                                     { .type = CALL_U32, .u = arg } };
    struct vt_value value = { 0 };
    int err = vt_call(vm, "run", args, ARRAY_COUNT(args), &value);

    *result = err == VT_OK ? value.u : NO_VALUE;
    return err;
}

static uint64_t run(uint32_t which, uint32_t arg)
{
    uint64_t result;

    assert_int_equal(run_on(0, which, arg, &result), VT_OK);
    return result;
}

static void check_name(const char *name)
{
    struct vt_value value = { 0 };

    assert_int_equal(vt_call(vm, "wasm_trap", NULL, 0, &value), VT_OK);
    assert_string_equal(value.data, name);
}

static void check_trap(uint32_t which, uint32_t arg, const char *name)
{
    uint64_t result;

    if (run_on(0, which, arg, &result) != VT_ERR_GUEST) {
        fail_msg("function %u with %#x did not trap", which, arg);
    }
    check_name(name);
}

static void check_bounds(uint32_t which, uint32_t arg)
{
    check_trap(which, arg, "out of bounds memory access");
}

static int setup(const char *name)
{
    struct vt_image *image = uvm_image(name);

    vm = uvm_vm(image);
    vt_image_free(image);
    return 0;
}

static int setup_fixed(void **state)
{
    (void)state;
    return setup("traps");
}

static int setup_pie(void **state)
{
    (void)state;
    return setup("traps-pie");
}

static int teardown(void **state)
{
    (void)state;
    vt_destroy(vm);
    return 0;
}

/* ---- Bounds ---- */

/* All ways for an access to lie within, half within, and outside of a memory of `size` bytes. */
static void check_access(uint32_t which, uint32_t size)
{
    uint32_t width = widths[which];

    (void)run(which, 0);
    (void)run(which, size - width);
    (void)run(which + ACCESSES, 0);
    (void)run(which + ACCESSES, size - width - 1);
    for (uint32_t at = size - width + 1; at <= size; at++) {
        check_bounds(which, at);
        check_bounds(which + ACCESSES, at - 1);
    }
    check_bounds(which, UINT32_MAX);
    check_bounds(which + ACCESSES, UINT32_MAX);
    check_bounds(which + 2 * ACCESSES, 0);
    check_bounds(which + 2 * ACCESSES, UINT32_MAX);
    check_bounds(which + 2 * ACCESSES, size);
}

static void check_accesses(uint32_t size)
{
    for (uint32_t which = 0; which < ACCESSES; which++) {
        check_access(which, size);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    check_accesses(PAGE);
}

/* The sizes at which what ring 0 shows changes: a 2 MiB piece is full, a second one begins. */
static void test_bounds_grown(void **state)
{
    (void)state;
    assert_int_equal(run(GROW, 31), 1);
    check_accesses(32 * PAGE);
    assert_int_equal(run(GROW, 1), 32);
    check_accesses(33 * PAGE);
}

/* A store that lies half outside writes nothing. */
static void test_torn_store(void **state)
{
    (void)state;
    for (uint32_t outside = 1; outside < 8; outside++) {
        check_bounds(I64_STORE, PAGE - 8 + outside);
    }
    assert_int_equal(run(I32_LOAD, PAGE - 8), 0);
    assert_int_equal(run(I32_LOAD, PAGE - 4), 0);
}

/* ---- Other traps ---- */

static void test_integers(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 8; n++) {
        check_trap(DIV_S + n, 0, "integer divide by zero");
    }
    check_trap(DIV_S, UINT32_MAX, "integer overflow");
    check_trap(DIV_S + 4, UINT32_MAX, "integer overflow");
    assert_int_equal(run(DIV_S + 2, UINT32_MAX), 0);
    assert_int_equal(run(DIV_S + 6, UINT32_MAX), 0);
    assert_int_equal(run(DIV_S + 1, 2), 3);
}

static void test_conversions(void **state)
{
    enum { NAN_BITS = 0x7fc00000, HUGE_BITS = 0x7f000000, MINUS_2 = 0xc0000000, TWO = 0x40000000 };

    (void)state;
    for (uint32_t n = 0; n < 8; n++) {
        check_trap(TRUNC + n, NAN_BITS, "invalid conversion to integer");
        check_trap(TRUNC + n, HUGE_BITS, "integer overflow");
        assert_int_equal(run(TRUNC + n, TWO), 2);
        if (n % 2 == 1) {
            check_trap(TRUNC + n, (uint32_t)MINUS_2, "integer overflow");
        }
    }
    assert_int_equal(run(ROUND, 0), 9); /* -2 + 2 + 9 */
    assert_int_equal(run(BITS, UINT32_MAX), 32);
}

static void test_calls(void **state)
{
    (void)state;
    check_trap(OTHER_TYPE, 0, "indirect call type mismatch");
    check_trap(NULL_ENTRY, 0, "indirect call type mismatch");
    check_trap(BEYOND_TABLE, 0, "indirect call type mismatch");
    check_trap(UINT32_MAX, 0, "indirect call type mismatch");
    check_trap(UNREACHABLE, 0, "unreachable");
}

static void test_exhaustion(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        check_trap(RECURSE, 0, "call stack exhausted");
        check_trap(TAIL, 0, "call stack exhausted");
    }
    assert_int_equal(run(SIZE, 0), 1);
}

static void test_bulk(void **state)
{
    static const uint32_t kinds[] = { FILL, COPY, INIT };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++) {
        (void)run(kinds[i], PAGE - 16);
        check_bounds(kinds[i], PAGE - 3);
        check_bounds(kinds[i], UINT32_MAX);
    }
    (void)run(COPY_FROM, PAGE - 16);
    for (uint32_t outside = 1; outside <= 16; outside++) {
        check_bounds(COPY_FROM, PAGE - 16 + outside);
    }
    check_bounds(COPY_FROM, UINT32_MAX - 15);
    for (uint32_t kind = COPY_SIZE; kind <= FILL_SIZE; kind++) {
        (void)run(kind, PAGE - 1);
        check_bounds(kind, PAGE);
        check_bounds(kind, UINT32_MAX);
    }
    (void)run(INIT_SIZE, TEXT_SIZE - 1);
    check_bounds(INIT_SIZE, TEXT_SIZE);
    check_bounds(INIT_SIZE, UINT32_MAX);
    (void)run(NOTHING, 0);
    (void)run(NOTHING, PAGE);
    check_bounds(NOTHING, PAGE + 1);
    check_bounds(NOTHING, UINT32_MAX);
}

static void test_tables(void **state)
{
    (void)state;
    assert_int_equal(run(TABLE_GET, NULL_ENTRY), 1);
    check_bounds(TABLE_GET, BEYOND_TABLE);
    assert_int_equal(run(TABLE_GROW, 2), BEYOND_TABLE);
    assert_int_equal(run(TABLE_GET, BEYOND_TABLE + 1), 1);
    assert_int_equal(run(TABLE_GET, SIZE), 0);
    assert_int_equal(run(TABLE_GROW, 1000), UINT64_MAX);
}

/* ---- Memories ---- */

enum { PAGES_MAX = 70 };

/* One page at a time, to the module's own limit: what was there stays, what comes is zero. */
static void test_growth(void **state)
{
    (void)state;
    (void)run(I64_STORE, 8);
    for (uint32_t pages = 1; pages < PAGES_MAX; pages++) {
        check_bounds(I32_LOAD, pages * PAGE);
        assert_int_equal(run(GROW, 1), pages);
        assert_int_equal(run(I32_LOAD, pages * PAGE), 0);
        assert_int_equal(run(I32_LOAD, (pages + 1) * PAGE - 4), 0);
        (void)run(I64_STORE, (pages + 1) * PAGE - 8);
        assert_int_equal(run(I32_LOAD, pages * PAGE - 4), pages == 1 ? 0 : UINT32_MAX);
    }
    assert_int_equal(run(I32_LOAD, 8), UINT32_MAX);
    assert_int_equal(run(GROW, 1), UINT64_MAX);
    assert_int_equal(run(GROW, UINT32_MAX), UINT64_MAX);
    assert_int_equal(run(GROW, 0), PAGES_MAX);
    check_bounds(I32_LOAD, PAGES_MAX * PAGE);
}

/* Two instances have nothing in common; a new one finds zeros where another one was. */
static void test_instances(void **state)
{
    const struct vt_value second = { .type = CALL_U32, .u = 1 };
    uint64_t result;

    (void)state;
    assert_int_equal(run_on(1, I64_STORE, PAGE - 8, &result), VT_OK);
    assert_int_equal(run_on(1, GROW, 40, &result), VT_OK);
    assert_int_equal(run_on(1, I64_STORE, 40 * PAGE, &result), VT_OK);
    assert_int_equal(run(I32_LOAD, PAGE - 8), 0);
    check_bounds(I32_LOAD, PAGE);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(vt_call(vm, "renew", &second, 1, NULL), VT_OK);
        assert_int_equal(run_on(1, I32_LOAD, PAGE, &result), VT_ERR_GUEST);
        assert_int_equal(run_on(1, I32_LOAD, PAGE - 8, &result), VT_OK);
        assert_int_equal(result, 0);
        assert_int_equal(run_on(1, GROW, 40, &result), VT_OK);
        assert_int_equal(run_on(1, I32_LOAD, 40 * PAGE, &result), VT_OK);
        assert_int_equal(result, 0);
        assert_int_equal(run_on(1, I64_STORE, 40 * PAGE, &result), VT_OK);
    }
}

/* Memory is as large as when the image or the snapshot was taken. */
static void test_restore(void **state)
{
    struct vt_snapshot *snapshot = NULL;

    (void)state;
    assert_int_equal(run(GROW, 35), 1);
    assert_int_equal(vt_snapshot(vm, &snapshot), VT_OK);
    assert_int_equal(run(GROW, 30), 36);
    (void)run(I64_STORE, 64 * PAGE);
    assert_int_equal(vt_restore(vm, snapshot), VT_OK);
    check_bounds(I32_LOAD, 64 * PAGE);
    check_bounds(I32_LOAD, 36 * PAGE);
    assert_int_equal(run(GROW, 30), 36);
    assert_int_equal(run(I32_LOAD, 64 * PAGE), 0);
    (void)run(I64_STORE, 64 * PAGE);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(run(SIZE, 0), 1);
    check_bounds(I32_LOAD, 64 * PAGE);
    check_bounds(I32_LOAD, PAGE);
    vt_snapshot_free(snapshot);
}

/* ---- The rest of the program ---- */

static void test_nested(void **state)
{
    struct vt_value which = { .type = CALL_U32, .u = DIV_S + 1 };

    (void)state;
    assert_int_equal(vt_call(vm, "nested", &which, 1, NULL), VT_ERR_GUEST);
    which.u = SIZE;
    assert_int_equal(vt_call(vm, "nested", &which, 1, NULL), VT_OK);
    check_name("");
}

/* Faults of C code that are no traps reach the host, whether a module runs or not. */
static void test_faults(void **state)
{
    static const uint64_t windows = UINT64_C(0x4000000000);
    struct vt_value args[] = { { .type = CALL_U64, .u = UINT64_C(0x7000000000) },
                               { .type = CALL_BOOL, .u = 1 } };

    (void)state;
    assert_int_equal(vt_call(vm, "wild", args, 2, NULL), VT_ERR_FAULT);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    args[0].u = windows + PAGE;
    assert_int_equal(vt_call(vm, "wild", args, 2, NULL), VT_ERR_GUEST);
    args[1].u = 0;
    assert_int_equal(vt_call(vm, "wild", args, 2, NULL), VT_ERR_FAULT);
    assert_int_equal(vt_fault(vm, NULL)->address, windows + PAGE);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    assert_int_equal(run(SIZE, 0), 1);
}

/* Ring 0 shows nothing but the program's own writable memory, and only in windows. */
static void test_refused(void **state)
{
    static const uint64_t mib = UINT64_C(1) << 20;
    const uint64_t requests[][4] = {
        { 7, 0, 0, 1 },              /* page tables, call area, the supervisor's stacks */
        { 7, 0, 2 * mib, 1 },        /* the image, whose beginning is ring 0's */
        { 7, 0, 8 * mib + 4096, 1 }, /* not at a piece's beginning */
        { 7, 0, 14 * mib, 1 },       /* heap, then the guard below the stack */
        { 7, 0, 16 * mib, 1 },       /* behind all memory */
        { 7, 0, UINT64_MAX - 2 * mib + 1, 32 },
        { 8, 0, 8 * mib, 1 }, /* no such window */
        { UINT64_MAX, 0, 8 * mib, 1 },
        { 7, 2048, 8 * mib, 1 }, /* no such piece */
        { 7, UINT64_MAX, 8 * mib, 1 },
        { 7, 0, 8 * mib, 33 }, /* more pages than a piece has */
        { 7, 0, 8 * mib, UINT64_MAX },
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(requests); i++) {
        struct vt_value args[4] = { 0 };
        struct vt_value result = { 0 };

        for (unsigned n = 0; n < ARRAY_COUNT(args); n++) {
            args[n].type = CALL_U64;
            args[n].u = requests[i][n];
        }
        assert_int_equal(vt_call(vm, "show", args, ARRAY_COUNT(args), &result), VT_OK);
        if (result.i >= 0) {
            fail_msg("request %u was not refused", i);
        }
    }
    assert_int_equal(run(SIZE, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bounds, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_bounds_grown, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_torn_store, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_integers, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_conversions, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_calls, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_exhaustion, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_bulk, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_tables, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_growth, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_instances, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_restore, setup_pie, teardown),
        cmocka_unit_test_setup_teardown(test_nested, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_faults, setup_fixed, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup_fixed, teardown),
    };

    uvm_keep();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
