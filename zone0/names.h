/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the numbers of abi/ctl.h, the same in text and JSON. Unknown numbers are "unknown". */
#ifndef ZONE0_NAMES_H
#define ZONE0_NAMES_H

#include <stddef.h>
#include <stdint.h>

const char *names_state(uint32_t state);   /* enum ctl_zone_state */
const char *names_reason(uint32_t reason); /* enum ctl_reason */
const char *names_role(uint32_t role);     /* enum plan_role */
const char *names_event(uint32_t kind);    /* enum ctl_event_kind */

#endif
