/* SPDX-License-Identifier: Apache-2.0 */
/* A guest's trap in the portable form that decode produces and hyp/core handles. */
#ifndef HYP_CORE_TRAP_H
#define HYP_CORE_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

struct vcpu;

enum trap_kind {
    TRAP_INTERRUPT, /* a machine interrupt is pending */
    TRAP_MMIO,      /* data access outside of the zone's mapped memory */
    TRAP_DATA,      /* other data fault of stage 2: see mem.cause */
    TRAP_FETCH,     /* instruction fetch fault of stage 2 */
    TRAP_REG,       /* system register access */
    TRAP_CALL,      /* HVC, SMC, ecall, vmmcall */
    TRAP_WAIT,      /* WFI, WFE (where trapped) */
    TRAP_SERROR,    /* asynchronous external abort */
    TRAP_UNKNOWN,   /* anything else: undefined instruction to the guest */
    TRAP_KIND_COUNT,
};

enum mem_cause {
    MEM_UNMAPPED, /* stage 2 translation or access flag fault */
    MEM_DENIED,   /* stage 2 permission fault */
    MEM_WALK,     /* the guest's own page table lies where it may not */
    MEM_EXTERNAL, /* the machine answered with an abort: a passed-through device, or broken RAM */
    MEM_OTHER,
};

/*
 * One instruction's accesses. `count` says how many there are: 1; 2 for a pair, whose second part
 * (register reg2) lies at gpa + size in the same 4 KiB page; 0 for an instruction without any
 * (cache maintenance), which is stepped over. arch_trap_finish() applies the write-back.
 */

struct trap_mem {
    enum mem_cause cause;
    gva_t gva;
    gpa_t gpa; /* valid for MEM_UNMAPPED only */
    bool write;
    bool decoded;     /* all below is valid (aarch64: ISV, or after arch_trap_fetch()) */
    uint8_t count;    /* accesses: 0, 1, 2 */
    uint8_t size;     /* bytes: 1, 2, 4, 8 */
    uint8_t reg;      /* register number as for arch_vcpu_get() */
    bool sign_extend; /* loads: extend from size to the register's width */
    bool wide;        /* the register is 64 bits wide; else bits 63:32 become 0 */
    uint8_t reg2;     /* count 2: register of the second access */
    bool writeback;   /* arch_trap_finish() adds `amount` to register `base` */
    uint8_t base;     /* aarch64: 31 is the stack pointer */
    int64_t amount;
};

struct trap_reg {
    uint32_t enc; /* packed encoding as in struct reg_row */
    uint8_t reg;
    bool write;
};

struct trap_call {
    uint16_t imm;
    bool smc; /* else HVC */
};

struct trap {
    enum trap_kind kind;
    uint8_t bytes; /* what arch_vcpu_skip() must step: 2 or 4; 0 when pc is already behind (HVC) */
    union {
        struct trap_mem mem;
        struct trap_reg reg;
        struct trap_call call;
    };
};

enum fault_kind {
    FAULT_UNDEFINED,      /* undefined instruction */
    FAULT_DATA_EXTERNAL,  /* synchronous external abort on data access at trap->mem.gva */
    FAULT_DATA_ALIGN,     /* alignment fault at trap->mem.gva */
    FAULT_FETCH_EXTERNAL, /* synchronous external abort on instruction fetch at trap->mem.gva */
    FAULT_SERROR,         /* asynchronous abort */
};

enum pirq_kind {
    PIRQ_NONE,
    PIRQ_GUEST,       /* the guest's own, injected */
    PIRQ_KICK,        /* doorbell: look at pcpu->requests */
    PIRQ_ALARM,       /* arch_alarm_set() time reached */
    PIRQ_MAINTENANCE, /* list registers want attention: arch_virq_sync() */
    PIRQ_CONSOLE,     /* the hypervisor's UART */
    PIRQ_IOMMU,       /* it has blocked something: arch_iommu_events() */
    PIRQ_SPURIOUS,    /* nobody's: disabled and logged */
    PIRQ_KIND_COUNT,
};

/* Handles one decoded trap of the running vCPU; never blocks, never fails. */
void trap_handle(struct vcpu *vcpu, struct trap *trap);

#endif
