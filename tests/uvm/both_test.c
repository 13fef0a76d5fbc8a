/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest `both` in a micro-VM: it says the lines of both.expect. The same file says them as a
 * bare zone (tests/zone/both.py); both.sha256 is how the two tests know that it is the same.
 */
#include "tests/uvm/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 64, LINE_LEN = 128, PATH_LEN = 512 };

static char line[LINES_MAX][LINE_LEN];
static unsigned line_count;

static void take_line(void *ctx, const struct vt_vm *vm, enum vt_log_level level, const char *text)
{
    (void)ctx;
    (void)vm;
    printf("[%d] %s\n", (int)level, text);
    if (level == VT_LOG_GUEST && line_count < LINES_MAX) {
        snprintf(line[line_count++], LINE_LEN, "%s", text);
    }
}

static const char *path_of(const char *name)
{
    const char *directory = getenv("UVM_GUESTS");
    static char path[PATH_LEN];

    snprintf(path, sizeof(path), "%s/%s", directory == NULL ? "." : directory, name);
    return path;
}

/* The last fault is the only one that comes to the host. */
static enum vt_action skip_it(void *ctx, struct vt_vm *vm, struct fault_record *record,
                              unsigned count)
{
    unsigned *faults = ctx;

    (void)vm;
    (*faults)++;
    return count == 1 && record->reason == FAULT_REASON_BREAKPOINT ? VT_SKIP : VT_TERMINATE;
}

static int nobody(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                  struct vt_value *result)
{
    (void)ctx;
    (void)vm;
    (void)args;
    (void)count;
    result->i = 0;
    return 0;
}

static void check_lines(void)
{
    FILE *file = fopen(path_of("both.expect"), "r");
    char want[LINE_LEN];
    unsigned count = 0;

    assert_non_null(file);
    while (fgets(want, sizeof(want), file) != NULL) {
        want[strcspn(want, "\n")] = 0;
        assert_true(count < line_count);
        assert_string_equal(line[count++], want);
    }
    fclose(file);
    assert_int_equal(count, line_count);
}

static void say_all(const char *name)
{
    static const call_signature signature = CALL_I32 | (call_signature)CALL_I32 << 4;
    unsigned faults = 0;
    struct vt_cfg cfg = {
        .size = sizeof(cfg), .fault = skip_it, .fault_ctx = &faults, .log = take_line
    };
    struct vt_image *image = uvm_image(name);
    struct vt_value result = { 0 };
    struct vt_vm *vm = NULL;

    line_count = 0;
    assert_int_equal(vt_create(image, &cfg, &vm), VT_OK);
    assert_int_equal(vt_register(vm, "both_nobody", signature, nobody, NULL), VT_OK);
    assert_int_equal(vt_call(vm, "main", NULL, 0, &result), VT_OK);
    assert_int_equal(result.i, 0);
    assert_int_equal(faults, 1);
    check_lines();
    vt_destroy(vm);
    vt_image_free(image);
}

static void test_lines(void **state)
{
    (void)state;
    say_all("both");
}

static void test_lines_of_pie(void **state)
{
    (void)state;
    say_all("both-pie");
}

/* The first word that the command or the file says. */
static void first_word(FILE *from, char word[LINE_LEN])
{
    assert_non_null(from);
    assert_non_null(fgets(word, LINE_LEN, from));
    word[strcspn(word, " \n")] = 0;
}

static void test_same_file(void **state)
{
    char want[LINE_LEN];
    char have[LINE_LEN];
    char command[PATH_LEN + LINE_LEN];
    FILE *file = fopen(path_of("both.sha256"), "r");
    FILE *pipe;

    (void)state;
    if (file == NULL) {
        uvm_skip("bare zones are of aarch64");
    }
    first_word(file, want);
    fclose(file);
    snprintf(command, sizeof(command), "sha256sum <%s", path_of("both.elf"));
    pipe = popen(command, "r");
    first_word(pipe, have);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(strlen(want), 64);
    assert_string_equal(have, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_of_pie),
        cmocka_unit_test(test_same_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
