/* SPDX-License-Identifier: Apache-2.0 */
/* Private pages of a mapping as the running kernel tells of them, by both ways of asking it. */
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

#include "host/private.h"
#include "host/sys.h"

#define PAGE  4096u
#define PAGES 1300u /* more than are read at once */

static const struct log silent;

static uint8_t seen[PAGES];

static int note(void *ctx, struct span span)
{
    unsigned *runs = ctx;

    assert_true(span.size != 0 && span.size % PAGE == 0 && span.start % PAGE == 0);
    for (uint64_t at = span.start; at < span.start + span.size; at += PAGE) {
        assert_in_range(at / PAGE, 0, PAGES - 1);
        seen[at / PAGE]++;
    }
    ++*runs;
    return *runs > PAGES ? VT_ERR_SYSTEM : VT_OK;
}

static int stop(void *ctx, struct span span)
{
    (void)ctx;
    (void)span;
    return VT_ERR_MISMATCH;
}

/* Every page of the file holds something; some are read, some are written. */
static uint8_t *make(int *fd)
{
    struct sys_map map = { .len = PAGES * PAGE, .kind = SYS_MAP_PRIVATE };
    uint8_t bytes[PAGE];
    uint8_t *p;

    memset(bytes, 1, sizeof(bytes));
    map.fd = sys_memfd("test", map.len);
    assert_true(map.fd >= 0);
    for (unsigned i = 0; i < PAGES; i++) {
        assert_int_equal(sys_pwrite(map.fd, bytes, PAGE, (uint64_t)i * PAGE), 0);
    }
    p = sys_mmap(&map);
    assert_non_null(p);
    *fd = map.fd;
    return p;
}

static bool is_written(unsigned page)
{
    return page < 3 || (page >= 500 && page < 600 && page % 2 == 0) || page == PAGES - 1;
}

static void touch(volatile uint8_t *p)
{
    for (unsigned i = 0; i < PAGES; i++) {
        if (is_written(i)) {
            p[i * PAGE] = 2;
        } else if (i % 3 == 0) {
            (void)p[i * PAGE];
        }
    }
}

static void check(const struct private_walk *walk)
{
    memset(seen, 0, sizeof(seen));
    assert_int_equal(private_each(walk, &silent), VT_OK);
    for (unsigned i = 0; i < PAGES; i++) {
        assert_int_equal(seen[i], is_written(i) ? 1 : 0);
    }
}

/* The same flags in a file that is no page map: then they are read, not asked for. */
static int copy_of_flags(int pagemap, const uint8_t *p)
{
    uint64_t entry[PAGES];
    uint64_t at = (uintptr_t)p / PAGE * sizeof(uint64_t);
    int fd = sys_memfd("flags", at + sizeof(entry));

    assert_true(fd >= 0);
    assert_int_equal(sys_pread(pagemap, entry, sizeof(entry), at), 0);
    assert_int_equal(sys_pwrite(fd, entry, sizeof(entry), at), 0);
    return fd;
}

static void test_both_ways(void **state)
{
    int fd, flags;
    uint8_t *p = make(&fd);
    unsigned runs = 0;
    struct private_walk walk = { .pagemap = private_open(&silent),
                                 .pid = sys_pid(),
                                 .base = p,
                                 .size = PAGES * PAGE,
                                 .fn = note,
                                 .ctx = &runs };
    int pagemap = walk.pagemap;

    (void)state;
    assert_true(pagemap >= 0);
    touch(p);
    check(&walk);
    flags = copy_of_flags(pagemap, p);
    walk.pagemap = flags;
    runs = 0;
    check(&walk);
    walk.fn = stop;
    assert_int_equal(private_each(&walk, &silent), VT_ERR_MISMATCH);
    walk.pagemap = pagemap;
    assert_int_equal(private_each(&walk, &silent), VT_ERR_MISMATCH);
    sys_munmap(p, PAGES * PAGE);
    sys_close(flags);
    sys_close(pagemap);
    sys_close(fd);
}

static void test_unknown(void **state)
{
    uint8_t page[PAGE];
    struct private_walk walk = {
        .pagemap = -1, .pid = sys_pid(), .base = page, .size = PAGE, .fn = stop
    };

    (void)state;
    assert_int_equal(private_each(&walk, &silent), VT_ERR_UNSUPPORTED);
    walk.pagemap = private_open(&silent);
    walk.pid++; /* after a fork */
    assert_int_equal(private_each(&walk, &silent), VT_ERR_UNSUPPORTED);
    sys_close(walk.pagemap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
