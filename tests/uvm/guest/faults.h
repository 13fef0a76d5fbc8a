/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the fault test guest share. */
#ifndef TESTS_UVM_GUEST_FAULTS_H
#define TESTS_UVM_GUEST_FAULTS_H

#include <stdint.h>

#include "guest/include/vitrine-fault.h"

/* What test_handler does: its `arg`. Each first adds its number, one hex digit, to the log. */
enum test_action {
    TEST_NOTHING = 0,
    TEST_SKIP,        /* resumes after the instruction: x86_64's of 2 bytes, ud2 and the like */
    TEST_NEXT,        /* not mine */
    TEST_FORWARD,     /* to the host, past other handlers */
    TEST_FP_MASK,     /* masks the floating-point exceptions and resumes */
    TEST_STEP_OFF,    /* clears TF and AC (aarch64: skips), resumes */
    TEST_BAD_VERDICT, /* a number that is no verdict */

    TEST_RETURN_7, /* makes the function that faulted return 7 to its caller, by its frame
                      (aarch64: that which was called, by the link register) */
    TEST_BAD_PC,   /* resumes at an address that no processor takes */
    /* Faults inside the handler, then resumes as TEST_SKIP: */
    TEST_IN_DIV0 = 16,
    TEST_IN_NULL_READ,
    TEST_IN_WRITE_RODATA,
    TEST_IN_WRITE_TEXT,
    TEST_IN_EXEC_DATA,
    TEST_IN_WILD_JUMP,
    TEST_IN_NONCANONICAL,
    TEST_IN_UNDEFINED,
    TEST_IN_BREAKPOINT,
    TEST_IN_INT_N,
    TEST_IN_SSE,
    TEST_IN_X87,
    TEST_IN_PRIVILEGED, /* bad MSR */
    TEST_IN_SEGMENT,
    TEST_IN_STEP,
    TEST_IN_RECURSION,
    TEST_IN_EXEC_USER,
    TEST_IN_RECURSIVE_FAULT, /* the same fault again, to the depth limit */
    TEST_IN_HLT,
    TEST_IN_LOOP,
    TEST_IN_CALL,
    TEST_IN_ALIGNMENT,
};

enum vg_verdict test_handler(struct vg_context *context, void *arg);
enum vg_verdict test_undeclared(struct vg_context *context, void *arg);

/* ---- The architecture's, in faults_ARCH_super.c ---- */

void test_arch_skip(struct vg_context *context);
void test_arch_step_off(struct vg_context *context);
void test_arch_fp_mask(struct vg_context *context);
bool test_arch_return(struct vg_context *context);

/* The faults that are an instruction's. */
void test_arch_raise(unsigned action);

/* An address in user code. */
extern const uint64_t test_user_code;

/* Of the supervisor: user code must not read, write or run these. */
extern const uint64_t super_secret[2];
extern uint64_t super_variable;

/* In user memory. */
extern uint64_t *const test_log_at;

#endif
