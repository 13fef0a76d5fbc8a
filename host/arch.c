/* SPDX-License-Identifier: Apache-2.0 */
/* The list of architectures; what they are stands in their own files. */
#include "host/arch.h"

#include "lib/field.h"

static const struct arch *const list[] = { &arch_x86_64, &arch_aarch64 };

const struct arch *arch_find(uint16_t machine)
{
    for (size_t i = 0; i < ARRAY_COUNT(list); i++) {
        if (list[i]->machine == machine) {
            return list[i];
        }
    }
    return NULL;
}
