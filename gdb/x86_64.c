/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of x86_64: numbers, sizes, features; where their values live is a target's. */
#include "gdb/x86_64.h"

#include "lib/field.h"

#define INT(name_, bits_)                                                                          \
    {                                                                                              \
        .name = (name_), .bits = (bits_), .type = DBG_INT                                          \
    }
#define CODE(name_)                                                                                \
    {                                                                                              \
        .name = (name_), .bits = 64, .type = DBG_CODE_PTR                                          \
    }
#define DATA(name_)                                                                                \
    {                                                                                              \
        .name = (name_), .bits = 64, .type = DBG_DATA_PTR                                          \
    }
#define ST(name_)                                                                                  \
    {                                                                                              \
        .name = (name_), .bits = 80, .type = DBG_I387_EXT                                          \
    }
#define FPU(name_)                                                                                 \
    {                                                                                              \
        .name = (name_), .bits = 32, .type = DBG_INT, .group = "float"                             \
    }
#define XMM(name_)                                                                                 \
    {                                                                                              \
        .name = (name_), .bits = 128, .type = DBG_VEC128                                           \
    }
#define HIGH(name_)                                                                                \
    {                                                                                              \
        .name = (name_), .bits = 128, .type = DBG_UINT                                             \
    }
#define SYSTEM(name_)                                                                              \
    {                                                                                              \
        .name = (name_), .bits = 64, .type = DBG_UINT, .group = "system"                           \
    }

/* clang-format off */
static const struct dbg_reg regs[X86_REG_COUNT] = {
    [X86_RAX] = INT("rax", 64), [X86_RBX] = INT("rbx", 64), [X86_RCX] = INT("rcx", 64),
    [X86_RDX] = INT("rdx", 64), [X86_RSI] = INT("rsi", 64), [X86_RDI] = INT("rdi", 64),
    [X86_RBP] = DATA("rbp"), [X86_RSP] = DATA("rsp"), [X86_R8] = INT("r8", 64),
    [X86_R9] = INT("r9", 64), [X86_R10] = INT("r10", 64), [X86_R11] = INT("r11", 64),
    [X86_R12] = INT("r12", 64), [X86_R13] = INT("r13", 64), [X86_R14] = INT("r14", 64),
    [X86_R15] = INT("r15", 64), [X86_RIP] = CODE("rip"),
    [X86_EFLAGS] = { .name = "eflags", .bits = 32, .type = DBG_X86_FLAGS },
    [X86_CS] = INT("cs", 32), [X86_SS] = INT("ss", 32), [X86_DS] = INT("ds", 32),
    [X86_ES] = INT("es", 32), [X86_FS] = INT("fs", 32), [X86_GS] = INT("gs", 32),
    [X86_ST0] = ST("st0"), ST("st1"), ST("st2"), ST("st3"),
    ST("st4"), ST("st5"), ST("st6"), ST("st7"),
    [X86_FCTRL] = FPU("fctrl"), FPU("fstat"), FPU("ftag"), FPU("fiseg"),
    FPU("fioff"), FPU("foseg"), FPU("fooff"), FPU("fop"),
    [X86_XMM0] = XMM("xmm0"), XMM("xmm1"), XMM("xmm2"), XMM("xmm3"),
    XMM("xmm4"), XMM("xmm5"), XMM("xmm6"), XMM("xmm7"),
    XMM("xmm8"), XMM("xmm9"), XMM("xmm10"), XMM("xmm11"),
    XMM("xmm12"), XMM("xmm13"), XMM("xmm14"), XMM("xmm15"),
    [X86_MXCSR] = { .name = "mxcsr", .bits = 32, .type = DBG_INT, .group = "vector" },
    [X86_YMM0H] = HIGH("ymm0h"), HIGH("ymm1h"), HIGH("ymm2h"), HIGH("ymm3h"),
    HIGH("ymm4h"), HIGH("ymm5h"), HIGH("ymm6h"), HIGH("ymm7h"),
    HIGH("ymm8h"), HIGH("ymm9h"), HIGH("ymm10h"), HIGH("ymm11h"),
    HIGH("ymm12h"), HIGH("ymm13h"), HIGH("ymm14h"), HIGH("ymm15h"),
    [X86_FS_BASE] = INT("fs_base", 64), [X86_GS_BASE] = INT("gs_base", 64),
    [X86_CR0] = SYSTEM("cr0"), [X86_CR2] = SYSTEM("cr2"), [X86_CR3] = SYSTEM("cr3"),
    [X86_CR4] = SYSTEM("cr4"), [X86_EFER] = SYSTEM("efer"),
};
/* clang-format on */

/* Bits of EFLAGS by the names that GDB's users know; the manual asks for the type's own fields. */
static const char core_types[] =
    "<flags id=\"x86_flags\" size=\"4\">"
    "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
    "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
    "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
    "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
    "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
    "<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"
    "<field name=\"VM\" start=\"17\" end=\"17\"/><field name=\"AC\" start=\"18\" end=\"18\"/>"
    "<field name=\"VIF\" start=\"19\" end=\"19\"/><field name=\"VIP\" start=\"20\" end=\"20\"/>"
    "<field name=\"ID\" start=\"21\" end=\"21\"/></flags>";

static const char vector_types[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
    "<union id=\"v128\">"
    "<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
    "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
    "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
    "<field name=\"uint128\" type=\"uint128\"/></union>";

#define PART(name_, annex_, types_, first_, end_)                                                  \
    {                                                                                              \
        .name = (name_), .annex = (annex_), .types = (types_), .first = (first_),                  \
        .count = (end_) - (first_)                                                                 \
    }

/* In the order of numbers. */
static const struct dbg_feature features[] = {
    PART("org.gnu.gdb.i386.core", "core.xml", core_types, X86_RAX, X86_XMM0),
    PART("org.gnu.gdb.i386.sse", "sse.xml", vector_types, X86_XMM0, X86_YMM0H),
    PART("org.gnu.gdb.i386.avx", "avx.xml", NULL, X86_YMM0H, X86_FS_BASE),
    PART("org.gnu.gdb.i386.segments", "segments.xml", NULL, X86_FS_BASE, X86_CR0),
    PART("vitrine.x86-64.system", "system.xml", NULL, X86_CR0, X86_REG_COUNT),
};

const struct dbg_arch dbg_x86_64 = {
    .name = "i386:x86-64",
    .triple = "x86_64-unknown-unknown",
    .pointer_bytes = 8,
    .reg = regs,
    .reg_count = X86_REG_COUNT,
    .feature = features,
    .feature_count = ARRAY_COUNT(features),
    .general = X86_ST0,
    .expedited = { X86_RBP, X86_RSP, X86_RIP },
};
