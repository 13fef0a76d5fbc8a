/* SPDX-License-Identifier: Apache-2.0 */
/* Registers and requests of the control device, by aligned words. Trusts the hypervisor. */
#include <stdbool.h>

#include "tests/guest/ctl.h"
#include "vitrine-guest.h"

bool ctl_open(struct ctl_dev *dev)
{
    const struct boot_info *boot = vg_boot();

    if (boot->size < sizeof(*boot) || boot->control_gpa == 0) {
        return false;
    }
    dev->regs = boot->control_gpa;
    dev->region = ctl_read(dev, CTL_REGION_HIGH) * (UINT64_C(1) << 32) +
                  ctl_read(dev, CTL_REGION_LOW);
    dev->shared = (volatile struct ctl_shared *)(dev->region + CTL_DAX_HEADER);
    return true;
}

uint32_t ctl_read(const struct ctl_dev *dev, uint32_t reg)
{
    return vg_mmio_rd32(dev->regs + reg);
}

void ctl_write(const struct ctl_dev *dev, uint32_t reg, uint32_t value)
{
    __asm__ volatile("dsb sy" ::: "memory"); /* the request is there before it is told of */
    vg_mmio_wr32(dev->regs + reg, value);
}

volatile uint32_t *ctl_word(const struct ctl_dev *dev, uint64_t offset)
{
    return (volatile uint32_t *)(dev->region + CTL_DAX_HEADER + offset);
}

volatile struct ctl_slot *ctl_slot(const struct ctl_dev *dev, uint32_t n)
{
    return (volatile struct ctl_slot *)ctl_word(dev, dev->shared->slot_offset) + n;
}

int32_t ctl_ask(const struct ctl_dev *dev, uint32_t op, uint32_t zone, uint64_t arg)
{
    volatile struct ctl_slot *slot = ctl_slot(dev, 0);

    slot->op = op;
    slot->zone = zone;
    slot->arg[0] = arg;
    slot->status = CTL_NO_STATUS;
    ctl_write(dev, CTL_REQUEST, 0);
    return slot->status;
}

void ctl_answer(const struct ctl_dev *dev, void *to, size_t size)
{
    const volatile uint64_t *from = (const volatile uint64_t *)ctl_slot(dev, 0)->data;
    uint64_t *out = to;

    for (size_t i = 0; i < size / sizeof(*out); i++) {
        out[i] = from[i];
    }
}

uint32_t ctl_state(const struct ctl_dev *dev, uint32_t zone)
{
    struct ctl_zone out;

    if (ctl_ask(dev, CTL_OP_ZONE, zone, 0) != CTL_OK) {
        return CTL_ZONE_NONE;
    }
    ctl_answer(dev, &out, sizeof(out));
    return out.state;
}

static bool is_same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

uint32_t ctl_find(const struct ctl_dev *dev, const char *name)
{
    struct ctl_zone out;

    for (uint32_t i = 0; i < CTL_ZONES && ctl_ask(dev, CTL_OP_ZONE, i, 0) == CTL_OK; i++) {
        ctl_answer(dev, &out, sizeof(out));
        if (is_same(out.name, name)) {
            return i;
        }
    }
    return CTL_ZONES;
}
