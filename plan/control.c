/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zone0's control region and its pools of memory for other zones: their sizes and names, who lies
 * in which pool, and where zone0 sees them.
 */
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

#define CONTROL_SIZE SIZE_2M /* when the plan does not say */

/* One more range of memory of a zone, behind those that `memory` lists. */
static struct zone_memory *memory_new(struct compile *c, uint32_t zone, struct origin origin)
{
    struct zone_memory *memory = &c->zone[zone].memory[c->zone[zone].memory_count++];

    memory->origin = origin;
    return memory;
}

static void region_read(struct compile *c, uint32_t zone)
{
    const struct spec_control *spec = c->spec->zones[zone].control;
    unsigned line = source_line(&c->source, "zones/%u/control", zone);
    struct zone_memory *memory = memory_new(c, zone, (struct origin){ line, "control region" });

    memory->kind = PLAN_REGION_CONTROL;
    memory->size = CONTROL_SIZE;
    memory->is_ok = spec->memory == NULL || size_field(c, spec->memory, &memory->size, line);
    if (c->plan.control.region != 0) {
        error_add(&c->errors, line,
                  "zone '%s': there is a control device already; remedy: `control` in zone0 only "
                  "[control-zone]",
                  c->plan.zone[zone].name);
        memory->is_ok = false;
        return;
    }
    c->plan.let_go_ms = spec->let_go == NULL ? 0 : *spec->let_go;
    c->plan.control.zone = zone;
    c->plan.control.region = PLAN_MAX_REGIONS + 1; /* it has no place yet */
}

static void pool_read(struct compile *c, uint32_t zone, uint32_t i)
{
    const struct spec_pool *spec = &c->spec->zones[zone].pools[i];
    unsigned line = source_line(&c->source, "zones/%u/pools/%u", zone, i);
    const char *what = arena_printf(&c->arena, "pool '%.60s'", spec->name);
    struct zone_memory *memory = memory_new(c, zone, (struct origin){ line, what });

    memory->kind = PLAN_REGION_POOL;
    memory->is_ok = size_field(c, spec->size, &memory->size, line);
    if (spec->base != NULL) {
        memory->has_base = true;
        memory->is_ok = size_field(c, spec->base, &memory->base, line) && memory->is_ok;
    }
}

static void pools_read(struct compile *c, uint32_t zone)
{
    const struct spec_zone *spec = &c->spec->zones[zone];

    if (spec->pools_count > PLAN_MAX_POOLS) {
        error_add(&c->errors, source_line(&c->source, "zones/%u/pools", zone),
                  "zone '%s': %u pools; remedy: at most %u [pool-count]", c->plan.zone[zone].name,
                  spec->pools_count, PLAN_MAX_POOLS);
        return;
    }
    for (uint32_t i = 0; i < spec->pools_count; i++) {
        pool_read(c, zone, i);
    }
}

/* The pool of this name; NULL: there is none, or two. */
static struct zone_memory *pool_find(struct compile *c, const char *name)
{
    struct zone_memory *found = NULL;

    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        const struct spec_zone *spec = &c->spec->zones[zone];
        uint32_t count = spec->pools_count <= PLAN_MAX_POOLS ? spec->pools_count : 0;

        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(spec->pools[i].name, name) == 0) {
                if (found != NULL) {
                    return NULL;
                }
                found = &c->zone[zone].memory[c->zone[zone].memory_count - count + i];
            }
        }
    }
    return found;
}

/* Which of the zone's ranges lie in pools. */
static void pooled_read(struct compile *c, uint32_t zone)
{
    const struct spec_zone *spec = &c->spec->zones[zone];

    for (uint32_t i = 0; i < spec->memory_count && i < c->zone[zone].memory_count; i++) {
        struct zone_memory *memory = &c->zone[zone].memory[i];

        if (spec->memory[i].pool == NULL) {
            continue;
        }
        memory->inside = pool_find(c, spec->memory[i].pool);
        if (memory->inside == NULL) {
            error_add(&c->errors, memory->origin.line,
                      "zone '%s': there is no pool '%.60s', or there are two; remedy: the name of "
                      "one of zone0's pools",
                      c->plan.zone[zone].name, spec->memory[i].pool);
            memory->is_ok = false;
        }
    }
}

void control_read(struct compile *c)
{
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        if (c->spec->zones[zone].control != NULL) {
            region_read(c, zone);
        }
        pools_read(c, zone);
    }
    for (uint32_t zone = 0; zone < c->plan.zone_count; zone++) {
        pooled_read(c, zone);
    }
}

/* --- where zone0 sees them -------------------------------------------------------------------- */

/* Whether something else of the zone is at the region's guest addresses. */
static bool is_covered(const struct plan *p, uint32_t region)
{
    const struct plan_region *r = &p->region[region];
    uint64_t at, size;

    for (uint32_t i = 0; i < p->region_count; i++) {
        const struct plan_region *other = &p->region[i];

        if (i != region && other->zone == r->zone && range_is_valid(other->gpa, other->size) &&
            ranges_overlap(other->gpa, other->size, r->gpa, r->size)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < PLAN_WINDOWS; i++) {
        if (plan_window_range(p, r->zone * PLAN_WINDOWS + i, &at, &size) &&
            range_is_valid(at, size) && ranges_overlap(at, size, r->gpa, r->size)) {
            return true;
        }
    }
    return false;
}

/* At the machine's addresses, unless zone0 has its own memory there (`ipa`). */
void control_place(struct compile *c)
{
    struct plan *p = &c->plan;

    for (uint32_t i = 0; i < p->region_count; i++) {
        struct plan_region *r = &p->region[i];

        if ((r->kind == PLAN_REGION_POOL || r->kind == PLAN_REGION_CONTROL) &&
            range_is_valid(r->gpa, r->size) && is_covered(p, i)) {
            r->gpa = guest_place(p, r->zone, r->size, SIZE_2M);
        }
    }
}
