/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life cycle of zones and vCPUs. A state is changed by compare-and-swap from any CPU; everything
 * that takes time is done by the CPU of the zone's vCPU 0 in zone_progress(), so that nobody waits.
 */
#include "hyp/core/zone.h"

#include "hyp/arch.h"
#include "hyp/core/channel.h"
#include "hyp/core/console.h"
#include "hyp/core/control.h"
#include "hyp/core/exits.h"
#include "hyp/core/load.h"
#include "hyp/core/log.h"
#include "hyp/core/pause.h"
#include "hyp/core/pcihost.h"
#include "hyp/core/vio.h"
#include "lib/field.h"

/* zone->state: the state, and in ZONE_STOPPING why, in one word so that both change at once. */
FIELD(ZSTATE, 0, 8);
FIELD(ZREASON, 8, 8);

static const char *const reason_names[STOP_REASON_COUNT] = {
    [STOP_NONE] = "none",         [STOP_POWER_OFF] = "power off", [STOP_RESET] = "reset",
    [STOP_OPERATOR] = "operator", [STOP_SERROR] = "abort",        [STOP_FAULT] = "fault",
    [STOP_DEVICE] = "device",
};

static const char *const state_names[] = {
    [ZONE_OFF] = "off",
    [ZONE_STARTING] = "starting",
    [ZONE_RUNNING] = "running",
    [ZONE_STOPPING] = "stopping",
};

const char *zone_state_name(enum zone_state state)
{
    return state < ARRAY_COUNT(state_names) ? state_names[state] : "?";
}

enum zone_state zone_state(const struct zone *zone)
{
    return (enum zone_state)get(ZSTATE, atomic_load(&zone->state));
}

const char *zone_reason_name(enum stop_reason reason)
{
    return reason < STOP_REASON_COUNT ? reason_names[reason] : "?";
}

void pcpu_request(struct pcpu *cpu, uint32_t bits)
{
    atomic_fetch_or(&cpu->requests, bits);
    if (cpu != arch_cpu_this()) {
        arch_ipi_send(cpu);
    }
}

void pcpu_look_at(struct pcpu *cpu, uint64_t when)
{
    if (when < cpu->alarm_look) {
        cpu->alarm_look = when;
        arch_alarm_set(pcpu_alarm(cpu));
    }
}

void zone_look(const struct zone *zone)
{
    for (uint32_t i = 0; i < zone->vcpu_count; i++) {
        pcpu_request(zone->vcpus[i].cpu, REQUEST_LOOK);
    }
}

enum err vcpu_on(struct vcpu *vcpu, const struct vcpu_start *start)
{
    uint32_t expected = VCPU_OFF;

    if (zone_state(vcpu->zone) != ZONE_RUNNING || atomic_load(&vcpu->cpu->absent)) {
        return ERR_DENIED;
    }
    if (!atomic_compare_exchange_strong(&vcpu->state, &expected, VCPU_ON_PENDING)) {
        return ERR_BUSY;
    }
    atomic_fetch_add(&vcpu->zone->running, 1);
    vcpu->start = *start;
    atomic_store(&vcpu->state, VCPU_READY);
    pcpu_request(vcpu->cpu, REQUEST_LOOK);
    return OK;
}

/* The vCPU has left the guest for good; what follows from that is for vCPU 0's CPU. */
static void leave(struct vcpu *vcpu)
{
    struct zone *zone = vcpu->zone;

    arch_vcpu_unload(vcpu);
    pause_leave(zone);
    vcpu->holds = 0;
    atomic_store(&vcpu->state, VCPU_OFF);
    pause_left(zone);
    if (atomic_fetch_sub(&zone->running, 1) == 1) {
        pcpu_request(zone->vcpus[0].cpu, REQUEST_LOOK);
    }
}

void vcpu_off(struct vcpu *vcpu)
{
    leave(vcpu);
}

static void vcpu_begin(struct vcpu *vcpu)
{
    arch_vcpu_reset(vcpu, &vcpu->start);
    arch_vcpu_load(vcpu);
    atomic_store(&vcpu->state, vcpu->holds == 0 ? VCPU_ON : VCPU_HELD);
}

void vcpu_hold(struct vcpu *vcpu, uint32_t why)
{
    vcpu->holds |= why;
    if (atomic_load(&vcpu->state) == VCPU_ON) {
        atomic_store(&vcpu->state, VCPU_HELD);
        pcpu_request(vcpu->cpu, REQUEST_LOOK); /* else a fast exit goes back to the guest */
    }
}

void vcpu_release(struct vcpu *vcpu, uint32_t why)
{
    vcpu->holds &= ~why;
    if (vcpu->holds == 0 && atomic_load(&vcpu->state) == VCPU_HELD) {
        atomic_store(&vcpu->state, VCPU_ON);
    }
}

enum err zone_start(struct zone *zone)
{
    uint32_t expected = ZONE_OFF;

    if (atomic_load(&zone->vcpus[0].cpu->absent)) {
        return ERR_NONE;
    }
    if (vio_is_busy(zone)) {
        return ERR_BUSY;
    }
    if (!atomic_compare_exchange_strong(&zone->state, &expected, ZONE_STARTING)) {
        return ERR_BUSY;
    }
    control_changed(zone);
    pcpu_request(zone->vcpus[0].cpu, REQUEST_LOOK);
    return OK;
}

/* The first reason stays, but that the operator can end a zone which is resetting itself. */
static bool may_stop(uint32_t state, enum stop_reason why)
{
    switch ((enum zone_state)get(ZSTATE, state)) {
    case ZONE_STARTING:
    case ZONE_RUNNING: return true;
    case ZONE_STOPPING: return why == STOP_OPERATOR && get(ZREASON, state) == STOP_RESET;
    case ZONE_OFF:
    default: return false;
    }
}

void zone_stop(struct zone *zone, enum stop_reason why)
{
    uint32_t stopping = (uint32_t)(put(ZSTATE, ZONE_STOPPING) | put(ZREASON, why));
    uint32_t state = atomic_load(&zone->state);

    while (may_stop(state, why)) {
        if (atomic_compare_exchange_weak(&zone->state, &state, stopping)) {
            control_changed(zone);
            zone_look(zone);
            return;
        }
    }
}

/* Nothing but the CPUs can reach the zone's memory when it returns true. */
static bool quiet_devices(struct zone *zone)
{
    pcihost_quiet(zone);
    if (arch_iommu_detach(zone) != OK) {
        LOG(LOG_ERROR, "IOMMU does not answer: the zone cannot start again", LOG_ZONE(zone));
        return false;
    }
    return true;
}

/* On vCPU 0's CPU, with no vCPU running: make everything pristine and begin. */
static void start_now(struct zone *zone)
{
    struct vcpu *boot = &zone->vcpus[0];
    uint32_t expected = ZONE_STARTING;

    /* Who looked in zone_start() may have been slow: the zone has run and stopped since. */
    if (vio_is_busy(zone)) {
        zone_stop(zone, STOP_DEVICE);
        pcpu_request(boot->cpu, REQUEST_LOOK);
        return;
    }
    if (!quiet_devices(zone)) {
        zone_stop(zone, STOP_FAULT);
        pcpu_request(boot->cpu, REQUEST_LOOK);
        return;
    }
    if (!load_zone(zone)) {
        pcpu_request(boot->cpu, REQUEST_LOOK); /* stopped meanwhile: zone_progress() again */
        return;
    }
    arch_virq_reset(zone);
    vuart_reset(zone);
    vio_up(zone);
    arch_s2_flush(zone);
    if (!channel_up(zone)) {
        pcpu_request(boot->cpu, REQUEST_LOOK);
        return;
    }
    if (arch_iommu_attach(zone) != OK) {
        LOG(LOG_ERROR, "IOMMU does not answer: devices stay blocked", LOG_ZONE(zone));
    }
    control_up(zone);
    pause_reset(zone);
    exits_clear(zone);
    zone->starts++;
    boot->start = (struct vcpu_start){
        .pc = zone->plan->entry,
        .arg0 = zone->plan->dtb,
        .arg1 = zone->plan->boot_info,
    };
    if (log_budget_take(&zone->log_budget, zone)) {
        LOG(LOG_INFO, "zone starts", LOG_ZONE(zone), LOG_DEC("count", zone->starts));
    }
    atomic_store(&zone->running, 1);
    atomic_store(&boot->state, VCPU_READY);
    if (!atomic_compare_exchange_strong(&zone->state, &expected, ZONE_RUNNING)) {
        /* Stopped while it was loaded: zone_progress() sees that next. */
        pcpu_request(boot->cpu, REQUEST_LOOK);
        return;
    }
    control_changed(zone);
}

/* Two zones may be the last at once: one CPU says so and drains the consoles. */
static void power_off(void)
{
    static _Atomic bool begun;

    if (!atomic_exchange(&begun, true)) {
        LOG0(LOG_INFO, "all zones are off: the machine powers off");
        console_finish();
        arch_machine_off();
        atomic_store(&begun, false); /* the firmware refused */
    }
}

/* On vCPU 0's CPU: all vCPUs have left. Nothing is done before servers have let go of the zone. */
static void stopped(struct zone *zone)
{
    uint32_t state = atomic_load(&zone->state);
    enum vio_quiet devices = vio_down(zone);
    enum stop_reason why;
    uint32_t next;

    if (devices == VIO_WAITS) {
        return;
    }
    /* First: others use again what its devices could write, once they hear that it has gone. */
    (void)quiet_devices(zone);
    channel_down(zone);
    control_down(zone);
    arch_virq_reset(zone);
    do { /* the operator may still turn a reset into a stop */
        why = devices == VIO_LATE ? STOP_DEVICE : (enum stop_reason)get(ZREASON, state);
        next = why == STOP_RESET ? ZONE_STARTING : ZONE_OFF;
    } while (!atomic_compare_exchange_weak(&zone->state, &state, next));
    zone->reason = why;
    control_changed(zone);
    /* A zone can reset itself without end, but it can end only once. */
    if (why != STOP_RESET || log_budget_take(&zone->log_budget, zone)) {
        LOG(LOG_INFO, "zone stopped", LOG_ZONE(zone), LOG_STR("reason", zone_reason_name(why)));
    }
    if (why != STOP_RESET && zone_all_off()) {
        power_off();
    }
}

void zone_progress(struct vcpu *vcpu)
{
    struct zone *zone = vcpu->zone;

    vio_progress(vcpu);
    if (zone_state(zone) == ZONE_STOPPING && atomic_load(&vcpu->state) != VCPU_OFF &&
        atomic_load(&vcpu->state) != VCPU_ON_PENDING) {
        leave(vcpu);
    }
    if (vcpu->id == 0 && atomic_load(&zone->running) == 0) {
        if (zone_state(zone) == ZONE_RUNNING) {
            /* No vCPU is left that could turn another one on: the zone has ended itself. */
            zone_stop(zone, STOP_POWER_OFF);
        }
        if (zone_state(zone) == ZONE_STOPPING) {
            stopped(zone);
        }
        if (zone_state(zone) == ZONE_STARTING) {
            start_now(zone);
        }
    }
    if (zone_state(zone) == ZONE_RUNNING && atomic_load(&vcpu->state) == VCPU_READY) {
        vcpu_begin(vcpu);
    }
    pause_look(vcpu);
    control_look(vcpu);
}

bool zone_all_off(void)
{
    for (uint32_t i = 0; i < the_plan->zone_count; i++) {
        if (zone_state(&zones[i]) != ZONE_OFF) {
            return false;
        }
    }
    return true;
}

bool zone_ram_find(const struct zone *zone, gpa_t at, uint64_t size, hpa_t *out)
{
    if (!range_is_valid(at.v, size)) {
        return false;
    }
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        const struct plan_region *region = &the_plan->region[i];

        if (region->zone == zone->id && region->kind == PLAN_REGION_RAM &&
            range_contains(region->gpa, region->size, at.v, size)) {
            *out = hpa(region->hpa + (at.v - region->gpa));
            return true;
        }
    }
    return false;
}
