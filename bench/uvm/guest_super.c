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

static bool fast_skip(struct vg_fast *fault)
{
    fault->pc += 2;
    return true;
}

static bool fast_go_on(struct vg_fast *fault)
{
    (void)fault;
    return true;
}

/* Goes on, and sets or removes the fast handlers. */
enum vg_verdict bench_fast(struct vg_context *context, void *arg)
{
    context->pc += 2;
    return vg_fast_set(6, arg != NULL ? fast_skip : NULL) == 0 &&
                   vg_fast_set(3, arg != NULL ? fast_go_on : NULL) == 0
               ? VG_RESUME
               : VG_FORWARD;
}
VG_HANDLER(bench_fast);

/* A breakpoint is reported behind its instruction. */
enum vg_verdict bench_go_on(struct vg_context *context, void *arg)
{
    (void)context;
    (void)arg;
    return VG_RESUME;
}
VG_HANDLER(bench_go_on);
