/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and timers of micro-VMs' interrupts: deadlines, the floor, refusals of what is not. */
#include "unit.h"

#include "lib/field.h"
#include "lib/irqctl.h"

enum { FLOOR = 100, LINE = 40 };

static struct irqctl ctl;

static int setup(void **state)
{
    (void)state;
    irqctl_reset(&ctl);
    return 0;
}

static bool ask(uint32_t request, uint64_t arg0, uint64_t arg1, uint64_t arg2)
{
    const struct irqctl_ask a = {
        .vcpu = 1, .vcpu_count = 2, .request = request, .arg = { arg0, arg1, arg2 }
    };
    uint64_t result = 0;

    return irqctl_serve(&ctl, &a, &result) && result != IRQ_BAD;
}

static uint32_t take(uint64_t blocked)
{
    struct irq_area area = { .line = LINE };

    irqctl_take(&ctl, 1, blocked, &area);
    return area.line;
}

static void test_once(void **state)
{
    (void)state;
    assert_true(irqctl_due(&ctl, 1) == UINT64_MAX);
    assert_true(ask(IRQ_REQUEST_ENABLE, IRQ_TIMER_PHYS, 0, 0));
    assert_true(ask(IRQ_REQUEST_TIMER, 1, 1000, 0));
    assert_int_equal(irqctl_due(&ctl, 1), 1000);
    assert_true(irqctl_due(&ctl, 0) == UINT64_MAX);
    assert_false(irqctl_expire(&ctl, 1, 999, FLOOR));
    assert_int_equal(take(0), IRQ_NONE);
    assert_true(irqctl_expire(&ctl, 1, 1000, FLOOR));
    assert_true(irqctl_due(&ctl, 1) == UINT64_MAX);
    assert_int_equal(irqctl_urgency(&ctl, 1), IRQ_URGENCY_DEFAULT);
    assert_int_equal(take(IRQ_URGENCY_DEFAULT), IRQ_NONE);
    assert_int_equal(take(0), IRQ_TIMER_PHYS);
    assert_int_equal(take(0), IRQ_NONE);
}

/* It goes on at its first deadline that is ahead, never sooner than the floor. */
static void test_periodic(void **state)
{
    (void)state;
    assert_true(ask(IRQ_REQUEST_TIMER, 0, 1000, 30));
    assert_true(irqctl_expire(&ctl, 1, 1050, FLOOR));
    assert_int_equal(irqctl_due(&ctl, 1), 1050 + FLOOR);
    assert_false(irqctl_expire(&ctl, 1, 1149, FLOOR));
    assert_true(irqctl_expire(&ctl, 1, 1150, FLOOR));
    assert_true(irqctl_expire(&ctl, 1, 2000, 0));
    assert_int_equal(irqctl_due(&ctl, 1), 2020);
    assert_true(ask(IRQ_REQUEST_STOP, 0, 0, 0));
    assert_true(irqctl_due(&ctl, 1) == UINT64_MAX);
    assert_true(ask(IRQ_REQUEST_TIMER, 0, 10, UINT64_MAX)); /* longer than there is time */
    assert_true(irqctl_expire(&ctl, 1, 3000, FLOOR));
    assert_true(irqctl_due(&ctl, 1) == UINT64_MAX);
}

static void test_two_timers(void **state)
{
    (void)state;
    assert_true(ask(IRQ_REQUEST_ENABLE, IRQ_TIMER_VIRT, 0, 0));
    assert_true(ask(IRQ_REQUEST_ENABLE, IRQ_TIMER_PHYS, 0, 0));
    assert_true(ask(IRQ_REQUEST_TIMER, 0, 2000, 0));
    assert_true(ask(IRQ_REQUEST_TIMER, 1, 1000, 0));
    assert_int_equal(irqctl_due(&ctl, 1), 1000);
    assert_true(irqctl_expire(&ctl, 1, 1500, FLOOR));
    assert_int_equal(irqctl_due(&ctl, 1), 2000);
    assert_true(irqctl_expire(&ctl, 1, 2500, FLOOR));
    assert_int_equal(take(0), IRQ_TIMER_VIRT);
    assert_int_equal(take(0), IRQ_TIMER_PHYS);
}

static void test_requests(void **state)
{
    (void)state;
    assert_true(ask(IRQ_REQUEST_ENABLE, LINE, 0, 0));
    assert_true(ask(IRQ_REQUEST_URGENCY, LINE, 3, 0));
    assert_true(ask(IRQ_REQUEST_PEND, LINE, 0, 0));
    assert_int_equal(irqctl_urgency(&ctl, 1), 3);
    assert_true(ask(IRQ_REQUEST_STATE, LINE, 0, 0));
    assert_int_equal(take(2), LINE);
    assert_true(ask(IRQ_REQUEST_DISABLE, LINE, 0, 0));
    assert_true(ask(IRQ_REQUEST_PEND, LINE, 0, 0));
    assert_int_equal(take(0), IRQ_NONE);
    assert_true(ask(IRQ_REQUEST_SEND, 0, 15, 0));
    assert_int_equal(ctl.intc.vcpu[0].pending, BIT64(15));
}

static void test_refused(void **state)
{
    static const uint32_t others[] = { IRQ_REQUEST_NONE, IRQ_REQUEST_CLOCK, IRQ_REQUEST_NEXT,
                                       IRQ_REQUEST_WAIT, IRQ_REQUEST_COUNT, UINT32_MAX };
    struct irqctl before = ctl;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
        assert_false(ask(others[i], 0, 0, 0));
    }
    for (uint32_t request = IRQ_REQUEST_ENABLE; request <= IRQ_REQUEST_STOP; request++) {
        assert_false(ask(request, UINT64_MAX, 0, 0));
        assert_false(ask(request, IRQ_LINES, 0, 0));
    }
    assert_false(ask(IRQ_REQUEST_URGENCY, LINE, IRQ_URGENCY_ALL + 1, 0));
    assert_false(ask(IRQ_REQUEST_SEND, 2, 0, 0)); /* there are two vCPUs */
    assert_false(ask(IRQ_REQUEST_SEND, 0, IRQ_SENT, 0));
    assert_memory_equal(&before, &ctl, sizeof(ctl));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_once, setup),
        cmocka_unit_test_setup(test_periodic, setup),
        cmocka_unit_test_setup(test_two_timers, setup),
        cmocka_unit_test_setup(test_requests, setup),
        cmocka_unit_test_setup(test_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
