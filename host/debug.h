/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A micro-VM under a debugger: the hooks that the run loop calls, and what the files of the
 * debugger's target share. All of it is done by the thread whose turn it is, or between calls; no
 * thread is the debugger's own. While the guest runs the kernel sends that thread the kick signal
 * when a client has something to say.
 */
#ifndef HOST_DEBUG_H
#define HOST_DEBUG_H

#include "gdb/engine.h"
#include "host/sys_net.h"
#include "host/vm.h"

#define DEBUG_INPUT_SIZE 0x10000u
#define DEBUG_WATCHES    16u
#define DEBUG_WATCH_SIZE 8u

/* Where a stopped vCPU's registers are. */
enum debug_place {
    DEBUG_RAW,    /* in the vCPU */
    DEBUG_FRAME,  /* in the vCPU, but for what the processor pushed on ring 0's stack */
    DEBUG_RECORD, /* in the fault record that is being answered */
};

struct debug_vcpu {
    enum debug_place place;
    bool loaded;  /* regs and raw are those of the vCPU */
    bool has_sys; /* sys is, too */
    bool dirty;
    struct be_regs regs; /* as a debugger sees them */
    struct be_regs raw;  /* as the vCPU has them, when place is DEBUG_FRAME */
    uint64_t frame;      /* where the processor's frame lies, then */
    uint64_t sys[FAULT_SYS];

    struct dbg_resume how; /* DEBUG_KEEP while the others run: held */
    uint64_t told;         /* where its stop was told of: a breakpoint there is not hit again; 0 */
    bool trap;             /* the trap flag is set in what goes on: a step is under way */
    bool over;             /* the step is over a breakpoint that is taken out */
    uint64_t pushf;        /* the step is of a pushf: the flags that it saves must not show that */
};

/* A breakpoint in memory. */
struct debug_soft {
    bool used;
    bool in; /* memory has INT3 there and `was` is what it had */
    uint8_t was;
    uint64_t address;
    bool hardware; /* the client asked for a hardware one */
};

/* A watchpoint by single steps. */
struct debug_watch {
    bool used;
    uint64_t address, size;
    uint8_t was[DEBUG_WATCH_SIZE];
};

struct debug {
    struct vt_vm *vm;
    struct dbg_engine engine;
    int listen, client; /* -1: none */
    bool only_client;   /* poll() has said so: nobody else is to be looked for */
    bool refused_told;
    int refused;                       /* a connection that hears why when it has asked; -1: none */
    int wake;                          /* readable when the call is cancelled */
    int notify_tid;                    /* who is told of bytes; 0: nobody */
    int notify_client, notify_refused; /* of which connections; -1: none */
    char path[SYS_PATH_MAX];
    char *program;               /* NULL: not known */
    char region[FAULT_NAME + 1]; /* the name of what was asked for last */
    bool in_call;
    bool live;            /* points are in memory: the guest may run */
    bool fresh;           /* a client has come and not seen a stop yet */
    bool want_stop;       /* asked for while the guest runs */
    bool killed;          /* the call is to end */
    bool went;            /* the client has let it go on */
    struct vcpu *over;    /* who steps over a breakpoint; others wait */
    struct vcpu *stopped; /* whose stop is being looked at */
    struct debug_vcpu vcpu[UVM_VCPUS_MAX];
    struct debug_soft soft[POINTS_MAX];
    struct debug_watch watch[DEBUG_WATCHES];
    uint64_t stops, hits;
    uint8_t fp[4096];
    size_t input_at, input_len;
    uint8_t input[DEBUG_INPUT_SIZE];
};

/* ---- Hooks; each does nothing when no endpoint is open ---- */

/* Around a call. A debugger may hold it at its beginning. RUN_AGAIN: go on; else the call's end. */
VT_CHECK int debug_begin(struct vt_vm *vm);
void debug_end(struct vt_vm *vm);

/* Whether the vCPU's vectors are to ask about #BP and #DB. */
void debug_tell(struct vcpu *vcpu);

/* Exits that a runtime makes in the vectors of #BP and #DB (abi/uvm.h). */
VT_CHECK int debug_break(struct vcpu *vcpu);
VT_CHECK int debug_step(struct vcpu *vcpu);

/* A signal has brought the vCPU out of the guest. */
VT_CHECK int debug_kicked(struct vcpu *vcpu);

/*
 * A fault that the guest has forwarded, as the record says. *deliver: it is to be answered as
 * without a debugger. `hold`: the program wants it stopped, whether a client is there or not.
 */
VT_CHECK int debug_fault(struct vcpu *vcpu, bool hold, bool *deliver);
/* A fault that only the host sees; it can't be resumed. */
VT_CHECK int debug_crash(struct vcpu *vcpu);

/* Supervisor code at an int3 that this machine does not execute there. False: none of ours. */
bool debug_owns_break(const struct vcpu *vcpu, uint64_t pc);
VT_CHECK int debug_raw_break(struct vcpu *vcpu);

/* What the guest finds in memory where breakpoints are, in the bytes of a copy. */
void debug_mask(const struct vt_vm *vm, uint64_t gva, uint8_t *bytes, size_t len);

/* Whether a step is under way, into which no interrupt is to come. */
bool debug_steps(const struct vcpu *vcpu);

/* With the micro-VM. */
void debug_destroy(struct vt_vm *vm);

/* ---- Between the files of the target ---- */

static inline struct debug_vcpu *debug_vcpu_of(struct debug *d, const struct vcpu *vcpu)
{
    return &d->vcpu[vcpu->id];
}

/* debug_sock.c: takes clients, bytes and requests; waits when `wait`. */
void debug_pump(struct debug *d, bool wait);
/* Until something has come; true: what cancels the call. */
bool debug_wait(struct debug *d);
void debug_drop(struct debug *d);
bool debug_has_client(const struct debug *d);
void debug_notify(struct debug *d, int tid);

/* debug_regs.c: false when the vCPU can't be asked. */
bool debug_load(struct debug *d, struct vcpu *vcpu);
void debug_load_record(struct debug *d, struct vcpu *vcpu);
VT_CHECK int debug_flush(struct debug *d, struct vcpu *vcpu);
/* #BP or #DB takes the guest's own way. */
VT_CHECK int debug_decline(struct debug *d, struct vcpu *vcpu);
bool debug_read_reg(void *ctx, unsigned thread, unsigned reg, uint8_t *bytes);
bool debug_write_reg(void *ctx, unsigned thread, unsigned reg, const uint8_t *bytes);

/* debug_fp.c */
bool debug_read_fp(struct debug *d, struct vcpu *vcpu, unsigned reg, uint8_t *bytes);
bool debug_write_fp(struct debug *d, struct vcpu *vcpu, unsigned reg, const uint8_t *bytes);

/* debug_point.c */
void debug_points_in(struct debug *d);
void debug_points_out(struct debug *d);
struct debug_soft *debug_soft_at(struct debug *d, uint64_t address);
bool debug_has_watches(const struct debug *d);
/* The first watched place whose bytes have changed; remembers what they are now. */
bool debug_watch_changed(struct debug *d, uint64_t *address);
bool debug_can_point(void *ctx, enum dbg_point_kind kind);
bool debug_insert(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size);
bool debug_remove(void *ctx, enum dbg_point_kind kind, uint64_t address, uint64_t size);

/* debug_target.c */
extern const struct dbg_ops debug_ops;

/* debug_monitor.c */
bool debug_monitor(void *ctx, const char *text, struct wire_out *out);

#endif
