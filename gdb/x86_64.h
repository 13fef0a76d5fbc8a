/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of x86_64's registers in the debugger's table; the first 24 are the packet g. */
#ifndef GDB_X86_64_H
#define GDB_X86_64_H

#include "gdb/reg.h"

enum x86_reg {
    X86_RAX,
    X86_RBX,
    X86_RCX,
    X86_RDX,
    X86_RSI,
    X86_RDI,
    X86_RBP,
    X86_RSP,
    X86_R8,
    X86_R9,
    X86_R10,
    X86_R11,
    X86_R12,
    X86_R13,
    X86_R14,
    X86_R15,
    X86_RIP,
    X86_EFLAGS,
    X86_CS,
    X86_SS,
    X86_DS,
    X86_ES,
    X86_FS,
    X86_GS,
    X86_ST0,                  /* to st7 */
    X86_FCTRL = X86_ST0 + 8,  /* fctrl fstat ftag fiseg fioff foseg fooff fop */
    X86_XMM0 = X86_FCTRL + 8, /* to xmm15 */
    X86_MXCSR = X86_XMM0 + 16,
    X86_YMM0H, /* to ymm15h: the upper halves */
    X86_FS_BASE = X86_YMM0H + 16,
    X86_GS_BASE,
    X86_CR0,
    X86_CR2,
    X86_CR3,
    X86_CR4,
    X86_EFER,
    X86_REG_COUNT
};

#endif
