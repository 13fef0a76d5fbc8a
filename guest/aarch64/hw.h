/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that C has no words for, one per function: EL1 system registers, barriers, device
 * loads and stores, calls. Barriers are never hidden inside register accesses.
 */
#ifndef GUEST_AARCH64_HW_H
#define GUEST_AARCH64_HW_H

#include <stdint.h>

#include "vitrine-guest.h"

/* name in the manual's lower case, assembler's spelling */
#define GUEST_REGS(X)                                                                              \
    X(id_aa64pfr0_el1, id_aa64pfr0_el1)                                                            \
    X(mpidr_el1, mpidr_el1)                                                                        \
    X(tpidr_el1, tpidr_el1)                                                                        \
    X(daif, daif)                                                                                  \
    X(esr_el1, esr_el1)                                                                            \
    X(elr_el1, elr_el1)                                                                            \
    X(spsr_el1, spsr_el1)                                                                          \
    X(sp_el0, sp_el0)                                                                              \
    X(tpidr_el0, tpidr_el0)                                                                        \
    X(tpidrro_el0, tpidrro_el0)                                                                    \
    X(sctlr_el1, sctlr_el1)                                                                        \
    X(ttbr0_el1, ttbr0_el1)                                                                        \
    X(tcr_el1, tcr_el1)                                                                            \
    X(mair_el1, mair_el1)                                                                          \
    X(cpacr_el1, cpacr_el1)                                                                        \
    X(vbar_el1, vbar_el1)                                                                          \
    X(id_aa64mmfr0_el1, id_aa64mmfr0_el1)                                                          \
    X(id_aa64isar0_el1, id_aa64isar0_el1)                                                          \
    X(rndr, s3_3_c2_c4_0)                                                                          \
    X(fpcr, fpcr)                                                                                  \
    X(fpsr, fpsr)                                                                                  \
    X(far_el1, far_el1)                                                                            \
    X(cntfrq_el0, cntfrq_el0)                                                                      \
    X(cntvct_el0, cntvct_el0)                                                                      \
    X(cntpct_el0, cntpct_el0)                                                                      \
    X(cntv_ctl_el0, cntv_ctl_el0)                                                                  \
    X(cntv_cval_el0, cntv_cval_el0)                                                                \
    X(cntp_ctl_el0, cntp_ctl_el0)                                                                  \
    X(cntp_cval_el0, cntp_cval_el0)                                                                \
    X(icc_sre_el1, s3_0_c12_c12_5)                                                                 \
    X(icc_pmr_el1, s3_0_c4_c6_0)                                                                   \
    X(icc_bpr1_el1, s3_0_c12_c12_3)                                                                \
    X(icc_ctlr_el1, s3_0_c12_c12_4)                                                                \
    X(icc_igrpen1_el1, s3_0_c12_c12_7)                                                             \
    X(icc_iar1_el1, s3_0_c12_c12_0)                                                                \
    X(icc_eoir1_el1, s3_0_c12_c12_1)                                                               \
    X(icc_sgi1r_el1, s3_0_c12_c11_5)

/* Volatile and with a memory clobber: the order of accesses as written is kept. */
#define GUEST_REG_ACCESS(name, spelling)                                                           \
    static inline uint64_t rd_##name(void)                                                         \
    {                                                                                              \
        uint64_t value;                                                                            \
        __asm__ volatile("mrs %0, " #spelling : "=r"(value) : : "memory");                         \
        return value;                                                                              \
    }                                                                                              \
    static inline void wr_##name(uint64_t value)                                                   \
    {                                                                                              \
        __asm__ volatile("msr " #spelling ", %0" : : "r"(value) : "memory");                       \
    }
GUEST_REGS(GUEST_REG_ACCESS)
#undef GUEST_REG_ACCESS

static inline void hw_isb(void)
{
    __asm__ volatile("isb" : : : "memory");
}

static inline void hw_dsb(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
}

static inline void hw_wfi(void)
{
    __asm__ volatile("wfi" : : : "memory");
}

static inline void hw_yield(void)
{
    __asm__ volatile("yield" : : : "memory");
}

/* PSTATE.I of this vCPU. */
static inline void hw_irq_mask(void)
{
    __asm__ volatile("msr daifset, #2" : : : "memory");
}

static inline void hw_irq_unmask(void)
{
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

/* SError was masked at entry; from here on it is reported. */
static inline void hw_serror_unmask(void)
{
    __asm__ volatile("msr daifclr, #4" : : : "memory");
}

/* One load or store of that width, plain base register: always has a syndrome when it traps. */
#define HW_MMIO(bits, type, suffix, reg)                                                           \
    static inline type hw_mmio_rd##bits(uint64_t at)                                               \
    {                                                                                              \
        type value;                                                                                \
        __asm__ volatile("ldr" suffix " %" reg "0, [%1]" : "=r"(value) : "r"(at) : "memory");      \
        return value;                                                                              \
    }                                                                                              \
    static inline void hw_mmio_wr##bits(uint64_t at, type value)                                   \
    {                                                                                              \
        __asm__ volatile("str" suffix " %" reg "0, [%1]" : : "r"(value), "r"(at) : "memory");      \
    }
HW_MMIO(8, uint8_t, "b", "w")
HW_MMIO(16, uint16_t, "h", "w")
HW_MMIO(32, uint32_t, "", "w")
HW_MMIO(64, uint64_t, "", "x")
#undef HW_MMIO

/* A word in cached memory; short sections only. */
static inline void hw_lock(uint32_t *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
        hw_yield();
    }
}

static inline void hw_unlock(uint32_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* SMC Calling Convention: x0..x7 in, x0..x3 out, x4..x17 may change (DEN0028 2.6). */
#define HW_CALL(name, instruction)                                                                 \
    static inline void name(struct vg_call *c)                                                     \
    {                                                                                              \
        register uint64_t x0 __asm__("x0") = c->x[0];                                              \
        register uint64_t x1 __asm__("x1") = c->x[1];                                              \
        register uint64_t x2 __asm__("x2") = c->x[2];                                              \
        register uint64_t x3 __asm__("x3") = c->x[3];                                              \
        register uint64_t x4 __asm__("x4") = c->x[4];                                              \
        register uint64_t x5 __asm__("x5") = c->x[5];                                              \
        register uint64_t x6 __asm__("x6") = c->x[6];                                              \
        register uint64_t x7 __asm__("x7") = c->x[7];                                              \
        __asm__ volatile(                                                                          \
            instruction                                                                            \
            : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7)       \
            :                                                                                      \
            : "memory", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17");       \
        c->x[0] = x0;                                                                              \
        c->x[1] = x1;                                                                              \
        c->x[2] = x2;                                                                              \
        c->x[3] = x3;                                                                              \
    }
HW_CALL(hw_hvc, "hvc #0")
HW_CALL(hw_smc, "smc #0")
#undef HW_CALL

#endif
