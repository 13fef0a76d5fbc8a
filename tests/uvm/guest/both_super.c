/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of guest `both`: notes the fault, and lets the program go on. */
#include "tests/uvm/guest/both.h"

enum vg_verdict both_handler(struct vg_context *context, void *arg)
{
    struct both_seen *seen = arg;

    if (!vg_is_user((uint64_t)seen, sizeof(*seen), true)) {
        return VG_FORWARD;
    }
    seen->count++;
    seen->class = context->class;
    seen->reason = context->reason;
    seen->access = context->access;
    seen->level = context->level;
    seen->address = context->address;
    if (seen->skip != 0) {
        both_skip(context);
    } else {
        both_return(context);
    }
    return VG_RESUME;
}
VG_HANDLER(both_handler);
