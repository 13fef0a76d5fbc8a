/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What attack guests share: a seed typed at the console, random numbers from it, single
 * instructions that may fault, and a last line that counts attempts and faults. An attack never
 * trusts what the hypervisor answers: it knows beforehand what must come.
 */
#ifndef TESTS_ATTACK_ATTACK_H
#define TESTS_ATTACK_ATTACK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/field.h"
#include "tests/guest/check.h"
#include "vitrine-guest.h"

/* Classes of ESR_EL1 and status codes of aborts that attacks look for. */
enum {
    CLASS_UNKNOWN = 0x00,
    CLASS_SVC = 0x15,
    CLASS_SYS = 0x18,
    CLASS_FETCH_ABORT = 0x21,
    CLASS_PC_ALIGNMENT = 0x22,
    CLASS_DATA_ABORT = 0x25,
    CLASS_BREAKPOINT = 0x31,
    CLASS_STEP = 0x33,
    CLASS_WATCHPOINT = 0x35,
    CLASS_BRK = 0x3c,
};
enum { STATUS_EXTERNAL = 0x10, STATUS_WALK_FIRST = 0x14, STATUS_WALK_LAST = 0x17 };

/* What came of one instruction. */
struct attempt {
    bool faulted;
    uint64_t class, status, address; /* ESR_EL1.EC, .ISS[5:0], FAR_EL1 */
    uint64_t value;                  /* x0 afterwards */
};

/* One instruction of insn.S: a base address (or first argument), a value. */
typedef uint64_t insn_fn(uint64_t base, uint64_t value);

/*
 * Says `attack NAME: ready`, waits for a line `SEED,THIN`, and prints both. Of what takes long, one
 * part in THIN is done. vCPU 0.
 */
void attack_begin(const char *name);

/* The next number of the calling vCPU's own sequence; below `count`. */
uint64_t attack_random(void);
uint64_t attack_below(uint64_t count);

/* Whether this part is done: always with THIN 1, else by chance. */
bool attack_sampled(void);

/* Runs the instruction on the calling vCPU with its faults caught, and counts both. */
struct attempt attack_try(insn_fn *fn, uint64_t base, uint64_t value);

/* Counts attempts that are not made by attack_try(). */
void attack_count(uint64_t attempts);
uint64_t attack_attempts(void);
uint64_t attack_faults(void);

/* Prints `attack NAME: seed S attempts A faults F: n ok, m failed`. */
void attack_end(void);

/* Whether the attempt ended in a data abort by the hypervisor, at that address. */
bool attack_is_abort(const struct attempt *attempt, uint64_t address);

/* ---- A window of 1 GiB in the attacker's own address space ---- */

enum window_kind { WINDOW_NORMAL, WINDOW_NONCACHED, WINDOW_NGNRNE, WINDOW_NGNRE };
#define WINDOW_KINDS 4u

#define WINDOW_SLOT UINT64_C(510) /* of the level 1 table; nothing of the zone is there */
#define WINDOW_VA   (WINDOW_SLOT << 30)

FIELD(WINDOW_OFFSET, 0, 30);
FIELD(WINDOW_GIB, 30, 18);

/* Maps the GiB that holds `at`, readable, writable and executable; returns the address of `at`. */
uint64_t window_to(uint64_t at, enum window_kind kind);

/* Any descriptor at the window's level 1 entry, seen by all vCPUs at once. */
void window_set(uint64_t descriptor);

/* A block of 1 GiB for `at`, and one of 2 MiB or a page for tables of the attacker's own. */
uint64_t window_block(uint64_t at, enum window_kind kind);
uint64_t window_page(uint64_t at, enum window_kind kind);

/* Whether the plan gave that address to this zone. */
bool attack_is_mine(uint64_t at);

/* ---- Instructions, in insn.S; value and result in x0 where there is one ---- */
extern insn_fn insn_ldr, insn_str, insn_ldrb, insn_strb, insn_ldrh, insn_strh, insn_ldrw, insn_strw;
extern insn_fn insn_ldp, insn_stp, insn_ldxr, insn_ldxp, insn_stxr, insn_ldar, insn_stlr, insn_swp,
    insn_cas, insn_ldadd, insn_ldr_q, insn_str_q, insn_ldp_q, insn_ld1, insn_st1, insn_ldr_post,
    insn_str_post, insn_ldr_pre, insn_ldrsw, insn_ldtr, insn_sttr, insn_dc_zva, insn_dc_ivac,
    insn_dc_cvac, insn_dc_civac, insn_dc_cvau, insn_ic_ivau, insn_prfm, insn_at_s1e1r,
    insn_at_s1e1w, insn_tlbi_va, insn_dc_isw, insn_dc_csw, insn_dc_cisw, insn_ic_iallu,
    insn_tlbi_all, insn_exec;

#endif
