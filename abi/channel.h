/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel as a guest sees it: a PCI function with registers in BAR 0 and the memory that it
 * shares with its peer in BAR 2. Each of the two zones has such a function; neither can reach the
 * other's. docs/channel.md says how it is used. The first four registers are those of ivshmem.
 */
#ifndef ABI_CHANNEL_H
#define ABI_CHANNEL_H

#include <stdint.h>

/* PCI identity. Not registered with anybody: unique only among what a Vitrine zone can see. */
#define CHANNEL_PCI_VENDOR UINT32_C(0x1209)
#define CHANNEL_PCI_DEVICE UINT32_C(0x7601)
#define CHANNEL_PCI_CLASS  UINT32_C(0xff0000) /* fits no other class */

#define CHANNEL_VERSION UINT32_C(1)

/* Registers: 32 bits, little-endian, only by aligned accesses of 32 bits. Others read 0. */
enum channel_reg {
    CHANNEL_MASK = 0x00,        /* rw: causes that raise the interrupt; 0 at reset */
    CHANNEL_CAUSE = 0x04,       /* r, writing 1 clears: CHANNEL_CAUSE_*; 0 at reset */
    CHANNEL_SIDE = 0x08,        /* r: 0 or 1, as the plan lists the peers */
    CHANNEL_DOORBELL = 0x0c,    /* w: any value sets CHANNEL_CAUSE_DOORBELL at the peer; reads 0 */
    CHANNEL_ABI = 0x10,         /* r: CHANNEL_VERSION */
    CHANNEL_FEATURES = 0x14,    /* r: CHANNEL_FEATURE_* */
    CHANNEL_PEER = 0x18,        /* r: 1 while the peer's zone runs, else 0 */
    CHANNEL_PEER_STARTS = 0x1c, /* r: how often the peer's zone was started, modulo 2^32 */
    CHANNEL_SIZE_LOW = 0x20,    /* r: bytes of shared memory */
    CHANNEL_SIZE_HIGH = 0x24,
    CHANNEL_NAME = 0x28, /* r: 24 bytes up to 0x3f, padded with 0 */
};

#define CHANNEL_NAME_SIZE 24u
#define CHANNEL_REGS_SIZE 0x1000u /* of BAR 0 */

#define CHANNEL_CAUSE_DOORBELL UINT32_C(1) /* the peer rang */
#define CHANNEL_CAUSE_PEER     UINT32_C(2) /* the peer's zone has started or stopped */
#define CHANNEL_CAUSE_ALL      UINT32_C(3)

#define CHANNEL_FEATURE_NOTIFY UINT32_C(1) /* doorbells work */

#endif
