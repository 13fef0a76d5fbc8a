/* SPDX-License-Identifier: Apache-2.0 */
/* Exports and imports of every type. */
#include "vitrine-call.h"

VG_IMPORT(host_nothing, void);
VG_IMPORT(host_add, int32_t, int32_t, int32_t);
VG_IMPORT(host_all, uint64_t, int32_t, uint32_t, int64_t, uint64_t, float, double, bool,
          const char *);
VG_IMPORT(host_bytes, struct vg_bytes, struct vg_bytes, const char *);
VG_IMPORT(host_str, const char *, const char *);

static int32_t add(int32_t a, int32_t b)
{
    return a + b;
}
VG_EXPORT(add, int32_t, int32_t, int32_t);

static void nothing(void) {}
VG_EXPORT(nothing, void);

static double scale(double a, float b)
{
    return a * (double)b;
}
VG_EXPORT(scale, double, double, float);

/* As many arguments as a call can have. */
#define EIGHT                                                                                      \
    (int32_t a, uint32_t b, int64_t c, uint64_t d, float e, double f, bool g, const char *h)
static uint64_t all EIGHT
{
    uint64_t sum = (uint64_t)a + b + (uint64_t)c + d + (uint64_t)(e + (float)f) + g;

    while (*h != '\0') {
        sum += (uint8_t)*h++;
    }
    return sum;
}
VG_EXPORT(all, uint64_t, int32_t, uint32_t, int64_t, uint64_t, float, double, bool, const char *);

static bool negate(bool value)
{
    return !value;
}
VG_EXPORT(negate, bool, bool);

static const char *echo(const char *text)
{
    return text;
}
VG_EXPORT(echo, const char *, const char *);

static struct vg_bytes tail(struct vg_bytes bytes, uint32_t skip)
{
    const uint8_t *at = bytes.data;

    if (skip > bytes.len) {
        skip = (uint32_t)bytes.len;
    }
    return (struct vg_bytes){ at + skip, bytes.len - skip };
}
VG_EXPORT(tail, struct vg_bytes, struct vg_bytes, uint32_t);

static int32_t add_by_host(int32_t a, int32_t b)
{
    host_nothing();
    return host_add(a, b);
}
VG_EXPORT(add_by_host, int32_t, int32_t, int32_t);

static uint64_t all_by_host(void)
{
    return host_all(-1, 2, -3, 4, 5.5F, 6.25, true, "text");
}
VG_EXPORT(all_by_host, uint64_t);

static struct vg_bytes bytes_by_host(struct vg_bytes bytes, const char *text)
{
    return host_bytes(bytes, text);
}
VG_EXPORT(bytes_by_host, struct vg_bytes, struct vg_bytes, const char *);

static const char *str_by_host(const char *text)
{
    return host_str(text);
}
VG_EXPORT(str_by_host, const char *, const char *);

static uint32_t counter;
static uint32_t count(void)
{
    return ++counter;
}
VG_EXPORT(count, uint32_t);

static void say(const char *text)
{
    vg_log(VG_LOG_INFO, text);
}
VG_EXPORT(say, void, const char *);

static int64_t give_up(void)
{
    vg_fail();
    return -1;
}
VG_EXPORT(give_up, int64_t);

static uint64_t heap_sum(void)
{
    struct vg_memory heap = vg_heap();

    for (size_t i = 0; i < heap.size; i += 4096) {
        heap.base[i] = 1;
    }
    return heap.size / 4096;
}
VG_EXPORT(heap_sum, uint64_t);

static uint32_t constructed;
__attribute__((constructor)) static void construct(void)
{
    constructed += 7;
}

static uint32_t constructor_ran(void)
{
    return constructed;
}
VG_EXPORT(constructor_ran, uint32_t);
