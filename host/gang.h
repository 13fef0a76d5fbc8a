/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that several vCPUs run, each on a thread of its own: the first on the caller's, the others
 * on threads that live as long as the call. All run their guests at the same time; what a guest
 * asks for is answered one at a time. Whoever ends the call stops all; who was in the guest goes on
 * there in the next call.
 */
#ifndef HOST_GANG_H
#define HOST_GANG_H

#include <pthread.h>
#include <stdbool.h>

struct vt_vm;
struct vcpu;

/* The lock guards all of it, and of struct vcpu: on, inside. */
struct gang {
    pthread_mutex_t lock;
    pthread_cond_t turn;    /* owner has become NULL */
    pthread_cond_t changed; /* any other change */
    struct vcpu *owner;     /* whose exit is being answered */
    unsigned inside;        /* vCPUs within the guest, or about to be */
    bool pausing;           /* none goes there but `only` */
    struct vcpu *only;
    bool stopping; /* the call ends */
    int result;
};

void gang_init(struct gang *g);
void gang_destroy(struct gang *g);

/* Runs a call on all vCPUs that are on; the caller's budget has begun. */
__attribute__((warn_unused_result)) int gang_call(struct vt_vm *vm);

/* By the owner: `vcpu` is ready to begin. VT_ERR_SYSTEM: no thread. */
__attribute__((warn_unused_result)) int gang_start(struct vcpu *vcpu);

/* By the owner: keeps all others out of the guest, and lets them in again. */
void gang_pause(struct vt_vm *vm);
void gang_go_on(struct vt_vm *vm);

/* While the others are kept out, this one may go in; NULL: none. */
void gang_let(struct vt_vm *vm, struct vcpu *vcpu);

/*
 * The vCPU leaves the guest, also if it is just about to enter: it has not seen yet what the caller
 * has changed. From any thread.
 */
void gang_poke(struct vcpu *vcpu);

#endif
