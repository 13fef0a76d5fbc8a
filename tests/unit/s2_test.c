/* SPDX-License-Identifier: Apache-2.0 */
/* Stage 2 tables: entries, leaf sizes, refusals, and walks against a plain list of ranges. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/pool.h"
#include "hyp/core/s2.h"
#include "hyp/core/zone.h"
#include "pt.h"

#define POOL_SIZE (4u << 20)
#define POOL_PA   UINT64_C(0x48000000)

static void *pool_memory;
static uint64_t *root;

_Noreturn void arch_crash(const char *why)
{
    fail_msg("%s", why);
    abort();
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    pool_memory = aligned_alloc(SIZE_2M, POOL_SIZE);
    memset(pool_memory, 0xa5, POOL_SIZE);
    pool_init(pool_memory, POOL_SIZE, hpa(POOL_PA));
    root = pool_take(8192, 8192);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(pool_memory);
    return 0;
}

static void test_entry_bits(void **state)
{
    struct pt_leaf ram = { PT_LEAF, hpa(0x80200000), true, true, false };
    struct pt_leaf device = { PT_LEAF, hpa(0x9000000), true, false, true };

    (void)state;
    /* Block, normal write-back, read-write, inner shareable, AF. */
    assert_int_equal(arch_pte_make(&ram, 1), UINT64_C(0x802007fd));
    /* Page, Device-nGnRE, read-write, AF, execute never. */
    assert_int_equal(arch_pte_make(&device, 2), UINT64_C(0x00400000090004c7));
    assert_int_equal(arch_pte_table(hpa(0x48001000)), UINT64_C(0x48001003));
}

static void test_entry_round_trip(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        struct pt_leaf in = { PT_LEAF, hpa(0xffff80000000), (i & 1) != 0, (i & 2) != 0,
                              (i & 4) != 0 };

        for (unsigned level = 0; level < arch_pt_fmt.levels; level++) {
            struct pt_leaf out = arch_pte_parse(arch_pte_make(&in, level), level);

            assert_int_equal(out.type, PT_LEAF);
            assert_int_equal(out.pa.v, in.pa.v);
            assert_int_equal(out.write, in.write);
            assert_int_equal(out.exec, in.exec);
            assert_int_equal(out.device, in.device);
        }
    }
    assert_int_equal(arch_pte_parse(0, 0).type, PT_NONE);
    assert_int_equal(arch_pte_parse(1, 2).type, PT_NONE); /* a block on the last level is invalid */
    assert_int_equal(arch_pte_parse(3, 0).type, PT_TABLE);
}

static void map_ok(uint64_t at, uint64_t pa, uint64_t size)
{
    struct s2_map map = { at, pa, size, true, true, false };

    assert_int_equal(s2_map(root, &map), OK);
}

static void test_largest_leaves(void **state)
{
    struct pt_leaf leaf;
    hpa_t pa;
    size_t before;

    (void)state;
    before = pool_used();
    map_ok(SIZE_1G, SIZE_1G * 3, SIZE_1G);
    assert_int_equal(pool_used(), before); /* a 1 GiB block needs no table */
    map_ok(SIZE_1G * 2, SIZE_1G * 5 + SIZE_2M, SIZE_2M * 2);
    assert_int_equal(pool_used(), before + SIZE_4K);
    map_ok(SIZE_1G * 2 + SIZE_2M * 2, 0x9000000, SIZE_4K);
    assert_int_equal(pool_used(), before + 2 * SIZE_4K);
    assert_true(s2_lookup(root, gpa(SIZE_1G * 2 + SIZE_2M + 5), &leaf, &pa));
    assert_int_equal(pa.v, SIZE_1G * 5 + 2 * SIZE_2M + 5);
    assert_true(s2_lookup(root, gpa(SIZE_1G * 2 + SIZE_2M * 2 + 8), &leaf, &pa));
    assert_int_equal(pa.v, 0x9000008);
    assert_false(s2_lookup(root, gpa(SIZE_1G * 2 + SIZE_2M * 2 + SIZE_4K), &leaf, &pa));
}

static void test_refusals(void **state)
{
    struct s2_map bad[] = {
        { 0x1000, 0x1000, 0, true, true, false },
        { 0x1001, 0x1000, 0x1000, true, true, false },
        { 0x1000, 0x1008, 0x1000, true, true, false },
        { 0x1000, 0x1000, 0x1001, true, true, false },
        { UINT64_C(1) << 40, 0x1000, 0x1000, true, true, false },
        { (UINT64_C(1) << 40) - 0x1000, 0x1000, 0x2000, true, true, false },
        { UINT64_MAX - 0xfff, 0x1000, 0x2000, true, true, false },
        { 0x1000, UINT64_MAX - 0xfff, 0x2000, true, true, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(s2_map(root, &bad[i]), ERR_INVALID);
    }
    map_ok(0x40000000, 0x40000000, SIZE_2M);
    bad[0] = (struct s2_map){ 0x40000000, 0x50000000, SIZE_2M, true, true, false };
    assert_int_equal(s2_map(root, &bad[0]), ERR_BUSY);
    bad[0].size = SIZE_4K;
    assert_int_equal(s2_map(root, &bad[0]), ERR_BUSY); /* inside a block */
}

/* Random disjoint ranges: every probe is answered as the list of ranges answers it. */
static void test_against_list(void **state)
{
    struct s2_map maps[24];
    uint64_t at = 0;

    (void)state;
    srand(7);
    for (size_t i = 0; i < ARRAY_COUNT(maps); i++) {
        uint64_t gap = (uint64_t)(rand() % 700) * SIZE_4K, pages = 1 + (uint64_t)(rand() % 2000);

        at += gap;
        maps[i] = (struct s2_map){
            at, 0x80000000 + (uint64_t)(rand() % 4096) * SIZE_4K, pages * SIZE_4K, true, true, false
        };
        at += maps[i].size;
        assert_int_equal(s2_map(root, &maps[i]), OK);
    }
    for (unsigned probe = 0; probe < 20000; probe++) {
        uint64_t where = ((uint64_t)rand() << 12 | (uint64_t)(rand() & 0xfff)) % (at + SIZE_2M);
        struct pt_leaf leaf;
        hpa_t pa = hpa(0);
        bool found = s2_lookup(root, gpa(where), &leaf, &pa), expected = false;

        for (size_t i = 0; i < ARRAY_COUNT(maps); i++) {
            if (where >= maps[i].gpa && where - maps[i].gpa < maps[i].size) {
                expected = true;
                assert_int_equal(pa.v, maps[i].hpa + (where - maps[i].gpa));
            }
        }
        assert_int_equal(found, expected);
    }
}

static uint64_t flushed; /* VTTBR_EL2 when translations were dropped */

static void on_flush(void)
{
    flushed = rd_vttbr_el2();
}

static void test_flush_uses_the_zones_vmid(void **state)
{
    struct zone zone = { .id = 4 };

    (void)state;
    fake_tlbi_vmalls12e1is_hook = on_flush;
    wr_vttbr_el2(0x1234000);
    arch_s2_activate(&zone, hpa(0x48002000));
    assert_int_equal(zone.arch.vttbr, UINT64_C(0x0005000048002000));
    arch_s2_flush(&zone);
    assert_int_equal(fake_tlbi_vmalls12e1is_count, 1);
    assert_int_equal(flushed, zone.arch.vttbr);
    fake_tlbi_vmalls12e1is_hook = NULL;
    assert_int_equal(rd_vttbr_el2(), 0x1234000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entry_bits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entry_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_largest_leaves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_against_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flush_uses_the_zones_vmid, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
