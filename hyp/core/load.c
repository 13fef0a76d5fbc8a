/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a zone's memory into its pristine state: everything zero but the images of the plan. Done
 * through this CPU's window, cleaned to the point of coherency because guests start uncached.
 */
#include "hyp/core/load.h"

#include "hyp/arch.h"
#include "hyp/core/string.h"
#include "hyp/core/zone.h"

static const uint8_t *boot_image;

void load_init(const void *image)
{
    boot_image = image;
}

/* Copies the part of one image that falls into the 2 MiB block at guest address `at`. */
static void copy_part(uint8_t *block, uint64_t at, const struct plan_image *image)
{
    uint64_t from = image->gpa > at ? image->gpa : at;
    uint64_t image_end = image->gpa + image->size, block_end = at + SIZE_2M;
    uint64_t end = image_end < block_end ? image_end : block_end;

    if (from < end) {
        memcpy(block + (from - at), boot_image + image->offset + (from - image->gpa), end - from);
    }
}

/* Memory to be made pristine: zeros, then what images of the zone lie in it. */
struct part {
    uint64_t gpa, hpa, size; /* aligned to 2 MiB, or to the size if that is less */
    bool has_images;
};

static void load_block(const struct zone *zone, const struct part *part)
{
    uint8_t *block = arch_window_map(hpa(part->hpa));

    memset(block, 0, part->size);
    for (uint32_t i = 0; i < the_plan->image_count; i++) {
        if (part->has_images && the_plan->image[i].zone == zone->id) {
            copy_part(block, part->gpa, &the_plan->image[i]);
        }
    }
    arch_cache_clean(block, part->size);
    arch_window_unmap();
}

static bool load_part(const struct zone *zone, const struct part *part)
{
    struct part block = *part;

    block.size = part->size < SIZE_2M ? part->size : SIZE_2M;
    for (uint64_t done = 0; done < part->size; done += block.size) {
        if (!run_meanwhile() || zone_state(zone) != ZONE_STARTING) {
            return false;
        }
        block.gpa = part->gpa + done;
        block.hpa = part->hpa + done;
        load_block(zone, &block);
    }
    return true;
}

bool load_scrub(const struct zone *zone, hpa_t at, uint64_t size)
{
    return load_part(zone, &(struct part){ 0, at.v, size, false });
}

bool load_zone(const struct zone *zone)
{
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        const struct plan_region *region = &the_plan->region[i];

        if (region->zone != zone->id || region->kind != PLAN_REGION_RAM) {
            continue;
        }
        if (!load_part(zone, &(struct part){ region->gpa, region->hpa, region->size, true })) {
            return false;
        }
    }
    arch_insn_sync();
    return true;
}
