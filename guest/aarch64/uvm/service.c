/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What EL0 may ask of EL1. Everything it says may be hostile: only numbers come in, and a
 * handler must be one that the supervisor part of the program declared.
 */
#include <stddef.h>

#include "guest/aarch64/uvm/super.h"
#include "lib/field.h"

static bool is_declared(uint64_t fn)
{
    for (size_t i = 0; i < (size_t)(__vg_handlers_end - __vg_handlers_start); i++) {
        if ((uint64_t)__vg_handlers_start[i] == fn) {
            return true;
        }
    }
    return false;
}

static bool serve_register(struct vg_context *context)
{
    struct vg_handler handler = {
        .fn = (enum vg_verdict(*)(struct vg_context *, void *))context->gpr[1],
        .arg = (void *)context->gpr[2],
        .on = (uint32_t)context->gpr[3],
        .priority = (int32_t)context->gpr[4],
    };
    int number = VG_ERR_INVALID;

    if (is_declared(context->gpr[1])) {
        number = vg_handler_register(&handler);
    }
    context->gpr[0] = (uint64_t)(int64_t)number;
    return true;
}

static bool serve_unregister(struct vg_context *context)
{
    int result = vg_handler_unregister((int)context->gpr[1]);

    context->gpr[0] = (uint64_t)(int64_t)result;
    return true;
}

static bool serve_abort(struct vg_context *context)
{
    context->class = FAULT_CLASS_SYSTEM;
    context->reason = FAULT_REASON_ABORT;
    context->access = FAULT_ACCESS_NONE;
    context->error_code = context->gpr[1];
    return false;
}

static bool (*const services[VG_SERVICE_COUNT])(struct vg_context *context) = {
    [VG_SERVICE_REGISTER] = serve_register,
    [VG_SERVICE_UNREGISTER] = serve_unregister,
    [VG_SERVICE_ABORT] = serve_abort,
};

bool vg_serve(struct vg_context *context)
{
    uint64_t service = context->gpr[0];

    if (service >= ARRAY_COUNT(services)) {
        context->gpr[0] = (uint64_t)(int64_t)VG_ERR_INVALID;
        return true;
    }
    return services[service](context);
}

/* ---- Memory of user code ---- */

static bool is_within(uint64_t at, size_t size, uint64_t start, uint64_t end)
{
    return at >= start && at <= end && size <= end - at;
}

bool vg_is_user(uint64_t at, size_t size, bool write)
{
    const struct uvm_info *info = vg_info();
    uint64_t start = (uint64_t)(write ? __vg_data_start : __vg_text_start);

    return is_within(at, size, start, (uint64_t)__vg_data_end) ||
           is_within(at, size, info->heap_gva, info->heap_gva + info->heap_size) ||
           is_within(at, size, info->stack_limit, info->stack_top) ||
           is_within(at, size, UVM_CALL_GVA, UVM_CALL_GVA + info->call_size);
}
