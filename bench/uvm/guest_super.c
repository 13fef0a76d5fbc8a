/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's fault handlers, in ring 0: go on after the instruction. */
#include "bench/uvm/guest.h"

enum vg_verdict bench_skip(struct vg_context *context, void *arg)
{
    (void)arg;
    context->pc += 2;
    return VG_RESUME;
}
VG_HANDLER(bench_skip);

/* A breakpoint is reported behind its instruction. */
enum vg_verdict bench_go_on(struct vg_context *context, void *arg)
{
    (void)context;
    (void)arg;
    return VG_RESUME;
}
VG_HANDLER(bench_go_on);
