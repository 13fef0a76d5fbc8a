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

#define CAP_AT    0x40u
#define EA_HEADER ((uint32_t)(put(CAP_ID, CAP_EA) | put(EA_COUNT, VPCI_BARS)))
#define COMMAND_WRITABLE                                                                           \
    ((uint32_t)(field_mask(COMMAND_MEMORY) | field_mask(COMMAND_MASTER) |                          \
                field_mask(COMMAND_INTX_DISABLE)))

/* ---- Registers with a behaviour; n: which of a row's ---- */

/* Even registers are the low halves. While it is sized, a BAR reads as the mask of its address. */
static uint32_t bar_read(const struct vpci_id *id, const struct vpci_state *state, unsigned n)
{
    const struct vpci_bar *bar = &id->bar[n / 2];
    uint64_t value = (state->sizing & BIT32(n)) != 0 ? 0 - bar->size : bar->base;

    if (bar->size == 0) {
        return 0;
    }
    return n % 2 == 0 ? (uint32_t)(get(LOW32, value) | put(BAR_TYPE, BAR_TYPE_64))
                      : (uint32_t)get(HIGH32, value);
}

/* The address stays what it is: only whether the guest asks for the size is of interest. */
static void bar_write(struct vpci_state *state, unsigned n, uint32_t value)
{
    state->sizing &= ~BIT32(n);
    state->sizing |= value == UINT32_MAX ? BIT32(n) : 0;
}

/* Word n of the entries for BARs that never move. */
static uint32_t ea_read(const struct vpci_id *id, unsigned n)
{
    unsigned entry = n / EA_WORDS;
    uint64_t base = id->bar[entry].base, last = id->bar[entry].size - 1;

    switch (n % EA_WORDS) {
    case 0:
        return (uint32_t)(put(EA_SIZE, EA_WORDS - 1) | put(EA_BEI, entry * 2) | put(EA_PRIMARY, 0) |
                          put(EA_SECONDARY, EA_NONE) | put(EA_ENABLE, last != UINT64_MAX));
    case 1: return (uint32_t)(put(EA_LOW, get(EA_LOW, base)) | put(EA_IS_64, 1));
    case 2: return (uint32_t)(put(EA_LOW, get(EA_LOW, last)) | put(EA_IS_64, 1));
    case 3: return (uint32_t)get(HIGH32, base);
    default: return (uint32_t)get(HIGH32, last);
    }
}

/* ---- The table ---- */

/* clang-format off */
const struct vpci_row vpci_rows[] = {
    /* first  last   kind             reset   writable */
    { 0x00,   0x00,  VPCI_IDS,        0,      0 },                /* vendor, device */
    { 0x04,   0x04,  VPCI_COMMAND,    0,      COMMAND_WRITABLE }, /* command, status */
    { 0x08,   0x08,  VPCI_CLASS,      0,      0 },
    { 0x0c,   0x0c,  VPCI_CONSTANT,   0,      0 },                /* header type 0 */
    { 0x10,   0x24,  VPCI_BAR,        0,      UINT32_MAX },
    { 0x2c,   0x2c,  VPCI_IDS,        0,      0 },                /* subsystem */
    { 0x34,   0x34,  VPCI_CONSTANT,   CAP_AT, 0 },                /* first capability */
    { 0x3c,   0x3c,  VPCI_LINE,       0,      0xff },
    { CAP_AT, CAP_AT, VPCI_CONSTANT,  EA_HEADER, 0 },
    { CAP_AT + 4, CAP_AT + VPCI_BARS * EA_WORDS * 4, VPCI_ALLOCATION, 0, 0 },
};
/* clang-format on */
const size_t vpci_row_count = ARRAY_COUNT(vpci_rows);

static const struct vpci_row *row_of(uint32_t offset)
{
    for (size_t i = 0; i < vpci_row_count; i++) {
        if (offset >= vpci_rows[i].first && offset < vpci_rows[i].last + 4u) {
            return &vpci_rows[i];
        }
    }
    return NULL;
}

static uint32_t row_read(const struct vpci_id *id, const struct vpci_state *state,
                         const struct vpci_row *row, unsigned n)
{
    switch ((enum vpci_kind)row->kind) {
    case VPCI_IDS: return (uint32_t)(put(VENDOR, id->vendor) | put(DEVICE, id->device));
    case VPCI_COMMAND:
        return state->command |
               (uint32_t)(put(STATUS_INTERRUPT, state->pending) | put(STATUS_CAPABILITIES, 1));
    case VPCI_CLASS: return (uint32_t)put(CLASS_CODE, id->class_code);
    case VPCI_BAR: return bar_read(id, state, n);
    case VPCI_LINE: return state->line | (uint32_t)put(PIN, id->has_interrupt ? PIN_INTA : 0);
    case VPCI_ALLOCATION: return ea_read(id, n);
    case VPCI_CONSTANT:
    case VPCI_KINDS:
    default: return row->reset;
    }
}

/* `value` has only bits that the row lets be written. */
static void row_write(struct vpci_state *state, const struct vpci_row *row, unsigned n,
                      uint32_t value)
{
    if (row->kind == VPCI_COMMAND) {
        state->command = value;
    } else if (row->kind == VPCI_LINE) {
        state->line = value;
    } else if (row->kind == VPCI_BAR) {
        bar_write(state, n, value);
    }
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
    if (row) {
        access->value = row_read(id, state, row, (access->offset - row->first) / 4);
        access->value = (access->value & part_mask(access)) >> part_shift(access);
    }
    return true;
}

bool vpci_write(const struct vpci_id *id, struct vpci_state *state,
                const struct vpci_access *access)
{
    const struct vpci_row *row = row_of(access->offset);
    uint32_t mask, value;
    unsigned n;

    if (!is_access(access)) {
        return false;
    }
    if (!row) {
        return true;
    }
    n = (access->offset - row->first) / 4;
    mask = part_mask(access);
    value = row_read(id, state, row, n) & ~mask;
    value |= (uint32_t)((uint64_t)access->value << part_shift(access)) & mask;
    row_write(state, row, n, value & row->writable);
    return true;
}

bool vpci_is_master(const struct vpci_state *state)
{
    return get(COMMAND_MASTER, state->command) != 0;
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
