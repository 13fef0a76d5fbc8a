/* SPDX-License-Identifier: Apache-2.0 */
/* Length of x86-64 instructions (Intel SDM 2, 2.1 to 2.7). Pure: bytes in, a number out. */
#ifndef LIB_INSN_X64_H
#define LIB_INSN_X64_H

#include <stddef.h>
#include <stdint.h>

/* 1 to 15; 0 when the bytes begin no instruction of 64-bit mode or `count` cuts it off. */
unsigned insn_x64_length(const uint8_t *bytes, size_t count);

#endif
