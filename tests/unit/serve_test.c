/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server of devices between a driver and a hypervisor that live in this test: it begins, lets
 * go in time, ends, and another server goes on. And what options and files may say.
 */
#define _GNU_SOURCE /* mkdtemp */
#include "unit.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev/flow.h"
#include "serve_double.h"
#include "virtq_model.h"
#include "zone0/serve_kinds.h"

#define DATA   (MODEL_RAM + MODEL_DATA)
#define SECTOR 512u

static struct server server;
static struct serve_cfg cfg;
static struct serve_double hyp;
static struct model model;
static char dir[] = "/tmp/vitrine-serve-XXXXXX";
static char disk[64], output[64], socket_path[64];

static void wish(const char *kind, const char *text)
{
    assert_true(serve_cfg_wish(&cfg, serve_kind_find(kind), text));
}

static void say(const struct serve_dev *dev, const char *text)
{
    (void)dev;
    (void)text;
}

static int setup(void **unused)
{
    char text[128];
    FILE *file;

    (void)unused;
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
    assert_non_null(mkdtemp(dir));
    snprintf(disk, sizeof(disk), "%s/disk", dir);
    snprintf(output, sizeof(output), "%s/output", dir);
    snprintf(socket_path, sizeof(socket_path), "%s/socket", dir);
    file = fopen(disk, "wb");
    assert_non_null(file);
    for (unsigned i = 0; i < 64 * SECTOR; i++) {
        fputc((int)(i / SECTOR), file);
    }
    fclose(file);
    cfg = (struct serve_cfg){ .poll_us = 50 };
    snprintf(text, sizeof(text), "web.root=%s", disk);
    wish("disk", text);
    snprintf(text, sizeof(text), "web.hvc=file:%s", output);
    wish("console", text);
    wish("rng", "web.random");
    double_begin(&hyp, dir);
    server = (struct server){ .ctl = &hyp.ctl, .cfg = &cfg, .log = say, .look = -1 };
    assert_int_equal(server_open(&server), OK);
    double_pool(&server);
    return 0;
}

/* Its memory is the test's. */
static void end_server(void)
{
    server.pool_count = 0;
    server_close(&server);
}

static int teardown(void **unused)
{
    char text[96];

    (void)unused;
    end_server();
    double_end(&hyp);
    snprintf(text, sizeof(text), "%s/slots", dir);
    unlink(text);
    unlink(disk);
    unlink(output);
    unlink(socket_path);
    rmdir(dir);
    return 0;
}

/* As the loop does: what threads say is seen. */
static void look_until(bool (*is_done)(uint32_t device), uint32_t device)
{
    struct pollfd file = { .fd = server.look, .events = POLLIN };
    uint64_t count;
    bool done = false;

    for (unsigned i = 0; i < 2000 && !done; i++) {
        server_look(&server);
        if (poll(&file, 1, 1) == 1) {
            assert_int_equal(read(server.look, &count, sizeof(count)), sizeof(count));
        }
        done = is_done(device);
    }
    assert_true(done);
}

static bool is_used(uint32_t device)
{
    return (atomic_exchange(&hyp.signalled[device], 0) & BRIDGE_SIGNAL_USED) != 0;
}

static bool has_let_go(uint32_t device)
{
    return atomic_load(&hyp.device[device]->state) == BRIDGE_IDLE;
}

static bool is_broken(uint32_t device)
{
    return (atomic_load(&hyp.signalled[device]) & BRIDGE_SIGNAL_BROKEN) != 0;
}

static void drive(uint32_t device, uint32_t queue, bool is_packed)
{
    struct virtq_cfg ring = model_init(&model, is_packed, true, 16);

    double_run(&hyp, device, queue, &ring);
    server_look(&server);
    look_until(is_used, device); /* it says so once when it begins */
}

/* A sector of the disk, and how often the request came back. */
static void read_sector(uint8_t sector)
{
    uint32_t words[4] = { 0, 0, sector, 0 }, len = 0;
    struct model_buf bufs[3] = { { DATA, 16, false },
                                 { DATA + 16, SECTOR, true },
                                 { DATA + 16 + SECTOR, 1, true } };
    int id;

    memcpy(model_at(DATA), words, sizeof(words));
    *model_at(DATA + 16 + SECTOR) = 0xee;
    model_want(&model, 1);
    id = model_add(&model, bufs, 3, false);
    double_notify(&hyp, 0, 0);
    look_until(is_used, 0);
    assert_int_equal(model_used(&model, &len), id);
    assert_int_equal(model_used(&model, &len), -1);
    assert_int_equal(*model_at(DATA + 16 + SECTOR), 0);
    assert_int_equal(*model_at(DATA + 16), sector);
    assert_int_equal(*model_at(DATA + 16 + SECTOR - 1), sector);
}

static void test_disk(void **unused)
{
    (void)unused;
    assert_int_equal(hyp.attached, 3);
    drive(0, 0, false);
    for (uint8_t i = 0; i < 60; i++) {
        read_sector(i);
    }
    for (unsigned i = 0; i < 20; i++) { /* resets */
        double_reset(&hyp, 0);
        look_until(has_let_go, 0);
        assert_false(server.dev[0].is_on);
        drive(0, 0, i % 2 != 0);
        read_sector(7);
    }
}

/* Another server takes over a driver that runs, at some place in the ring. */
static void test_again(void **unused)
{
    (void)unused;
    for (unsigned kind = 0; kind < 2; kind++) {
        drive(0, 0, kind != 0);
        for (uint8_t i = 0; i < 13; i++) {
            read_sector(i);
            end_server();
            double_gone(&hyp);
            assert_int_equal(server_open(&server), OK);
            double_pool(&server);
            server_look(&server);
            look_until(is_used, 0);
        }
        double_reset(&hyp, 0);
        look_until(has_let_go, 0);
    }
}

static void test_console(void **unused)
{
    struct model_buf buf = { DATA, 5, false };
    char got[8] = "";
    uint32_t len;
    FILE *file;

    (void)unused;
    drive(1, 1, false);
    memcpy(model_at(DATA), "hello", 5);
    model_want(&model, 1);
    model_add(&model, &buf, 1, false);
    double_notify(&hyp, 1, 1);
    look_until(is_used, 1);
    assert_true(model_used(&model, &len) >= 0);
    file = fopen(output, "rb");
    assert_non_null(file);
    assert_int_equal(fread(got, 1, sizeof(got), file), 5);
    fclose(file);
    assert_string_equal(got, "hello");
}

/* Rings that are nowhere, and a buffer of no use: the device is broken, and lets go as ever. */
static void test_broken(void **unused)
{
    struct virtq_cfg ring = model_init(&model, false, false, 16);
    struct model_buf buf = { DATA, 5, false };

    (void)unused;
    ring.desc = 0x1000;
    double_run(&hyp, 2, 0, &ring);
    server_look(&server);
    look_until(is_broken, 2);
    double_reset(&hyp, 2);
    look_until(has_let_go, 2);
    atomic_store(&hyp.signalled[2], 0);
    drive(2, 0, false);
    model_add(&model, &buf, 1, false);
    double_notify(&hyp, 2, 0);
    look_until(is_broken, 2);
    double_reset(&hyp, 2);
    look_until(has_let_go, 2);
}

/* ---- A queue that has more, and is not to be served ---- */

static _Atomic unsigned rests;

static int rest(struct serve_queue *queue, bool *interrupt)
{
    (void)queue;
    *interrupt = false;
    atomic_fetch_add(&rests, 1);
    return RUN_REST;
}

/* However often its driver notifies, it sleeps in between: as a card's that is not used. */
static void test_rest(void **unused)
{
    struct model_buf buf = { DATA, 64, true };
    static struct serve_kind kind;
    unsigned before;

    (void)unused;
    kind = *serve_kind_find("rng");
    kind.run = rest;
    cfg.wish[2].kind = &kind;
    drive(2, 0, false);
    model_add(&model, &buf, 1, false);
    for (unsigned i = 0; i < 20000; i++) { /* so fast that more seems to come soon */
        double_notify(&hyp, 2, 0);
        server_look(&server);
    }
    (void)poll(NULL, 0, 10); /* the last one is seen */
    before = atomic_load(&rests);
    (void)poll(NULL, 0, 20);
    assert_in_range(atomic_load(&rests), before, before + 2); /* of a slow machine */
    double_reset(&hyp, 2);
    look_until(has_let_go, 2);
    cfg.wish[2].kind = serve_kind_find("rng");
}

/* ---- What is at a console's place already ---- */

static bool line_opens(const char *kind, mode_t *mode)
{
    static struct serve_dev dev;
    struct serve_wish line = { .kind = serve_kind_find("console") };
    struct stat about;
    bool is_open;

    snprintf(line.source, sizeof(line.source), "%s:%s", kind, socket_path);
    dev = (struct serve_dev){ .server = &server, .wish = &line };
    is_open = line_open(&dev) == OK;
    assert_int_equal(lstat(socket_path, &about), 0);
    *mode = about.st_mode;
    if (is_open) {
        line_close(&dev);
    }
    return is_open;
}

static void test_places(void **unused)
{
    mode_t mode, before = umask(0);
    FILE *file = fopen(socket_path, "wb");

    (void)unused;
    assert_non_null(file);
    fclose(file);
    assert_false(line_opens("unix", &mode) || !S_ISREG(mode));
    assert_false(line_opens("pty", &mode) || !S_ISREG(mode));
    assert_int_equal(unlink(socket_path), 0);
    for (unsigned i = 0; i < 2; i++) { /* what the one before has left */
        assert_true(line_opens("unix", &mode));
        assert_true(S_ISSOCK(mode));
        assert_int_equal(mode & (S_IRWXG | S_IRWXO), 0);
    }
    assert_int_equal(unlink(socket_path), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(line_opens("pty", &mode));
        assert_true(S_ISLNK(mode));
    }
    (void)umask(before);
}

/* ---- What the user wants ---- */

static void test_options(void **unused)
{
    static const char *const bad[] = { "",          "web",          "web=x",     ".root=x",
                                       "web.=x",    "web.root",     "web.root=", "web.root=x,rw",
                                       "w.r=x,ro,", "w.r=x,ro,ro ", "web=x.root" };
    const struct serve_kind *kind = serve_kind_find("disk");
    struct serve_cfg c = { .wish_count = 0 };

    (void)unused;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(serve_cfg_wish(&c, kind, bad[i]));
    }
    assert_int_equal(c.wish_count, 0);
    assert_true(serve_cfg_wish(&c, kind, "web.root=/a/b.c,packed,ro"));
    assert_string_equal(c.wish[0].zone, "web");
    assert_string_equal(c.wish[0].device, "root");
    assert_string_equal(c.wish[0].source, "/a/b.c");
    assert_true(c.wish[0].is_read_only && c.wish[0].is_packed);
    for (unsigned i = 1; i < BRIDGE_DEVICES; i++) {
        assert_true(serve_cfg_wish(&c, serve_kind_find("rng"), "web.r"));
    }
    assert_false(serve_cfg_wish(&c, kind, "web.root=x"));
    assert_null(serve_kind_find("floppy"));
}

static int file_of(struct serve_cfg *c, const char *text)
{
    char path[] = "/tmp/vitrine-serve-cfg-XXXXXX";
    int fd = mkstemp(path), bad;

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    *c = (struct serve_cfg){ .wish_count = 0 };
    bad = serve_cfg_file(c, path);
    unlink(path);
    return bad;
}

static void test_file(void **unused)
{
    struct serve_cfg c;

    (void)unused;
    assert_int_equal(file_of(&c, "# devices\n\n- disk: web.root=/x,ro # first\n  - rng: web.r\n"
                                 "- start: web\n"),
                     0);
    assert_int_equal(c.wish_count, 2);
    assert_int_equal(c.start_count, 1);
    assert_string_equal(c.wish[0].source, "/x");
    assert_true(c.wish[0].is_read_only);
    assert_string_equal(c.start[0], "web");
    assert_int_equal(file_of(&c, "- rng: web.r\n- tape: web.t\n"), 2);
    assert_int_equal(file_of(&c, "rng: web.r\n"), 1);
    assert_int_equal(file_of(&c, "- rng web.r\n"), 1);
    assert_int_equal(serve_cfg_file(&c, "/nonexistent/file"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_console, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
