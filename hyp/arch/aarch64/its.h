/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt translation service (Arm IHI 0069, 5 and 12.19): formats, which the machine's and the
 * emulated one have in common, and the driver of the machine's. It knows nothing of guests.
 */
#ifndef HYP_ARCH_AARCH64_ITS_H
#define HYP_ARCH_AARCH64_ITS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/plan.h"
#include "lib/err.h"
#include "lib/field.h"

struct pcpu;

/* Registers of the first frame. In the second is one: GITS_TRANSLATER, which devices write. */
enum {
    GITS_CTLR = 0x0000,
    GITS_IIDR = 0x0004,
    GITS_TYPER = 0x0008,
    GITS_CBASER = 0x0080,
    GITS_CWRITER = 0x0088,
    GITS_CREADR = 0x0090,
    GITS_BASER = 0x0100, /* eight of them */
    GITS_PIDR2 = 0xffe8,
};
#define GITS_BASERS 8u

FIELD(GITS_CTLR_ENABLE, 0, 1);
FIELD(GITS_CTLR_QUIESCENT, 31, 1);
FIELD(GITS_TYPER_PHYSICAL, 0, 1);
FIELD(GITS_TYPER_ENTRY, 4, 4);    /* bytes of a table entry for each event, less 1 */
FIELD(GITS_TYPER_EVENTS, 8, 5);   /* bits of an event number, less 1 */
FIELD(GITS_TYPER_DEVICES, 13, 5); /* bits of a device number, less 1 */
FIELD(GITS_TYPER_PTA, 19, 1);     /* CPUs are named by the address of their redistributor */
FIELD(GITS_TYPER_HELD, 24, 8);    /* collections without memory */
FIELD(GITS_TYPER_GROUPS, 32, 4);  /* bits of a collection number, less 1 */
FIELD(GITS_TYPER_CIL, 36, 1);     /* the above counts */

/* GITS_BASER<n>: a table. GITS_CBASER: the command queue; same but for type and page size. */
FIELD(TABLE_PAGES, 0, 8); /* less 1 */
FIELD(TABLE_PAGE, 8, 2);  /* 0: 4 KiB, 1: 16 KiB, 2: 64 KiB */
FIELD(TABLE_SHARE, 10, 2);
FIELD(TABLE_ADDR, 12, 40);
FIELD(TABLE_TYPE, 56, 3);
FIELD(TABLE_INNER, 59, 3);
FIELD(TABLE_VALID, 63, 1);
enum { TABLE_TYPE_DEVICE = 1, TABLE_TYPE_COLLECTION = 4 };
#define ITS_INNER_SHAREABLE 1u
#define ITS_WRITE_BACK      7u /* read and write allocate */

FIELD(QUEUE_OFFSET, 5, 15); /* GITS_CWRITER, GITS_CREADR: number of a command */
FIELD(QUEUE_STALLED, 0, 1); /* GITS_CREADR */
FIELD(QUEUE_NUMBER, 5, 59); /* of the command at this byte */

/* Redistributors */
enum { GICR_PROPBASER = 0x0070, GICR_PENDBASER = 0x0078 };
FIELD(GICR_CTLR_LPIS, 0, 1); /* cannot be taken back */
FIELD(LPI_ID_BITS, 0, 5);    /* less 1 */
FIELD(LPI_INNER, 7, 3);
FIELD(LPI_SHARE, 10, 2);
FIELD(PROP_ADDR, 12, 40);
FIELD(PEND_ADDR, 16, 36);
FIELD(PEND_ZERO, 62, 1); /* the table holds zeros */

/* A byte of the table at GICR_PROPBASER, for each LPI from the first on. */
FIELD(PROP_ENABLE, 0, 1);
FIELD(PROP_RES1, 1, 1);

/* Of an event number: all messages of a function, in its one table. */
#define ITS_EVENT_BITS 5u

_Static_assert(PLAN_MAX_EVENTS == 1u << ITS_EVENT_BITS, "messages of a function");

#define LPI_FIRST 8192u
#define LPI_BITS  14u /* of an INTID: 8,192 LPIs, here and in zones */

/* Commands: four 64-bit words */
struct its_command {
    uint64_t word[4];
};
FIELD(ITS_OP, 0, 8);
FIELD(ITS_DEVICE, 32, 32);
FIELD(ITS_EVENT, 0, 32); /* word 1, as the next two */
FIELD(ITS_INTID, 32, 32);
FIELD(ITS_SIZE, 0, 5);   /* bits of an event number, less 1 */
FIELD(ITS_GROUP, 0, 16); /* word 2, as the next three: the collection */
FIELD(ITS_TARGET, 16, 35);
FIELD(ITS_ITT, 8, 44);
FIELD(ITS_VALID, 63, 1);
enum {
    ITS_MOVI = 0x01,
    ITS_INT = 0x03,
    ITS_CLEAR = 0x04,
    ITS_SYNC = 0x05,
    ITS_MAPD = 0x08,
    ITS_MAPC = 0x09,
    ITS_MAPTI = 0x0a,
    ITS_MAPI = 0x0b,
    ITS_INV = 0x0c,
    ITS_INVALL = 0x0d,
    ITS_MOVALL = 0x0e,
    ITS_DISCARD = 0x0f,
    ITS_OPS = 0x10,
};

/*
 * Takes the machine's ITS into service with nothing mapped; memory from the boot pool. Boot CPU,
 * once, with the GIC set up. Returns NULL, or why it cannot be used.
 */
const char *its_init(const struct plan *plan, uintptr_t base);

/* On each CPU whose redistributor is up: it can take LPIs from here on. */
void its_cpu_init(struct pcpu *cpu);

/* Whether LPIs can go to this CPU. */
bool its_reaches(const struct pcpu *cpu);

/*
 * Messages of plan.function[n / PLAN_MAX_EVENTS]; `n` is an LPI less LPI_FIRST. After open, an
 * event raises that LPI on `cpu` from its_event() until its_discard(), which drops a pending one.
 * ERR_BUSY: the ITS has failed.
 */
enum err its_open(uint32_t function, const struct pcpu *cpu) MUST_CHECK;
enum err its_close(uint32_t function, const struct pcpu *cpu) MUST_CHECK;
enum err its_event(uint32_t n, const struct pcpu *cpu) MUST_CHECK;
enum err its_discard(uint32_t n, const struct pcpu *cpu) MUST_CHECK;

#endif
