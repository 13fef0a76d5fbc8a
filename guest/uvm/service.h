/* SPDX-License-Identifier: Apache-2.0 */
/* What user code asks of its supervisor half: known to both. */
#ifndef GUEST_UVM_SERVICE_H
#define GUEST_UVM_SERVICE_H

#include <stdint.h>

enum vg_service {
    VG_SERVICE_REGISTER,   /* fn, arg, on, priority: as vg_handler_register() */
    VG_SERVICE_UNREGISTER, /* number */
    VG_SERVICE_ABORT,      /* code */
    VG_SERVICE_COUNT
};

enum { VG_SERVICE_ARGS = 4 };

/* User mode only. */
int vg_service(enum vg_service service, const uint64_t arg[VG_SERVICE_ARGS]);

#endif
