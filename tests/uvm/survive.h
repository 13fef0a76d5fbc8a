/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways of guest `hurt` must be reported as on an architecture. */
#ifndef TESTS_UVM_SURVIVE_H
#define TESTS_UVM_SURVIVE_H

#include "abi/fault.h"
#include "tests/uvm/guest/hurt.h"

/* A back end that can't tell gives vector and reason of `other`. */
struct expectation {
    const char *name; /* NULL: there is no such way */
    enum fault_class class;
    enum fault_reason reason;
    unsigned vector;
    enum fault_reason other;
    unsigned other_vector;
};

extern const enum fault_arch survive_arch;
extern const struct expectation survive_expected[HURT_COUNT];

#endif
