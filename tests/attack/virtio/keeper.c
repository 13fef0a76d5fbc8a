/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zone0 of the attack by virtio devices: a server that is always in time. It writes into each
 * queue that it was given, as a device would, and never into one that was taken back; it says
 * afterwards what the hypervisor told it that cannot be true.
 */
#include "tests/attack/virtio/keeper.h"

#include "abi/bridge.h"
#include "abi/ctl.h"
#include "tests/attack/attack.h"

#define ECAM_SIZE  UINT64_C(0x100000)
#define REGS_SIZE  UINT64_C(0x1000)
#define CONFIG     UINT64_C(0x8000) /* of a device */
#define COMMAND    4u
#define MASTER     6u /* bus master, memory */
#define DEVICES    2u
#define ATTACKER   1u
#define RATE       32768u /* VIO_RATE and VIO_BURST of hyp/core/vio.h */
#define BURST      1024u
#define SETTLE_US  20000u
#define QUEUE_SIZE 64u

static uint64_t control; /* registers */
static struct ctl_shared *shared;
static struct bridge_device *table;
static struct ctl_memory ram; /* the attacker's */
static uint64_t pool;         /* where its memory is seen here */

/* By the interrupt handler. */
static uint64_t interrupts, bells, let_gos, outside, strange;
static uint32_t answered[DEVICES];

static int32_t ask(uint32_t op, uint64_t arg)
{
    struct ctl_slot *slot = (struct ctl_slot *)((uint8_t *)shared + shared->slot_offset);

    slot->op = op;
    slot->zone = ATTACKER;
    slot->size = 0;
    slot->arg[0] = arg;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    vg_mmio_wr32(control + CTL_REQUEST, 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return slot->status;
}

static const void *answer(void)
{
    return ((struct ctl_slot *)((uint8_t *)shared + shared->slot_offset))->data;
}

static bool is_in_ram(uint64_t at, uint64_t size)
{
    return at >= ram.gpa && at - ram.gpa <= ram.size - size;
}

/* A word of the queue's memory changes whenever it is looked at. */
static void use(const struct bridge_queue *queue)
{
    uint64_t at = pool + (queue->desc - ram.gpa);

    if (queue->size == 0 || queue->size > QUEUE_SIZE || !is_in_ram(queue->desc, queue->size * 16) ||
        !is_in_ram(queue->driver, 6 + queue->size * 2) ||
        !is_in_ram(queue->device, 6 + queue->size * 8)) {
        outside++;
        return;
    }
    vg_mmio_wr64(at, vg_mmio_rd64(at) + 1);
}

static void serve(uint32_t device)
{
    struct bridge_device *at = &table[device];
    uint32_t notified = __atomic_exchange_n(&at->notified, 0, __ATOMIC_SEQ_CST);
    uint32_t state = __atomic_load_n(&at->state, __ATOMIC_ACQUIRE);
    uint32_t epoch = __atomic_load_n(&at->epoch, __ATOMIC_ACQUIRE);

    bells += notified != 0;
    strange += state == BRIDGE_NO_SERVER || state > BRIDGE_LET_GO || at->zone != ATTACKER;
    for (uint32_t i = 0; i < BRIDGE_QUEUES && epoch == answered[device]; i++) {
        if (state == BRIDGE_RUNNING && at->queue[i].is_ready != 0) {
            use(&at->queue[i]);
            strange += i >= at->queue_count;
        }
    }
    if (epoch != answered[device]) {
        answered[device] = epoch;
        let_gos++;
        __atomic_store_n(&at->let_go, epoch, __ATOMIC_RELEASE);
    }
    __atomic_fetch_or(&at->signal, BRIDGE_SIGNAL_USED, __ATOMIC_SEQ_CST);
    vg_mmio_wr32(control + CTL_SIGNAL, device);
}

static void on_interrupt(uint32_t intid, void *arg)
{
    (void)intid, (void)arg;
    interrupts++;
    vg_mmio_wr32(control + CTL_CAUSE, CTL_CAUSE_ALL);
    for (uint32_t i = 0; i < DEVICES; i++) {
        serve(i);
    }
}

static bool attach(uint32_t device)
{
    table[device].offer = (struct bridge_offer){ .features = BIT64(29), /* EVENT_IDX */
                                                 .queue_max = QUEUE_SIZE,
                                                 .config_size = 64,
                                                 .writable_at = 32,
                                                 .writable_size = 1 };
    return ask(CTL_OP_ATTACH, device) == CTL_OK;
}

static void begin(void)
{
    uint64_t window = vg_boot()->control_gpa & ~(ECAM_SIZE - 1);
    uint64_t config = window - ECAM_SIZE + (vg_boot()->control_gpa - window) / REGS_SIZE * CONFIG;
    uint64_t region;

    control = vg_boot()->control_gpa;
    region = vg_mmio_rd32(control + CTL_REGION_LOW);
    region += vg_mmio_rd32(control + CTL_REGION_HIGH) * (UINT64_C(1) << 32);
    shared = (struct ctl_shared *)(window_to(region, WINDOW_NORMAL) + CTL_DAX_HEADER);
    table = (struct bridge_device *)((uint8_t *)shared + shared->device_offset);
    check_equal("the region is one", shared->magic, CTL_MAGIC);
    check_equal("devices", shared->device_count, DEVICES);
    check("it serves devices", (vg_mmio_rd32(control + CTL_FEATURES) & CTL_FEATURE_DEVICES) != 0);
    check("its memory is told", ask(CTL_OP_MEMORY, 0) == CTL_OK);
    ram = *(const struct ctl_memory *)answer();
    check("pools are told", ask(CTL_OP_INFO, 0) == CTL_OK);
    pool = ((const struct ctl_info *)answer())->pool[ram.pool].gpa + ram.offset;
    vg_mmio_wr32(config + COMMAND, MASTER);
    check("a handler", vg_irq_handler(vg_boot()->control_intid, on_interrupt, NULL) == 0);
    vg_irq_enable(vg_boot()->control_intid);
    vg_mmio_wr32(control + CTL_MASK, CTL_CAUSE_DEVICE);
    for (uint32_t i = 0; i < DEVICES; i++) {
        check("a device is attached to", attach(i));
    }
    check("the attacker starts", ask(CTL_OP_START, 0) == CTL_OK);
}

void keeper(void)
{
    uint64_t begun = vg_now(), most;
    const struct ctl_zone *zone;

    begin();
    vg_puts("witness: ready\n");
    while (vg_getc_wait() != 'c') {
    }
    vg_delay_us(SETTLE_US);
    vg_irq_disable(vg_boot()->control_intid);
    most = (vg_now() - begun) / (vg_tick_rate() / RATE) + BURST;
    check("its state is told", ask(CTL_OP_ZONE, 0) == CTL_OK);
    zone = answer();
    check_equal("the attacker is off", zone->state, CTL_ZONE_OFF);
    check_equal("by itself", zone->reason, CTL_REASON_POWER_OFF);
    check_equal("queues outside of its memory", outside, 0);
    check_equal("what cannot be", strange, 0);
    check("notifications came", bells > 0);
    check("and requests to let go", let_gos > 0);
    check("not more than the hypervisor's bound", interrupts <= most);
    vg_put_named("witness: interrupts ", interrupts);
    vg_put_named(" of at most ", most);
    vg_put_named(", let go ", let_gos);
    vg_puts("\n");
    check_sum("witness");
    vg_power_off();
}
