/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Micro-VMs under a debugger, by a client of a few lines: what must hold on each platform, also
 * where no GDB runs. The call is on a thread of its own, the client on the test's.
 */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/field.h"

#define SOCKET    "debug.socket"
#define REPLY_MAX 0x21000
#define SECONDS   30

enum { PLACE_TICK, PLACE_COUNTER, PLACE_TURN, PLACE_GO_ON };

static struct vt_image *image;
static struct vt_vm *vm;
static uint64_t places[4];

/* ---- A call, on its thread ---- */

static struct {
    pthread_t thread;
    const char *name;
    struct vt_value args[2], result;
    unsigned count;
    int err;
} job;

static void *job_main(void *arg)
{
    (void)arg;
    job.err = vt_call(vm, job.name, job.args, job.count, &job.result);
    return NULL;
}

static void begin(const char *name, unsigned count, uint64_t first, uint64_t second)
{
    job.name = name;
    job.count = count;
    job.args[0] = (struct vt_value){ .type = CALL_U64, .u = first };
    job.args[1] = (struct vt_value){ .type = CALL_U64, .u = second };
    assert_int_equal(pthread_create(&job.thread, NULL, job_main, NULL), 0);
}

static uint64_t end(int err)
{
    assert_int_equal(pthread_join(job.thread, NULL), 0);
    assert_int_equal(job.err, err);
    return job.result.u;
}

/* ---- A client ---- */

static int client = -1;

static void come(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
    const struct timeval limit = { .tv_sec = SECONDS };

    client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(client >= 0);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void leave(void)
{
    close(client);
    client = -1;
}

static void tell(const char *packet)
{
    char frame[256];
    unsigned sum = 0;
    int len;

    for (const char *c = packet; *c != 0; c++) {
        sum += (uint8_t)*c;
    }
    len = snprintf(frame, sizeof(frame), "$%s#%02x", packet, sum % 256);
    assert_int_equal(write(client, frame, (size_t)len), len);
}

/* The next packet's text, as it was sent; acknowledgements are of no interest. */
static const char *take(void)
{
    static char text[REPLY_MAX];
    size_t len = 0;
    char c = 0;

    while (c != '$') {
        assert_int_equal(read(client, &c, 1), 1);
    }
    while (c != '#' && len + 1 < sizeof(text)) {
        assert_int_equal(read(client, &c, 1), 1);
        text[len++] = c;
    }
    text[len - 1] = 0;
    assert_int_equal(read(client, &c, 1), 1);
    assert_int_equal(read(client, &c, 1), 1);
    return text;
}

static const char *ask(const char *packet)
{
    tell(packet);
    return take();
}

static void ask_ok(const char *format, uint64_t place)
{
    char packet[128];

    (void)snprintf(packet, sizeof(packet), format, (unsigned long long)place);
    assert_string_equal(ask(packet), "OK");
}

static bool says(const char *reply, const char *what)
{
    return strstr(reply, what) != NULL;
}

/* ---- Set-up ---- */

static void open_debug(bool wait)
{
    const struct vt_debug_cfg cfg = { .size = sizeof(cfg), .path = SOCKET, .wait = wait };

    assert_int_equal(vt_debug_open(vm, &cfg), VT_OK);
}

static int make(unsigned vcpus, vt_fault_fn fault)
{
    const struct vt_cfg cfg = { .size = sizeof(cfg), .vcpus = vcpus, .fault = fault };

    image = uvm_image("debug");
    assert_int_equal(vt_create(image, &cfg, &vm), VT_OK);
    for (unsigned i = 0; i < ARRAY_COUNT(places); i++) {
        places[i] = uvm_call(vm, "place", i);
    }
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return make(1, NULL);
}

static int setup_four(void **state)
{
    (void)state;
    return make(4, NULL);
}

static int teardown(void **state)
{
    (void)state;
    if (client >= 0) {
        leave();
    }
    vt_destroy(vm);
    vt_image_free(image);
    return 0;
}

/* ---- Tests ---- */

static void breakpoints_and_steps(void **state)
{
    (void)state;
    open_debug(true);
    begin("count", 1, 5, 0);
    come();
    assert_true(says(ask("?"), "T05"));
    assert_true(says(ask("qSupported:swbreak+;hwbreak+"), "PacketSize="));
    ask_ok("Z0,%llx,1", places[PLACE_TICK]);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(says(ask("vCont;c"), "swbreak:;"));
    }
    for (unsigned i = 0; i < 10; i++) {
        const char *reply = ask("vCont;s:1");

        assert_true(says(reply, "T05") && !says(reply, "swbreak"));
    }
    assert_string_equal(ask("D"), "OK");
    assert_int_equal(end(VT_OK), 5);
}

static void conditions_hold_in_the_target(void **state)
{
    (void)state;
    open_debug(true);
    begin("count", 1, 2000, 0);
    come();
    (void)ask("qSupported:swbreak+");
    /* reg 5 (rdi) == 1999 */
    ask_ok("Z0,%llx,1;X8,2600052307cf1327", places[PLACE_TICK]);
    assert_true(says(ask("vCont;c"), "swbreak:;"));
    assert_true(says(ask("p5"), "cf07"));
    assert_string_equal(ask("D"), "OK");
    assert_int_equal(end(VT_OK), 2000);
}

static void memory_shows_no_breakpoint(void **state)
{
    char packet[64], before[REPLY_MAX];

    (void)state;
    open_debug(true);
    begin("count", 1, 2, 0);
    come();
    (void)snprintf(packet, sizeof(packet), "m%llx,10", (unsigned long long)places[PLACE_TICK]);
    (void)snprintf(before, sizeof(before), "%s", ask(packet));
    ask_ok("Z0,%llx,1", places[PLACE_TICK]);
    assert_string_equal(ask(packet), before);
    assert_true(says(ask("vCont;c"), "T05"));
    assert_string_equal(ask(packet), before);
    assert_string_equal(ask("D"), "OK");
    (void)end(VT_OK);
}

/* The guest says whether its text is what it was, and whether it has lost a turn. */
static void often_attached(void **state)
{
    (void)state;
    open_debug(false);
    begin("steady", 0, 0, 0);
    uvm_sleep_ms(200); /* it has read its text, which then has no breakpoint in it */
    for (unsigned i = 0; i < 100; i++) {
        come();
        assert_true(says(ask("?"), "T0"));
        if (i % 2 == 0) {
            ask_ok("Z0,%llx,1", places[PLACE_TICK]);
            assert_true(says(ask("vCont;c"), "T05"));
            assert_true(says(ask("vCont;s:1"), "T05"));
        }
        if (i % 3 != 0) {
            assert_string_equal(ask("D"), "OK");
        }
        leave();
    }
    come();
    assert_true(says(ask("?"), "T0"));
    ask_ok("M%llx,1:01", places[PLACE_GO_ON]);
    leave();
    assert_int_equal(end(VT_OK), 1);
}

static void restore_keeps_breakpoints(void **state)
{
    (void)state;
    open_debug(true);
    begin("count", 1, 1, 0);
    come();
    ask_ok("Z0,%llx,1", places[PLACE_TICK]);
    assert_true(says(ask("vCont;c"), "T05"));
    tell("vCont;c");
    assert_int_equal(end(VT_OK), 1);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
    begin("count", 1, 3, 0);
    assert_true(says(take(), "T05"));
    assert_true(says(ask("vCont;c"), "T05"));
    leave();
    assert_int_equal(end(VT_OK), 3);
}

static void watchpoint(void **state)
{
    (void)state;
    open_debug(true);
    begin("count", 1, 4, 0);
    come();
    ask_ok("Z2,%llx,8", places[PLACE_COUNTER]);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(says(ask("vCont;c"), "watch:"));
    }
    assert_string_equal(ask("D"), "OK");
    assert_int_equal(end(VT_OK), 4);
}

static void cancel_while_stopped(void **state)
{
    (void)state;
    open_debug(true);
    begin("count", 1, 4, 0);
    come();
    assert_true(says(ask("?"), "T05"));
    assert_int_equal(vt_cancel(vm), VT_OK);
    (void)end(VT_ERR_CANCELLED);
    assert_int_equal(vt_restore(vm, NULL), VT_OK);
}

static void interrupt(void **state)
{
    (void)state;
    open_debug(false);
    begin("spin", 0, 0, 0);
    uvm_sleep_ms(100);
    come();
    assert_true(says(ask("?"), "T05"));
    for (unsigned i = 0; i < 20; i++) {
        tell("vCont;c");
        assert_int_equal(write(client, "\x03", 1), 1);
        assert_true(says(take(), "T02"));
    }
    assert_string_equal(ask("vKill;1"), "OK");
    (void)end(VT_ERR_CANCELLED);
}

/* Between calls the program itself lets the client be served. */
static void idle(void **state)
{
    int fds[VT_DEBUG_FDS];

    (void)state;
    open_debug(false);
    come();
    tell("?");
    assert_int_equal(vt_debug_serve(vm, true), VT_OK);
    assert_true(says(take(), "T05"));
    assert_int_equal(vt_debug_fds(vm, fds), VT_OK);
    assert_true(fds[0] >= 0 && fds[1] >= 0);
    tell("vCont;c");
    assert_int_equal(vt_debug_serve(vm, true), VT_OK);
    assert_int_equal(uvm_call(vm, "count", 3), 3);
    assert_int_equal(vt_debug_close(vm, 7), VT_OK);
    assert_string_equal(take(), "W07");
    assert_int_equal(access(SOCKET, F_OK), -1);
    assert_int_equal(vt_debug_serve(vm, false), VT_ERR_INVALID);
}

static enum vt_action hold(void *ctx, struct vt_vm *self, struct fault_record *record,
                           unsigned count)
{
    (void)ctx;
    (void)self;
    (void)record;
    (void)count;
    return VT_STOP;
}

static int setup_hold(void **state)
{
    (void)state;
    return make(1, hold);
}

/* A fault that the program wants looked at waits for a client, who mends it. */
static void held_fault(void **state)
{
    (void)state;
    open_debug(false);
    begin("crash", 1, 0xdead0000, 0);
    uvm_sleep_ms(200);
    come();
    assert_true(says(ask("?"), "T0b"));
    (void)ask("p5");
    {
        char packet[64];
        uint64_t place = places[PLACE_COUNTER];
        int len = snprintf(packet, sizeof(packet), "P5=");

        for (unsigned i = 0; i < sizeof(place); i++) {
            len += snprintf(packet + len, sizeof(packet) - (size_t)len, "%02x",
                            (unsigned)(place % 256));
            place /= 256;
        }
        assert_string_equal(ask(packet), "OK");
    }
    tell("vCont;c");
    assert_int_equal(end(VT_OK), 0);
}

/* Each turn of each vCPU is one stop, whoever else is on the way. */
static void storm(void **state)
{
    const uint64_t turns = 40, vcpus = 4;
    uint64_t stops = 0;

    (void)state;
    open_debug(true);
    begin("together", 2, vcpus, turns);
    come();
    (void)ask("qSupported:swbreak+");
    ask_ok("Z0,%llx,1", places[PLACE_TURN]);
    while (stops < vcpus * turns) {
        assert_true(says(ask("vCont;c"), "swbreak:;"));
        stops++;
    }
    assert_string_equal(ask("D"), "OK");
    assert_int_equal(end(VT_OK), vcpus * turns);
}

static void refusals(void **state)
{
    struct vt_debug_cfg cfg = { .size = sizeof(cfg) };

    (void)state;
    assert_int_equal(vt_debug_open(vm, &cfg), VT_ERR_INVALID);
    cfg.path = "no/such/directory/socket";
    assert_int_equal(vt_debug_open(vm, &cfg), VT_ERR_SYSTEM);
    assert_int_equal(vt_debug_close(vm, 0), VT_ERR_INVALID);
    open_debug(false);
    cfg.path = SOCKET;
    assert_int_equal(vt_debug_open(vm, &cfg), VT_ERR_INVALID);
    assert_int_equal(uvm_call(vm, "count", 3), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(breakpoints_and_steps, setup, teardown),
        cmocka_unit_test_setup_teardown(conditions_hold_in_the_target, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_shows_no_breakpoint, setup, teardown),
        cmocka_unit_test_setup_teardown(often_attached, setup, teardown),
        cmocka_unit_test_setup_teardown(restore_keeps_breakpoints, setup, teardown),
        cmocka_unit_test_setup_teardown(watchpoint, setup, teardown),
        cmocka_unit_test_setup_teardown(cancel_while_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(interrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(idle, setup, teardown),
        cmocka_unit_test_setup_teardown(held_fault, setup_hold, teardown),
        cmocka_unit_test_setup_teardown(storm, setup_four, teardown),
        cmocka_unit_test_setup_teardown(refusals, setup, teardown),
    };

    uvm_keep();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
