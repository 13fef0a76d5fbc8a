/* SPDX-License-Identifier: Apache-2.0 */
/* A thread's storage, of the one thread that there is. */
#include "vitrine-wasmtime.h"

enum { SLOTS = 2 };

static uint8_t *slots[SLOTS];

uint8_t *wasmtime_tls_get(uintptr_t slot)
{
    return slot < SLOTS ? slots[slot] : NULL;
}

void wasmtime_tls_set(uintptr_t slot, uint8_t *ptr)
{
    if (slot < SLOTS) {
        slots[slot] = ptr;
    }
}
