/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's fault as one binary record, the same for every architecture, and the host's answer. The
 * runtime writes struct fault_area, in its own supervisor memory, and exits by UVM_PORT_FAULT; the
 * host copies it once, checks the copy, fills what a guest does not know (names of mappings,
 * backtrace, floating point), asks its user and writes the answer. Nothing in here is trusted by
 * the host: all fields but its own may hold anything.
 */
#ifndef ABI_FAULT_H
#define ABI_FAULT_H

#include <stdint.h>

#define FAULT_MAGIC     UINT32_C(0x46525456) /* "VTRF" */
#define FAULT_VERSION   UINT16_C(1)
#define FAULT_DEPTH     4u /* records of one report: the fault and those it is nested in */
#define FAULT_GPRS      32u
#define FAULT_SYS       8u
#define FAULT_BACKTRACE 32u
#define FAULT_NAME      16u

enum fault_arch { FAULT_ARCH_X86_64 = 62, FAULT_ARCH_AARCH64 = 183 }; /* ELF's e_machine */

enum fault_class {
    FAULT_CLASS_NONE,
    FAULT_CLASS_MEMORY,     /* translation, permission, alignment, stack */
    FAULT_CLASS_ARITHMETIC, /* integer division, overflow, bounds */
    FAULT_CLASS_FLOAT,
    FAULT_CLASS_ILLEGAL, /* instruction undefined or not allowed at this level */
    FAULT_CLASS_DEBUG,   /* breakpoint, watchpoint, step */
    FAULT_CLASS_SYSTEM,  /* everything else: segments, double fault, NMI, machine check, shutdown */
    FAULT_CLASS_COUNT
};

enum fault_reason {
    FAULT_REASON_NONE,
    /* memory */
    FAULT_REASON_NOT_PRESENT,
    FAULT_REASON_PERMISSION, /* `access` says which kind was tried */
    FAULT_REASON_RESERVED,   /* a reserved bit in a page-table entry */
    FAULT_REASON_FETCH,      /* instruction fetch from what is not executable */
    FAULT_REASON_ALIGNMENT,
    FAULT_REASON_STACK_OVERFLOW, /* the guard page below a stack */
    FAULT_REASON_NO_MEMORY,      /* an address that translates, to no memory of the guest */
    /* arithmetic */
    FAULT_REASON_DIVIDE, /* x86's #DE: by zero, or the quotient does not fit */
    FAULT_REASON_OVERFLOW,
    FAULT_REASON_BOUND,
    /* floating point; x87 and SIMD are told apart by the vector */
    FAULT_REASON_FP_INVALID,
    FAULT_REASON_FP_DENORMAL,
    FAULT_REASON_FP_DIVIDE,
    FAULT_REASON_FP_OVERFLOW,
    FAULT_REASON_FP_UNDERFLOW,
    FAULT_REASON_FP_INEXACT,
    FAULT_REASON_FP_STACK,       /* x87 stack over- or underflow */
    FAULT_REASON_FP_UNAVAILABLE, /* #NM, or the trap of FP/SIMD access */
    FAULT_REASON_FP_OTHER,       /* status not (yet) known */
    /* illegal */
    FAULT_REASON_UNDEFINED,
    FAULT_REASON_PRIVILEGED,
    FAULT_REASON_NOT_EMULATED, /* legal, but this back end can't execute it at this level */
    /* debug */
    FAULT_REASON_BREAKPOINT,
    FAULT_REASON_STEP,
    FAULT_REASON_WATCHPOINT,
    FAULT_REASON_HW_BREAKPOINT,
    /* system */
    FAULT_REASON_PROTECTION, /* x86's #GP not better known */
    FAULT_REASON_SEGMENT,
    FAULT_REASON_DOUBLE_FAULT,
    FAULT_REASON_NMI,
    FAULT_REASON_MACHINE_CHECK,
    FAULT_REASON_INTERRUPT, /* no handler for a vector at or above 32 */
    FAULT_REASON_DEPTH,     /* faults in handlers of faults, FAULT_DEPTH deep */
    FAULT_REASON_SHUTDOWN,  /* triple fault: the host writes this record, the guest can't */
    FAULT_REASON_ABORT,     /* the program gave up: vg_abort() */
    FAULT_REASON_OTHER,
    FAULT_REASON_COUNT
};

enum fault_access { FAULT_ACCESS_NONE, FAULT_ACCESS_READ, FAULT_ACCESS_WRITE, FAULT_ACCESS_EXEC };

enum fault_level { FAULT_LEVEL_USER, FAULT_LEVEL_SUPERVISOR };

/* x86_64's order in gpr[]: rax rbx rcx rdx rsi rdi rbp rsp r8..r15. aarch64: x0..x30, sp. */
enum fault_x86_gpr {
    FAULT_RAX,
    FAULT_RBX,
    FAULT_RCX,
    FAULT_RDX,
    FAULT_RSI,
    FAULT_RDI,
    FAULT_RBP,
    FAULT_RSP,
    FAULT_R8,
    FAULT_R9,
    FAULT_R10,
    FAULT_R11,
    FAULT_R12,
    FAULT_R13,
    FAULT_R14,
    FAULT_R15,
    FAULT_X86_GPRS
};

/* x86_64's order in sys[]. The host fills what the runtime leaves 0, from the vCPU. */
enum fault_x86_sys {
    FAULT_FS_BASE,
    FAULT_GS_BASE,
    FAULT_CR0,
    FAULT_CR3,
    FAULT_CR4,
    FAULT_EFER,
    FAULT_DR6,
    FAULT_SELECTORS /* cs, ss, ds, es from bit 0, 16 bits each */
};

/* aarch64's order; its fs_base and gs_base are TPIDR_EL0 and TPIDRRO_EL0. */
enum fault_a64_sys {
    FAULT_TPIDR_EL0,
    FAULT_TPIDRRO_EL0,
    FAULT_SCTLR_EL1,
    FAULT_TTBR0_EL1,
    FAULT_TCR_EL1,
    FAULT_CPACR_EL1,
    FAULT_MAIR_EL1,
    FAULT_VBAR_EL1
};

struct fault_record {
    uint32_t magic;
    uint16_t version;
    uint16_t size; /* of this structure as written */
    uint16_t arch, level;
#ifdef __cplusplus
    uint16_t class_, reason; /* `class` means something else there */
#else
    uint16_t class, reason;
#endif
    uint32_t vector; /* the architecture's number: x86 vector, aarch64 ESR.EC or above it ours */
    uint32_t access;
    uint64_t error_code; /* x86 error code, aarch64 ESR_EL1 */
    uint64_t pc, flags;  /* flags: RFLAGS, SPSR */
    uint64_t address;    /* of the access: CR2, FAR; 0 when the fault has none */
    uint64_t gpr[FAULT_GPRS];
    uint64_t sys[FAULT_SYS];
    uint64_t instructions; /* up to 8 bytes at pc, first byte lowest; host fills; 0: unreadable */

    /* Floating point: filled by the host for class FLOAT, and when its user asks. */
    uint32_t fp_valid;
    uint32_t fp_control, fp_status; /* x87 FCW, FSW; aarch64 FPCR, FPSR */
    uint32_t fp_simd;               /* MXCSR */

    /* The mapping that holds `address`, or pc when there is none: filled by the host. */
    char map_name[FAULT_NAME]; /* "text", "rodata", "stack", "stack guard", "" when unmapped ... */
    uint64_t map_start, map_size;
    uint32_t map_perm; /* bits: 1 read, 2 write, 4 execute, 8 user */

    uint32_t backtrace_count;
    uint64_t backtrace[FAULT_BACKTRACE]; /* return addresses, innermost first */

    uint32_t vcpu; /* that faulted: filled by the host */
    uint32_t reserved;
};

enum fault_action {
    FAULT_ACTION_TERMINATE, /* the runtime is not entered again */
    FAULT_ACTION_RESUME,    /* go on with the registers of the answer */
};

/* Written by the host. */
struct fault_answer {
    uint32_t action;
    uint32_t reserved;
    uint64_t pc, flags;
    uint64_t gpr[FAULT_GPRS];
    uint64_t fs_base, gs_base;
};

struct fault_area {
    uint32_t version;
    uint32_t count; /* records, 1..FAULT_DEPTH: record[0] is the fault, record[n + 1] what n hit */
    uint32_t total; /* how deep the nesting really is */
    uint32_t reserved;
    struct fault_answer answer;
    struct fault_record record[FAULT_DEPTH];
};

#endif
