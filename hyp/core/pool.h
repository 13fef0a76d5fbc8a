/* SPDX-License-Identifier: Apache-2.0 */
/* Boot pool: memory handed out once while booting, in whole pages, zeroed; sealed afterwards. */
#ifndef HYP_CORE_POOL_H
#define HYP_CORE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

void pool_init(void *base, size_t size, hpa_t base_pa);

/* `size` bytes rounded up to 4 KiB, aligned to `align` (power of two >= 4 KiB). Crashes if empty:
 * plan_check has proved that the pool suffices, so that is a bug of ours. */
void *pool_take(size_t size, size_t align);

hpa_t pool_pa(const void *p);
size_t pool_used(void);
void pool_seal(void);

#endif
