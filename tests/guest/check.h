/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of test guests: one line each, `ok NAME` or `FAIL NAME`, and a sum at the end. */
#ifndef TESTS_GUEST_CHECK_H
#define TESTS_GUEST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* Counts and prints. vCPU 0 only. */
void check(const char *name, bool holds);
void check_equal(const char *name, uint64_t got, uint64_t expected);

/* Prints `GUEST: n ok, n failed`. */
void check_sum(const char *guest);

/* Whether it runs without the separation kernel. */
bool check_is_native(void);

#endif
