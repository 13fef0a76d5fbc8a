/* SPDX-License-Identifier: Apache-2.0 */
/* Single instructions that may fault, for the probe guest; a fault is noted and stepped over. */
#ifndef TESTS_GUEST_PROBE_PROBE_H
#define TESTS_GUEST_PROBE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* What the last instruction did. */
struct outcome {
    uint64_t value; /* what it loaded or read */
    uint64_t base;  /* its base register afterwards */
    bool faulted;
    uint64_t class, status, address; /* ESR_EL1.EC, .ISS[5:0], FAR_EL1 */
};

/* Each is one instruction in assembly, reached by a call; x0 is the base address. */
struct probe_regs {
    uint64_t value, base;
};
typedef struct probe_regs probe_fn(uint64_t base, uint64_t value);

extern probe_fn probe_ldr, probe_str, probe_str_post, probe_ldr_pre, probe_ldp, probe_stp,
    probe_ldxr, probe_swp, probe_ldr_unaligned, probe_dc_zva, probe_dc_isw, probe_brk, probe_svc,
    probe_undefined, probe_unallocated, probe_impdef, probe_reserved_id, probe_pmcr, probe_pmccntr,
    probe_zcr, probe_cpacr, probe_rdvl, probe_icc_sgi0r, probe_vbar_el2, probe_mdscr, probe_oslar,
    probe_dbgbcr, probe_cntpoff, probe_id_pfr0, probe_id_pfr1, probe_id_dfr0, probe_id_isar1,
    probe_ctr, probe_midr, probe_actlr, probe_trblimitr, probe_smc, probe_hvc_imm;

/* Fills all floating point registers from a seed; counts those that are not so any more. */
void fp_fill(uint64_t seed);
uint64_t fp_check(uint64_t seed);

/* Runs one with faults caught. */
struct outcome probe(probe_fn *fn, uint64_t base, uint64_t value);

#endif
