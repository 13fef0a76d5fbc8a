/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hypervisor for tests of zone0's programs: a directory with what sysfs has, files for registers
 * and region, and answers to requests about three zones.
 */
#ifndef TESTS_UNIT_CTL_DOUBLE_H
#define TESTS_UNIT_CTL_DOUBLE_H

#include "zone0/ctl.h"

#define DOUBLE_GPA   UINT64_C(0x90000000)
#define DOUBLE_SIZE  UINT64_C(0x200000) /* with the header */
#define DOUBLE_ZONES 3u                 /* zone0, running; linux1, running; spare, off */

struct ctl_double {
    char dir[64];
    char sys[96], dev[96], run[96];
    struct ctl_places places;
    struct ctl_zone zone[DOUBLE_ZONES];
    bool is_deaf;         /* does not look at requests */
    bool is_slow;         /* a zone that is to start or stop stays in between */
    uint32_t input_room;  /* bytes that a console takes at a time */
    uint32_t answer_size; /* what an answer says of its size when it is not 0 */
    unsigned requests;
    struct ctl_slot seen; /* the last request */
};

/* Makes the directory, all of it good. */
void double_make(struct ctl_double *d);
void double_remove(struct ctl_double *d);

/* Opens by ctl_open(), then answers instead of registers. */
int double_open(struct ctl_double *d, struct ctl *ctl);

/* Replaces a file's bytes, below the directory. */
void double_put(const struct ctl_double *d, const char *name, const void *bytes, size_t size);
void double_text(const struct ctl_double *d, const char *name, const char *text);

/* What the hypervisor writes into its rings. */
void double_event(struct ctl *ctl, const struct ctl_event *event);
void double_log(struct ctl *ctl, const char *text);
void double_console(struct ctl *ctl, uint32_t zone, const char *text, size_t size);

/* The three zones' beginning, and a state with its event. */
void double_zones(struct ctl_double *d);
void double_state(struct ctl *ctl, uint32_t zone, uint32_t state, uint32_t reason);

/* Does what a slot asks for. */
void double_answer(struct ctl *ctl, uint32_t slot);

#endif
