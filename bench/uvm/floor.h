/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the least that a program can do with /dev/kvm to get the same exits at the same
 * privilege as libvitrine: user code, #BP, a supervisor stub, `out`, the host, iretq. No checks, no
 * faults, no names; whatever is dearer than this is the library's doing.
 */
#ifndef BENCH_UVM_FLOOR_H
#define BENCH_UVM_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct floor_vm;

/* Prepares the memory that all VMs start from; ram is their size. 0, or -1 with errno. */
int floor_load(size_t ram);
void floor_unload(void);

/* The first negative system call is said by name in errno; NULL then. The VM has not run yet. */
struct floor_vm *floor_create(void);
void floor_destroy(struct floor_vm *vm);

/* The guest's user code adds 1. The first call also enters user mode. UINT64_MAX: it failed. */
uint64_t floor_call(struct floor_vm *vm, uint64_t arg);

/* The same, and the guest asks the host for one more addition: two exits. */
uint64_t floor_call_host(struct floor_vm *vm, uint64_t arg);

/*
 * One call, and then another vCPU and a thread that runs user code on it; returns once that has
 * begun. Once a VM. 0 or -1.
 */
int floor_start(struct floor_vm *vm);

/* `out` in a supervisor loop, one exit. The VM can do nothing else afterwards. 0 or -1. */
int floor_exit(struct floor_vm *vm);

/* An interrupt by KVM's own means: a vector in ring 0, which sends user code to a handler, which
 * exits. The VM stands where floor_call() has left it. 0 or -1. */
int floor_interrupt(struct floor_vm *vm);

/* Cycles of `count` rounds user code -> #UD or #BP -> stub -> iretq, by the guest's own clock. */
uint64_t floor_exception(struct floor_vm *vm, uint64_t count, bool breakpoint);

#endif
