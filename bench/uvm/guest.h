/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the benchmark's program share. */
#ifndef BENCH_UVM_GUEST_H
#define BENCH_UVM_GUEST_H

#include "vitrine-fault.h"

enum vg_verdict bench_skip(struct vg_context *context, void *arg);
enum vg_verdict bench_fast(struct vg_context *context, void *arg);
enum vg_verdict bench_go_on(struct vg_context *context, void *arg);

#endif
