/* SPDX-License-Identifier: Apache-2.0 */
/* zone0/: opening against what sysfs may say, requests, slots, rings, over a fake hypervisor. */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl_double.h"
#include "lib/field.h"
#include "zone0/feed.h"

#define PCI "sys/bus/pci/devices/0000:00:01.0/"
#define DAX "sys/bus/dax/devices/dax0.0/"

static struct ctl_double d;
static struct ctl ctl;

static int setup(void **unused)
{
    (void)unused;
    double_make(&d);
    return 0;
}

static int setup_open(void **unused)
{
    setup(unused);
    assert_int_equal(double_open(&d, &ctl), 0);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    ctl_close(&ctl);
    double_remove(&d);
    return 0;
}

static void test_open(void **unused)
{
    char text[4] = "";
    char path[CTL_PATH_SIZE];
    int fd;

    (void)unused;
    assert_int_equal(double_open(&d, &ctl), 0);
    assert_int_equal(ctl.region_gpa, DOUBLE_GPA);
    assert_int_equal(ctl.features, CTL_FEATURE_CONSOLES);
    assert_int_equal(ctl.region_size, DOUBLE_SIZE - CTL_DAX_HEADER);
    snprintf(path, sizeof(path), "%s/" PCI "enable", d.dir);
    fd = open(path, O_RDONLY);
    assert_true(read(fd, text, 1) == 1);
    close(fd);
    assert_string_equal(text, "1");
}

struct wrong_row {
    const char *file, *text;
    int result;
};

static void test_wrong_places(void **unused)
{
    static const struct wrong_row rows[] = {
        { PCI "device", "0x7601\n", CTL_NO_DEVICE },
        { PCI "vendor", "nonsense\n", CTL_NO_DEVICE },
        { DAX "resource", "0x8ffff000\n", CTL_NO_REGION },
        { DAX "resource", "0x90200000\n", CTL_NO_REGION },
        { DAX "resource", "\n", CTL_NO_REGION },
        { DAX "size", "0\n", CTL_NO_REGION },
        { DAX "size", "2097152\n", CTL_NO_REGION },
        { DAX "size", "65536\n", CTL_BAD_REGION },
    };

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        double_remove(&d);
        double_make(&d);
        double_text(&d, rows[i].file, rows[i].text);
        assert_int_equal(double_open(&d, &ctl), rows[i].result);
        assert_null(ctl.region);
        assert_null((void *)(uintptr_t)ctl.regs);
    }
}

static void test_wrong_version(void **unused)
{
    uint32_t regs[CTL_REGS_SIZE / 4] = { [CTL_ABI / 4] = CTL_VERSION + 1 };

    (void)unused;
    double_put(&d, PCI "resource0", regs, sizeof(regs));
    assert_int_equal(double_open(&d, &ctl), CTL_BAD_ABI);
}

static void test_layout(void **unused)
{
    const struct ctl_shared good = ctl.layout;
    struct ctl_shared bad;
    uint32_t *const offsets[] = { &bad.slot_offset, &bad.event_offset, &bad.log_offset,
                                  &bad.console_offset, &bad.device_offset };

    (void)unused;
    assert_true(ctl_layout_is_valid(&good, good.size));
    assert_false(ctl_layout_is_valid(&good, good.size - 1));
    for (size_t i = 0; i < ARRAY_COUNT(offsets); i++) {
        static const uint32_t values[] = { 0, 1, 63, UINT32_MAX, UINT32_MAX - 63, 0x100000 };

        for (size_t v = 0; v < ARRAY_COUNT(values); v++) {
            bad = good;
            *offsets[i] = values[v];
            assert_false(ctl_layout_is_valid(&bad, good.size));
        }
    }
    bad = good;
    bad.self = CTL_ZONES;
    assert_false(ctl_layout_is_valid(&bad, good.size));
    bad = good;
    bad.device_count = BRIDGE_DEVICES + 1;
    assert_false(ctl_layout_is_valid(&bad, SIZE_MAX));
    bad = good;
    bad.magic ^= 1;
    assert_false(ctl_layout_is_valid(&bad, good.size));
}

static void test_request(void **unused)
{
    struct ctl_info info;
    struct ctl_zone zone;
    uint32_t number;

    (void)unused;
    assert_int_equal(ctl_get_info(&ctl, &info), 0);
    assert_string_equal(info.build, "double");
    assert_int_equal(ctl_get_zone(&ctl, 1, &zone), 0);
    assert_string_equal(zone.name, "linux1");
    assert_int_equal(ctl_get_zone(&ctl, 3, &zone), CTL_ERR_ZONE);
    assert_string_equal(zone.name, "");
    assert_int_equal(ctl_find_zone(&ctl, "spare", &number), 0);
    assert_int_equal(number, 2);
    assert_int_equal(ctl_find_zone(&ctl, "1", &number), 0);
    assert_int_equal(number, 1);
    assert_int_equal(ctl_find_zone(&ctl, "nobody", &number), CTL_ERR_ZONE);
    assert_int_equal(ctl_find_zone(&ctl, "7", &number), CTL_ERR_ZONE);
    assert_int_equal(ctl_find_zone(&ctl, "99999999999", &number), CTL_ERR_ZONE);
    assert_int_equal(ctl_change(&ctl, CTL_OP_STOP, 0), CTL_ERR_DENIED);
    assert_int_equal(ctl_change(&ctl, CTL_OP_START, 2), CTL_OK);
    assert_int_equal(ctl_change(&ctl, CTL_OP_START, 2), CTL_ERR_STATE);
    assert_int_equal(ctl_change(&ctl, CTL_OP_COUNT, 2), CTL_ERR_OP);
}

/* What an answer says of its size is not believed. */
static void test_answer_size(void **unused)
{
    struct ctl_memory regions[2];
    struct ctl_zone zone;
    size_t count = ARRAY_COUNT(regions);

    (void)unused;
    d.answer_size = UINT32_MAX;
    assert_int_equal(ctl_get_memory(&ctl, 1, regions, &count), 0);
    assert_int_equal(count, 2);
    d.answer_size = 5;
    assert_int_equal(ctl_get_zone(&ctl, 1, &zone), 0);
    assert_string_equal(zone.name, "linux");
    assert_int_equal(zone.memory, 0);
}

static void test_deaf(void **unused)
{
    struct ctl_info info;

    (void)unused;
    d.is_deaf = true;
    assert_int_equal(ctl_get_info(&ctl, &info), CTL_NO_ANSWER);
    assert_int_equal(info.version, 0);
}

static void test_too_much(void **unused)
{
    static const uint8_t bytes[CTL_DATA_SIZE + 1];
    struct ctl_request request = {
        .op = CTL_OP_CONSOLE_WRITE, .zone = 1, .in = bytes, .in_size = sizeof(bytes)
    };

    (void)unused;
    assert_int_equal(ctl_request(&ctl, &request), CTL_ERR_INVALID);
    assert_int_equal(d.requests, 0);
    request.in_size = CTL_DATA_SIZE;
    assert_int_equal(ctl_request(&ctl, &request), 0);
    assert_int_equal(request.value[0], d.input_room);
}

/* Slots: each taken by somebody else, given back by closing. */
static void test_slots(void **unused)
{
    struct ctl other;
    struct ctl_info info;
    int lock[CTL_SLOTS];
    struct flock area = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    char path[CTL_PATH_SIZE];

    (void)unused;
    snprintf(path, sizeof(path), "%s/slots", d.run);
    for (unsigned i = 0; i < CTL_SLOTS; i++) {
        lock[i] = open(path, O_RDWR);
        area.l_start = i;
        assert_int_equal(fcntl(lock[i], F_OFD_SETLK, &area), 0);
    }
    assert_int_equal(ctl_get_info(&ctl, &info), CTL_NO_SLOT);
    assert_int_equal(d.requests, 0);
    close(lock[CTL_SLOTS - 1]);
    assert_int_equal(ctl_get_info(&ctl, &info), 0);
    assert_int_equal(double_open(&d, &other), 0);
    assert_int_equal(ctl_get_info(&other, &info), 0);
    ctl_close(&other);
    for (unsigned i = 0; i < CTL_SLOTS - 1; i++) {
        close(lock[i]);
    }
}

static void test_results(void **unused)
{
    static const int results[] = { CTL_OK,         CTL_ERR_OP,      CTL_ERR_ZONE,  CTL_ERR_STATE,
                                   CTL_ERR_DENIED, CTL_ERR_INVALID, CTL_ERR_RANGE, CTL_ERR_BUSY,
                                   CTL_ERR_FULL,   CTL_NO_DEVICE,   CTL_NO_REGION, CTL_NO_RIGHTS,
                                   CTL_BAD_ABI,    CTL_BAD_REGION,  CTL_NO_SLOT,   CTL_NO_ANSWER,
                                   CTL_SYSTEM,     CTL_NO_DRIVER };

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(results); i++) {
        assert_string_not_equal(ctl_text(results[i]), ctl_text(12345));
        assert_true(results[i] == CTL_OK || ctl_remedy(results[i])[0] != 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(ctl_text(results[i]), ctl_text(results[j]));
        }
    }
}

static void test_feed_bytes(void **unused)
{
    struct feed feed, second;
    char text[64];
    uint64_t lost;

    (void)unused;
    double_console(&ctl, 1, "before", 6);
    feed_console(&feed, &ctl, 1);
    feed_console(&second, &ctl, 1);
    feed_seek(&second, 0);
    assert_int_equal(feed_read(&second, text, sizeof(text), &lost), 0);
    assert_int_equal(feed_read(&feed, text, 3, &lost), 3);
    assert_memory_equal(text, "bef", 3);
    double_console(&ctl, 1, " after", 6);
    assert_int_equal(feed_read(&feed, text, sizeof(text), &lost), 9);
    assert_memory_equal(text, "ore after", 9);
    assert_int_equal(lost, 0);
    assert_int_equal(feed_read(&second, text, sizeof(text), &lost), 6);
    feed_seek(&second, 2);
    assert_int_equal(feed_read(&second, text, sizeof(text), &lost), 2);
    assert_memory_equal(text, "er", 2);
}

static void test_feed_loss(void **unused)
{
    struct feed feed;
    static char text[CTL_CONSOLE_SIZE];
    uint64_t lost;
    size_t kept = CTL_CONSOLE_SIZE - FEED_MARGIN;

    (void)unused;
    feed_console(&feed, &ctl, 0);
    for (unsigned i = 0; i < CTL_CONSOLE_SIZE + 100; i++) {
        char c = (char)i;

        double_console(&ctl, 0, &c, 1);
    }
    assert_int_equal(feed_read(&feed, text, sizeof(text), &lost), kept);
    assert_int_equal(lost, 100 + FEED_MARGIN);
    assert_int_equal((uint8_t)text[0], (uint8_t)(100 + FEED_MARGIN));
    assert_int_equal((uint8_t)text[kept - 1], (uint8_t)(CTL_CONSOLE_SIZE + 99));
    assert_int_equal(feed_read(&feed, text, sizeof(text), &lost), 0);
    assert_int_equal(lost, 0);
}

static void test_feed_events(void **unused)
{
    struct ctl_event event;
    struct feed feed;
    uint64_t lost;

    (void)unused;
    feed_events(&feed, &ctl);
    assert_int_equal(feed_read(&feed, &event, 1, &lost), 0);
    for (uint32_t i = 0; i < 3 * CTL_EVENTS; i++) {
        double_event(&ctl, &(struct ctl_event){ .value = i });
    }
    assert_int_equal(feed_read(&feed, &event, 1, &lost), 1);
    assert_int_equal(lost, 2 * CTL_EVENTS + CTL_EVENTS / 8);
    assert_int_equal(event.value, lost);
}

/* The hypervisor's count went back: it was started anew. */
static void test_feed_anew(void **unused)
{
    struct feed feed;
    char text[16];
    uint64_t lost;

    (void)unused;
    double_log(&ctl, "a long life\n");
    feed_log(&feed, &ctl);
    assert_int_equal(feed_read(&feed, text, sizeof(text), &lost), 12);
    ((struct ctl_shared *)(void *)ctl.region)->log.head = 0;
    double_log(&ctl, "new\n");
    assert_int_equal(feed_read(&feed, text, sizeof(text), &lost), 4);
    assert_memory_equal(text, "new\n", 4);
    assert_int_equal(lost, 0);
}

#define FLOOD 400000u

static atomic_bool is_over;

/* Words of a count, written as fast as it goes. */
static void *flood(void *unused)
{
    for (uint32_t i = 0; i < FLOOD; i++) {
        double_event(&ctl, &(struct ctl_event){ .time = i, .kind = i, .value = i, .detail = ~i });
    }
    atomic_store(&is_over, true);
    return unused;
}

/* A reader beside a writer that overtakes it gets whole events, in order, and knows of the rest. */
static void test_feed_race(void **unused)
{
    struct ctl_event events[32];
    struct feed feed;
    pthread_t writer;
    uint64_t next = 0, lost = 0;
    size_t count = 1;
    bool was_over = false;

    (void)unused;
    atomic_store(&is_over, false);
    feed_events(&feed, &ctl);
    assert_int_equal(pthread_create(&writer, NULL, flood, NULL), 0);
    while (!was_over || count != 0 || lost != 0) {
        was_over = atomic_load(&is_over); /* before the read that may find nothing more */
        count = feed_read(&feed, events, ARRAY_COUNT(events), &lost);
        next += lost;
        for (size_t i = 0; i < count; i++, next++) {
            assert_int_equal(events[i].time, next);
            assert_int_equal(events[i].value, (uint32_t)next);
            assert_int_equal(events[i].detail, ~(uint32_t)next);
        }
    }
    assert_int_equal(next, FLOOD);
    pthread_join(writer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_layout, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_request, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_answer_size, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_deaf, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_too_much, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_slots, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_results, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_feed_bytes, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_feed_loss, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_feed_events, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_feed_anew, setup_open, teardown),
        cmocka_unit_test_setup_teardown(test_feed_race, setup_open, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
