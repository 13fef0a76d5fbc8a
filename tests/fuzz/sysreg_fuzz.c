/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated system registers, any encoding, any value: an access never changes a register of the
 * machine, nothing of the vCPU but its shadows, and shows no identification bit that is not kept.
 */
#include <string.h>

#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "sysreg.h"
#include "tests/fuzz/fuzz.h"
#include "vgic.h"

static struct vcpu vcpu;
static unsigned sgis;

bool vgic_sgi1r_write(struct vcpu *who, uint64_t value)
{
    (void)value;
    FUZZ_CHECK(who == &vcpu);
    sgis++;
    return true;
}

bool vgic_sgi0r_write(struct vcpu *who, uint64_t value)
{
    return vgic_sgi1r_write(who, value);
}

#define ONE(name, text) +1
enum { REGS = 0 A64_REGS_RO(ONE) A64_REGS_RW(ONE) };
#undef ONE

static void machine_save(uint64_t *to)
{
#define SAVE(name, text) *to++ = fake_##name;
    A64_REGS_RO(SAVE)
    A64_REGS_RW(SAVE)
#undef SAVE
}

static void machine_fill(uint64_t seed)
{
#define FILL(name, text) fake_##name = seed = seed * UINT64_C(6364136223846793005) + 1442695;
    A64_REGS_RO(FILL)
    A64_REGS_RW(FILL)
#undef FILL
}

/* The row by a plain search, or NULL. */
static const struct reg_row *row_of(uint32_t enc)
{
    for (size_t i = 0; i < arch_reg_count; i++) {
        if (enc >= arch_regs[i].enc && enc <= arch_regs[i].last) {
            return &arch_regs[i];
        }
    }
    return NULL;
}

static void check_row(const struct reg_row *row, const struct reg_access *access, bool done)
{
    FUZZ_CHECK(row != NULL || !done);
    if (row == NULL || row->kind == REG_UNDEF) {
        FUZZ_CHECK(!done);
        return;
    }
    FUZZ_CHECK(row->kind != REG_RO || done != access->write);
    FUZZ_CHECK(row->kind != REG_RAZ_WI || done);
    if (!access->write && done && row->kind == REG_RO && row->home == HOME_CONST) {
        /* Fields are kept, lowered or fixed: a lowered one has no bit that is not in its mask. */
        FUZZ_CHECK((access->value & ~(row->mask | row->value)) == 0);
    }
    if (!access->write && row->kind == REG_RAZ_WI) {
        FUZZ_CHECK(access->value == 0);
    }
}

static void access_one(struct fuzz_in *in)
{
    static uint64_t before[REGS], after[REGS];
    uint8_t how = fuzz_u8(in);
    size_t pick = fuzz_u16(in);
    struct reg_access access = { .enc = (uint32_t)pick, .write = (how & 1) != 0 };
    struct vcpu copy;
    bool done;

    if ((how & 2) != 0) { /* a row, or its neighbours */
        access.enc = arch_regs[pick % arch_reg_count].enc + (how >> 2 & 3) - 1;
    }
    access.value = fuzz_word(in);
    machine_save(before);
    copy = vcpu;
    sgis = 0;
    done = reg_access(&vcpu, &access);
    machine_save(after);
    FUZZ_CHECK(memcmp(before, after, sizeof(before)) == 0);
    FUZZ_CHECK(sgis == 0 || (access.write && done));
    check_row(row_of(access.enc), &access, done);
    if (access.write && done) {
        for (unsigned i = SLOT_COUNT; i < A64_SHADOW_COUNT; i++) {
            FUZZ_CHECK(vcpu.arch.shadow[i] == 0);
        }
        FUZZ_CHECK(vcpu.arch.shadow[SLOT_OS_LOCK] <= 1 && vcpu.arch.shadow[SLOT_DOUBLE_LOCK] <= 1);
        memcpy(copy.arch.shadow, vcpu.arch.shadow, sizeof(copy.arch.shadow));
    }
    copy.reg_last = vcpu.reg_last; /* only a hint, see reg_access() */
    FUZZ_CHECK(memcmp(&copy, &vcpu, sizeof(vcpu)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    memset(&vcpu, 0, sizeof(vcpu));
    fake_reset();
    machine_fill(fuzz_u64(&in));
    while (in.left != 0) {
        access_one(&in);
    }
    return 0;
}
