/* SPDX-License-Identifier: Apache-2.0 */
/* Fault records of guests. */
#ifndef HOST_FAULT_H
#define HOST_FAULT_H

#include "host/vm.h"

/* The guest has filled its fault area. RUN_AGAIN: go on; else the error that ends the call. */
VT_CHECK int fault_forwarded(struct vcpu *vcpu);

/* The host saw what the guest can't report; always ends the call. */
VT_CHECK int fault_made(struct vcpu *vcpu, enum fault_reason reason, uint64_t address, bool write);

/* Supervisor code needs an instruction that this machine can't emulate. */
VT_CHECK int fault_not_emulated(struct vcpu *vcpu, const struct be_event *event);

#endif
