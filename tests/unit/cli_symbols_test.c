/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of an ELF file: this program's own, and those of damaged copies of it. */
#include "unit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/symbols.h"
#include "lib/field.h"

#define FILE_SIZE_MAX ((size_t)16 << 20)

static uint8_t *bytes;
static size_t size;

int symbols_test_landmark(int x);

__attribute__((noinline)) int symbols_test_landmark(int x)
{
    return x * 3;
}

static int setup(void **state)
{
    FILE *file = fopen("/proc/self/exe", "rb");

    (void)state;
    bytes = malloc(FILE_SIZE_MAX);
    size = fread(bytes, 1, FILE_SIZE_MAX, file);
    fclose(file);
    return size > 0 && size < FILE_SIZE_MAX ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(bytes);
    return 0;
}

static const struct symbol *by_name(const struct symbols *symbols, const char *name)
{
    for (size_t i = 0; i < symbols->count; i++) {
        if (strcmp(symbols->list[i].name, name) == 0) {
            return &symbols->list[i];
        }
    }
    return NULL;
}

static void test_own_functions(void **state)
{
    struct symbols symbols;
    const struct symbol *here;

    (void)state;
    symbols_load(&symbols, bytes, size);
    here = by_name(&symbols, "symbols_test_landmark");
    assert_non_null(here);
    assert_ptr_equal(symbols_find(&symbols, here->start), here);
    assert_ptr_equal(symbols_find(&symbols, here->start + here->size - 1), here);
    assert_ptr_not_equal(symbols_find(&symbols, here->start + here->size), here);
    assert_null(symbols_find(&symbols, 0));
    assert_int_equal(symbols.low, 0); /* it is position independent */
    symbols_free(&symbols);
}

/* Labels of assembly before, between, inside and behind functions. */
static void test_labels(void **state)
{
    static char names[][8] = { "before", "outer", "inside", "inner", "behind" };
    struct symbol list[] = {
        { 0x100, 0, names[0] },    { 0x200, 0x100, names[1] }, { 0x240, 0, names[2] },
        { 0x280, 0x10, names[3] }, { 0x400, 0, names[4] },
    };
    static const struct {
        uint64_t address;
        const char *name;
    } rows[] = {
        { 0x0ff, NULL },     { 0x100, "before" }, { 0x1ff, "before" }, { 0x200, "outer" },
        { 0x23f, "outer" },  { 0x240, "inside" }, { 0x27f, "inside" }, { 0x28f, "inner" },
        { 0x290, "outer" },  { 0x2ff, "outer" },  { 0x300, NULL },     { 0x3ff, NULL },
        { 0x400, "behind" }, { 0x999, "behind" },
    };
    const struct symbols symbols = { list, ARRAY_COUNT(list), 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct symbol *found = symbols_find(&symbols, rows[i].address);

        assert_int_equal(found == NULL, rows[i].name == NULL);
        assert_true(found == NULL || strcmp(found->name, rows[i].name) == 0);
    }
}

static void test_no_file(void **state)
{
    struct symbols symbols;

    (void)state;
    symbols_load(&symbols, "", 0);
    assert_null(symbols_find(&symbols, 1));
    symbols_free(&symbols);
    symbols_load(&symbols, "not an ELF file", 15);
    assert_int_equal(symbols.count, 0);
    symbols_free(&symbols);
}

/* Headers of a hostile file, each byte at a time; the sanitizers look on. */
static void test_damaged_files(void **state)
{
    const Elf64_Ehdr *header = (const void *)bytes;
    size_t sections = header->e_shoff;
    size_t count = sizeof(*header) + (size - sections);
    struct symbols symbols;

    (void)state;
    for (size_t i = 0; i < count; i += 7) {
        size_t at = i < sizeof(*header) ? i : sections + i - sizeof(*header);
        uint8_t was = bytes[at];

        bytes[at] = (uint8_t)(was ^ 0xff);
        symbols_load(&symbols, bytes, size);
        symbols_free(&symbols);
        bytes[at] = was;
    }
    for (size_t cut = 1; cut < size; cut = cut * 2 + 1) {
        uint8_t *copy = malloc(cut);

        memcpy(copy, bytes, cut);
        symbols_load(&symbols, copy, cut);
        symbols_free(&symbols);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_functions, setup, teardown),
        cmocka_unit_test(test_labels),
        cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_files, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
