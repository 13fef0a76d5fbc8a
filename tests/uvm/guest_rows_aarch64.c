/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of guest `faults` on aarch64: exception classes, classes, reasons. */
#include "tests/uvm/guest_rows.h"

#include "lib/field.h"

/* Values of ESR_EL1.EC, and numbers beyond them. */
enum {
    UNKNOWN = 0x00,
    WAIT = 0x01,
    CALL = 0x15,
    SYSTEM_REGISTER = 0x18,
    FETCH = 0x20,
    FETCH_EL1 = 0x21,
    PC = 0x22,
    DATA = 0x24,
    DATA_EL1 = 0x25,
    SP = 0x26,
    FLOAT = 0x2c,
    BREAK = 0x3c,
    DOUBLE = 0x42,
};

#define R(name, vector, class, reason, access)                                                     \
    {                                                                                              \
        name, 0, vector, FAULT_CLASS_##class, FAULT_REASON_##reason, FAULT_ACCESS_##access, ALIKE  \
    }
#define ILLEGAL(name, vector, reason) R(name, vector, ILLEGAL, reason, NONE)
#define M(name, reason, access)       R(name, DATA, MEMORY, reason, access)
#define X(name, reason)               R(name, FETCH, MEMORY, reason, EXEC)

static const struct row user[] = {
    ILLEGAL("undefined", UNKNOWN, UNDEFINED),
    ILLEGAL("bad_opcode", UNKNOWN, UNDEFINED),
    ILLEGAL("el0_register", UNKNOWN, UNDEFINED),
    ILLEGAL("halt", UNKNOWN, UNDEFINED),
    ILLEGAL("hypervisor_call", UNKNOWN, PRIVILEGED),
    ILLEGAL("monitor_call", UNKNOWN, PRIVILEGED),
    ILLEGAL("eret", UNKNOWN, PRIVILEGED),
    ILLEGAL("wait", WAIT, PRIVILEGED),
    ILLEGAL("mask", SYSTEM_REGISTER, PRIVILEGED),
    ILLEGAL("read_vbar", UNKNOWN, PRIVILEGED),
    ILLEGAL("write_ttbr0", UNKNOWN, PRIVILEGED),
    ILLEGAL("write_sctlr", UNKNOWN, PRIVILEGED),
    ILLEGAL("write_tpidrro", UNKNOWN, UNDEFINED), /* EL0's own, but to read */
    ILLEGAL("flush_tlb", UNKNOWN, PRIVILEGED),
    ILLEGAL("cache_by_set", UNKNOWN, PRIVILEGED),
    ILLEGAL("cache_by_address", SYSTEM_REGISTER, PRIVILEGED),
    R("supervisor_call", CALL, SYSTEM, OTHER, NONE),
    R("breakpoint", BREAK, DEBUG, BREAKPOINT, NONE),
    R("breakpoint_32", BREAK, DEBUG, BREAKPOINT, NONE),
    M("null_read", NOT_PRESENT, READ),
    M("null_write", NOT_PRESENT, WRITE),
    M("wild_read", NOT_PRESENT, READ),
    M("noncanonical_read", NOT_PRESENT, READ),
    M("write_rodata", PERMISSION, WRITE),
    M("write_text", PERMISSION, WRITE),
    M("write_gate", PERMISSION, WRITE),
    M("write_info", PERMISSION, WRITE),
    M("super_read", PERMISSION, READ),
    M("super_write", PERMISSION, WRITE),
    M("fault_area_write", PERMISSION, WRITE),
    M("idt_write", PERMISSION, WRITE),
    M("stack0_write", PERMISSION, WRITE),
    M("stack_recurse", STACK_OVERFLOW, WRITE),
    M("misaligned", ALIGNMENT, READ),
    R("misaligned_jump", PC, MEMORY, ALIGNMENT, EXEC),
    X("null_call", NOT_PRESENT),
    X("wild_jump", NOT_PRESENT),
    X("noncanonical_jump", NOT_PRESENT),
    X("super_exec", FETCH),
    X("exec_data", FETCH),
    X("exec_rodata", FETCH),
    X("exec_stack", FETCH),
    X("exec_heap", FETCH),
    X("exec_call_area", FETCH),
    { "misaligned_stack", 0, SP, FAULT_CLASS_MEMORY, FAULT_REASON_ALIGNMENT, FAULT_ACCESS_NONE,
      TCG_NOT },
    { "fp_div", 0, FLOAT, FAULT_CLASS_FLOAT, FAULT_REASON_FP_DIVIDE, FAULT_ACCESS_NONE, TCG_NOT },
};

static const struct fixed_row fixed[] = {
    { VG_ON_VECTOR(UNKNOWN), TEST_SKIP, "undefined", 1 },
    { VG_ON_CLASS(FAULT_CLASS_ILLEGAL), TEST_SKIP, "undefined", 1 },
    { VG_ON_ALL, TEST_SKIP, "survives", 0 },
    { VG_ON_VECTOR(BREAK), TEST_SKIP, "breakpoint", 1 },
    { VG_ON_VECTOR(DATA), TEST_STEP_OFF, "misaligned", 0 },
    { VG_ON_CLASS(FAULT_CLASS_FLOAT), TEST_FP_MASK, "fp_div", UINT64_C(0x7ff0000000000000) },
    { VG_ON_CLASS(FAULT_CLASS_MEMORY), TEST_RETURN_7, "null_call", 1 },
};

static const struct nested_row nested[] = {
    { TEST_IN_NULL_READ, R("null read", DATA_EL1, MEMORY, NOT_PRESENT, READ) },
    { TEST_IN_WRITE_RODATA, R("write rodata", DATA_EL1, MEMORY, PERMISSION, WRITE) },
    { TEST_IN_WRITE_TEXT, R("write text", DATA_EL1, MEMORY, PERMISSION, WRITE) },
    { TEST_IN_EXEC_DATA, R("exec data", FETCH_EL1, MEMORY, FETCH, EXEC) },
    { TEST_IN_WILD_JUMP, R("wild jump", FETCH_EL1, MEMORY, NOT_PRESENT, EXEC) },
    { TEST_IN_NONCANONICAL, R("non-canonical", DATA_EL1, MEMORY, NOT_PRESENT, READ) },
    { TEST_IN_UNDEFINED, ILLEGAL("udf", UNKNOWN, UNDEFINED) },
    { TEST_IN_BREAKPOINT, R("brk", BREAK, DEBUG, BREAKPOINT, NONE) },
    { TEST_IN_PRIVILEGED, ILLEGAL("EL2's register", UNKNOWN, UNDEFINED) },
    { TEST_IN_CALL, R("svc", CALL, SYSTEM, OTHER, NONE) },
    { TEST_IN_ALIGNMENT, R("alignment", DATA_EL1, MEMORY, ALIGNMENT, READ) },
    { TEST_IN_RECURSION, R("recursion", DOUBLE, SYSTEM, DOUBLE_FAULT, NONE) },
};

const struct guest_rows guest_rows = {
    .user = user,
    .user_count = ARRAY_COUNT(user),
    .fixed = fixed,
    .fixed_count = ARRAY_COUNT(fixed),
    .nested = nested,
    .nested_count = ARRAY_COUNT(nested),
    .undefined = UNKNOWN,
    .service = CALL,
    .fetch = FETCH_EL1,
    .user_code = 0x1008,
};
