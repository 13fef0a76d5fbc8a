/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an ELF's symbol table with libelf, which checks it, and keeps what names code. */
#include "cli/symbols.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX (1u << 20)
#define NAME_MAX_   256u /* longer ones are cut */
#define PAGE        4096u

static int by_start(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

static void add_symbol(struct symbols *symbols, const GElf_Sym *symbol, const char *name)
{
    struct symbol *to = &symbols->list[symbols->count];

    if (GELF_ST_TYPE(symbol->st_info) > STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
        symbol->st_shndx >= SHN_LORESERVE || name == NULL || *name == 0 ||
        GELF_ST_TYPE(symbol->st_info) == STT_OBJECT) {
        return;
    }
    to->start = symbol->st_value;
    to->size = symbol->st_size;
    to->name = strndup(name, NAME_MAX_);
    symbols->count += to->name != NULL;
}

static void add_table(struct symbols *symbols, Elf *elf, Elf_Scn *section)
{
    GElf_Shdr header;
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count;

    if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB || data == NULL ||
        header.sh_entsize == 0 || symbols->list != NULL) {
        return;
    }
    count = header.sh_size / header.sh_entsize;
    count = count < SYMBOLS_MAX ? count : SYMBOLS_MAX;
    symbols->list = calloc(count + 1, sizeof(*symbols->list));
    for (size_t i = 0; i < count && symbols->list != NULL; i++) {
        GElf_Sym symbol;

        if (gelf_getsym(data, (int)i, &symbol) != NULL) {
            add_symbol(symbols, &symbol, elf_strptr(elf, header.sh_link, symbol.st_name));
        }
    }
}

static uint64_t lowest_address(Elf *elf)
{
    size_t count = 0;
    uint64_t low = UINT64_MAX;

    if (elf_getphdrnum(elf, &count) != 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr row;

        if (gelf_getphdr(elf, (int)i, &row) != NULL && row.p_type == PT_LOAD && row.p_vaddr < low) {
            low = row.p_vaddr;
        }
    }
    return low == UINT64_MAX ? 0 : low - low % PAGE;
}

void symbols_load(struct symbols *symbols, const void *bytes, size_t len)
{
    Elf *elf;
    Elf_Scn *section = NULL;

    memset(symbols, 0, sizeof(*symbols));
    if (elf_version(EV_CURRENT) == EV_NONE) {
        return;
    }
    elf = elf_memory((char *)(uintptr_t)bytes, len);
    if (elf == NULL) {
        return;
    }
    if (elf_kind(elf) == ELF_K_ELF) {
        symbols->low = lowest_address(elf);
        while ((section = elf_nextscn(elf, section)) != NULL) {
            add_table(symbols, elf, section);
        }
    }
    elf_end(elf);
    if (symbols->count != 0) {
        qsort(symbols->list, symbols->count, sizeof(*symbols->list), by_start);
    }
}

void symbols_free(struct symbols *symbols)
{
    for (size_t i = 0; i < symbols->count; i++) {
        free(symbols->list[i].name);
    }
    free(symbols->list);
    memset(symbols, 0, sizeof(*symbols));
}

/* A symbol without a size, as assembly has them, reaches to the next; the innermost is meant. */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
    const struct symbol *sized = NULL, *label = NULL;

    for (size_t i = 0; i < symbols->count && symbols->list[i].start <= address; i++) {
        const struct symbol *s = &symbols->list[i];
        bool is_next = label == NULL || s->start > label->start;

        if (s->size != 0) {
            sized = address - s->start < s->size ? s : sized;
            label = is_next ? NULL : label;
        } else if (is_next) {
            label = s;
        }
    }
    return sized == NULL || (label != NULL && label->start > sized->start) ? label : sized;
}
