/* SPDX-License-Identifier: Apache-2.0 */
/* The plan compiler's pipeline: reads the plan, the board and hyp.bin, then runs the steps. */
#include "plan/compile.h"

#include <libfdt.h>
#include <string.h>
#include <unistd.h>

#include "lib/addr.h"
#include "lib/field.h"
#include "lib/plan_check.h"
#include "plan/dtc.h"

#define PLAN_FILE_MAX  0x10000u   /* 64 KiB of text */
#define BOARD_FILE_MAX 0x200000u  /* 2 MiB */
#define HYP_FILE_MAX   0x4000000u /* 64 MiB */

#define IMAGE_MAGIC        0x644d5241u /* "ARM\x64" */
#define IMAGE_MAGIC_OFFSET 56u

/* --- the plan and its variables -------------------------------------------------------------- */

static const char *variable_find(const struct compile_options *options, const char *name,
                                 size_t length)
{
    for (size_t i = 0; i < options->variable_count; i++) {
        const char *variable = options->variables[i];

        if (strncmp(variable, name, length) == 0 && variable[length] == '=') {
            return variable + length + 1;
        }
    }
    return NULL;
}

/* `text` with each ${NAME} replaced; a value is not looked at again. */
static char *expand(struct compile *c, const struct compile_options *options, const char *text,
                    unsigned line)
{
    char *out = arena_printf(&c->arena, "%s", "");
    const char *from = text;
    const char *at;

    while ((at = strstr(from, "${")) != NULL) {
        const char *end = strchr(at, '}');
        const char *value;

        if (end == NULL) {
            error_add(&c->errors, line, "'${' without '}' in '%.80s'; remedy: ${NAME}", text);
            return out;
        }
        value = variable_find(options, at + 2, (size_t)(end - at - 2));
        if (value == NULL) {
            error_add(&c->errors, line, "variable '%.*s' has no value; remedy: --set %.*s=VALUE",
                      (int)(end - at - 2), at + 2, (int)(end - at - 2), at + 2);
            value = "";
        }
        out = arena_printf(&c->arena, "%s%.*s%s", out, (int)(at - from), from, value);
        from = end + 1;
    }
    return arena_printf(&c->arena, "%s%s", out, from);
}

/* Replaces a text of the specification, which cyaml_free() must find unchanged: see texts[]. */
static void expand_boot(struct compile *c, const struct compile_options *options, uint32_t zone)
{
    struct spec_boot *boot = &c->spec->zones[zone].boot;
    struct {
        const char *key, *text;
        const char **out;
    } texts[] = {
        { "kernel", boot->kernel, &c->zone[zone].boot.kernel_name },
        { "initrd", boot->initrd, &c->zone[zone].boot.initrd_name },
        { "cmdline", boot->cmdline, &c->zone[zone].boot.cmdline },
        { "elf", boot->elf, &c->zone[zone].boot.elf_name },
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        if (texts[i].text != NULL) {
            *texts[i].out = expand(c, options, texts[i].text,
                                   source_line(&c->source, "zones/%u/boot/%s", zone, texts[i].key));
        }
    }
}

static bool plan_load(struct compile *c, const struct compile_options *options)
{
    const char *why = NULL;
    const char *slash = strrchr(options->plan_file, '/');
    struct file text = file_read(&c->arena, options->plan_file, PLAN_FILE_MAX, &why);

    if (text.data == NULL) {
        error_add(&c->errors, 0, "%s", why);
        return false;
    }
    c->dir = slash == NULL ? ""
                           : arena_printf(&c->arena, "%.*s", (int)(slash - options->plan_file + 1),
                                          options->plan_file);
    c->spec = spec_load(&c->source, &c->errors, text.data, text.size);
    if (c->spec == NULL) {
        return false;
    }
    if (c->spec->zones_count == 0 || c->spec->zones_count > PLAN_MAX_ZONES) {
        error_add(&c->errors, source_line(&c->source, "zones"),
                  "%u zones; remedy: give 1 to %u zones [zone-count]", c->spec->zones_count,
                  PLAN_MAX_ZONES);
        return false;
    }
    c->zone = arena_alloc(&c->arena, PLAN_MAX_ZONES * sizeof(*c->zone));
    for (uint32_t i = 0; i < c->spec->zones_count; i++) {
        expand_boot(c, options, i);
    }
    return c->errors.count == 0;
}

struct file plan_file(struct compile *c, const char *name, unsigned line)
{
    const char *why = NULL;
    const char *path = name[0] == '/' ? name : arena_printf(&c->arena, "%s%s", c->dir, name);
    struct file file = file_read(&c->arena, path, FILE_LIMIT, &why);

    if (file.data == NULL) {
        error_add(&c->errors, line,
                  "file '%s': %s; remedy: paths are relative to the plan, or use ${NAME} and --set",
                  path, why);
    }
    return file;
}

/* --- the board ------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* A name means a board that was built with this program; a path means a tree beside the plan. */
static struct file board_file(struct compile *c, const struct compile_options *options,
                              unsigned line)
{
    const char *name = expand(c, options, c->spec->board, line);
    const char *path = name;
    const char *why = NULL;
    struct file file;

    if (strchr(name, '/') == NULL && !ends_with(name, ".dtb") && !ends_with(name, ".dts")) {
        path = arena_printf(&c->arena, "%s/%s.dtb", options->board_dir, name);
    } else if (name[0] != '/') {
        path = arena_printf(&c->arena, "%s%s", c->dir, name);
    }
    file = ends_with(path, ".dts") ? dtc_run(&c->arena, path, BOARD_FILE_MAX, &why)
                                   : file_read(&c->arena, path, BOARD_FILE_MAX, &why);
    if (file.data == NULL) {
        error_add(&c->errors, line,
                  "board '%s': %s: %s; remedy: a name under boards/, or a path to a .dtb or .dts",
                  name, path, why);
    } else if (file.size < 64 || !tree_is_sound(file.data, file.size)) {
        error_add(&c->errors, line, "board '%s': %s is no valid device tree; remedy: give a .dtb",
                  name, path);
        file.data = NULL;
    }
    return file;
}

/* machine.memory: the board's RAM, cut at its end. */
static void board_trim_memory(struct compile *c, const char *text)
{
    unsigned line = source_line(&c->source, "machine/memory");
    struct plan_board *facts = &c->board.facts;
    uint64_t left, all = 0;
    uint32_t count = 0;

    if (!size_parse(text, &left) || left == 0 || !is_aligned(left, SIZE_2M)) {
        error_add(&c->errors, line, "'%s' is no size of memory; remedy: like 512M or 2G", text);
        return;
    }
    for (uint32_t i = 0; i < facts->ram_count; i++) {
        uint64_t part = left < facts->ram[i].size ? left : facts->ram[i].size;

        all += facts->ram[i].size;
        facts->ram[i].size = part;
        left -= part;
        count += part != 0 ? 1 : 0;
    }
    facts->ram_count = count;
    if (left != 0) {
        char have[SIZE_TEXT];

        error_add(&c->errors, line,
                  "machine.memory is %s, but the board has %s; remedy: ask for less", text,
                  size_text(have, all));
    }
}

static bool board_load(struct compile *c, const struct compile_options *options)
{
    unsigned line = source_line(&c->source, "board");
    const struct spec_machine *machine = &c->spec->machine;
    struct file file = board_file(c, options, line);

    if (file.data == NULL) {
        return false;
    }
    c->board.fdt = file.data;
    c->board.cpu_limit = machine->cpus != NULL ? *machine->cpus : UINT32_MAX;
    if (c->board.cpu_limit == 0 || (machine->cpus != NULL && *machine->cpus > PLAN_MAX_CPUS)) {
        error_add(&c->errors, source_line(&c->source, "machine/cpus"),
                  "machine.cpus is %u; remedy: 1 to %u [cpu-count]", *machine->cpus, PLAN_MAX_CPUS);
        return false;
    }
    if (!board_read(&c->board, &c->errors, line)) {
        return false;
    }
    if (machine->cpus != NULL && c->board.cpu_count < *machine->cpus) {
        error_add(&c->errors, source_line(&c->source, "machine/cpus"),
                  "machine.cpus is %u, but the board has %u CPUs; remedy: ask for less",
                  *machine->cpus, c->board.cpu_count);
    }
    if (machine->memory != NULL) {
        board_trim_memory(c, machine->memory);
    }
    return true;
}

/* --- the hypervisor -------------------------------------------------------------------------- */

bool hyp_load(struct compile *c, const char *path)
{
    const char *why = NULL;
    const struct plan_hyp_header *header = &c->hyp_header;
    uint32_t magic = 0;

    c->hyp = file_read(&c->arena, path, HYP_FILE_MAX, &why);
    if (c->hyp.data == NULL) {
        error_add(&c->errors, 0, "hypervisor '%s': %s; remedy: --hyp FILE, or build it first", path,
                  why);
        return false;
    }
    if (c->hyp.size >= PLAN_HYP_HEADER_OFFSET + sizeof(*header)) {
        memcpy(&magic, c->hyp.data + IMAGE_MAGIC_OFFSET, sizeof(magic));
        memcpy(&c->hyp_header, c->hyp.data + PLAN_HYP_HEADER_OFFSET, sizeof(*header));
    }
    if (header->magic != PLAN_HYP_MAGIC || magic != IMAGE_MAGIC) {
        error_add(&c->errors, 0, "'%s' is no Vitrine hypervisor; remedy: give hyp.bin", path);
        return false;
    }
    if (header->plan_version != PLAN_VERSION || header->plan_size != sizeof(struct plan)) {
        error_add(&c->errors, 0,
                  "'%s' takes plans of version %u (%u bytes), this program writes version %u "
                  "(%zu bytes); remedy: build both from one source",
                  path, header->plan_version, header->plan_size, PLAN_VERSION, sizeof(struct plan));
        return false;
    }
    if (header->image_size < c->hyp.size || header->image_size > HYP_FILE_MAX ||
        !is_aligned(header->image_size, SIZE_4K)) {
        error_add(&c->errors, 0, "'%s' is damaged: %zu bytes, its header says %llu", path,
                  c->hyp.size, (unsigned long long)header->image_size);
        return false;
    }
    return true;
}

static void hyp_assume(struct compile *c)
{
    c->hyp_header = (struct plan_hyp_header){ .magic = PLAN_HYP_MAGIC,
                                              .plan_version = PLAN_VERSION,
                                              .plan_size = sizeof(struct plan),
                                              .image_size = HYP_ASSUMED_SIZE,
                                              .drivers = UINT64_MAX };
}

static void drivers_check(struct compile *c)
{
    uint64_t missing = plan_drivers_needed(&c->plan) & ~c->hyp_header.drivers;

    for (uint32_t i = 0; i < PLAN_DRIVER_COUNT; i++) {
        if ((missing & BIT64(i)) != 0) {
            error_add(&c->errors, 0,
                      "the plan needs the driver '%s', which this hypervisor was built without; "
                      "remedy: build it with %s in HYP_DRIVERS, or with all",
                      plan_driver_name(i), plan_driver_name(i));
        }
    }
}

/* --- the pipeline ---------------------------------------------------------------------------- */

bool region_add(struct compile *c, const struct plan_region *region, struct origin from)
{
    struct plan *p = &c->plan;

    if (p->region_count == PLAN_MAX_REGIONS) {
        error_add(&c->errors, from.line,
                  "more than %u memory and device regions; remedy: fewer of them [region-count]",
                  PLAN_MAX_REGIONS);
        return false;
    }
    c->region_origin[p->region_count] = from;
    p->region[p->region_count++] = *region;
    return true;
}

bool irq_add(struct compile *c, const struct plan_irq *irq, struct origin from)
{
    struct plan *p = &c->plan;

    if (p->irq_count == PLAN_MAX_IRQS) {
        error_add(&c->errors, from.line,
                  "more than %u interrupts; remedy: give fewer devices [irq-count]", PLAN_MAX_IRQS);
        return false;
    }
    c->irq_origin[p->irq_count] = from;
    p->irq[p->irq_count++] = *irq;
    return true;
}

bool compile_run(struct compile *c, const struct compile_options *options)
{
    memset(c, 0, sizeof(*c));
    c->errors.file = options->plan_file;
    c->errors.out = options->messages;
    if (!plan_load(c, options) || !board_load(c, options)) {
        return false;
    }
    if (options->hyp_file == NULL) {
        hyp_assume(c);
    } else if (!hyp_load(c, options->hyp_file)) {
        return false;
    }
    zones_read(c);
    control_read(c);
    access_read(c);
    functions_read(c);
    channels_read(c);
    virtio_read(c);
    boot_read(c);
    layout_hyp(c);
    layout_zones(c);
    layout_channels(c);
    control_place(c);
    channels_place(c);
    virtio_place(c);
    drivers_check(c);
    place_zones(c);
    image_lay_out(c);
    verdict_check(c);
    return c->errors.count == 0;
}

void compile_free(struct compile *c)
{
    spec_free(&c->source, c->spec);
    arena_free(&c->arena);
}
