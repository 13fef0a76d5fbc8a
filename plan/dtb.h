/* SPDX-License-Identifier: Apache-2.0 */
/* A device tree while it is written from its first byte to its last, with libfdt. */
#ifndef PLAN_DTB_H
#define PLAN_DTB_H

#include <stdint.h>

#include "lib/plan_check.h"
#include "plan/compile.h"

struct tree {
    struct compile *c;
    const struct board *board;
    uint32_t zone;
    uint8_t *out;
    int status; /* of libfdt; the first error stays */
    uint32_t gic_phandle, clock_phandle, its_phandle;
    const char *uart_path;
};

#define NAME_ROOM 64 /* of a node's name */

/* libfdt's first error stays in `status`; later calls do nothing. */
void tree_status(struct tree *t, int status);

/* A node, its properties, then the nodes below it, then its end. */
void tree_begin(struct tree *t, const char *name);
void tree_end(struct tree *t);

void tree_bytes(struct tree *t, const char *name, const void *data, int size);
void tree_u32(struct tree *t, const char *name, uint32_t value);
void tree_text(struct tree *t, const char *name, const char *text);
void tree_cells(struct tree *t, const char *name, const uint32_t *cells, int count);
void tree_reg(struct tree *t, const struct range *ranges, int count);

/* Copies a property of a board's node, when it has it. */
void tree_copy(struct tree *t, int node, const char *name);

/* Appends a number of one or two cells; returns where the next goes. */
int cells_put(uint32_t *cells, int at, int count, uint64_t value);

/* virtio.c: the zone's virtio devices. */
void tree_put_virtio(struct tree *t);

/* dtb_pci.c: the zone's PCI hosts, if it has any. */
void tree_put_pci(struct tree *t);

#endif
