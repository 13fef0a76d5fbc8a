/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and scrubbing of a zone's memory, and the hypervisor's own memcpy and memset. */
#include "unit.h"

#include <stdlib.h>

#include "hyp/arch/fake/arch.h"
#include "hyp/core/load.h"
#include "hyp/core/string.h"

#define BLOCKS 3u
#define BASE   UINT64_C(0x40000000)
#define PA     UINT64_C(0x80000000)

static struct plan plan;
static uint8_t *ram;
static uint8_t blob[(size_t)SIZE_2M + 64];
static uint64_t mapped[16];
static unsigned map_count, insn_syncs, turns;
static enum zone_state state_now;
static size_t clean_size; /* of each block */

const struct plan *the_plan = &plan;

void *arch_window_map(hpa_t pa)
{
    mapped[map_count++] = pa.v;
    return ram + (pa.v - PA);
}

void arch_window_unmap(void) {}

void arch_insn_sync(void)
{
    insn_syncs++;
}

bool run_meanwhile(void)
{
    return turns-- != 0;
}

enum zone_state zone_state(const struct zone *zone)
{
    (void)zone;
    return state_now;
}

void arch_cache_clean(void *va, size_t size)
{
    (void)va;
    assert_int_equal(size, clean_size);
    fake_arch.cache_syncs++;
}

struct fake_arch fake_arch;

static int setup(void **state)
{
    (void)state;
    ram = malloc(BLOCKS * SIZE_2M);
    memset(ram, 0xee, BLOCKS * SIZE_2M);
    for (size_t i = 0; i < sizeof(blob); i++) {
        blob[i] = (uint8_t)(i * 7 + 1);
    }
    memset(&plan, 0, sizeof(plan));
    plan.region_count = 3;
    plan.region[0] = (struct plan_region){ BASE, PA, 2 * SIZE_2M, 1, PLAN_REGION_RAM, 0, 0 };
    plan.region[1] = (struct plan_region){ 0x9000000,          0x9000000, SIZE_4K, 1,
                                           PLAN_REGION_DEVICE, 0,         0 };
    plan.region[2] =
        (struct plan_region){ BASE, PA + 2 * SIZE_2M, SIZE_2M, 0, PLAN_REGION_RAM, 0, 0 };
    plan.image_count = 3;
    /* Crosses both blocks; one byte at the very end; another zone's. */
    plan.image[0] = (struct plan_image){ 8, SIZE_2M + 11, BASE + SIZE_2M - 3, 1, 0 };
    plan.image[1] = (struct plan_image){ 0, 1, BASE + 2 * SIZE_2M - 1, 1, 0 };
    plan.image[2] = (struct plan_image){ 0, 64, BASE, 0, 0 };
    plan.image[0].size = 64;
    map_count = insn_syncs = 0;
    turns = 1000;
    clean_size = SIZE_2M;
    state_now = ZONE_STARTING;
    fake_arch.cache_syncs = 0;
    load_init(blob);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(ram);
    return 0;
}

static void test_pristine(void **state)
{
    struct zone zone = { .id = 1 };

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        assert_true(load_zone(&zone));
        for (size_t i = 0; i < 2 * SIZE_2M; i++) {
            size_t in = i - ((size_t)SIZE_2M - 3);
            uint8_t expected = in < 64 ? blob[8 + in] : 0;

            expected = i == 2 * SIZE_2M - 1 ? blob[0] : expected;
            if (ram[i] != expected) {
                fail_msg("byte %zu: %u, expected %u", i, ram[i], expected);
            }
        }
        memset(ram, 0x55, 2 * SIZE_2M);
    }
    /* Another zone's memory was neither mapped nor written. */
    assert_int_equal(ram[2 * SIZE_2M], 0xee);
    assert_int_equal(map_count, 4);
    for (unsigned i = 0; i < map_count; i++) {
        assert_int_equal(mapped[i], PA + (i % 2) * SIZE_2M);
    }
    assert_int_equal(fake_arch.cache_syncs, 4);
    assert_int_equal(insn_syncs, 2);
}

static void test_gives_up(void **state)
{
    struct zone zone = { .id = 1 };

    (void)state;
    turns = 1;
    assert_false(load_zone(&zone)); /* the machine halts */
    assert_int_equal(map_count, 1);
    turns = 1000;
    state_now = ZONE_STOPPING;
    assert_false(load_zone(&zone));
    assert_int_equal(map_count, 1);
}

/* Memory of a channel: all of it and not a byte more, in parts of at most 2 MiB. */
static void test_scrub(void **state)
{
    struct zone zone = { .id = 1 };

    (void)state;
    clean_size = 0x10000;
    assert_true(load_scrub(&zone, hpa(PA + 0x30000), 0x10000));
    assert_int_equal(ram[0x30000 - 1], 0xee);
    assert_int_equal(ram[0x40000], 0xee);
    for (size_t i = 0; i < 0x10000; i++) {
        assert_int_equal(ram[0x30000 + i], 0);
    }
    clean_size = SIZE_2M;
    assert_true(load_scrub(&zone, hpa(PA), 2 * SIZE_2M));
    assert_int_equal(ram[2 * SIZE_2M - 1], 0);
    assert_int_equal(ram[2 * SIZE_2M], 0xee);
    assert_int_equal(map_count, 3);
    turns = 1;
    assert_false(load_scrub(&zone, hpa(PA), 2 * SIZE_2M));
}

static void test_copies(void **state)
{
    uint8_t a[96], b[96];

    (void)state;
    for (size_t from = 0; from < 9; from++) {
        for (size_t to = 0; to < 9; to++) {
            for (size_t size = 0; size < 70; size++) {
                memset(a, 0x11, sizeof(a));
                memcpy(a + to, blob + from, size);
                for (size_t i = 0; i < sizeof(a); i++) {
                    uint8_t inside = i >= to && i < to + size;

                    assert_int_equal(a[i], inside ? blob[from + i - to] : 0x11);
                }
                memcpy(b, blob, sizeof(b));
                memmove(b + to, b + from, size);
                assert_int_equal(memcmp(b + to, blob + from, size), 0);
            }
        }
    }
    assert_int_equal(memcmp("ab", "aa", 2), 1);
    assert_int_equal(memcmp("aa", "ab", 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pristine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scrub, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gives_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copies, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
