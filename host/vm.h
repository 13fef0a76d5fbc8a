/* SPDX-License-Identifier: Apache-2.0 */
/* One micro-VM as the library's files see it. */
#ifndef HOST_VM_H
#define HOST_VM_H

#include <stdatomic.h>

#include "host/backend.h"
#include "host/budget.h"
#include "host/gang.h"
#include "host/irq.h"
#include "host/map.h"
#include "host/program.h"

struct debug;

struct hostfn {
    vt_host_fn fn; /* NULL: not registered */
    void *ctx;
};

/* A virtual CPU. */
struct vcpu {
    struct vt_vm *vm;
    unsigned id;
    struct be_vcpu *be;
    uint8_t *low;             /* what it has at the fixed addresses of abi/uvm.h, from 0 on */
    uint64_t in_data;         /* of call_area.data, the call's arguments */
    uint64_t not_emulated_pc; /* where #UD was injected in place of an instruction; 0: nowhere */
    int tid;                  /* of the thread that runs it, while a debugger may ask */
    bool held;                /* a debugger keeps it out of the guest */
    bool asleep;              /* in place of being in the guest, until something is pending */

    /* Of others than the first. */
    struct paging_own own; /* host NULL: not made yet */
    bool is_built;         /* it has tables and all else that is its own */
    bool on;
    bool has_thread; /* within a call */
    struct alarm alarm;

    /* Of calls with several vCPUs; see gang.h. */
    pthread_t thread;
    bool inside;           /* of the guest */
    bool has_event;        /* an exit is not answered yet */
    struct be_event event; /* the last exit */
    bool wants_yield;      /* after its turn */
    uint64_t run_ns;       /* inside of the guest for the last exit */
};

struct vt_vm {
    struct program *program;
    const struct program_backend *backend; /* of the program */
    const struct be_ops *ops;
    struct be_vm *be;
    struct vcpu first;    /* the one that takes calls */
    struct vcpu *others;  /* vcpu_count - 1 */
    struct vcpu *serving; /* whose exit is being answered; else the first */
    unsigned vcpu_count;
    struct gang gang;
    struct log log;
    vt_fault_fn fault;
    void *fault_ctx;

    uint8_t *ram; /* guest address 0 */
    uint64_t ram_size;
    bool lost;             /* ram may not be there: a new mapping of it failed */
    struct template *base; /* what ram is a private copy of */
    uint8_t *age;          /* a page: restores since it was last found changed */
    bool must_flush;       /* page tables were put back, and translations are not yet forgotten */
    struct paging paging;
    struct map_set maps;
    struct uvm_info info; /* the host's own; the guest's copy is for the guest */

    atomic_bool busy;
    atomic_uintptr_t callback_thread; /* 0, or who runs a callback of the user: vm_self() */
    enum vt_state state;
    struct budget budget;
    struct irq irq;
    struct debug *debug;   /* NULL: no endpoint is open */
    struct hostfn *hostfn; /* program->import_count */
    uint8_t *copy;         /* arguments of host functions; call_size bytes, made when needed */

    struct fault_record record[FAULT_DEPTH]; /* of the last fault */
    unsigned record_count;

    struct vt_metrics metrics;
};

static inline struct vcpu *vm_vcpu(struct vt_vm *vm, unsigned id)
{
    return id == 0 ? &vm->first : &vm->others[id - 1];
}

/* Has registers that mean something: the first one always, another once the guest started it. */
static inline bool vcpu_is_live(const struct vcpu *vcpu)
{
    return vcpu->id == 0 || vcpu->on;
}

/* What a micro-VM is made from: an image or a snapshot. */
struct vm_origin {
    struct program *program;
    const struct program_backend *backend;
    const struct log *log;
    struct template *memory;
    const struct be_state *state;
    const struct paging *paging;
};

VT_CHECK int vm_create(const struct vm_origin *from, const struct vt_cfg *cfg, struct vt_vm **out);

/* Takes the micro-VM for this thread: VT_OK or VT_ERR_BUSY. */
VT_CHECK int vm_enter(const struct vt_vm *vm);
void vm_leave(const struct vt_vm *vm);

/* A name of this thread. */
uintptr_t vm_self(void);

/* Around a callback of the user, who may call a few functions from inside. */
void vm_callback_begin(struct vt_vm *vm);
void vm_callback_end(struct vt_vm *vm);
bool vm_in_callback(const struct vt_vm *vm);

static inline struct call_area *vcpu_call_area(const struct vcpu *vcpu)
{
    return (struct call_area *)(void *)(vcpu->low + UVM_CALL_GVA);
}

/* Bytes of call_area.data. */
static inline uint64_t vm_data_size(const struct vt_vm *vm)
{
    return vm->program->layout.call_size - sizeof(struct call_area);
}

/* What the run loop does after an exit: 0: the call is complete; RUN_AGAIN; or enum vt_err. */
#define RUN_AGAIN 1

/* run.c: runs the guest until its call is complete; answers one exit. */
VT_CHECK int run_call(struct vcpu *vcpu);
VT_CHECK int run_answer(struct vcpu *vcpu, const struct be_event *event);

/* Until the next exit; one that is asleep waits for a signal instead. */
VT_CHECK int run_enter(struct vcpu *vcpu, struct be_event *event);

/* call.c: answers a request of the guest. */
VT_CHECK int call_gate(struct vcpu *vcpu);

/* hostfn.c */
VT_CHECK int hostfn_call(struct vcpu *vcpu);

/* vcpu.c: requests about vCPUs. */
VT_CHECK int vcpu_request_start(struct vcpu *vcpu);
VT_CHECK int vcpu_request_off(struct vcpu *vcpu);
VT_CHECK int vcpu_request_on(struct vcpu *vcpu);
VT_CHECK int vcpu_request_yield(struct vcpu *vcpu);

/* vcpu.c: other vCPUs than the first. VT_ERR_UNSUPPORTED: there can't be so many. */
VT_CHECK int vcpu_make_others(struct vt_vm *vm, unsigned count);
void vcpu_destroy_others(struct vt_vm *vm);
/* Makes of each now what would else be made when it is first started. */
VT_CHECK int vcpu_prepare_others(struct vt_vm *vm);
/* Bytes of private memory that theirs take, as far as the kernel says. */
uint64_t vcpu_memory_others(const struct vt_vm *vm);
/* The first included. */
unsigned vcpu_count_on(const struct vt_vm *vm);
/* Before memory is restored, and in place of restoring theirs: all are off. */
VT_CHECK int vcpu_finish_others(struct vt_vm *vm);
VT_CHECK int vcpu_reset_others(struct vt_vm *vm);
/* Before a call: what was mapped since the last one is mapped for all. */
void vcpu_share_others(struct vt_vm *vm);
struct region vcpu_stack(const struct vcpu *vcpu);
/* The user stack that gva lies in, or the guard below one; false: neither. */
bool vcpu_find_stack(const struct vt_vm *vm, uint64_t gva, struct region *out);

#endif
