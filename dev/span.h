/* SPDX-License-Identifier: Apache-2.0 */
/* A list of pieces of memory, used up from its front; as many bytes as asked for or none. */
#ifndef DEV_SPAN_H
#define DEV_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* No piece is empty; size is the sum of all. */
struct spans {
    struct iovec *at;
    size_t count;
    uint64_t size;
};

/* Drops bytes of the front; false: there are fewer, and nothing has changed. */
bool spans_skip(struct spans *spans, uint64_t size);

/* Copies from or to the front and drops it; false: there are fewer, and nothing has changed. */
bool spans_read(struct spans *spans, void *to, size_t size);
bool spans_write(struct spans *spans, const void *from, size_t size);

/* Drops the last byte and returns where it is; NULL: there is none. */
uint8_t *spans_last(struct spans *spans);

#endif
