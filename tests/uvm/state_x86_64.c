/* SPDX-License-Identifier: Apache-2.0 */
/* x86_64 for state_test. */
#include "tests/uvm/state.h"

#include "abi/fault.h"

enum { AVX = 1, AVX512 = 2 };

const struct state_arch state_arch = {
    .sets = { "general", "x87", "sse" },
    .vectors = { { "avx", AVX }, { "avx512", AVX512 } },
    .insn_size = 2,
    .result = FAULT_RAX,
    .sp = FAULT_RSP,
    .flags_asked = UINT64_MAX & ~UINT64_C(0x100), /* a step would fault again */
    .flags_system = 0x1f7200,                     /* with IOPL */
    .flags_set = 1,
};
