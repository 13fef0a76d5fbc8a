/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a zone's memory, with rings in it, that change whenever the code under test looks
 * for a buffer (mem_piece() and mem_copy() are wrapped). What must hold: spans are the zone's
 * memory, in order and bounded; nothing is written but what the device may write of a ring; what
 * is in flight is bounded; a broken queue does nothing any more.
 */
#include <string.h>

#include "dev/virtq.h"
#include "tests/fuzz/fuzz.h"

#define RAM  UINT64_C(0x10000)
#define HALF 0x800u
#define KEPT 4u

uint8_t *__real_mem_piece(const struct mem *mem, uint64_t gpa, uint64_t *size);
uint8_t *__wrap_mem_piece(const struct mem *mem, uint64_t gpa, uint64_t *size);
bool __real_mem_copy(const struct mem *mem, void *to, uint64_t gpa, size_t size);
bool __wrap_mem_copy(const struct mem *mem, void *to, uint64_t gpa, size_t size);

/* Neighbours for the guest, two objects for the sanitizer. */
static _Alignas(16) uint8_t ram[2][HALF], before[2][HALF];
static const struct mem_range ranges[] = { { RAM, HALF, ram[0] }, { RAM + HALF, HALF, ram[1] } };
static const struct mem mem = { ranges, 2 };

static struct fuzz_in in;
static unsigned change; /* one of so many looks changes memory; 0: none does */
static struct virtq q;
static struct virtq_chain kept[KEPT];
static bool is_kept[KEPT];

static void write_ram(uint32_t at, uint64_t value, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++, at++, value >>= 8) {
        ram[at / HALF % 2][at % HALF] = (uint8_t)value;
        before[at / HALF % 2][at % HALF] = (uint8_t)value;
    }
}

static void maybe_change(void)
{
    uint16_t at;

    if (change == 0 || in.left < 4 || fuzz_u8(&in) % change != 0) {
        return;
    }
    at = fuzz_u16(&in);
    write_ram(at & 0xfffu, fuzz_word(&in), 1u << (at >> 14));
}

uint8_t *__wrap_mem_piece(const struct mem *m, uint64_t gpa, uint64_t *size)
{
    maybe_change();
    return __real_mem_piece(m, gpa, size);
}

bool __wrap_mem_copy(const struct mem *m, void *to, uint64_t gpa, size_t size)
{
    maybe_change();
    return __real_mem_copy(m, to, gpa, size);
}

/* Sum of the spans, each in one range and not empty. */
static uint64_t sum(const struct iovec *at, size_t count)
{
    uint64_t size = 0;

    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = at[i].iov_base;
        unsigned half = from >= ram[1] && from < ram[1] + HALF;

        FUZZ_CHECK(from >= ram[half] && from < ram[half] + HALF);
        FUZZ_CHECK(at[i].iov_len != 0 && at[i].iov_len <= (size_t)(ram[half] + HALF - from));
        size += at[i].iov_len;
    }
    return size;
}

static void check_chain(const struct virtq_chain *chain)
{
    FUZZ_CHECK(chain->read.at == chain->span);
    FUZZ_CHECK(chain->write.at == chain->span + chain->read.count);
    FUZZ_CHECK(chain->read.count + chain->write.count <= VIRTQ_SPANS);
    FUZZ_CHECK(chain->descs <= VIRTQ_DESCS && chain->slots <= q.cfg.size);
    FUZZ_CHECK(sum(chain->read.at, chain->read.count) == chain->read.size);
    FUZZ_CHECK(sum(chain->write.at, chain->write.count) == chain->write.size);
    FUZZ_CHECK(chain->write_size == chain->write.size);
    FUZZ_CHECK(chain->read.size + chain->write.size <= UINT32_MAX);
}

/* Whether only bytes in [from, from + size) of the guest's memory differ; then takes them over. */
static void check_written(uint64_t from, uint64_t size)
{
    if (memcmp(ram, before, sizeof(ram)) == 0) {
        return;
    }
    for (uint32_t i = 0; i < 2 * HALF; i++) {
        uint8_t *now = &ram[i / HALF][i % HALF], *was = &before[i / HALF][i % HALF];

        FUZZ_CHECK(*now == *was || (RAM + i >= from && RAM + i - from < size));
        *was = *now;
    }
}

static void pop(uint32_t slot)
{
    bool was_broken = q.is_broken;
    uint32_t in_flight = q.in_flight;
    int got;

    if (is_kept[slot]) {
        return;
    }
    got = virtq_pop(&q, &kept[slot]);
    check_written(0, 0);
    FUZZ_CHECK(!was_broken || got < 0);
    FUZZ_CHECK(got >= 0 || (q.is_broken && q.in_flight == in_flight));
    FUZZ_CHECK(got != 0 || q.in_flight == in_flight);
    if (got == 1) {
        is_kept[slot] = true;
        check_chain(&kept[slot]);
        FUZZ_CHECK(q.in_flight == in_flight + (q.cfg.is_packed ? kept[slot].slots : 1u));
    }
}

static void push(uint32_t slot)
{
    bool was_broken = q.is_broken;
    uint32_t used = q.used.index, size = was_broken ? 0 : 8;
    uint64_t at = q.cfg.is_packed ? q.cfg.desc + used * 16u + 8
                                  : q.cfg.device + 4 + used % q.cfg.size * 8u;

    if (!is_kept[slot]) {
        return;
    }
    is_kept[slot] = false;
    virtq_push(&q, &kept[slot], fuzz_word(&in));
    if (!q.cfg.is_packed && !was_broken) { /* the index apart: the entry is all else */
        uint32_t i = (uint32_t)(q.cfg.device - RAM) + 2;

        memcpy(&before[i / HALF][i % HALF], &ram[i / HALF][i % HALF], 2);
        FUZZ_CHECK(q.used.index == (uint16_t)(used + 1));
    }
    check_written(at, size);
}

static void listen(bool on)
{
    bool was_broken = q.is_broken, has_more = virtq_listen(&q, on);
    bool is_at_end = !q.cfg.is_packed && q.cfg.has_event_idx;
    uint64_t at = q.cfg.device + (is_at_end ? 4u + q.cfg.size * 8u : 0);

    check_written(at, was_broken ? 0 : is_at_end ? 2 : 4);
    FUZZ_CHECK(!was_broken || !has_more);
}

/* As the transport does it: rings in memory, or an error. */
static bool begin(void)
{
    uint8_t how = fuzz_u8(&in);
    struct virtq_cfg cfg = { .is_packed = (how & 1) != 0,
                             .has_event_idx = (how & 2) != 0,
                             .has_indirect = (how & 4) == 0 };

    cfg.size = (how & 8) != 0 ? fuzz_u16(&in) : (uint16_t)(1u << (how >> 4 & 3));
    cfg.desc = RAM + ((how & 0x80) != 0 ? fuzz_word(&in) : 0);
    cfg.driver = RAM + ((how & 0x80) != 0 ? fuzz_word(&in) : 0x100);
    cfg.device = RAM + ((how & 0x80) != 0 ? fuzz_word(&in) : 0x200);
    memset(ram, 0, sizeof(ram));
    memset(before, 0, sizeof(before));
    memset(is_kept, 0, sizeof(is_kept));
    change = fuzz_u8(&in) & 7u;
    return virtq_init(&q, &mem, &cfg) == OK;
}

/* Rings that overlap are the driver's joke on itself; here they would only blind the checks. */
static bool is_apart(void)
{
    uint64_t at[3] = { q.cfg.desc, q.cfg.driver, q.cfg.device }, size[3];

    size[0] = q.cfg.size * 16u;
    size[1] = q.cfg.is_packed ? 4 : 6 + 2u * q.cfg.size;
    size[2] = q.cfg.is_packed ? 4 : 6 + 8u * q.cfg.size;
    for (unsigned i = 0; i < 3; i++) {
        unsigned k = (i + 1) % 3;

        if (at[i] < at[k] + size[k] && at[k] < at[i] + size[i]) {
            return false;
        }
        FUZZ_CHECK(at[i] >= RAM && at[i] + size[i] <= RAM + 2 * HALF);
    }
    return true;
}

/* Descriptors, most of them good. */
static void fill(void)
{
    uint8_t where = fuzz_u8(&in);
    uint32_t at = (where & 0x80) != 0 ? 0x400u + (where & 0x3fu) * 16u : (where & 0xfu) * 16u;

    write_ram(at, RAM + (fuzz_u16(&in) & 0xfff), 8);
    write_ram(at + 8, fuzz_u8(&in), 4);
    write_ram(at + (q.cfg.is_packed ? 12 : 14), fuzz_u8(&in) & 15u, 2); /* ID, or next */
    write_ram(at + (q.cfg.is_packed ? 14 : 12), fuzz_u16(&in) & 0x8087u, 2);
}

static void step(void)
{
    uint8_t what = fuzz_u8(&in);

    switch (what & 7) {
    case 0:
    case 1: pop(what >> 3 & (KEPT - 1)); break;
    case 2: push(what >> 3 & (KEPT - 1)); break;
    case 3: listen((what & 8) != 0); break;
    case 4:
        (void)virtq_wants_interrupt(&q);
        check_written(0, 0);
        break;
    case 5: fill(); break;
    case 6: write_ram(0x100 + (what >> 3) * 2u, fuzz_u8(&in), 2); break;
    default: write_ram(fuzz_u16(&in) & 0xfffu, fuzz_word(&in), 1u << (what >> 3 & 3)); break;
    }
    FUZZ_CHECK(q.in_flight <= q.cfg.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    in = (struct fuzz_in){ data, size };
    if (!begin() || !is_apart()) {
        return 0;
    }
    for (unsigned i = 0; i < 200 && in.left != 0; i++) {
        step();
    }
    return 0;
}
