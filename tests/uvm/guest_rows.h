/* SPDX-License-Identifier: Apache-2.0 */
/* What the functions of guest `faults` must be reported as on an architecture. */
#ifndef TESTS_UVM_GUEST_ROWS_H
#define TESTS_UVM_GUEST_ROWS_H

#include <stddef.h>

#include "tests/uvm/guest/faults.h"

enum special {
    ALIKE,
    TCG_NOT, /* QEMU's TCG does not raise it: the call returns */
    TCG_GP,  /* raises #GP in its place */
    PVM_UD,  /* kvm_pvm raises #UD in its place */
};

struct row {
    const char *name;
    uint64_t arg;
    uint32_t vector;
    uint16_t class, reason, access;
    enum special special;
};

/* A fault in user code that a handler answers by `what`: the call returns `result`. */
struct fixed_row {
    uint32_t on;
    enum test_action what;
    const char *name;
    uint64_t result;
};

/* A fault of a handler's own. */
struct nested_row {
    enum test_action what;
    struct row row;
};

/* What works in supervisor mode of a complete KVM only. */
struct unsupported_row {
    enum test_action what;
    int err; /* there */
};

struct guest_rows {
    const struct row *user;
    size_t user_count;
    const struct fixed_row *fixed;
    size_t fixed_count;
    const struct nested_row *nested;
    size_t nested_count;
    const struct unsupported_row *unsupported;
    size_t unsupported_count;
    uint32_t undefined, service, fetch; /* vectors: of `undefined`, of asking the supervisor... */
    uint64_t user_code;                 /* ... of running user code there, which lies here */
};

extern const struct guest_rows guest_rows;

#endif
