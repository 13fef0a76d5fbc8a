/* SPDX-License-Identifier: Apache-2.0 */
/* A driver's side of split and packed rings, as simple as can be. */
#include "virtq_model.h"

#include <string.h>

#define DRIVER (MODEL_RINGS + 0x800u)
#define DEVICE (MODEL_RINGS + 0x1000u)
#define TABLES (MODEL_RINGS + 0x2000u) /* one of 8 descriptors for each ID */

static _Alignas(4096) uint8_t low[MODEL_HALF], high[MODEL_HALF];

static const struct mem_range ranges[] = {
    { MODEL_RAM + MODEL_HALF, MODEL_HALF, high },
    { MODEL_RAM, MODEL_HALF, low },
};
const struct mem model_mem = { ranges, 2 };

uint8_t *model_at(uint64_t gpa)
{
    uint64_t offset = gpa - MODEL_RAM;

    return offset < MODEL_HALF ? low + offset : high + (offset - MODEL_HALF);
}

static void put16(uint64_t at, uint32_t value)
{
    uint16_t v = (uint16_t)value;

    memcpy(model_at(MODEL_RAM + at), &v, sizeof(v));
}

static uint16_t get16(uint64_t at)
{
    uint16_t v;

    memcpy(&v, model_at(MODEL_RAM + at), sizeof(v));
    return v;
}

/* third: of a split ring the flags, then comes next; of a packed one the ID, then come flags. */
static void put_desc(uint64_t at, const struct model_buf *buf, uint32_t third)
{
    memcpy(model_at(MODEL_RAM + at), &buf->gpa, 8);
    memcpy(model_at(MODEL_RAM + at + 8), &buf->len, 4);
    put16(at + 12, third);
}

struct virtq_cfg model_init(struct model *m, bool is_packed, bool has_event_idx, uint16_t size)
{
    memset(low, 0, sizeof(low));
    memset(high, 0, sizeof(high));
    *m = (struct model){ .is_packed = is_packed,
                         .has_event_idx = has_event_idx,
                         .size = size,
                         .free = size,
                         .next_wrap = true,
                         .used_wrap = true };
    return (struct virtq_cfg){ .is_packed = is_packed,
                               .has_event_idx = has_event_idx,
                               .has_indirect = true,
                               .size = size,
                               .desc = MODEL_RAM + MODEL_RINGS,
                               .driver = MODEL_RAM + DRIVER,
                               .device = MODEL_RAM + DEVICE };
}

/* A table of up to 8 descriptors: what points to it. */
static struct model_buf table(const struct model *m, const struct model_buf *bufs, uint16_t count,
                              int id)
{
    uint64_t at = TABLES + (uint64_t)id * 128;

    for (uint16_t i = 0; i < count; i++) {
        bool more = i + 1 < count && !m->is_packed;
        uint32_t flags = (bufs[i].is_write ? 2u : 0u) | (more ? 1u : 0u);

        put_desc(at + i * 16u, &bufs[i], m->is_packed ? 0 : flags);
        put16(at + i * 16u + 14, m->is_packed ? flags : more ? i + 1u : 0);
    }
    return (struct model_buf){ MODEL_RAM + at, count * 16u, false };
}

static uint16_t take_desc(struct model *m)
{
    uint16_t i = (uint16_t)(m->size - 1); /* from the end: no chain ascends by chance */

    while (m->taken[i]) {
        i--;
    }
    m->taken[i] = true;
    return i;
}

static int add_split(struct model *m, const struct model_buf *bufs, uint16_t count, uint32_t extra)
{
    uint16_t head = take_desc(m), i = head;

    for (uint16_t n = 0; n < count; n++) {
        bool more = n + 1 < count;
        uint16_t next = more ? take_desc(m) : 0;

        put_desc(MODEL_RINGS + i * 16u, &bufs[n],
                 extra | (bufs[n].is_write ? 2u : 0u) | (more ? 1u : 0u));
        put16(MODEL_RINGS + i * 16u + 14, next);
        i = next;
    }
    put16(DRIVER + 4 + m->next % m->size * 2u, head);
    m->next++;
    put16(DRIVER + 2, m->next);
    return head;
}

/* The first descriptor's flags last: from then on the device may take all of them. */
static void add_packed(struct model *m, const struct model_buf *bufs, uint16_t count, uint32_t how)
{
    uint32_t first = m->next, first_flags = 0, id = how & 0xff, extra = how >> 8;

    for (uint16_t n = 0; n < count; n++) {
        uint32_t flags = extra | (bufs[n].is_write ? 2u : 0u) | (n + 1 < count ? 1u : 0u) |
                         (m->next_wrap ? 0x80u : 0x8000u);

        put_desc(MODEL_RINGS + m->next * 16u, &bufs[n], n + 1 < count ? 0xaaaau : id);
        if (n == 0) {
            first_flags = flags;
        } else {
            put16(MODEL_RINGS + m->next * 16u + 14, flags);
        }
        m->next++;
        if (m->next == m->size) {
            m->next = 0;
            m->next_wrap = !m->next_wrap;
        }
    }
    put16(MODEL_RINGS + first * 16u + 14, first_flags);
}

int model_add(struct model *m, const struct model_buf *bufs, uint16_t count, bool is_indirect)
{
    struct model_buf one;
    uint16_t slots = is_indirect ? 1 : count, id = 0;

    if (slots > m->free) {
        return -1;
    }
    while (m->is_packed ? m->slots[id] != 0 : m->taken[m->size - 1 - id]) {
        id++;
    }
    id = m->is_packed ? id : (uint16_t)(m->size - 1 - id);
    if (is_indirect) {
        one = table(m, bufs, count, id);
        bufs = &one;
    }
    if (m->is_packed) {
        add_packed(m, bufs, slots, id | (is_indirect ? 4u << 8 : 0));
    } else {
        id = (uint16_t)add_split(m, bufs, slots, is_indirect ? 4 : 0);
    }
    m->slots[id] = slots;
    m->free = (uint16_t)(m->free - slots);
    return id;
}

static void free_chain(struct model *m, uint16_t i)
{
    while ((get16(MODEL_RINGS + i * 16u + 12) & 1) != 0) {
        m->taken[i] = false;
        i = get16(MODEL_RINGS + i * 16u + 14);
    }
    m->taken[i] = false;
}

static int used_split(struct model *m, uint32_t *len)
{
    uint64_t at = DEVICE + 4 + m->used % m->size * 8u;
    uint16_t id;

    if (get16(DEVICE + 2) == m->used) {
        return -1;
    }
    id = get16(at);
    memcpy(len, model_at(MODEL_RAM + at + 4), 4);
    m->used++;
    free_chain(m, id);
    return id;
}

static int used_packed(struct model *m, uint32_t *len)
{
    uint64_t at = MODEL_RINGS + m->used * 16u;
    uint16_t flags = get16(at + 14), id = get16(at + 12);
    uint32_t both = m->used_wrap ? 0x8080u : 0;

    if ((flags & 0x8080u) != both || m->slots[id % MODEL_SIZE] == 0) {
        return -1;
    }
    memcpy(len, model_at(MODEL_RAM + at + 8), 4);
    *len = (flags & 2) != 0 ? *len : 0;
    m->used = (uint16_t)(m->used + m->slots[id]);
    if (m->used >= m->size) {
        m->used = (uint16_t)(m->used - m->size);
        m->used_wrap = !m->used_wrap;
    }
    return id;
}

int model_used(struct model *m, uint32_t *len)
{
    int id = m->is_packed ? used_packed(m, len) : used_split(m, len);

    if (id >= 0) {
        m->free = (uint16_t)(m->free + m->slots[id]);
        m->slots[id] = 0;
    }
    return id;
}

void model_want(struct model *m, uint16_t after)
{
    uint32_t at = m->used + after - 1u;
    bool wrap = m->used_wrap;

    if (!m->is_packed) {
        put16(DRIVER, 0);
        put16(DRIVER + 4 + m->size * 2u, at);
        return;
    }
    if (at >= m->size) {
        at -= m->size;
        wrap = !wrap;
    }
    put16(DRIVER, at | (wrap ? 0x8000u : 0));
    put16(DRIVER + 2, m->has_event_idx ? 2 : 0);
}

void model_want_none(struct model *m)
{
    if (m->is_packed) {
        put16(DRIVER + 2, 1);
    } else {
        put16(DRIVER, 1);
        put16(DRIVER + 4 + m->size * 2u, m->used - 1u);
    }
}

bool model_must_notify(struct model *m)
{
    uint16_t old = m->notified, how = get16(DEVICE + 2), at = get16(DEVICE);

    m->notified = m->next;
    if (!m->is_packed && m->has_event_idx) {
        uint16_t event = get16(DEVICE + 4 + m->size * 8u);

        return (uint16_t)(m->next - event - 1) < (uint16_t)(m->next - old);
    }
    if (!m->is_packed) {
        return (at & 1) == 0;
    }
    if (how == 2) { /* tests add one request, and are told exactly of that one */
        return (at & 0x7fff) < m->size;
    }
    return how == 0;
}
