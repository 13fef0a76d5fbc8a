/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of aarch64 across faults, for state.c. */
#include "vitrine-call.h"

enum { GPRS = 31, SAVED_FLAGS = 31, SAVED_SP = 32, SAVED = 33, VECTORS = 32, VECTOR_BYTES = 16 };

#define MARK(n)    (0x1000 + (n)) /* what x1 to x30 hold */
#define FLAGS_ZC   UINT64_C(0x60000000)
#define FLAGS_NZCV UINT64_C(0xf0000000)

/* ---- General registers ---- */

uint64_t state_saved[SAVED];

/* x0 holds the stack pointer. */
static uint64_t general(void)
{
    uint64_t bad = 0;

    __asm__ volatile(
        "stp x29, x30, [sp, #-16]!\n\t"
        ".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, "
        "21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n\t"
        "mov x\\n, #0x1000 + \\n\n\t"
        ".endr\n\t"
        "mov x0, sp; cmp x0, x0\n\t"
        "udf #0\n\t"
        "stp x0, x1, [sp, #-16]!\n\t"
        "adrp x0, state_saved; add x0, x0, :lo12:state_saved\n\t"
        ".irp n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, "
        "22, 23, 24, 25, 26, 27, 28, 29, 30\n\t"
        "str x\\n, [x0, #8 * \\n]\n\t"
        ".endr\n\t"
        "ldp x2, x3, [sp], #16; stp x2, x3, [x0]\n\t"
        "mrs x2, nzcv; mov x3, sp; stp x2, x3, [x0, #248]\n\t"
        "ldp x29, x30, [sp], #16"
        :
        :
        : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
          "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
          "x27", "x28", "x30", "cc", "memory");
    for (uint64_t i = 1; i < GPRS; i++) {
        bad += state_saved[i] != MARK(i);
    }
    bad += state_saved[0] != state_saved[SAVED_SP];
    return bad + ((state_saved[SAVED_FLAGS] & FLAGS_NZCV) != FLAGS_ZC);
}
VG_EXPORT(general, uint64_t);

/* x0 as the host left it. */
static uint64_t edited(void)
{
    register uint64_t x0 __asm__("x0") = 0;

    __asm__ volatile("udf #0" : "+r"(x0) : : "memory");
    return x0;
}
VG_EXPORT(edited, uint64_t);

/* NZCV as it is after the fault, whose answer edits x0. */
static uint64_t flags(void)
{
    register uint64_t x0 __asm__("x0") = 0;

    __asm__ volatile("cmp xzr, xzr; udf #0; mrs %0, nzcv" : "+r"(x0) : : "memory", "cc");
    return x0;
}
VG_EXPORT(flags, uint64_t);

/* ---- TPIDR_EL0 ---- */

static uint64_t set_bases(uint64_t value)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(value));
    return value;
}
VG_EXPORT(set_bases, uint64_t, uint64_t);

static uint64_t bases_are(uint64_t value)
{
    uint64_t now;

    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(now));
    return now == value;
}
VG_EXPORT(bases_are, uint64_t, uint64_t);

static uint64_t bases_over_fault(uint64_t value)
{
    set_bases(value);
    __asm__ volatile("udf #0" : : : "memory");
    return bases_are(value);
}
VG_EXPORT(bases_over_fault, uint64_t, uint64_t);

/* ---- Vectors, FPCR, FPSR ---- */

#define CONTROL UINT64_C(0x00400000) /* round up */
#define STATUS  UINT64_C(0x08000010) /* QC, IXC */

static uint8_t before[VECTORS * VECTOR_BYTES] __attribute__((aligned(16)));
static uint8_t after[VECTORS * VECTOR_BYTES] __attribute__((aligned(16)));

#define ALL                                                                                        \
    "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, "           \
    "23, 24, 25, 26, 27, 28, 29, 30, 31"

static uint64_t fpsimd(void)
{
    uint64_t control, status, bad = 0;

    for (unsigned i = 0; i < sizeof(before); i++) {
        before[i] = (uint8_t)(i * 37 + i / 256 + 1);
        after[i] = 0;
    }
    __asm__ volatile("msr fpcr, %4; msr fpsr, %5\n\t"
                     ".irp n, " ALL "\n\t"
                     "ldr q\\n, [%2, #16 * \\n]\n\t"
                     ".endr\n\t"
                     "udf #0\n\t"
                     ".irp n, " ALL "\n\t"
                     "str q\\n, [%3, #16 * \\n]\n\t"
                     ".endr\n\t"
                     "mrs %0, fpcr; mrs %1, fpsr; msr fpcr, xzr; msr fpsr, xzr"
                     : "=&r"(control), "=&r"(status)
                     : "r"(before), "r"(after), "r"(CONTROL), "r"(STATUS)
                     : "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10",
                       "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",
                       "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
    for (unsigned i = 0; i < sizeof(before); i++) {
        bad += before[i] != after[i];
    }
    return bad + (control != CONTROL) + (status != STATUS);
}
VG_EXPORT(fpsimd, uint64_t);
