/* SPDX-License-Identifier: Apache-2.0 */
/* A second decoder of A64 loads and stores, by instruction instead of by encoding class. */
#ifndef TESTS_FUZZ_INSN_MODEL_H
#define TESTS_FUZZ_INSN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/insn_a64.h"

/* As insn_a64_decode(). */
bool insn_model(uint32_t word, struct insn_a64 *out);

#endif
