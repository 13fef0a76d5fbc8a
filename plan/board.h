/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a board, out of its device tree; and readers of device-tree nodes. */
#ifndef PLAN_BOARD_H
#define PLAN_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/plan.h"

struct errors;

struct board {
    const void *fdt; /* checked by tree_is_sound() */
    int cpu_node[PLAN_MAX_CPUS];
    int intc, timer, psci;
    int uart; /* node of the console, or negative */
    uint64_t uart_hpa, uart_size;
    uint32_t uart_intid;
    int root_address_cells, root_size_cells;
    struct plan_board facts; /* uart_* left to the plan's hypervisor.console */
    uint64_t cpu_hw_id[PLAN_MAX_CPUS];
    uint32_t cpu_count;
    uint32_t cpu_limit; /* CPUs that are looked at; the caller sets it */
};

/* Reads the facts; false after a message that names `line` of the plan. */
bool board_read(struct board *board, struct errors *errors, unsigned line);

struct range {
    uint64_t base, size;
};

#define NODE_REGS_MAX 16
#define NODE_IRQS_MAX 64

struct node_regs {
    struct range range[NODE_REGS_MAX];
    int count;
};

struct node_irq {
    uint32_t intid;
    bool is_edge;
};

struct node_irqs {
    struct node_irq irq[NODE_IRQS_MAX];
    int count;
    int foreign; /* node of another controller that it is wired to, or negative */
};

/*
 * Registers of a node as machine addresses, through its buses, and the windows of a PCI host.
 * False: some have no machine address; those before them are in *out.
 */
bool node_regs(const void *fdt, int node, struct node_regs *out);

/* Interrupts at the interrupt controller, those of an interrupt-map too. False: broken. */
bool node_irqs(const struct board *board, int node, struct node_irqs *out);

/*
 * fdt_check_full(), and what that of Debian 12 does not look at: no property is longer than the
 * tree (lengths of almost 2^32 pass, which wraps), and no version whose names have another form
 * (it crashes on them).
 */
bool tree_is_sound(const void *fdt, size_t size);

/* A property's cell, 0 past its end. */
uint32_t node_cell(const void *fdt, int node, const char *property, int index);
int node_cell_count(const void *fdt, int node, const char *property);

/* Whether one of the node's `compatible` strings is the word. */
bool node_is(const void *fdt, int node, const char *compatible);

/* #address-cells or #size-cells of a node, with the default of the specification. */
int node_cells(const void *fdt, int node, const char *property, int otherwise);

#endif
