/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers, causes and life of the control device. Zone0 may do with registers and region what it
 * likes: the worst that comes of it is zone0's.
 */
#include "hyp/core/control.h"

#include "hyp/arch.h"
#include "hyp/core/assert.h"
#include "hyp/core/string.h"
#include "hyp/core/vio.h"
#include "hyp/core/zone.h"
#include "lib/field.h"

FIELD(LOW32, 0, 32);
FIELD(HIGH32, 32, 32);

struct control control;

static const struct plan_region *plan_region(void)
{
    return &the_plan->region[the_plan->control.region - 1];
}

/* ---- Causes ---- */

static bool control_wants(const struct vbus_fn *fn)
{
    (void)fn;
    return (atomic_load(&control.cause) & atomic_load(&control.mask)) != 0;
}

/* A cause that is set already has been told of, and zone0 has not cleared it yet. */
static bool set_cause(uint32_t cause)
{
    return (atomic_fetch_or(&control.cause, cause) & cause) != cause;
}

bool control_announce(uint32_t cause)
{
    bool is_new = set_cause(cause);

    if (is_new && (atomic_load(&control.mask) & cause) != 0) {
        pcpu_request(control.fn.zone->vcpus[0].cpu, REQUEST_LOOK);
    }
    return is_new;
}

bool control_raise(uint32_t cause)
{
    bool is_new = set_cause(cause);

    if (is_new) {
        vbus_settle(&control.fn);
    }
    return is_new;
}

void control_look(const struct vcpu *vcpu)
{
    if (control.shared && vcpu->zone == control.fn.zone && vcpu->id == 0) {
        vbus_settle(&control.fn);
    }
}

/* ---- Registers ---- */

static uint32_t mask_read(void)
{
    return atomic_load(&control.mask);
}

static uint32_t cause_read(void)
{
    return atomic_load(&control.cause);
}

static uint32_t abi_read(void)
{
    return CTL_VERSION;
}

uint32_t control_features(void)
{
    return CTL_FEATURE_CONSOLES | (the_plan->virtio_count != 0 ? CTL_FEATURE_DEVICES : 0);
}

static uint32_t region_low_read(void)
{
    return (uint32_t)get(LOW32, plan_region()->gpa);
}

static uint32_t region_high_read(void)
{
    return (uint32_t)get(HIGH32, plan_region()->gpa);
}

static uint32_t region_size_read(void)
{
    return (uint32_t)plan_region()->size;
}

static void mask_write(uint32_t value)
{
    atomic_store(&control.mask, value & CTL_CAUSE_ALL);
    vbus_settle(&control.fn);
}

static void cause_write(uint32_t value)
{
    atomic_fetch_and(&control.cause, ~value);
    vbus_settle(&control.fn);
}

/* clang-format off */
const struct control_row control_rows[] = {
    [CTL_MASK / 4] =        { mask_read,        mask_write },
    [CTL_CAUSE / 4] =       { cause_read,       cause_write },
    [CTL_ABI / 4] =         { abi_read,         NULL },
    [CTL_FEATURES / 4] =    { control_features, NULL },
    [CTL_REQUEST / 4] =     { NULL,             control_serve },
    [CTL_SIGNAL / 4] =      { NULL,             vio_signal },
    [CTL_REGION_LOW / 4] =  { region_low_read,  NULL },
    [CTL_REGION_HIGH / 4] = { region_high_read, NULL },
    [CTL_REGION_SIZE / 4] = { region_size_read, NULL },
};
/* clang-format on */
const size_t control_row_count = ARRAY_COUNT(control_rows);

static bool control_regs(struct vbus_fn *fn, struct mmio_access *access)
{
    uint64_t i = access->offset / sizeof(uint32_t);

    (void)fn;
    if (access->size != sizeof(uint32_t)) {
        return false;
    }
    if (!access->write) {
        access->value = i < control_row_count && control_rows[i].read ? control_rows[i].read() : 0;
    } else if (i < control_row_count && control_rows[i].write) {
        control_rows[i].write((uint32_t)access->value);
    }
    return true;
}

/* ---- The server of devices ---- */

/* What is known last is what the register says, though two CPUs of zone0 write at once. */
static bool server_changes(struct vbus_fn *fn, bool *is_there)
{
    bool before;

    lock_take(&fn->lock);
    *is_there = vpci_is_master(&fn->state);
    before = atomic_exchange(&control.has_server, *is_there);
    lock_give(&fn->lock);
    return before != *is_there;
}

/*
 * uio_pci_generic takes bus mastering away when the server's file is closed, however the server
 * ended.
 */
static void control_configured(struct vbus_fn *fn)
{
    bool is_there;

    if (server_changes(fn, &is_there)) {
        if (!is_there) {
            vio_server_gone();
        }
        control_event(&(struct ctl_event){
            .kind = CTL_EVENT_SERVER, .zone = fn->zone->id, .value = is_there });
    }
}

static const struct vbus_ops control_vbus_ops = { control_regs, control_wants, control_configured };

/* ---- Life ---- */

void control_map(void *region)
{
    control.region = region;
}

void control_init(void)
{
    const struct plan_control *plan = &the_plan->control;
    struct zone *zone = &zones[plan->zone];

    if (plan->region == 0) {
        return;
    }
    ASSERT(control.region);
    control.fn.ops = &control_vbus_ops;
    control.fn.zone = zone;
    control.fn.intid = plan->intid;
    control.fn.id = (struct vpci_id){
        .vendor = CTL_PCI_VENDOR,
        .device = CTL_PCI_DEVICE,
        .class_code = CTL_PCI_CLASS,
        .has_interrupt = true,
        .bar = { { zone->plan->pci_gpa + plan->slot * PLAN_PCI_REGS_SIZE, PLAN_PCI_REGS_SIZE } },
    };
    vbus_add(&control.fn, plan->slot);
    memset(control.region, 0, plan_region()->size);
    control_lay_out();
}

static bool is_in_control(const struct zone *zone)
{
    return control.shared && zone == control.fn.zone;
}

/* No interrupt of the run before, and none until zone0 asks for it. */
static void control_reset(void)
{
    atomic_store(&control.mask, 0);
    atomic_store(&control.cause, 0);
    vbus_reset(&control.fn);
    control_configured(&control.fn);
}

void control_up(const struct zone *zone)
{
    if (is_in_control(zone)) {
        control_describe();
        control_reset();
    }
}

void control_down(const struct zone *zone)
{
    if (is_in_control(zone)) {
        control_reset();
    }
}
