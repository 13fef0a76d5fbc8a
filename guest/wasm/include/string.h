/* SPDX-License-Identifier: Apache-2.0 */
/* Of the C library that guests have not: what wasm2c's output asks of <string.h>; guest/mem.c. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
