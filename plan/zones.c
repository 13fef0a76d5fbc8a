/* SPDX-License-Identifier: Apache-2.0 */
/* Zones of the plan: names, roles, flags, CPUs, consoles, and how much memory they want. */
#include <libfdt.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/plan_check.h"
#include "plan/compile.h"

static void zone_name(struct compile *c, uint32_t zone, struct plan_zone *out)
{
    const char *name = c->spec->zones[zone].name;
    size_t length = strlen(name);

    if (length >= PLAN_NAME_SIZE) {
        error_add(
            &c->errors, source_line(&c->source, "zones/%u/name", zone),
            "zone '%.60s': the name is longer than %u characters; remedy: shorten it [zone-name]",
            name, PLAN_NAME_SIZE - 1);
        length = PLAN_NAME_SIZE - 1;
    }
    memcpy(out->name, name, length);
}

static uint32_t zone_flags(const struct spec_zone *spec)
{
    return (spec->debug == SPEC_DEBUG_DENIED ? PLAN_ZONE_DEBUG_DENIED : 0) |
           (spec->interrupts == SPEC_INTERRUPTS_DIRECT ? PLAN_ZONE_IRQ_DIRECT : 0) |
           (spec->start == SPEC_START_MANUAL ? PLAN_ZONE_MANUAL : 0);
}

/* The board's addresses, so that a guest sees a machine like the real one. */
static void zone_devices(const struct compile *c, const struct spec_zone *spec,
                         struct plan_zone *out)
{
    out->gicd_gpa = c->board.facts.gicd_hpa;
    out->gicr_gpa = c->board.facts.gicr_hpa;
    out->gicc_gpa = c->board.facts.gicc_hpa;
    out->console = PLAN_CONSOLE_NONE;
    if (spec->console != SPEC_CONSOLE_NONE && c->board.uart >= 0) {
        out->console = PLAN_CONSOLE_EMULATED;
        out->vuart_gpa = c->board.uart_hpa;
        out->vuart_intid = c->board.uart_intid;
    }
}

static void zone_cpu(struct compile *c, uint32_t zone, uint32_t i)
{
    uint32_t number = c->spec->zones[zone].cpus[i];
    unsigned line = source_line(&c->source, "zones/%u/cpus/%u", zone, i);
    struct plan_cpu *cpu;

    if (number >= c->plan.cpu_count) {
        error_add(&c->errors, line,
                  "zone '%s': CPU %u does not exist; remedy: the machine has CPUs 0 to %u",
                  c->spec->zones[zone].name, number, c->plan.cpu_count - 1);
        return;
    }
    cpu = &c->plan.cpu[number];
    if (cpu->zone != PLAN_NONE) {
        error_add(&c->errors, line,
                  "zone '%s': CPU %u is also given to zone '%s' (%s:%u); remedy: give each CPU to "
                  "one zone [cpu-owner]",
                  c->spec->zones[zone].name, number, c->spec->zones[cpu->zone].name, c->errors.file,
                  source_line(&c->source, "zones/%u/cpus", cpu->zone));
    } else {
        cpu->zone = zone;
        cpu->vcpu = c->plan.zone[zone].vcpu_count++;
    }
}

bool size_field(struct compile *c, const char *text, uint64_t *out, unsigned line)
{
    if (size_parse(text, out)) {
        return true;
    }
    error_add(&c->errors, line,
              "'%.60s' is no size or address; remedy: like 64M, 1G, 0x40000000, below 2^64", text);
    return false;
}

static void zone_memory(struct compile *c, uint32_t zone, uint32_t i)
{
    const struct spec_memory *spec = &c->spec->zones[zone].memory[i];
    struct zone_memory *memory = &c->zone[zone].memory[i];
    unsigned line = source_line(&c->source, "zones/%u/memory/%u", zone, i);

    memory->origin = (struct origin){ line, "memory" };
    memory->is_ok = size_field(c, spec->size, &memory->size, line);
    if (spec->base != NULL) {
        memory->has_base = true;
        memory->is_ok = size_field(c, spec->base, &memory->base, line) && memory->is_ok;
    }
    if (spec->ipa != NULL) {
        memory->has_ipa = true;
        memory->is_ok = size_field(c, spec->ipa, &memory->ipa, line) && memory->is_ok;
    }
}

static void zone_read(struct compile *c, uint32_t zone)
{
    const struct spec_zone *spec = &c->spec->zones[zone];
    struct plan_zone *out = &c->plan.zone[zone];

    zone_name(c, zone, out);
    out->role = spec->role == SPEC_ROLE_UNSET ? PLAN_ROLE_USER
                                              : (uint32_t)spec->role - (uint32_t)SPEC_ROLE_ZONE0;
    out->flags = zone_flags(spec);
    zone_devices(c, spec, out);
    for (uint32_t i = 0; i < spec->cpus_count; i++) {
        zone_cpu(c, zone, i);
    }
    if (spec->memory_count > PLAN_MAX_REGIONS) {
        error_add(&c->errors, source_line(&c->source, "zones/%u/memory", zone),
                  "zone '%s': more than %u memory regions; remedy: fewer of them [region-count]",
                  spec->name, PLAN_MAX_REGIONS);
        return;
    }
    c->zone[zone].memory_count = spec->memory_count;
    for (uint32_t i = 0; i < spec->memory_count; i++) {
        zone_memory(c, zone, i);
    }
}

/* The device that the hypervisor talks on: named, or the board's own console. */
static void hyp_console(struct compile *c)
{
    const char *path = c->spec->hypervisor.console;

    if (path != NULL && strcmp(path, "none") == 0) {
        return;
    }
    if (path != NULL && c->board.uart >= 0) {
        char own[256] = "";

        fdt_get_path(c->board.fdt, c->board.uart, own, sizeof(own));
        if (strcmp(own, path) != 0) {
            error_add(&c->errors, source_line(&c->source, "hypervisor/console"),
                      "'%.80s' is not the board's console; remedy: %s, or none", path, own);
        }
    }
    c->plan.board.uart_hpa = c->board.uart >= 0 ? c->board.uart_hpa : 0;
    c->plan.board.uart_intid = c->board.uart >= 0 ? c->board.uart_intid : 0;
}

void zones_read(struct compile *c)
{
    struct plan *p = &c->plan;
    enum spec_log log = c->spec->hypervisor.log;

    p->magic = PLAN_MAGIC;
    p->version = PLAN_VERSION;
    p->size = sizeof(*p);
    p->log_level = log == SPEC_LOG_UNSET ? 2 : (uint32_t)log - (uint32_t)SPEC_LOG_ERROR;
    p->board = c->board.facts;
    p->cpu_count = c->board.cpu_count;
    p->zone_count = c->spec->zones_count;
    hyp_console(c);
    for (uint32_t i = 0; i < p->cpu_count; i++) {
        p->cpu[i] = (struct plan_cpu){ c->board.cpu_hw_id[i], PLAN_NONE, 0 };
    }
    for (uint32_t i = 0; i < p->zone_count; i++) {
        zone_read(c, i);
    }
}
