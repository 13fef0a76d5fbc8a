/* SPDX-License-Identifier: Apache-2.0 */
/* Floating-point environment of programs, in ring 3. */
#include "lib/field.h"
#include "vitrine-fault.h"

enum { EXCEPTIONS = 0x3f };
FIELD(MXCSR_MASKS, 7, 6);

unsigned vg_fp_trap(unsigned exceptions)
{
    const uint32_t masks = ~exceptions & EXCEPTIONS;
    const uint32_t rounding_and_precision = 0x340; /* to nearest, 64 bits: x87's initial state */
    uint32_t mxcsr = (uint32_t)put(MXCSR_MASKS, masks);
    uint16_t fcw = (uint16_t)(rounding_and_precision | masks);

    __asm__ volatile("fnclex\n\tfldcw %0\n\tldmxcsr %1" : : "m"(fcw), "m"(mxcsr));
    return exceptions & EXCEPTIONS;
}
