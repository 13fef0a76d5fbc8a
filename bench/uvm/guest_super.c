/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's fault handler, in ring 0: goes on after an instruction of two bytes. */
#include "bench/uvm/guest.h"

enum vg_verdict bench_skip(struct vg_context *context, void *arg)
{
    (void)arg;
    context->pc += 2;
    return VG_RESUME;
}
VG_HANDLER(bench_skip);
