/* SPDX-License-Identifier: Apache-2.0 */
/* Zone0's control device. */
#include "hyp/core/control.h"

#include "abi/ctl.h"
#include "hyp/arch.h"
#include "hyp/core/string.h"
#include "hyp/core/zone.h"
#include "lib/dax.h"

static uint8_t *region_base;

void control_map(void *region)
{
    region_base = region;
}

static const struct plan_region *region_plan(void)
{
    return &the_plan->region[the_plan->control.region - 1];
}

/* Where it is found, what it is; zone0 may write there, which only zone0 notices. */
static void describe_pool(const struct plan_region *pool)
{
    uint8_t *at = arch_window_map(hpa(pool->hpa));

    dax_info(at + DAX_INFO_OFFSET,
             &(struct dax_region){ pool->size, PLAN_POOL_HEADER, SIZE_2M, 0, pool->hpa });
    arch_cache_clean(at + DAX_INFO_OFFSET, DAX_INFO_SIZE);
    arch_window_unmap();
}

void control_init(void)
{
    const struct plan_region *own;

    if (the_plan->control.region == 0) {
        return;
    }
    own = region_plan();
    memset(region_base, 0, own->size);
    dax_info(region_base + DAX_INFO_OFFSET,
             &(struct dax_region){ own->size, CTL_DAX_HEADER, SIZE_4K, 0, own->hpa });
    for (uint32_t i = 0; i < the_plan->region_count; i++) {
        if (the_plan->region[i].kind == PLAN_REGION_POOL) {
            describe_pool(&the_plan->region[i]);
        }
    }
}
