/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine: one inline function per register access, instruction or MMIO access. The fake
 * architecture has a file of the same name with the same functions over plain storage.
 * Barriers are never hidden inside another function.
 */
#ifndef HYP_ARCH_AARCH64_MACHINE_HW_H
#define HYP_ARCH_AARCH64_MACHINE_HW_H

#include <stdint.h>

#include "regs.h"

/* "memory" clobbers: a register access may not move across the memory accesses around it. */
#define HW_RD(name, text)                                                                          \
    static inline uint64_t rd_##name(void)                                                         \
    {                                                                                              \
        uint64_t value;                                                                            \
                                                                                                   \
        __asm__ volatile("mrs %0, " text : "=r"(value) : : "memory");                              \
        return value;                                                                              \
    }
#define HW_WR(name, text)                                                                          \
    static inline void wr_##name(uint64_t value)                                                   \
    {                                                                                              \
        __asm__ volatile("msr " text ", %0" : : "r"(value) : "memory");                            \
    }
A64_REGS_RO(HW_RD)
A64_REGS_RW(HW_RD)
A64_REGS_RW(HW_WR)
#undef HW_RD
#undef HW_WR

#define HW_INSN(name, text)                                                                        \
    static inline void name(void)                                                                  \
    {                                                                                              \
        __asm__ volatile(text : : : "memory");                                                     \
    }
HW_INSN(isb, "isb")
HW_INSN(dsb_sy, "dsb sy")
HW_INSN(dsb_ish, "dsb ish")
HW_INSN(dsb_ishst, "dsb ishst")
HW_INSN(dmb_ish, "dmb ish")
HW_INSN(dsb_nsh, "dsb nsh")
HW_INSN(wfi, "wfi")
HW_INSN(wfe, "wfe")
HW_INSN(sev, "sev")
HW_INSN(cpu_relax, "yield") /* every spin loop has one: notes on emulators with one host thread */
HW_INSN(tlbi_alle2, "tlbi alle2")
HW_INSN(tlbi_alle2is, "tlbi alle2is")
HW_INSN(tlbi_alle1is, "tlbi alle1is")
HW_INSN(tlbi_vmalls12e1, "tlbi vmalls12e1")     /* this CPU, VMID of VTTBR_EL2 */
HW_INSN(tlbi_vmalls12e1is, "tlbi vmalls12e1is") /* all CPUs, VMID of VTTBR_EL2 */
HW_INSN(ic_iallu, "ic iallu")
HW_INSN(ic_ialluis, "ic ialluis")
#undef HW_INSN

#define HW_INSN1(name, text)                                                                       \
    static inline void name(uint64_t arg)                                                          \
    {                                                                                              \
        __asm__ volatile(text ", %0" : : "r"(arg) : "memory");                                     \
    }
HW_INSN1(tlbi_vae2is, "tlbi vae2is") /* arg: VA >> 12 */
HW_INSN1(dc_civac, "dc civac")
HW_INSN1(dc_cvac, "dc cvac")
HW_INSN1(dc_zva, "dc zva")
HW_INSN1(at_s12e1r, "at s12e1r")
HW_INSN1(at_s12e0r, "at s12e0r")
HW_INSN1(at_s1e1r, "at s1e1r")
#undef HW_INSN1

/* Plain ldr/str, so that a device access has one size and one instruction. */
#define HW_MMIO(bits, type, load, store, reg)                                                      \
    static inline type mmio_rd##bits(uintptr_t base, uint64_t offset)                              \
    {                                                                                              \
        type value;                                                                                \
                                                                                                   \
        __asm__ volatile(load " %" reg "0, [%1]" : "=r"(value) : "r"(base + offset) : "memory");   \
        return value;                                                                              \
    }                                                                                              \
    static inline void mmio_wr##bits(uintptr_t base, uint64_t offset, type value)                  \
    {                                                                                              \
        __asm__ volatile(store " %" reg "0, [%1]" : : "r"(value), "r"(base + offset) : "memory");  \
    }
HW_MMIO(8, uint8_t, "ldrb", "strb", "w")
HW_MMIO(16, uint16_t, "ldrh", "strh", "w")
HW_MMIO(32, uint32_t, "ldr", "str", "w")
HW_MMIO(64, uint64_t, "ldr", "str", "x")
#undef HW_MMIO

/*
 * Runs a guest by entry.S: in the vCPU, out enum exit_vector. Registers come back with other
 * values, but sp and x29; the compiler keeps what it needs on the stack, once and not per entry.
 */
extern char guest_enter[];
static inline uint32_t hw_guest_enter(void *vcpu)
{
    register uint64_t x0 __asm__("x0") = (uintptr_t)vcpu;

    __asm__ volatile("bl %1"
                     : "+r"(x0)
                     : "S"(guest_enter)
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
                       "x24", "x25", "x26", "x27", "x28", "x30", "cc", "memory");
    return (uint32_t)x0;
}

/* Firmware call (SMCCC, Arm DEN 0028): x0..x3 in, x0 out. */
static inline uint64_t hw_smc(uint64_t fid, uint64_t a1, uint64_t a2, uint64_t a3)
{
    register uint64_t x0 __asm__("x0") = fid;
    register uint64_t x1 __asm__("x1") = a1;
    register uint64_t x2 __asm__("x2") = a2;
    register uint64_t x3 __asm__("x3") = a3;

    /* SMCCC 1.0 firmware may change x4..x17. */
    __asm__ volatile("smc #0"
                     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return x0;
}

#endif
