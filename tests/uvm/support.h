/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of micro-VMs share: guests by name, calls that must work, and counts of resources. */
#ifndef TESTS_UVM_SUPPORT_H
#define TESTS_UVM_SUPPORT_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/unit.h"

#include "host/include/vitrine.h"
#include "lib/field.h"

FIELD(UVM_SIG_ARG0, 4, 4); /* of a call_signature */

/* The signature of a function uint64_t (uint64_t); most of the guests' are. */
#define SIG_U64_U64 (CALL_U64 | (call_signature)CALL_U64 << 4)

/* The guest NAME.elf of $UVM_GUESTS; a failure ends the test. */
struct vt_image *uvm_image(const char *name);
struct vt_vm *uvm_vm(const struct vt_image *image);

/* Calls a function of one argument, or of none when it has none, and a result of 64 bits. */
int uvm_try(struct vt_vm *vm, const char *function, uint64_t arg, uint64_t *result);
/* The same; it must succeed. */
uint64_t uvm_call(struct vt_vm *vm, const char *function, uint64_t arg);
/* A call without fault still works: `ok` gives 42. */
void uvm_check_alive(struct vt_vm *vm);
/* Restores to the image, then the same. */
void uvm_check_restored(struct vt_vm *vm);

/* Whether this is the platform of that name. */
bool uvm_on(const char *platform);
/* Whether this is the complete KVM of an emulated machine. */
bool uvm_emulated(void);
/*
 * Keeps a virtual machine for as long as the process lives. The kernel patches its code when its
 * first one comes and when the last goes, and QEMU's emulation of that sometimes panics.
 */
void uvm_keep(void);
/* Says why the test is skipped, and skips it. */
void uvm_skip(const char *reason);

unsigned uvm_fd_count(void);
unsigned uvm_mapping_count(void);
/* Private memory of this process. */
uint64_t uvm_memory_kib(void);
uint64_t uvm_now_ms(void);
void uvm_sleep_ms(unsigned ms);

/* Another thread that cancels every so often: on a busy machine the call that it is to end has not
 * begun the first time. */
struct uvm_canceller {
    struct vt_vm *vm;
    unsigned ms;
    atomic_bool is_ended;
    pthread_t thread;
};

void uvm_cancel_begin(struct uvm_canceller *c);
void uvm_cancel_end(struct uvm_canceller *c);

#endif
