/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back end without a processor in place of host/kvm.c: the fuzzer is the guest. At each entry it
 * writes what it likes into the guest's memory and says with which exit the guest left.
 */
#ifndef TESTS_FUZZ_UVM_DOUBLE_H
#define TESTS_FUZZ_UVM_DOUBLE_H

#include "host/backend.h"
#include "tests/fuzz/fuzz.h"

struct uvm_double {
    uint8_t *ram;
    uint64_t ram_size;
    struct be_regs regs;
    struct fuzz_in in;
    /* One entry of the guest; false: it has nothing more to say and the call ends well. */
    bool (*enter)(struct uvm_double *self, struct be_event *event);
    unsigned entries;
    uint64_t ticks;
    bool takes_interrupts;
    void (*interrupted)(uint64_t entry); /* or NULL */
};

extern struct uvm_double uvm_double;

/* The micro-VM that all inputs use, of the puppet's image; made at the first call. */
struct vt_vm *uvm_double_vm(const struct vt_cfg *cfg);

#endif
