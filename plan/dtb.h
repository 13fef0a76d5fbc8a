/* SPDX-License-Identifier: Apache-2.0 */
/* A device tree while it is written from its first byte to its last, with libfdt. */
#ifndef PLAN_DTB_H
#define PLAN_DTB_H

#include <stdint.h>

#include "lib/plan_check.h"
#include "plan/compile.h"

struct tree {
    struct compile *c;
    const struct board *board;
    uint32_t zone;
    uint8_t *out;
    int status; /* of libfdt; the first error stays */
    uint32_t gic_phandle, clock_phandle, its_phandle;
    uint32_t pci_domain; /* of the zone's virtual bus: none of its own devices has it */
    const char *uart_path;
};

#endif
