/* SPDX-License-Identifier: Apache-2.0 */
/* Finds in sysfs what zone0's kernel made of the control device and the pools; changes nothing. */
#ifndef ZONE0_FIND_H
#define ZONE0_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "zone0/ctl.h"

/* The first line of a file, without its end, in `text`; false: it can't be read. */
bool find_line(const char *path, char *text, size_t size);

/* A number, decimal or 0x, in a file's first line. */
bool find_number(const char *path, uint64_t *value);

/* The control device's directory (CTL_PATH_SIZE); false: there is none. */
bool find_control(const struct ctl_places *places, char *path);

struct find_dax {
    char path[CTL_PATH_SIZE]; /* of the device file */
    uint64_t gpa, size;       /* of what it maps, without the header */
    uint64_t align;           /* of offsets and lengths of mappings */
};

/* The device-DAX device whose memory begins in the range, which may begin with its header. */
bool find_dax(const struct ctl_places *places, uint64_t gpa, uint64_t size, struct find_dax *dax);

#endif
