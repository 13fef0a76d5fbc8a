/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bare zone0 that uses its control device: looks at the zones, starts `worker` (a tick that does
 * not start by itself), types to it, pauses, resets and stops it, again and again, and watches
 * events and consoles by interrupt. `tick` beside it must not notice.
 */
#include "tests/guest/check.h"
#include "tests/guest/ctl.h"
#include "vitrine-guest.h"

#define CYCLES   100u
#define STEP_US  1000u
#define LONG_US  20000000u /* by which anything has happened, on a host that is busy */
#define PAUSE_US 3000000u

static struct ctl_dev dev;
static uint32_t worker, tick;
static volatile uint32_t interrupts, causes;

static void on_interrupt(uint32_t intid, void *arg)
{
    uint32_t now = ctl_read(&dev, CTL_CAUSE);

    (void)intid;
    (void)arg;
    ctl_write(&dev, CTL_CAUSE, now);
    causes |= now;
    interrupts++;
}

static int32_t ask(uint32_t op, uint32_t zone)
{
    return ctl_ask(&dev, op, zone, 0);
}

static bool becomes(uint32_t zone, uint32_t state)
{
    for (uint32_t i = 0; i < LONG_US / STEP_US; i++) {
        if (ctl_state(&dev, zone) == state) {
            return true;
        }
        vg_delay_us(STEP_US);
    }
    return false;
}

static uint64_t console(uint32_t zone)
{
    return dev.shared->console[zone].head;
}

/* Whether the zone says so much more. */
static bool says(uint32_t zone, uint64_t more)
{
    uint64_t until = console(zone) + more;

    for (uint32_t i = 0; i < LONG_US / STEP_US && console(zone) < until; i++) {
        vg_delay_us(STEP_US);
    }
    return console(zone) >= until;
}

static struct ctl_zone zone_of(uint32_t zone)
{
    struct ctl_zone out = { .state = CTL_ZONE_NONE };

    if (ask(CTL_OP_ZONE, zone) == CTL_OK) {
        ctl_answer(&dev, &out, sizeof(out));
    }
    return out;
}

static void check_region(void)
{
    check_equal("version", ctl_read(&dev, CTL_ABI), CTL_VERSION);
    check_equal("magic", dev.shared->magic, CTL_MAGIC);
    check_equal("self", dev.shared->self, ctl_find(&dev, vg_boot()->zone_name));
    check_equal("size", ctl_read(&dev, CTL_REGION_SIZE), 0x200000);
    check_equal("info block", vg_mmio_rd32(dev.region + 0x1000), 0x4944564e); /* "NVDI" */
    check("zones", worker < CTL_ZONES && tick < CTL_ZONES);
    check_equal("time", dev.shared->tick_rate, vg_tick_rate());
}

static void check_info(void)
{
    struct ctl_info info = { .version = 0 };
    struct ctl_memory memory = { .pool = UINT32_MAX };

    check("info", ask(CTL_OP_INFO, 0) == CTL_OK);
    ctl_answer(&dev, &info, sizeof(info));
    check_equal("info: zones", info.zone_count, dev.shared->zone_count);
    check_equal("info: pools", info.pool_count, 1);
    check("memory", ask(CTL_OP_MEMORY, worker) == CTL_OK);
    ctl_answer(&dev, &memory, sizeof(memory));
    check("memory lies in the pool", memory.pool == 0 && memory.offset >= 0x200000 &&
                                         memory.offset + memory.size <= info.pool[0].size);
    check_equal("private", zone_of(tick).flags & CTL_ZONE_FLAG_PRIVATE, CTL_ZONE_FLAG_PRIVATE);
}

static void check_start(void)
{
    check_equal("worker is off", ctl_state(&dev, worker), CTL_ZONE_OFF);
    check("tick runs", becomes(tick, CTL_ZONE_RUNNING));
    check("start", ask(CTL_OP_START, worker) == CTL_OK);
    check("it runs", becomes(worker, CTL_ZONE_RUNNING));
    check("it runs already", ask(CTL_OP_START, worker) == CTL_ERR_STATE);
    check("it speaks", says(worker, 100));
    check("interrupts came", interrupts > 0);
    check_equal("of events and consoles", causes & (CTL_CAUSE_EVENT | CTL_CAUSE_CONSOLE),
                CTL_CAUSE_EVENT | CTL_CAUSE_CONSOLE);
}

/* Virtual time stands still: worker itself says whether it missed a tick of it. */
static void check_pause(void)
{
    uint64_t before;

    check("pause", ask(CTL_OP_PAUSE, worker) == CTL_OK);
    check("it is paused", becomes(worker, CTL_ZONE_PAUSED));
    before = console(worker);
    vg_delay_us(PAUSE_US);
    check_equal("it is silent", console(worker), before);
    check("tick goes on", says(tick, 50));
    check("resume", ask(CTL_OP_RESUME, worker) == CTL_OK);
    check("it runs again", becomes(worker, CTL_ZONE_RUNNING));
    check("it speaks again", says(worker, 150));
}

static void type(uint32_t zone, char key)
{
    *(volatile uint32_t *)ctl_slot(&dev, 0)->data = (uint32_t)key;
    ctl_slot(&dev, 0)->size = 1;
    check("type", ask(CTL_OP_CONSOLE_WRITE, zone) == CTL_OK);
    check_equal("one byte was taken", ctl_slot(&dev, 0)->out[0], 1);
}

static void check_own_end(void)
{
    type(worker, 'r');
    check("it resets itself", says(worker, 100) && becomes(worker, CTL_ZONE_RUNNING));
    check_equal("and says so", zone_of(worker).reason, CTL_REASON_RESET);
    type(worker, 'q');
    check("it powers off", becomes(worker, CTL_ZONE_OFF));
    check_equal("by itself", zone_of(worker).reason, CTL_REASON_POWER_OFF);
}

static void check_cycles(void)
{
    uint32_t starts = zone_of(worker).starts, good = 0;

    for (uint32_t i = 0; i < CYCLES; i++) {
        bool held = ask(CTL_OP_START, worker) == CTL_OK && becomes(worker, CTL_ZONE_RUNNING);

        held = held && ask(CTL_OP_RESET, worker) == CTL_OK && becomes(worker, CTL_ZONE_RUNNING);
        held = held && ask(CTL_OP_PAUSE, worker) == CTL_OK && becomes(worker, CTL_ZONE_PAUSED);
        held = held && (i % 2 == 0 || ask(CTL_OP_RESUME, worker) == CTL_OK);
        held = held && ask(CTL_OP_STOP, worker) == CTL_OK && becomes(worker, CTL_ZONE_OFF);
        good += held ? 1 : 0;
    }
    check_equal("lives", good, CYCLES);
    check_equal("starts", zone_of(worker).starts - starts, CYCLES * 2);
    check_equal("operator", zone_of(worker).reason, CTL_REASON_OPERATOR);
}

static void check_refusals(void)
{
    uint32_t self = dev.shared->self;

    check("no request", ask(CTL_OP_NONE, 0) == CTL_ERR_OP);
    check("unknown request", ask(CTL_OP_COUNT, 0) == CTL_ERR_OP);
    check("no zone", ask(CTL_OP_ZONE, dev.shared->zone_count) == CTL_ERR_ZONE);
    check("not itself", ask(CTL_OP_PAUSE, self) == CTL_ERR_DENIED);
    check("no vCPU", ctl_ask(&dev, CTL_OP_STAT, tick, 9) == CTL_ERR_RANGE);
    check("off", ask(CTL_OP_STOP, worker) == CTL_ERR_STATE);
    check("stat", ctl_ask(&dev, CTL_OP_STAT, tick, 0) == CTL_OK);
}

void guest_main(void)
{
    check("there is a control device", ctl_open(&dev));
    worker = ctl_find(&dev, "worker");
    tick = ctl_find(&dev, "tick");
    check_region();
    check_info();
    if (vg_irq_handler(vg_boot()->control_intid, on_interrupt, NULL) >= 0) {
        vg_irq_enable(vg_boot()->control_intid);
        ctl_write(&dev, CTL_MASK, CTL_CAUSE_ALL);
    }
    check_start();
    check_pause();
    check_own_end();
    check_cycles();
    check_refusals();
    check_sum("control");
    (void)ask(CTL_OP_STOP, dev.shared->self);
    vg_delay_us(LONG_US);
    check("zone0 was stopped", false);
}
