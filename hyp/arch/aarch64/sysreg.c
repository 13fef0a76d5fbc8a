/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch_regs[]: every system register that is trapped, reset or hidden, in the order of encodings.
 * What has no row is undefined to the guest if it traps at all; no row may pass a trapped access
 * on to the machine. Traps that the rows count on: HCR_EL2.{TID3,TACR,TLOR,TERR,TIDCP,FMO,IMO},
 * CPTR_EL2.{TTA,TAM}, MDCR_EL2.{TPM,TPMCR,TPMS,TTRF,TDOSA,TDRA}; HCR_EL2.{ATA,EnSCXT} are 0.
 */
#include "sysreg.h"

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "idreg.h"
#include "vgic.h"

FIELD(OSLAR_OSLK, 0, 1);
FIELD(OSLSR_OSLK, 1, 1);
FIELD(OSLSR_OSLM_1, 3, 1); /* OSLM is 0b10: the lock is implemented */

/* SCTLR_EL1: MMU and caches off, the bits that are RES1 in ARMv8.0. */
#define SCTLR_RESET UINT64_C(0x30d00800)

/* GICv3 system register interface, always: SRE, DFB, DIB. */
#define SRE_VALUE UINT64_C(7)

static bool read_oslsr(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)row;
    access->value = put(OSLSR_OSLM_1, 1) | put(OSLSR_OSLK, vcpu->arch.shadow[SLOT_OS_LOCK]);
    return true;
}

static bool write_oslar(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    if (access->write) {
        vcpu->arch.shadow[row->slot] = get(OSLAR_OSLK, access->value);
    }
    return access->write;
}

static bool access_const_wi(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    if (!access->write) {
        access->value = row->value;
    }
    return true;
}

static bool write_sgi1r(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)row;
    return access->write && vgic_sgi1r_write(vcpu, access->value);
}

static bool write_sgi0r(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)row;
    return access->write && vgic_sgi0r_write(vcpu, access->value);
}

/* ICC_ASGI1R_EL1 is for the other security state, and a zone has one only. */
static bool write_asgi1r(struct vcpu *vcpu, const struct reg_row *row, struct reg_access *access)
{
    (void)vcpu;
    (void)row;
    return access->write;
}

/*
 * Breakpoint and watchpoint registers by number, from the last one that the machine has downwards.
 * Controls first, so that no half-cleared point is enabled.
 */
#define POINT(n, kind)                                                                             \
    case n:                                                                                        \
        wr_dbg##kind##cr##n##_el1(value);                                                          \
        wr_dbg##kind##vr##n##_el1(value);                                                          \
        __attribute__((fallthrough));
/* clang-format off */
#define POINTS(kind)                                                                               \
    POINT(15, kind) POINT(14, kind) POINT(13, kind) POINT(12, kind)                                \
    POINT(11, kind) POINT(10, kind) POINT(9, kind) POINT(8, kind)                                  \
    POINT(7, kind) POINT(6, kind) POINT(5, kind) POINT(4, kind)                                    \
    POINT(3, kind) POINT(2, kind) POINT(1, kind) POINT(0, kind)
/* clang-format on */

static void reset_points(uint64_t value)
{
    uint64_t dfr0 = rd_id_aa64dfr0_el1();

    wr_oslar_el1(0); /* the guest's lock is emulated, the machine's stays open */
    wr_osdlr_el1(0);
    switch (get(ID_DFR0_BRP, dfr0)) {
        POINTS(b)
    default: break;
    }
    switch (get(ID_DFR0_WRP, dfr0)) {
        POINTS(w)
    default: break;
    }
}
#undef POINT
#undef POINTS

#define KEY_WR(name, text) wr_##name,
static void (*const keys[])(uint64_t) = { A64_REGS_KEYS(KEY_WR) };
#undef KEY_WR

/* Keys of pointer authentication, where the machine has it. */
static void reset_keys(uint64_t value)
{
    uint64_t isar1 = rd_id_aa64isar1_el1();
    uint64_t isar2 = rd_id_aa64isar2_el1();

    if (!get(ID_ISAR1_APA, isar1) && !get(ID_ISAR1_API, isar1) && !get(ID_ISAR2_APA3, isar2)) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_COUNT(keys); i++) {
        keys[i](value);
    }
}

/* clang-format off */
#define S(op0, op1, crn, crm, op2) SYS_ENC(op0, op1, crn, crm, op2)

/* The guest's own state in the machine's register, without a trap; undefined if it did trap. */
#define PRIVATE(e, v, f) { .enc = (e), .last = (e), .class = REG_PRIVATE, \
    .home = HOME_MACHINE, .kind = REG_UNDEF, .value = (v), .reset = (f) }
#define PRIVATE_TO(e, l, f) { .enc = (e), .last = (l), .class = REG_PRIVATE, \
    .home = HOME_MACHINE, .kind = REG_UNDEF, .reset = (f) }
/* Read-only facts of the machine that are not trapped. */
#define SHARED(e) { .enc = (e), .last = (e), .class = REG_SHARED, \
    .home = HOME_MACHINE, .kind = REG_UNDEF }
/* Not there for the guest. */
#define HIDDEN(e, l) { .enc = (e), .last = (l), .class = REG_HYP_ONLY, \
    .home = HOME_NONE, .kind = REG_UNDEF }
/* Reads 0; a write is ignored (RAZ_WI) or undefined (RAZ). */
#define RAZ_WI(e) { .enc = (e), .last = (e), .class = REG_HYP_ONLY, \
    .home = HOME_CONST, .kind = REG_RAZ_WI }
#define RAZ(e, l) { .enc = (e), .last = (l), .class = REG_SHARED, \
    .home = HOME_CONST, .kind = REG_RO }
#define ID(e, m, v, f) { .enc = (e), .last = (e), .class = REG_SHARED, \
    .home = HOME_CONST, .kind = REG_RO, .mask = (m), .value = (v), .fn = (f) }
#define CONST(e, k, v, f) { .enc = (e), .last = (e), .class = REG_PRIVATE, \
    .home = HOME_CONST, .kind = (k), .value = (v), .fn = (f) }
#define SHADOW(e, k, s, m, f) { .enc = (e), .last = (e), .class = REG_PRIVATE, \
    .home = HOME_VCPU, .kind = (k), .slot = (s), .mask = (m), .fn = (f) }

#define ROW(name, ...) __VA_ARGS__,
const struct reg_row arch_regs[] = {
#include "sysreg_rows.inc"
};
#undef ROW

#define ROW(name, ...) name,
const char *const arch_reg_names[] = {
#include "sysreg_rows.inc"
};
/* clang-format on */
const size_t arch_reg_count = ARRAY_COUNT(arch_regs);

void sysreg_reset(void)
{
    for (size_t i = 0; i < arch_reg_count; i++) {
        if (arch_regs[i].home == HOME_MACHINE && arch_regs[i].reset) {
            arch_regs[i].reset(arch_regs[i].value);
        }
    }
}
