/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the modules of the benchmark as any Linux program would. */
#include "bench/uvm/wasm_native.h"

#include <wasm-rt-impl.h>

#include "matmul.h"
#include "nbody.h"
#include "sha256.h"
#include "trap.h"

static Z_matmul_instance_t matmul;
static Z_nbody_instance_t nbody;
static Z_sha256_instance_t sha256;
static Z_trap_instance_t trap;

void native_init(void)
{
    wasm_rt_init();
    Z_matmul_init_module();
    Z_matmul_instantiate(&matmul);
    Z_nbody_init_module();
    Z_nbody_instantiate(&nbody);
    Z_sha256_init_module();
    Z_sha256_instantiate(&sha256);
    Z_trap_init_module();
    Z_trap_instantiate(&trap);
}

uint64_t native_matmul(uint32_t count)
{
    return Z_matmulZ_run(&matmul, count);
}

uint64_t native_nbody(uint32_t count)
{
    return Z_nbodyZ_run(&nbody, count);
}

uint64_t native_sha256(uint32_t count)
{
    return Z_sha256Z_run(&sha256, count);
}

uint64_t native_trap(uint32_t what)
{
    return wasm_rt_impl_try() != WASM_RT_TRAP_NONE ? 0 : Z_trapZ_run(&trap, what);
}
