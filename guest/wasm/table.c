/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, and the numbers of function types. Neither is ever given back to the heap. */
#include <stdarg.h>

#include "guest/wasm/heap.h"
#include "vitrine-fault.h"
#include "vitrine-wasm.h"

/* ---- Tables ---- */

/* Room for `count` elements of `size` bytes, or NULL. */
static void *room_for(uint64_t count, size_t size)
{
    return wasm_heap_take(count * size);
}

static void *room_or_abort(uint64_t count, size_t size)
{
    void *room = room_for(count, size);

    if (room == NULL) {
        vg_abort(count, "wasm: the heap is too small for a table: give more (vt_image_cfg)");
    }
    return room;
}

/* A table of elements of whichever type. */
struct table {
    void *data;
    uint32_t size, max;
};

/* Makes it longer by `delta` elements of `size` bytes, copies of `init`. False: no room. */
static bool grow(struct table *table, uint32_t delta, const void *init, size_t size)
{
    uint64_t end = (uint64_t)table->size + delta;
    uint8_t *data = end > table->max ? NULL : room_for(end, size);

    if (data == NULL) {
        return false;
    }
    memmove(data, table->data, table->size * size);
    for (uint64_t i = table->size; i < end; i++) {
        memcpy(data + i * size, init, size);
    }
    table->data = data;
    table->size = (uint32_t)end;
    return true;
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t elements,
                                    uint32_t max_elements)
{
    table->data = room_or_abort(elements, sizeof(*table->data));
    table->size = elements;
    table->max_size = max_elements;
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table)
{
    table->size = 0;
}

uint32_t wasm_rt_grow_funcref_table(wasm_rt_funcref_table_t *table, uint32_t delta,
                                    wasm_rt_funcref_t init)
{
    struct table grown = { table->data, table->size, table->max_size };
    uint32_t old = table->size;

    if (!grow(&grown, delta, &init, sizeof(init))) {
        return UINT32_MAX;
    }
    table->data = grown.data;
    table->size = grown.size;
    return old;
}

void wasm_rt_allocate_externref_table(wasm_rt_externref_table_t *table, uint32_t elements,
                                      uint32_t max_elements)
{
    table->data = room_or_abort(elements, sizeof(*table->data));
    table->size = elements;
    table->max_size = max_elements;
}

void wasm_rt_free_externref_table(wasm_rt_externref_table_t *table)
{
    table->size = 0;
}

uint32_t wasm_rt_grow_externref_table(wasm_rt_externref_table_t *table, uint32_t delta,
                                      wasm_rt_externref_t init)
{
    struct table grown = { table->data, table->size, table->max_size };
    uint32_t old = table->size;

    if (!grow(&grown, delta, &init, sizeof(init))) {
        return UINT32_MAX;
    }
    table->data = grown.data;
    table->size = grown.size;
    return old;
}

/* ---- Types ---- */

struct type {
    struct type *next;
    uint32_t number, params, results;
    uint8_t value[]; /* wasm_rt_type_t of the parameters, then of the results */
};

static struct type *types;

static bool is_same(const struct type *a, const struct type *b)
{
    return a->params == b->params && a->results == b->results &&
           memcmp(a->value, b->value, a->params + a->results) == 0;
}

uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
    uint32_t count = params + results;
    struct type *type = room_or_abort(sizeof(*type) + count, 1);
    va_list list;

    type->params = params;
    type->results = results;
    va_start(list, results);
    for (uint32_t i = 0; i < count; i++) {
        type->value[i] = (uint8_t)va_arg(list, int);
    }
    va_end(list);
    for (const struct type *at = types; at != NULL; at = at->next) {
        if (is_same(at, type)) {
            return at->number;
        }
    }
    type->next = types;
    type->number = types == NULL ? 1 : types->number + 1;
    types = type;
    return type->number;
}

/* ---- All of it ---- */

void wasm_rt_init(void) {}

void wasm_rt_free(void) {}

bool wasm_rt_is_initialized(void)
{
    return true;
}
