/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What zone0's control device tells and when: interrupts, events, log and consoles, the server of
 * devices, zone0's own restart; and pausing. On a machine whose units are the real ones.
 */
#include "unit.h"

#include <string.h>

#include "control_double.h"
#include "hyp/core/log.h"
#include "hyp/core/pause.h"
#include "hyp/core/pl011.h"

#define COMMAND 0x04u
#define MASTER  UINT32_C(4)

static int32_t ask(uint32_t op, uint32_t zone)
{
    return control_double_ask(op, zone, 0);
}

/* ---- Interrupts, rings and events ---- */

static struct ctl_event event_at(uint64_t n)
{
    struct ctl_event event;

    memcpy(&event,
           (uint8_t *)control_double_shared() + control_double_shared()->event_offset +
               n % CTL_EVENTS * sizeof(event),
           sizeof(event));
    return event;
}

static void test_causes(void **state)
{
    (void)state;
    control_double_wr(CTL_CAUSE, UINT32_MAX);
    assert_int_equal(control_double_rd(CTL_CAUSE), 0);
    assert_int_equal(ask(CTL_OP_START, REAL), CTL_OK);
    assert_int_equal(control_double_rd(CTL_CAUSE) & CTL_CAUSE_EVENT, CTL_CAUSE_EVENT);
    assert_false(control_double.line); /* masked */
    control_double_wr(CTL_MASK, CTL_CAUSE_EVENT);
    assert_true(control_double.line);
    control_double_wr(CTL_CAUSE, CTL_CAUSE_EVENT);
    assert_false(control_double.line);
    control_double_turn(); /* running */
    assert_true(control_double.line);
    control_double_wr(CTL_MASK, 0);
    assert_false(control_double.line);
    assert_int_equal(control_double.foreign_lines, 0);
}

static void test_events(void **state)
{
    uint64_t head = control_double_shared()->event.head;
    struct ctl_event event;

    (void)state;
    assert_int_equal(ask(CTL_OP_START, REAL), CTL_OK);
    control_double_turn();
    assert_int_equal(control_double_shared()->event.head, head + 2);
    event = event_at(head);
    assert_int_equal(event.kind, CTL_EVENT_STATE);
    assert_int_equal(event.zone, REAL);
    assert_int_equal(event.value, CTL_ZONE_STARTING);
    assert_int_equal(event_at(head + 1).value, CTL_ZONE_RUNNING);
    zone_stop(&zones[REAL], STOP_FAULT);
    control_double_turn();
    event = event_at(head + 3);
    assert_int_equal(control_double_shared()->event.head, head + 4);
    assert_int_equal(event.value, CTL_ZONE_OFF);
    assert_int_equal(event.detail, CTL_REASON_FAULT);
    assert_int_equal(event.time, UINT64_C(3000000000));
    for (unsigned i = 0; i < CTL_EVENTS; i++) { /* the ring goes round */
        assert_int_equal(ask(CTL_OP_START, REAL), CTL_OK);
        control_double_turn();
        assert_int_equal(ask(CTL_OP_STOP, REAL), CTL_OK);
        control_double_turn();
    }
    head = control_double_shared()->event.head;
    assert_int_equal(event_at(head - 1).value, CTL_ZONE_OFF);
    assert_int_equal(event_at(head - 2).value, CTL_ZONE_STOPPING);
}

static const char *ring_text(uint32_t at, uint32_t size, uint64_t from)
{
    static char text[256];
    unsigned i;

    for (i = 0; i + 1 < sizeof(text); i++) {
        text[i] = (char)((uint8_t *)control_double_shared())[at + (from + i) % size];
        if (text[i] == '\n') {
            break;
        }
    }
    text[i] = 0;
    return text;
}

static void test_log(void **state)
{
    struct ctl_shared *shared = control_double_shared();
    uint64_t head;

    (void)state;
    control_double_wr(CTL_CAUSE, UINT32_MAX);
    for (unsigned i = 0; i < 2000;
         i++) { /* it never fills up: the machine's console has no reader */
        head = shared->log.head;
        LOG(LOG_WARN, "line", LOG_DEC("n", i));
        assert_non_null(strstr(ring_text(shared->log_offset, CTL_LOG_SIZE, head), "W line n="));
        assert_true(shared->log.head > head);
    }
    assert_int_equal(control_double_rd(CTL_CAUSE), CTL_CAUSE_LOG);
    head = shared->log.head;
    assert_int_equal(ask(CTL_OP_PAUSE, OWNER), CTL_ERR_DENIED);
    assert_non_null(strstr(ring_text(shared->log_offset, CTL_LOG_SIZE, head),
                           "control request refused zone=owner op=6 about=0 error=4"));
    for (unsigned i = 0; i < 100; i++) { /* but no flood of it */
        assert_int_equal(ask(CTL_OP_PAUSE, OWNER), CTL_ERR_DENIED);
    }
    assert_true(shared->log.head - head < 20 * 120);
}

static void guest_says(uint32_t zone, const char *text)
{
    for (; *text != 0; text++) {
        struct mmio_access access = {
            .offset = PL011_DR, .size = 4, .value = (uint8_t)*text, .write = true
        };

        assert_true(vuart_access(&zones[zone].vcpus[0], &access));
    }
}

static void test_consoles(void **state)
{
    struct ctl_shared *shared = control_double_shared();

    (void)state;
    control_double_wr(CTL_CAUSE, UINT32_MAX);
    guest_says(USER, "login: ");
    assert_int_equal(shared->console[USER].head, 7);
    assert_int_equal(control_double_rd(CTL_CAUSE), 0);
    guest_says(USER, "\n");
    assert_int_equal(control_double_rd(CTL_CAUSE), CTL_CAUSE_CONSOLE);
    assert_string_equal(
        ring_text(shared->console_offset + USER * CTL_CONSOLE_SIZE, CTL_CONSOLE_SIZE, 0),
        "login: ");
    assert_int_equal(shared->console[OWNER].head, 0);
    for (unsigned i = 0; i < 5000; i++) { /* what the zone may not transmit is not shown */
        guest_says(USER, "0123456");
    }
    assert_in_range(shared->console[USER].head, VUART_TX_SIZE - 16, VUART_TX_SIZE + 16);
}

/* Whatever zone0 writes over the region: the next to write a ring puts its head right. */
static void test_scribbled(void **state)
{
    struct ctl_shared *shared = control_double_shared();
    uint64_t log = shared->log.head, event = shared->event.head;

    (void)state;
    memset(control_double.region, 0xff, DOUBLE_REGION);
    LOG0(LOG_WARN, "a line");
    assert_in_range(shared->log.head, log + 8, log + 64);
    zone_stop(&zones[USER], STOP_FAULT);
    assert_int_equal(shared->event.head, event + 1);
    assert_int_equal(shared->magic, UINT64_MAX);
    zone_stop(&zones[OWNER], STOP_RESET);
    control_double_turn();
    assert_int_equal(shared->magic, CTL_MAGIC); /* zone0 has started again */
    assert_memory_equal(control_double.region + 0x1000, "NVDIMM_DAX_INFO", 16);
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_OFF);
}

/* ---- The server, and zone0's own life ---- */

static void set_command(uint32_t value)
{
    assert_true(control_double_config(COMMAND, &value, true));
}

static void test_server(void **state)
{
    struct ctl_shared *shared = control_double_shared();
    uint64_t head = shared->event.head;

    (void)state;
    set_command(MASTER);
    assert_int_equal(shared->event.head, head + 1);
    assert_int_equal(event_at(head).kind, CTL_EVENT_SERVER);
    assert_int_equal(event_at(head).value, 1);
    set_command(MASTER | 2);
    assert_int_equal(shared->event.head, head + 1);
    set_command(0);
    assert_int_equal(event_at(head + 1).value, 0);
    set_command(MASTER);
    zone_stop(&zones[OWNER], STOP_RESET);
    control_double_turn();
    assert_false(control.has_server);
    head = shared->event.head;
    assert_int_equal(event_at(head - 1).zone, OWNER);
    assert_int_equal(event_at(head - 3).kind, CTL_EVENT_SERVER);
    assert_int_equal(event_at(head - 3).value, 0);
}

static void test_restart(void **state)
{
    (void)state;
    control_double_wr(CTL_MASK, CTL_CAUSE_ALL);
    LOG0(LOG_WARN, "something");
    control_double_turn();
    assert_true(control_double.line);
    zone_stop(&zones[OWNER], STOP_RESET);
    control_double_turn();
    assert_false(control_double.line);
    assert_int_equal(control_double_rd(CTL_MASK), 0);
    assert_int_equal(control_double_zone(OWNER).starts, 2);
    assert_int_equal(control_double_zone(USER).starts, 1);
}

/* Zone0 goes, the others stay; when they go too, the machine does. */
static void test_last(void **state)
{
    (void)state;
    assert_int_equal(ask(CTL_OP_STOP, OWNER), CTL_OK);
    control_double_turn();
    assert_int_equal(zone_state(&zones[OWNER]), ZONE_OFF);
    assert_int_equal(zone_state(&zones[USER]), ZONE_RUNNING);
    assert_int_equal(fake_arch.machine_off, 0);
    zone_stop(&zones[USER], STOP_POWER_OFF);
    control_double_turn();
    assert_int_equal(fake_arch.machine_off, 1);
}

/* ---- Pausing ---- */

static void test_pause(void **state)
{
    struct vcpu *vcpus = zones[USER].vcpus;

    (void)state;
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_ERR_STATE);
    assert_int_equal(ask(CTL_OP_PAUSE, REAL), CTL_ERR_STATE); /* it is off */
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_ERR_STATE);
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_RUNNING);
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_ERR_BUSY); /* they have not left yet */
    fake_arch.now += 5;
    control_double_turn();
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_PAUSED);
    assert_int_equal(vcpus[0].state, VCPU_HELD);
    assert_int_equal(vcpus[1].state, VCPU_HELD);
    assert_int_equal(fake_arch.rests, 2);
    assert_int_equal(event_at(control_double_shared()->event.head - 1).value, CTL_ZONE_PAUSED);
    assert_int_equal(zones[OWNER].vcpus[0].state, VCPU_ON);
    fake_arch.now += 1000;
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_OK);
    assert_int_equal(zones[USER].time_offset, 1000); /* since the last one has left */
    control_double_turn();
    assert_int_equal(vcpus[0].state, VCPU_ON);
    assert_int_equal(vcpus[1].state, VCPU_ON);
    assert_int_equal(fake_arch.wakes, 2);
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_RUNNING);
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    control_double_turn();
    fake_arch.now += 7;
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_OK);
    assert_int_equal(zones[USER].time_offset, 1007);
}

/* A zone that is paused stops as any other, and is not paused when it starts again. */
static void test_paused_stops(void **state)
{
    (void)state;
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(ask(CTL_OP_RESET, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_RUNNING);
    assert_int_equal(control_double_zone(USER).starts, 2);
    assert_int_equal(zones[USER].vcpus[0].state, VCPU_ON);
    assert_int_equal(zones[USER].time_offset, 0);
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(ask(CTL_OP_STOP, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_OFF);
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_ERR_STATE);
}

/* One that was turned on a moment ago is held before it has begun; one held for a device stays. */
static void test_pause_with_others(void **state)
{
    struct vcpu *vcpus = zones[USER].vcpus;

    (void)state;
    assert_int_equal(ask(CTL_OP_RESET, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(vcpu_on(&vcpus[1], &(struct vcpu_start){ .pc = 4 }), OK);
    vcpu_hold(&vcpus[0], HOLD_DEVICE);
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_ERR_BUSY); /* the second is about to run */
    control_double_turn();
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_PAUSED);
    assert_int_equal(vcpus[1].state, VCPU_HELD);
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(vcpus[0].state, VCPU_HELD);
    assert_int_equal(vcpus[1].state, VCPU_ON);
}

/* One that goes off instead of hearing of the pause is the last that has seen the time. */
static void test_pause_of_off(void **state)
{
    struct vcpu *vcpus = zones[USER].vcpus;

    (void)state;
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    fake_arch.self = vcpus[0].cpu;
    zone_progress(&vcpus[0]);
    fake_arch.now += 50;
    fake_arch.self = vcpus[1].cpu;
    vcpu_off(&vcpus[1]);
    assert_int_equal(event_at(control_double_shared()->event.head - 1).value, CTL_ZONE_PAUSED);
    fake_arch.now += 1000;
    control_double_turn();
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_OK);
    assert_int_equal(zones[USER].time_offset, 1000);
}

/* Else a pause might end before a vCPU has heard of it, which would go on in another time. */
static void test_pause_again(void **state)
{
    (void)state;
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    control_double_turn();
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_OK);
    fake_arch.self = zones[USER].vcpus[0].cpu;
    zone_progress(&zones[USER].vcpus[0]);
    fake_arch.self = zones[OWNER].vcpus[0].cpu;
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_ERR_BUSY); /* the second is still held */
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_RUNNING);
    control_double_turn();
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_RUNNING);
    control_double_turn();
    assert_int_equal(control_double_zone(USER).state, CTL_ZONE_PAUSED);
}

/* One held for a device counts as out when it has heard of the pause: it might go on before. */
static void test_pause_of_held(void **state)
{
    struct vcpu *vcpus = zones[USER].vcpus;

    (void)state;
    vcpu_hold(&vcpus[0], HOLD_DEVICE);
    vcpu_hold(&vcpus[1], HOLD_DEVICE);
    assert_int_equal(ask(CTL_OP_PAUSE, USER), CTL_OK);
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_ERR_BUSY);
    control_double_turn();
    assert_int_equal(ask(CTL_OP_RESUME, USER), CTL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_causes, control_double_setup),
        cmocka_unit_test_setup(test_pause_of_held, control_double_setup),
        cmocka_unit_test_setup(test_pause_of_off, control_double_setup),
        cmocka_unit_test_setup(test_pause_again, control_double_setup),
        cmocka_unit_test_setup(test_events, control_double_setup),
        cmocka_unit_test_setup(test_log, control_double_setup),
        cmocka_unit_test_setup(test_consoles, control_double_setup),
        cmocka_unit_test_setup(test_scribbled, control_double_setup),
        cmocka_unit_test_setup(test_server, control_double_setup),
        cmocka_unit_test_setup(test_restart, control_double_setup),
        cmocka_unit_test_setup(test_last, control_double_setup),
        cmocka_unit_test_setup(test_pause, control_double_setup),
        cmocka_unit_test_setup(test_paused_stops, control_double_setup),
        cmocka_unit_test_setup_teardown(test_pause_with_others, control_double_setup,
                                        control_double_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
