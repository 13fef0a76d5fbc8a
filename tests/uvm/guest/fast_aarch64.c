/* SPDX-License-Identifier: Apache-2.0 */
/* Guest with fast handlers on aarch64: raises UDF with a wish in x0, and says what came of it. */
#include "tests/uvm/guest/fast.h"

#include "vitrine-call.h"

const uint32_t fast_vector = 0, fast_switch_vector = 0x3c;

uint64_t fast_ask(void)
{
    register uint64_t x0 __asm__("x0") = 0;

    __asm__ volatile("brk #0" : "+r"(x0));
    return x0;
}

static uint64_t skip(void)
{
    register uint64_t x0 __asm__("x0") = FAST_SKIP;

    __asm__ volatile("udf #0" : "+r"(x0));
    return x0;
}
VG_EXPORT(skip, uint64_t);

/* The fault goes the whole way: the host sees it. */
static uint64_t pass(void)
{
    register uint64_t x0 __asm__("x0") = FAST_PASS;

    __asm__ volatile("udf #0" : "+r"(x0));
    return x0;
}
VG_EXPORT(pass, uint64_t);

/* The vector + 35: the handler reads x11 and x7, and writes x0 and x1. */
static uint64_t registers(void)
{
    register uint64_t x0 __asm__("x0") = FAST_REGISTERS;
    register uint64_t x1 __asm__("x1") = 0;

    __asm__ volatile("mov x11, #5; mov x7, #30; udf #0" : "+r"(x0), "+r"(x1) : : "x7", "x11");
    return x0 + x1;
}
VG_EXPORT(registers, uint64_t);

/* The carry flag that the handler set, and registers that it did not touch. */
static uint64_t flags(void)
{
    register uint64_t x0 __asm__("x0") = FAST_FLAGS;
    uint64_t kept, carry;

    __asm__ volatile("mov x2, #7; mov x17, #8; mov x28, #9; cmn xzr, xzr\n\t"
                     "udf #0\n\t"
                     "cset %1, cs; add %0, x2, x17; add %0, %0, x28"
                     : "=&r"(kept), "=&r"(carry), "+r"(x0)
                     :
                     : "x2", "x17", "x28", "cc");
    return kept * 2 + carry;
}
VG_EXPORT(flags, uint64_t);
