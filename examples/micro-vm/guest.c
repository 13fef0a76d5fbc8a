/* SPDX-License-Identifier: Apache-2.0 */
/* A guest to crash: functions that its host calls, some of which go wrong. */
#include <stddef.h>

#include "vitrine-call.h"

VG_IMPORT(now, uint64_t);

static int32_t add(int32_t a, int32_t b)
{
    return a + b;
}
VG_EXPORT(add, int32_t, int32_t, int32_t);

static const char age_text[] = "asking the host for the time";

/* Asks the host, and says so in its log. */
static uint64_t age(uint64_t since)
{
    vg_log(VG_LOG_INFO, age_text);
    return now() - since;
}
VG_EXPORT(age, uint64_t, uint64_t);

static int32_t divide(int32_t a, int32_t b)
{
    return a / b;
}
VG_EXPORT(divide, int32_t, int32_t, int32_t);

/* A list whose last element is damaged. */
struct item {
    struct item *next;
    int32_t value;
};

static struct item items[3];

__attribute__((noinline)) static int32_t sum_from(const struct item *item)
{
    int32_t sum = 0;

    while (item != NULL) {
        sum += item->value;
        item = item->next;
    }
    return sum;
}

static int32_t sum_list(bool damage)
{
    for (int32_t i = 0; i < 3; i++) {
        items[i].value = i + 1;
        items[i].next = i == 2 ? NULL : &items[i + 1];
    }
    if (damage) {
        items[2].next = (struct item *)(uintptr_t)0xdead0000u;
    }
    return sum_from(items);
}
VG_EXPORT(sum_list, int32_t, bool);

/* Deeper than any stack, when the depth is. */
__attribute__((noinline)) static uint64_t recurse(uint64_t depth)
{
    volatile char room[256];

    room[0] = (char)depth;
    return depth == 0 ? 0 : recurse(depth - 1) + (uint64_t)room[0];
}

static uint64_t dive(uint64_t depth)
{
    return recurse(depth);
}
VG_EXPORT(dive, uint64_t, uint64_t);

static void spin(void)
{
    for (volatile uint64_t turns = 0;; turns++) {
    }
}
VG_EXPORT(spin, void);
