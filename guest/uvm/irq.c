/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of a micro-VM in user mode: handlers, masking, and requests to the host, which is the
 * interrupt controller. Masking is a word that the host reads: user mode can't mask anything else.
 */
#include "guest/uvm/irq.h"
#include "guest/uvm/user.h"

_Static_assert(sizeof(struct user_irq) <= 4096, "abi/irq.h");

struct slot {
    void (*fn)(uint32_t intid, void *arg);
    void *arg;
};

static struct slot slots[IRQ_LINES];

/* ---- Masking ---- */

bool vg_irq_mask(void)
{
    bool unmasked = irq_area()->blocked < IRQ_URGENCY_ALL;

    irq_area()->blocked = IRQ_URGENCY_ALL;
    return unmasked;
}

/* What comes once it is unblocked is an upcall, which leaves `waiting` alone. */
void vg_irq_restore(bool unmasked)
{
    while (unmasked) {
        irq_area()->blocked = irq_area()->running;
        if (irq_area()->waiting <= irq_area()->running) {
            return;
        }
        irq_area()->blocked = IRQ_URGENCY_ALL;
        vg_irq_run();
    }
}

/* ---- Requests ---- */

static void request(enum irq_request number)
{
    irq_area()->request = number;
    ((void (*)(void))IRQ_GATE_GVA)();
}

uint64_t irq_ask(enum irq_request number, uint64_t arg0, uint64_t arg1, uint64_t arg2)
{
    bool unmasked = vg_irq_mask();
    uint64_t result;

    irq_area()->arg[0] = arg0;
    irq_area()->arg[1] = arg1;
    irq_area()->arg[2] = arg2;
    request(number);
    result = irq_area()->result;
    vg_irq_restore(unmasked);
    return result;
}

/* ---- Handlers ---- */

static void handle(uint32_t line)
{
    uint32_t outer = irq_area()->running;
    struct slot slot = slots[line];

    irq_area()->running = irq_area()->urgency;
    if (slot.fn != NULL) {
        slot.fn(line, slot.arg);
    }
    irq_area()->blocked = IRQ_URGENCY_ALL; /* the handler may have unmasked */
    irq_area()->running = outer;
}

void vg_irq_run(void)
{
    uint64_t outer = irq_fp_begin();
    struct vg_call_saved saved;

    vg_call_save(&saved);
    do {
        uint32_t line = irq_area()->line;

        irq_area()->line = IRQ_NONE; /* a handler that unmasks comes here, too */
        if (line < IRQ_LINES) {
            handle(line);
        }
        if (irq_area()->waiting > irq_area()->running) {
            irq_area()->waiting = 0;
            irq_area()->arg[0] = irq_area()->running;
            request(IRQ_REQUEST_NEXT);
        }
    } while (irq_area()->line != IRQ_NONE);
    vg_call_restore(&saved);
    irq_fp_end(outer);
}

/* ---- The program's functions ---- */

/* Without it nothing comes. Of each vCPU, when it first has to do with interrupts. */
static void begin(void)
{
    if (irq_area()->entry == 0) {
        irq_area()->line = IRQ_NONE;
        irq_area()->entry = (uint64_t)vg_upcall;
    }
}

int vg_irq_handler(uint32_t intid, void (*fn)(uint32_t intid, void *arg), void *arg)
{
    bool unmasked;

    if (intid >= IRQ_LINES) {
        return -1;
    }
    unmasked = vg_irq_mask();
    slots[intid] = (struct slot){ fn, arg };
    vg_irq_restore(unmasked);
    return 0;
}

void vg_irq_enable(uint32_t intid)
{
    begin();
    irq_ask(IRQ_REQUEST_ENABLE, intid, 0, 0);
}

void vg_irq_disable(uint32_t intid)
{
    irq_ask(IRQ_REQUEST_DISABLE, intid, 0, 0);
}

int vg_irq_priority(uint32_t intid, uint32_t priority)
{
    uint64_t result = IRQ_BAD;

    if (priority < IRQ_URGENCY_ALL) {
        result = irq_ask(IRQ_REQUEST_URGENCY, intid, IRQ_URGENCY_ALL - priority, 0);
    }
    return result == IRQ_BAD ? -1 : 0;
}

static bool has_state(uint32_t intid, uint64_t bit)
{
    uint64_t state = irq_ask(IRQ_REQUEST_STATE, intid, 0, 0);

    return state != IRQ_BAD && (state & bit) != 0;
}

bool vg_irq_is_enabled(uint32_t intid)
{
    return has_state(intid, IRQ_STATE_ENABLED);
}

bool vg_irq_is_pending(uint32_t intid)
{
    return has_state(intid, IRQ_STATE_PENDING);
}

void vg_irq_pend(uint32_t intid)
{
    irq_ask(IRQ_REQUEST_PEND, intid, 0, 0);
}

void vg_irq_send(uint32_t vcpu, uint32_t sgi)
{
    irq_ask(IRQ_REQUEST_SEND, vcpu, sgi, 0);
}

/* What wakes an unmasked vCPU is taken along with the answer: one exit, and no upcall. */
void vg_wait(void)
{
    bool unmasked = vg_irq_mask();

    irq_area()->arg[0] = unmasked ? irq_area()->running : IRQ_URGENCY_ALL;
    request(IRQ_REQUEST_WAIT);
    if (irq_area()->line != IRQ_NONE) {
        vg_irq_run();
    }
    vg_irq_restore(unmasked);
}
