/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the micro-VM benchmark share: its figures, and how it makes and calls VMs. */
#ifndef BENCH_UVM_BENCH_H
#define BENCH_UVM_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/uvm/sample.h"
#include "host/include/vitrine.h"
#include "lib/field.h"

FIELD(BENCH_ARG0, 4, 4); /* of a call_signature */

/* All in microseconds but for the memory. */
enum bench_row {
    ROW_CREATE,
    ROW_CALL,
    ROW_CALL_HOST,
    ROW_EXIT, /* of the floor; what restores are compared with */
    ROW_RESTORE_1,
    ROW_RESTORE_10,
    ROW_RESTORE_100,
    ROW_RESTORE_1000,
    ROW_RESTORE_CALL,
    ROW_SNAPSHOT,
    ROW_CLONE,
    ROW_CLONE_CALL,
    ROW_VCPU_START,
    ROW_VCPU_AGAIN,
    ROW_INTERRUPT,
    ROW_FAST_EXCEPTION,
    ROW_FAST_BREAKPOINT,
    ROW_EXCEPTION,
    ROW_BREAKPOINT,
    ROW_COUNT
};

struct bench {
    struct vt_image *image;
    bool native; /* the build machine's own KVM; else the emulated machine's */
    bool slow_supervisor;
    struct {
        struct sample floor, ours;
    } row[ROW_COUNT];
    unsigned alive;     /* VMs that were alive at once */
    double vm_kib;      /* of an idle VM, by what the machine had less */
    double vm_user_kib; /* of it, memory of the process */
};

_Noreturn void bench_die(const char *what, int err);
struct vt_vm *bench_create(const struct bench *bench);
struct vt_vm *bench_create_with(const struct bench *bench, const struct vt_cfg *cfg);
uint64_t bench_call(struct vt_vm *vm, const char *name, uint64_t value);

/* memory.c */
void measure_memory(struct bench *bench);

/* report.c: the exit status. */
int report(struct bench *bench, const char *json);

#endif
