/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles a device-tree source by running dtc. */
#ifndef PLAN_DTC_H
#define PLAN_DTC_H

#include "plan/text.h"

/* The blob of a .dts file, at most `limit` bytes; NULL data: *why says what is wrong. */
struct file dtc_run(struct arena *arena, const char *path, size_t limit, const char **why);

#endif
