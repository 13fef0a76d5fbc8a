/* SPDX-License-Identifier: Apache-2.0 */
/* Guest with fast handlers on x86_64: raises #UD with a wish in rax, and says what came of it. */
#include "tests/uvm/guest/fast.h"

#include "vitrine-call.h"

const uint32_t fast_vector = 6, fast_switch_vector = 13;

uint64_t fast_ask(void)
{
    uint64_t result = 0;

    __asm__ volatile("in $0, %%al\n" : "+a"(result)); /* #GP, two bytes */
    return result;
}

static uint64_t skip(void)
{
    uint64_t rax = FAST_SKIP;

    __asm__ volatile("ud2" : "+a"(rax));
    return rax;
}
VG_EXPORT(skip, uint64_t);

/* The fault goes the whole way: the host sees it. */
static uint64_t pass(void)
{
    uint64_t rax = FAST_PASS;

    __asm__ volatile("ud2" : "+a"(rax));
    return rax;
}
VG_EXPORT(pass, uint64_t);

/* 6 (the vector) + 35: the handler reads r11 and rdi, and writes rax and rcx. */
static uint64_t registers(void)
{
    uint64_t rax = FAST_REGISTERS, rcx = 0;

    __asm__ volatile("mov $5, %%r11d\n"
                     "mov $30, %%edi\n"
                     "ud2"
                     : "+a"(rax), "+c"(rcx)
                     :
                     : "r11", "rdi");
    return rax + rcx;
}
VG_EXPORT(registers, uint64_t);

/* The carry flag that the handler set, and registers and flags that it did not touch. */
static uint64_t flags(void)
{
    uint64_t rax = FAST_FLAGS, kept = 0;
    uint8_t carry;

    __asm__ volatile("mov $7, %%ebx\n"
                     "mov $8, %%edx\n"
                     "mov $9, %%r8d\n"
                     "xor %%esi, %%esi\n" /* clears CF, sets ZF */
                     "ud2\n"
                     "setc %b1\n"
                     "mov %%rbx, %0\n"
                     "add %%rdx, %0\n"
                     "add %%r8, %0"
                     : "=&r"(kept), "=&q"(carry), "+a"(rax)
                     :
                     : "rbx", "rdx", "r8", "rsi");
    return kept * 2 + carry;
}
VG_EXPORT(flags, uint64_t);
