/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of guest `hurt` on x86_64: which fault each must be. */
#include "tests/uvm/survive.h"

#define MEMORY(name, reason)                                                                       \
    {                                                                                              \
        name, FAULT_CLASS_MEMORY, FAULT_REASON_##reason, 14, 0, 0                                  \
    }
#define ILLEGAL(name, reason, vector)                                                              \
    {                                                                                              \
        name, FAULT_CLASS_ILLEGAL, FAULT_REASON_##reason, vector, 0, 0                             \
    }
#define SELECTOR(name)                                                                             \
    {                                                                                              \
        name, FAULT_CLASS_SYSTEM, FAULT_REASON_SEGMENT, 13, 0, 0                                   \
    }
#define PROTECTION(name)                                                                           \
    {                                                                                              \
        name, FAULT_CLASS_SYSTEM, FAULT_REASON_PROTECTION, 13, FAULT_REASON_PRIVILEGED, 13         \
    }

const enum fault_arch survive_arch = FAULT_ARCH_X86_64;

const struct expectation survive_expected[HURT_COUNT] = {
    [HURT_DIVIDE] = { "divide", FAULT_CLASS_ARITHMETIC, FAULT_REASON_DIVIDE, 0, 0, 0 },
    [HURT_DIVIDE_OVERFLOW] = { "quotient", FAULT_CLASS_ARITHMETIC, FAULT_REASON_DIVIDE, 0, 0, 0 },
    [HURT_BREAKPOINT] = { "int3", FAULT_CLASS_DEBUG, FAULT_REASON_BREAKPOINT, 3, 0, 0 },
    [HURT_UD2] = ILLEGAL("ud2", UNDEFINED, 6),
    [HURT_NULL_READ] = MEMORY("read of NULL", NOT_PRESENT),
    [HURT_NULL_WRITE] = MEMORY("write to NULL", NOT_PRESENT),
    [HURT_WRITE_TEXT] = MEMORY("write to code", PERMISSION),
    [HURT_WRITE_RODATA] = MEMORY("write to constants", PERMISSION),
    [HURT_EXEC_DATA] = MEMORY("execute data", FETCH),
    [HURT_EXEC_HEAP] = MEMORY("execute heap", FETCH),
    [HURT_EXEC_STACK] = MEMORY("execute stack", FETCH),
    [HURT_NONCANONICAL] = PROTECTION("non-canonical read"),
    [HURT_STACK_SEGMENT] = { "non-canonical rbp", FAULT_CLASS_SYSTEM, FAULT_REASON_SEGMENT, 12,
                             FAULT_REASON_PROTECTION, 13 },
    [HURT_HLT] = PROTECTION("hlt"),
    [HURT_CLI] = PROTECTION("cli"),
    [HURT_IN] = PROTECTION("in"),
    [HURT_READ_SUPERVISOR] = MEMORY("read of the runtime", PERMISSION),
    [HURT_WRITE_SUPERVISOR] = MEMORY("write to the GDT", PERMISSION),
    [HURT_EXEC_SUPERVISOR] = MEMORY("execute the runtime", FETCH),
    [HURT_WRITE_INFO] = MEMORY("write to uvm_info", PERMISSION),
    [HURT_WRITE_GATE] = MEMORY("write to the gate", PERMISSION),
    [HURT_FAR_READ] = MEMORY("far read", NOT_PRESENT),
    [HURT_JUMP_NULL] = MEMORY("jump to NULL", NOT_PRESENT),
    [HURT_JUMP_FAR] = MEMORY("far jump", NOT_PRESENT),
    [HURT_JUMP_NONCANONICAL] = PROTECTION("non-canonical jump"),
    [HURT_JUMP_MIDDLE] = ILLEGAL("jump into an instruction", UNDEFINED, 6),
    [HURT_BAD_SELECTOR] = SELECTOR("bad selector"),
    [HURT_RDMSR] = PROTECTION("rdmsr"),
    [HURT_MOV_CR3] = PROTECTION("mov to cr3"),
    [HURT_LIDT] = PROTECTION("lidt"),
    [HURT_IRET_KERNEL] = SELECTOR("iret to ring 0"),
    [HURT_SINGLE_STEP] = { "trap flag", FAULT_CLASS_DEBUG, FAULT_REASON_STEP, 1, 0, 0 },
    [HURT_ALIGNMENT] = { "alignment", FAULT_CLASS_MEMORY, FAULT_REASON_ALIGNMENT, 17, 0, 0 },
    [HURT_SIMD] = { "SIMD division", FAULT_CLASS_FLOAT, FAULT_REASON_FP_DIVIDE, 19, 0, 0 },
    [HURT_X87] = { "x87 division", FAULT_CLASS_FLOAT, FAULT_REASON_FP_DIVIDE, 16, 0, 0 },
    [HURT_ICEBP] = { "icebp", FAULT_CLASS_DEBUG, FAULT_REASON_BREAKPOINT, 1, 0, 0 },
    [HURT_INT80] = { "int 0x80", FAULT_CLASS_ILLEGAL, FAULT_REASON_PRIVILEGED, 13,
                     FAULT_REASON_UNDEFINED, 6 },
    [HURT_SMASH_STACK_POINTER] = MEMORY("push to a smashed stack", NOT_PRESENT),
};
