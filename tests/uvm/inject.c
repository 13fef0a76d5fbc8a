/* SPDX-License-Identifier: Apache-2.0 */
/* Failures on order at the library's seam to the system. Never changes what succeeds. */
#include "tests/uvm/inject.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "host/sys.h"

static atomic_uint left; /* calls come from threads of the library as well */
static int error_number;
static const char *failed;
static atomic_long live;

void inject_arm(unsigned n, int error)
{
    left = n;
    error_number = error;
    failed = NULL;
}

bool inject_disarm(void)
{
    left = 0;
    return failed != NULL;
}

const char *inject_name(void)
{
    return failed == NULL ? "nothing" : failed;
}

long inject_live(void)
{
    return live;
}

static bool now(const char *name)
{
    unsigned n = atomic_load(&left);

    while (n != 0 && !atomic_compare_exchange_weak(&left, &n, n - 1)) {
    }
    if (n != 1) {
        return false;
    }
    failed = name;
    errno = error_number;
    return true;
}

/* clang-format off */
#define WRAP(type, name, params, args, failure) \
    type __real_##name params; \
    type __wrap_##name params; \
    type __wrap_##name params \
    { \
        return now(#name) ? (failure) : __real_##name args; \
    }

WRAP(void *, sys_mmap, (const struct sys_map *map), (map), NULL)
WRAP(int, sys_forget, (void *at, size_t len), (at, len), -1)
WRAP(int, sys_open, (const char *path, bool writable), (path, writable), -1)
WRAP(int, sys_ioctl, (int fd, unsigned long request, void *arg), (fd, request, arg), -1)
WRAP(int, sys_memfd, (const char *name, uint64_t size), (name, size), -1)
WRAP(int, sys_seal, (int fd), (fd), -1)
WRAP(int64_t, sys_file_size, (int fd), (fd), -1)
WRAP(int, sys_pread, (int fd, void *buf, size_t len, uint64_t offset), (fd, buf, len, offset), -1)
WRAP(int64_t, sys_write, (int fd, const void *buf, size_t len), (fd, buf, len), -1)
WRAP(int, sys_pwrite, (int fd, const void *buf, size_t len, uint64_t offset),
     (fd, buf, len, offset), -1)
WRAP(int, sys_copy, (void *to, const void *from, size_t len), (to, from, len), -1)
WRAP(int, sys_random, (void *buf, size_t len), (buf, len), -1)
WRAP(int, sys_block, (int signal, sigset_t *old), (signal, old), -1)
WRAP(int, sys_thread, (pthread_t *out, void *(*fn)(void *arg), void *arg), (out, fn, arg), -1)
WRAP(int, sys_timer_create, (const struct sys_timer_cfg *cfg, timer_t *out), (cfg, out), -1)
WRAP(int, sys_timer_set, (timer_t timer, uint64_t ns), (timer, ns), -1)
/* clang-format on */

void *__real_sys_alloc(size_t size);
void *__wrap_sys_alloc(size_t size);
void __real_sys_free(void *p);
void __wrap_sys_free(void *p);

void *__wrap_sys_alloc(size_t size)
{
    void *p = now("sys_alloc") ? NULL : __real_sys_alloc(size);

    live += p != NULL;
    return p;
}

void __wrap_sys_free(void *p)
{
    live -= p != NULL;
    __real_sys_free(p);
}
