/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests of zone0, by a table. A request is copied once, and the copy checked; what is asked for
 * is begun, never waited for. Any bytes are answered, with a line of the log when it is by a no.
 */
#include "hyp/arch.h"
#include "hyp/core/control.h"
#include "hyp/core/exits.h"
#include "hyp/core/log.h"
#include "hyp/core/pause.h"
#include "hyp/core/string.h"
#include "hyp/core/vio.h"
#include "hyp/core/vuart.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

#define BUILD "vitrine 0.1"

_Static_assert(EXITS_COUNT <= CTL_STAT_EXITS, "all classes are told");
_Static_assert(PLAN_MAX_REGIONS * sizeof(struct ctl_memory) <= CTL_DATA_SIZE, "all are told");

/* Appends to the answer; it fits by what the assertions above say. */
static void answer(struct control_request *r, const void *bytes, uint32_t size)
{
    if (size <= CTL_DATA_SIZE - r->answered) {
        memcpy(r->slot->data + r->answered, bytes, size);
        r->answered += size;
    }
}

/* Up to its end, or to `size`; the rest stays 0. */
static void copy_text(char *to, const char *from, size_t size)
{
    for (size_t i = 0; i + 1 < size && from[i] != 0; i++) {
        to[i] = from[i];
    }
}

/* ---- What there is ---- */

/* The n-th pool of the plan, by which ctl_memory.pool counts; NULL: there are fewer. */
static const struct plan_region *pool_at(uint32_t n)
{
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        if (the_plan->region[i].kind == PLAN_REGION_POOL && n-- == 0) {
            return &the_plan->region[i];
        }
    }
    return NULL;
}

static enum ctl_status on_info(struct control_request *r)
{
    struct ctl_info info = { .version = CTL_VERSION,
                             .features = control_features(),
                             .zone_count = the_plan->zone_count,
                             .cpu_count = the_plan->cpu_count,
                             .log_level = log_get_level(),
                             .now = control_ns(arch_now()) };
    const struct plan_region *pool;

    for (uint32_t i = 0; i < ARRAY_COUNT(info.pool) && (pool = pool_at(i)) != NULL; i++) {
        info.pool[i].gpa = pool->gpa;
        info.pool[i].size = pool->size;
        info.pool_count++;
    }
    copy_text(info.build, BUILD, sizeof(info.build));
    answer(r, &info, sizeof(info));
    return CTL_OK;
}

static void add_memory(const struct zone *zone, struct ctl_zone *out)
{
    out->flags |= CTL_ZONE_FLAG_PRIVATE;
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        const struct plan_region *region = &the_plan->region[i];

        if (region->zone == zone->id && region->kind == PLAN_REGION_RAM) {
            out->memory += region->size;
            out->flags &= region->pool != 0 ? ~CTL_ZONE_FLAG_PRIVATE : UINT32_MAX;
        }
    }
}

static enum ctl_status on_zone(struct control_request *r)
{
    const struct zone *zone = r->zone;
    struct ctl_zone out = { .role = zone->plan->role,
                            .state = control_state(zone),
                            .reason = (uint32_t)zone->reason,
                            .starts = zone->starts,
                            .vcpu_count = zone->vcpu_count,
                            .vcpus_on = atomic_load(&zone->running),
                            .faults = atomic_load(&zone->faults),
                            .since = control_ns(control.since[zone->id]) };

    copy_text(out.name, zone->plan->name, sizeof(out.name));
    if (zone->plan->console == PLAN_CONSOLE_EMULATED) {
        out.flags |= CTL_ZONE_FLAG_CONSOLE;
    }
    for (uint32_t i = 0; i < the_plan->cpu_count; i++) {
        out.cpus |= the_plan->cpu[i].zone == zone->id ? BIT64(i) : 0;
    }
    add_memory(zone, &out);
    answer(r, &out, sizeof(out));
    return CTL_OK;
}

static void add_pool(const struct plan_region *region, struct ctl_memory *out)
{
    const struct plan_region *own = &the_plan->region[region->pool - 1], *pool;

    for (uint32_t i = 0; (pool = pool_at(i)) != NULL; i++) {
        if (pool == own) {
            out->pool = i;
            out->offset = region->hpa - pool->hpa;
            return;
        }
    }
}

static enum ctl_status on_memory(struct control_request *r)
{
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        const struct plan_region *region = &the_plan->region[i];
        struct ctl_memory out = { .gpa = region->gpa, .size = region->size, .pool = UINT32_MAX };

        if (region->zone != r->zone->id || region->kind != PLAN_REGION_RAM) {
            continue;
        }
        if (region->pool != 0) {
            add_pool(region, &out);
        }
        answer(r, &out, sizeof(out));
    }
    return CTL_OK;
}

/* The vCPU's own CPU writes the counters meanwhile. */
static enum ctl_status on_stat(struct control_request *r)
{
    const struct vcpu *vcpu;
    const volatile uint64_t *exits;
    struct ctl_stat out = { .exit_count = EXITS_COUNT };

    if (r->arg[0] >= r->zone->vcpu_count) {
        return CTL_ERR_RANGE;
    }
    vcpu = &r->zone->vcpus[r->arg[0]];
    exits = vcpu->exits;
    out.state = atomic_load(&vcpu->state) == VCPU_OFF ? 0 : 1;
    out.cpu = vcpu->cpu->id;
    for (uint32_t i = 0; i < EXITS_COUNT; i++) {
        /* The first letter is the kind of a log_arg. */
        copy_text(out.exit[i].name, exits_name((enum exit_class)i) + 1, sizeof(out.exit[i].name));
        out.exit[i].count = exits[i];
    }
    answer(r, &out, sizeof(out));
    return CTL_OK;
}

/* ---- What zones are to do ---- */

static enum ctl_status on_start(struct control_request *r)
{
    switch (zone_start(r->zone)) {
    case OK: return CTL_OK;
    case ERR_NONE: return CTL_ERR_FULL;
    case ERR_BUSY: return zone_state(r->zone) == ZONE_OFF ? CTL_ERR_BUSY : CTL_ERR_STATE;
    case ERR_INVALID:
    case ERR_RANGE:
    case ERR_FULL:
    case ERR_DENIED:
    default: return CTL_ERR_STATE;
    }
}

static enum ctl_status on_stop(struct control_request *r)
{
    if (zone_state(r->zone) == ZONE_OFF) {
        return CTL_ERR_STATE;
    }
    zone_stop(r->zone, STOP_OPERATOR);
    return CTL_OK;
}

static enum ctl_status on_reset(struct control_request *r)
{
    enum zone_state state = zone_state(r->zone);

    if (state != ZONE_RUNNING && state != ZONE_STARTING) {
        return state == ZONE_OFF ? CTL_ERR_STATE : CTL_ERR_BUSY;
    }
    zone_stop(r->zone, STOP_RESET);
    return CTL_OK;
}

static enum ctl_status status_of(enum err err)
{
    if (err == OK) {
        return CTL_OK;
    }
    return err == ERR_BUSY ? CTL_ERR_BUSY : CTL_ERR_STATE;
}

/* Zone0 could never resume itself. */
static enum ctl_status on_pause(struct control_request *r)
{
    if (r->zone == r->vcpu->zone) {
        return CTL_ERR_DENIED;
    }
    return status_of(pause_zone(r->zone));
}

static enum ctl_status on_resume(struct control_request *r)
{
    return status_of(pause_resume(r->zone));
}

/* ---- Devices of zones ---- */

static void tell_device(uint64_t device, enum bridge_state state)
{
    control_event(&(struct ctl_event){ .kind = CTL_EVENT_DEVICE,
                                       .zone = the_plan->virtio[device].zone,
                                       .value = (uint32_t)device,
                                       .detail = (uint32_t)state });
}

/* Who ends while it attaches was seen to have gone either before or after that. */
static enum ctl_status on_attach(struct control_request *r)
{
    enum ctl_status status = CTL_ERR_STATE;

    if (atomic_load(&control.has_server)) {
        status = vio_attach(r->arg[0]);
    }
    if (status == CTL_OK && !atomic_load(&control.has_server)) {
        vio_server_gone();
        status = CTL_ERR_STATE;
    }
    if (status == CTL_OK) {
        tell_device(r->arg[0], BRIDGE_IDLE);
    }
    return status;
}

static enum ctl_status on_detach(struct control_request *r)
{
    enum ctl_status status = vio_detach(r->arg[0]);

    if (status == CTL_OK) {
        tell_device(r->arg[0], BRIDGE_NO_SERVER);
    }
    return status;
}

/* ---- The rest ---- */

/* The bytes are copied once; what they are is for the zone. */
static enum ctl_status on_console_write(struct control_request *r)
{
    uint8_t bytes[VUART_RX_SIZE];
    uint32_t size = r->size < sizeof(bytes) ? r->size : (uint32_t)sizeof(bytes);

    if (r->size > CTL_DATA_SIZE || r->zone->plan->console != PLAN_CONSOLE_EMULATED) {
        return CTL_ERR_INVALID;
    }
    if (zone_state(r->zone) != ZONE_RUNNING) {
        return CTL_ERR_STATE;
    }
    memcpy(bytes, r->slot->data, size);
    r->out[0] = vuart_type(r->zone, bytes, size);
    return CTL_OK;
}

static enum ctl_status on_log_level(struct control_request *r)
{
    r->out[0] = log_get_level();
    if (r->arg[0] == UINT64_MAX) {
        return CTL_OK;
    }
    if (r->arg[0] >= LOG_LEVEL_COUNT) {
        return CTL_ERR_INVALID;
    }
    log_set_level((enum log_level)r->arg[0]);
    return CTL_OK;
}

/* clang-format off */
const struct control_op control_ops[CTL_OP_COUNT] = {
    [CTL_OP_NONE] =          { NULL,             false },
    [CTL_OP_INFO] =          { on_info,          false },
    [CTL_OP_ZONE] =          { on_zone,          true },
    [CTL_OP_START] =         { on_start,         true },
    [CTL_OP_STOP] =          { on_stop,          true },
    [CTL_OP_RESET] =         { on_reset,         true },
    [CTL_OP_PAUSE] =         { on_pause,         true },
    [CTL_OP_RESUME] =        { on_resume,        true },
    [CTL_OP_CONSOLE_WRITE] = { on_console_write, true },
    [CTL_OP_LOG_LEVEL] =     { on_log_level,     false },
    [CTL_OP_STAT] =          { on_stat,          true },
    [CTL_OP_MEMORY] =        { on_memory,        true },
    [CTL_OP_ATTACH] =        { on_attach,        false },
    [CTL_OP_DETACH] =        { on_detach,        false },
    [CTL_OP_CREATE] =        { NULL,             false },
    [CTL_OP_DESTROY] =       { NULL,             true },
};
/* clang-format on */

/* Each field is read once: zone0's other CPUs may write meanwhile. */
static void request_copy(struct control_request *r)
{
    const volatile struct ctl_slot *from = r->slot;

    r->op = from->op;
    r->size = from->size;
    for (unsigned i = 0; i < ARRAY_COUNT(r->arg); i++) {
        r->arg[i] = from->arg[i];
    }
}

static enum ctl_status request_do(struct control_request *r, uint32_t zone)
{
    const struct control_op *op = &control_ops[r->op < CTL_OP_COUNT ? r->op : CTL_OP_NONE];

    if (!op->fn) {
        return CTL_ERR_OP;
    }
    if (op->has_zone) {
        if (zone >= the_plan->zone_count) {
            return CTL_ERR_ZONE;
        }
        r->zone = &zones[zone];
    }
    return op->fn(r);
}

static void refuse(const struct control_request *r, uint32_t zone, enum ctl_status status)
{
    if (log_guest(r->vcpu)) {
        LOG(LOG_WARN, "control request refused", LOG_ZONE(r->vcpu->zone), LOG_DEC("op", r->op),
            LOG_DEC("about", zone), LOG_DEC("error", -(int32_t)status));
    }
}

void control_serve(uint32_t slot)
{
    struct control_request r = { .vcpu = arch_cpu_this()->vcpu };
    enum ctl_status status;
    uint32_t zone;

    if (slot >= CTL_SLOTS) {
        refuse(&r, slot, CTL_ERR_RANGE);
        return;
    }
    r.slot = (struct ctl_slot *)((uint8_t *)control.shared + CONTROL_SLOTS) + slot;
    zone = *(const volatile uint32_t *)&r.slot->zone;
    request_copy(&r);
    status = request_do(&r, zone);
    if (status != CTL_OK) {
        refuse(&r, zone, status);
    }
    r.slot->out[0] = r.out[0];
    r.slot->out[1] = r.out[1];
    r.slot->size = r.answered;
    __atomic_store_n(&r.slot->status, (int32_t)status, __ATOMIC_RELEASE);
}
