/* SPDX-License-Identifier: Apache-2.0 */
/* Builds page tables in the guest's memory; never reads what it has not written itself. */
#include "host/paging.h"

#include <string.h>

#include "host/arch.h"
#include "lib/field.h"

FIELD(GVA_PTE, 12, 9);
FIELD(GVA_PDE, 21, 9);
FIELD(GVA_DIR, 30, 9);

static void write_pte(struct paging *p, uint64_t table, uint64_t index, uint64_t pte)
{
    memcpy(p->ram + table + index * sizeof(pte), &pte, sizeof(pte));
}

/* A page for a table, zeroed since the page may have been another mapping's; 0: there is none. */
static uint64_t new_table(struct paging *p)
{
    uint64_t table = p->next;

    if (table >= LAYOUT_TABLES_END) {
        return 0;
    }
    p->next += SIZE_4K;
    memset(p->ram + table, 0, SIZE_4K);
    return table;
}

static uint64_t dir_of(struct paging *p, uint64_t gva)
{
    uint64_t index = get(GVA_DIR, gva);

    if (p->dir[index] == 0) {
        p->dir[index] = new_table(p);
        if (p->dir[index] != 0) {
            write_pte(p, p->top, index, p->format->table(p->dir[index]));
        }
    }
    return p->dir[index];
}

static uint64_t gpa_of(uint64_t gva, uint32_t perm)
{
    return (perm & LAYOUT_DEVICE) != 0 ? LAYOUT_DEVICE_GPA + gva : gva;
}

static int map_small(struct paging *p, uint64_t dir, uint64_t gva, uint32_t perm)
{
    uint64_t base = align_down(gva, SIZE_2M);

    if (p->last_table == 0 || p->last_2m != base) {
        p->last_table = new_table(p);
        if (p->last_table == 0) {
            return ERR_FULL;
        }
        p->last_2m = base;
        write_pte(p, dir, get(GVA_PDE, gva), p->format->table(p->last_table));
    }
    write_pte(p, p->last_table, get(GVA_PTE, gva), p->format->leaf(gpa_of(gva, perm), perm, false));
    return OK;
}

int paging_map(struct paging *p, const struct region *r)
{
    uint64_t end = r->start + r->size;
    int err = OK;

    for (uint64_t gva = r->start; gva < end && err == OK;) {
        uint64_t dir = dir_of(p, gva);

        if (dir == 0) {
            return ERR_FULL;
        }
        if (is_aligned(gva, SIZE_2M) && end - gva >= SIZE_2M && (r->perm & LAYOUT_ON_TOUCH) == 0) {
            write_pte(p, dir, get(GVA_PDE, gva), p->format->leaf(gva, r->perm, true));
            gva += SIZE_2M;
        } else {
            err = map_small(p, dir, gva, r->perm);
            gva += SIZE_4K;
        }
    }
    return err;
}

/* Where the entry of gva is in the newest table. */
static uint64_t pte_place(const struct paging *p, uint64_t gva)
{
    return p->last_table + get(GVA_PTE, gva) * sizeof(uint64_t);
}

/* The stack's tables must follow each other, so all directories come first. */
int paging_build(struct paging *p, const struct layout *layout, uint8_t *ram)
{
    int err = OK;

    memset(p, 0, sizeof(*p));
    p->ram = ram;
    p->format = layout->format;
    p->top = PAGING_ROOT + (p->format->has_root ? SIZE_4K : 0);
    p->next = p->top + SIZE_4K;
    memset(ram + PAGING_ROOT, 0, p->next - PAGING_ROOT);
    if (p->format->has_root) {
        write_pte(p, PAGING_ROOT, 0, p->format->table(p->top));
    }
    for (uint64_t gva = 0; gva < layout->ram_size; gva += SIZE_1G) {
        if (dir_of(p, gva) == 0) {
            return ERR_FULL;
        }
    }
    for (unsigned i = 0; i < layout->region_count && err == OK; i++) {
        const struct region *r = &layout->region[i];
        struct region first = { .start = r->start, .size = SIZE_4K, .perm = r->perm };

        if ((r->perm & (ELF_READ | LAYOUT_DEVICE)) == 0) {
            continue;
        }
        if ((r->perm & LAYOUT_ON_TOUCH) != 0) {
            err = paging_map(p, &first);
            p->stack_pte = pte_place(p, r->start);
            first.start += SIZE_4K;
            first.size = r->size - SIZE_4K;
            err = err == OK ? paging_map(p, &first) : err;
        } else {
            err = paging_map(p, r);
        }
    }
    return err;
}

int paging_map_window(struct paging *p, const struct region *r)
{
    uint64_t end = r->start + r->size;
    uint64_t window = get(GVA_DIR, r->start);
    int err = OK;

    for (uint64_t gva = r->start; gva < end && err == OK;) {
        struct region part = { .start = gva, .size = SIZE_2M, .perm = r->perm };

        if (end - gva < SIZE_2M) {
            if (p->tail[window] == 0) {
                p->tail[window] = new_table(p);
            }
            if (p->tail[window] == 0 || dir_of(p, gva) == 0) {
                return ERR_FULL;
            }
            part.size = end - gva;
            p->last_table = p->tail[window];
            p->last_2m = gva;
            memset(p->ram + p->last_table, 0, SIZE_4K);
            write_pte(p, dir_of(p, gva), get(GVA_PDE, gva), p->format->table(p->last_table));
        }
        err = paging_map(p, &part);
        gva += part.size;
    }
    p->last_table = 0;
    return err;
}

void paging_clear_window(struct paging *p, const struct region *r)
{
    for (uint64_t gva = r->start; gva < r->start + r->size; gva += SIZE_1G) {
        uint64_t dir = p->dir[get(GVA_DIR, gva)];

        if (dir != 0) {
            memset(p->ram + dir, 0, SIZE_4K);
        }
    }
}

/* ---- Other vCPUs than the first ---- */

/* Places of a vCPU's own tables. */
#define OWN_TOP   (PAGING_ROOT + SIZE_4K)
#define OWN_DIR   (PAGING_ROOT + 2 * SIZE_4K)
#define OWN_TABLE (PAGING_ROOT + 3 * SIZE_4K)
#define OWN_END   (PAGING_ROOT + 4 * SIZE_4K)

int paging_map_stack(struct paging *p, unsigned n, const struct region *stack)
{
    int err;

    if ((p->stacks & BIT64(n)) != 0) {
        return OK;
    }
    p->last_table = 0;
    err = paging_map(p, stack);
    p->last_table = 0;
    p->stacks |= err == OK ? (uint32_t)BIT64(n) : 0;
    return err;
}

void paging_touch_stack(struct paging *p, const struct layout *layout)
{
    uint64_t count = (layout->stack_top - layout->stack_limit) / SIZE_4K;

    if ((p->stacks & 1u) != 0) {
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        p->ram[p->stack_pte + i * sizeof(uint64_t)] |= 1u; /* both formats' valid bit */
    }
    p->stacks |= 1u;
}

bool paging_is_own(const struct region *r)
{
    return r->start == UVM_INFO_GVA ||
           ((r->perm & ELF_WRITE) != 0 && (r->perm & LAYOUT_DEVICE) == 0 &&
            r->start != LAYOUT_TABLES_GVA);
}

static void own_pte(const struct paging_own *own, uint64_t table, uint64_t index, uint64_t pte)
{
    memcpy(own->host + table + index * sizeof(pte), &pte, sizeof(pte));
}

static void map_own(const struct paging *p, const struct paging_own *own, const struct region *r)
{
    for (uint64_t gva = r->start; gva < r->start + r->size; gva += SIZE_4K) {
        uint64_t gpa = paging_is_own(r) ? own->gpa + gva : gpa_of(gva, r->perm);

        own_pte(own, OWN_TABLE, get(GVA_PTE, gva), p->format->leaf(gpa, r->perm, false));
    }
}

/* Copies are of what the guest may have changed: its own affair. */
void paging_share(const struct paging *p, const struct paging_own *own)
{
    const uint64_t first = p->format->table(own->gpa + OWN_DIR);

    memcpy(own->host + OWN_TOP + sizeof(first), p->ram + p->top + sizeof(first),
           SIZE_4K - sizeof(first));
    own_pte(own, OWN_TOP, 0, first);
}

uint64_t paging_build_own(const struct paging *p, const struct layout *layout,
                          const struct paging_own *own)
{
    memset(own->host + PAGING_ROOT, 0, OWN_END - PAGING_ROOT);
    for (unsigned i = 0; i < layout->region_count; i++) {
        const struct region *r = &layout->region[i];

        if (r->start < SIZE_2M && (r->perm & (ELF_READ | LAYOUT_DEVICE)) != 0) {
            map_own(p, own, r);
        }
    }
    memcpy(own->host + OWN_DIR, p->ram + p->dir[0], SIZE_4K);
    own_pte(own, OWN_DIR, 0, p->format->table(own->gpa + OWN_TABLE));
    own_pte(own, PAGING_ROOT, 0, p->format->table(own->gpa + OWN_TOP));
    paging_share(p, own);
    return own->gpa + (p->format->has_root ? PAGING_ROOT : OWN_TOP);
}
