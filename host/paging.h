/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables of 4 KiB with 512 entries, written by the host into the guest's memory, with entries
 * as the architecture has them. Mappings are gva = gpa but for devices. Only written, never read
 * back: the guest may do to them what it likes.
 */
#ifndef HOST_PAGING_H
#define HOST_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "host/layout.h"
#include "lib/err.h"

#define PAGING_DIRS (UVM_VCPU_END / SIZE_1G) /* page directories: one a GiB */

struct paging {
    const struct paging_format *format;
    uint8_t *ram;  /* the guest's memory; byte 0 is guest address 0 */
    uint64_t next; /* first free page for tables, until LAYOUT_TABLES_END */
    uint64_t top;  /* the table that has an entry a GiB */
    uint64_t stack_pte;
    uint32_t stacks;              /* bit n: the stack of vCPU n is mapped, all of it present */
    uint64_t dir[PAGING_DIRS];    /* the host's own copy of where they are; 0: none */
    uint64_t tail[PAGING_DIRS];   /* the table of a window's last, partial 2 MiB; 0: none yet */
    uint64_t last_2m, last_table; /* the newest table of 4 KiB pages and what it maps */
};

/* Root tables and all of layout's regions. ERR_FULL: no room for tables. */
MUST_CHECK int paging_build(struct paging *p, const struct layout *layout, uint8_t *ram);

#define PAGING_ROOT LAYOUT_TABLES_GVA

/* Maps a range of whole pages that no earlier call has mapped; ascending within 2 MiB. */
MUST_CHECK int paging_map(struct paging *p, const struct region *r);

/*
 * Maps r from the beginning of a GiB that is empty, and takes it away again. Tables stay the
 * window's for the next one.
 */
MUST_CHECK int paging_map_window(struct paging *p, const struct region *r);
void paging_clear_window(struct paging *p, const struct region *r);

/* ---- Other vCPUs than the first ---- */

/* Maps the user stack of vCPU n, which all can reach, if that is not done yet. ERR_FULL: no room
 * for tables. */
MUST_CHECK int paging_map_stack(struct paging *p, unsigned n, const struct region *stack);

/* The same for vCPU 0: all of its stack becomes present, since only its own touch would do that. */
void paging_touch_stack(struct paging *p, const struct layout *layout);

/* What a vCPU has in place of the lowest 2 MiB: where that lies for the host and in the guest. */
struct paging_own {
    uint8_t *host;
    uint64_t gpa;
};

/* Whether the pages of a region below 2 MiB are each vCPU's own. */
bool paging_is_own(const struct region *r);

/* Builds its tables, at PAGING_ROOT within it, and returns the guest-physical root. */
uint64_t paging_build_own(const struct paging *p, const struct layout *layout,
                          const struct paging_own *own);

/* Lets it see all that vCPU 0 sees above; again whenever there may be more of that. */
void paging_share(const struct paging *p, const struct paging_own *own);

#endif
