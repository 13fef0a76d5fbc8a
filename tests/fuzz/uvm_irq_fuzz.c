/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that fills the page that it shares with the host about interrupts with anything, and asks
 * for anything, while the host raises lines; on a back end that makes upcalls, or on one where the
 * guest takes lines by asking. What must hold: an upcall goes to an address of user code's, when
 * not all is blocked, as does what is taken; an error is one of those that a guest can cause; a
 * restore brings the micro-VM back, with nothing enabled.
 */
#include <string.h>

#include "abi/irq.h"
#include "abi/uvm.h"
#include "host/vm.h"
#include "tests/fuzz/uvm_double.h"

#define BUDGET_NS UINT64_C(1000000) /* for guests that sleep */

static struct vt_vm *vm;
static struct be_ops with_line; /* the double, but as aarch64 has it */
static bool asked;              /* with not all blocked, and a line that no request gives */

static struct irq_area *area(void)
{
    return (struct irq_area *)(void *)(uvm_double.ram + IRQ_GVA);
}

static void fill_area(struct fuzz_in *in)
{
    area()->entry = fuzz_word(in);
    area()->blocked = (uint32_t)fuzz_word(in);
    area()->running = (uint32_t)fuzz_word(in);
    area()->waiting = (uint32_t)fuzz_word(in);
    area()->line = (uint32_t)fuzz_word(in);
    area()->request = fuzz_u8(in) % (IRQ_REQUEST_COUNT + 1);
    for (unsigned i = 0; i < IRQ_ARGS; i++) {
        area()->arg[i] = fuzz_word(in);
    }
}

static void set_line(struct fuzz_in *in)
{
    uint32_t line = (uint32_t)fuzz_word(in);
    int err = fuzz_u8(in) % 2 == 0 ? vt_irq_raise(vm, line) : vt_irq_lower(vm, line);

    FUZZ_CHECK(err == (line >= IRQ_SHARED && line < IRQ_LINES ? VT_OK : VT_ERR_INVALID));
}

/* What the host has let the guest take. */
static void check_taken(void)
{
    if (asked && area()->blocked == IRQ_URGENCY_ALL) {
        FUZZ_CHECK(area()->line < IRQ_LINES || area()->line == IRQ_NONE);
        FUZZ_CHECK(area()->entry != 0 && area()->entry < UINT64_C(1) << 47);
    }
}

static void note_taking(const struct be_event *event)
{
    asked = event->exit == BE_EXIT_PORT && event->port == UVM_PORT_TAKE &&
            area()->blocked < IRQ_URGENCY_ALL;
}

static bool enter(struct uvm_double *self, struct be_event *event)
{
    static const enum be_exit exits[] = { BE_EXIT_PORT, BE_EXIT_PORT, BE_EXIT_WINDOW,
                                          BE_EXIT_KICK };
    struct fuzz_in *in = &self->in;

    if (in->left == 0) {
        return false;
    }
    event->exit = exits[fuzz_u8(in) % 4];
    event->port = fuzz_u8(in) % 4 == 0 ? UVM_PORT_TAKE : UVM_PORT_IRQ;
    self->ticks += fuzz_word(in) % UINT32_MAX;
    self->takes_interrupts = fuzz_u8(in) % 2 == 0;
    check_taken();
    set_line(in);
    fill_area(in);
    note_taking(event);
    return true;
}

static void interrupted(uint64_t entry)
{
    FUZZ_CHECK(entry != 0 && entry < UINT64_C(1) << 47);
    FUZZ_CHECK(area()->blocked < IRQ_URGENCY_ALL);
}

static int interrupt_line(struct be_vcpu *vcpu, bool up)
{
    (void)vcpu;
    if (up) {
        interrupted(area()->entry);
    }
    return VT_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct vt_cfg cfg = { .size = sizeof(cfg), .wall_ns = BUDGET_NS };

    (void)argc;
    (void)argv;
    vm = uvm_double_vm(&cfg);
    uvm_double.interrupted = interrupted;
    with_line = *vm->ops;
    with_line.interrupt = NULL;
    with_line.interrupt_line = interrupt_line;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int err;

    uvm_double.in = (struct fuzz_in){ data, size };
    uvm_double.enter = enter;
    vm->ops = fuzz_u8(&uvm_double.in) % 2 == 0 ? &kvm_ops : &with_line;
    asked = false;
    uvm_double.entries = 0;
    err = vt_call(vm, "nothing", NULL, 0, NULL);
    FUZZ_CHECK(err == VT_OK || err == VT_ERR_GUEST || err == VT_ERR_BUDGET);
    FUZZ_CHECK(vt_restore(vm, NULL) == VT_OK);
    FUZZ_CHECK(area()->entry == 0 && area()->blocked == 0 && area()->waiting == 0);
    return 0;
}
