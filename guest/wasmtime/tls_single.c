/* SPDX-License-Identifier: Apache-2.0 */
/* The same as tls.c for engines that know of one slot only: to be linked before the library. */
#include <stddef.h>
#include <stdint.h>

uint8_t *wasmtime_tls_get(void);
void wasmtime_tls_set(uint8_t *ptr);

static uint8_t *value;

uint8_t *wasmtime_tls_get(void)
{
    return value;
}

void wasmtime_tls_set(uint8_t *ptr)
{
    value = ptr;
}
