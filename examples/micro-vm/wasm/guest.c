/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that serves the functions of a WebAssembly module. */
#include "vitrine-wasm.h"

#include "module.h"

static Z_module_instance_t module;

__attribute__((constructor)) static void instantiate(void)
{
    Z_module_init_module();
    Z_module_instantiate(&module);
}

static void poke(uint32_t at, uint32_t value)
{
    (void)VG_WASM_VOID(Z_moduleZ_poke(&module, at, value));
}
VG_EXPORT(poke, void, uint32_t, uint32_t);

static uint32_t sum(uint32_t count)
{
    return VG_WASM(uint32_t, Z_moduleZ_sum(&module, count));
}
VG_EXPORT(sum, uint32_t, uint32_t);

static int32_t divide(int32_t a, int32_t b)
{
    return VG_WASM(int32_t, Z_moduleZ_divide(&module, (uint32_t)a, (uint32_t)b));
}
VG_EXPORT(divide, int32_t, int32_t, int32_t);
