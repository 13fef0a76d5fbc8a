/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver sends a disk any requests, cut into buffers in any way. What must hold: storage is asked
 * only for whole sectors within it and only for what was agreed on, spans are the zone's memory, a
 * status is written once, and is the one that a reader of the standard would give for IN and OUT.
 */
#include <string.h>

#include "dev/blk.h"
#include "lib/field.h"
#include "tests/fuzz/fuzz.h"
#include "virtq_model.h"

#define DISK   (40u * BLK_SECTOR)
#define HEADER (MODEL_RAM + MODEL_DATA)
#define STATUS (HEADER + 16)
#define DATA   (MODEL_RAM + MODEL_HALF - 0x1000)

static struct fuzz_in in;
static struct blk blk;
static struct blk_backend be;
static struct model model;
static struct virtq q;
static unsigned asked;  /* operations of storage in this request */
static bool is_failing; /* storage says so */

static int answer(void)
{
    asked++;
    return is_failing ? ERR_INVALID : OK;
}

static void check_spans(const struct spans *spans)
{
    const uint8_t *low = model_at(MODEL_RAM), *high = model_at(MODEL_RAM + MODEL_HALF);
    uint64_t size = 0;

    for (size_t i = 0; i < spans->count; i++) {
        const uint8_t *at = spans->at[i].iov_base, *half = at >= high ? high : low;

        if (high < low) {
            half = at >= low ? low : high;
        }
        FUZZ_CHECK(at >= half && spans->at[i].iov_len <= (size_t)(half + MODEL_HALF - at));
        size += spans->at[i].iov_len;
    }
    FUZZ_CHECK(size == spans->size);
}

static void check_place(uint64_t at, uint64_t size)
{
    FUZZ_CHECK(at % BLK_SECTOR == 0 && size % BLK_SECTOR == 0 && at <= DISK && size <= DISK - at);
}

static int op_read(struct blk_backend *b, struct spans *spans, uint64_t at)
{
    FUZZ_CHECK(b == &be);
    check_place(at, spans->size);
    check_spans(spans);
    for (size_t i = 0; i < spans->count; i++) {
        memset(spans->at[i].iov_base, 0x77, spans->at[i].iov_len);
    }
    FUZZ_CHECK(spans_skip(spans, spans->size));
    return answer();
}

static int op_write(struct blk_backend *b, struct spans *spans, uint64_t at)
{
    FUZZ_CHECK(b == &be && !blk.is_read_only);
    check_place(at, spans->size);
    check_spans(spans);
    FUZZ_CHECK(spans_skip(spans, spans->size));
    return answer();
}

static int op_flush(struct blk_backend *b)
{
    FUZZ_CHECK(b == &be);
    return answer();
}

static int op_discard(struct blk_backend *b, uint64_t at, uint64_t size)
{
    FUZZ_CHECK(b == &be && !blk.is_read_only && (blk.features >> BLK_F_DISCARD & 1) != 0);
    check_place(at, size);
    return answer();
}

static int op_zero(struct blk_backend *b, uint64_t at, uint64_t size, bool may_unmap)
{
    (void)may_unmap;
    FUZZ_CHECK(b == &be && !blk.is_read_only && (blk.features >> BLK_F_WRITE_ZEROES & 1) != 0);
    check_place(at, size);
    return answer();
}

static const struct blk_ops all = { op_read, op_write, op_flush, op_discard, op_zero };
static const struct blk_ops few = { .read = op_read };

/* Header and ranges that are nearly right. */
static uint32_t fill(void)
{
    static const uint32_t types[] = { BLK_IN,      BLK_OUT,    BLK_FLUSH, BLK_GET_ID,
                                      BLK_DISCARD, BLK_ZEROES, 9,         UINT32_MAX };
    uint32_t type = types[fuzz_u8(&in) & 7];
    uint64_t sector = fuzz_word(&in);

    memcpy(model_at(HEADER), &type, 4);
    memcpy(model_at(HEADER + 8), &sector, 8);
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t range[2] = { fuzz_word(&in), fuzz_u8(&in) | (uint64_t)(fuzz_u8(&in) & 3) << 32 };

        memcpy(model_at(DATA + i * 16), range, 16);
    }
    return type;
}

/* Up to six buffers: header, data of either kind, status; sometimes without one of them. */
static uint16_t cut(struct model_buf *bufs, uint64_t *to_read, uint64_t *to_write)
{
    uint8_t how = fuzz_u8(&in);
    uint32_t head = (how & 0xc) == 0xc ? fuzz_u8(&in) & 31u : 16;
    uint16_t count = 0;

    bufs[count++] = (struct model_buf){ HEADER, head / 2, false };
    bufs[count++] = (struct model_buf){ HEADER + head / 2, head - head / 2, false };
    for (unsigned i = 0; i < (how & 3u); i++) {
        uint32_t size = fuzz_u8(&in) * ((how & 0x10) != 0 ? 16u : 128u);
        bool is_write = (how & (0x20u << i)) != 0 || bufs[count - 1].is_write;

        bufs[count++] = (struct model_buf){ DATA, size, is_write };
    }
    if ((how & 0x80) == 0 || (how & 1) == 0) {
        bufs[count++] = (struct model_buf){ STATUS, 1, true };
    }
    *to_read = *to_write = 0;
    for (uint16_t i = 0; i < count; i++) {
        *(bufs[i].is_write ? to_write : to_read) += bufs[i].len;
    }
    return count;
}

static bool is_good_transfer(uint64_t size)
{
    uint64_t sector;

    memcpy(&sector, model_at(HEADER + 8), 8);
    return size % BLK_SECTOR == 0 && sector <= 40 && size / BLK_SECTOR <= 40 - sector;
}

static void check_status(uint32_t type, uint64_t to_read, uint64_t to_write)
{
    uint8_t status = *model_at(STATUS);

    FUZZ_CHECK(status <= BLK_S_UNSUPP);
    if (type == BLK_IN && to_read == 16) {
        FUZZ_CHECK((status == BLK_S_OK) == (is_good_transfer(to_write - 1) && !is_failing));
    } else if (type == BLK_OUT && to_read >= 16) {
        bool is_good = is_good_transfer(to_read - 16) && !is_failing && !blk.is_read_only &&
                       be.ops == &all;

        FUZZ_CHECK((status == BLK_S_OK) == is_good);
    }
    FUZZ_CHECK(status != BLK_S_UNSUPP || asked == 0);
    FUZZ_CHECK(asked <= BLK_SEGS);
}

static void request(void)
{
    struct model_buf bufs[8];
    uint64_t to_read, to_write;
    uint32_t type = fill(), len = 0;
    uint16_t count = cut(bufs, &to_read, &to_write);
    bool interrupt, has_status = bufs[count - 1].gpa == STATUS;
    int got;

    *model_at(STATUS) = 0xee;
    asked = 0;
    is_failing = fuzz_u8(&in) >= 0xe0;
    FUZZ_CHECK(model_add(&model, bufs, count, (count & 1) != 0) >= 0);
    got = blk_run(&blk, &q, &interrupt);
    if (to_read < 16 || to_write == 0) {
        FUZZ_CHECK(got < 0 && q.is_broken && asked == 0 && *model_at(STATUS) == 0xee);
        return;
    }
    FUZZ_CHECK(got == 0 && model_used(&model, &len) >= 0 && len <= to_write);
    if (has_status) { /* a header that ends in the data has another type */
        type = bufs[0].len + bufs[1].len < 16 ? UINT32_MAX : type;
        check_status(type, to_read, to_write);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct virtq_cfg cfg;
    uint8_t how;

    in = (struct fuzz_in){ data, size };
    how = fuzz_u8(&in);
    cfg = model_init(&model, (how & 1) != 0, (how & 2) != 0, 8);
    be = (struct blk_backend){ .ops = (how & 4) != 0 ? &few : &all, .size = DISK };
    blk = (struct blk){ .be = &be, .is_read_only = (how & 8) != 0, .features = UINT64_MAX };
    if ((how & 0x10) != 0) {
        blk.features = fuzz_u64(&in);
    }
    FUZZ_CHECK(virtq_init(&q, &model_mem, &cfg) == OK);
    for (unsigned i = 0; i < 50 && in.left != 0 && !q.is_broken; i++) {
        request();
    }
    return 0;
}
