/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out a micro-VM's memory; its input is checked, so that it can't fail. */
#include "host/layout.h"

#include <string.h>

#include "host/arch.h"

#define RAM_DEFAULT   (UINT64_C(16) << 20)
#define STACK_DEFAULT (UINT64_C(1) << 20)
#define CALL_DEFAULT  (UINT64_C(64) << 10)
#define HEAP_MIN      (UINT64_C(64) << 10)

#define USER_RW (ELF_READ | ELF_WRITE | ELF_USER)

static uint64_t or_default(uint64_t value, uint64_t def)
{
    return value == 0 ? def : value;
}

int layout_cfg_check(struct layout_cfg *cfg)
{
    uint64_t ram = or_default(cfg->ram_size, RAM_DEFAULT);
    uint64_t stack = or_default(cfg->stack_size, STACK_DEFAULT);
    uint64_t call = or_default(cfg->call_size, CALL_DEFAULT);

    if (ram > LAYOUT_RAM_MAX || stack > LAYOUT_STACK_MAX || call > UVM_CALL_SIZE_MAX) {
        return ERR_INVALID;
    }
    cfg->ram_size = align_up(ram, SIZE_2M);
    cfg->stack_size = align_up(stack, SIZE_4K);
    cfg->call_size = align_up(call < UVM_CALL_SIZE_MIN ? UVM_CALL_SIZE_MIN : call, SIZE_4K);
    if (UVM_IMAGE_GVA + SIZE_4K + HEAP_MIN + LAYOUT_GUARD_SIZE + cfg->stack_size > cfg->ram_size) {
        return ERR_RANGE;
    }
    return OK;
}

struct elf_window layout_window(const struct layout_cfg *cfg)
{
    struct elf_window window = {
        .low = UVM_IMAGE_GVA,
        .high = cfg->ram_size - cfg->stack_size - LAYOUT_GUARD_SIZE - HEAP_MIN,
    };

    return window;
}

/* Names are literals shorter than FAULT_NAME. */
static void add(struct layout *l, struct region r)
{
    if (r.size != 0 && l->region_count < LAYOUT_REGION_MAX) {
        l->region[l->region_count++] = r;
    }
}

static const char *segment_name(uint32_t perm)
{
    static const char *const user[] = { "rodata", "data", "text", "text" };
    static const char *const kernel[] = { "sys rodata", "sys data", "sys text", "sys text" };
    unsigned kind = ((perm & ELF_EXEC) != 0 ? 2u : 0u) | ((perm & ELF_WRITE) != 0 ? 1u : 0u);

    return (perm & ELF_USER) != 0 ? user[kind] : kernel[kind];
}

/* RELRO splits a segment in up to three. */
static void add_segment(struct layout *l, const struct elf_image *image,
                        const struct elf_segment *s)
{
    struct region r = { .start = s->start, .size = s->size, .perm = s->perm };
    uint64_t end = s->start + s->size;

    strncpy(r.name, segment_name(s->perm), sizeof(r.name) - 1);
    if (image->relro_size != 0 && image->relro >= s->start && image->relro < end) {
        struct region relro = { .start = image->relro,
                                .size = image->relro_size,
                                .perm = s->perm & ~(uint32_t)ELF_WRITE,
                                .name = "relro" };

        r.size = relro.start - s->start;
        add(l, r);
        add(l, relro);
        r.start = relro.start + relro.size;
        r.size = end - r.start;
    }
    add(l, r);
}

void layout_build(const struct layout_cfg *cfg, const struct elf_image *image, struct layout *out)
{
    memset(out, 0, sizeof(*out));
    out->format = image->arch->paging;
    out->ram_size = cfg->ram_size;
    out->call_size = cfg->call_size;
    out->image = image->start;
    out->image_size = image->end - image->start;
    out->stack_top = cfg->ram_size;
    out->stack_limit = cfg->ram_size - cfg->stack_size;
    out->heap = image->end;
    out->heap_size = out->stack_limit - LAYOUT_GUARD_SIZE - out->heap;
    for (unsigned i = 0; i < image->arch->low_count; i++) {
        add(out, image->arch->low[i]);
    }
    add(out, (struct region){ UVM_CALL_GVA, out->call_size, USER_RW, "call" });
    for (unsigned i = 0; i < image->segment_count; i++) {
        add_segment(out, image, &image->segment[i]);
    }
    add(out, (struct region){ out->heap, out->heap_size, USER_RW, "heap" });
    add(out, (struct region){ out->stack_limit - LAYOUT_GUARD_SIZE, LAYOUT_GUARD_SIZE, 0,
                              "stack guard" });
    add(out,
        (struct region){ out->stack_limit, cfg->stack_size, USER_RW | LAYOUT_ON_TOUCH, "stack" });
}

const struct region *layout_find(const struct layout *layout, uint64_t gva)
{
    for (unsigned i = 0; i < layout->region_count; i++) {
        const struct region *r = &layout->region[i];

        if (gva >= r->start && gva - r->start < r->size) {
            return r;
        }
    }
    return NULL;
}
