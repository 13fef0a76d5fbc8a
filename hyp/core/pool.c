/* SPDX-License-Identifier: Apache-2.0 */
/* The boot pool: a pointer that moves up once, and never after the seal. */
#include "hyp/core/pool.h"

#include <stdbool.h>

#include "hyp/core/assert.h"
#include "hyp/core/string.h"

static struct {
    uintptr_t base;
    uint64_t pa;
    size_t size, used;
    bool sealed;
} pool;

void pool_init(void *base, size_t size, hpa_t base_pa)
{
    pool.base = (uintptr_t)base;
    pool.pa = base_pa.v;
    pool.size = size;
    pool.used = 0;
    pool.sealed = false;
}

void *pool_take(size_t size, size_t align)
{
    size_t start = (size_t)(align_up(pool.pa + pool.used, align) - pool.pa);
    size_t whole = (size_t)align_up(size, SIZE_4K);
    void *p = (void *)(pool.base + start);

    ASSERT(!pool.sealed);
    ASSERT(start <= pool.size && whole <= pool.size - start);
    pool.used = start + whole;
    memset(p, 0, whole);
    return p;
}

hpa_t pool_pa(const void *p)
{
    return hpa(pool.pa + ((uintptr_t)p - pool.base));
}

void *pool_va(hpa_t pa)
{
    return (void *)(pool.base + (uintptr_t)(pa.v - pool.pa));
}

size_t pool_used(void)
{
    return pool.used;
}

void pool_seal(void)
{
    pool.sealed = true;
}
