/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dev/virtq with a log: a server is killed after each instruction that changes memory, the next one
 * too, and a third one ends the work. The driver sees each request come back once, in order.
 */
#define _GNU_SOURCE /* ptrace */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev/virtq.h"
#include "lib/field.h"
#include "virtq_model.h"

#define DATA     (MODEL_RAM + MODEL_DATA)
#define RING     0x6000u /* bytes of rings and buffers */
#define REQUESTS 5u
#define EPOCH    7u

/* What outlives a server: its zone's memory and the log. */
struct outlives {
    uint8_t ram[RING];
    struct bridge_log log;
};

static struct bridge_log bridge_log;
static struct virtq_cfg cfg;
static struct virtq q;
static struct virtq_chain chain;
static struct model driver;    /* as it was when the first server began */
static int expected[REQUESTS]; /* IDs in their order */
static unsigned points, ends;
static bool is_busy; /* the driver takes what came back and asks for more while nobody serves */

static void get_outlives(struct outlives *to)
{
    memcpy(to->ram, model_at(MODEL_RAM), RING);
    to->log = bridge_log;
}

static void put_outlives(const struct outlives *from)
{
    memcpy(model_at(MODEL_RAM), from->ram, RING);
    bridge_log = from->log;
}

/* Answers a request: the complement of its number. */
static struct virtq_done serve(void)
{
    uint8_t number = 0;
    bool is_good = spans_read(&chain.read, &number, 1);

    number = (uint8_t)~number;
    is_good = is_good && spans_write(&chain.write, &number, 1);
    return virtq_done(&chain, is_good ? 1 : 0);
}

/* One, then two at once, and so on, until there are no more; what the server does. */
static bool serve_all(void)
{
    struct virtq_done done[2];
    size_t n = 0, batch = 1;

    if (virtq_init(&q, &model_mem, &cfg) != OK) {
        return false;
    }
    while (virtq_pop(&q, &chain) == 1) {
        done[n++] = serve();
        if (n == batch) {
            virtq_push_all(&q, done, n);
            batch = 3 - batch;
            n = 0;
        }
    }
    if (n != 0) { /* was looked at, not served: left to be taken again */
        virtq_undo(&q, done, n);
        if (virtq_pop(&q, &chain) != 1) {
            return false;
        }
        virtq_push(&q, &chain, serve().written);
    }
    return !q.is_broken;
}

static int add(struct model *m, unsigned number)
{
    uint64_t at = DATA + number * 16;
    struct model_buf bufs[3] = { { at, 1, false }, { at + 1, 1, true }, { at + 2, 1, true } };

    *model_at(at) = (uint8_t)number;
    *model_at(at + 1) = 0;
    return model_add(m, bufs, number % 2 == 0 ? 3 : 2, number % 3 == 0);
}

static unsigned check_used(struct model *m, unsigned from)
{
    uint32_t len = 0;
    int id;

    while ((id = model_used(m, &len)) >= 0) {
        assert_true(from < REQUESTS);
        assert_int_equal(id, expected[from]);
        assert_int_equal(len, 1);
        assert_int_equal(*model_at(DATA + from * 16 + 1), (uint8_t)~from);
        from++;
    }
    return from;
}

/* The last server finds what the killed ones left. */
static void check_end(const struct outlives *left)
{
    struct model m = driver;
    unsigned came = 0, asked = 0;
    uint32_t len;

    put_outlives(left);
    if (is_busy) {
        came = check_used(&m, 0);
        while (add(&m, REQUESTS + asked) >= 0) {
            asked++;
        }
    }
    assert_true(serve_all());
    if (!is_busy) {
        assert_int_equal(check_used(&m, 0), REQUESTS);
    }
    for (; is_busy && came + asked != 0; asked -= came == REQUESTS, came += came < REQUESTS) {
        int id = model_used(&m, &len);

        if (came == REQUESTS && asked == 0) {
            assert_int_equal(id, -1);
            break;
        }
        assert_true(id >= 0);
        assert_true(came == REQUESTS || id == expected[came]);
    }
    ends++;
}

static void read_child(int mem, void *to, const void *at, size_t size)
{
    assert_int_equal(pread(mem, to, size, (off_t)(uintptr_t)at), (ssize_t)size);
}

enum phase { ALL, AGAIN, RESUME }; /* all; and the second one's beginning; that beginning */

static void each_point(const struct outlives *begin, enum phase phase);

/* A second server does more than to begin only if buffers were about to be returned. */
static void point(const struct outlives *left, enum phase phase)
{
    uint64_t place = left->log.place;

    points++;
    if (phase == AGAIN && (uint16_t)place != (uint16_t)(place >> 16)) {
        each_point(left, RESUME);
    } else {
        check_end(left);
    }
}

/* Runs a server step by step; calls point() with what is left after each change. */
static void each_point(const struct outlives *begin, enum phase phase)
{
    struct outlives last, now;
    int status = 0, mem;
    char path[64];
    pid_t pid;

    put_outlives(begin);
    pid = fork();
    if (pid == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        (void)raise(SIGSTOP);
        _exit((phase == RESUME ? virtq_init(&q, &model_mem, &cfg) == OK : serve_all()) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSTOPPED(status));
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(mem >= 0);
    last = *begin;
    point(&last, phase);
    while (WIFSTOPPED(status)) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFSTOPPED(status)) {
            read_child(mem, now.ram, model_at(MODEL_RAM), RING);
            read_child(mem, &now.log, &bridge_log, sizeof(bridge_log));
            if (memcmp(&now, &last, sizeof(now)) != 0) {
                last = now;
                point(&last, phase);
            }
        }
    }
    close(mem);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The ring has gone some way before, so that it wraps within the five requests. */
static void prepare(bool is_packed, uint16_t size, unsigned before)
{
    uint32_t len;

    cfg = model_init(&driver, is_packed, true, size);
    cfg.log = &bridge_log;
    cfg.epoch = EPOCH;
    memset(&bridge_log, 0xff, sizeof(bridge_log)); /* another queue's */
    for (unsigned i = 0; i < before; i++) {
        assert_true(add(&driver, 1) >= 0);
        assert_true(serve_all());
        assert_true(model_used(&driver, &len) >= 0);
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        expected[i] = add(&driver, i);
        assert_true(expected[i] >= 0);
    }
}

static void kill_everywhere(bool is_packed, uint16_t size)
{
    struct outlives begin;

    for (unsigned i = 0; i < 4; i++) {
        is_busy = i % 2 != 0;
        prepare(is_packed, size, i < 2 ? 0 : 5);
        get_outlives(&begin);
        points = ends = 0;
        each_point(&begin, i == 0 ? AGAIN : ALL);
        assert_true(points > 20);
        assert_true(ends > 20);
    }
}

static void test_split(void **unused)
{
    (void)unused;
    kill_everywhere(false, 16);
}

static void test_packed(void **unused)
{
    (void)unused;
    kill_everywhere(true, 13);
}

/* A log that is not one: the queue is broken, nothing else. */
static void test_bad_log(void **unused)
{
    static const struct bridge_log bad[] = {
        { .place = UINT64_C(7) << 32 | 8 },                                  /* from beyond */
        { .place = UINT64_C(7) << 32 | 9 << 16 },                            /* to beyond */
        { .place = UINT64_C(7) << 32 | 1 << 16, .count = 0 },                /* none */
        { .place = UINT64_C(7) << 32 | 1 << 16, .count = BRIDGE_BATCH + 1 }, /* too many */
        { .place = UINT64_C(7) << 32 | 1 << 16, .count = 1, .done = { 2 << 16 } },
        { .place = UINT64_C(7) << 32 | 1 << 16, .count = 1, .done = { 9 << 16 } },
        { .place = UINT64_C(7) << 32 | 1 << 16, .count = 1, .done = { 0 } },
    };

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        cfg = model_init(&driver, true, true, 8);
        cfg.log = &bridge_log;
        cfg.epoch = EPOCH;
        bridge_log = bad[i];
        assert_true(virtq_init(&q, &model_mem, &cfg) < 0);
        assert_true(q.is_broken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_bad_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
