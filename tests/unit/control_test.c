/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone0's control device: registers, the region, and every request in every wrong way, on a machine
 * whose units are the real ones.
 */
#include "unit.h"

#include <string.h>

#include "control_double.h"
#include "hyp/core/log.h"
#include "hyp/core/pl011.h"
#include "lib/dax.h"
#include "lib/field.h"

static int32_t ask(uint32_t op, uint32_t zone)
{
    return control_double_ask(op, zone, 0);
}

/* ---- What is there ---- */

static void test_registers(void **state)
{
    (void)state;
    assert_int_equal(control_double_rd(CTL_ABI), CTL_VERSION);
    assert_int_equal(control_double_rd(CTL_FEATURES) & CTL_FEATURE_CONSOLES, CTL_FEATURE_CONSOLES);
    assert_int_equal(control_double_rd(CTL_REGION_LOW), 0x50000000);
    assert_int_equal(control_double_rd(CTL_REGION_HIGH), 0);
    assert_int_equal(control_double_rd(CTL_REGION_SIZE), DOUBLE_REGION);
    assert_int_equal(control_double_rd(CTL_REQUEST), 0);
    assert_int_equal(control_double_rd(CTL_MASK), 0);
    control_double_wr(CTL_MASK, UINT32_MAX);
    assert_int_equal(control_double_rd(CTL_MASK), CTL_CAUSE_ALL);
    control_double_wr(CTL_ABI, 0);
    assert_int_equal(control_double_rd(CTL_ABI), CTL_VERSION);
    for (uint32_t offset = CTL_REGION_SIZE + 4; offset < CTL_REGS_SIZE; offset += 4) {
        assert_int_equal(control_double_rd(offset), 0);
        control_double_wr(offset, UINT32_MAX);
    }
    assert_int_equal(control_double.foreign_lines, 0);
}

/* Every register of the contract has a row that does something, but for what waits for devices. */
static void test_rows(void **state)
{
    (void)state;
    assert_int_equal(control_row_count, CTL_REGION_SIZE / 4 + 1);
    for (size_t i = 0; i < control_row_count; i++) {
        if (i != CTL_SIGNAL / 4) {
            assert_true(control_rows[i].read || control_rows[i].write);
        }
    }
}

static void test_widths(void **state)
{
    static const uint8_t sizes[] = { 1, 2, 8 };

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(sizes); i++) {
        for (unsigned write = 0; write < 2; write++) {
            struct mmio_access access = { .offset = DOUBLE_SLOT * 0x1000,
                                          .size = sizes[i],
                                          .write = write };

            assert_false(vbus_regs(&zones[OWNER].vcpus[0], &access));
        }
    }
    assert_int_equal(control_double_rd(CTL_MASK), 0);
}

static void test_region(void **state)
{
    const struct ctl_shared *shared = control_double_shared();

    (void)state;
    assert_int_equal(shared->magic, CTL_MAGIC);
    assert_int_equal(shared->version, CTL_VERSION);
    assert_int_equal(shared->zone_count, DOUBLE_ZONES);
    assert_int_equal(shared->self, OWNER);
    assert_int_equal(shared->tick_rate, DOUBLE_RATE);
    assert_true(shared->slot_offset >= sizeof(*shared));
    assert_true(shared->event_offset >= shared->slot_offset + CTL_SLOTS * CTL_SLOT_SIZE);
    assert_true(shared->log_offset >= shared->event_offset + CTL_EVENTS * sizeof(struct ctl_event));
    assert_true(shared->console_offset >= shared->log_offset + CTL_LOG_SIZE);
    assert_true(shared->device_offset >= shared->console_offset + CTL_ZONES * CTL_CONSOLE_SIZE);
    assert_true(shared->size >= shared->device_offset);
    assert_true(CTL_DAX_HEADER + shared->size <= DOUBLE_REGION);
    for (uint32_t i = 0; i < DOUBLE_REGION; i++) { /* behind it nothing was touched */
        assert_int_equal(control_double.region[DOUBLE_REGION + i], 0xa5);
    }
}

/* Linux's own check of the block, written anew: nd_pfn_validate(). */
static void test_info_block(void **state)
{
    uint8_t block[DAX_INFO_SIZE];
    uint64_t sum = 0, stored;
    uint32_t low = 0, word;

    (void)state;
    memcpy(block, control_double.region + DAX_INFO_OFFSET, sizeof(block));
    assert_string_equal((char *)block, "NVDIMM_DAX_INFO");
    memcpy(&stored, block + 4088, sizeof(stored));
    memset(block + 4088, 0, sizeof(stored));
    for (unsigned i = 0; i < sizeof(block); i += 4) {
        memcpy(&word, block + i, sizeof(word));
        low += word;
        sum += low;
    }
    assert_int_equal(stored, sum << 32 | low);
    memcpy(&stored, block + 56, sizeof(stored));
    assert_int_equal(stored, CTL_DAX_HEADER);
    memcpy(&stored, block + 64, sizeof(stored));
    assert_int_equal(stored, (DOUBLE_REGION - CTL_DAX_HEADER) / 4096);
    assert_int_equal(block[84] | block[85] << 8, 4096);
    assert_string_equal((char *)fake_arch.window + DAX_INFO_OFFSET, "NVDIMM_DAX_INFO");
    assert_int_equal(fake_arch.window_pa, 0x60000000);
}

/* ---- Requests ---- */

static void test_table(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < CTL_OP_COUNT; op++) {
        bool later = op == CTL_OP_NONE || op >= CTL_OP_CREATE;
        bool device = op == CTL_OP_ATTACH || op == CTL_OP_DETACH; /* none is there */
        int32_t status = (int32_t)ask(op, DOUBLE_ZONES);

        assert_true(later || control_ops[op].fn);
        assert_true(device ? status != CTL_OK
                           : status == (!control_ops[op].fn        ? CTL_ERR_OP
                                        : control_ops[op].has_zone ? CTL_ERR_ZONE
                                                                   : CTL_OK));
    }
    assert_int_equal(ask(CTL_OP_COUNT, 0), CTL_ERR_OP);
    assert_int_equal(ask(UINT32_MAX, 0), CTL_ERR_OP);
    assert_int_equal(ask(CTL_OP_ZONE, UINT32_MAX), CTL_ERR_ZONE);
}

static void test_slots(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CTL_SLOTS; i++) {
        struct ctl_slot *slot = control_double_slot(i);

        slot->op = CTL_OP_INFO;
        control_double_wr(CTL_REQUEST, i);
        assert_int_equal(slot->status, CTL_OK);
        assert_int_equal(slot->size, sizeof(struct ctl_info));
    }
    control_double_wr(CTL_REQUEST, CTL_SLOTS);
    control_double_wr(CTL_REQUEST, UINT32_MAX);
}

static void test_info(void **state)
{
    struct ctl_info info;

    (void)state;
    assert_int_equal(ask(CTL_OP_INFO, 0), CTL_OK);
    memcpy(&info, control_double_slot(0)->data, sizeof(info));
    assert_int_equal(info.version, CTL_VERSION);
    assert_int_equal(info.features, control_double_rd(CTL_FEATURES));
    assert_int_equal(info.zone_count, DOUBLE_ZONES);
    assert_int_equal(info.cpu_count, DOUBLE_CPUS);
    assert_int_equal(info.pool_count, 1);
    assert_int_equal(info.pool[0].gpa, 0x60000000);
    assert_int_equal(info.pool[0].size, 0x8000000);
    assert_int_equal(info.now, UINT64_C(3000000000));
    assert_true(strnlen(info.build, sizeof(info.build)) < sizeof(info.build));
}

static void test_zone(void **state)
{
    struct ctl_zone user = control_double_zone(USER), real = control_double_zone(REAL);

    (void)state;
    assert_string_equal(user.name, "user");
    assert_int_equal(user.role, PLAN_ROLE_USER);
    assert_int_equal(user.state, CTL_ZONE_RUNNING);
    assert_int_equal(user.starts, 1);
    assert_int_equal(user.vcpu_count, 2);
    assert_int_equal(user.vcpus_on, 2);
    assert_int_equal(user.cpus, 0xc);
    assert_int_equal(user.memory, 0x4000000);
    assert_int_equal(user.flags, CTL_ZONE_FLAG_CONSOLE);
    assert_int_equal(real.state, CTL_ZONE_OFF);
    assert_int_equal(real.starts, 0);
    assert_int_equal(real.flags, CTL_ZONE_FLAG_PRIVATE);
}

static void test_life(void **state)
{
    (void)state;
    assert_int_equal(ask(CTL_OP_STOP, REAL), CTL_ERR_STATE);
    assert_int_equal(ask(CTL_OP_RESET, REAL), CTL_ERR_STATE);
    assert_int_equal(ask(CTL_OP_START, REAL), CTL_OK);
    assert_int_equal(control_double_zone(REAL).state, CTL_ZONE_STARTING);
    assert_int_equal(ask(CTL_OP_START, REAL), CTL_ERR_STATE);
    control_double_turn();
    assert_int_equal(control_double_zone(REAL).state, CTL_ZONE_RUNNING);
    assert_int_equal(ask(CTL_OP_RESET, REAL), CTL_OK);
    assert_int_equal(ask(CTL_OP_RESET, REAL), CTL_ERR_BUSY);
    control_double_turn();
    assert_int_equal(control_double_zone(REAL).state, CTL_ZONE_RUNNING);
    assert_int_equal(control_double_zone(REAL).starts, 2);
    assert_int_equal(control_double_zone(REAL).reason, CTL_REASON_RESET);
    fake_arch.now += DOUBLE_RATE;
    assert_int_equal(ask(CTL_OP_STOP, REAL), CTL_OK);
    assert_int_equal(control_double_zone(REAL).state, CTL_ZONE_STOPPING);
    control_double_turn();
    assert_int_equal(control_double_zone(REAL).state, CTL_ZONE_OFF);
    assert_int_equal(control_double_zone(REAL).reason, CTL_REASON_OPERATOR);
    assert_int_equal(control_double_zone(REAL).since, UINT64_C(4000000000));
    assert_int_equal(control_double_zone(USER).starts, 1); /* nobody else has noticed */
    pcpus[4].absent = true;
    assert_int_equal(ask(CTL_OP_START, REAL), CTL_ERR_FULL);
}

static void test_stat(void **state)
{
    struct ctl_stat stat;

    (void)state;
    zones[USER].vcpus[1].exits[EXITS_WRITE] = 77;
    assert_int_equal(control_double_ask(CTL_OP_STAT, USER, 1), CTL_OK);
    memcpy(&stat, control_double_slot(0)->data, sizeof(stat));
    assert_int_equal(stat.state, 1);
    assert_int_equal(stat.cpu, 3);
    assert_int_equal(stat.exit_count, EXITS_COUNT);
    assert_string_equal(stat.exit[EXITS_WRITE].name, "write");
    assert_int_equal(stat.exit[EXITS_WRITE].count, 77);
    assert_int_equal(control_double_ask(CTL_OP_STAT, USER, 2), CTL_ERR_RANGE);
    assert_int_equal(control_double_ask(CTL_OP_STAT, USER, UINT64_MAX), CTL_ERR_RANGE);
}

static void test_memory(void **state)
{
    struct ctl_memory memory;

    (void)state;
    assert_int_equal(ask(CTL_OP_MEMORY, USER), CTL_OK);
    assert_int_equal(control_double_slot(0)->size, sizeof(memory));
    memcpy(&memory, control_double_slot(0)->data, sizeof(memory));
    assert_int_equal(memory.gpa, 0x40000000);
    assert_int_equal(memory.size, 0x4000000);
    assert_int_equal(memory.pool, 0);
    assert_int_equal(memory.offset, SIZE_2M);
    assert_int_equal(ask(CTL_OP_MEMORY, REAL), CTL_OK);
    memcpy(&memory, control_double_slot(0)->data, sizeof(memory));
    assert_int_equal(memory.pool, UINT32_MAX);
    assert_int_equal(memory.offset, 0);
}

static void test_log_level(void **state)
{
    (void)state;
    log_set_level(LOG_INFO);
    assert_int_equal(control_double_ask(CTL_OP_LOG_LEVEL, 0, UINT64_MAX), CTL_OK);
    assert_int_equal(control_double_slot(0)->out[0], LOG_INFO);
    assert_int_equal(control_double_ask(CTL_OP_LOG_LEVEL, 0, LOG_DEBUG), CTL_OK);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    assert_int_equal(control_double_ask(CTL_OP_LOG_LEVEL, 0, LOG_LEVEL_COUNT), CTL_ERR_INVALID);
    assert_int_equal(control_double_ask(CTL_OP_LOG_LEVEL, 0, UINT64_C(1) << 32), CTL_ERR_INVALID);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_set_level(LOG_INFO);
}

static int32_t type(uint32_t zone, uint32_t size)
{
    struct ctl_slot *slot = control_double_slot(3);

    slot->op = CTL_OP_CONSOLE_WRITE;
    slot->zone = zone;
    slot->size = size;
    control_double_wr(CTL_REQUEST, 3);
    return slot->status;
}

static uint32_t guest_reads(uint32_t zone)
{
    struct mmio_access access = { .offset = PL011_DR, .size = 4 };

    assert_true(vuart_access(&zones[zone].vcpus[0], &access));
    return (uint32_t)access.value;
}

static void test_console_write(void **state)
{
    struct ctl_slot *slot = control_double_slot(3);

    (void)state;
    memcpy(slot->data, "ls\n", 3);
    assert_int_equal(type(USER, 3), CTL_OK);
    assert_int_equal(slot->out[0], 3);
    assert_int_equal(guest_reads(USER), 'l');
    assert_int_equal(guest_reads(USER), 's');
    assert_int_equal(guest_reads(USER), '\n');
    assert_int_equal(type(USER, CTL_DATA_SIZE), CTL_OK);
    assert_int_equal(slot->out[0], VUART_RX_SIZE);
    assert_int_equal(type(USER, 5), CTL_OK);
    assert_int_equal(slot->out[0], 0); /* it does not read */
    assert_int_equal(zones[USER].vuart.overruns, 0);
    assert_int_equal(type(USER, CTL_DATA_SIZE + 1), CTL_ERR_INVALID);
    assert_int_equal(type(USER, UINT32_MAX), CTL_ERR_INVALID);
    assert_int_equal(type(REAL, 1), CTL_ERR_INVALID);
    assert_int_equal(ask(CTL_OP_STOP, USER), CTL_OK);
    assert_int_equal(type(USER, 1), CTL_ERR_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_registers, control_double_setup),
        cmocka_unit_test_setup(test_rows, control_double_setup),
        cmocka_unit_test_setup(test_widths, control_double_setup),
        cmocka_unit_test_setup(test_region, control_double_setup),
        cmocka_unit_test_setup(test_info_block, control_double_setup),
        cmocka_unit_test_setup(test_table, control_double_setup),
        cmocka_unit_test_setup(test_slots, control_double_setup),
        cmocka_unit_test_setup(test_info, control_double_setup),
        cmocka_unit_test_setup(test_zone, control_double_setup),
        cmocka_unit_test_setup(test_life, control_double_setup),
        cmocka_unit_test_setup(test_stat, control_double_setup),
        cmocka_unit_test_setup(test_memory, control_double_setup),
        cmocka_unit_test_setup(test_log_level, control_double_setup),
        cmocka_unit_test_setup_teardown(test_console_write, control_double_setup,
                                        control_double_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
