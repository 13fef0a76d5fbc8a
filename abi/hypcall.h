/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of a zone to the separation kernel itself, beside those of firmware (PSCI): HVC #0 or SMC
 * #0 by the SMC calling convention (Arm DEN0028), vendor specific hypervisor services, 64 bits. x0
 * is the function, arguments from x1 on; the answer in x0 is negative for an error. A hypervisor
 * that was built without them answers HYPCALL_NOT_SUPPORTED, as to every number that is not here.
 */
#ifndef ABI_HYPCALL_H
#define ABI_HYPCALL_H

#include <stdint.h>

enum hypcall_err {
    HYPCALL_NOT_SUPPORTED = -1,
    HYPCALL_INVALID = -2,
    HYPCALL_DENIED = -3, /* not for zones of this role */
};

/* Answers HYPCALL_ABI. */
#define HYPCALL_VERSION UINT32_C(0xc6000000)
#define HYPCALL_ABI     1

/*
 * Reports a fault that the zone itself could not resolve: x1 = gpa of a struct fault_record
 * (abi/fault.h), 8-byte aligned, wholly in the zone's RAM and within 2 MiB; x2 = its size; x3 =
 * enum hypcall_fault. The record is copied once and checked: HYPCALL_INVALID, and nothing is done.
 * The hypervisor's log gets a line of it, unless the zone has said too much lately. Answers 0.
 * HYPCALL_FAULT_STOP with x2 = 0 has no record: it ends a zone whose fault is reported already.
 */
#define HYPCALL_FAULT UINT32_C(0xc6000001)

enum hypcall_fault {
    HYPCALL_FAULT_GO_ON, /* the zone goes on */
    HYPCALL_FAULT_STOP,  /* it stops, with reason "fault"; the call does not return */
    HYPCALL_FAULT_COUNT
};

#endif
