/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions that a freestanding compiler may call; not the C library's. */
#ifndef HYP_CORE_STRING_H
#define HYP_CORE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
