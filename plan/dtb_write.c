/* SPDX-License-Identifier: Apache-2.0 */
/* Writes nodes and properties of a zone's device tree, in order, with libfdt. */
#include <libfdt.h>
#include <string.h>

#include "plan/dtb.h"

void tree_status(struct tree *t, int status)
{
    if (t->status == 0 && status != 0) {
        t->status = status;
    }
}

void tree_begin(struct tree *t, const char *name)
{
    tree_status(t, fdt_begin_node(t->out, name));
}

void tree_end(struct tree *t)
{
    tree_status(t, fdt_end_node(t->out));
}

void tree_bytes(struct tree *t, const char *name, const void *data, int size)
{
    tree_status(t, fdt_property(t->out, name, data, size));
}

void tree_u32(struct tree *t, const char *name, uint32_t value)
{
    tree_status(t, fdt_property_u32(t->out, name, value));
}

void tree_text(struct tree *t, const char *name, const char *text)
{
    tree_bytes(t, name, text, (int)strlen(text) + 1);
}

void tree_cells(struct tree *t, const char *name, const uint32_t *cells, int count)
{
    fdt32_t *out;

    tree_status(t, fdt_property_placeholder(t->out, name, count * 4, (void **)&out));
    for (int i = 0; t->status == 0 && i < count; i++) {
        fdt32_st(out + i, cells[i]);
    }
}

int cells_put(uint32_t *cells, int at, int count, uint64_t value)
{
    if (count == 2) {
        cells[at++] = (uint32_t)(value >> 32);
    }
    cells[at++] = (uint32_t)value;
    return at;
}

void tree_reg(struct tree *t, const struct range *ranges, int count)
{
    uint32_t cells[8];
    int at = 0;

    for (int i = 0; i < count; i++) {
        at = cells_put(cells, at, t->board->root_address_cells, ranges[i].base);
        at = cells_put(cells, at, t->board->root_size_cells, ranges[i].size);
    }
    tree_cells(t, "reg", cells, at);
}

void tree_copy(struct tree *t, int node, const char *name)
{
    int size;
    const void *data = fdt_getprop(t->board->fdt, node, name, &size);

    if (data != NULL) {
        tree_bytes(t, name, data, size);
    }
}
