/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration space of an emulated PCI function: the table, reads and writes of parts of it. */
#include "lib/vpci.h"

#include "lib/addr.h"
#include "lib/field.h"

FIELD(VENDOR, 0, 16);
FIELD(DEVICE, 16, 16);
FIELD(COMMAND_MEMORY, 1, 1);
FIELD(COMMAND_MASTER, 2, 1);
FIELD(COMMAND_INTX_DISABLE, 10, 1);
FIELD(STATUS_INTERRUPT, 19, 1); /* of the register that holds command and status */
FIELD(STATUS_CAPABILITIES, 20, 1);
FIELD(CLASS_CODE, 8, 24);
FIELD(BAR_TYPE, 1, 2);
FIELD(LINE, 0, 8);
FIELD(PIN, 8, 8);
FIELD(LOW32, 0, 32);
FIELD(HIGH32, 32, 32);

/* Enhanced Allocation: header, then an entry of five words for each BAR. */
FIELD(CAP_ID, 0, 8);
FIELD(EA_COUNT, 16, 6);
FIELD(EA_SIZE, 0, 3); /* words after the first */
FIELD(EA_BEI, 4, 4);  /* which BAR */
FIELD(EA_PRIMARY, 8, 8);
FIELD(EA_SECONDARY, 16, 8);
FIELD(EA_ENABLE, 31, 1);
FIELD(EA_IS_64, 1, 1);
FIELD(EA_LOW, 2, 30);

enum { BAR_TYPE_64 = 2, CAP_EA = 0x14, EA_NONE = 0xff, EA_WORDS = 5, PIN_INTA = 1 };

#define CAP_AT 0x40u
#define COMMAND_WRITABLE                                                                           \
    ((uint32_t)(field_mask(COMMAND_MEMORY) | field_mask(COMMAND_MASTER) |                          \
                field_mask(COMMAND_INTX_DISABLE)))

/* ---- Registers with a behaviour ---- */

static uint32_t ids_read(const struct vpci_id *id, const struct vpci_state *state,
                         const struct vpci_row *row)
{
    (void)state;
    (void)row;
    return (uint32_t)(put(VENDOR, id->vendor) | put(DEVICE, id->device));
}

static uint32_t command_read(const struct vpci_id *id, const struct vpci_state *state,
                             const struct vpci_row *row)
{
    (void)id;
    (void)row;
    return state->command |
           (uint32_t)(put(STATUS_INTERRUPT, state->pending) | put(STATUS_CAPABILITIES, 1));
}

static void command_write(struct vpci_state *state, const struct vpci_row *row, uint32_t value)
{
    (void)row;
    state->command = value;
}

static uint32_t class_read(const struct vpci_id *id, const struct vpci_state *state,
                           const struct vpci_row *row)
{
    (void)state;
    (void)row;
    return (uint32_t)put(CLASS_CODE, id->class_code);
}

/* Even registers are the low halves. While it is sized, a BAR reads as the mask of its address. */
static uint32_t bar_read(const struct vpci_id *id, const struct vpci_state *state,
                         const struct vpci_row *row)
{
    const struct vpci_bar *bar = &id->bar[row->index / 2];
    bool sizing = (state->sizing & BIT32(row->index)) != 0;
    uint64_t value = sizing ? 0 - bar->size : bar->base;

    if (bar->size == 0) {
        return 0;
    }
    return row->index % 2 == 0 ? (uint32_t)(get(LOW32, value) | put(BAR_TYPE, BAR_TYPE_64))
                               : (uint32_t)get(HIGH32, value);
}

/* The address stays what it is: only whether the guest asks for the size is of interest. */
static void bar_write(struct vpci_state *state, const struct vpci_row *row, uint32_t value)
{
    state->sizing &= ~BIT32(row->index);
    state->sizing |= value == UINT32_MAX ? BIT32(row->index) : 0;
}

static uint32_t line_read(const struct vpci_id *id, const struct vpci_state *state,
                          const struct vpci_row *row)
{
    (void)row;
    return state->line | (uint32_t)put(PIN, id->has_interrupt ? PIN_INTA : 0);
}

static void line_write(struct vpci_state *state, const struct vpci_row *row, uint32_t value)
{
    (void)row;
    state->line = value;
}

/* Word n of the entry of a BAR that never moves. */
static uint32_t ea_read(const struct vpci_id *id, const struct vpci_state *state,
                        const struct vpci_row *row)
{
    unsigned n = row->index / EA_WORDS;
    const struct vpci_bar *bar = &id->bar[n];
    uint64_t last = bar->size - 1;

    (void)state;
    switch (row->index % EA_WORDS) {
    case 0:
        return (uint32_t)(put(EA_SIZE, EA_WORDS - 1) | put(EA_BEI, n * 2) | put(EA_PRIMARY, 0) |
                          put(EA_SECONDARY, EA_NONE) | put(EA_ENABLE, bar->size != 0));
    case 1: return (uint32_t)(put(EA_LOW, get(EA_LOW, bar->base)) | put(EA_IS_64, 1));
    case 2: return (uint32_t)(put(EA_LOW, get(EA_LOW, last)) | put(EA_IS_64, 1));
    case 3: return (uint32_t)get(HIGH32, bar->base);
    default: return (uint32_t)get(HIGH32, last);
    }
}

/* ---- The table ---- */

#define ANY 7u /* widths 1, 2 and 4 */
#define EA_ROW(n)                                                                                  \
    {                                                                                              \
        CAP_AT + 4 + (n)*4, (n), ANY, 0, 0, "EA", ea_read, NULL                                    \
    }

/* clang-format off */
const struct vpci_row vpci_rows[] = {
    /* offset  index widths reset writable  name             read          write */
    { 0x00,    0,    ANY,   0,    0,                "VENDOR",   ids_read,     NULL },
    { 0x04,    0,    ANY,   0,    COMMAND_WRITABLE, "COMMAND",  command_read, command_write },
    { 0x08,    0,    ANY,   0,    0,                "CLASS",    class_read,   NULL },
    { 0x0c,    0,    ANY,   0,    0,                "HEADER",   NULL,         NULL },
    { 0x10,    0,    ANY,   0,    UINT32_MAX,       "BAR0",     bar_read,     bar_write },
    { 0x14,    1,    ANY,   0,    UINT32_MAX,       "BAR1",     bar_read,     bar_write },
    { 0x18,    2,    ANY,   0,    UINT32_MAX,       "BAR2",     bar_read,     bar_write },
    { 0x1c,    3,    ANY,   0,    UINT32_MAX,       "BAR3",     bar_read,     bar_write },
    { 0x20,    4,    ANY,   0,    UINT32_MAX,       "BAR4",     bar_read,     bar_write },
    { 0x24,    5,    ANY,   0,    UINT32_MAX,       "BAR5",     bar_read,     bar_write },
    { 0x2c,    0,    ANY,   0,    0,                "SUBSYS",   ids_read,     NULL },
    { 0x34,    0,    ANY,   CAP_AT, 0,              "CAP",      NULL,         NULL },
    { 0x3c,    0,    ANY,   0,    0xff,             "LINE",     line_read,    line_write },
    { CAP_AT,  0,    ANY,   CAP_EA | VPCI_BARS * 0x10000u, 0, "EA", NULL,     NULL },
    EA_ROW(0), EA_ROW(1), EA_ROW(2), EA_ROW(3), EA_ROW(4),
    EA_ROW(5), EA_ROW(6), EA_ROW(7), EA_ROW(8), EA_ROW(9),
    EA_ROW(10), EA_ROW(11), EA_ROW(12), EA_ROW(13), EA_ROW(14),
};
/* clang-format on */
const size_t vpci_row_count = ARRAY_COUNT(vpci_rows);

static const struct vpci_row *row_of(uint32_t offset)
{
    for (size_t i = 0; i < vpci_row_count; i++) {
        if (vpci_rows[i].offset == align_down(offset, 4)) {
            return &vpci_rows[i];
        }
    }
    return NULL;
}

static uint32_t row_read(const struct vpci_id *id, const struct vpci_state *state,
                         const struct vpci_row *row)
{
    return row->read ? row->read(id, state, row) : row->reset;
}

/* ---- Accesses of parts of a register ---- */

static bool is_access(const struct vpci_access *access)
{
    return (access->size == 1 || access->size == 2 || access->size == 4) &&
           is_aligned(access->offset, access->size) && access->offset < VPCI_CONFIG_SIZE;
}

/* Bits of the register that the access covers, and where they begin. */
static unsigned part_shift(const struct vpci_access *access)
{
    return (access->offset % 4) * 8;
}

static uint32_t part_mask(const struct vpci_access *access)
{
    return (uint32_t)((BIT64(access->size * 8u) - 1) << part_shift(access));
}

void vpci_reset(struct vpci_state *state)
{
    *state = (struct vpci_state){ .command = 0 };
}

bool vpci_read(const struct vpci_id *id, const struct vpci_state *state, struct vpci_access *access)
{
    const struct vpci_row *row = row_of(access->offset);

    if (!is_access(access)) {
        return false;
    }
    access->value = 0;
    if (row && (row->widths & access->size) != 0) {
        access->value = (row_read(id, state, row) & part_mask(access)) >> part_shift(access);
    }
    return true;
}

bool vpci_write(const struct vpci_id *id, struct vpci_state *state,
                const struct vpci_access *access)
{
    const struct vpci_row *row = row_of(access->offset);
    uint32_t mask, value;

    if (!is_access(access)) {
        return false;
    }
    if (!row || !row->write || (row->widths & access->size) == 0) {
        return true;
    }
    mask = part_mask(access);
    value = row_read(id, state, row) & ~mask;
    value |= (uint32_t)((uint64_t)access->value << part_shift(access)) & mask;
    row->write(state, row, value & row->writable);
    return true;
}

bool vpci_intx(const struct vpci_state *state)
{
    return state->pending && get(COMMAND_INTX_DISABLE, state->command) == 0;
}

bool vpci_interrupt(struct vpci_state *state, bool pending)
{
    state->pending = pending;
    return vpci_intx(state);
}
