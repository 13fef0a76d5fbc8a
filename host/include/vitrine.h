/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvitrine: guest functions in micro-VMs. A program loads an image once, makes any number of
 * micro-VMs from it, calls their functions, and survives whatever those do.
 *
 * The library never exits, prints, installs a signal handler or keeps a thread between calls.
 * Objects may be used from any thread, one at a time: a second thread that comes while one is in
 * use gets VT_ERR_BUSY; only vt_cancel(), vt_irq_raise() and vt_irq_lower() may be called at any
 * time. Different micro-VMs are independent.
 *
 * Functions return 0 or a negative enum vt_err; a pointer behind an out-parameter is written only
 * on success. Details of an error (which segment, which system call) go to the log callback.
 * Callers may not rely on addresses inside the guest, on the layout of opaque objects, on the exact
 * text of messages, nor on when the library gives memory back within a call.
 *
 * Every config struct starts with `size`: set it to sizeof(the struct); fields that a newer library
 * knows and your struct has not are taken as 0, and 0 means the default everywhere.
 */
#ifndef VITRINE_H
#define VITRINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/call.h"
#include "abi/fault.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VT_EXPORT __attribute__((visibility("default")))
#define VT_CHECK  __attribute__((warn_unused_result))

/* Stable numbers. */
enum vt_err {
    VT_OK = 0,
    VT_ERR_INVALID = -1,     /* an argument, or a config's size or field */
    VT_ERR_NO_MEMORY = -2,   /* of the host */
    VT_ERR_NO_BACKEND = -3,  /* no usable hypervisor device; vt_probe() says why */
    VT_ERR_SYSTEM = -4,      /* a system call failed; the log has its name and errno */
    VT_ERR_IMAGE = -5,       /* the ELF file is damaged, or no guest of ours */
    VT_ERR_TOO_BIG = -6,     /* does not fit: image in memory, arguments in the call area */
    VT_ERR_NO_FUNCTION = -7, /* the guest exports no such function */
    VT_ERR_SIGNATURE = -8,   /* the arguments do not fit the function's types */
    VT_ERR_BUSY = -9,        /* in use by another thread, or from inside a host function */
    VT_ERR_POISONED = -10,   /* a fault, a budget or a cancel ended a call: restore or destroy */
    VT_ERR_FAULT = -11,      /* the guest faulted and was terminated: vt_fault() has the record */
    VT_ERR_BUDGET = -12,     /* the call used up its time */
    VT_ERR_CANCELLED = -13,  /* vt_cancel() */
    VT_ERR_HOST_FUNCTION = -14, /* a host function failed, or is not registered */
    VT_ERR_GUEST = -15,    /* the guest function itself reported failure, or broke the protocol */
    VT_ERR_MISMATCH = -16, /* this snapshot is of another image or size */
    VT_ERR_UNSUPPORTED = -17, /* this back end, or this machine, can't */
    VT_ERR_STOPPED = -18,     /* stopped for a debugger by the fault callback */
};

struct vt_image;
struct vt_vm;
struct vt_snapshot;

/* ---- Values ---- */

/*
 * An argument or a result. `type` is enum call_type. Strings and bytes: `data` and `len`; those of
 * a result belong to the micro-VM and are valid until the next function with it; a string's data
 * ends with a 0 that len does not count.
 */
struct vt_value {
    uint32_t type;
    uint32_t reserved;
    union {
        int64_t i;  /* CALL_I32, CALL_I64 */
        uint64_t u; /* CALL_U32, CALL_U64, CALL_BOOL */
        double f64;
        float f32;
        struct {
            const void *data;
            size_t len;
        };
    };
};

/* ---- Callbacks: called on the thread that runs the call, or a vCPU of it; one at a time ---- */

enum vt_log_level { VT_LOG_ERROR, VT_LOG_WARNING, VT_LOG_INFO, VT_LOG_DEBUG, VT_LOG_GUEST };

/* One line without newline. `vm` is NULL when the line is of none. Must not call the library. */
typedef void (*vt_log_fn)(void *ctx, const struct vt_vm *vm, enum vt_log_level level,
                          const char *text);

/* Answer of the fault callback. */
enum vt_action {
    VT_TERMINATE, /* vt_call() returns VT_ERR_FAULT, the micro-VM is poisoned; vt_fault() has the
                     record with the reason that the callback has left in it */
    VT_RESUME,    /* go on with pc, flags and gpr[] as they are now in the record */
    VT_SKIP,      /* go on after the faulting instruction */
    VT_STOP,      /* vt_call() returns VT_ERR_STOPPED; state stays as it is, to be read and dumped,
                     until vt_restore() or vt_destroy() */
};

/*
 * A fault that no handler in the guest resolved. record[0] is the fault, the others those it is
 * nested in. The callback may edit record[0]'s pc, flags and gpr[]; RFLAGS is limited to the
 * arithmetic flags. It may call vt_read(), vt_write() and vt_core_dump() on vm, nothing else.
 * A record whose reason is FAULT_REASON_SHUTDOWN or DOUBLE_FAULT can only be terminated.
 */
typedef enum vt_action (*vt_fault_fn)(void *ctx, struct vt_vm *vm, struct fault_record *record,
                                      unsigned count);

/*
 * A host function. args are checked against the registered signature; bytes and strings are
 * private copies, valid during the call. Sets *result (its type is given); data of a result is
 * copied before the function is called again. Non-zero: vt_call() returns VT_ERR_HOST_FUNCTION and
 * the micro-VM is poisoned. May call vt_read(), vt_write(), vt_cancel().
 */
typedef int (*vt_host_fn)(void *ctx, struct vt_vm *vm, const struct vt_value *args, unsigned count,
                          struct vt_value *result);

/* ---- Library ---- */

#define VT_VERSION_MAJOR 0u
#define VT_VERSION_MINOR 1u

/* Major in bits 16-31, minor in bits 0-15, of the library that runs. */
VT_EXPORT uint32_t vt_version(void);

/* A constant English sentence for an error; never NULL. */
VT_EXPORT const char *vt_strerror(int err);

/* What a back end can do here, found by trying. */
struct vt_probe {
    size_t size;
    char backend[16]; /* "kvm", "mshv" */
    bool usable;
    bool xsave;             /* supervisor mode executes XSAVE */
    bool native_supervisor; /* supervisor code runs at native speed (else: emulated, about 1 us an
                               instruction) */
    bool dirty_log;
    char why[192];  /* why it is not usable, or what is remarkable */
    unsigned vcpus; /* as many a micro-VM can have */
};

/*
 * Fills up to `count` entries, one a back end that this library was built with, and returns how
 * many there are. entries[0].size must be set and holds for all.
 */
VT_EXPORT VT_CHECK int vt_probe(struct vt_probe *entries, unsigned count);

/* ---- Images ---- */

struct vt_image_cfg {
    size_t size;
    size_t mem_size;   /* RAM of micro-VMs, bytes; default 16 MiB; rounded up to 2 MiB */
    size_t stack_size; /* limit of the user stack's growth; default 1 MiB */
    size_t call_size;  /* call area; default 64 KiB, at most UVM_CALL_SIZE_MAX */
    vt_log_fn log;
    void *log_ctx;
};

/*
 * Loads a guest: static ELF of this machine's architecture, PIE or not, linked with
 * libvitrine-guest. The bytes are copied; they may be hostile. cfg may be NULL.
 * VT_ERR_IMAGE, VT_ERR_TOO_BIG, VT_ERR_SYSTEM (file).
 */
VT_EXPORT VT_CHECK int vt_image_load(const void *bytes, size_t len, const struct vt_image_cfg *cfg,
                                     struct vt_image **out);
VT_EXPORT VT_CHECK int vt_image_load_file(const char *path, const struct vt_image_cfg *cfg,
                                          struct vt_image **out);

/* Micro-VMs and snapshots keep what they need of it. NULL is allowed. */
VT_EXPORT void vt_image_free(struct vt_image *image);

/* ---- Micro-VMs ---- */

struct vt_cfg {
    size_t size;
    vt_fault_fn fault; /* default: terminate */
    void *fault_ctx;
    vt_log_fn log; /* default: the image's */
    void *log_ctx;
    uint64_t wall_ns;    /* budget of each call, wall clock; 0: none */
    uint64_t cpu_ns;     /* and CPU time, of all vCPUs together */
    int kick_signal;     /* ends KVM_RUN, blocked outside of it, never handled; default SIGURG */
    const char *backend; /* "kvm"; default: the first that is usable */
    /*
     * Virtual CPUs, 1 to 16; default 1. The guest itself starts all but the first, which runs the
     * calls. While a call runs each has a thread, on which callbacks may come, one at a time; when
     * it is over they are parked, to go on where they were with the next call.
     */
    unsigned vcpus;
    uint64_t timer_floor_ns; /* the guest's timers interrupt no more often; default 50 us */
    bool vcpus_now; /* makes all vCPUs at once: a process that is jailed later may not make any */
};

VT_EXPORT VT_CHECK int vt_create(const struct vt_image *image, const struct vt_cfg *cfg,
                                 struct vt_vm **out);

/* Releases everything; the micro-VM must not be in use. NULL is allowed. */
VT_EXPORT void vt_destroy(struct vt_vm *vm);

/*
 * Makes fn callable for the guest under `name`. The signature must be the one that the guest
 * imports (VT_ERR_SIGNATURE); a name that the guest does not import is kept for nothing and is no
 * error. Registering again replaces.
 */
VT_EXPORT VT_CHECK int vt_register(struct vt_vm *vm, const char *name, call_signature signature,
                                   vt_host_fn fn, void *ctx);

/*
 * Calls a function that the guest exports. Types must be those of its signature. `result` may be
 * NULL. Blocks until the guest returns, faults, runs out of budget or is cancelled.
 */
VT_EXPORT VT_CHECK int vt_call(struct vt_vm *vm, const char *name, const struct vt_value *args,
                               unsigned count, struct vt_value *result);

/* The same without looking up the name: index from vt_find(). */
VT_EXPORT VT_CHECK int vt_find(const struct vt_vm *vm, const char *name, unsigned *index);
VT_EXPORT VT_CHECK int vt_call_index(struct vt_vm *vm, unsigned index, const struct vt_value *args,
                                     unsigned count, struct vt_value *result);

/* Signature of export `index`, 0 when there is none; *name stays valid as long as the micro-VM. */
VT_EXPORT call_signature vt_export(const struct vt_vm *vm, unsigned index, const char **name);

/* Budget of each following call; 0: none. */
VT_EXPORT VT_CHECK int vt_set_budget(struct vt_vm *vm, uint64_t wall_ns, uint64_t cpu_ns);

/*
 * Ends the call that runs, from any thread: that call returns VT_ERR_CANCELLED. Without a call in
 * progress it does nothing. The caller sees to it that the micro-VM is not being destroyed.
 */
VT_EXPORT int vt_cancel(struct vt_vm *vm);

/*
 * Holds an interrupt line of the guest up, from any thread and from host functions, or down again;
 * line is 32..63, as the guest knows it. A line comes once when it goes up, also if it goes down
 * before the guest has taken it, and again and again while it is up: the guest's handler has the
 * host lower it. It comes in the call that runs, or in the next. vt_restore() puts lines back to
 * what they were, or down. VT_ERR_INVALID: no such line.
 */
VT_EXPORT VT_CHECK int vt_irq_raise(struct vt_vm *vm, uint32_t line);
VT_EXPORT VT_CHECK int vt_irq_lower(struct vt_vm *vm, uint32_t line);

/* ---- Snapshots ---- */

/* State between calls: memory, registers, mappings. Not of a poisoned micro-VM. VT_ERR_BUSY while
 * other vCPUs than the first are on. */
VT_EXPORT VT_CHECK int vt_snapshot(struct vt_vm *vm, struct vt_snapshot **out);

/*
 * Back to a snapshot of this micro-VM, or of one it was cloned from; NULL: to the loaded image.
 * Cleans a poisoned or stopped micro-VM. Costs what was touched since. Registered host functions,
 * budget and callbacks stay.
 */
VT_EXPORT VT_CHECK int vt_restore(struct vt_vm *vm, const struct vt_snapshot *snapshot);

/* A new micro-VM in a snapshot's state; shares its untouched memory. Host functions come along. */
VT_EXPORT VT_CHECK int vt_clone(const struct vt_snapshot *snapshot, const struct vt_cfg *cfg,
                                struct vt_vm **out);

VT_EXPORT void vt_snapshot_free(struct vt_snapshot *snapshot);

/* ---- Memory ---- */

struct vt_map {
    size_t size;
    void *host; /* page-aligned buffer of the caller, who keeps it until vt_unmap(); or NULL: */
    int fd;     /* this file is mapped (shared when writable); the descriptor may be closed */
    uint64_t offset; /* in the file; multiple of a page */
    size_t len;      /* rounded up to pages */
    bool writable;
    const char *name; /* shown in fault records; default "map" */
};

/* Shows host memory to the guest's user mode, never executable. *gva is where. Not part of RAM:
 * restore leaves its contents, and removes mappings made after the snapshot. Snapshots and clones
 * share a buffer: the caller keeps it until each micro-VM and snapshot that shows it is gone. */
VT_EXPORT VT_CHECK int vt_map(struct vt_vm *vm, const struct vt_map *map, uint64_t *gva);
VT_EXPORT VT_CHECK int vt_unmap(struct vt_vm *vm, uint64_t gva);

/* Copies from or to guest-virtual memory, whatever its guest permissions. VT_ERR_INVALID when a
 * part is not mapped; nothing is copied then. */
VT_EXPORT VT_CHECK int vt_read(const struct vt_vm *vm, uint64_t gva, void *out, size_t len);
VT_EXPORT VT_CHECK int vt_write(struct vt_vm *vm, uint64_t gva, const void *bytes, size_t len);

/* ---- Faults ---- */

/* The last fault: *count records, valid until the next call or restore; NULL: there was none. */
VT_EXPORT const struct fault_record *vt_fault(const struct vt_vm *vm, unsigned *count);

/* The record as text of several lines, 0-terminated; returns its length as snprintf() does. */
VT_EXPORT int vt_fault_text(const struct fault_record *record, char *buf, size_t len);

/* Writes an ELF core (registers incl. vector state, all mappings) that GDB opens, to fd. */
VT_EXPORT VT_CHECK int vt_core_dump(struct vt_vm *vm, int fd);

/* ---- Debugging: of x86_64 guests ---- */

/*
 * A place to which GDB or LLDB can connect. While a call runs the library itself serves the
 * debugger, on the thread of the call: a stopped micro-VM is a call that takes long. Wall budgets
 * do not count that. Between calls nobody does unless the program calls vt_debug_serve(). One
 * debugger at a time; others are refused. When it goes away the guest runs on.
 *
 * A fault that no handler in the guest resolved stops for the debugger before the fault callback is
 * asked; going on without the signal retries, with it is as if there were no debugger. VT_STOP
 * waits for one.
 */
struct vt_debug_cfg {
    size_t size;
    const char *path;  /* of a unix socket, made here; clients must be of the same user, or root */
    uint16_t tcp_port; /* or: on 127.0.0.1, for whoever is on this machine */
    bool wait;         /* the next call waits for a debugger before its first instruction */
    const char *program; /* the guest's file, for debuggers to find */
};

/* VT_ERR_INVALID: none or both of path and port, or there is one already; VT_ERR_SYSTEM: the
 * socket can't be made; VT_ERR_UNSUPPORTED: the guest is of an architecture without. */
VT_EXPORT VT_CHECK int vt_debug_open(struct vt_vm *vm, const struct vt_debug_cfg *cfg);

/* A debugger is told that the program has ended, with this code. vt_destroy() closes, too. */
VT_EXPORT VT_CHECK int vt_debug_close(struct vt_vm *vm, int exit_code);

/* Between calls: takes what has come; with `wait` until something has. fds are what to poll for
 * that (-1: none), anew after each. */
#define VT_DEBUG_FDS 2u
VT_EXPORT VT_CHECK int vt_debug_serve(struct vt_vm *vm, bool wait);
VT_EXPORT VT_CHECK int vt_debug_fds(const struct vt_vm *vm, int fds[VT_DEBUG_FDS]);

/* ---- Watching ---- */

enum vt_state { VT_READY, VT_RUNNING, VT_STATE_POISONED, VT_STATE_STOPPED };

struct vt_metrics {
    size_t size;
    enum vt_state state;
    uint32_t reserved;
    uint64_t calls, host_calls, exits, faults, faults_resumed;
    uint64_t restores, restored_pages, snapshots;
    uint64_t run_ns;      /* inside of KVM_RUN */
    uint64_t stack_pages; /* of the user stack, touched now */
    uint64_t dirty_pages; /* that the last restore put back */
    uint64_t memory;      /* bytes of private host memory for guest RAM, now */
    uint64_t vcpu_starts; /* of others than the first */
    uint64_t vcpus_on;    /* now, the first included */
};

VT_EXPORT VT_CHECK int vt_metrics(const struct vt_vm *vm, struct vt_metrics *out);

#ifdef __cplusplus
}
#endif

#endif
