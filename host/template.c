/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory files; nothing can change one after template_seal(). */
#include "host/template.h"

#include "host/sys.h"
#include "lib/addr.h"
#include "lib/field.h"

#define WORD_PAGES 64u
#define WORD_SIZE  (WORD_PAGES * SIZE_4K)

void template_mark(struct template *t, uint64_t start, uint64_t size)
{
    for (uint64_t at = align_down(start, SIZE_4K); at < start + size; at += SIZE_4K) {
        t->page[at / WORD_SIZE] |= BIT64(at / SIZE_4K % WORD_PAGES);
    }
}

uint64_t template_next(const struct template *t, uint64_t from)
{
    while (from < t->size) {
        uint64_t word = t->page[from / WORD_SIZE];

        if (word == 0) {
            from = align_down(from, WORD_SIZE) + WORD_SIZE;
        } else if ((word & BIT64(from / SIZE_4K % WORD_PAGES)) != 0) {
            return from;
        } else {
            from += SIZE_4K;
        }
    }
    return t->size;
}

int template_begin(const struct log *log, uint64_t size, bool draft, struct template **out)
{
    struct template *t = sys_alloc(sizeof(*t));
    struct sys_map map = { .len = size, .kind = SYS_MAP_SHARED };
    int err = VT_OK;

    if (t == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    atomic_init(&t->refs, 1);
    t->size = size;
    t->fd = -1;
    t->page = sys_alloc((size / WORD_SIZE + 1) * sizeof(uint64_t));
    if (t->page == NULL) {
        err = VT_ERR_NO_MEMORY;
    } else if ((t->fd = sys_memfd("vitrine", size)) < 0) {
        err = log_errno(log, "memfd_create");
    } else if (draft) {
        map.fd = t->fd;
        t->draft = sys_mmap(&map);
        err = t->draft == NULL ? log_errno(log, "mmap of a template") : VT_OK;
    }
    if (err != VT_OK) {
        template_put(t);
        return err;
    }
    *out = t;
    return VT_OK;
}

int template_seal(const struct log *log, struct template *t)
{
    struct sys_map map = { .len = t->size, .fd = t->fd, .kind = SYS_MAP_READ };

    if (t->draft != NULL) {
        sys_munmap(t->draft, t->size);
        t->draft = NULL;
    }
    if (sys_seal(t->fd) != 0) {
        return log_errno(log, "sealing a template");
    }
    t->view = sys_mmap(&map);
    return t->view == NULL ? log_errno(log, "mmap of a template") : VT_OK;
}

struct template *template_get(struct template *t)
{
    atomic_fetch_add(&t->refs, 1);
    return t;
}

void template_put(struct template *t)
{
    if (t == NULL || atomic_fetch_sub(&t->refs, 1) != 1) {
        return;
    }
    if (t->draft != NULL) {
        sys_munmap(t->draft, t->size);
    }
    if (t->view != NULL) {
        sys_munmap((void *)(uintptr_t)t->view, t->size);
    }
    if (t->fd >= 0) {
        sys_close(t->fd);
    }
    sys_free(t->page);
    sys_free(t);
}

uint8_t *template_map(const struct template *t, void *at)
{
    struct sys_map map = { .at = at, .len = t->size, .fd = t->fd, .kind = SYS_MAP_PRIVATE };

    return sys_mmap(&map);
}
