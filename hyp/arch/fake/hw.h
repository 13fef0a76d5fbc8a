/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine as plain storage: the functions of hyp/arch/aarch64/hw.h for unit tests on the host.
 * Each register is a variable fake_<name>; MMIO goes to ranges that the test registers.
 */
#ifndef HYP_ARCH_FAKE_HW_H
#define HYP_ARCH_FAKE_HW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regs.h" /* of hyp/arch/aarch64 */

#define FAKE_DECLARE(name, text) extern uint64_t fake_##name;
A64_REGS_RO(FAKE_DECLARE)
A64_REGS_RW(FAKE_DECLARE)
#undef FAKE_DECLARE

#define FAKE_RD(name, text)                                                                        \
    static inline uint64_t rd_##name(void)                                                         \
    {                                                                                              \
        return fake_##name;                                                                        \
    }
#define FAKE_WR(name, text)                                                                        \
    static inline void wr_##name(uint64_t value)                                                   \
    {                                                                                              \
        fake_##name = value;                                                                       \
    }
A64_REGS_RO(FAKE_RD)
A64_REGS_RW(FAKE_RD)
A64_REGS_RW(FAKE_WR)
#undef FAKE_RD
#undef FAKE_WR

/* How often each of these was executed since fake_reset(); a hook (may be NULL) sees each. */
/* clang-format off */
#define FAKE_INSNS(X)                                                                             \
    X(isb) X(dsb_sy) X(dsb_ish) X(dsb_ishst) X(dmb_ish) X(dsb_nsh) X(wfi) X(wfe) X(sev)           \
    X(cpu_relax) X(tlbi_alle2) X(tlbi_alle2is) X(tlbi_alle1is) X(tlbi_vmalls12e1)                 \
    X(tlbi_vmalls12e1is) X(ic_iallu) X(ic_ialluis)
/* clang-format on */
#define FAKE_INSN(name)                                                                            \
    extern unsigned fake_##name##_count;                                                           \
    extern void (*fake_##name##_hook)(void);                                                       \
    static inline void name(void)                                                                  \
    {                                                                                              \
        fake_##name##_count++;                                                                     \
        if (fake_##name##_hook) {                                                                  \
            fake_##name##_hook();                                                                  \
        }                                                                                          \
    }
FAKE_INSNS(FAKE_INSN)
#undef FAKE_INSN

#define FAKE_INSNS1(X)                                                                             \
    X(tlbi_vae2is) X(dc_civac) X(dc_cvac) X(dc_zva) X(at_s12e1r) X(at_s12e0r) X(at_s1e1r)
#define FAKE_INSN1(name)                                                                           \
    extern unsigned fake_##name##_count;                                                           \
    extern uint64_t fake_##name##_arg;                                                             \
    static inline void name(uint64_t arg)                                                          \
    {                                                                                              \
        fake_##name##_count++;                                                                     \
        fake_##name##_arg = arg;                                                                   \
    }
FAKE_INSNS1(FAKE_INSN1)
#undef FAKE_INSN1

/* A range of fake device memory; hook (may be NULL) sees each access after it was carried out. */
struct fake_mmio {
    uintptr_t base;
    size_t size;
    uint8_t *bytes;
    void (*hook)(uint64_t offset, unsigned size, bool write, uint64_t value);
};

void fake_mmio_add(const struct fake_mmio *range);
uint64_t fake_mmio_rd(uintptr_t address, unsigned size);
void fake_mmio_wr(uintptr_t address, unsigned size, uint64_t value);

#define FAKE_MMIO(bits, type)                                                                      \
    static inline type mmio_rd##bits(uintptr_t base, uint64_t offset)                              \
    {                                                                                              \
        return (type)fake_mmio_rd(base + (uintptr_t)offset, (bits) / 8);                           \
    }                                                                                              \
    static inline void mmio_wr##bits(uintptr_t base, uint64_t offset, type value)                  \
    {                                                                                              \
        fake_mmio_wr(base + (uintptr_t)offset, (bits) / 8, value);                                 \
    }
FAKE_MMIO(8, uint8_t)
FAKE_MMIO(16, uint16_t)
FAKE_MMIO(32, uint32_t)
FAKE_MMIO(64, uint64_t)
#undef FAKE_MMIO

/* "Runs" a guest: says that it left by fake_guest_vector. */
extern uint32_t fake_guest_vector;
uint32_t hw_guest_enter(void *vcpu);

/* Records the firmware call; answers fake_smc_answer. */
extern uint64_t fake_smc_args[4], fake_smc_answer;
uint64_t hw_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3);

/* All registers 0, counters 0, no MMIO ranges: call in each test's setup. */
void fake_reset(void);

#endif
