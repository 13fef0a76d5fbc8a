/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attack: a zone0 that has gone mad. Requests of any bytes in any slot, while its other vCPU
 * changes them, writes over the whole control region and over registers and configuration space,
 * and over the memory of the one zone that it may do this to: its prey, in a pool. What others own
 * is not its to take: neighbours compute and count on, and the hypervisor answers.
 */
#include "tests/attack/attack.h"
#include "tests/guest/ctl.h"

#define WIDTHS      4u
#define REQUESTS    60000u
#define RACES       25000u
#define WAITS_US    5000000u
#define STEP_US     500u
#define ECAM_SIZE   UINT64_C(0x100000)
#define FUNCTION    0x1000u
#define STRANGE     UINT32_C(0x100) /* in a number: no zone, no vCPU, no level has it */
#define LEVEL_INFO  2u
#define POOL_HEADER UINT64_C(0x200000)

static insn_fn *const loads[WIDTHS] = { insn_ldrb, insn_ldrh, insn_ldrw, insn_ldr };
static insn_fn *const stores[WIDTHS] = { insn_strb, insn_strh, insn_strw, insn_str };

static struct ctl_dev dev;
static uint32_t prey, others[CTL_ZONES], other_count;
static uint64_t slots; /* offset in the region, as it was before we wrote over it */
static uint64_t pool, pool_size, config;
static uint32_t stop;

/* ---- Registers ---- */

/* Writes of the mask and of causes only: a request or a signal is another matter. */
static bool register_holds(uint64_t offset, uint32_t width, bool write)
{
    uint64_t va = WINDOW_VA + get(WINDOW_OFFSET, dev.regs) + offset;
    bool is_quiet = offset >= CTL_ABI && offset < CTL_REGION_LOW;
    struct attempt a = attack_try((write && !is_quiet ? stores : loads)[width], va,
                                  attack_random());
    bool answered = width == 2 && offset % 4 == 0;

    return answered ? !a.faulted : attack_is_abort(&a, va);
}

static void test_registers(void)
{
    uint64_t held = 0, tried = 0;

    (void)window_to(dev.regs, WINDOW_NORMAL);
    for (uint64_t offset = 0; offset + 8 <= CTL_REGS_SIZE; offset++) {
        for (uint32_t i = 0; i < WIDTHS * 2; i++) {
            held += register_holds(offset, i / 2, i % 2 != 0);
            tried++;
        }
    }
    window_set(0);
    check_equal("registers: aligned words, nothing else", held, tried);
    ctl_write(&dev, CTL_MASK, 0);
}

/* ---- Requests ---- */

static uint32_t hostile_zone(void)
{
    switch (attack_below(4)) {
    case 0: return (uint32_t)attack_random() | STRANGE;
    case 1: return dev.shared->zone_count + (uint32_t)attack_below(3);
    default: return prey;
    }
}

/* No level of the log but the one that is: others' last lines are counted on. */
static uint64_t hostile_number(void)
{
    switch (attack_below(4)) {
    case 0: return UINT64_MAX;
    case 1: return LEVEL_INFO;
    case 2: return BIT64(attack_below(64)) | STRANGE;
    default: return attack_random() | STRANGE;
    }
}

static void fill(volatile struct ctl_slot *slot)
{
    slot->zone = hostile_zone();
    slot->op = attack_below(8) == 0 ? (uint32_t)attack_random()
                                    : (uint32_t)attack_below(CTL_OP_COUNT);
    for (uint32_t i = 0; i < 4; i++) {
        slot->arg[i] = hostile_number();
    }
    slot->size = (uint32_t)hostile_number();
    slot->status = CTL_NO_STATUS;
}

static volatile struct ctl_slot *slot_at(uint32_t n)
{
    return (volatile struct ctl_slot *)ctl_word(&dev, slots) + n;
}

/* Every number of a slot that there is gets an answer, and every other is ignored. */
static void test_requests(void)
{
    uint64_t answered = 0;

    for (uint32_t i = 0; i < REQUESTS; i++) {
        uint32_t n = (uint32_t)attack_below(CTL_SLOTS);

        fill(slot_at(n));
        ctl_write(&dev, CTL_REQUEST, n);
        answered += slot_at(n)->status != CTL_NO_STATUS && slot_at(n)->status <= CTL_OK;
        if (i % 8 == 0) {
            ctl_write(&dev, CTL_REQUEST, (uint32_t)attack_random() | CTL_SLOTS);
            ctl_write(&dev, CTL_SIGNAL, (uint32_t)attack_random());
        }
    }
    attack_count(REQUESTS + REQUESTS / 4);
    check_equal("requests answered", answered, REQUESTS);
}

/* What is not ours to pause, and what others of ours are is told as it is. */
static void test_others(void)
{
    uint64_t running = 0;

    check("not even itself", ctl_ask(&dev, CTL_OP_PAUSE, dev.shared->self, 0) == CTL_ERR_DENIED);
    for (uint32_t i = 0; i < other_count; i++) {
        running += ctl_state(&dev, others[i]) == CTL_ZONE_RUNNING;
    }
    check_equal("the others run", running, other_count);
}

/* ---- Races ---- */

static void scribble(void)
{
    uint64_t size = ctl_read(&dev, CTL_REGION_SIZE) - CTL_DAX_HEADER;
    uint64_t at = attack_below(size / 4) * 4;

    if (at - slots >= (uint64_t)CTL_SLOTS * CTL_SLOT_SIZE) { /* slots: below, with sense */
        *ctl_word(&dev, at) = (uint32_t)attack_random();
    }
    slot_at((uint32_t)attack_below(CTL_SLOTS))->zone = hostile_zone();
    slot_at((uint32_t)attack_below(CTL_SLOTS))->op = (uint32_t)attack_below(CTL_OP_COUNT);
    slot_at((uint32_t)attack_below(CTL_SLOTS))->size = (uint32_t)hostile_number();
    vg_mmio_wr32(dev.regs + attack_below(2) * 4, (uint32_t)attack_random());
    vg_mmio_wr32(config + 4, (uint32_t)attack_random());
    *(volatile uint32_t *)(pool + attack_below(pool_size / 4) * 4) = (uint32_t)attack_random();
}

static void other_vcpu(void *arg)
{
    uint64_t made = 0;

    (void)arg;
    for (; __atomic_load_n(&stop, __ATOMIC_ACQUIRE) == 0; made++) {
        scribble();
        if (made % 16 == 0) {
            ctl_write(&dev, CTL_REQUEST, (uint32_t)attack_below(CTL_SLOTS));
        }
    }
    attack_count(7 * made);
}

static void test_races(void)
{
    check("a vCPU to race with", vg_vcpu_start(1, other_vcpu, NULL) == 0);
    for (uint32_t i = 0; i < RACES; i++) {
        uint32_t n = (uint32_t)attack_below(CTL_SLOTS);

        fill(slot_at(n));
        ctl_write(&dev, CTL_REQUEST, n);
        scribble();
    }
    attack_count(8 * (uint64_t)RACES);
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    while (vg_vcpu_is_on(1)) {
        vg_delay_us(100);
    }
}

/* ---- Afterwards ---- */

/* The region says anything now; slot 0 is where it was. */
static int32_t ask(uint32_t op, uint32_t zone, uint64_t arg)
{
    volatile struct ctl_slot *slot = slot_at(0);

    slot->zone = zone;
    slot->op = op;
    slot->arg[0] = arg;
    slot->size = 0;
    slot->status = CTL_NO_STATUS;
    ctl_write(&dev, CTL_REQUEST, 0);
    return slot->status;
}

static uint32_t state_of(uint32_t zone)
{
    return ask(CTL_OP_ZONE, zone, 0) == CTL_OK
               ? ((volatile struct ctl_zone *)slot_at(0)->data)->state
               : CTL_ZONE_NONE;
}

static bool becomes(uint32_t zone, uint32_t state, uint32_t op)
{
    for (uint32_t i = 0; i < WAITS_US / STEP_US; i++) {
        if (state_of(zone) == state) {
            return true;
        }
        (void)ask(op, zone, 0); /* it may be about something else */
        vg_delay_us(STEP_US);
    }
    return false;
}

static void test_afterwards(void)
{
    check("the log's level", ask(CTL_OP_LOG_LEVEL, 0, LEVEL_INFO) == CTL_OK);
    check("the prey stops", becomes(prey, CTL_ZONE_OFF, CTL_OP_STOP));
    check("and starts as the plan says", becomes(prey, CTL_ZONE_RUNNING, CTL_OP_START));
    check("and stops again", becomes(prey, CTL_ZONE_OFF, CTL_OP_STOP));
    for (uint32_t i = 0; i < other_count; i++) {
        check_equal("another runs", state_of(others[i]), CTL_ZONE_RUNNING);
    }
}

static void find_out(void)
{
    struct ctl_info info = { .version = 0 };

    check("info", ctl_ask(&dev, CTL_OP_INFO, 0, 0) == CTL_OK);
    ctl_answer(&dev, &info, sizeof(info));
    pool = info.pool[0].gpa + POOL_HEADER;
    pool_size = info.pool[0].size - POOL_HEADER;
    slots = dev.shared->slot_offset;
    prey = ctl_find(&dev, "attackers-prey");
    for (uint32_t i = 0; i < dev.shared->zone_count; i++) {
        if (i != prey && i != dev.shared->self) {
            others[other_count++] = i;
        }
    }
    check_equal("others", other_count, 2);
    config = (dev.regs & ~(ECAM_SIZE - 1)) - ECAM_SIZE +
             (dev.regs & (ECAM_SIZE - 1)) / CTL_REGS_SIZE * 8 * FUNCTION;
    check_equal("the function", vg_mmio_rd32(config), CTL_PCI_DEVICE << 16 | CTL_PCI_VENDOR);
}

void guest_main(void)
{
    check("there is a control device", ctl_open(&dev));
    find_out();
    attack_begin("control");
    test_registers();
    test_requests();
    test_others();
    test_races();
    test_afterwards();
    attack_end();
}
