/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction lengths: chosen encodings of each form, every opcode cut off at every byte, and all
 * of a real program as objdump takes it apart.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/field.h"
#include "lib/insn_x64.h"

#define LENGTH_MAX 15u

struct sample {
    const char *bytes;
    unsigned length;
};

/* clang-format off */
#define S(bytes) { bytes, sizeof(bytes) - 1 }
static const struct sample samples[] = {
    S("\x90"), S("\xc3"), S("\xcc"), S("\xf4"), S("\x0f\x0b"), S("\x0f\xa2"),
    S("\x48\x89\xe5"),                                     /* mov rbp, rsp */
    S("\x48\x8b\x05\x01\x02\x03\x04"),                     /* mov rax, [rip + disp32] */
    S("\x8b\x04\x25\x01\x02\x03\x04"),                     /* mov eax, [disp32] */
    S("\x8b\x44\x24\x08"),                                 /* mov eax, [rsp + 8] */
    S("\x8b\x84\x24\x01\x02\x03\x04"),                     /* mov eax, [rsp + disp32] */
    S("\x8b\x45\x00"),                                     /* mov eax, [rbp] */
    S("\xb8\x01\x02\x03\x04"), S("\x66\xb8\x01\x02"),      /* mov eax, ax, imm */
    S("\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08"),         /* movabs rax, imm64 */
    S("\x48\xa1\x01\x02\x03\x04\x05\x06\x07\x08"),         /* movabs rax, [moffs64] */
    S("\x67\xa1\x01\x02\x03\x04"),
    S("\xc8\x01\x02\x03"),                                 /* enter */
    S("\xf6\xc0\x01"), S("\xf6\xd0"),                      /* test al, imm; not al */
    S("\x66\xf7\xc0\x01\x02"), S("\xf7\xd8"),
    S("\x66\x48\xf7\xc0\x01\x02\x03\x04"),
    S("\xe8\x01\x02\x03\x04"), S("\xeb\x01"), S("\x0f\x84\x01\x02\x03\x04"),
    S("\x69\xc0\x01\x02\x03\x04"), S("\x6b\xc0\x01"),
    S("\x0f\x20\xc0"), S("\x0f\x22\x18"),                  /* mov cr: mod does not count */
    S("\x66\x0f\x38\x00\xc1"), S("\x66\x0f\x3a\x0f\xc1\x08"),
    S("\xc5\xf8\x77"), S("\xc5\xf8\x28\x04\x24"),          /* vzeroupper; vmovaps */
    S("\xc4\xe2\x79\x18\x05\x01\x02\x03\x04"),             /* vbroadcastss */
    S("\xc4\xe3\x7d\x19\xc1\x01"),                         /* vextractf128 */
    S("\x62\xf1\x7c\x48\x28\x45\x01"),                     /* vmovaps zmm, disp8 * N */
    S("\xf0\x48\x0f\xb1\x0a"),                             /* lock cmpxchg */
    S("\xf3\x0f\x1e\xfa"), S("\x66\x0f\x1f\x44\x00\x00"),  /* endbr64; nop */
    S("\x66\x66\x2e\x0f\x1f\x84\x00\x01\x02\x03\x04"),
    S("\x0f\x0f\xc1\x9e"),                                 /* 3DNow! */
};

static const struct sample invalid[] = {
    { "\x06\x00\x00\x00", 4 },
    { "\x62\x08\x00\x00\x90\xc0", 6 }, { "\x9a\x00\x00\x00\x00\x00\x00", 7 },
    { "\xd4\x0a\x00\x00", 4 }, { "\x66\xc5\xf8\x77", 4 }, { "\x48\xc5\xf8\x77", 4 },
    { "\x8f\xc8\x00\x00\x00\x00", 6 }, { "\x0f\x04\x00\x00", 4 }, { "\x82\xc0\x01\x00", 4 },
};
/* clang-format on */

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(samples); i++) {
        const uint8_t *b = (const uint8_t *)samples[i].bytes;

        assert_int_equal(insn_x64_length(b, samples[i].length), samples[i].length);
        for (unsigned cut = 0; cut < samples[i].length; cut++) {
            assert_int_equal(insn_x64_length(b, cut), 0);
        }
    }
}

static void test_invalid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(invalid); i++) {
        assert_int_equal(insn_x64_length((const uint8_t *)invalid[i].bytes, invalid[i].length), 0);
    }
}

/* Sixteen prefixes are no instruction, fifteen bytes can be one. */
static void test_longest(void **state)
{
    uint8_t bytes[LENGTH_MAX + 1];

    (void)state;
    memset(bytes, 0x66, sizeof(bytes));
    assert_int_equal(insn_x64_length(bytes, sizeof(bytes)), 0);
    bytes[LENGTH_MAX - 1] = 0x90;
    assert_int_equal(insn_x64_length(bytes, sizeof(bytes)), LENGTH_MAX);
    bytes[LENGTH_MAX - 1] = 0x66;
    bytes[LENGTH_MAX] = 0x90;
    assert_int_equal(insn_x64_length(bytes, sizeof(bytes)), 0);
}

/* Random bytes: never beyond the limit, never more than given, and more bytes change nothing. */
static void test_random(void **state)
{
    uint8_t exact[LENGTH_MAX];
    uint64_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t *cut;
        unsigned length;

        for (unsigned i = 0; i < sizeof(exact); i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            exact[i] = (uint8_t)(seed >> 56);
        }
        length = insn_x64_length(exact, sizeof(exact));
        assert_true(length <= LENGTH_MAX);
        cut = malloc(length + 1); /* the sanitizer sees a read behind it */
        assert_non_null(cut);
        memcpy(cut, exact, length);
        assert_int_equal(insn_x64_length(cut, length), length);
        free(cut);
    }
}

/* Bytes of one line of objdump: between two tabs, in hex; 0 when it is no instruction. */
static unsigned line_bytes(char *line, uint8_t *bytes)
{
    char *at = strchr(line, '\t');
    char *end = at == NULL ? NULL : strchr(at + 1, '\t');
    unsigned count = 0;

    while (end != NULL && at + 2 < end && count < LENGTH_MAX) {
        char *after;
        unsigned long value = strtoul(at, &after, 16);

        if (after == at || after > end) {
            break;
        }
        bytes[count++] = (uint8_t)value;
        at = after;
        *end = 0;
    }
    return count;
}

static void test_objdump(void **state)
{
    FILE *dump = popen("objdump -d --insn-width=15 /proc/self/exe 2>/dev/null | head -200000", "r");
    char line[512];
    unsigned good = 0;
    unsigned bad = 0;

    (void)state;
    assert_non_null(dump);
    while (fgets(line, sizeof(line), dump) != NULL) {
        uint8_t bytes[LENGTH_MAX];
        /* Data among code shows as lone prefixes; 9b and what follows are two instructions. */
        bool is_code = line[0] == ' ' && strstr(line, "(bad)") == NULL &&
                       strstr(line, "\trex") == NULL && strstr(line, "\t9b") == NULL;
        unsigned count = is_code ? line_bytes(line, bytes) : 0;

        if (count == 0) {
            continue;
        }
        if (insn_x64_length(bytes, count) == count) {
            good++;
        } else if (bad++ < 10) {
            print_message("%s", line);
        }
    }
    (void)pclose(dump);
    print_message("%u instructions\n", good);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples), cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_random),
        cmocka_unit_test(test_objdump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
