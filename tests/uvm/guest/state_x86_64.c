/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of x86_64 across faults, for state.c. */
#include "vitrine-call.h"

enum { VECTOR_BYTES = 64, VECTORS = 32 };

/* ---- General registers: whatever is pushed goes below the red zone ---- */

static uint64_t general(void)
{
    uint64_t bad;

    __asm__ volatile("mov $0x1001, %%ebx; mov $0x1002, %%ecx; mov $0x1003, %%edx\n\t"
                     "mov $0x1004, %%esi; mov $0x1005, %%edi; mov $0x1006, %%r8d\n\t"
                     "mov $0x1007, %%r9d; mov $0x1008, %%r10d; mov $0x1009, %%r11d\n\t"
                     "mov $0x100a, %%r12d; mov $0x100b, %%r13d; mov $0x100c, %%r14d\n\t"
                     "mov $0x100d, %%r15d; lea -128(%%rsp), %%rsp; mov %%rsp, %%rax; push %%rax\n\t"
                     "stc; std\n\t"
                     "ud2\n\t"
                     "pushfq; cld; pop %%rax\n\t"
                     "and $0x401, %%eax; xor $0x401, %%eax\n\t"
                     "sub $0x1001, %%rbx; or %%rbx, %%rax; sub $0x1002, %%rcx; or %%rcx, %%rax\n\t"
                     "sub $0x1003, %%rdx; or %%rdx, %%rax; sub $0x1004, %%rsi; or %%rsi, %%rax\n\t"
                     "sub $0x1005, %%rdi; or %%rdi, %%rax; sub $0x1006, %%r8; or %%r8, %%rax\n\t"
                     "sub $0x1007, %%r9; or %%r9, %%rax; sub $0x1008, %%r10; or %%r10, %%rax\n\t"
                     "sub $0x1009, %%r11; or %%r11, %%rax; sub $0x100a, %%r12; or %%r12, %%rax\n\t"
                     "sub $0x100b, %%r13; or %%r13, %%rax; sub $0x100c, %%r14; or %%r14, %%rax\n\t"
                     "sub $0x100d, %%r15; or %%r15, %%rax\n\t"
                     "pop %%rbx; sub %%rsp, %%rbx; or %%rbx, %%rax; lea 128(%%rsp), %%rsp"
                     : "=a"(bad)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
                       "r14", "r15", "cc", "memory");
    return bad;
}
VG_EXPORT(general, uint64_t);

/* rax as the host left it. */
static uint64_t edited(void)
{
    uint64_t rax;

    __asm__ volatile("xor %%eax, %%eax; ud2" : "=a"(rax) : : "memory");
    return rax;
}
VG_EXPORT(edited, uint64_t);

/* RFLAGS as they are after the fault. */
static uint64_t flags(void)
{
    uint64_t value;

    __asm__ volatile("ud2; lea -128(%%rsp), %%rsp; pushfq; cld; pop %0; lea 128(%%rsp), %%rsp"
                     : "=r"(value)
                     :
                     : "memory", "cc");
    return value;
}
VG_EXPORT(flags, uint64_t);

/* ---- FS and GS ---- */

static uint64_t set_bases(uint64_t value)
{
    __asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(value), "r"(value + 8));
    return value;
}
VG_EXPORT(set_bases, uint64_t, uint64_t);

static uint64_t bases_are(uint64_t value)
{
    uint64_t fs, gs;

    __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(fs), "=r"(gs));
    return fs == value && gs == value + 8;
}
VG_EXPORT(bases_are, uint64_t, uint64_t);

static uint64_t bases_over_fault(uint64_t value)
{
    set_bases(value);
    __asm__ volatile("ud2" : : : "memory");
    return bases_are(value);
}
VG_EXPORT(bases_over_fault, uint64_t, uint64_t);

/* ---- Vectors ---- */

static uint8_t before[VECTORS * VECTOR_BYTES] __attribute__((aligned(64)));
static uint8_t after[VECTORS * VECTOR_BYTES] __attribute__((aligned(64)));

static void pattern(void)
{
    for (unsigned i = 0; i < sizeof(before); i++) {
        before[i] = (uint8_t)(i * 37 + i / 256 + 1);
        after[i] = 0;
    }
}

static uint64_t differences(unsigned registers, unsigned bytes)
{
    uint64_t count = 0;

    for (unsigned r = 0; r < registers; r++) {
        for (unsigned i = 0; i < bytes; i++) {
            count += before[r * VECTOR_BYTES + i] != after[r * VECTOR_BYTES + i];
        }
    }
    return count;
}

/* clang-format off */
#define LOAD(insn, reg, n) insn " " #n "*64(%0), %%" reg #n "\n\t"
#define STORE(insn, reg, n) insn " %%" reg #n ", " #n "*64(%1)\n\t"
#define ALL16(op, insn, reg) \
    op(insn, reg, 0) op(insn, reg, 1) op(insn, reg, 2) op(insn, reg, 3) \
    op(insn, reg, 4) op(insn, reg, 5) op(insn, reg, 6) op(insn, reg, 7) \
    op(insn, reg, 8) op(insn, reg, 9) op(insn, reg, 10) op(insn, reg, 11) \
    op(insn, reg, 12) op(insn, reg, 13) op(insn, reg, 14) op(insn, reg, 15)
#define ALL32(op, insn, reg) ALL16(op, insn, reg) \
    op(insn, reg, 16) op(insn, reg, 17) op(insn, reg, 18) op(insn, reg, 19) \
    op(insn, reg, 20) op(insn, reg, 21) op(insn, reg, 22) op(insn, reg, 23) \
    op(insn, reg, 24) op(insn, reg, 25) op(insn, reg, 26) op(insn, reg, 27) \
    op(insn, reg, 28) op(insn, reg, 29) op(insn, reg, 30) op(insn, reg, 31)
/* clang-format on */

static uint64_t sse(void)
{
    pattern();
    __asm__ volatile(ALL16(LOAD, "movdqa", "xmm") "ud2\n\t" ALL16(STORE, "movdqa", "xmm")
                     :
                     : "r"(before), "r"(after)
                     : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return differences(16, 16);
}
VG_EXPORT(sse, uint64_t);

static uint64_t avx(void)
{
    pattern();
    __asm__ volatile(
        ALL16(LOAD, "vmovdqa", "ymm") "ud2\n\t" ALL16(STORE, "vmovdqa", "ymm") "vzeroupper"
        :
        : "r"(before), "r"(after)
        : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
          "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return differences(16, 32);
}
VG_EXPORT(avx, uint64_t);

static uint64_t avx512(void)
{
    static const uint32_t mask = 0xa5c3;
    static uint32_t mask_now;

    pattern();
    __asm__ volatile("kmovw %2, %%k3\n\t" ALL32(LOAD, "vmovdqa64", "zmm") "ud2\n\t" ALL32(
                         STORE, "vmovdqa64", "zmm") "kmovw %%k3, %%eax; mov %%eax, %3; vzeroall"
                     :
                     : "r"(before), "r"(after), "m"(mask), "m"(mask_now)
                     : "memory", "rax", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                       "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
    return differences(VECTORS, VECTOR_BYTES) + (mask_now != mask ? 1 : 0);
}
VG_EXPORT(avx512, uint64_t);

static uint64_t x87(void)
{
    double values[4];
    uint16_t control = 0x0f7f, now = 0;
    uint32_t mxcsr = 0x7f80, mxcsr_now = 0;

    __asm__ volatile("fninit; fldcw %3; ldmxcsr %4; fld1; fldpi; fldl2e; fldln2\n\t"
                     "ud2\n\t"
                     "fstpl %0; fstpl 8+%0; fstpl 16+%0; fstpl 24+%0; fnstcw %1; stmxcsr %2"
                     : "=m"(values), "=m"(now), "=m"(mxcsr_now)
                     : "m"(control), "m"(mxcsr)
                     : "memory");
    return values[3] == 1.0 && values[2] > 3.14 && values[1] > 1.44 && values[0] > 0.69 &&
                   now == control && mxcsr_now == mxcsr
               ? 0
               : 1;
}
VG_EXPORT(x87, uint64_t);

/* Bits: 1 AVX, 2 AVX-512F, as the processor says to a program. */
static uint64_t features(void)
{
    uint32_t a = 1, b = 0, c = 0, d = 0;
    uint32_t low = 0;

    __asm__ volatile("cpuid" : "+a"(a), "+b"(b), "+c"(c), "+d"(d));
    if ((c & 0x18000000) != 0x18000000) {
        return 0;
    }
    __asm__ volatile("xgetbv" : "=a"(low) : "c"(0) : "rdx");
    a = 7;
    c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "+b"(b), "+c"(c), "+d"(d));
    if ((low & 6) != 6) {
        return 0;
    }
    return (b & 0x10000) != 0 && (low & 0xe6) == 0xe6 ? 3 : 1;
}
VG_EXPORT(features, uint64_t);
