/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver gives a console and an entropy device any buffers. What must hold: output leaves once
 * and in order, however little the other side takes at a time; input comes whole and in order; no
 * byte is read for which there is no room; random bytes are bounded.
 */
#include "dev/console.h"
#include "dev/rng.h"
#include "tests/fuzz/fuzz.h"
#include "virtq_model.h"

#define DATA  (MODEL_RAM + MODEL_DATA)
#define BYTES 0x4000u

static struct fuzz_in in;
static struct flow flow;
static struct console console;
static struct model model;
static struct virtq q;
static uint8_t next_out, next_in; /* bytes count up, both ways */
static uint64_t asked, given;     /* bytes */

static int64_t flow_read(struct flow *f, void *to, size_t size)
{
    size_t count = fuzz_u8(&in);
    uint8_t *bytes = to;

    FUZZ_CHECK(f == &flow && size != 0 && size <= CONSOLE_INPUT);
    count = count < size ? count : size;
    for (size_t i = 0; i < count; i++) {
        bytes[i] = next_in++;
    }
    given += count;
    return (int64_t)count;
}

static int64_t flow_write(struct flow *f, const struct iovec *at, size_t count)
{
    uint64_t room = fuzz_u8(&in);
    int64_t took = 0;

    FUZZ_CHECK(f == &flow && count != 0);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = at[i].iov_base;

        FUZZ_CHECK(at[i].iov_len != 0);
        for (size_t n = 0; n < at[i].iov_len && room != 0; n++, room--) {
            FUZZ_CHECK(bytes[n] == next_out);
            next_out++;
            took++;
        }
    }
    given += (uint64_t)took;
    return took;
}

static const struct flow_ops ops = { flow_read, flow_write };

/* Buffers one after the other, so that they do not overlap within a round of the ring. */
static void add(uint64_t *at, bool is_write)
{
    struct model_buf bufs[3];
    uint8_t how = fuzz_u8(&in), text = (uint8_t)(asked);
    uint16_t count = (uint16_t)(1 + how % 3u);

    for (uint16_t i = 0; i < count; i++) {
        uint32_t size = fuzz_u8(&in);

        *at = *at + size > BYTES ? 0 : *at;
        bufs[i] = (struct model_buf){ DATA + *at, size, is_write };
        *at += size;
    }
    if (model_add(&model, bufs, count, (how & 0x80) != 0) < 0) {
        return;
    }
    for (uint16_t i = 0; i < count; i++) {
        for (uint32_t n = 0; n < bufs[i].len && !is_write; n++) {
            *model_at(bufs[i].gpa + n) = text++;
        }
        asked += bufs[i].len;
    }
}

static uint64_t take_back(void)
{
    uint64_t sum = 0;
    uint32_t len;

    while (model_used(&model, &len) >= 0) {
        sum += len;
    }
    return sum;
}

static void step(unsigned kind)
{
    uint64_t before = given;
    bool interrupt;
    int got;

    if (kind == 0) {
        got = console_output(&console, &q, &interrupt);
        FUZZ_CHECK(take_back() == 0 && given <= asked);
        FUZZ_CHECK(got != RUN_DRIVER || given == asked);
    } else if (kind == 1) {
        got = console_input(&console, &q, &interrupt);
        FUZZ_CHECK(take_back() == given - before && given <= asked);
    } else {
        got = rng_run(&q, &interrupt);
        FUZZ_CHECK(take_back() <= 16 * RNG_MAX);
    }
    FUZZ_CHECK(got >= 0 || q.is_broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct virtq_cfg cfg;
    uint64_t at = 0;
    uint8_t how;

    in = (struct fuzz_in){ data, size };
    how = fuzz_u8(&in);
    cfg = model_init(&model, (how & 1) != 0, (how & 2) != 0, 16);
    flow.ops = &ops;
    console = (struct console){ .flow = &flow };
    next_in = next_out = 0;
    asked = given = 0;
    FUZZ_CHECK(virtq_init(&q, &model_mem, &cfg) == OK);
    for (unsigned i = 0; i < 200 && in.left != 0 && !q.is_broken; i++) {
        add(&at, (how >> 4) % 3 != 0);
        step((how >> 4) % 3);
    }
    return 0;
}
