/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of an ELF file: this program's own, and those of damaged copies of it. */
#include "unit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/symbols.h"

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
        cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_files, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
