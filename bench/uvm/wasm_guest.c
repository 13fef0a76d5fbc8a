/* SPDX-License-Identifier: Apache-2.0 */
/* The guest of the benchmark of WebAssembly: three programs, and traps. */
#include "vitrine-wasm.h"

#include "matmul.h"
#include "nbody.h"
#include "sha256.h"
#include "trap.h"

static Z_matmul_instance_t matmul_instance;
static Z_nbody_instance_t nbody_instance;
static Z_sha256_instance_t sha256_instance;
static Z_trap_instance_t trap_instance;

__attribute__((constructor)) static void instantiate(void)
{
    Z_matmul_init_module();
    Z_matmul_instantiate(&matmul_instance);
    Z_nbody_init_module();
    Z_nbody_instantiate(&nbody_instance);
    Z_sha256_init_module();
    Z_sha256_instantiate(&sha256_instance);
    Z_trap_init_module();
    Z_trap_instantiate(&trap_instance);
}

static uint64_t matmul(uint32_t count)
{
    return VG_WASM(uint64_t, Z_matmulZ_run(&matmul_instance, count));
}
VG_EXPORT(matmul, uint64_t, uint32_t);

static uint64_t nbody(uint32_t count)
{
    return VG_WASM(uint64_t, Z_nbodyZ_run(&nbody_instance, count));
}
VG_EXPORT(nbody, uint64_t, uint32_t);

static uint64_t sha256(uint32_t count)
{
    return VG_WASM(uint64_t, Z_sha256Z_run(&sha256_instance, count));
}
VG_EXPORT(sha256, uint64_t, uint32_t);

/* 0: nothing; 1: unreachable; else an address beyond the memory. */
static uint64_t trap(uint32_t what)
{
    return VG_WASM(uint64_t, Z_trapZ_run(&trap_instance, what));
}
VG_EXPORT(trap, uint64_t, uint32_t);
