/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes for a zone. What the driver lets it read is not looked at. */
#include "dev/rng.h"

#include <sys/random.h>

/* Bytes given, or an error: a buffer without room (5.4.6.1), or no bytes are to be had. */
static int64_t fill(struct virtq_chain *chain)
{
    uint8_t bytes[RNG_MAX];
    size_t want = chain->write.size < RNG_MAX ? (size_t)chain->write.size : RNG_MAX;
    ssize_t got = want == 0 ? 0 : getrandom(bytes, want, 0);

    if (got <= 0 || !spans_write(&chain->write, bytes, (size_t)got)) {
        return ERR_INVALID;
    }
    return got;
}

int rng_run(struct virtq *q, bool *interrupt)
{
    struct virtq_chain chain;
    int got = 1;

    for (unsigned i = 0; i < RNG_BATCH && got > 0; i++) {
        got = virtq_pop(q, &chain);
        if (got > 0) {
            got = virtq_answer(q, &chain, fill(&chain));
        }
    }
    return virtq_end(q, got, interrupt);
}
