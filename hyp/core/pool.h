/* SPDX-License-Identifier: Apache-2.0 */
/* Boot pool: memory handed out once while booting, in whole pages, zeroed; sealed afterwards. */
#ifndef HYP_CORE_POOL_H
#define HYP_CORE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

/* [base, base+size) is mapped read-write and lies at machine address base_pa. */
void pool_init(void *base, size_t size, hpa_t base_pa);

/*
 * `size` bytes rounded up to 4 KiB, aligned to `align` (a power of two >= 4 KiB) in machine
 * addresses, zeroed. Never fails: the boot code has
 * made sure that the pool suffices for the plan.
 */
void *pool_take(size_t size, size_t align);

/* Between addresses inside the pool. */
hpa_t pool_pa(const void *p);
void *pool_va(hpa_t pa);

/* Bytes handed out so far. */
size_t pool_used(void);

/* No more pool_take(). */
void pool_seal(void);

#endif
