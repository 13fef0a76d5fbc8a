/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What user code may ask of the supervisor. Everything it says may be hostile: only numbers come
 * in, and a handler must be one that the supervisor part of the program declared.
 */
#include <stddef.h>

#include "guest/super/super.h"
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

static uint64_t arg(const struct vg_context *context, unsigned n)
{
    return context->gpr[super_arch.arg[n]];
}

static bool answer(struct vg_context *context, int result)
{
    context->gpr[super_arch.result] = (uint64_t)(int64_t)result;
    return true;
}

static bool serve_register(struct vg_context *context)
{
    struct vg_handler handler = {
        .fn = (enum vg_verdict(*)(struct vg_context *, void *))arg(context, 0),
        .arg = (void *)arg(context, 1),
        .on = (uint32_t)arg(context, 2),
        .priority = (int32_t)arg(context, 3),
    };

    return answer(context,
                  is_declared(arg(context, 0)) ? vg_handler_register(&handler) : VG_ERR_INVALID);
}

static bool serve_unregister(struct vg_context *context)
{
    return answer(context, vg_handler_unregister((int)arg(context, 0)));
}

static bool serve_abort(struct vg_context *context)
{
    context->class = FAULT_CLASS_SYSTEM;
    context->reason = FAULT_REASON_ABORT;
    context->access = FAULT_ACCESS_NONE;
    context->error_code = arg(context, 0);
    return false;
}

static bool (*const services[VG_SERVICE_COUNT])(struct vg_context *context) = {
    [VG_SERVICE_REGISTER] = serve_register,
    [VG_SERVICE_UNREGISTER] = serve_unregister,
    [VG_SERVICE_ABORT] = serve_abort,
};

bool vg_serve(struct vg_context *context)
{
    uint64_t service = context->gpr[super_arch.service];

    return service < ARRAY_COUNT(services) ? services[service](context)
                                           : answer(context, VG_ERR_INVALID);
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
