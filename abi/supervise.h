/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's faults in the hands of another zone, its supervisor: messages through a channel that
 * joins the two and whose name begins with SUPERVISE_CHANNEL. The messages go through the rings of
 * vitrine-channel.h. When the zone cannot resolve a fault it sends a struct supervise_fault, rings
 * the doorbell and waits; the supervisor answers by a struct supervise_answer with the same serial.
 * Until then the zone sends the same message again, ten times a second. When the supervisor does
 * not run for SUPERVISE_PATIENCE seconds, the zone stops as if the answer were "terminate". Either
 * side may be sent anything: it copies a message once, and checks the copy.
 */
#ifndef ABI_SUPERVISE_H
#define ABI_SUPERVISE_H

#include <stdint.h>

#include "abi/fault.h"

#define SUPERVISE_CHANNEL  "fault"
#define SUPERVISE_PATIENCE 5u

enum supervise_kind { SUPERVISE_FAULT = 1, SUPERVISE_ANSWER = 2 };

/* From the zone. Serials count from 1 at each start of the zone. */
struct supervise_fault {
    uint32_t kind; /* SUPERVISE_FAULT */
    uint32_t serial;
    struct fault_record record;
};

/*
 * From the supervisor. FAULT_ACTION_TERMINATE: the zone stops, with reason "fault" in the
 * hypervisor's log; FAULT_ACTION_RESUME: it goes on with the registers of the answer, of which
 * flags are limited to what the zone's runtime lets anybody edit. Others count as terminate.
 */
struct supervise_answer {
    uint32_t kind; /* SUPERVISE_ANSWER */
    uint32_t serial;
    struct fault_answer answer;
};

#endif
