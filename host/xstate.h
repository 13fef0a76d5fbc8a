/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector state as debuggers read it. Processors differ in where XSAVE's standard format has its
 * parts (CPUID leaf 0xd); a debugger that reads a core knows one layout, Intel's. Pure.
 */
#ifndef HOST_XSTATE_H
#define HOST_XSTATE_H

#include <stddef.h>
#include <stdint.h>

#define XSTATE_MAX 2696u

/* A component of this machine's XSAVE area, by its number in XCR0; offset 0: it has none. */
#define XSTATE_COMPONENTS 10u

struct xstate_area {
    const uint8_t *bytes;
    size_t size;
    uint64_t xcr0;
    uint32_t offset[XSTATE_COMPONENTS];
};

struct xstate_note {
    uint8_t bytes[XSTATE_MAX];
    size_t size;
    uint64_t xcr0; /* what of it the note has */
};

/* An area too small for the legacy part gives size 0. */
void xstate_convert(const struct xstate_area *area, struct xstate_note *out);

#endif
