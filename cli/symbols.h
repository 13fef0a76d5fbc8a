/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions by address, out of a guest's ELF file. The file may be hostile. */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbol {
    uint64_t start, size;
    char *name;
};

struct symbols {
    struct symbol *list; /* ascending by start */
    size_t count;
    uint64_t low; /* lowest address that the file wants in memory, whole pages */
};

/* An ELF file without symbols, or none at all, gives an empty list. */
void symbols_load(struct symbols *symbols, const void *bytes, size_t len);
void symbols_free(struct symbols *symbols);

/* The function that holds the file's address, or NULL. */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

#endif
