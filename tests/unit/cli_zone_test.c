/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of zone0 over a fake hypervisor: what they print, what they ask, how they end. */
#define _GNU_SOURCE
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/verb.h"
#include "cli/zone.h"
#include "ctl_double.h"
#include "lib/field.h"

static struct ctl_double d;
static struct ctl ring; /* the hypervisor's own mapping */
static char output[65536];
static int why_not; /* of the next connection */

/* Instead of cli/connect.c. */
int zone_connect(struct ctl *ctl)
{
    int result = why_not != 0 ? why_not : double_open(&d, ctl);

    return zone_report(result, NULL);
}

static int setup(void **unused)
{
    (void)unused;
    why_not = 0;
    double_make(&d);
    assert_int_equal(double_open(&d, &ring), 0);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    ctl_close(&ring);
    double_remove(&d);
    return 0;
}

static int verb_of(const char *words)
{
    for (size_t i = 0; i < verb_count; i++) {
        if (strcmp(verbs[i].words, words) == 0) {
            return (int)i;
        }
    }
    fail_msg("no verb %s", words);
    return 0;
}

int verb_usage(const char *words)
{
    (void)verb_of(words);
    return EXIT_BAD_USAGE;
}

/* Runs a verb with words as arguments; what it says is in output. Returns its exit code. */
static int run(const char *words, const char *text)
{
    char copy[128], *argv[8], *rest = copy;
    int argc = 0, code, before = dup(STDOUT_FILENO), fd = memfd_create("out", 0);
    ssize_t size;

    snprintf(copy, sizeof(copy), "%s", text);
    while (argc < 8 && (argv[argc] = strsep(&rest, " ")) != NULL) {
        argc += argv[argc][0] != 0;
    }
    fflush(stdout);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    code = verbs[verb_of(words)].run(argc, argv);
    fflush(stdout);
    assert_true(dup2(before, STDOUT_FILENO) >= 0);
    size = pread(fd, output, sizeof(output) - 1, 0);
    output[size] = 0;
    close(before);
    close(fd);
    return code;
}

static bool says(const char *text)
{
    if (strstr(output, text) == NULL) {
        print_error("no '%s' in: %s\n", text, output);
        return false;
    }
    return true;
}

static void test_list(void **unused)
{
    (void)unused;
    assert_int_equal(run("zone list", ""), EXIT_GOOD);
    assert_true(
        says("linux1          user      running    2/2   2           256M      1       4s"));
    assert_true(says("spare           user      off        0/3"));
    assert_int_equal(run("zone list", "--json"), EXIT_GOOD);
    assert_true(says("{\"now_ns\":9000000000,\"zones\":[{\"index\":0,\"name\":\"zone0\","));
    assert_true(says("\"cpus\":[2],\"memory\":268435456,\"faults\":0"));
    assert_int_equal(run("zone list", "linux1"), EXIT_BAD_USAGE);
    assert_int_equal(run("zone list", "--no-wait"), EXIT_BAD_USAGE);
}

static void test_status(void **unused)
{
    (void)unused;
    d.zone[1].cpus = 0x8000000000000016;
    assert_int_equal(run("zone status", "linux1"), EXIT_GOOD);
    assert_true(says("CPUs 1-2,4,63"));
    assert_true(says("0x40000000, 256 MiB, pool 0 at 0x200000"));
    assert_int_equal(run("zone status", "--json spare"), EXIT_GOOD);
    assert_true(says("\"regions\":[{\"gpa\":1073741824,\"size\":268435456,\"pool\":null}]}"));
    assert_int_equal(run("zone status", "nobody"), EXIT_BAD_INPUT);
    assert_int_equal(run("zone status", ""), EXIT_BAD_USAGE);
}

static void test_change(void **unused)
{
    (void)unused;
    assert_int_equal(run("zone start", "spare"), EXIT_GOOD);
    assert_string_equal(output, "spare: running\n");
    assert_int_equal(run("zone start", "spare"), EXIT_STATE);
    assert_int_equal(run("zone pause", "spare linux1"), EXIT_GOOD);
    assert_string_equal(output, "spare: paused\nlinux1: paused\n");
    assert_int_equal(run("zone resume", "spare"), EXIT_GOOD);
    assert_int_equal(run("zone reset", "spare --json"), EXIT_GOOD);
    assert_true(says("\"state\":\"running\",\"reason\":\"operator\",\"starts\":2"));
    assert_int_equal(run("zone stop", "spare"), EXIT_GOOD);
    assert_int_equal(run("zone stop", "zone0"), EXIT_DENIED);
    assert_int_equal(run("zone stop", "nobody"), EXIT_BAD_INPUT);
}

static void test_wait(void **unused)
{
    (void)unused;
    d.is_slow = true;
    assert_int_equal(run("zone start", "spare --timeout 0.1"), EXIT_BUDGET);
    assert_int_equal(d.zone[2].state, CTL_ZONE_STARTING);
    double_zones(&d);
    assert_int_equal(run("zone start", "spare --no-wait"), EXIT_GOOD);
    assert_string_equal(output, "spare: starting\n");
    assert_int_equal(run("zone start", "spare --timeout"), EXIT_BAD_USAGE);
    assert_int_equal(run("zone start", "spare --timeout -1"), EXIT_BAD_USAGE);
}

static void test_watch(void **unused)
{
    (void)unused;
    double_state(&ring, 1, CTL_ZONE_OFF, CTL_REASON_FAULT);
    double_state(&ring, 2, CTL_ZONE_STARTING, CTL_REASON_NONE);
    assert_int_equal(run("zone watch", "--history -n 2"), EXIT_GOOD);
    assert_true(says("     1.000  linux1 off, fault\n     1.000  spare starting\n"));
    assert_int_equal(run("zone watch", "--history --json -n 1 spare"), EXIT_GOOD);
    assert_string_equal(output, "{\"time_ns\":1000000000,\"event\":\"state\",\"zone\":\"spare\","
                                "\"state\":\"starting\",\"reason\":\"none\"}\n");
    assert_int_equal(run("zone watch", "--timeout 0"), EXIT_GOOD);
    assert_string_equal(output, "");
}

static void test_log(void **unused)
{
    (void)unused;
    double_log(&ring, "one\ntwo \"2\"\033[1m\n");
    assert_int_equal(run("log", ""), EXIT_GOOD);
    assert_string_equal(output, "one\ntwo \"2\"?[1m\n");
    assert_int_equal(run("log", "--json --back 16"), EXIT_GOOD);
    assert_true(says("{\"text\":\"two \\\"2\\\"?[1m\"}\n"));
    for (unsigned i = 0; i < 4000; i++) {
        double_log(&ring, "0123456789\n");
    }
    assert_int_equal(run("log", ""), EXIT_GOOD);
    assert_int_equal(strspn(output, "0123456789\n"), strlen(output));
    assert_memory_equal(output, "0123456789\n", 11);
    assert_int_equal(run("log", "--level ?"), EXIT_GOOD);
    assert_string_equal(output, "info\n");
    assert_int_equal(run("log", "--level loud"), EXIT_BAD_USAGE);
}

static void test_stat(void **unused)
{
    (void)unused;
    assert_int_equal(run("stat", "linux1 --json"), EXIT_GOOD);
    assert_true(says("{\"vcpus\":[{\"zone\":\"linux1\",\"vcpu\":0,\"cpu\":2,\"on\":true,"
                     "\"exits\":{\"irq\":"));
    assert_int_equal(run("stat", ""), EXIT_GOOD);
    assert_true(says("spare vCPU 2 on CPU 6, on:"));
    assert_int_equal(run("top", "-n 2 -d 0.1"), EXIT_GOOD);
    assert_true(says("vitrine top: 3 zones, 2 running\n"));
    assert_true(says("linux1             1    3  running  on "));
    assert_int_equal(run("top", "--json -n 1 -d 0.1"), EXIT_GOOD);
    assert_true(says("\"exits_per_second\":"));
    assert_int_equal(run("top", "-n 0"), EXIT_BAD_USAGE);
}

/* Input from a pipe goes to the zone as it takes it; output comes with what was there before. */
static void test_console(void **unused)
{
    static const char typed[] = "a line that is longer than the console takes at once\n";
    int before = dup(STDIN_FILENO), ends[2];

    (void)unused;
    double_console(&ring, 1, "login: ", 7);
    assert_int_equal(run("console", "linux1 --once"), EXIT_GOOD);
    assert_string_equal(output, "login: ");
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], typed, strlen(typed)), strlen(typed));
    close(ends[1]);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    assert_int_equal(run("console", "linux1 --back 2"), EXIT_GOOD);
    assert_true(dup2(before, STDIN_FILENO) >= 0);
    assert_memory_equal(output, ": ", 2);
    assert_string_equal(output + 2, typed);
    d.zone[2].flags = 0;
    assert_int_equal(run("console", "spare"), EXIT_STATE);
    assert_int_equal(run("console", ""), EXIT_BAD_USAGE);
    close(ends[0]);
    close(before);
}

static void test_no_connection(void **unused)
{
    (void)unused;
    why_not = CTL_NO_DEVICE;
    assert_int_equal(run("zone list", ""), EXIT_NO_CONTROL);
    why_not = CTL_NO_RIGHTS;
    assert_int_equal(run("top", ""), EXIT_NO_CONTROL);
    why_not = 0;
    d.is_deaf = true;
    assert_int_equal(run("zone list", ""), EXIT_NO_CONTROL);
    assert_int_equal(run("doctor", "now"), EXIT_BAD_USAGE);
}

/* Each verb has words of its own and says what it is for. */
static void test_table(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < verb_count; i++) {
        assert_non_null(verbs[i].run);
        assert_true(strlen(verbs[i].help) > 0);
        assert_int_equal(verb_of(verbs[i].words), i);
    }
    assert_int_equal(doctor_part_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_change, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stat, setup, teardown),
        cmocka_unit_test_setup_teardown(test_console, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_connection, setup, teardown),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
