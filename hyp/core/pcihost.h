/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's PCI buses as zones see them: each only its own functions, whose registers it can
 * move within its own windows of memory and I/O ports. Hidden are bridges, ROMs, ports where the
 * board has none, and messages (MSI, MSI-X) unless an ITS knows who sends them.
 */
#ifndef HYP_CORE_PCIHOST_H
#define HYP_CORE_PCIHOST_H

#include <stdint.h>

#include "lib/field.h"

struct plan;
struct zone;

/* Registers of a function (PCI 3.0, 6.1), and fields of its configuration address. */
enum {
    PCI_ID = 0x00,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_HEADER = 0x0c,
    PCI_BAR = 0x10,
    PCI_BAR_LAST = 0x24,
    PCI_BUSES = 0x18, /* of a bridge: buses and windows (PCI bridges 1.2, 3.2) */
    PCI_PORTS = 0x1c,
    PCI_WINDOW = 0x20,
    PCI_PREFETCH = 0x24,
    PCI_ROM = 0x30,
    PCI_CAPS = 0x34,
    PCI_LINE = 0x3c,
    PCI_OWN = 0x40, /* capabilities begin here */
    PCI_END = 0x100,
};
FIELD(COMMAND_IO, 0, 1);
FIELD(COMMAND_MEMORY, 1, 1);
FIELD(COMMAND_MASTER, 2, 1);
FIELD(COMMAND_INTX_OFF, 10, 1);
FIELD(STATUS_CAPS, 20, 1); /* in the word of the command register */
FIELD(HEADER_TYPE, 16, 7);
FIELD(BUSES_SECOND, 8, 8);
FIELD(BUSES_LAST, 16, 8);
FIELD(WINDOW_BASE, 4, 12); /* in units of 1 MiB */
FIELD(WINDOW_LIMIT, 20, 12);
FIELD(BAR_IO, 0, 1);
FIELD(BAR_IO_FLAGS, 0, 2);
FIELD(BAR_IO_HIGH, 16, 16); /* a function may lack these bits: ports have 16 */
FIELD(BAR_TYPE, 1, 2);
FIELD(BAR_FLAGS, 0, 4);
FIELD(CAP_ID, 0, 8);
FIELD(CAP_NEXT, 8, 8);
enum { BAR_TYPE_64 = 2, CAP_MSI = 0x05, CAP_PCIE = 0x10, CAP_MSIX = 0x11 };

/* First word of the two capabilities (PCI 3.0, 6.8.1 and 6.8.2) */
FIELD(MSI_ENABLE, 16, 1);
FIELD(MSI_CAPABLE, 17, 3); /* messages, as a power of two */
FIELD(MSI_ENABLED, 20, 3); /* of them, those in use */
FIELD(MSI_WIDE, 23, 1);    /* two words of address */
FIELD(MSI_MASKS, 24, 1);   /* a word of masks behind the data */
FIELD(MSIX_SIZE, 16, 11);  /* messages, less 1 */
FIELD(MSIX_CONTROL, 30, 2);
#define PCI_BARS      6u
#define PCI_ALL_ONES  UINT32_MAX
#define PCI_FUNCTIONS 256u /* of a bus */

/* Boot CPU: all buses are mapped at `ecam`. Every function is quiet from here on; bridges lead to
 * the plan's buses, and nowhere else. */
void pcihost_init(const struct plan *plan, uintptr_t ecam);

/* At boot: what the zone owns, and the window through which it sees it. */
void pcihost_add(struct zone *zone);

/* No function of the zone accesses memory or interrupts; registers are as after reset. */
void pcihost_quiet(const struct zone *zone);

#endif
