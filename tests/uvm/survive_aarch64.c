/* SPDX-License-Identifier: Apache-2.0 */
/* The ways of guest `hurt` on aarch64: which fault each must be. */
#include "tests/uvm/survive.h"

/* Values of ESR_EL1.EC. */
enum {
    UNKNOWN = 0x00,
    WAIT = 0x01,
    SUPERVISOR_CALL = 0x15,
    SYSTEM_REGISTER = 0x18,
    FETCH = 0x20,
    PC_ALIGNMENT = 0x22,
    DATA = 0x24,
    BREAK = 0x3c,
};

#define WAY(name, class, reason, vector)                                                           \
    {                                                                                              \
        name, FAULT_CLASS_##class, FAULT_REASON_##reason, vector, 0, 0                             \
    }
#define ACCESS(name, reason)     WAY(name, MEMORY, reason, DATA)
#define EXECUTE(name, reason)    WAY(name, MEMORY, reason, FETCH)
#define PRIVILEGED(name, vector) WAY(name, ILLEGAL, PRIVILEGED, vector)

const enum fault_arch survive_arch = FAULT_ARCH_AARCH64;

const struct expectation survive_expected[HURT_COUNT] = {
    [HURT_BREAKPOINT] = WAY("brk", DEBUG, BREAKPOINT, BREAK),
    [HURT_UD2] = WAY("udf", ILLEGAL, UNDEFINED, UNKNOWN),
    [HURT_NULL_READ] = ACCESS("read of NULL", NOT_PRESENT),
    [HURT_NULL_WRITE] = ACCESS("write to NULL", NOT_PRESENT),
    [HURT_WRITE_TEXT] = ACCESS("write to code", PERMISSION),
    [HURT_WRITE_RODATA] = ACCESS("write to constants", PERMISSION),
    [HURT_EXEC_DATA] = EXECUTE("execute data", FETCH),
    [HURT_EXEC_HEAP] = EXECUTE("execute heap", FETCH),
    [HURT_EXEC_STACK] = EXECUTE("execute stack", FETCH),
    [HURT_NONCANONICAL] = ACCESS("read beyond 39 bits", NOT_PRESENT),
    [HURT_HLT] = PRIVILEGED("wfi", WAIT),
    [HURT_CLI] = PRIVILEGED("mask interrupts", SYSTEM_REGISTER),
    [HURT_IN] = PRIVILEGED("smc", UNKNOWN),
    [HURT_READ_SUPERVISOR] = ACCESS("read of the runtime", PERMISSION),
    [HURT_WRITE_SUPERVISOR] = ACCESS("write to the runtime", PERMISSION),
    [HURT_EXEC_SUPERVISOR] = EXECUTE("execute the runtime", FETCH),
    [HURT_WRITE_INFO] = ACCESS("write to uvm_info", PERMISSION),
    [HURT_WRITE_GATE] = ACCESS("write to the gate", PERMISSION),
    [HURT_FAR_READ] = ACCESS("far read", NOT_PRESENT),
    [HURT_JUMP_NULL] = EXECUTE("jump to NULL", NOT_PRESENT),
    [HURT_JUMP_FAR] = EXECUTE("far jump", NOT_PRESENT),
    [HURT_JUMP_NONCANONICAL] = EXECUTE("jump beyond 39 bits", NOT_PRESENT),
    [HURT_JUMP_MIDDLE] = WAY("jump into an instruction", MEMORY, ALIGNMENT, PC_ALIGNMENT),
    [HURT_RDMSR] = PRIVILEGED("read of SCTLR", UNKNOWN),
    [HURT_MOV_CR3] = PRIVILEGED("write to TTBR0", UNKNOWN),
    [HURT_LIDT] = PRIVILEGED("write to VBAR", UNKNOWN),
    [HURT_IRET_KERNEL] = PRIVILEGED("eret", UNKNOWN),
    [HURT_ALIGNMENT] = ACCESS("misaligned exclusive", ALIGNMENT),
    [HURT_ICEBP] = PRIVILEGED("hvc", UNKNOWN),
    [HURT_INT80] = WAY("svc", SYSTEM, OTHER, SUPERVISOR_CALL),
    [HURT_SMASH_STACK_POINTER] = ACCESS("push to a smashed stack", NOT_PRESENT),
};
