/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the Arm PrimeCell UART PL011 (Arm DDI 0183), as the driver and the emulation see. */
#ifndef HYP_CORE_PL011_H
#define HYP_CORE_PL011_H

#include "lib/field.h"

/* Offsets, DDI 0183 table 3-1. */
#define PL011_DR    0x000u
#define PL011_RSR   0x004u /* ECR when written */
#define PL011_FR    0x018u
#define PL011_ILPR  0x020u
#define PL011_IBRD  0x024u
#define PL011_FBRD  0x028u
#define PL011_LCR_H 0x02cu
#define PL011_CR    0x030u
#define PL011_IFLS  0x034u
#define PL011_IMSC  0x038u
#define PL011_RIS   0x03cu
#define PL011_MIS   0x040u
#define PL011_ICR   0x044u
#define PL011_DMACR 0x048u
#define PL011_ID    0xfe0u /* PeriphID0..3, PCellID0..3 */

#define PL011_FIFO_DEPTH 32u /* revision r1p5 and later */

/* DR: overrun flag beside the received byte. */
#define PL011_DR_OE  BIT32(11)
#define PL011_RSR_OE BIT32(3)

#define PL011_FR_CTS  BIT32(0)
#define PL011_FR_DSR  BIT32(1)
#define PL011_FR_DCD  BIT32(2)
#define PL011_FR_BUSY BIT32(3)
#define PL011_FR_RXFE BIT32(4)
#define PL011_FR_TXFF BIT32(5)
#define PL011_FR_RXFF BIT32(6)
#define PL011_FR_TXFE BIT32(7)

FIELD(PL011_LCR_FEN, 4, 1);
FIELD(PL011_LCR_WLEN, 5, 2); /* 3: 8 bits */

#define PL011_CR_UARTEN BIT32(0)
#define PL011_CR_TXE    BIT32(8)
#define PL011_CR_RXE    BIT32(9)

/* Trigger levels: 0: 1/8, 1: 1/4, 2: 1/2, 3: 3/4, 4: 7/8 of the FIFO. */
FIELD(PL011_IFLS_TX, 0, 3);
FIELD(PL011_IFLS_RX, 3, 3);

/* IMSC, RIS, MIS, ICR. */
#define PL011_INT_RX BIT32(4)
#define PL011_INT_TX BIT32(5)
#define PL011_INT_RT BIT32(6)
#define PL011_INT_FE BIT32(7)
#define PL011_INT_PE BIT32(8)
#define PL011_INT_BE BIT32(9)
#define PL011_INT_OE BIT32(10)

#endif
