/* SPDX-License-Identifier: Apache-2.0 */
/* The machine behind control_double.h; holds no logic of the units under test. */
#include "control_double.h"

#include <stdlib.h>
#include <string.h>

#include "hyp/arch.h"
#include "hyp/core/channel.h"
#include "hyp/core/console.h"
#include "hyp/core/load.h"
#include "hyp/core/pcihost.h"

#define POOL_HPA   UINT64_C(0x60000000)
#define REGION_HPA UINT64_C(0x50000000)

struct control_double control_double;

static struct plan plan;
static struct zone zone_store[DOUBLE_ZONES];
static struct vcpu vcpu_store[DOUBLE_CPUS];
static struct pcpu pcpu_store[DOUBLE_CPUS];
static uint8_t window[SIZE_2M];

const struct plan *the_plan = &plan;
struct zone *zones = zone_store;
struct pcpu *pcpus = pcpu_store;

/* ---- What the device stands on ---- */

uint64_t arch_tick_rate(void)
{
    return DOUBLE_RATE;
}

void arch_virq_set(struct zone *zone, uint32_t intid, bool level)
{
    if (zone->id == OWNER && intid == DOUBLE_INTID) {
        control_double.line = level;
        control_double.line_changes++;
    } else if (intid != zone->plan->vuart_intid) {
        control_double.foreign_lines++;
    }
}

void console_kick(struct zone *zone)
{
    (void)zone;
}

void console_flush(struct zone *zone)
{
    (void)zone;
}

bool console_has_focus(const struct zone *zone)
{
    (void)zone;
    return false;
}

void console_finish(void)
{
    control_double.offs++;
}

bool channel_up(const struct zone *zone)
{
    return zone_state(zone) == ZONE_STARTING;
}

void channel_down(const struct zone *zone)
{
    (void)zone;
}

void pcihost_quiet(const struct zone *zone)
{
    (void)zone;
}

bool load_zone(const struct zone *zone)
{
    (void)zone;
    control_double.loads++;
    return true;
}

/* ---- The machine ---- */

static void plan_fill(void)
{
    static const char *const names[DOUBLE_ZONES] = { "owner", "user", "real" };

    memset(&plan, 0, sizeof(plan));
    plan.cpu_count = DOUBLE_CPUS;
    plan.zone_count = DOUBLE_ZONES;
    for (uint32_t i = 0; i < DOUBLE_ZONES; i++) {
        memcpy(plan.zone[i].name, names[i], strlen(names[i]));
        plan.zone[i].role = i;
        plan.zone[i].console = PLAN_CONSOLE_EMULATED;
        plan.zone[i].vuart_gpa = 0x9000000;
        plan.zone[i].vuart_intid = 33;
    }
    plan.zone[REAL].flags = PLAN_ZONE_MANUAL;
    plan.zone[REAL].console = PLAN_CONSOLE_NONE;
    plan.zone[OWNER].ecam_gpa = 0x80000000;
    plan.zone[OWNER].pci_gpa = 0x80100000;
    plan.zone[OWNER].pci_size = 0x100000;
    plan.region_count = 5;
    plan.region[0] = (struct plan_region){ 0x40000000,      0x40000000, 0x10000000, OWNER,
                                           PLAN_REGION_RAM, 0,          0 };
    plan.region[1] = (struct plan_region){ REGION_HPA, REGION_HPA,          DOUBLE_REGION,
                                           OWNER,      PLAN_REGION_CONTROL, 0,
                                           0 };
    plan.region[2] = (struct plan_region){ POOL_HPA,         POOL_HPA, 0x8000000, OWNER,
                                           PLAN_REGION_POOL, 0,        0 };
    plan.region[3] = (struct plan_region){ 0x40000000, POOL_HPA + SIZE_2M, 0x4000000,
                                           USER,       PLAN_REGION_RAM,    3,
                                           0 };
    plan.region[4] = (struct plan_region){ 0x40000000,      0x70000000, SIZE_2M, REAL,
                                           PLAN_REGION_RAM, 0,          0 };
    plan.control = (struct plan_control){ 2, OWNER, DOUBLE_SLOT, DOUBLE_INTID };
}

static void cpu_fill(uint32_t cpu, uint32_t zone)
{
    struct vcpu *vcpu = &vcpu_store[cpu];

    vcpu->zone = &zones[zone];
    vcpu->cpu = &pcpu_store[cpu];
    vcpu->id = zones[zone].vcpu_count++;
    plan.cpu[cpu] = (struct plan_cpu){ cpu, zone, vcpu->id };
    pcpu_store[cpu] = (struct pcpu){
        .id = cpu, .vcpu = vcpu, .alarm_vuart = UINT64_MAX, .alarm_look = UINT64_MAX
    };
}

static void zones_fill(void)
{
    static const uint32_t owners[DOUBLE_CPUS] = { OWNER, OWNER, USER, USER, REAL };

    memset(zone_store, 0, sizeof(zone_store));
    memset(vcpu_store, 0, sizeof(vcpu_store));
    for (uint32_t i = 0; i < DOUBLE_ZONES; i++) {
        zones[i].id = i;
        zones[i].plan = &plan.zone[i];
    }
    for (uint32_t i = 0; i < DOUBLE_CPUS; i++) {
        cpu_fill(i, owners[i]);
    }
    zones[OWNER].vcpus = &vcpu_store[0];
    zones[USER].vcpus = &vcpu_store[2];
    zones[REAL].vcpus = &vcpu_store[4];
}

void control_double_turn(void)
{
    bool busy = true;

    for (unsigned rounds = 0; busy && rounds < 16; rounds++) {
        busy = false;
        for (uint32_t i = 0; i < DOUBLE_CPUS; i++) {
            fake_arch.self = &pcpu_store[i];
            if ((atomic_exchange(&pcpu_store[i].requests, 0) & REQUEST_LOOK) != 0) {
                busy = true;
                zone_progress(&vcpu_store[i]);
            }
        }
    }
    fake_arch.self = &pcpu_store[0];
}

void control_double_free(void)
{
    free(control_double.region);
    control_double.region = NULL;
}

int control_double_setup(void **state)
{
    (void)state;
    control_double_reset(true);
    return 0;
}

int control_double_teardown(void **state)
{
    (void)state;
    control_double_free();
    return 0;
}

void control_double_reset(bool run)
{
    control_double_free();
    memset(&control_double, 0, sizeof(control_double));
    memset(&fake_arch, 0, sizeof(fake_arch));
    memset(&control, 0, sizeof(control));
    fake_arch.window = window;
    fake_arch.now = 3 * DOUBLE_RATE;
    fake_arch.self = &pcpu_store[0];
    plan_fill();
    zones_fill();
    control_double.region = aligned_alloc(SIZE_2M, 2 * DOUBLE_REGION);
    memset(control_double.region, 0xa5, 2 * DOUBLE_REGION);
    for (uint32_t i = 0; i < DOUBLE_ZONES; i++) {
        vuart_init(&zones[i]);
        vbus_init(&zones[i]);
    }
    control_map(control_double.region);
    control_init();
    if (run) {
        (void)!zone_start(&zones[OWNER]);
        (void)!zone_start(&zones[USER]);
        control_double_turn();
        (void)!vcpu_on(&vcpu_store[3], &(struct vcpu_start){ .pc = 0x40000000 });
        control_double_turn();
    }
}

bool control_double_access(uint32_t vcpu, uint32_t offset, uint32_t *value, bool write)
{
    struct mmio_access access = {
        .offset = DOUBLE_SLOT * 0x1000 + offset, .size = 4, .value = *value, .write = write
    };
    bool good;

    fake_arch.self = &pcpu_store[vcpu];
    good = vbus_regs(&vcpu_store[vcpu], &access);
    fake_arch.self = &pcpu_store[0];
    if (good && !write) {
        *value = (uint32_t)access.value;
    }
    return good;
}

bool control_double_config(uint32_t offset, uint32_t *value, bool write)
{
    struct mmio_access access = {
        .offset = DOUBLE_SLOT * 0x8000 + offset, .size = 4, .value = *value, .write = write
    };
    bool good = vbus_config(&vcpu_store[0], &access);

    if (good && !write) {
        *value = (uint32_t)access.value;
    }
    return good;
}

struct ctl_shared *control_double_shared(void)
{
    return (struct ctl_shared *)(control_double.region + CTL_DAX_HEADER);
}

struct ctl_slot *control_double_slot(uint32_t n)
{
    return (struct ctl_slot *)((uint8_t *)control_double_shared() +
                               control_double_shared()->slot_offset) +
           n;
}

int32_t control_double_ask(uint32_t op, uint32_t zone, uint64_t arg)
{
    struct ctl_slot *slot = control_double_slot(0);
    uint32_t number = 0;

    slot->op = op;
    slot->zone = zone;
    slot->arg[0] = arg;
    slot->size = 0;
    slot->status = INT32_MAX;
    (void)control_double_access(0, CTL_REQUEST, &number, true);
    return slot->status;
}

uint32_t control_double_rd(uint32_t offset)
{
    uint32_t value = 0;

    return control_double_access(0, offset, &value, false) ? value : 0xdeadbeef;
}

void control_double_wr(uint32_t offset, uint32_t value)
{
    if (!control_double_access(0, offset, &value, true)) {
        abort();
    }
}

struct ctl_zone control_double_zone(uint32_t zone)
{
    struct ctl_zone out;

    if (control_double_ask(CTL_OP_ZONE, zone, 0) != CTL_OK ||
        control_double_slot(0)->size != sizeof(out)) {
        abort();
    }
    memcpy(&out, control_double_slot(0)->data, sizeof(out));
    return out;
}
