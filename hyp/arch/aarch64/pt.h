/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of VMSAv8-64 table entries with a 4 KiB granule (Arm DDI 0487, D8.3). */
#ifndef HYP_ARCH_AARCH64_PT_H
#define HYP_ARCH_AARCH64_PT_H

#include "lib/field.h"

FIELD(VA_L1, 30, 9);
FIELD(VA_L2, 21, 9);
FIELD(VA_L3, 12, 9);

/* Both stages */
FIELD(PTE_TYPE, 0, 2); /* 0, 2: invalid; 1: block (level 1, 2); 3: table, or page at level 3 */
FIELD(PTE_SH, 8, 2);
FIELD(PTE_AF, 10, 1);
FIELD(PTE_ADDR, 12, 36);
FIELD(PTE_XN, 54, 1); /* stage 2 with FEAT_XNX: XN[1], with XN[0] = 0 execute never at all */

/* Stage 2 */
FIELD(S2_MEMATTR, 2, 4); /* 0xf: normal write-back; 0x1: Device-nGnRE */
FIELD(S2_AP_READ, 6, 1);
FIELD(S2_AP_WRITE, 7, 1);

enum { PTE_BLOCK = 1, PTE_PAGE_OR_TABLE = 3, PTE_INNER_SHAREABLE = 3 };
enum { S2_ATTR_NORMAL = 0xf, S2_ATTR_DEVICE = 0x1 };

/* Stage 1 of EL2: AP[1] is RES1, AP[2] read-only; attribute 1 of MAIR_VALUE is normal memory. */
#define OWN_BLOCK  UINT64_C(0x1)
#define OWN_PAGE   UINT64_C(0x3)
#define OWN_TABLE  UINT64_C(0x3)
#define OWN_NORMAL UINT64_C(0x744) /* AttrIndx 1, AP[1], inner shareable, AF */
#define OWN_DEV    UINT64_C(0x440) /* AttrIndx 0, AP[1], AF */
#define OWN_AP_RO  UINT64_C(0x80)
#define OWN_XN     BIT64(54)

FIELD(CTR_DMINLINE, 16, 4); /* log2 of words in the smallest data cache line */

#endif
