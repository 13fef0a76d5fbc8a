/* SPDX-License-Identifier: Apache-2.0 */
/* Guest with fast handlers: sets and removes them; what raises the faults is an architecture's. */
#include "tests/uvm/guest/fast.h"

#include "vitrine-call.h"

/* Sets (or removes, plus 256) the fast handler of a vector; 1 when all went well. */
static uint64_t set(uint64_t vector)
{
    const struct vg_handler handler = { fast_switch, (void *)vector,
                                        VG_ON_VECTOR(fast_switch_vector), 0 };
    int number = vg_handler_register(&handler);
    uint64_t result = fast_ask();

    return vg_handler_unregister(number) == 0 ? result : 0;
}
VG_EXPORT(set, uint64_t, uint64_t);

/* Of the faults that the fast handler is to answer. */
static uint64_t vector(void)
{
    return fast_vector;
}
VG_EXPORT(vector, uint64_t);
