/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a command line as typed values and back, times, signatures. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/value.h"
#include "lib/field.h"

struct row {
    uint32_t type;
    const char *word;
    const char *shown; /* as printed; NULL: the word is refused */
};

static const struct row rows[] = {
    { CALL_I32, "-2147483648", "-2147483648\n" },
    { CALL_I32, "2147483648", NULL },
    { CALL_I32, "0x10", "16\n" },
    { CALL_I32, "", NULL },
    { CALL_I32, "1x", NULL },
    { CALL_U32, "4294967295", "4294967295\n" },
    { CALL_U32, "4294967296", NULL },
    { CALL_U32, "-1", NULL },
    { CALL_I64, "-9223372036854775808", "-9223372036854775808\n" },
    { CALL_I64, "9223372036854775808", NULL },
    { CALL_U64, "18446744073709551615", "18446744073709551615\n" },
    { CALL_U64, "18446744073709551616", NULL },
    { CALL_U64, " -1", NULL },
    { CALL_F32, "0.5", "0.5\n" },
    { CALL_F32, "1e39", NULL },
    { CALL_F32, "inf", "inf\n" },
    { CALL_F64, "1e39", "9.9999999999999994e+38\n" },
    { CALL_F64, "one", NULL },
    { CALL_BOOL, "true", "true\n" },
    { CALL_BOOL, "0", "false\n" },
    { CALL_BOOL, "yes", NULL },
    { CALL_STR, "hello", "hello\n" },
    { CALL_STR, "text:--call", "--call\n" },
    { CALL_STR, "a\033[2Jb", "a\\x1b[2Jb\n" },
    { CALL_STR, "\303\251 \342\200\233", "\303\251 \342\200\233\n" },
    { CALL_STR, "\302\233m", "\302\\x9bm\n" },
    { CALL_STR, "\233\233m", "\\x9b\\x9bm\n" },
    { CALL_BYTES, "hex:00ff", "hex:00ff\n" },
    { CALL_BYTES, "hex:", "hex:\n" },
    { CALL_BYTES, "hex:0", NULL },
    { CALL_BYTES, "hex:0g", NULL },
    { CALL_BYTES, "text:AB", "hex:4142\n" },
    { CALL_BYTES, "plain", NULL },
    { CALL_BYTES, "@/nowhere/at/all", NULL },
    { CALL_VOID, "1", NULL },
    { CALL_TYPE_COUNT, "1", NULL },
};

static char *shown(const struct vt_value *value)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    value_print(out, value);
    fclose(out);
    return text;
}

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct vt_value value;
        const char *wrong = value_parse(rows[i].type, rows[i].word, &value);
        char *text;

        print_message("%s\n", rows[i].word);
        assert_int_equal(wrong == NULL, rows[i].shown != NULL);
        if (wrong == NULL) {
            text = shown(&value);
            assert_string_equal(text, rows[i].shown);
            free(text);
        }
        value_free(&value);
    }
}

/* Each type can be parsed and printed, whatever it is. */
static void test_every_type_has_a_row(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < CALL_TYPE_COUNT; type++) {
        struct vt_value value = { .type = type };
        char *text = shown(&value);

        assert_true(type == CALL_VOID ? *text == 0 : *text != 0);
        free(text);
        assert_int_equal(value_parse(type, type == CALL_BYTES ? "hex:01" : "1", &value) == NULL,
                         type != CALL_VOID);
        value_free(&value);
    }
}

static void test_bytes_of_a_file(void **state)
{
    char path[] = "/tmp/vitrine-value-XXXXXX";
    char word[64];
    struct vt_value value;
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "wb");

    (void)state;
    fwrite("a\0b", 1, 3, file);
    fclose(file);
    snprintf(word, sizeof(word), "@%s", path);
    assert_null(value_parse(CALL_BYTES, word, &value));
    assert_int_equal(value.len, 3);
    assert_memory_equal(value.data, "a\0b", 3);
    value_free(&value);
    remove(path);
}

static void test_signatures(void **state)
{
    /* u64 f(i32, bytes) */
    call_signature signature = CALL_U64 | CALL_I32 << 4 | CALL_BYTES << 8;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_int_equal(signature_count(signature), 2);
    assert_int_equal(signature_count(0), 0);
    assert_int_equal(signature_count(UINT64_MAX), CALL_MAX_ARGS);
    assert_int_equal(signature_result(signature), CALL_U64);
    assert_int_equal(signature_arg(signature, 1), CALL_BYTES);
    signature_print(out, "f", signature);
    fclose(out);
    assert_string_equal(text, "u64 f(i32, bytes)\n");
    free(text);
}

static void test_times(void **state)
{
    uint64_t ns = 0;

    (void)state;
    assert_true(time_parse("1.5s", &ns) && ns == 1500000000);
    assert_true(time_parse("250ms", &ns) && ns == 250000000);
    assert_true(time_parse("2", &ns) && ns == 2000000000);
    assert_false(time_parse("0", &ns) || time_parse("-1", &ns) || time_parse("1h", &ns) ||
                 time_parse("1e30", &ns) || time_parse("nan", &ns) || time_parse("", &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),           cmocka_unit_test(test_every_type_has_a_row),
        cmocka_unit_test(test_bytes_of_a_file), cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
