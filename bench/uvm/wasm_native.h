/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's WebAssembly in this process, by wabt's own runtime. */
#ifndef BENCH_UVM_WASM_NATIVE_H
#define BENCH_UVM_WASM_NATIVE_H

#include <stdint.h>

void native_init(void);
uint64_t native_matmul(uint32_t count);
uint64_t native_nbody(uint32_t count);
uint64_t native_sha256(uint32_t count);
/* 0 when it traps. */
uint64_t native_trap(uint32_t what);

#endif
