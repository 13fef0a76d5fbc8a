/* SPDX-License-Identifier: Apache-2.0 */
/* lib/vpci: the table is sound, every byte of configuration space reads and writes as it says. */
#include "unit.h"

#include <string.h>

#include "lib/field.h"
#include "lib/vpci.h"

#define COMMAND      0x04u
#define BAR          0x10u
#define INTX_DISABLE 0x400u
#define CAP          0x40u

static const struct vpci_id id = {
    .vendor = 0x1209,
    .device = 0x7601,
    .class_code = 0xff0000,
    .has_interrupt = true,
    .bar = { { 0x80101000, 0x1000 }, { UINT64_C(0x4080200000), 0x10000 } },
};

static struct vpci_state state;

static int setup(void **unused)
{
    (void)unused;
    memset(&state, 0xff, sizeof(state));
    vpci_reset(&state);
    return 0;
}

static uint32_t rd(uint32_t offset, uint8_t size)
{
    struct vpci_access access = { .offset = offset, .value = 0xdeadbeef, .size = size };

    assert_true(vpci_read(&id, &state, &access));
    return access.value;
}

static void wr(uint32_t offset, uint8_t size, uint32_t value)
{
    struct vpci_access access = { .offset = offset, .value = value, .size = size };

    assert_true(vpci_write(&id, &state, &access));
}

static void test_table(void **unused)
{
    uint32_t kinds = 0;

    (void)unused;
    for (size_t i = 0; i < vpci_row_count; i++) {
        const struct vpci_row *row = &vpci_rows[i];

        bool is_written = row->kind == VPCI_COMMAND || row->kind == VPCI_BAR ||
                          row->kind == VPCI_LINE;

        assert_true(row->kind < VPCI_KINDS);
        kinds |= BIT32(row->kind);
        assert_int_equal(row->first % 4 | row->last % 4, 0);
        assert_true(row->first <= row->last && row->last + 4u <= VPCI_CONFIG_SIZE);
        assert_true(i == 0 || vpci_rows[i - 1].last < row->first);
        assert_int_equal(is_written, row->writable != 0);
        assert_true(row->kind == VPCI_CONSTANT || row->reset == 0);
    }
    assert_int_equal(kinds, BIT32(VPCI_KINDS) - 1);
}

static void test_identity(void **unused)
{
    (void)unused;
    assert_int_equal(rd(0x00, 4), 0x76011209);
    assert_int_equal(rd(0x02, 2), 0x7601);
    assert_int_equal(rd(0x01, 1), 0x12);
    assert_int_equal(rd(0x08, 4), 0xff000000);
    assert_int_equal(rd(0x0c, 4), 0); /* type 0, one function */
    assert_int_equal(rd(0x2c, 4), 0x76011209);
    assert_int_equal(rd(0x3c, 4), 0x100);
    assert_int_equal(rd(COMMAND, 4), 0x00100000); /* a capability list */
}

/* Any width reads the same bytes; writes of all ones and zeros to everything change only little. */
static void test_every_byte(void **unused)
{
    static const uint32_t values[] = { UINT32_MAX, 0, 0x5a5a5a5a };

    (void)unused;
    for (uint32_t offset = 0; offset < VPCI_CONFIG_SIZE; offset += 4) {
        uint32_t word = rd(offset, 4);

        assert_int_equal(rd(offset, 2) | rd(offset + 2, 2) << 16, word);
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(rd(offset + i, 1), word >> (i * 8) & 0xff);
        }
    }
    for (uint8_t size = 1; size <= 4; size *= 2) {
        for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
            for (uint32_t offset = 0; offset < VPCI_CONFIG_SIZE; offset += size) {
                wr(offset, size, values[i]);
            }
            assert_int_equal(state.command & ~0x406u, 0);
            assert_int_equal(state.line & ~0xffu, 0);
            assert_int_equal(rd(0x00, 4), 0x76011209);
            assert_int_equal(rd(0x3d, 1), 1);
            assert_false(state.pending);
        }
    }
}

static void test_refused(void **unused)
{
    static const struct vpci_access bad[] = { { 0, 0, 8 }, { 1, 0, 2 }, { 2, 0, 4 },
                                              { 0, 0, 3 }, { 0, 0, 0 }, { VPCI_CONFIG_SIZE, 0, 4 },
                                              { 3, 0, 2 } };
    const struct vpci_state before = state;

    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        struct vpci_access access = bad[i];

        access.value = UINT32_MAX;
        assert_false(vpci_write(&id, &state, &access));
        assert_false(vpci_read(&id, &state, &access));
    }
    assert_memory_equal(&before, &state, sizeof(before));
}

static void test_bar_sizing(void **unused)
{
    (void)unused;
    assert_int_equal(rd(BAR, 4), 0x80101004);
    assert_int_equal(rd(BAR + 4, 4), 0);
    assert_int_equal(rd(BAR + 8, 4), 0x80200004);
    assert_int_equal(rd(BAR + 12, 4), 0x40);
    assert_int_equal(rd(BAR + 16, 4), 0); /* no such BAR */
    /* As Linux does it: both halves, then back. */
    wr(BAR + 8, 4, UINT32_MAX);
    assert_int_equal(rd(BAR + 8, 4), 0xffff0004);
    assert_int_equal(rd(BAR + 12, 4), 0x40);
    wr(BAR + 8, 4, 0x80200004);
    wr(BAR + 12, 4, UINT32_MAX);
    assert_int_equal(rd(BAR + 12, 4), UINT32_MAX);
    wr(BAR + 12, 4, 0x40);
    wr(BAR + 16, 4, UINT32_MAX);
    assert_int_equal(rd(BAR + 16, 4), 0);
    /* Another address is not taken. */
    wr(BAR, 4, 0x12345000);
    wr(BAR + 8, 4, 0);
    assert_int_equal(rd(BAR, 4), 0x80101004);
    assert_int_equal(rd(BAR + 8, 4), 0x80200004);
    wr(BAR, 1, 0xff);
    assert_int_equal(rd(BAR, 4), 0x80101004);
}

/* What Linux reads of it: pci_ea_read() takes base and last offset by these bits. */
static void test_enhanced_allocation(void **unused)
{
    (void)unused;
    assert_int_equal(rd(0x34, 1), CAP);
    assert_int_equal(rd(CAP, 1), 0x14);
    assert_int_equal(rd(CAP + 1, 1), 0);
    assert_int_equal(rd(CAP + 2, 1), VPCI_BARS);
    for (uint32_t n = 0; n < VPCI_BARS; n++) {
        uint32_t at = CAP + 4 + n * 20, head = rd(at, 4);
        uint64_t base = (rd(at + 4, 4) & ~3u) | (uint64_t)rd(at + 12, 4) << 32;
        uint64_t last = (rd(at + 8, 4) | 3u) | (uint64_t)rd(at + 16, 4) << 32;

        assert_int_equal(head & 7, 4);
        assert_int_equal(head >> 4 & 0xf, n * 2);
        assert_int_equal(head >> 8 & 0xff, 0);
        assert_int_equal(head >> 31, id.bar[n].size != 0);
        assert_int_equal(head >> 30 & 1, 0); /* not writable */
        if (id.bar[n].size != 0) {
            assert_int_equal(base, id.bar[n].base);
            assert_int_equal(last + 1, id.bar[n].size);
            assert_int_equal(rd(at + 4, 4) & 3, 2);
            assert_int_equal(rd(at + 8, 4) & 3, 2);
        }
    }
}

static void test_interrupt(void **unused)
{
    (void)unused;
    assert_false(vpci_intx(&state));
    assert_true(vpci_interrupt(&state, true));
    assert_int_equal(rd(COMMAND + 2, 2) & 8, 8);
    wr(COMMAND, 2, INTX_DISABLE);
    assert_false(vpci_intx(&state));
    assert_int_equal(rd(COMMAND + 2, 2) & 8, 8); /* status tells all the same */
    wr(COMMAND + 1, 1, 0);
    assert_true(vpci_intx(&state));
    assert_false(vpci_interrupt(&state, false));
    assert_int_equal(rd(COMMAND + 2, 2) & 8, 0);
    wr(COMMAND, 4, UINT32_MAX); /* status is read-only */
    assert_int_equal(rd(COMMAND, 4), 0x00100406);
    vpci_reset(&state);
    assert_int_equal(rd(COMMAND, 4), 0x00100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_table, setup),
        cmocka_unit_test_setup(test_identity, setup),
        cmocka_unit_test_setup(test_every_byte, setup),
        cmocka_unit_test_setup(test_refused, setup),
        cmocka_unit_test_setup(test_bar_sizing, setup),
        cmocka_unit_test_setup(test_enhanced_allocation, setup),
        cmocka_unit_test_setup(test_interrupt, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
