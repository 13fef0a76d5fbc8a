/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures on order: the linker puts this between the library and host/sys.c (--wrap), so that the
 * n-th function that can fail does so once. Also counts what is allocated.
 */
#ifndef TESTS_UVM_INJECT_H
#define TESTS_UVM_INJECT_H

#include <stdbool.h>

/* The n-th call from now fails with this errno; 0: none. */
void inject_arm(unsigned n, int error);
/* Disarms; whether the failure happened. */
bool inject_disarm(void);
/* The function that failed last. */
const char *inject_name(void);

/* Allocations of the library that are not freed. */
long inject_live(void);

#endif
