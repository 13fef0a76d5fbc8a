/* SPDX-License-Identifier: Apache-2.0 */
/* dev/virtq: both formats against a driver, over many wraps; ways to break a ring are refused. */
#include "unit.h"

#include <string.h>

#include "dev/virtq.h"
#include "lib/field.h"
#include "virtq_model.h"

#define DATA (MODEL_RAM + MODEL_DATA)

static struct model model;
static struct virtq q;
static struct virtq_chain chain, kept[4];

static const struct {
    bool is_packed, has_event_idx;
    uint16_t size;
} kinds[] = {
    { false, false, 8 }, { false, true, 8 }, { false, true, 1 },  { false, true, 64 },
    { true, false, 8 },  { true, true, 8 },  { true, true, 7 },   { true, true, 5 },
    { true, false, 1 },  { true, true, 64 }, { false, false, 2 },
};

static void begin(bool is_packed, bool has_event_idx, uint16_t size)
{
    struct virtq_cfg cfg = model_init(&model, is_packed, has_event_idx, size);

    assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
}

/* A request in pieces of four bytes; the device returns the first one's complement. */
static void echo(uint16_t pieces, bool is_indirect, unsigned round)
{
    struct model_buf bufs[8];
    uint8_t text[4], want[4], got[4];
    uint32_t len = 0;
    int id;

    for (uint16_t i = 0; i < pieces; i++) {
        bool is_write = i >= pieces / 2;

        /* Halves of a buffer that crosses the border of the ranges, among others. */
        bufs[i] = (struct model_buf){ MODEL_RAM + MODEL_HALF - 2 + i * 16u, 4, is_write };
    }
    for (unsigned i = 0; i < 4; i++) {
        text[i] = (uint8_t)(round + i);
        want[i] = (uint8_t)~text[i];
        *model_at(bufs[0].gpa + i) = text[i];
    }
    id = model_add(&model, bufs, pieces, is_indirect);
    assert_true(id >= 0);
    assert_int_equal(virtq_pop(&q, &chain), 1);
    assert_int_equal(chain.id, id);
    assert_int_equal(chain.read.size, pieces / 2 * 4u);
    assert_int_equal(chain.write.size, (pieces - pieces / 2) * 4u);
    if (pieces > 1) {
        assert_true(spans_read(&chain.read, got, 4));
        assert_memory_equal(got, text, 4);
    }
    assert_true(spans_write(&chain.write, want, 4));
    virtq_push(&q, &chain, 4);
    assert_int_equal(model_used(&model, &len), id);
    assert_int_equal(len, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(*model_at(bufs[pieces / 2].gpa + i), want[i]);
    }
    assert_int_equal(model_used(&model, &len), -1);
    assert_int_equal(virtq_pop(&q, &chain), 0);
}

/* 70,000 requests: 16-bit indices of split rings wrap, packed ones wrap often at odd sizes. */
static void test_many(void **unused)
{
    (void)unused;
    for (size_t k = 0; k < ARRAY_COUNT(kinds); k++) {
        begin(kinds[k].is_packed, kinds[k].has_event_idx, kinds[k].size);
        for (unsigned n = 0; n < (kinds[k].size == 8 ? 70000 : 3000); n++) {
            bool is_indirect = n % 5 == 0 || kinds[k].size < 3;

            unsigned most = is_indirect || kinds[k].size >= 8 ? 8 : 3;

            echo((uint16_t)(1 + n % most), is_indirect, n);
        }
    }
}

/* Back in another order than they came, with the ring full in between; twice is nothing. */
static void test_order(void **unused)
{
    static const uint8_t orders[][4] = { { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 } };
    struct model_buf bufs[2] = { { DATA, 16, false }, { DATA + 64, 16, true } };
    uint32_t len;

    (void)unused;
    begin(false, true, 8);
    for (unsigned round = 0; round < 300; round++) {
        const uint8_t *order = orders[round % 3];
        int ids[4];

        for (unsigned i = 0; i < 4; i++) {
            ids[i] = model_add(&model, bufs, 2, false);
            assert_true(ids[i] >= 0);
        }
        assert_int_equal(model_add(&model, bufs, 1, false), -1);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(virtq_pop(&q, &kept[i]), 1);
        }
        assert_int_equal(virtq_pop(&q, &chain), 0);
        for (unsigned i = 0; i < 4; i++) {
            virtq_push(&q, &kept[order[i]], order[i]);
            virtq_push(&q, &kept[order[i]], 99);
        }
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(model_used(&model, &len), ids[order[i]]);
            assert_int_equal(len, order[i]);
        }
        assert_int_equal(model_used(&model, &len), -1);
    }
}

static void test_order_packed(void **unused)
{
    static const uint8_t orders[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 0 } };
    struct model_buf bufs[3] = { { DATA, 16, false }, { DATA + 64, 16, true }, { DATA, 1, true } };
    uint32_t len;

    (void)unused;
    begin(true, true, 7);
    for (unsigned round = 0; round < 300; round++) {
        const uint8_t *order = orders[round % 3];
        int ids[3];

        for (uint16_t i = 0; i < 3; i++) { /* of different lengths, 6 of the 7 descriptors */
            ids[i] = model_add(&model, bufs + (i == 0 ? 1 : 0), (uint16_t)(i + 1), false);
            assert_true(ids[i] >= 0);
            assert_int_equal(virtq_pop(&q, &kept[i]), 1);
            assert_int_equal(kept[i].slots, i + 1);
        }
        for (unsigned i = 0; i < 3; i++) {
            virtq_push(&q, &kept[order[i]], order[i]);
        }
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(model_used(&model, &len), ids[order[i]]);
            assert_int_equal(len, order[i]);
        }
        assert_int_equal(q.in_flight, 0);
    }
}

static void one(void)
{
    struct model_buf buf = { DATA, 1, true };

    assert_true(model_add(&model, &buf, 1, false) >= 0);
    assert_int_equal(virtq_pop(&q, &chain), 1);
    virtq_push(&q, &chain, 1);
}

/* An interrupt when the named entry is among those returned since the last question. */
static void test_interrupts(void **unused)
{
    uint32_t len;

    (void)unused;
    for (size_t k = 0; k < ARRAY_COUNT(kinds); k++) {
        begin(kinds[k].is_packed, kinds[k].has_event_idx, kinds[k].size);
        if (kinds[k].size < 5) {
            continue;
        }
        assert_false(virtq_wants_interrupt(&q)); /* nothing came back */
        for (unsigned n = 0; n < 200; n++) {
            unsigned after = 1 + n % 3, batch = 1 + n % 4;

            model_want(&model, (uint16_t)after);
            for (unsigned i = 0; i < batch; i++) {
                one();
            }
            assert_int_equal(virtq_wants_interrupt(&q), !kinds[k].has_event_idx || batch >= after);
            assert_false(virtq_wants_interrupt(&q));
            while (model_used(&model, &len) >= 0) {
            }
            model_want_none(&model);
            one();
            assert_false(virtq_wants_interrupt(&q));
            assert_true(model_used(&model, &len) >= 0);
        }
    }
}

static void test_notifications(void **unused)
{
    struct model_buf buf = { DATA, 1, true };
    uint32_t len;

    (void)unused;
    for (size_t k = 0; k < ARRAY_COUNT(kinds); k++) {
        begin(kinds[k].is_packed, kinds[k].has_event_idx, kinds[k].size);
        for (unsigned n = 0; n < 100; n++) {
            assert_false(virtq_listen(&q, false));
            assert_false(virtq_listen(&q, true));
            assert_true(model_add(&model, &buf, 1, false) >= 0);
            assert_true(model_must_notify(&model));
            assert_true(virtq_listen(&q, true)); /* no sleep: there is something */
            assert_int_equal(virtq_pop(&q, &chain), 1);
            virtq_listen(&q, false);
            virtq_push(&q, &chain, 1);
            assert_true(model_used(&model, &len) >= 0);
            if (!kinds[k].has_event_idx) {
                assert_false(model_must_notify(&model));
            }
        }
    }
}

static void test_init(void **unused)
{
    struct virtq_cfg good = model_init(&model, false, false, 8), bad;

    (void)unused;
    for (unsigned i = 0; i < 9; i++) {
        bad = good;
        switch (i) {
        case 0: bad.size = 0; break;
        case 1: bad.size = 7; break;
        case 2: bad.size = 2048; break;
        case 3: bad.desc += 8; break;
        case 4: bad.desc = MODEL_RAM + MODEL_HALF - 16; break; /* crosses ranges */
        case 5: bad.driver = MODEL_RAM - 2; break;
        case 6: bad.device = MODEL_RAM + 2 * MODEL_HALF - 64; break;
        case 7: bad.desc = UINT64_MAX - 15; break;
        default: bad.driver += 1; break;
        }
        assert_true(virtq_init(&q, &model_mem, &bad) < 0);
        assert_true(virtq_pop(&q, &chain) < 0);
        assert_false(virtq_wants_interrupt(&q));
        assert_false(virtq_listen(&q, true));
    }
}

/* The request that model_add() made, then changed at one place of memory. */
struct harm {
    const char *what;
    bool is_indirect;
    uint32_t at; /* from the ring's beginning; first descriptor of the chain: FIRST + */
    uint32_t size;
    uint64_t value;
};

#define FIRST 0x10000u
#define TABLE 0x20000u
#define FLAGS 0x20u /* instead of an offset: of a split ring 12, of a packed one 14 */

static const struct harm harms_both[] = {
    { "address outside", false, FIRST + 0, 8, MODEL_RAM - 1 },
    { "address wraps", false, FIRST + 0, 8, UINT64_MAX - 3 },
    { "end outside", false, FIRST + 8, 4, 0x20000 },
    { "too long", false, FIRST + 8, 4, UINT32_MAX },
    { "for reading after writing", false, FIRST + FLAGS, 1, 3 | 0x80 },
    { "chain and table", false, FIRST + FLAGS, 1, 5 | 0x80 },
    { "table of no descriptor", true, FIRST + 8, 4, 0 },
    { "table of half a descriptor", true, FIRST + 8, 4, 24 },
    { "table that wraps", true, FIRST + 0, 8, UINT64_MAX - 15 },
    { "table outside", true, FIRST + 0, 8, MODEL_RAM + 2 * MODEL_HALF - 8 },
    { "table in a table", true, TABLE + FLAGS, 2, 4 },
    { "buffer of a table outside", true, TABLE + 0, 8, 0 },
};

static const struct harm harms_split[] = {
    { "too many available", false, 0x802, 2, 9 },
    { "index goes back", false, 0x802, 2, UINT16_MAX },
    { "head is none", false, 0x804, 2, 8 },
    { "next is none", false, FIRST + 14, 2, 8 },
    { "loop", false, FIRST + 14, 2, 7 },
    { "next in the table is none", true, TABLE + 14, 2, 3 },
    { "loop in the table", true, TABLE + 14, 2, 0 },
};

static void harm_one(const struct harm *harm, bool is_packed)
{
    struct model_buf bufs[3] = { { DATA, 8, false },
                                 { DATA + 8, 8, false },
                                 { DATA + 16, 8, true } };
    uint32_t offset = harm->at % FIRST;
    uint64_t at = MODEL_RAM + MODEL_RINGS + (offset != FLAGS ? offset : is_packed ? 14 : 12);
    int id;

    begin(is_packed, false, 8);
    id = model_add(&model, bufs, 3, harm->is_indirect);
    at += harm->at >= TABLE ? 0x2000u + (unsigned)id * 128 : 0;
    at += harm->at >= FIRST && harm->at < TABLE && !is_packed ? (unsigned)id * 16 : 0;
    memcpy(model_at(at), &harm->value, harm->size);
    if (virtq_pop(&q, &chain) >= 0) {
        fail_msg("%s was accepted", harm->what);
    }
    assert_true(q.is_broken);
    assert_true(virtq_pop(&q, &chain) < 0);
    virtq_push(&q, &chain, 0);
    assert_int_equal(*model_at(MODEL_RAM + 0x1002), 0); /* nothing was returned */
}

static void test_harm(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_COUNT(harms_both); i++) {
        harm_one(&harms_both[i], false);
        harm_one(&harms_both[i], true);
    }
    for (size_t i = 0; i < ARRAY_COUNT(harms_split); i++) {
        harm_one(&harms_split[i], false);
    }
}

/* A head a second time while it is in flight; a packed ring that is one chain without end. */
static void test_harm_twice(void **unused)
{
    struct model_buf buf = { DATA, 8, false };
    uint16_t two = 2, head = 7;

    (void)unused;
    begin(false, false, 8);
    assert_int_equal(model_add(&model, &buf, 1, false), head);
    assert_int_equal(virtq_pop(&q, &chain), 1);
    memcpy(model_at(MODEL_RAM + 0x806), &head, 2);
    memcpy(model_at(MODEL_RAM + 0x802), &two, 2);
    assert_true(virtq_pop(&q, &chain) < 0);

    begin(true, false, 8);
    for (unsigned i = 0; i < 8; i++) {
        uint16_t flags = 0x81;

        memcpy(model_at(MODEL_RAM + i * 16), &buf.gpa, 8);
        memcpy(model_at(MODEL_RAM + i * 16 + 14), &flags, 2);
    }
    assert_true(virtq_pop(&q, &chain) < 0);
}

/* A packed ring that is all in flight has nothing to take, whatever the driver writes there. */
static void test_harm_full(void **unused)
{
    struct model_buf bufs[4] = {
        { DATA, 8, false }, { DATA, 8, false }, { DATA, 8, false }, { DATA, 8, false }
    };
    uint16_t flags = 0x8000;

    (void)unused;
    begin(true, false, 4);
    assert_true(model_add(&model, bufs, 4, false) >= 0);
    assert_int_equal(virtq_pop(&q, &chain), 1);
    assert_int_equal(virtq_pop(&q, &kept[0]), 0);
    memcpy(model_at(MODEL_RAM + 14), &flags, 2);
    assert_true(virtq_pop(&q, &kept[0]) < 0);
    assert_int_equal(q.in_flight, 4);
}

/* A used length has 32 bits: so has all that a chain holds. */
static void test_harm_size(void **unused)
{
    const struct mem_range large[] = { model_mem.range[0],
                                       model_mem.range[1],
                                       { BIT64(40), BIT64(33), model_at(DATA) } };
    const struct mem mem = { large, 3 };
    struct model_buf bufs[2] = { { BIT64(40), UINT32_MAX, false }, { BIT64(40), 0, true } };

    (void)unused;
    for (uint32_t more = 0; more < 2; more++) {
        struct virtq_cfg cfg = model_init(&model, false, false, 8);

        assert_int_equal(virtq_init(&q, &mem, &cfg), OK);
        bufs[1].len = more;
        assert_true(model_add(&model, bufs, 2, false) >= 0);
        assert_int_equal(virtq_pop(&q, &chain), more == 0 ? 1 : ERR_RANGE);
    }
}

/* Without the feature there are no tables. */
static void test_no_indirect(void **unused)
{
    struct model_buf buf = { DATA, 8, false };

    (void)unused;
    for (unsigned k = 0; k < 2; k++) {
        struct virtq_cfg cfg = model_init(&model, k == 1, false, 8);

        cfg.has_indirect = false;
        assert_int_equal(virtq_init(&q, &model_mem, &cfg), OK);
        assert_true(model_add(&model, &buf, 1, true) >= 0);
        assert_true(virtq_pop(&q, &chain) < 0);
    }
}

/* Buffers over the border of two ranges, and empty ones. */
static void test_spans(void **unused)
{
    struct model_buf bufs[4] = { { MODEL_RAM + MODEL_HALF - 1, 2, false },
                                 { DATA, 0, false },
                                 { MODEL_RAM + MODEL_HALF - 3, 4, true },
                                 { DATA, 1, true } };
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    (void)unused;
    begin(false, false, 8);
    assert_true(model_add(&model, bufs, 4, true) >= 0);
    assert_int_equal(virtq_pop(&q, &chain), 1);
    assert_int_equal(chain.read.count, 2);
    assert_int_equal(chain.write.count, 3);
    assert_false(spans_skip(&chain.read, 3));
    assert_true(spans_skip(&chain.read, 2));
    assert_false(spans_read(&chain.read, bytes, 1));
    assert_null(spans_last(&chain.read));
    assert_ptr_equal(spans_last(&chain.write), model_at(DATA));
    assert_ptr_equal(spans_last(&chain.write), model_at(MODEL_RAM + MODEL_HALF));
    assert_int_equal(chain.write.count, 1);
    assert_false(spans_write(&chain.write, bytes, 4));
    assert_true(spans_write(&chain.write, bytes, 3));
    assert_int_equal(chain.write.size, 0);
    assert_memory_equal(model_at(MODEL_RAM + MODEL_HALF - 3), bytes, 3);
    virtq_push(&q, &chain, UINT64_MAX); /* no more than there was */
    assert_int_equal(*model_at(MODEL_RAM + 0x1008), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),          cmocka_unit_test(test_order),
        cmocka_unit_test(test_order_packed),  cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_notifications), cmocka_unit_test(test_init),
        cmocka_unit_test(test_harm),          cmocka_unit_test(test_harm_twice),
        cmocka_unit_test(test_harm_full),     cmocka_unit_test(test_harm_size),
        cmocka_unit_test(test_no_indirect),   cmocka_unit_test(test_spans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
