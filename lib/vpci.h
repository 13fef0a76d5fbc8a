/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space of an emulated PCI function (type 0 header, PCI Local Bus 3.0, chapter 6) as
 * a register machine over one table. Pure: knows its bytes, never memory or interrupts.
 *
 * BARs are 64-bit memory BARs whose addresses never change: sizing works, any other write is
 * dropped, and an Enhanced Allocation capability (PCI Express 7.8.5) says so, that an operating
 * system does not try to move them. Memory decoding is always on, whatever the command register
 * says.
 */
#ifndef LIB_VPCI_H
#define LIB_VPCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VPCI_CONFIG_SIZE 0x1000u /* of a function in ECAM */
#define VPCI_BARS        3u      /* BAR 0, 2 and 4 as pairs of registers */

/* What a function is. Base is aligned to size; size is a power of two >= 4 KiB, 0: no such BAR. */
struct vpci_bar {
    uint64_t base, size;
};

struct vpci_id {
    uint16_t vendor, device;
    uint32_t class_code; /* 24 bits */
    bool has_interrupt;  /* INTA */
    struct vpci_bar bar[VPCI_BARS];
};

/* What a guest has changed. */
struct vpci_state {
    uint32_t command; /* writable bits of the command register */
    uint32_t line;    /* interrupt line, scratch */
    uint32_t sizing;  /* BAR registers in which all ones were written last: bit n for register n */
    bool pending;     /* the function has an interrupt to signal; set by vpci_interrupt() */
};

/* Where the value of a register comes from, and where a write goes. */
enum vpci_kind {
    VPCI_CONSTANT, /* `reset`, read-only */
    VPCI_IDS,      /* vendor and device, read-only */
    VPCI_COMMAND,
    VPCI_CLASS,
    VPCI_BAR,        /* BAR registers 0 to 5 */
    VPCI_LINE,       /* interrupt line and pin */
    VPCI_ALLOCATION, /* entries of the Enhanced Allocation capability */
    VPCI_KINDS,
};

/* Registers of 32 bits at offsets first..last, which all widths may access. */
struct vpci_row {
    uint16_t first, last; /* multiples of 4 */
    uint32_t kind;        /* enum vpci_kind */
    uint32_t reset;       /* value of a constant */
    uint32_t writable;    /* bits that a write may change; all others are dropped */
};

extern const struct vpci_row vpci_rows[]; /* sorted by offset; unlisted ones read 0 */
extern const size_t vpci_row_count;

/* State at reset. */
void vpci_reset(struct vpci_state *state);

/* An access of the configuration space: `size` 1, 2 or 4, `offset` aligned to it. */
struct vpci_access {
    uint32_t offset;
    uint32_t value; /* in: written, out: read */
    uint8_t size;
};

/* False: no such width or alignment; nothing has changed. */
bool vpci_read(const struct vpci_id *id, const struct vpci_state *state,
               struct vpci_access *access);
bool vpci_write(const struct vpci_id *id, struct vpci_state *state,
                const struct vpci_access *access);

/* Tells whether the function wants an interrupt; returns whether INTA is asserted. */
bool vpci_interrupt(struct vpci_state *state, bool pending);

/* Whether the function may be bus master. */
bool vpci_is_master(const struct vpci_state *state);

/* Whether INTA is asserted now. */
bool vpci_intx(const struct vpci_state *state);

#endif
