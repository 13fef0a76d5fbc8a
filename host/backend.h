/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library asks of a hypervisor. An operation that is NULL is a capability that the back
 * end does not have. All functions return 0 or enum vt_err and log details.
 */
#ifndef HOST_BACKEND_H
#define HOST_BACKEND_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/include/vitrine.h"
#include "host/log.h"
#include "host/x86_cpu.h"
#include "host/xstate.h"

struct be_host;  /* the opened device and what it can do; shared by micro-VMs, constant */
struct be_vm;    /* one micro-VM: its memory */
struct be_vcpu;  /* a virtual CPU of one; its functions come from one thread at a time */
struct be_state; /* all registers of a vCPU */

#define BE_INSN_MAX 15u

enum be_exit {
    BE_EXIT_PORT, /* an exit of abi/uvm.h; pc is after it once the vCPU is settled */
    BE_EXIT_MMIO, /* an access to an address that is no memory */
    BE_EXIT_SHUTDOWN,
    BE_EXIT_HALT,
    BE_EXIT_NOT_EMULATED, /* pc at an instruction that this machine can't execute at this level */
    BE_EXIT_KICK,         /* a signal came */
    BE_EXIT_WINDOW,       /* interrupt() was too early and is not any more */
    BE_EXIT_OTHER,        /* the guest did what has no meaning here */
    BE_EXIT_COUNT
};

struct be_event {
    enum be_exit exit;
    uint16_t port;
    bool write;
    uint64_t address; /* guest-physical */
    uint8_t insn[BE_INSN_MAX];
    uint8_t insn_len;
    uint32_t detail;
};

/* Registers as fault records order them. */
struct be_regs {
    uint64_t gpr[FAULT_GPRS];
    uint64_t pc, flags;
};

/* Where an interrupt came. */
struct be_interrupted {
    uint64_t pc, flags;
};

struct be_cfg {
    const struct be_host *host;
    const struct log *log; /* outlives the be_vm */
    void *ram;
    uint64_t ram_size;
};

/* Memory of the host at a guest-physical address; slot is the caller's number, from 1. */
struct be_mapping {
    unsigned slot;
    bool writable;
    uint64_t gpa, size;
    void *host;
};

/* What a machine can do, found out when the host was opened. */
struct be_caps {
    struct x86_features cpu;
    uint64_t xsave_size; /* of the standard format with all that xcr0 enables; 0: no x86_64 */
    uint32_t xsave_offset[XSTATE_COMPONENTS]; /* where it has its parts; 0: nowhere */
    bool native; /* supervisor code runs natively, can execute XSAVE when there is xcr0 */
    bool dirty_log;
    unsigned mapping_max;
    unsigned vcpu_max;
    uint64_t tick_rate; /* of the clock that user code reads, a second; 0: there is no ticks() */
};

/* Where a vCPU begins. */
struct be_entry {
    uint64_t root; /* of its page tables, guest-physical */
    uint64_t pc, sp, arg[2];
};

struct be_ops {
    const char *name;
    uint16_t machine; /* of its guests: ELF's e_machine */
    int (*open)(const struct log *log, struct be_host **out);
    void (*close)(struct be_host *host);
    const struct be_caps *(*caps)(const struct be_host *host);
    /* The state of a vCPU that is to start; `close` does not free it. */
    int (*start)(const struct be_host *host, const struct elf_image *image, struct be_state **out);
    /* The same of another vCPU than the first, in user mode; NULL: there is only one. */
    int (*start_other)(const struct be_host *host, const struct elf_image *image,
                       const struct be_entry *entry, struct be_state **out);
    void (*state_free)(struct be_state *state);

    /* A micro-VM without vCPUs; when it is destroyed it has none any more. */
    int (*create)(const struct be_cfg *cfg, struct be_vm **out);
    void (*destroy)(struct be_vm *vm);
    /* vCPU `id`, without registers: load() comes first. */
    int (*vcpu_create)(struct be_vm *vm, unsigned id, struct be_vcpu **out);
    void (*vcpu_destroy)(struct be_vcpu *vcpu);
    int (*run)(struct be_vcpu *vcpu, struct be_event *event);
    /* Signals that are blocked while the guest runs. */
    int (*set_mask)(struct be_vcpu *vcpu, const sigset_t *mask);
    /* Completes the instruction of the last exit. */
    int (*settle)(struct be_vcpu *vcpu);
    /* Ends an access that the last exit told of, if any: comes before memory and registers are
     * replaced, since it may write to both. */
    int (*finish)(struct be_vcpu *vcpu);
    int (*get_regs)(struct be_vcpu *vcpu, struct be_regs *out);
    int (*set_regs)(struct be_vcpu *vcpu, const struct be_regs *regs);
    /* sys[] of a fault record. */
    int (*get_sys)(struct be_vcpu *vcpu, uint64_t sys[FAULT_SYS]);
    /* The exception is taken when the guest runs next. No error code. */
    int (*inject)(struct be_vcpu *vcpu, uint8_t vector);
    /*
     * If the vCPU stands between two instructions and takes interrupts it goes on at `entry`, flags
     * at their initial value, and *taken is set; if not it stops with BE_EXIT_WINDOW when it does.
     */
    int (*interrupt)(struct be_vcpu *vcpu, uint64_t entry, struct be_interrupted *was, bool *taken);
    /* Where that is NULL: the processor's interrupt, which the guest's supervisor takes and answers
     * by UVM_PORT_TAKE; up until it is set down. */
    int (*interrupt_line)(struct be_vcpu *vcpu, bool up);
    /* The machine's clock, and what the guest's is ahead of it. */
    uint64_t (*ticks)(void);
    int (*tick_offset)(struct be_vcpu *vcpu, uint64_t *offset);
    int (*save)(struct be_vcpu *vcpu, struct be_state **out);
    int (*load)(struct be_vcpu *vcpu, const struct be_state *state);
    /* FP and vector state in `size` bytes: the standard format of XSAVE; user_fpsimd_state. */
    int (*get_fp)(struct be_vcpu *vcpu, void *buf, size_t size);
    int (*set_fp)(struct be_vcpu *vcpu, const void *buf, size_t size);
    /* Forgets all translations: page tables were changed behind the guest's back. */
    int (*flush)(struct be_vm *vm);
    int (*map)(struct be_vm *vm, const struct be_mapping *mapping);
    /* Failed: the guest still has it. */
    int (*unmap)(struct be_vm *vm, const struct be_mapping *mapping);
};

/* All back ends of this library, best first; ends with NULL. */
extern const struct be_ops *const be_list[];
/* By name, or the first when name is NULL; NULL: there is none. */
const struct be_ops *be_find(const char *name);

/* Whether any is for guests of this architecture. */
bool be_runs(uint16_t machine);

extern const struct be_ops kvm_ops;

#endif
