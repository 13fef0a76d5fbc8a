/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller of micro-VMs beside a model that keeps a word a line: any calls, any
 * arguments, and after each both name the same line for each vCPU.
 */
#include <string.h>

#include "lib/intc.h"
#include "tests/fuzz/fuzz.h"

/* A line of one vCPU, or a shared one. */
struct line {
    bool enabled, edge, up;
    unsigned vcpu; /* of a shared line: whose it is */
    uint64_t urgency;
};

static struct intc intc;
static struct line own[INTC_VCPUS][IRQ_SHARED];
static struct line shared[IRQ_LINES - IRQ_SHARED];

static struct line *model(unsigned vcpu, uint64_t line)
{
    return line < IRQ_SHARED ? &own[vcpu][line] : &shared[line - IRQ_SHARED];
}

static bool comes_to(unsigned vcpu, uint32_t line)
{
    const struct line *l = model(vcpu, line);

    return l->enabled && (line < IRQ_SHARED || l->vcpu == vcpu);
}

static void check_next(unsigned vcpu)
{
    uint32_t best = IRQ_NONE;

    for (uint32_t line = 0; line < IRQ_LINES; line++) {
        const struct line *l = model(vcpu, line);

        if (comes_to(vcpu, line) && (l->edge || l->up) &&
            (best == IRQ_NONE || l->urgency > model(vcpu, best)->urgency)) {
            best = line;
        }
        FUZZ_CHECK(intc_urgency(&intc, vcpu, line) == l->urgency);
        FUZZ_CHECK(intc_state(&intc, vcpu, line) == ((l->enabled ? IRQ_STATE_ENABLED : 0) |
                                                     (l->edge || l->up ? IRQ_STATE_PENDING : 0)));
    }
    FUZZ_CHECK(intc_next(&intc, vcpu) == best);
}

static void turn(struct fuzz_in *in, unsigned vcpu, uint64_t line)
{
    bool is_line = line < IRQ_LINES;
    struct line *l = is_line ? model(vcpu, line) : NULL;

    if (fuzz_u8(in) % 2 == 0) {
        FUZZ_CHECK(intc_enable(&intc, vcpu, line) == is_line);
        if (is_line) {
            l->enabled = true;
            l->vcpu = vcpu;
        }
    } else {
        FUZZ_CHECK(intc_disable(&intc, vcpu, line) == is_line);
        if (is_line) {
            l->enabled = false;
        }
    }
}

static void set_urgency(struct fuzz_in *in, unsigned vcpu, uint64_t line)
{
    uint64_t urgency = fuzz_word(in);
    bool good = line < IRQ_LINES && urgency != 0 && urgency <= IRQ_URGENCY_ALL;

    FUZZ_CHECK(intc_set_urgency(&intc, vcpu, line, urgency) == good);
    if (good) {
        model(vcpu, line)->urgency = urgency;
    }
}

static void pend(struct fuzz_in *in, unsigned vcpu, uint64_t line)
{
    uint64_t to = fuzz_word(in);

    if (fuzz_u8(in) % 2 == 0) {
        FUZZ_CHECK(intc_pend(&intc, vcpu, line) == (line < IRQ_LINES));
        if (line < IRQ_LINES) {
            model(vcpu, line)->edge = true;
        }
    } else {
        bool good = to < INTC_VCPUS && line < IRQ_SENT;

        FUZZ_CHECK(intc_send(&intc, to, line) == good);
        if (good) {
            model((unsigned)to, line)->edge = true;
        }
    }
}

static void set_level(struct fuzz_in *in, unsigned vcpu, uint64_t line)
{
    bool up = fuzz_u8(in) % 2 == 0;
    bool good = line >= IRQ_SHARED && line < IRQ_LINES;

    FUZZ_CHECK((up ? intc_raise(&intc, line) : intc_lower(&intc, line)) == good);
    if (good) {
        model(vcpu, line)->edge |= up && !model(vcpu, line)->up;
        model(vcpu, line)->up = up;
    }
}

static void take(struct fuzz_in *in, unsigned vcpu, uint64_t line)
{
    uint32_t next = intc_next(&intc, vcpu);

    (void)in;
    (void)line;
    if (next != IRQ_NONE) {
        intc_take(&intc, vcpu, next);
        model(vcpu, next)->edge = false;
    }
}

static void put_off(struct fuzz_in *in, unsigned vcpu, uint64_t line)
{
    (void)in;
    (void)line;
    intc_reset_vcpu(&intc, vcpu);
    for (unsigned i = 0; i < IRQ_SHARED; i++) {
        own[vcpu][i] = (struct line){ .urgency = IRQ_URGENCY_DEFAULT };
        shared[i].enabled = shared[i].enabled && shared[i].vcpu != vcpu;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ops[])(struct fuzz_in *, unsigned, uint64_t) = {
        turn, set_urgency, pend, set_level, take, take, put_off,
    };
    struct fuzz_in in = { data, size };

    intc_reset(&intc);
    memset(shared, 0, sizeof(shared));
    for (unsigned i = 0; i < IRQ_LINES - IRQ_SHARED; i++) {
        shared[i].urgency = IRQ_URGENCY_DEFAULT;
    }
    for (unsigned vcpu = 0; vcpu < INTC_VCPUS; vcpu++) {
        put_off(&in, vcpu, 0);
    }
    while (in.left != 0) {
        uint8_t op = fuzz_u8(&in);
        unsigned vcpu = fuzz_u8(&in) % INTC_VCPUS;

        ops[op % (sizeof(ops) / sizeof(ops[0]))](&in, vcpu, fuzz_word(&in));
        check_next(vcpu);
    }
    return 0;
}
