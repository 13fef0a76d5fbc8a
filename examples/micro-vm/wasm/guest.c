/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that serves the functions of a WebAssembly module. */
#include "vitrine-wasm.h"

#include "module.h"

VG_WASM_MODULE(module);
VG_WASM_EXPORT(module, poke, void, uint32_t, uint32_t);
VG_WASM_EXPORT(module, sum, uint32_t, uint32_t);
VG_WASM_EXPORT(module, divide, int32_t, int32_t, int32_t);
