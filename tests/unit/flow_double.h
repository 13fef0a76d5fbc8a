/* SPDX-License-Identifier: Apache-2.0 */
/* A flow for tests of devices: what it gives is the test's, what it takes is kept. */
#ifndef TESTS_UNIT_FLOW_DOUBLE_H
#define TESTS_UNIT_FLOW_DOUBLE_H

#include <stdint.h>
#include <string.h>

#include "dev/flow.h"

#define FLOW_KEPT 0x11000u

struct flow_double {
    struct flow flow;
    const uint8_t *give;
    size_t give_size; /* bytes, or of the one packet, that can be read */
    size_t room;      /* for bytes: how many are taken at most */
    size_t kept_size;
    unsigned writes;
    int fails; /* what each operation returns, if not OK */
    uint8_t kept[FLOW_KEPT];
};

static inline int64_t double_read(struct flow *flow, void *to, size_t size)
{
    struct flow_double *d = (struct flow_double *)flow;

    size = size < d->give_size ? size : d->give_size;
    if (d->fails != OK) {
        return d->fails;
    }
    memcpy(to, d->give, size);
    d->give += size;
    d->give_size -= size;
    return (int64_t)size;
}

static inline int64_t double_write(struct flow *flow, const struct iovec *at, size_t count)
{
    struct flow_double *d = (struct flow_double *)flow;
    int64_t took = 0;

    d->writes++;
    for (size_t i = 0; i < count && d->fails == OK; i++) {
        size_t size = at[i].iov_len < d->room ? at[i].iov_len : d->room;

        size = size < FLOW_KEPT - d->kept_size ? size : FLOW_KEPT - d->kept_size;
        memcpy(d->kept + d->kept_size, at[i].iov_base, size);
        d->kept_size += size;
        d->room -= size;
        took += (int64_t)size;
    }
    return d->fails != OK ? d->fails : took;
}

static const struct flow_ops flow_double_ops = { double_read, double_write };

#endif
