/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations: each is a function that runs it n times in a row and returns the ticks that took,
 * net of the loop around it.
 */
#include "bench/guest/bench.h"
#include "bench/guest/hw.h"

/* Ticks of n turns. %[a], %[b]: in registers that a hypercall preserves. */
#define LOOP(code, n, va, vb)                                                                      \
    ({                                                                                             \
        uint64_t from_, to_, left_ = (n);                                                          \
                                                                                                   \
        __asm__ volatile("isb\n\tmrs %[from], cntvct_el0\n"                                        \
                         "1:\t" code "\n\t"                                                        \
                         "subs %[left], %[left], #1\n\tb.ne 1b\n\t"                                \
                         "isb\n\tmrs %[to], cntvct_el0"                                            \
                         : [from] "=&r"(from_), [to] "=&r"(to_), [left] "+&r"(left_)               \
                         : [a] "r"((uint64_t)(va)), [b] "r"((uint64_t)(vb))                        \
                         : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",      \
                           "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x28", "cc",           \
                           "memory");                                                              \
        to_ - from_;                                                                               \
    })

#define OP(fn, before, op, va, vb)                                                                 \
    static uint64_t fn(uint64_t n)                                                                 \
    {                                                                                              \
        uint64_t with = LOOP(before "\n\t" op, n, va, vb);                                         \
                                                                                                   \
        return with - LOOP(before, n, va, vb);                                                     \
    }

#define READ32(fn, at)     OP(fn, "", "ldr w0, [%[a]]", at, 0)
#define WRITE32(fn, at, v) OP(fn, "mov w0, %w[b]", "str w0, [%[a]]", at, v)

/* clang-format off */
OP(op_nop, "", "nop", 0, 0)
OP(op_hvc_version, "mov x0, %[a]", "hvc #0", PSCI_VERSION, 0)
OP(op_hvc_smccc, "mov x0, %[a]", "hvc #0", SMCCC_VERSION, 0)
OP(op_hvc_unknown, "mov x0, %[a]", "hvc #0", UNKNOWN_CALL, 0)
OP(op_smc_version, "mov x0, %[a]", "smc #0", PSCI_VERSION, 0)
READ32(op_gicd_ctlr, GICD_BASE + GICD_CTLR)
READ32(op_gicd_typer, GICD_BASE + GICD_TYPER)
READ32(op_isenabler, GICD_BASE + GIC_ISENABLER + 4)
WRITE32(op_isenabler_w, GICD_BASE + GIC_ISENABLER + 4, 1u << 31)
WRITE32(op_icenabler_w, GICD_BASE + GIC_ICENABLER + 4, 1u << 31)
/* From a register that functions keep: to a hypervisor it may be another one than w0. */
OP(op_icenabler_kept, "mov w28, %w[b]", "str w28, [%[a]]", GICD_BASE + GIC_ICENABLER + 4, 1u << 31)
WRITE32(op_icenabler_own, GICD_BASE + GIC_ICENABLER + 4, 1u << 1) /* the UART's, INTID 33 */
READ32(op_priority, GICD_BASE + GICD_IPRIORITYR + 32)
WRITE32(op_priority_w, GICD_BASE + GICD_IPRIORITYR + 32, 0xa0a0a0a0)
OP(op_gicr_typer, "", "ldr x0, [%[a]]", GICR_BASE + GICR_TYPER, 0)
READ32(op_gicr_isenabler, GICR_BASE + GICR_SGI + GIC_ISENABLER)
OP(op_sgi_nobody, "", "msr " ICC_SGI1R_EL1 ", %[a]", UINT64_C(2) << 24, 0)
OP(op_sgi_peer, "", "msr " ICC_SGI1R_EL1 ", %[a]", UINT64_C(1) << 24 | 2, 0)
READ32(op_uart_flags, UART_BASE + UART_FR)
/* clang-format on */

/* 1: an undefined instruction is skipped; start.S counts it in `skipped`. */
volatile uint32_t probing, skipped;

static bool smc_exists(void)
{
    skipped = 0;
    probing = 1;
    (void)op_smc_version(1);
    probing = 0;
    return skipped == 0;
}

void ops_run(void)
{
    bench_op("nop", op_nop);
    bench_op("hvc-psci-version", op_hvc_version);
    bench_op("hvc-smccc-version", op_hvc_smccc);
    bench_op("hvc-unknown", op_hvc_unknown);
    if (smc_exists()) {
        bench_op("smc-psci-version", op_smc_version);
    }
    bench_op("gicd-ctlr-read", op_gicd_ctlr);
    bench_op("gicd-typer-read", op_gicd_typer);
    bench_op("isenabler-read", op_isenabler);
    bench_op("isenabler-write", op_isenabler_w);
    bench_op("icenabler-write", op_icenabler_w);
    bench_op("icenabler-write-own", op_icenabler_own);
    bench_op("icenabler-write-kept", op_icenabler_kept);
    bench_op("priority-read", op_priority);
    bench_op("priority-write", op_priority_w);
    bench_op("gicr-typer-read", op_gicr_typer);
    bench_op("gicr-isenabler-read", op_gicr_isenabler);
    bench_op("sgi-nobody", op_sgi_nobody);
    bench_op("uart-flags-read", op_uart_flags);
}

void ops_run_pair(void)
{
    bench_op("sgi-send", op_sgi_peer);
}
