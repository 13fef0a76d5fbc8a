/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of fault handlers, for the exception code of each architecture. */
#ifndef GUEST_HANDLER_H
#define GUEST_HANDLER_H

#include "vitrine-fault.h"

/* Asks the handlers that context is for, in order; VG_FORWARD when none resolves it. */
enum vg_verdict handler_run(struct vg_context *context);

#endif
