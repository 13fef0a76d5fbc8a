/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of VMSAv8-64 stage 1 with 4 KiB pages (DDI0487 D8.3), as guests make them. */
#ifndef GUEST_AARCH64_VMSA_H
#define GUEST_AARCH64_VMSA_H

#include <stdint.h>

#include "lib/field.h"

FIELD(PTE_TYPE, 0, 2);
FIELD(PTE_ATTR, 2, 3); /* index into MAIR_EL1 */
FIELD(PTE_USER, 6, 1);
FIELD(PTE_READ_ONLY, 7, 1);
FIELD(PTE_SHARE, 8, 2);
FIELD(PTE_ACCESSED, 10, 1);
FIELD(PTE_ADDRESS, 12, 36);
FIELD(PTE_PXN, 53, 1);
FIELD(PTE_UXN, 54, 1);

enum { TYPE_BLOCK = 1, TYPE_TABLE = 3, TYPE_PAGE = 3 };
enum { ATTR_NORMAL = 0, ATTR_DEVICE = 3 };
enum { SHARE_INNER = 3 };

#endif
