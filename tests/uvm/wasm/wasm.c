/* SPDX-License-Identifier: Apache-2.0 */
/* Serves two instances of the module of traps, and faults that are no traps. */
#include "guest/wasm/window.h"
#include "vitrine-wasm.h"

#include "traps.h"

static Z_traps_instance_t instances[2];

__attribute__((constructor)) static void instantiate(void)
{
    Z_traps_init_module();
    Z_traps_instantiate(&instances[0]);
    Z_traps_instantiate(&instances[1]);
}

static uint64_t run(uint32_t instance, uint32_t which, uint32_t arg)
{
    return VG_WASM(uint64_t, Z_trapsZ_run(&instances[instance & 1], which, arg));
}
VG_EXPORT(run, uint64_t, uint32_t, uint32_t, uint32_t);

/* A trap below an inner try ends there, and the outer one goes on. */
static uint64_t nested(uint32_t which)
{
    return VG_WASM(uint64_t, run(0, which, 0) + Z_trapsZ_run(&instances[1], which, 1));
}
VG_EXPORT(nested, uint64_t, uint32_t);

/* The instance is freed and made anew. */
static void renew(uint32_t instance)
{
    Z_traps_free(&instances[instance & 1]);
    Z_traps_instantiate(&instances[instance & 1]);
}
VG_EXPORT(renew, void, uint32_t);

/* The C program's own fault, while a module runs and while none does. */
static uint64_t wild(uint64_t address, bool inside)
{
    const volatile uint64_t *place = (const volatile uint64_t *)address;

    return inside ? VG_WASM(uint64_t, *place) : *place;
}
VG_EXPORT(wild, uint64_t, uint64_t, bool);

/* Asks ring 0 for what the runtime would not. */
static int32_t show(uint64_t window, uint64_t piece, uint64_t frame, uint64_t pages)
{
    return window_map(window, piece, frame, pages);
}
VG_EXPORT(show, int32_t, uint64_t, uint64_t, uint64_t, uint64_t);
