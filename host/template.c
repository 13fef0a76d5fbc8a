/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory files; nothing can change one after template_seal(). */
#include "host/template.h"

#include "host/sys.h"

int template_begin(const struct log *log, uint64_t size, struct template **out)
{
    struct template *t = sys_alloc(sizeof(*t));
    struct sys_map map = { .len = size, .kind = SYS_MAP_SHARED };
    int err = VT_OK;

    if (t == NULL) {
        return VT_ERR_NO_MEMORY;
    }
    atomic_init(&t->refs, 1);
    t->size = size;
    t->fd = sys_memfd("vitrine", size);
    if (t->fd < 0) {
        err = log_errno(log, "memfd_create");
    } else {
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

    sys_munmap(t->draft, t->size);
    t->draft = NULL;
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
    sys_free(t);
}

uint8_t *template_map(const struct template *t, void *at)
{
    struct sys_map map = { .at = at, .len = t->size, .fd = t->fd, .kind = SYS_MAP_PRIVATE };

    return sys_mmap(&map);
}
