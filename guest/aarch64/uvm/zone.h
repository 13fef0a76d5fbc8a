/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of EL1's play of the host, for each other. */
#ifndef GUEST_AARCH64_UVM_ZONE_H
#define GUEST_AARCH64_UVM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/boot.h"
#include "abi/uvm.h"
#include "lib/addr.h"

/* What the zone was given; constant. */
const struct boot_info *zone_boot(void);

/* Lays out the memory below `boot` in *info and maps it, caches off. False: it is too little. */
bool zone_map(const struct boot_info *boot, struct uvm_info *info);

/* Text to the zone's console, if it has one; waits while the UART is busy. */
void zone_print(const char *text, size_t len);

/* ---- vCPUs ---- */

/*
 * What vCPU n > 0 has lies in a block, n of these below the first one's: first what it has at the
 * fixed addresses of abi/uvm.h, for EL1 only; at the end its user stack.
 */
#define ZONE_BLOCK      SIZE_2M
#define ZONE_OWN_SIZE   UINT64_C(0x40000)
#define ZONE_STACK_SIZE UINT64_C(0x100000)
#define ZONE_CALL_SIZE  UINT64_C(0x10000)

/* Where all find the first page of the first vCPU's at UVM_CPU_GVA. */
#define ZONE_FIRST_GVA UINT64_C(0x20000)

/* The guest-physical address of what this vCPU has below UVM_CPU_GVA + UVM_CPU_SIZE. */
uint64_t zone_gpa(uint64_t gva);

/* Around what one vCPU at a time may do. */
void zone_lock(void);
void zone_unlock(void);

/* Requests of abi/call.h; the arguments are user code's. */
struct call_value;
int64_t zone_vcpu_start(const struct call_value *arg);
bool zone_vcpu_is_on(uint64_t vcpu);
_Noreturn void zone_vcpu_off(void);

/* ---- Others ---- */

/* Interrupt controller and timer, once, and of the calling vCPU. */
void zone_irq_init(void);
void zone_irq_init_cpu(void);

/* By the zone's conduit, to hypervisor or firmware. */
struct vg_call;
void zone_call(struct vg_call *call);

/* Ends the zone. */
_Noreturn void zone_off(void);

#endif
