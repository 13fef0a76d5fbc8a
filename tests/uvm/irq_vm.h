/* SPDX-License-Identifier: Apache-2.0 */
/* The micro-VM that tests of interrupts and timers share: of guest `irq`, a new one per test. */
#ifndef TESTS_UVM_IRQ_VM_H
#define TESTS_UVM_IRQ_VM_H

#include "tests/uvm/support.h"

enum { LINE = 40, MS = 1000000 };

/* The one of the test that runs. A test that wants another replaces it by irq_make(). */
extern struct vt_vm *vm;

/* With the host's functions that the guest calls. */
struct vt_vm *irq_make(const struct vt_cfg *cfg);

int irq_setup(void **state);
int irq_teardown(void **state);
int irq_each_setup(void **state);
int irq_each_teardown(void **state);

#define IRQ_TEST(fn) cmocka_unit_test_setup_teardown(fn, irq_each_setup, irq_each_teardown)

static inline uint64_t call(const char *name, uint64_t arg)
{
    return uvm_call(vm, name, arg);
}

#endif
