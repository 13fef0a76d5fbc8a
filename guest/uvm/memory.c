/* SPDX-License-Identifier: Apache-2.0 */
/* What a micro-VM's program learns of its memory. */
#include "vitrine-call.h"

#include "guest/uvm/user.h"

struct vg_memory vg_heap(void)
{
    return (struct vg_memory){ (uint8_t *)vg_info()->heap_gva, vg_info()->heap_size };
}

size_t vg_stack_left(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);

    return here < vg_info()->stack_limit ? 0 : here - vg_info()->stack_limit;
}

void vg_seed(uint64_t seed[2])
{
    seed[0] = vg_info()->seed[0];
    seed[1] = vg_info()->seed[1];
}
