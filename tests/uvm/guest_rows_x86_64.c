/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of guest `faults` on x86_64: vectors, classes, reasons. */
#include "tests/uvm/guest_rows.h"

#include "host/include/vitrine.h"
#include "lib/field.h"

#define R(name, vector, class, reason, special)                                                    \
    {                                                                                              \
        name, 0, vector, FAULT_CLASS_##class, FAULT_REASON_##reason, FAULT_ACCESS_NONE, special    \
    }
#define M(name, reason, access)                                                                    \
    {                                                                                              \
        name, 0, 14, FAULT_CLASS_MEMORY, FAULT_REASON_##reason, FAULT_ACCESS_##access, ALIKE       \
    }

/* clang-format off */
static const struct row user[] = {
    R("div0", 0, ARITHMETIC, DIVIDE, ALIKE),
    R("div_overflow", 0, ARITHMETIC, DIVIDE, ALIKE),
    R("icebp", 1, DEBUG, BREAKPOINT, ALIKE),
    R("step", 1, DEBUG, STEP, ALIKE),
    R("int3", 3, DEBUG, BREAKPOINT, ALIKE),
    R("overflow", 4, ARITHMETIC, OVERFLOW, ALIKE),
    R("undefined", 6, ILLEGAL, UNDEFINED, ALIKE),
    R("ud1", 6, ILLEGAL, UNDEFINED, ALIKE),
    R("bad_opcode", 6, ILLEGAL, UNDEFINED, ALIKE),
    R("bad_lock", 6, ILLEGAL, UNDEFINED, ALIKE),
    R("noncanonical_stack", 12, SYSTEM, SEGMENT, TCG_GP),
    R("privileged", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("cli", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("port_in", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("port_out", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("rdmsr", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("wrmsr", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("mov_cr0", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("mov_cr3", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("mov_dr7", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("lgdt", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("lidt", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("invlpg", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("wbinvd", 13, ILLEGAL, PRIVILEGED, TCG_NOT),
    R("swapgs", 13, ILLEGAL, PRIVILEGED, ALIKE),
    R("int_n", 13, ILLEGAL, PRIVILEGED, PVM_UD),
    R("int_de", 13, ILLEGAL, PRIVILEGED, PVM_UD),
    R("iret_kernel", 13, SYSTEM, SEGMENT, ALIKE),
    R("bad_segment", 13, SYSTEM, SEGMENT, ALIKE),
    R("kernel_segment", 13, SYSTEM, SEGMENT, ALIKE),
    R("noncanonical_read", 13, SYSTEM, PROTECTION, ALIKE),
    R("noncanonical_jump", 13, SYSTEM, PROTECTION, ALIKE),
    R("misaligned_sse", 13, SYSTEM, PROTECTION, ALIKE),
    M("null_read", NOT_PRESENT, READ),
    M("null_write", NOT_PRESENT, WRITE),
    M("null_call", NOT_PRESENT, EXEC),
    M("wild_read", NOT_PRESENT, READ),
    M("wild_jump", NOT_PRESENT, EXEC),
    M("write_rodata", PERMISSION, WRITE),
    M("write_text", PERMISSION, WRITE),
    M("write_gate", PERMISSION, WRITE),
    M("write_info", PERMISSION, WRITE),
    M("super_read", PERMISSION, READ),
    M("super_write", PERMISSION, WRITE),
    M("fault_area_write", PERMISSION, WRITE),
    M("idt_write", PERMISSION, WRITE),
    M("stack0_write", PERMISSION, WRITE),
    M("super_exec", FETCH, EXEC),
    M("exec_data", FETCH, EXEC),
    M("exec_rodata", FETCH, EXEC),
    M("exec_stack", FETCH, EXEC),
    M("exec_heap", FETCH, EXEC),
    M("exec_call_area", FETCH, EXEC),
    M("stack_recurse", STACK_OVERFLOW, WRITE),
    R("fp_div_x87", 16, FLOAT, FP_DIVIDE, ALIKE),
    R("fp_invalid_x87", 16, FLOAT, FP_INVALID, ALIKE),
    R("fp_stack_x87", 16, FLOAT, FP_STACK, TCG_NOT),
    R("fp_overflow_x87", 16, FLOAT, FP_OVERFLOW, ALIKE),
    R("fp_underflow_x87", 16, FLOAT, FP_UNDERFLOW, ALIKE),
    R("fp_inexact_x87", 16, FLOAT, FP_INEXACT, ALIKE),
    R("fp_denormal_x87", 16, FLOAT, FP_DENORMAL, TCG_NOT),
    R("misaligned", 17, MEMORY, ALIGNMENT, TCG_NOT),
    R("fp_div_sse", 19, FLOAT, FP_DIVIDE, TCG_NOT),
    R("fp_invalid_sse", 19, FLOAT, FP_INVALID, TCG_NOT),
    R("fp_overflow_sse", 19, FLOAT, FP_OVERFLOW, TCG_NOT),
    R("fp_underflow_sse", 19, FLOAT, FP_UNDERFLOW, TCG_NOT),
    R("fp_inexact_sse", 19, FLOAT, FP_INEXACT, TCG_NOT),
    R("fp_denormal_sse", 19, FLOAT, FP_DENORMAL, TCG_NOT),
};
/* clang-format on */

static const struct fixed_row fixed[] = {
    { VG_ON_VECTOR(6), TEST_SKIP, "undefined", 1 },
    { VG_ON_CLASS(FAULT_CLASS_ILLEGAL), TEST_SKIP, "undefined", 1 },
    { VG_ON_ALL, TEST_SKIP, "survives", 0 },
    { VG_ON_VECTOR(1), TEST_STEP_OFF, "step", 1 },
    { VG_ON_VECTOR(16), TEST_FP_MASK, "fp_div_x87", 1 },
    { VG_ON_VECTOR(16), TEST_FP_MASK, "fp_stack_x87", 1 },
    { VG_ON_CLASS(FAULT_CLASS_FLOAT), TEST_FP_MASK, "fp_overflow_x87", 1 },
    { VG_ON_VECTOR(17), TEST_STEP_OFF, "misaligned", 0x88112233 },
    { VG_ON_VECTOR(19), TEST_FP_MASK, "fp_div_sse", UINT64_C(0x7ff0000000000000) },
    { VG_ON_CLASS(FAULT_CLASS_FLOAT), TEST_FP_MASK, "fp_denormal_sse",
      UINT64_C(0x3ff0000000000000) },
    { VG_ON_CLASS(FAULT_CLASS_MEMORY), TEST_RETURN_7, "null_call", 7 },
    { VG_ON_CLASS(FAULT_CLASS_ARITHMETIC), TEST_RETURN_7, "div0", 7 },
};

static const struct nested_row nested[] = {
    { TEST_IN_DIV0, R("div0", 0, ARITHMETIC, DIVIDE, ALIKE) },
    { TEST_IN_NULL_READ, M("null read", NOT_PRESENT, READ) },
    { TEST_IN_WRITE_RODATA, M("write rodata", PERMISSION, WRITE) },
    { TEST_IN_WRITE_TEXT, M("write text", PERMISSION, WRITE) },
    { TEST_IN_EXEC_DATA, M("exec data", FETCH, EXEC) },
    { TEST_IN_WILD_JUMP, M("wild jump", NOT_PRESENT, EXEC) },
    { TEST_IN_NONCANONICAL, R("non-canonical", 13, SYSTEM, PROTECTION, ALIKE) },
    { TEST_IN_UNDEFINED, R("ud2", 6, ILLEGAL, UNDEFINED, ALIKE) },
    { TEST_IN_BREAKPOINT, R("int3", 3, DEBUG, BREAKPOINT, ALIKE) },
    { TEST_IN_PRIVILEGED, R("bad msr", 13, SYSTEM, PROTECTION, ALIKE) },
    { TEST_IN_SEGMENT, R("bad selector", 13, SYSTEM, SEGMENT, ALIKE) },
    { TEST_IN_STEP, R("step", 1, DEBUG, STEP, ALIKE) },
    { TEST_IN_RECURSION, R("recursion", 8, SYSTEM, DOUBLE_FAULT, ALIKE) },
};

static const struct unsupported_row unsupported[] = {
    { TEST_IN_INT_N, VT_ERR_FAULT },
    { TEST_IN_SSE, VT_OK },
    { TEST_IN_X87, VT_OK },
};

const struct guest_rows guest_rows = {
    .user = user,
    .user_count = ARRAY_COUNT(user),
    .fixed = fixed,
    .fixed_count = ARRAY_COUNT(fixed),
    .nested = nested,
    .nested_count = ARRAY_COUNT(nested),
    .unsupported = unsupported,
    .unsupported_count = ARRAY_COUNT(unsupported),
    .undefined = 6,
    .service = 6,
    .fetch = 14,
    .user_code = 0x1002,
};
