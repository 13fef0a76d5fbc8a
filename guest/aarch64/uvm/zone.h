/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of EL1's play of the host, for each other. */
#ifndef GUEST_AARCH64_UVM_ZONE_H
#define GUEST_AARCH64_UVM_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/boot.h"
#include "abi/uvm.h"

/* What the zone was given; constant. */
const struct boot_info *zone_boot(void);

/* Lays out the memory below `boot` in *info and maps it, caches off. False: it is too little. */
bool zone_map(const struct boot_info *boot, struct uvm_info *info);

/* Text to the zone's console, if it has one; waits while the UART is busy. */
void zone_print(const char *text, size_t len);

/* By the zone's conduit, to hypervisor or firmware. */
struct vg_call;
void zone_call(struct vg_call *call);

/* Ends the zone. */
_Noreturn void zone_off(void);

#endif
