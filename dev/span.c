/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of pieces of a zone's memory; what is read of them is read once. */
#include "dev/span.h"

#include "dev/mem.h"

/* Drops n bytes of the first piece, which has as many. */
static void drop(struct spans *spans, size_t n)
{
    spans->at->iov_base = (uint8_t *)spans->at->iov_base + n;
    spans->at->iov_len -= n;
    spans->size -= n;
    if (spans->at->iov_len == 0) {
        spans->at++;
        spans->count--;
    }
}

static size_t front(const struct spans *spans, uint64_t most)
{
    return spans->at->iov_len < most ? spans->at->iov_len : (size_t)most;
}

bool spans_skip(struct spans *spans, uint64_t size)
{
    if (size > spans->size) {
        return false;
    }
    while (size != 0) {
        size_t n = front(spans, size);

        drop(spans, n);
        size -= n;
    }
    return true;
}

bool spans_read(struct spans *spans, void *to, size_t size)
{
    uint8_t *next = to;

    if (size > spans->size) {
        return false;
    }
    while (size != 0) {
        size_t n = front(spans, size);

        copy_once(next, spans->at->iov_base, n);
        drop(spans, n);
        next += n;
        size -= n;
    }
    return true;
}

bool spans_write(struct spans *spans, const void *from, size_t size)
{
    const uint8_t *next = from;

    if (size > spans->size) {
        return false;
    }
    while (size != 0) {
        size_t n = front(spans, size);

        memcpy(spans->at->iov_base, next, n);
        drop(spans, n);
        next += n;
        size -= n;
    }
    return true;
}

uint8_t *spans_last(struct spans *spans)
{
    struct iovec *last;

    if (spans->count == 0) {
        return NULL;
    }
    last = &spans->at[spans->count - 1];
    spans->size--;
    last->iov_len--;
    if (last->iov_len == 0) {
        spans->count--;
    }
    return (uint8_t *)last->iov_base + last->iov_len;
}
