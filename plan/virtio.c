/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio devices of zones: their names and kinds from the plan, their registers and interrupts in
 * the zone, and their nodes in its device tree.
 */
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/dtb.h"

#define QUEUE_SIZE 256u /* that a server may offer at most */
#define SPI_FIRST  32u

static const struct {
    uint32_t type;
    uint32_t each, more; /* queues of one `queues`, and those beside them */
} kinds[] = {
    [SPEC_VIRTIO_BLK] = { PLAN_VIRTIO_BLK, 1, 0 },
    [SPEC_VIRTIO_NET] = { PLAN_VIRTIO_NET, 2, 1 }, /* with more than a pair, one for control */
    [SPEC_VIRTIO_CONSOLE] = { PLAN_VIRTIO_CONSOLE, 2, 0 },
    [SPEC_VIRTIO_RNG] = { PLAN_VIRTIO_RNG, 1, 0 },
};

static void device_read(struct compile *c, uint32_t zone, const struct spec_virtio *spec,
                        unsigned line)
{
    struct plan_virtio *out = &c->plan.virtio[c->plan.virtio_count];
    uint32_t queues = spec->queues == NULL ? 1 : *spec->queues;
    size_t length = strlen(spec->name);

    if (length >= PLAN_NAME_SIZE) {
        error_add(&c->errors, line,
                  "device '%.60s': the name is longer than %u characters; remedy: shorten it "
                  "[virtio-name]",
                  spec->name, PLAN_NAME_SIZE - 1);
        length = PLAN_NAME_SIZE - 1;
    }
    memcpy(out->name, spec->name, length);
    out->zone = zone;
    out->type = kinds[spec->type].type;
    out->queue_max = QUEUE_SIZE;
    out->queue_count = queues <= PLAN_VIRTIO_QUEUES ? queues * kinds[spec->type].each +
                                                          (queues > 1 ? kinds[spec->type].more : 0)
                                                    : queues;
    c->virtio_line[c->plan.virtio_count++] = line;
}

void virtio_read(struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        const struct spec_zone *spec = &c->spec->zones[zone];

        for (uint32_t i = 0; i < spec->virtio_count; i++) {
            unsigned line = source_line(&c->source, "zones/%u/virtio/%u", zone, i);

            if (c->plan.virtio_count == PLAN_MAX_VIRTIO) {
                error_add(&c->errors, line,
                          "more than %u virtio devices; remedy: give fewer [virtio-count]",
                          PLAN_MAX_VIRTIO);
                return;
            }
            device_read(c, zone, &spec->virtio[i], line);
        }
    }
}

/* Behind everything else of the zone: nothing that comes later takes addresses or interrupts. */
void virtio_place(struct compile *c)
{
    struct plan *p = &c->plan;
    uint32_t intid = SPI_FIRST, count = 0;
    uint64_t at = 0;

    for (uint32_t i = 0; i < p->virtio_count; i++) {
        struct plan_virtio *device = &p->virtio[i];

        if (i == 0 || device[-1].zone != device->zone) {
            intid = SPI_FIRST;
            for (count = 0; i + count < p->virtio_count; count++) {
                if (device[count].zone != device->zone) {
                    break;
                }
            }
            at = guest_place(p, device->zone, count * PLAN_VIRTIO_SIZE, SIZE_2M);
        }
        device->gpa = at;
        device->intid = guest_line(p, device->zone, &intid);
        at += PLAN_VIRTIO_SIZE;
    }
}

void tree_put_virtio(struct tree *t)
{
    const struct plan *p = &t->c->plan;

    for (uint32_t i = 0; i < p->virtio_count; i++) {
        const struct plan_virtio *device = &p->virtio[i];
        const uint32_t interrupts[] = { 0, device->intid - 32, 4 }; /* SPI, level */
        char name[NAME_ROOM];

        if (device->zone != t->zone) {
            continue;
        }
        snprintf(name, sizeof(name), "virtio_mmio@%llx", (unsigned long long)device->gpa);
        tree_begin(t, name);
        tree_text(t, "compatible", "virtio,mmio");
        tree_text(t, "label", device->name);
        tree_reg(t, &(struct range){ device->gpa, PLAN_VIRTIO_SIZE }, 1);
        tree_cells(t, "interrupts", interrupts, 3);
        tree_bytes(t, "dma-coherent", NULL, 0);
        tree_end(t);
    }
}
