/* SPDX-License-Identifier: Apache-2.0 */
/* aarch64 for state_test. EL0 can read no other flags than NZCV. */
#include "tests/uvm/state.h"

#include "abi/fault.h"

const struct state_arch state_arch = {
    .sets = { "general", "fpsimd" },
    .insn_size = 4,
    .result = 0,
    .sp = FAULT_GPRS - 1,
    .flags_asked = UINT64_MAX,
    .flags_system = 0x0fffffff,
    .flags_set = 0xf0000000,
};
