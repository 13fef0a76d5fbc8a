/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zone's console. Output goes from the zone's memory to the flow; a buffer that the flow took in
 * part is put back, and begins where it ended.
 */
#include "dev/console.h"

/* Input for one buffer: 1, or what ends the run. */
static int fill(struct console *console, struct virtq *q)
{
    struct virtq_chain chain;
    uint8_t bytes[CONSOLE_INPUT];
    struct virtq_done taken;
    int got = virtq_pop(q, &chain);
    int64_t size;

    if (got <= 0) {
        return got;
    }
    taken = virtq_done(&chain, 0);
    size = (int64_t)(chain.write.size < sizeof(bytes) ? chain.write.size : sizeof(bytes));
    if (size == 0) {
        virtq_break(q);
        return ERR_INVALID;
    }
    size = console->flow->ops->read(console->flow, bytes, (size_t)size);
    if (size <= 0) {
        virtq_undo(q, &taken, 1);
        return size == 0 ? RUN_INPUT : RUN_FAILED;
    }
    if (!spans_write(&chain.write, bytes, (size_t)size)) {
        return ERR_RANGE;
    }
    virtq_push(q, &chain, (uint64_t)size);
    return RUN_MORE;
}

int console_input(struct console *console, struct virtq *q, bool *interrupt)
{
    int got = RUN_MORE;

    for (unsigned i = 0; i < CONSOLE_BATCH && got == RUN_MORE; i++) {
        got = fill(console, q);
    }
    return virtq_end(q, got, interrupt);
}

/* Output of one buffer, without what is there no more because it is shorter than before. */
static int drain(struct console *console, struct virtq *q, bool is_lost)
{
    struct virtq_chain chain;
    struct virtq_done done;
    int got = virtq_pop(q, &chain);

    if (got <= 0) {
        return got;
    }
    done = virtq_done(&chain, 0);
    if (!spans_skip(&chain.read, console->done) || is_lost) {
        chain.read.size = 0;
    }
    if (chain.read.size != 0) {
        int64_t took = console->flow->ops->write(console->flow, chain.read.at, chain.read.count);

        if (took >= 0 && (uint64_t)took < chain.read.size) {
            console->done += (uint64_t)took;
            virtq_undo(q, &done, 1);
            return took > 0 ? RUN_MORE : RUN_OUTPUT;
        }
    }
    console->done = 0;
    virtq_push_all(q, &done, 1);
    return RUN_MORE;
}

static int drain_all(struct console *console, struct virtq *q, bool is_lost)
{
    int got = RUN_MORE;

    for (unsigned i = 0; i < CONSOLE_BATCH && got == RUN_MORE; i++) {
        got = drain(console, q, is_lost);
    }
    return got;
}

int console_output(struct console *console, struct virtq *q, bool *interrupt)
{
    return virtq_end(q, drain_all(console, q, false), interrupt);
}

int console_drop(struct console *console, struct virtq *q, bool *interrupt)
{
    return virtq_end(q, drain_all(console, q, true), interrupt);
}
