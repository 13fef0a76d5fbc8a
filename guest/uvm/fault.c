/* SPDX-License-Identifier: Apache-2.0 */
/* What user code asks of the supervisor half about faults. */
#include "guest/uvm/service.h"
#include "vitrine-call.h"
#include "vitrine-fault.h"

int vg_handler_register(const struct vg_handler *handler)
{
    const uint64_t arg[VG_SERVICE_ARGS] = { (uint64_t)handler->fn, (uint64_t)handler->arg,
                                            handler->on, (uint64_t)handler->priority };

    return vg_service(VG_SERVICE_REGISTER, arg);
}

int vg_handler_unregister(int number)
{
    const uint64_t arg[VG_SERVICE_ARGS] = { (uint64_t)number };

    return vg_service(VG_SERVICE_UNREGISTER, arg);
}

_Noreturn void vg_abort(uint64_t code, const char *text)
{
    const uint64_t arg[VG_SERVICE_ARGS] = { code };

    vg_log(VG_LOG_ERROR, text);
    for (;;) {
        vg_service(VG_SERVICE_ABORT, arg);
    }
}
