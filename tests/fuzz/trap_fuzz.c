/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every syndrome, and any instruction behind one without details: decode and fetch never fail, give
 * only values that hyp/core may use unchecked, and say the same whatever was there before.
 */
#include <string.h>

#include "crash.h"
#include "hw.h"
#include "hyp/arch.h"
#include "hyp/core/zone.h"
#include "tests/fuzz/fuzz.h"

#define RAM_HPA UINT64_C(0x40000000)
#define DEV_HPA UINT64_C(0x60000000)

static struct plan plan = {
    .region_count = 2,
    .region = { { 0, RAM_HPA, SIZE_2M, 0, PLAN_REGION_RAM, 0, 0 },
                { 0, DEV_HPA, SIZE_2M, 0, PLAN_REGION_DEVICE, 0, 0 } },
};
static struct zone zone = { .plan = &plan.zone[0] };
static struct vcpu vcpu = { .zone = &zone };
static uint32_t word;
static unsigned mapped;

const struct plan *the_plan = &plan;

void *arch_window_map(hpa_t pa)
{
    FUZZ_CHECK(pa.v >= RAM_HPA && pa.v + 4 <= RAM_HPA + SIZE_2M);
    mapped++;
    return &word;
}

void arch_window_unmap(void)
{
    mapped--;
}

uint64_t probe_s12e1r(uint64_t va)
{
    (void)va;
    return fake_par_el1;
}

uint64_t probe_s12e0r(uint64_t va)
{
    return probe_s12e1r(va);
}

static uint32_t bits(uint64_t value, unsigned high, unsigned low)
{
    return (uint32_t)(value >> low & (UINT64_MAX >> (63 - (high - low))));
}

static void check_access(const struct trap_mem *mem)
{
    FUZZ_CHECK(mem->count <= 2);
    if (mem->count != 0) {
        FUZZ_CHECK(mem->size == 1 || mem->size == 2 || mem->size == 4 || mem->size == 8);
        FUZZ_CHECK(mem->reg < 32);
    }
    if (mem->count == 2) {
        FUZZ_CHECK(mem->reg2 < 32);
        FUZZ_CHECK((mem->gpa.v & 0xfff) + 2u * mem->size <= 0x1000);
    }
    FUZZ_CHECK(!mem->writeback || mem->base < 32);
}

/* A device access is exactly a stage 2 translation or access flag fault on data itself. */
static bool is_mmio(uint64_t esr)
{
    uint32_t fsc = bits(esr, 5, 0);

    return bits(esr, 31, 26) == 0x24 && ((fsc >= 4 && fsc <= 11) || fsc == 0x2b) &&
           bits(esr, 7, 7) == 0;
}

static void check_mem(const struct arch_syndrome *why, const struct trap *trap)
{
    const struct trap_mem *mem = &trap->mem;

    FUZZ_CHECK(mem->cause <= MEM_OTHER);
    FUZZ_CHECK(mem->cause == MEM_UNMAPPED || !mem->decoded);
    FUZZ_CHECK(mem->gpa.v < UINT64_C(1) << 56);
    if (trap->kind != TRAP_MMIO) {
        return;
    }
    FUZZ_CHECK(mem->cause == MEM_UNMAPPED && mem->write == (bits(why->esr, 6, 6) != 0));
    FUZZ_CHECK(mem->gpa.v == ((why->hpfar & UINT64_C(0xffffffffff0)) << 8 | (why->far & 0xfff)) ||
               why->hpfar >> 44 != 0);
    if (mem->decoded) {
        FUZZ_CHECK(!mem->writeback);
        check_access(mem);
    }
}

/* Kinds whose fields hold something, compared one by one: unions have bytes of nobody. */
static void check_same(const struct trap *a, const struct trap *b)
{
    FUZZ_CHECK(a->kind == b->kind && a->bytes == b->bytes);
    if (a->kind == TRAP_REG) {
        FUZZ_CHECK(a->reg.enc == b->reg.enc && a->reg.reg == b->reg.reg);
        FUZZ_CHECK(a->reg.write == b->reg.write && a->reg.enc < 0x10000 && a->reg.reg < 32);
    } else if (a->kind == TRAP_CALL) {
        FUZZ_CHECK(a->call.imm == b->call.imm && a->call.smc == b->call.smc);
    } else if (a->kind == TRAP_MMIO || a->kind == TRAP_DATA || a->kind == TRAP_FETCH) {
        FUZZ_CHECK(a->mem.cause == b->mem.cause && a->mem.gva.v == b->mem.gva.v);
        FUZZ_CHECK(a->mem.gpa.v == b->mem.gpa.v && a->mem.write == b->mem.write);
        FUZZ_CHECK(a->mem.decoded == b->mem.decoded && a->mem.writeback == b->mem.writeback);
    }
}

static void check_decode(const struct arch_syndrome *why, struct trap *trap)
{
    static const uint8_t classes[TRAP_KIND_COUNT] = {
        [TRAP_FETCH] = 0x20, [TRAP_REG] = 0x18, [TRAP_WAIT] = 0x01
    };
    struct trap other;

    memset(trap, 0, sizeof(*trap));
    memset(&other, 0xff, sizeof(other));
    arch_trap_decode(why, trap);
    arch_trap_decode(why, &other);
    check_same(trap, &other);
    FUZZ_CHECK((unsigned)trap->kind < TRAP_KIND_COUNT);
    FUZZ_CHECK(trap->bytes == 0 || trap->bytes == 2 || trap->bytes == 4);
    FUZZ_CHECK((trap->kind == TRAP_MMIO) == (why->vector == EXIT_SYNC && is_mmio(why->esr)));
    FUZZ_CHECK(classes[trap->kind] == 0 || classes[trap->kind] == bits(why->esr, 31, 26));
    if (trap->kind == TRAP_MMIO || trap->kind == TRAP_DATA || trap->kind == TRAP_FETCH) {
        check_mem(why, trap);
    }
}

/* The guest's registers and instruction are whatever they are when it is read again. */
static void check_fetch(struct trap *trap, struct fuzz_in *in)
{
    uint64_t far = trap->mem.gva.v, par = fuzz_u64(in);

    vcpu.arch.pstate = fuzz_u32(in);
    vcpu.arch.pc = fuzz_word(in);
    for (unsigned i = 0; i < 31; i++) {
        vcpu.arch.x[i] = i % 3 == 0 ? far - (uint64_t)(int64_t)(int8_t)fuzz_u8(in) : fuzz_u8(in);
    }
    word = fuzz_u32(in);
    fake_reset();
    fake_sp_el0 = far;
    fake_sp_el1 = far - 16;
    /* Mostly RAM, for the rest anywhere. */
    fake_par_el1 = (par & 7) != 0 ? (RAM_HPA | (par & 0x1ff000)) : par;
    mapped = 0;
    if (arch_trap_fetch(&vcpu, trap)) {
        FUZZ_CHECK(trap->mem.decoded && trap->mem.count != 0);
        check_access(&trap->mem);
        arch_trap_finish(&vcpu, trap);
    }
    FUZZ_CHECK(mapped == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = { data, size };

    while (in.left != 0) {
        struct arch_syndrome why = { .vector = fuzz_u8(&in) % 5, .esr = fuzz_u64(&in) };
        struct trap trap;

        why.far = fuzz_word(&in);
        why.hpfar = fuzz_word(&in);
        check_decode(&why, &trap);
        if (trap.kind == TRAP_MMIO && !trap.mem.decoded) {
            check_fetch(&trap, &in);
        }
    }
    return 0;
}
