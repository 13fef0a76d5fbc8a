/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x87, SSE and AVX registers of a stopped vCPU in the standard format of XSAVE (SDM 1 13.4), read
 * when asked for and written at once. Components that the processor left out are as at reset.
 */
#include "host/debug.h"

#include <string.h>

#include "gdb/x86_64.h"
#include "host/xstate.h"
#include "lib/field.h"

enum {
    AT_FCW = 0,
    AT_FSW = 2,
    AT_FTW = 4, /* a bit a register: it holds something */
    AT_FOP = 6,
    AT_FIP = 8,
    AT_FDP = 16,
    AT_MXCSR = 24,
    AT_ST0 = 32,
    AT_XMM0 = 160,
    AT_BV = 512,
    ROW = 16 /* bytes from one register to the next */
};

#define BV_X87      UINT64_C(1)
#define BV_SSE      UINT64_C(2)
#define BV_AVX      UINT64_C(4)
#define AVX         2u
#define FCW_START   0x37fu
#define MXCSR_START 0x1f80u
#define ST_COUNT    8u

enum tag { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

FIELD(FSW_TOP, 11, 3);
FIELD(TAG_EACH, 0, 2);
FIELD(ST_EXPONENT, 0, 15);
FIELD(ST_INTEGER, 63, 1);

static uint64_t bv_of(const struct debug *d)
{
    uint64_t bv;

    memcpy(&bv, d->fp + AT_BV, sizeof(bv));
    return bv;
}

/* What is not there is made as at reset, so that all can be read and written the same way. */
static bool load(struct debug *d, struct vcpu *vcpu)
{
    const uint16_t fcw = FCW_START;
    const uint32_t mxcsr = MXCSR_START;
    size_t avx = d->vm->ops->caps(d->vm->backend->host)->xsave_offset[AVX];
    uint64_t bv;

    if (d->vm->ops->get_fp(vcpu->be, d->fp, sizeof(d->fp)) != VT_OK) {
        return false;
    }
    bv = bv_of(d);
    if ((bv & BV_X87) == 0) {
        memset(d->fp, 0, AT_MXCSR);
        memset(d->fp + AT_ST0, 0, AT_XMM0 - AT_ST0);
        memcpy(d->fp + AT_FCW, &fcw, sizeof(fcw));
    }
    if ((bv & BV_SSE) == 0) {
        memset(d->fp + AT_XMM0, 0, AT_BV - AT_XMM0);
        if ((bv & BV_AVX) == 0) {
            memcpy(d->fp + AT_MXCSR, &mxcsr, sizeof(mxcsr));
        }
    }
    if ((bv & BV_AVX) == 0 && avx != 0) {
        memset(d->fp + avx, 0, ROW * ROW);
    }
    return true;
}

/* ---- x87's tags, two bits each by physical register (SDM 1 8.1.7) ---- */

static enum tag tag_of(const uint8_t *st)
{
    uint64_t mantissa;
    uint16_t exponent;

    memcpy(&mantissa, st, sizeof(mantissa));
    memcpy(&exponent, st + sizeof(mantissa), sizeof(exponent));
    exponent = (uint16_t)get(ST_EXPONENT, exponent);
    if (exponent == 0 && mantissa == 0) {
        return TAG_ZERO;
    }
    return exponent == field_mask(ST_EXPONENT) || get(ST_INTEGER, mantissa) == 0 ? TAG_SPECIAL
                                                                                 : TAG_VALID;
}

static uint32_t tags(const struct debug *d)
{
    uint16_t fsw;
    uint32_t sum = 0;

    memcpy(&fsw, d->fp + AT_FSW, sizeof(fsw));
    for (unsigned i = ST_COUNT; i > 0; i--) {
        unsigned st = (i - 1 + ST_COUNT - (unsigned)get(FSW_TOP, fsw)) % ST_COUNT;
        bool empty = (d->fp[AT_FTW] & BIT32(i - 1)) == 0;

        sum = sum * 4 + (uint32_t)(empty ? TAG_EMPTY : tag_of(d->fp + AT_ST0 + st * ROW));
    }
    return sum;
}

static void set_tags(struct debug *d, uint32_t all)
{
    d->fp[AT_FTW] = 0;
    for (unsigned i = 0; i < ST_COUNT; i++) {
        if (get(TAG_EACH, all) != TAG_EMPTY) {
            d->fp[AT_FTW] |= (uint8_t)BIT32(i);
        }
        all /= 4;
    }
}

/* ---- Where they are ---- */

struct place {
    size_t at, len; /* in d->fp */
    uint64_t bv;    /* of the component */
};

/* fctrl fstat ftag fiseg fioff foseg fooff fop, in the order of their numbers. */
static const struct place control[] = {
    { AT_FCW, 2, BV_X87 },     { AT_FSW, 2, BV_X87 }, { AT_FTW, 1, BV_X87 },
    { AT_FIP + 4, 2, BV_X87 }, { AT_FIP, 4, BV_X87 }, { AT_FDP + 4, 2, BV_X87 },
    { AT_FDP, 4, BV_X87 },     { AT_FOP, 2, BV_X87 },
};

static bool find(const struct debug *d, unsigned reg, struct place *place)
{
    size_t avx = d->vm->ops->caps(d->vm->backend->host)->xsave_offset[AVX];

    if (reg >= X86_ST0 && reg < X86_FCTRL) {
        *place = (struct place){ AT_ST0 + (reg - X86_ST0) * ROW, 10, BV_X87 };
    } else if (reg >= X86_FCTRL && reg < X86_XMM0) {
        *place = control[reg - X86_FCTRL];
    } else if (reg >= X86_XMM0 && reg < X86_MXCSR) {
        *place = (struct place){ AT_XMM0 + (reg - X86_XMM0) * ROW, ROW, BV_SSE };
    } else if (reg == X86_MXCSR) {
        *place = (struct place){ AT_MXCSR, 4, BV_SSE };
    } else if (reg >= X86_YMM0H && reg < X86_FS_BASE && avx != 0) {
        *place = (struct place){ avx + (reg - X86_YMM0H) * ROW, ROW, BV_AVX };
    } else {
        return false;
    }
    return true;
}

bool debug_read_fp(struct debug *d, struct vcpu *vcpu, unsigned reg, uint8_t *bytes)
{
    size_t len = dbg_reg_bytes(&dbg_x86_64.reg[reg]);
    struct place place;

    if (!find(d, reg, &place) || !load(d, vcpu)) {
        return false;
    }
    memset(bytes, 0, len);
    memcpy(bytes, d->fp + place.at, place.len);
    if (place.at == AT_FTW) {
        uint32_t all = tags(d);

        memcpy(bytes, &all, sizeof(all));
    }
    return true;
}

bool debug_write_fp(struct debug *d, struct vcpu *vcpu, unsigned reg, const uint8_t *bytes)
{
    struct place place;
    uint64_t bv;

    if (!find(d, reg, &place) || !load(d, vcpu)) {
        return false;
    }
    if (place.at == AT_FTW) {
        uint32_t all;

        memcpy(&all, bytes, sizeof(all));
        set_tags(d, all);
    } else {
        memcpy(d->fp + place.at, bytes, place.len);
    }
    bv = bv_of(d) | place.bv;
    memcpy(d->fp + AT_BV, &bv, sizeof(bv));
    return d->vm->ops->set_fp(vcpu->be, d->fp, sizeof(d->fp)) == VT_OK;
}
